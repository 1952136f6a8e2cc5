// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A sound file as input of a stream: loaded into memory as a whole, at the stream's sample rate
/// and channel count, so that the audio thread reads it without ever touching the disk.

#include "audio/channel_map.hpp"
#include "audio/sound_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace outboard::audio {

struct FileSourceSettings {
    std::uint32_t sample_rate_hz = 0;  ///< of the stream; 0: that of the file
    std::uint32_t channel_count = 0;   ///< of the stream; 0: that of the file
    ChannelPolicy channel_policy = ChannelPolicy::refuse;

    /// What the samples may take: 1 GiB is 46 minutes of stereo at 48 kHz.
    std::uint64_t memory_bytes_max = std::uint64_t{1} << 30U;
};

class FileSource {
public:
    /// Reads, maps the channels and resamples where the file differs from the stream.
    /// @thread control
    /// @rt     no: reads the file
    /// @return the errors of SoundFileReader, ChannelMap and Resampler; too_large
    [[nodiscard]] static Result<FileSource> load(const std::filesystem::path& path,
                                                 const FileSourceSettings& settings);

    /// The file as it was before the conversion.
    [[nodiscard]] const SoundFileInfo& file_info() const noexcept { return file_info_; }

    [[nodiscard]] std::uint32_t sample_rate_hz() const noexcept { return sample_rate_hz_; }
    [[nodiscard]] std::uint32_t channel_count() const noexcept
    {
        return static_cast<std::uint32_t>(channels_.size());
    }

    /// Length at the stream's rate.
    [[nodiscard]] std::uint64_t frame_count() const noexcept { return channels_.front().size(); }

    /// All samples of a channel. @pre index < channel_count()
    [[nodiscard]] std::span<const float> channel(std::size_t index) const noexcept
    {
        return channels_[index];
    }

    /// Copies the next `frame_count` frames to `outputs`, one pointer per channel; after the end
    /// follows silence.
    /// @thread audio
    /// @rt     wait-free, O(frames x channels)
    /// @return frames that came from the file; fewer than asked for: it has ended
    std::size_t read(std::span<float* const> outputs, std::size_t frame_count) noexcept;

    /// @thread audio
    /// @rt     wait-free
    [[nodiscard]] bool finished() const noexcept { return position_ == frame_count(); }

    /// Plays from the start again.
    /// @thread audio
    /// @rt     wait-free
    void rewind() noexcept { position_ = 0; }

private:
    FileSource(const SoundFileInfo& file_info, std::uint32_t sample_rate_hz,
               std::vector<std::vector<float>> channels) noexcept
        : file_info_(file_info),
          sample_rate_hz_(sample_rate_hz),
          channels_(std::move(channels))
    {}

    SoundFileInfo file_info_;
    std::uint32_t sample_rate_hz_;
    std::vector<std::vector<float>> channels_;
    std::size_t position_ = 0;
};

}  // namespace outboard::audio
