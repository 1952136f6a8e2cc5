// SPDX-License-Identifier: MIT
#include "audio/channel_map.hpp"

#include <algorithm>
#include <cstddef>

namespace outboard::audio {

namespace {

void copy(std::span<const float* const> inputs, std::span<float* const> outputs,
          std::size_t frame_count) noexcept
{
    for (std::size_t channel = 0; channel < outputs.size(); ++channel) {
        if (channel < inputs.size()) {
            std::copy_n(inputs[channel], frame_count, outputs[channel]);
        } else {
            std::fill_n(outputs[channel], frame_count, 0.0F);
        }
    }
}

/// Sums in double: the average of N equal channels is then that channel, bit for bit.
void average(std::span<const float* const> inputs, float* output, std::size_t frame_count) noexcept
{
    const auto count = static_cast<double>(inputs.size());
    for (std::size_t frame = 0; frame < frame_count; ++frame) {
        double sum = 0.0;
        for (const float* const input : inputs)
            sum += static_cast<double>(input[frame]);
        output[frame] = static_cast<float>(sum / count);
    }
}

}  // namespace

Result<ChannelMap> ChannelMap::create(std::uint32_t from_count, std::uint32_t to_count,
                                      ChannelPolicy policy)
{
    if (from_count == 0 || to_count == 0)
        return fail(ErrorCode::invalid_argument, "At least one channel is needed.");
    if (from_count == to_count)
        return ChannelMap{Kind::copy};
    if (from_count == 1)
        return ChannelMap{Kind::spread};
    if (to_count == 1)
        return ChannelMap{Kind::average};
    if (policy == ChannelPolicy::fit)
        return ChannelMap{Kind::copy};
    return fail(ErrorCode::unsupported, "There is no obvious way to turn " +
                                            std::to_string(from_count) + " channels into " +
                                            std::to_string(to_count) + ": use " +
                                            std::to_string(from_count) + " channels, or 1.");
}

void ChannelMap::apply(std::span<const float* const> inputs, std::span<float* const> outputs,
                       std::size_t frame_count) const noexcept
{
    switch (kind_) {
        case Kind::copy: copy(inputs, outputs, frame_count); break;
        case Kind::average: average(inputs, outputs[0], frame_count); break;
        case Kind::spread:
            for (float* const output : outputs)
                std::copy_n(inputs[0], frame_count, output);
            break;
    }
}

}  // namespace outboard::audio
