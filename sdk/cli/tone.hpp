// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A sine as input: `tone:HZ[:SECONDS]`, -6 dBFS, for trying things without a recording.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace outboard::cli {

struct ToneSpec {
    double frequency_hz = 1000;
    std::uint64_t duration_ns = 5'000'000'000;
};

/// @return nothing when `text` is no tone but a file's name
/// @throws Failure (usage) for a tone that makes no sense
[[nodiscard]] std::optional<ToneSpec> parse_tone(std::string_view text);

class Tone {
public:
    Tone(const ToneSpec& spec, std::uint32_t rate_hz) noexcept;

    [[nodiscard]] std::uint64_t frame_count() const noexcept { return frame_count_; }

    /// As audio::FileSource::read(); the same on all channels. @thread audio @rt wait-free
    std::size_t read(std::span<float* const> outputs, std::size_t frame_count) noexcept;
    void rewind() noexcept { position_ = 0; }

private:
    double radians_per_frame_;
    std::uint64_t frame_count_;
    std::uint64_t position_ = 0;
};

}  // namespace outboard::cli
