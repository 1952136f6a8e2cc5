// SPDX-License-Identifier: MIT
#include "sdk/cli/tone.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace outboard::cli {

namespace {

constexpr double amplitude = 0.5011872336272722;  // -6 dBFS
constexpr std::string_view prefix = "tone:";

}  // namespace

std::optional<ToneSpec> parse_tone(std::string_view text)
{
    if (!text.starts_with(prefix))
        return std::nullopt;
    const std::string_view rest = text.substr(prefix.size());
    const auto colon = rest.find(':');
    ToneSpec spec;
    const auto frequency_hz = parse_number(rest.substr(0, colon));
    if (!frequency_hz || *frequency_hz <= 0)
        throw usage_failure(fmt::format("--in {}: write tone:HZ or tone:HZ:10s.", text));
    spec.frequency_hz = *frequency_hz;
    if (colon == std::string_view::npos)
        return spec;

    std::string length{rest.substr(colon + 1)};
    if (parse_number(length))
        length += 's';
    const auto duration_ns = parse_duration_ns(length);
    if (!duration_ns || *duration_ns == 0) {
        throw usage_failure(fmt::format("--in {}: '{}' is no length; write tone:HZ:10s.", text,
                                        rest.substr(colon + 1)));
    }
    spec.duration_ns = *duration_ns;
    return spec;
}

Tone::Tone(const ToneSpec& spec, std::uint32_t rate_hz) noexcept
    : radians_per_frame_(2 * std::numbers::pi * spec.frequency_hz / rate_hz),
      frame_count_(to_frames(spec.duration_ns, rate_hz))
{}

std::size_t Tone::read(std::span<float* const> outputs, std::size_t frame_count) noexcept
{
    const auto given =
        static_cast<std::size_t>(std::min<std::uint64_t>(frame_count, frame_count_ - position_));
    for (std::size_t frame = 0; frame < frame_count; ++frame) {
        const double phase = radians_per_frame_ * static_cast<double>(position_ + frame);
        const double value = frame < given ? amplitude * std::sin(phase) : 0.0;
        for (float* const output : outputs)
            output[frame] = static_cast<float>(value);
    }
    position_ += given;
    return given;
}

}  // namespace outboard::cli
