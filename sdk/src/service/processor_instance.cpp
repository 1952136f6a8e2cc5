// SPDX-License-Identifier: MIT

#include "sdk/src/service/processor_instance.hpp"

#include "sdk/src/link/control_channel.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace outboard::service {
namespace {

constexpr int warm_up_block_count = 4;

[[nodiscard]] std::string about(const ob_processor_class& kind, std::string_view what)
{
    return std::string{kind.name}.append(": ").append(what);
}

/// Channels of one kind of silence, for a processor to read or to fill.
class ChannelBuffers {
public:
    ChannelBuffers(std::uint32_t channel_count, std::uint32_t frame_count)
        : samples_(std::size_t{channel_count} * frame_count)
    {
        for (std::uint32_t channel = 0; channel < channel_count; ++channel)
            pointers_.push_back(samples_.data() + std::size_t{channel} * frame_count);
    }
    [[nodiscard]] float* const* pointers() const noexcept { return pointers_.data(); }

private:
    std::vector<float> samples_;
    std::vector<float*> pointers_;
};

[[nodiscard]] ob_status ignore_event(void* /*context*/, const ob_event_header* /*event*/) noexcept
{
    return OB_OK;
}

}  // namespace

Outcome<std::unique_ptr<ProcessorInstance>> ProcessorInstance::make(
    const ob_processor_class& kind, const ob_prepare_info& format,
    std::span<const std::uint8_t> state)
{
    void* const raw = kind.create();
    if (raw == nullptr)
        return refuse(OB_ERR_REFUSED, about(kind, "it could not be made"));
    std::unique_ptr<ProcessorInstance> made{new ProcessorInstance{kind, format, raw}};

    if (auto prepared = made->prepare(); !prepared)
        return tl::unexpected(std::move(prepared.error()));
    if (!state.empty()) {
        if (auto loaded = made->load_state(state); !loaded)
            return tl::unexpected(std::move(loaded.error()));
    }
    made->warm_up();
    return made;
}

ProcessorInstance::~ProcessorInstance()
{
    kind_.destroy(instance_);
}

Outcome<void> ProcessorInstance::prepare()
{
    std::array<char, 256> message{};
    const ob_status status = kind_.prepare(instance_, &format_, message.data(), message.size() - 1);
    if (status != OB_OK) {
        const std::string_view reason = message.front() != '\0' ? message.data() : "it refused";
        return refuse(status < 0 ? status : OB_ERR_REFUSED, about(kind_, reason));
    }
    latency_frames_ = kind_.latency_frames != nullptr ? kind_.latency_frames(instance_) : 0;
    if (latency_frames_ > latency_frames_max)
        return refuse(OB_ERR_REFUSED, about(kind_, "its latency is above the limit"));
    return {};
}

Outcome<void> ProcessorInstance::load_state(std::span<const std::uint8_t> state)
{
    if (kind_.load_state == nullptr)
        return refuse(OB_ERR_REFUSED, about(kind_, "it cannot load a state"));
    const ob_status status = kind_.load_state(instance_, state.data(), state.size());
    if (status != OB_OK)
        return refuse(status < 0 ? status : OB_ERR_REFUSED, about(kind_, "it refused the state"));
    return {};
}

void ProcessorInstance::warm_up()
{
    const std::uint32_t frame_count =
        kind_.fixed_frame_count != 0 ? kind_.fixed_frame_count : format_.max_frame_count;
    const ChannelBuffers inputs{format_.input_channel_count, frame_count};
    const ChannelBuffers outputs{format_.output_channel_count, frame_count};
    for (int block_index = 0; block_index < warm_up_block_count; ++block_index) {
        process({.inputs = inputs.pointers(),
                 .outputs = outputs.pointers(),
                 .frame_count = frame_count,
                 .reserved = 0,
                 .sequence = 0,
                 .events_in = {nullptr, 0},
                 .events_out = {nullptr, ignore_event}});
    }
    reset();
}

std::uint64_t ProcessorInstance::tail_frames() const noexcept
{
    return kind_.tail_frames != nullptr ? kind_.tail_frames(instance_) : 0;
}

std::size_t ProcessorInstance::checkpoint_bytes() const noexcept
{
    if (kind_.save_checkpoint == nullptr || kind_.restore_checkpoint == nullptr)
        return 0;
    return kind_.checkpoint_bytes != nullptr ? kind_.checkpoint_bytes(instance_) : 0;
}

Outcome<std::vector<std::uint8_t>> ProcessorInstance::save_state() const
{
    const std::size_t size_bytes =
        kind_.save_state != nullptr ? kind_.save_state(instance_, nullptr, 0) : 0;
    if (size_bytes == 0)
        return refuse(OB_ERR_REFUSED, about(kind_, "it has no state to save"));
    if (size_bytes > link::state_bytes_max)
        return refuse(OB_ERR_REFUSED, about(kind_, "its state is too long for a message"));
    // Asked again for the size: it may have changed, and then nothing was written.
    std::vector<std::uint8_t> state(size_bytes);
    if (kind_.save_state(instance_, state.data(), state.size()) != size_bytes)
        return refuse(OB_ERR_REFUSED, about(kind_, "its state changed size while it was saved"));
    return state;
}

}  // namespace outboard::service
