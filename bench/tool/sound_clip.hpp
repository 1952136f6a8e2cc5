// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A stretch of sound as a file, where the build has sound files.

#include <span>
#include <string>

namespace outboard::bench {

[[nodiscard]] bool has_sound_clips() noexcept;

/// One channel at 48 kHz, float32.
/// @throws Failure when it cannot be written
void write_sound_clip(const std::string& path, std::span<const float> samples);

}  // namespace outboard::bench
