// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a program of ours may leave on the machine: processes, shared memory, descriptors,
/// mappings, threads. Counted before and after.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::test {

/// Puts a mark into the environment, so that all processes started from now on can be told from
/// everybody else's. Made once a test, before any other thread runs.
class ProcessMark {
public:
    ProcessMark();

    /// Processes that carry the mark: the descendants of this one, orphans included.
    [[nodiscard]] std::vector<std::int32_t> carriers() const;

    /// Waits until no process carries it. @return those that are left at the limit
    [[nodiscard]] std::vector<std::int32_t> wait_until_gone(
        std::chrono::milliseconds limit = std::chrono::seconds{5}) const;

private:
    std::string mark_;
};

/// Names in a directory, sorted; empty when there is none.
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory);

/// Names in /dev/shm that are not among `before` and that no living process has mapped: those of
/// other programs that run meanwhile are not left behind.
[[nodiscard]] std::vector<std::string> orphaned_shared_memory(
    const std::vector<std::string>& before);

/// What this process holds.
struct Holdings {
    std::size_t handles;
    std::size_t shared_mappings;  ///< of memory that has no name in a file system
    std::size_t threads;

    friend bool operator==(const Holdings&, const Holdings&) = default;
};

[[nodiscard]] Holdings holdings_now();

}  // namespace outboard::test
