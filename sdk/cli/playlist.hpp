// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The inputs of a run, one behind the other without a gap. The first file decides rate and
/// channels where the command line does not; the others are converted to them: resampled, one
/// channel spread to many, many averaged to one. Two and six do not fit: that is refused.

#include "sdk/cli/tone.hpp"

#include "audio/file_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace outboard::cli {

struct StreamFormat {
    std::uint32_t rate_hz = 0;        ///< 0: still to be decided
    std::uint32_t channel_count = 0;  ///< 0: still to be decided
};

class Playlist {
public:
    /// Loads all of them.
    /// @param wanted  what the command line has decided
    /// @throws Failure (input)
    Playlist(const std::vector<std::string>& inputs, StreamFormat wanted,
             std::uint32_t repeat_count);

    [[nodiscard]] const StreamFormat& format() const noexcept { return format_; }

    /// Of all repetitions.
    [[nodiscard]] std::uint64_t frame_count() const noexcept { return frame_count_; }

    /// Fills `frame_count` frames, with silence behind the end.
    /// @thread audio
    /// @rt     wait-free
    void read(std::span<float* const> outputs, std::size_t frame_count) noexcept;

private:
    using Item = std::variant<audio::FileSource, Tone>;

    void add_files(const std::vector<std::string>& inputs);
    [[nodiscard]] std::size_t read_current(std::size_t frame_count) noexcept;
    void go_to_next() noexcept;

    StreamFormat format_;
    std::vector<Item> items_;
    std::uint64_t frame_count_ = 0;
    std::vector<float*> cursors_;  ///< per channel: where the next frame goes; audio thread
    std::size_t current_ = 0;
    std::uint32_t repeats_left_;
};

}  // namespace outboard::cli
