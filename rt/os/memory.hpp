// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Anonymous shared memory that is passed by handle and sealed, and mappings of it.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::rt::os {

enum class Access : std::uint8_t { read_only, read_write };

/// A mapping, unmapped by its owner. Prefaulted, and never inherited by a forked child.
class Mapping {
public:
    Mapping() noexcept = default;
    Mapping(std::byte* data, std::size_t size_bytes) noexcept : data_(data), size_bytes_(size_bytes)
    {}
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {data_, size_bytes_}; }

    /// Locks the pages in memory. @return false where RLIMIT_MEMLOCK does not allow it.
    [[nodiscard]] bool lock() noexcept;

private:
    std::byte* data_ = nullptr;
    std::size_t size_bytes_ = 0;
};

[[nodiscard]] std::size_t page_bytes() noexcept;

/// Zeroed memory of `size_bytes` (rounded up to whole pages), close-on-exec, that allows seals.
/// @param name shown in /proc/PID/maps only; no name appears in any file system.
[[nodiscard]] Result<UniqueHandle> create_shared_memory(const char* name,
                                                        std::uint64_t size_bytes) noexcept;

/// Forbids resizing, new writable mappings, hole punching and further seals. Writable mappings
/// that exist stay writable: that is what makes one side the only writer.
[[nodiscard]] Result<void> seal(const UniqueHandle& memory) noexcept;

/// Whether all seals that seal() sets are in place, and the memory is `size_bytes` (rounded) long.
[[nodiscard]] Result<bool> is_sealed(const UniqueHandle& memory, std::uint64_t size_bytes) noexcept;

/// Maps the first `size_bytes` (rounded up to whole pages), prefaulted.
/// @return invalid_argument when the memory is shorter than that: nothing may fault later
[[nodiscard]] Result<Mapping> map_shared(const UniqueHandle& memory, std::uint64_t size_bytes,
                                         Access access) noexcept;

/// Private, zeroed, prefaulted memory, for what must be lockable without mlockall.
[[nodiscard]] Result<Mapping> map_private(std::uint64_t size_bytes) noexcept;

}  // namespace outboard::rt::os
