// SPDX-License-Identifier: MIT

#include "tests/plugins/processor_rig.hpp"

#include "plugins/builtin/compressor.hpp"
#include "plugins/builtin/delay.hpp"
#include "plugins/builtin/equaliser.hpp"
#include "plugins/builtin/gain.hpp"
#include "plugins/builtin/null.hpp"
#include "plugins/builtin/reverb.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace outboard::test {
namespace {

/// splitmix64: a number for each number, without a state.
std::uint64_t scrambled(std::uint64_t value) noexcept
{
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

/// 0 .. 1
double scrambled_part(std::uint64_t value) noexcept
{
    return static_cast<double>(scrambled(value) >> 11U) * 0x1p-53;
}

}  // namespace

ProcessorRig::ProcessorRig(const ob_processor_class& kind, const RigFormat& format)
    : kind_(kind),
      format_(format),
      instance_(kind.create())
{
    try {
        prepare();
    } catch (...) {
        kind_.destroy(instance_);
        throw;
    }
}

ProcessorRig::~ProcessorRig()
{
    kind_.destroy(instance_);
}

void ProcessorRig::prepare()
{
    const ob_prepare_info info{.sample_rate_hz = format_.sample_rate_hz,
                               .max_frame_count = format_.max_frame_count,
                               .input_channel_count = format_.input_channel_count,
                               .output_channel_count = format_.output_channel_count};
    std::array<char, 128> message{};
    if (kind_.prepare(instance_, &info, message.data(), message.size()) != OB_OK)
        throw std::runtime_error(message.data());
}

void ProcessorRig::set_at(std::uint64_t frame, std::string_view key, double value)
{
    for (std::uint32_t index = 0; index < kind_.parameter_count; ++index) {
        const ob_parameter_info info = parameter_info(kind_, index);
        if (key != info.key)
            continue;
        ob_event_parameter event{};
        event.header.size_bytes = sizeof event;
        event.header.type = OB_EVENT_PARAMETER;
        event.parameter_id = info.id;
        event.value = value;
        events_.push_back({frame, event});
        return;
    }
    throw std::runtime_error("no parameter " + std::string{key});
}

void ProcessorRig::reset_at(std::uint64_t frame)
{
    ob_event_parameter event{};  // longer than a reset has to be, which is allowed
    event.header.size_bytes = sizeof event;
    event.header.type = OB_EVENT_RESET;
    events_.push_back({frame, event});
}

std::vector<ob_event_parameter> ProcessorRig::take_events(std::uint32_t frame_count)
{
    std::vector<ob_event_parameter> due;
    const auto end = std::find_if(events_.begin(), events_.end(), [&](const Timed& timed) {
        return timed.frame >= next_frame_ + frame_count;
    });
    std::for_each(events_.begin(), end, [&](Timed& timed) {
        timed.event.header.offset_frames = static_cast<std::uint32_t>(timed.frame - next_frame_);
        due.push_back(timed.event);
    });
    events_.erase(events_.begin(), end);
    return due;
}

Audio ProcessorRig::run(const Audio& input, std::uint32_t block_frames)
{
    const std::size_t frame_count = input.front().size();
    Audio output = silence(format_.output_channel_count, frame_count);
    for (std::size_t first = 0; first < frame_count; first += block_frames) {
        const auto count = std::min<std::size_t>(block_frames, frame_count - first);
        process_block(input, output, first, static_cast<std::uint32_t>(count));
    }
    return output;
}

void ProcessorRig::process_block(const Audio& input, Audio& output, std::size_t first,
                                 std::uint32_t count)
{
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    for (const auto& channel : input)
        inputs.push_back(channel.data() + first);
    for (auto& channel : output)
        outputs.push_back(channel.data() + first);
    const auto events = take_events(count);
    const ob_process_block block{
        .inputs = inputs.data(),
        .outputs = outputs.data(),
        .frame_count = count,
        .reserved = 0,
        .sequence = 0,
        .events_in = {reinterpret_cast<const unsigned char*>(events.data()),
                      static_cast<std::uint32_t>(events.size() * sizeof(ob_event_parameter))},
        .events_out = {}};
    kind_.process(instance_, &block);
    next_frame_ += count;
}

std::vector<std::byte> ProcessorRig::checkpoint() const
{
    std::vector<std::byte> bytes(kind_.checkpoint_bytes(instance_));
    kind_.save_checkpoint(instance_, bytes.data());
    return bytes;
}

ob_status ProcessorRig::restore(std::span<const std::byte> checkpoint)
{
    return kind_.restore_checkpoint(instance_, checkpoint.data(), checkpoint.size());
}

std::vector<std::byte> ProcessorRig::state() const
{
    std::vector<std::byte> bytes(kind_.save_state(instance_, nullptr, 0));
    if (kind_.save_state(instance_, bytes.data(), bytes.size()) != bytes.size())
        throw std::runtime_error("the size of the state is not constant");
    return bytes;
}

ob_status ProcessorRig::load_state(std::string_view text)
{
    return kind_.load_state(instance_, text.data(), text.size());
}

std::span<const ob_processor_class* const> computing_processors()
{
    using namespace outboard::builtin;
    static const std::array kinds{processor_class<Gain>(),      processor_class<Delay>(),
                                  processor_class<Equaliser>(), processor_class<Compressor>(),
                                  processor_class<Reverb>(),    processor_class<Null>()};
    return kinds;
}

const ob_processor_class& processor_named(std::string_view name)
{
    for (const auto* const kind : computing_processors()) {
        if (name == kind->name)
            return *kind;
    }
    throw std::runtime_error("no processor " + std::string{name});
}

ob_parameter_info parameter_info(const ob_processor_class& kind, std::uint32_t index)
{
    ob_parameter_info info{};
    if (kind.parameter_info(index, &info) != OB_OK)
        throw std::runtime_error("no parameter of that index");
    return info;
}

Audio noise(std::size_t channel_count, std::size_t frame_count, std::uint64_t first_frame)
{
    Audio audio = silence(channel_count, frame_count);
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        for (std::size_t frame = 0; frame < frame_count; ++frame) {
            audio[channel][frame] =
                static_cast<float>(scrambled_part((first_frame + frame) * 64 + channel) - 0.5);
        }
    }
    return audio;
}

Audio silence(std::size_t channel_count, std::size_t frame_count)
{
    return {channel_count, std::vector<float>(frame_count)};
}

Audio impulse(std::size_t channel_count, std::size_t frame_count)
{
    Audio audio = silence(channel_count, frame_count);
    for (auto& channel : audio)
        channel.front() = 1.0F;
    return audio;
}

void automate(ProcessorRig& rig, std::uint64_t first_frame, std::uint64_t end_frame)
{
    const ob_processor_class& kind = rig.kind();
    constexpr std::uint64_t step_frames = 311;
    for (std::uint64_t step = 0; step * step_frames < end_frame; ++step) {
        if (step * step_frames < first_frame || kind.parameter_count == 0)
            continue;
        const auto index = static_cast<std::uint32_t>(step % kind.parameter_count);
        const ob_parameter_info info = parameter_info(kind, index);
        const double part = scrambled_part(step);
        rig.set_at(step * step_frames, info.key,
                   info.minimum + part * (info.maximum - info.minimum));
    }
}

}  // namespace outboard::test
