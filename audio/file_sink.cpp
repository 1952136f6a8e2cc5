// SPDX-License-Identifier: MIT
#include "audio/file_sink.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace outboard::audio {

namespace {

constexpr std::size_t chunk_frames = 4'096;

/// The audio thread wakes nobody, so the writing thread looks for itself. The FIFO holds far more.
constexpr std::chrono::milliseconds look_interval{10};

}  // namespace

Result<std::unique_ptr<FileSink>> FileSink::create(const std::filesystem::path& path,
                                                   const SoundFileSettings& settings,
                                                   std::size_t fifo_frames_min)
{
    auto writer = SoundFileWriter::create(path, settings);
    if (!writer)
        return tl::unexpected(std::move(writer.error()));
    if (fifo_frames_min == 0)
        fifo_frames_min = std::size_t{2} * settings.sample_rate_hz;
    std::unique_ptr<FileSink> sink{
        new FileSink{std::move(*writer), settings.channel_count, fifo_frames_min}};
    try {
        sink->thread_ = std::thread{[raw = sink.get()] { raw->write_until_stopped(); }};
    } catch (const std::system_error& error) {
        return fail(ErrorCode::system, "The thread that writes '" + path.string() +
                                           "' cannot be started: " + error.what() + ".");
    }
    return sink;
}

FileSink::FileSink(SoundFileWriter writer, std::uint32_t channel_count, std::size_t fifo_frames_min)
    : fifo_(channel_count, fifo_frames_min),
      writer_(std::move(writer)),
      block_(channel_count, chunk_frames)
{}

FileSink::~FileSink()
{
    stop_thread();
}

PushStatus FileSink::push(std::span<const float* const> channels, std::size_t frame_count) noexcept
{
    // acquire, pairs with the release in check(): error() is there when we say that it is.
    if (failed_.load(std::memory_order_acquire))
        return PushStatus::failed;
    // Faster than it is owed, yet not all at once: the FIFO may hold seconds.
    replace_lost_frames(8 * frame_count);
    if (owed_silence_frames_ > 0 || fifo_.writable_frames() < frame_count) {
        owed_silence_frames_ += frame_count;
        lost_frame_count_.fetch_add(frame_count, std::memory_order_relaxed);
        return PushStatus::overflow;
    }
    fifo_.write(channels, 0, frame_count);
    return PushStatus::ok;
}

PushStatus FileSink::push_waiting(std::span<const float* const> channels, std::size_t frame_count)
{
    for (std::size_t done = 0; done < frame_count;) {
        if (failed_.load(std::memory_order_acquire))  // as in push()
            return PushStatus::failed;
        replace_lost_frames(fifo_.capacity_frames());
        const std::size_t room = owed_silence_frames_ > 0 ? 0 : fifo_.writable_frames();
        const std::size_t count = std::min(room, frame_count - done);
        fifo_.write(channels, done, count);
        done += count;
        if (done < frame_count) {
            std::unique_lock lock{mutex_};
            drain_requested_ = true;
            wake_.notify_one();
            // An end of the wait that was missed costs one interval: the loop looks for itself.
            room_.wait_for(lock, look_interval);
        }
    }
    return PushStatus::ok;
}

std::optional<Error> FileSink::error() const
{
    const std::lock_guard lock{mutex_};
    return error_;
}

Result<FileSinkTotals> FileSink::close()
{
    stop_thread();
    if (auto error = this->error())
        return tl::unexpected(std::move(*error));
    if (!check(write_lost_tail()) || !check(writer_.close()))
        return tl::unexpected(*error_);
    return FileSinkTotals{.frame_count = writer_.frame_count(),
                          .lost_frame_count = lost_frame_count(),
                          .silenced_sample_count = writer_.silenced_sample_count()};
}

void FileSink::replace_lost_frames(std::size_t frame_count_max) noexcept
{
    const std::uint64_t count = std::min<std::uint64_t>(
        owed_silence_frames_, std::min(frame_count_max, fifo_.writable_frames()));
    fifo_.write_silence(static_cast<std::size_t>(count));
    owed_silence_frames_ -= count;
}

void FileSink::write_until_stopped()
{
    std::unique_lock lock{mutex_};
    for (bool stopped = false; !stopped;) {
        wake_.wait_for(lock, look_interval, [this] { return stop_requested_ || drain_requested_; });
        // Read before the FIFO is emptied: nothing is pushed once a stop is requested.
        stopped = stop_requested_;
        drain_requested_ = false;
        lock.unlock();
        const bool writable = drain();
        lock.lock();
        room_.notify_one();
        if (!writable)
            break;
    }
}

/// @return false: the file takes no more
bool FileSink::drain()
{
    while (const std::size_t count = fifo_.read(block_.writable(), chunk_frames)) {
        if (!check(writer_.write(block_.readable(), count)))
            return false;
    }
    return true;
}

/// Notes an error for all threads.
bool FileSink::check(const Result<void>& written)
{
    if (written)
        return true;
    const std::lock_guard lock{mutex_};
    error_ = written.error();
    failed_.store(true, std::memory_order_release);  // pairs with the acquire in push()
    return false;
}

void FileSink::stop_thread() noexcept
{
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock{mutex_};
        stop_requested_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

/// Silence for what was lost after the last block that found room.
Result<void> FileSink::write_lost_tail()
{
    const PlanarBuffer silence{static_cast<std::uint32_t>(block_.readable().size()), chunk_frames};
    while (owed_silence_frames_ > 0) {
        const auto count = std::min<std::uint64_t>(owed_silence_frames_, chunk_frames);
        if (auto written = writer_.write(silence.readable(), static_cast<std::size_t>(count));
            !written)
            return written;
        owed_silence_frames_ -= count;
    }
    return {};
}

}  // namespace outboard::audio
