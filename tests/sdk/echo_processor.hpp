// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A processor whose output depends on all that it was ever given: an echo whose feedback is a
/// parameter, behind a delay of `Latency` frames. It has checkpoints, and states that set the gain.

#include <outboard/processor.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace outboard::test {

inline constexpr std::uint32_t feedback_parameter = 7;

template <std::uint32_t Latency>
class Echo : public Processor {
public:
    static constexpr const char* name = "echo";
    static constexpr const char* description = "Remembers everything";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr std::array<ob_parameter_info, 1> parameters{
        {{feedback_parameter, 0, "feedback", "Feedback", "", 0.0, 0.999, 0.5}}};

    void prepare(const PrepareInfo& info) override
    {
        channel_count_ = std::min(info.input_channel_count, info.output_channel_count);
        lines_.assign(channel_count_ * line_frames, 0.0F);
    }

    void process(const ProcessBlock& block) noexcept override
    {
        for_each_event(block, [&](const EventHeader& event) {
            if (event.type == OB_EVENT_PARAMETER)
                core_.feedback = reinterpret_cast<const ob_event_parameter&>(event).value;
        });
        for (std::uint32_t frame = 0; frame < block.frame_count; ++frame) {
            for (std::size_t channel = 0; channel < channel_count_; ++channel) {
                float& cell = lines_[channel * line_frames + core_.position];
                block.outputs[channel][frame] = cell;
                cell = static_cast<float>(core_.feedback) * cell +
                       core_.gain * block.inputs[channel][frame];
            }
            core_.position = (core_.position + 1) % line_frames;
        }
    }

    void reset() noexcept override
    {
        std::fill(lines_.begin(), lines_.end(), 0.0F);
        core_.position = 0;
    }
    [[nodiscard]] std::uint32_t latency_frames() const noexcept override { return Latency; }

    [[nodiscard]] bool load_state(std::span<const std::byte> data) override
    {
        if (data.size() != sizeof(core_.gain))
            return false;
        std::memcpy(&core_.gain, data.data(), sizeof(core_.gain));
        return true;
    }

    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override
    {
        return sizeof(core_) + lines_.size() * sizeof(float);
    }
    void save_checkpoint(std::span<std::byte> out) const noexcept override
    {
        std::memcpy(out.data(), &core_, sizeof(core_));
        std::memcpy(out.data() + sizeof(core_), lines_.data(), lines_.size() * sizeof(float));
    }
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> data) noexcept override
    {
        Core core;
        if (data.size() != checkpoint_bytes())
            return false;
        std::memcpy(&core, data.data(), sizeof(core));
        if (core.magic != core_.magic || core.position >= line_frames)
            return false;
        core_ = core;
        std::memcpy(lines_.data(), data.data() + sizeof(core_), lines_.size() * sizeof(float));
        return true;
    }

private:
    static constexpr std::uint32_t line_frames = std::max<std::uint32_t>(Latency, 23);

    struct Core {
        std::uint32_t magic = 0x6f686365;
        std::uint32_t position = 0;
        double feedback = 0.5;
        float gain = 1.0F;
        std::uint32_t reserved = 0;
    };

    Core core_;
    std::size_t channel_count_ = 0;
    std::vector<float> lines_;
};

/// The state of an echo whose input is multiplied by `gain`.
inline std::vector<std::uint8_t> echo_state(float gain)
{
    std::vector<std::uint8_t> state(sizeof(gain));
    std::memcpy(state.data(), &gain, sizeof(gain));
    return state;
}

/// Passes its input on, and has no checkpoints.
class Wire : public Processor {
public:
    static constexpr const char* name = "wire";
    static constexpr const char* description = "Remembers nothing";

    void prepare(const PrepareInfo& info) override { channel_count_ = info.output_channel_count; }
    void process(const ProcessBlock& block) noexcept override
    {
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel)
            std::copy_n(block.inputs[channel], block.frame_count, block.outputs[channel]);
    }

private:
    std::uint32_t channel_count_ = 0;
};

}  // namespace outboard::test
