// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Streaming conversion of the sample rate, by libsoxr (docs/decisions/0005-resampling.md).
///
/// Aligned to the frame: the filter is linear-phase and its delay is taken out, so that what was at
/// time t of the input is at time t of the output, and N input frames give exactly
/// output_frame_count(N) output frames. Flat to 0.91 of the lower Nyquist frequency; errors there
/// are below -140 dB.

#include "audio/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct soxr;

namespace outboard::audio {

struct ResamplerSettings {
    std::uint32_t input_rate_hz = 0;
    std::uint32_t output_rate_hz = 0;
    std::uint32_t channel_count = 0;
};

class Resampler {
public:
    struct Progress {
        std::size_t consumed_frames = 0;
        std::size_t produced_frames = 0;
    };

    /// @thread control
    /// @rt     no: allocates
    [[nodiscard]] static Result<Resampler> create(const ResamplerSettings& settings);

    /// `input_frames` at the output's rate, rounded to the nearest frame, a half upwards.
    [[nodiscard]] static std::uint64_t output_frame_count(std::uint64_t input_frames,
                                                          std::uint32_t input_rate_hz,
                                                          std::uint32_t output_rate_hz) noexcept;

    /// Takes up to `input_frames` and gives up to `output_frames`: what the filter still needs to
    /// look ahead is held back. Call again with the rest until all is consumed.
    /// @pre    finish() has not been called; one pointer per channel on both sides
    /// @thread any, one at a time
    /// @rt     no: the library may allocate
    [[nodiscard]] Result<Progress> process(std::span<const float* const> inputs,
                                           std::size_t input_frames,
                                           std::span<float* const> outputs,
                                           std::size_t output_frames);

    /// Ends the input and gives up to `output_frames` of what was held back. Call again until it
    /// returns 0.
    [[nodiscard]] Result<std::size_t> finish(std::span<float* const> outputs,
                                             std::size_t output_frames);

private:
    struct Deleter {
        void operator()(soxr* handle) const noexcept;
    };

    Resampler(soxr* handle, const ResamplerSettings& settings);

    [[nodiscard]] Result<Progress> convert(std::span<const float* const> inputs,
                                           std::size_t input_frames,
                                           std::span<float* const> outputs,
                                           std::size_t output_frames);

    std::unique_ptr<soxr, Deleter> handle_;
    ResamplerSettings settings_;
    std::vector<const void*> input_pointers_;
    std::vector<void*> output_pointers_;
    std::uint64_t consumed_frames_ = 0;
    std::uint64_t produced_frames_ = 0;
};

}  // namespace outboard::audio
