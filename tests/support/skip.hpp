// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// For a test that this machine cannot run (no real-time rights, an old kernel): it is counted as
/// skipped, with the reason on its output, and not as passed.

namespace outboard::test {

/// What CTest takes for "skipped"; the convention of automake.
inline constexpr int skip_exit_code = 77;

/// Records that the running test case was not carried out; the case has to return then.
/// @param reason  what this machine lacks, for the reader of the test's output
void skip(const char* reason) noexcept;

[[nodiscard]] bool something_was_skipped() noexcept;

}  // namespace outboard::test
