// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What is kept of one side of the stream, its input or its output: a file, if one is wanted, and
/// the outline for the page.

#include "sdk/cli/output_window.hpp"
#include "sdk/cli/peak_trace.hpp"

#include "audio/file_sink.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboard::cli {

class Track {
public:
    struct Format {
        std::uint32_t rate_hz = 0;
        std::uint32_t channel_count = 0;
    };

    /// @param path  empty: no file
    /// @throws Failure (output)
    Track(const std::string& path, const Format& format, const OutputWindow& window);

    /// Keeps what of a block lies in the window.
    /// @thread audio
    /// @rt     wait-free, unless it may wait for the disk
    /// @return false: the file takes no more
    [[nodiscard]] bool record(std::span<const float* const> channels, std::uint64_t position,
                              std::uint32_t frame_count, bool may_wait) noexcept;

    /// @thread control, when the stream has ended
    [[nodiscard]] const PeakTrace& trace() const noexcept { return trace_; }

    /// Frames that the disk was too slow for. @thread any
    [[nodiscard]] std::uint64_t lost_frame_count() const noexcept
    {
        return sink_ == nullptr ? 0 : sink_->lost_frame_count();
    }

    /// Completes the file. @thread control, when the stream has ended
    /// @return nothing without a file
    /// @throws Failure (output)
    [[nodiscard]] std::optional<audio::FileSinkTotals> close();

private:
    std::unique_ptr<audio::FileSink> sink_;
    OutputWindow window_;
    PeakTrace trace_;
    std::vector<const float*> part_;  ///< pointers into the block, audio thread only
};

}  // namespace outboard::cli
