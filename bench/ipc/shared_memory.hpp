// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Memory of a size known at run time, which a forked child goes on sharing.

#include "bench/ipc/system_call.hpp"
#include "rt/path/contract.hpp"

#include <sys/mman.h>
#include <cstddef>

namespace outboard::bench::ipc {

class SharedMemory {
public:
    /// Without a name, zeroed.
    explicit SharedMemory(std::size_t size_bytes) : SharedMemory(size_bytes, -1) {}

    /// Of an open file, which gets that length. @param file  -1 for none
    SharedMemory(std::size_t size_bytes, int file);
    ~SharedMemory() { ::munmap(data_, size_bytes_); }
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory(SharedMemory&&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    SharedMemory& operator=(SharedMemory&&) = delete;

    [[nodiscard]] std::byte* data() const noexcept { return static_cast<std::byte*>(data_); }

private:
    std::size_t size_bytes_;
    void* data_;
};

/// How many messages a channel in shared memory holds in each direction; a power of two.
[[nodiscard]] constexpr std::size_t slot_count_for(std::size_t message_bytes) noexcept
{
    constexpr std::size_t bytes_wanted = 128 << 10;
    std::size_t count = 4;
    while (count < 64 && count * 2 * message_bytes <= bytes_wanted)
        count *= 2;
    return count;
}

/// A slot's place: messages, rounded up to whole cache lines.
[[nodiscard]] constexpr std::size_t slot_bytes_for(std::size_t message_bytes) noexcept
{
    return (message_bytes + rt::cache_line_bytes - 1) / rt::cache_line_bytes * rt::cache_line_bytes;
}

}  // namespace outboard::bench::ipc
