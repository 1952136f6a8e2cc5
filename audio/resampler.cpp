// SPDX-License-Identifier: MIT
#include "audio/resampler.hpp"

#include <soxr.h>
#include <algorithm>

namespace outboard::audio {

Result<Resampler> Resampler::create(const ResamplerSettings& settings)
{
    if (settings.input_rate_hz == 0 || settings.output_rate_hz == 0 ||
        settings.channel_count == 0) {
        return fail(ErrorCode::invalid_argument,
                    "Resampling needs two sample rates above 0 Hz and at least one channel.");
    }
    soxr_error_t error = nullptr;
    const soxr_io_spec_t format = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, SOXR_ROLLOFF_NONE);
    soxr* const handle = soxr_create(settings.input_rate_hz, settings.output_rate_hz,
                                     settings.channel_count, &error, &format, &quality, nullptr);
    if (error != nullptr || handle == nullptr) {
        return fail(ErrorCode::unsupported, "Cannot convert " +
                                                std::to_string(settings.input_rate_hz) + " Hz to " +
                                                std::to_string(settings.output_rate_hz) +
                                                " Hz: " + soxr_strerror(error) + ".");
    }
    return Resampler{handle, settings};
}

std::uint64_t Resampler::output_frame_count(std::uint64_t input_frames, std::uint32_t input_rate_hz,
                                            std::uint32_t output_rate_hz) noexcept
{
    // Whole seconds apart, so that the product of frames and rate cannot overflow.
    const std::uint64_t seconds = input_frames / input_rate_hz;
    const std::uint64_t rest = input_frames % input_rate_hz;
    return seconds * output_rate_hz +
           (2 * rest * output_rate_hz + input_rate_hz) / (2 * std::uint64_t{input_rate_hz});
}

Result<Resampler::Progress> Resampler::process(std::span<const float* const> inputs,
                                               std::size_t input_frames,
                                               std::span<float* const> outputs,
                                               std::size_t output_frames)
{
    std::copy(inputs.begin(), inputs.end(), input_pointers_.begin());
    return convert(inputs, input_frames, outputs, output_frames);
}

Result<std::size_t> Resampler::finish(std::span<float* const> outputs, std::size_t output_frames)
{
    const std::uint64_t total =
        output_frame_count(consumed_frames_, settings_.input_rate_hz, settings_.output_rate_hz);
    const std::uint64_t owed = total - std::min(total, produced_frames_);
    const std::size_t wanted = std::min<std::uint64_t>(owed, output_frames);
    if (wanted == 0)
        return std::size_t{0};

    const auto progress = convert({}, 0, outputs, wanted);
    if (!progress)
        return tl::unexpected(progress.error());
    if (progress->produced_frames == wanted)
        return wanted;
    // The library rounds in floating point; a frame that it is short of is one of silence.
    for (float* const output : outputs)
        std::fill(output + progress->produced_frames, output + wanted, 0.0F);
    produced_frames_ += wanted - progress->produced_frames;
    return wanted;
}

void Resampler::Deleter::operator()(soxr* handle) const noexcept
{
    soxr_delete(handle);
}

Resampler::Resampler(soxr* handle, const ResamplerSettings& settings)
    : handle_(handle),
      settings_(settings),
      input_pointers_(settings.channel_count),
      output_pointers_(settings.channel_count)
{}

/// No inputs: the end of the input.
Result<Resampler::Progress> Resampler::convert(std::span<const float* const> inputs,
                                               std::size_t input_frames,
                                               std::span<float* const> outputs,
                                               std::size_t output_frames)
{
    std::copy(outputs.begin(), outputs.end(), output_pointers_.begin());
    Progress progress;
    const soxr_error_t error =
        soxr_process(handle_.get(), inputs.empty() ? nullptr : input_pointers_.data(), input_frames,
                     &progress.consumed_frames, output_pointers_.data(), output_frames,
                     &progress.produced_frames);
    if (error != nullptr)
        return fail(ErrorCode::system, std::string{"Resampling has failed: "} + error + ".");
    consumed_frames_ += progress.consumed_frames;
    produced_frames_ += progress.produced_frames;
    return progress;
}

}  // namespace outboard::audio
