// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a service says on its standard error. It is input: bounded, made printable, and read by the
/// plain thread only; a service that says too much loses the rest and is kept waiting by nobody.

#include "rt/os/futex.hpp"
#include "rt/os/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outboard::host {

/// Control characters, and bytes that are no UTF-8, become '?', tabs become spaces.
[[nodiscard]] std::string to_printable(std::string_view text);

class ErrorOutput {
public:
    ErrorOutput() noexcept = default;
    explicit ErrorOutput(rt::os::UniqueHandle read_end) noexcept : read_end_(std::move(read_end)) {}

    /// Takes what has come. Beyond a quarter of a megabyte a second it pauses.
    void read(std::uint64_t now_ns);
    /// At the service's end: a last line may lack its end.
    void finish();

    /// The lines since the last call.
    [[nodiscard]] std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }
    /// The last lines of all, up to 2 KiB.
    [[nodiscard]] const std::string& tail() const noexcept { return tail_; }
    [[nodiscard]] std::string last_line() const;

    /// For polling; -1 when nothing more comes, or during a pause.
    [[nodiscard]] int handle() const noexcept
    {
        return resume_at_ns_ == rt::os::no_deadline_ns ? read_end_.get() : -1;
    }
    /// When the pause is over.
    [[nodiscard]] std::uint64_t due_ns() const noexcept { return resume_at_ns_; }

private:
    void take(std::string_view text);
    void end_line();

    rt::os::UniqueHandle read_end_;
    std::string line_;  ///< the one that goes on
    std::vector<std::string> lines_;
    std::string tail_;
    std::uint64_t window_end_ns_ = 0;
    std::size_t read_in_window_ = 0;
    std::uint64_t resume_at_ns_ = rt::os::no_deadline_ns;
};

}  // namespace outboard::host
