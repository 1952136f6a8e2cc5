// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// From one number of channels to another.
///
/// | from -> to       | output                                                                    |
/// |------------------|---------------------------------------------------------------------------|
/// | N -> N           | as it is                                                                  |
/// | 1 -> N           | the one channel on each of the N, at full level                           |
/// | N -> 1           | the average of the N: cannot clip, and undoes 1 -> N                      |
/// | N -> M, `refuse` | an error: nobody can guess which loudspeakers are meant                   |
/// | N -> M, `fit`    | the first channels; the surplus of N is left out, that of M is silent     |

#include "audio/result.hpp"

#include <cstdint>
#include <span>

namespace outboard::audio {

enum class ChannelPolicy : std::uint8_t { refuse, fit };

class ChannelMap {
public:
    /// @thread control
    /// @return invalid_argument for 0 channels; unsupported where `policy` refuses
    [[nodiscard]] static Result<ChannelMap> create(std::uint32_t from_count, std::uint32_t to_count,
                                                   ChannelPolicy policy = ChannelPolicy::refuse);

    /// Maps `frame_count` frames. Inputs and outputs must not overlap.
    /// @pre    inputs.size() and outputs.size() are the counts given to create()
    /// @thread any, one at a time
    /// @rt     wait-free, O(frames x channels)
    void apply(std::span<const float* const> inputs, std::span<float* const> outputs,
               std::size_t frame_count) const noexcept;

private:
    enum class Kind : std::uint8_t { copy, spread, average };

    explicit ChannelMap(Kind kind) noexcept : kind_(kind) {}

    Kind kind_;
};

}  // namespace outboard::audio
