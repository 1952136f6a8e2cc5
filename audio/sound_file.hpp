// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Sound files as streams of planar float32 blocks, by libsndfile. All of it blocks and allocates:
/// never on an audio thread. What plays or records beside one is FileSource and FileSink.

#include "audio/sound_format.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// libsndfile's SNDFILE, so that its header stays out of ours.
struct sf_private_tag;  // NOLINT(readability-identifier-naming): the library's name

namespace outboard::audio {

struct SoundFileCloser {
    void operator()(sf_private_tag* handle) const noexcept;
};
using SoundFileHandle = std::unique_ptr<sf_private_tag, SoundFileCloser>;

struct SoundFileInfo {
    std::uint64_t frame_count = 0;  ///< as the header says; a damaged file can end before
    std::uint32_t sample_rate_hz = 0;
    std::uint32_t channel_count = 0;
};

class SoundFileReader {
public:
    /// Opens a file of any format that libsndfile reads.
    /// @return not_found, no_permission, not_a_sound_file, empty (no frames), unsupported (a
    ///         directory or a pipe) or system; the message names the file and the remedy
    [[nodiscard]] static Result<SoundFileReader> open(const std::filesystem::path& path);

    [[nodiscard]] const SoundFileInfo& info() const noexcept { return info_; }

    /// Reads up to `frame_count` frames into `channels`, one pointer per channel of the file.
    /// @return frames read; 0 at the end. Float files come out bit by bit, integers as -1 .. 1.
    [[nodiscard]] Result<std::size_t> read(std::span<float* const> channels,
                                           std::size_t frame_count);

private:
    SoundFileReader(SoundFileHandle handle, std::filesystem::path path, const SoundFileInfo& info);

    SoundFileHandle handle_;
    std::filesystem::path path_;
    SoundFileInfo info_;
    std::vector<float> interleaved_;
};

/// Writes to the final name from the start, so that a long recording can be followed and what was
/// written survives a full disk. The header is right from close() on; a process killed before
/// leaves the samples with a header that may not count them all.
class SoundFileWriter {
public:
    /// Creates or replaces the file. See sound_format.hpp for what is written by which extension.
    /// @return unsupported, invalid_argument, not_found (its directory), no_permission, disk_full
    /// or
    ///         system; a file that was not there before is not there after an error
    [[nodiscard]] static Result<SoundFileWriter> create(const std::filesystem::path& path,
                                                        const SoundFileSettings& settings);

    /// Appends `frame_count` frames, one pointer per channel.
    /// @return disk_full, too_large or system: the file is then closed, and valid as far as it was
    ///         written. All later calls return the same error.
    [[nodiscard]] Result<void> write(std::span<const float* const> channels,
                                     std::size_t frame_count);

    /// Completes the header and closes. Without it the destructor does that, but nobody hears of
    /// errors. A second call returns what the first did.
    [[nodiscard]] Result<void> close();

    /// Frames that were given to the file. After an error it may have fewer: coders work in
    /// packets.
    [[nodiscard]] std::uint64_t frame_count() const noexcept { return frame_count_; }

    /// NaN and infinite samples that became silence, as the file's format cannot hold them.
    [[nodiscard]] std::uint64_t silenced_sample_count() const noexcept { return silenced_count_; }

private:
    SoundFileWriter(SoundFileHandle handle, std::filesystem::path path, std::uint32_t channel_count,
                    const WritableFormat& format);

    [[nodiscard]] Result<void> write_chunk(std::span<const float* const> channels,
                                           std::size_t first_frame, std::size_t frame_count);
    void interleave(std::span<const float* const> channels, std::size_t first_frame,
                    std::size_t frame_count) noexcept;
    [[nodiscard]] tl::unexpected<Error> give_up(Error error);

    SoundFileHandle handle_;
    std::filesystem::path path_;
    WritableFormat format_;
    std::vector<float> interleaved_;
    std::uint64_t frame_count_ = 0;
    std::uint64_t silenced_count_ = 0;
    std::optional<Error> error_;
};

}  // namespace outboard::audio
