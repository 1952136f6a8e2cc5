// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A pipe that keeps nobody waiting: what does not fit is lost, what is not there is not waited
/// for.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstddef>
#include <span>

namespace outboard::rt::os {

struct Pipe {
    UniqueHandle read_end;
    UniqueHandle write_end;
};

/// Both ends close-on-exec; a write that finds no room fails, also in a child that inherits the
/// end.
[[nodiscard]] Result<Pipe> make_pipe() noexcept;

/// @return how much was read; 0 when all write ends are closed; timed_out when there is nothing
[[nodiscard]] Result<std::size_t> read_some(const UniqueHandle& read_end,
                                            std::span<char> out) noexcept;

}  // namespace outboard::rt::os
