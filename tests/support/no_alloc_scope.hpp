// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Counts what a thread allocates or frees while a scope is open:
///
///     NoAllocScope scope;
///     insert.process(in, out, frames);
///     const auto violations = scope.violations();
///     ...
///     CHECK(violations == 0);
///
/// The heap itself is watched, not only operator new: every call of malloc, calloc, realloc, free
/// and their aligned kin counts, also from C libraries. A doctest assertion may allocate; so read
/// the count first and check it after the scope.

#include <cstdint>

namespace outboard::test {

class NoAllocScope {
public:
    /// Starts counting for the calling thread. Scopes may be nested.
    NoAllocScope() noexcept;
    ~NoAllocScope();
    NoAllocScope(const NoAllocScope&) = delete;
    NoAllocScope(NoAllocScope&&) = delete;
    NoAllocScope& operator=(const NoAllocScope&) = delete;
    NoAllocScope& operator=(NoAllocScope&&) = delete;

    /// Allocations and releases by this thread since the scope was opened.
    [[nodiscard]] std::uint64_t violations() const noexcept;

private:
    std::uint64_t count_at_start_;
};

}  // namespace outboard::test
