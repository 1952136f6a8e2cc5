// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Wait-free FIFO of planar frames between two threads of one process: one writes, one reads.
///
///     writing thread --- release (W) ---> write_count --- acquire (R) ---> reading thread
///           ^----------- acquire (W) ---- read_count <--- release (R) ----------'
///
/// The counts run freely; they differ by the frames held.

#include "audio/planar_buffer.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::audio {

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the padding keeps the threads apart
class SampleFifo {
public:
    /// Room for at least `frame_count_min` frames. All memory is taken and touched here.
    /// @pre channel_count and frame_count_min are > 0
    /// @rt  no: allocates
    SampleFifo(std::uint32_t channel_count, std::size_t frame_count_min)
        : buffer_(channel_count, std::bit_ceil(frame_count_min)),
          index_mask_(buffer_.frame_count() - 1)
    {}

    [[nodiscard]] std::size_t capacity_frames() const noexcept { return buffer_.frame_count(); }

    /// @thread writer
    /// @rt     wait-free
    [[nodiscard]] std::size_t writable_frames() const noexcept
    {
        // acquire, pairs with the release in read(): the frames below this count are copied out.
        const std::uint64_t read = read_count_.load(std::memory_order_acquire);
        return capacity_frames() -
               static_cast<std::size_t>(write_count_.load(std::memory_order_relaxed) - read);
    }

    /// Appends frames [first_frame, first_frame + frame_count) of `channels`.
    /// @pre    frame_count <= writable_frames(); one pointer per channel
    /// @thread writer
    /// @rt     wait-free, O(frames x channels)
    void write(std::span<const float* const> channels, std::size_t first_frame,
               std::size_t frame_count) noexcept
    {
        append(frame_count, [&](std::size_t channel, std::size_t done, std::span<float> target) {
            std::copy_n(channels[channel] + first_frame + done, target.size(), target.data());
        });
    }

    /// Appends silence. As write().
    void write_silence(std::size_t frame_count) noexcept
    {
        append(frame_count, [](std::size_t, std::size_t, std::span<float> target) {
            std::fill(target.begin(), target.end(), 0.0F);
        });
    }

    /// Takes up to `frame_count_max` frames.
    /// @pre    one pointer per channel
    /// @thread reader
    /// @rt     wait-free, O(frames x channels)
    std::size_t read(std::span<float* const> channels, std::size_t frame_count_max) noexcept
    {
        const std::uint64_t first = read_count_.load(std::memory_order_relaxed);
        // acquire, pairs with the release in append(): the frames below this count are complete.
        const std::uint64_t written = write_count_.load(std::memory_order_acquire);
        const auto count = std::min(frame_count_max, static_cast<std::size_t>(written - first));
        for (std::size_t done = 0; done < count;) {
            const Piece piece = piece_at(first + done, count - done);
            for (std::size_t channel = 0; channel < channels.size(); ++channel) {
                std::copy_n(buffer_.channel(channel).data() + piece.index, piece.frame_count,
                            channels[channel] + done);
            }
            done += piece.frame_count;
        }
        // release, pairs with the acquire in writable_frames(): we are done with these frames.
        read_count_.store(first + count, std::memory_order_release);
        return count;
    }

private:
    static constexpr std::size_t cache_line_bytes = 64;

    /// Frames that lie next to each other in memory.
    struct Piece {
        std::size_t index;
        std::size_t frame_count;
    };

    [[nodiscard]] Piece piece_at(std::uint64_t count, std::size_t frame_count) const noexcept
    {
        const std::size_t index = static_cast<std::size_t>(count) & index_mask_;
        return {index, std::min(frame_count, capacity_frames() - index)};
    }

    template <typename Fill>
    void append(std::size_t frame_count, const Fill& fill) noexcept
    {
        const std::uint64_t first = write_count_.load(std::memory_order_relaxed);
        for (std::size_t done = 0; done < frame_count;) {
            const Piece piece = piece_at(first + done, frame_count - done);
            for (std::size_t channel = 0; channel < buffer_.readable().size(); ++channel) {
                fill(channel, done,
                     buffer_.channel(channel).subspan(piece.index, piece.frame_count));
            }
            done += piece.frame_count;
        }
        // release, pairs with the acquire in read(): the frames before the count announcing them.
        write_count_.store(first + frame_count, std::memory_order_release);
    }

    PlanarBuffer buffer_;
    std::size_t index_mask_;
    alignas(cache_line_bytes) std::atomic<std::uint64_t> write_count_{0};
    alignas(cache_line_bytes) std::atomic<std::uint64_t> read_count_{0};
};

}  // namespace outboard::audio
