// SPDX-License-Identifier: MIT
#include "audio/sound_file.hpp"

#include "audio/sound_file_error.hpp"

#include <sndfile.h>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

namespace outboard::audio {

namespace {

/// Interleaved frames that pass through memory at once.
constexpr std::size_t chunk_frames = 4'096;

struct Opened {
    SoundFileHandle handle;
    int sys_errno;
};

/// Clears errno first, as the library does not hand the system's error on by itself.
Opened open_sndfile(const std::filesystem::path& path, int mode, SF_INFO& info)
{
    errno = 0;
    SoundFileHandle handle{sf_open(path.c_str(), mode, &info)};
    return {std::move(handle), errno};
}

void configure(SNDFILE* handle)
{
    // A value above full scale would wrap around to the other sign.
    sf_command(handle, SFC_SET_CLIPPING, nullptr, SF_TRUE);
    // The peak chunk carries the time of day: equal samples would give unequal files.
    sf_command(handle, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
}

/// Streams may end without having told their length (FLAC from a pipe, or from a recorder that was
/// killed), so it is counted. Reading onwards from the start then takes a second open.
Result<std::uint64_t> count_frames(const std::filesystem::path& path)
{
    SF_INFO info{};
    const Opened opened = open_sndfile(path, SFM_READ, info);
    if (!opened.handle)
        return tl::unexpected(read_error(path, opened.sys_errno));
    std::vector<float> interleaved(chunk_frames * static_cast<std::size_t>(info.channels));
    std::uint64_t total = 0;
    while (const sf_count_t got =
               sf_readf_float(opened.handle.get(), interleaved.data(), chunk_frames))
        total += static_cast<std::uint64_t>(got);
    return total;
}

Result<SoundFileInfo> describe(const std::filesystem::path& path, const SF_INFO& info)
{
    auto frame_count = static_cast<std::uint64_t>(std::max<sf_count_t>(0, info.frames));
    if (info.frames == SF_COUNT_MAX) {
        const auto counted = count_frames(path);
        if (!counted)
            return tl::unexpected(counted.error());
        frame_count = *counted;
    }
    if (frame_count == 0) {
        return fail(ErrorCode::empty,
                    "'" + path.string() + "' has 0 frames: there is nothing to play in it.");
    }
    return SoundFileInfo{.frame_count = frame_count,
                         .sample_rate_hz = static_cast<std::uint32_t>(info.samplerate),
                         .channel_count = static_cast<std::uint32_t>(info.channels)};
}

}  // namespace

void SoundFileCloser::operator()(sf_private_tag* handle) const noexcept
{
    sf_close(handle);
}

// ---- reading ------------------------------------------------------------------------------------

Result<SoundFileReader> SoundFileReader::open(const std::filesystem::path& path)
{
    if (const auto readable = check_readable(path); !readable)
        return tl::unexpected(readable.error());

    SF_INFO info{};
    Opened opened = open_sndfile(path, SFM_READ, info);
    if (!opened.handle)
        return tl::unexpected(read_error(path, opened.sys_errno));
    const auto described = describe(path, info);
    if (!described)
        return tl::unexpected(described.error());
    return SoundFileReader{std::move(opened.handle), path, *described};
}

SoundFileReader::SoundFileReader(SoundFileHandle handle, std::filesystem::path path,
                                 const SoundFileInfo& info)
    : handle_(std::move(handle)),
      path_(std::move(path)),
      info_(info),
      interleaved_(chunk_frames * info.channel_count)
{}

Result<std::size_t> SoundFileReader::read(std::span<float* const> channels, std::size_t frame_count)
{
    std::size_t done = 0;
    while (done < frame_count) {
        const std::size_t wanted = std::min(chunk_frames, frame_count - done);
        const auto got = static_cast<std::size_t>(
            sf_readf_float(handle_.get(), interleaved_.data(), static_cast<sf_count_t>(wanted)));
        for (std::size_t channel = 0; channel < channels.size(); ++channel) {
            for (std::size_t frame = 0; frame < got; ++frame)
                channels[channel][done + frame] = interleaved_[frame * channels.size() + channel];
        }
        done += got;
        if (got < wanted)
            break;
    }
    if (sf_error(handle_.get()) != SF_ERR_NO_ERROR) {
        return fail(ErrorCode::system,
                    "Reading '" + path_.string() + "' has failed: " + sf_strerror(handle_.get()));
    }
    return done;
}

// ---- writing ------------------------------------------------------------------------------------

Result<SoundFileWriter> SoundFileWriter::create(const std::filesystem::path& path,
                                                const SoundFileSettings& settings)
{
    const auto format = writable_format(path, settings);
    if (!format)
        return tl::unexpected(format.error());
    if (const auto writable = check_writable(path); !writable)
        return tl::unexpected(writable.error());

    std::error_code ignored;
    const bool existed = std::filesystem::exists(path, ignored);
    SF_INFO info{};
    info.samplerate = static_cast<int>(settings.sample_rate_hz);
    info.channels = static_cast<int>(settings.channel_count);
    info.format = format->sndfile_format;
    Opened opened = open_sndfile(path, SFM_WRITE, info);
    if (!opened.handle) {
        Error error = create_error(path, opened.sys_errno);
        if (!existed)
            std::filesystem::remove(path, ignored);
        return tl::unexpected(std::move(error));
    }
    configure(opened.handle.get());
    return SoundFileWriter{std::move(opened.handle), path, settings.channel_count, *format};
}

SoundFileWriter::SoundFileWriter(SoundFileHandle handle, std::filesystem::path path,
                                 std::uint32_t channel_count, const WritableFormat& format)
    : handle_(std::move(handle)),
      path_(std::move(path)),
      format_(format),
      interleaved_(chunk_frames * channel_count)
{}

Result<void> SoundFileWriter::write(std::span<const float* const> channels, std::size_t frame_count)
{
    if (error_)
        return tl::unexpected(*error_);
    if (!handle_)
        return fail(ErrorCode::wrong_state, "'" + path_.string() + "' is closed already.");
    if (frame_count > format_.frame_count_max - frame_count_) {
        return give_up({ErrorCode::too_large,
                        "'" + path_.string() +
                            "' has reached 4 GiB, the most that its format can hold. Use a name "
                            "ending in .w64 or .flac for recordings of that length."});
    }

    for (std::size_t done = 0; done < frame_count; done += chunk_frames) {
        const std::size_t count = std::min(chunk_frames, frame_count - done);
        if (auto written = write_chunk(channels, done, count); !written)
            return written;
    }
    return {};
}

Result<void> SoundFileWriter::close()
{
    if (error_)
        return tl::unexpected(*error_);
    if (!handle_)
        return {};
    // Encoders write their last frames now, and sf_close() does not tell when these are lost.
    errno = 0;
    const int status = sf_close(handle_.release());
    const int sys_errno = errno;
    if (status != SF_ERR_NO_ERROR || is_medium_error(sys_errno))
        return give_up(write_error(path_, sys_errno, "its header cannot be completed."));
    return {};
}

Result<void> SoundFileWriter::write_chunk(std::span<const float* const> channels,
                                          std::size_t first_frame, std::size_t frame_count)
{
    interleave(channels, first_frame, frame_count);
    errno = 0;
    const auto written = static_cast<std::size_t>(std::max<sf_count_t>(
        0,
        sf_writef_float(handle_.get(), interleaved_.data(), static_cast<sf_count_t>(frame_count))));
    const int sys_errno = errno;
    frame_count_ += written;
    // Some encoders do not pass on that the disk is full; the system's error tells.
    if (written == frame_count && sf_error(handle_.get()) == SF_ERR_NO_ERROR &&
        !is_medium_error(sys_errno))
        return {};
    // Asked only when there is nothing better: of errors it does not know it speaks on stdout.
    return give_up(write_error(path_, sys_errno, sys_errno != 0 ? "" : sf_strerror(handle_.get())));
}

void SoundFileWriter::interleave(std::span<const float* const> channels, std::size_t first_frame,
                                 std::size_t frame_count) noexcept
{
    for (std::size_t channel = 0; channel < channels.size(); ++channel) {
        const float* const input = channels[channel] + first_frame;
        for (std::size_t frame = 0; frame < frame_count; ++frame)
            interleaved_[frame * channels.size() + channel] = input[frame];
    }
    if (format_.keeps_non_finite)
        return;
    for (float& sample : std::span{interleaved_}.first(frame_count * channels.size())) {
        if (!std::isfinite(sample)) {
            sample = 0.0F;
            ++silenced_count_;
        }
    }
}

tl::unexpected<Error> SoundFileWriter::give_up(Error error)
{
    handle_.reset();  // completes the header for what was written
    error_ = error;
    return tl::unexpected(std::move(error));
}

}  // namespace outboard::audio
