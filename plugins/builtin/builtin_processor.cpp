// SPDX-License-Identifier: MIT

#include "plugins/builtin/builtin_processor.hpp"

#include "plugins/builtin/sample_math.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace outboard::builtin {
namespace {

constexpr std::uint32_t channel_count_max = 64;
constexpr double sample_rate_hz_min = 8'000.0;
constexpr double sample_rate_hz_max = 384'000.0;

double double_at(std::span<const std::byte> bytes, std::size_t index) noexcept
{
    double value = 0.0;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value;
}

}  // namespace

BuiltinProcessor::BuiltinProcessor(const char* name,
                                   std::span<const ob_parameter_info> parameters) noexcept
    : name_(name),
      parameters_(parameters)
{}

void BuiltinProcessor::prepare(const PrepareInfo& info)
{
    check_format(info);
    is_prepared_ = false;
    format_ = info;
    state_.clear();
    allocate(info, state_);
    is_prepared_ = true;
    reset();
}

void BuiltinProcessor::check_format(const PrepareInfo& info) const
{
    const auto is_count = [](std::uint32_t count) {
        return count >= 1 && count <= channel_count_max;
    };
    if (!is_count(info.input_channel_count) || !is_count(info.output_channel_count))
        throw std::invalid_argument("takes 1 to 64 channels");
    if (!accepts_channels(info.input_channel_count, info.output_channel_count))
        throw std::invalid_argument("cannot turn this number of inputs into that of outputs");
    // Written so that a rate that is not a number fails too.
    if (!(info.sample_rate_hz >= sample_rate_hz_min && info.sample_rate_hz <= sample_rate_hz_max))
        throw std::invalid_argument("takes sample rates from 8 kHz to 384 kHz");
}

void BuiltinProcessor::process(const ProcessBlock& block) noexcept
{
    std::uint32_t frame = 0;
    const EventHeader* event = ob_event_next(&block.events_in, nullptr);
    while (frame < block.frame_count) {
        bool has_changed = false;
        for (; event != nullptr && event->offset_frames <= frame;
             event = ob_event_next(&block.events_in, event))
            has_changed = apply(*event) || has_changed;
        if (has_changed)
            follow_parameters(Change::glide);

        const std::uint32_t end = event == nullptr
                                      ? block.frame_count
                                      : std::min(event->offset_frames, block.frame_count);
        render({block, frame, end - frame});
        frame = end;
    }
}

bool BuiltinProcessor::apply(const EventHeader& event) noexcept
{
    if (event.type == OB_EVENT_RESET) {
        reset();
        return false;
    }
    if (event.type != OB_EVENT_PARAMETER || event.size_bytes < sizeof(ob_event_parameter))
        return false;
    ob_event_parameter change{};
    std::memcpy(&change, &event, sizeof change);
    return parameters_.set(change.parameter_id, change.value);
}

void BuiltinProcessor::reset() noexcept
{
    if (!is_prepared_)
        return;
    clear();
    follow_parameters(Change::jump);
}

std::size_t BuiltinProcessor::save_state(std::span<std::byte> out) const
{
    return parameters_.save(out);
}

bool BuiltinProcessor::load_state(std::span<const std::byte> data)
{
    if (!parameters_.load(data))
        return false;
    if (is_prepared_)
        follow_parameters(Change::jump);
    return true;
}

std::size_t BuiltinProcessor::parameter_bytes() const noexcept
{
    return parameters_.count() * sizeof(double);
}

std::size_t BuiltinProcessor::checkpoint_bytes() const noexcept
{
    if (!is_prepared_)
        return 0;
    return sizeof(CheckpointHeader) + parameter_bytes() + state_.size_bytes();
}

CheckpointHeader BuiltinProcessor::header() const noexcept
{
    return checkpoint_header(name_, format_, parameters_.count(), checkpoint_bytes());
}

void BuiltinProcessor::save_checkpoint(std::span<std::byte> out) const noexcept
{
    if (!is_prepared_ || out.size() < checkpoint_bytes())
        return;
    const CheckpointHeader title = header();
    std::memcpy(out.data(), &title, sizeof title);
    out = out.subspan(sizeof title);
    for (std::uint32_t id = 0; id < parameters_.count(); ++id) {
        const double value = parameter(id);
        std::memcpy(out.data() + id * sizeof value, &value, sizeof value);
    }
    state_.copy_to(out.subspan(parameter_bytes()));
}

bool BuiltinProcessor::restore_checkpoint(std::span<const std::byte> data) noexcept
{
    CheckpointHeader title{};
    if (!is_prepared_ || data.size() != checkpoint_bytes())
        return false;
    std::memcpy(&title, data.data(), sizeof title);
    const auto values = data.subspan(sizeof title, parameter_bytes());
    if (title != header() || !parameters_are_valid(values))
        return false;

    for (std::uint32_t id = 0; id < parameters_.count(); ++id)
        parameters_.set(id, double_at(values, id));
    state_.copy_from(data.subspan(sizeof title + parameter_bytes()));
    if (state_is_valid())
        return true;
    reset();
    return false;
}

bool BuiltinProcessor::parameters_are_valid(std::span<const std::byte> values) const noexcept
{
    for (std::uint32_t id = 0; id < parameters_.count(); ++id) {
        if (!parameters_.permits(id, double_at(values, id)))
            return false;
    }
    return true;
}

std::uint32_t BuiltinProcessor::glide_frames(Change change, double time_ms) const noexcept
{
    return change == Change::jump ? 0 : frames_from_ms(time_ms, format_.sample_rate_hz, 1);
}

}  // namespace outboard::builtin
