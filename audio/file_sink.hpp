// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The output of a stream as a sound file: the audio thread leaves its blocks in a FIFO, and a
/// thread of the sink's own writes them to the disk.
///
///     audio thread --- push(): wait-free ---> SampleFifo ---> writing thread ---> file
///
/// A block that finds no room is lost, counted, and replaced by silence of its length: whatever
/// follows is in its place, to the frame.

#include "audio/sample_fifo.hpp"
#include "audio/sound_file.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

namespace outboard::audio {

enum class PushStatus : std::uint8_t {
    ok,
    overflow,  ///< the disk is behind by the whole FIFO: this block is lost
    failed,    ///< nothing is written any more; error() says why
};

struct FileSinkTotals {
    std::uint64_t frame_count = 0;  ///< in the file, with the silence for what was lost
    std::uint64_t lost_frame_count = 0;
    std::uint64_t silenced_sample_count = 0;  ///< not finite, in a format that cannot hold them
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): that of the FIFO, see there
class FileSink {
public:
    /// Creates the file and starts the writing thread.
    /// @thread control
    /// @param fifo_frames_min  how far the disk may fall behind; 0: two seconds
    /// @return the errors of SoundFileWriter::create(); system when no thread can be had
    [[nodiscard]] static Result<std::unique_ptr<FileSink>> create(const std::filesystem::path& path,
                                                                  const SoundFileSettings& settings,
                                                                  std::size_t fifo_frames_min = 0);

    ~FileSink();
    FileSink(const FileSink&) = delete;
    FileSink(FileSink&&) = delete;
    FileSink& operator=(const FileSink&) = delete;
    FileSink& operator=(FileSink&&) = delete;

    /// Hands a block over, one pointer per channel; it is taken as a whole or not at all.
    /// @pre    frame_count <= the FIFO's frames
    /// @thread audio; one thread for push() and push_waiting() together
    /// @rt     wait-free, O(frames x channels)
    PushStatus push(std::span<const float* const> channels, std::size_t frame_count) noexcept;

    /// As push(), but waits for room: for streams that are faster than the clock.
    /// @rt     no: blocks
    /// @return ok or failed
    PushStatus push_waiting(std::span<const float* const> channels, std::size_t frame_count);

    /// What has gone wrong on the writing thread, e.g. a full disk.
    /// @thread control
    /// @rt     no: locks
    [[nodiscard]] std::optional<Error> error() const;

    /// @thread any
    /// @rt     wait-free
    [[nodiscard]] std::uint64_t lost_frame_count() const noexcept
    {
        return lost_frame_count_.load(std::memory_order_relaxed);
    }

    /// Writes all that was pushed and completes the file. Without it the destructor does that, but
    /// nobody hears of errors.
    /// @pre    the audio thread pushes no more
    /// @thread control
    /// @rt     no: waits for the disk
    [[nodiscard]] Result<FileSinkTotals> close();

private:
    FileSink(SoundFileWriter writer, std::uint32_t channel_count, std::size_t fifo_frames_min);

    void replace_lost_frames(std::size_t frame_count_max) noexcept;
    void write_until_stopped();
    [[nodiscard]] bool drain();
    [[nodiscard]] bool check(const Result<void>& written);
    void stop_thread() noexcept;
    [[nodiscard]] Result<void> write_lost_tail();

    SampleFifo fifo_;
    SoundFileWriter writer_;  ///< the writing thread's; the control thread's when that has ended
    PlanarBuffer block_;      ///< as writer_

    std::uint64_t owed_silence_frames_ = 0;  ///< audio thread only, until close()
    std::atomic<std::uint64_t> lost_frame_count_{0};
    std::atomic<bool> failed_{false};

    mutable std::mutex mutex_;
    std::condition_variable wake_;  ///< the writing thread waits on it
    std::condition_variable room_;  ///< push_waiting() waits on it
    bool stop_requested_ = false;   ///< guarded by mutex_
    bool drain_requested_ = false;  ///< guarded by mutex_
    std::optional<Error> error_;    ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace outboard::audio
