// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A second process that shares the memory of this one, so that this one can end at once.
///
/// The kernel reports the death of a process when its memory has been torn down, and a real-time
/// thread that dies does that work at its own priority: 16 ms for 256 MiB. While another process
/// holds the memory, the dying one only lets go of it.

#include "rt/control/result.hpp"

#include <cstdint>

namespace outboard::rt::os {

/// Starts the holder of this process's memory. It sleeps until this process has ended, all of its
/// threads included, and then ends itself, whereby the memory goes at ordinary priority, on
/// whichever CPU is free. It has no descriptors but one for that, no signal but SIGKILL reaches it,
/// no wait() of this process finds it, no debugger follows it, and no core dump is made of it.
/// @pre    the main thread calls it, before there are others and before much memory is in use
/// @thread control
/// @return its process id; unsupported where OUTBOARD_NO_MEMORY_HOLDER=1 says so
[[nodiscard]] Result<std::int32_t> start_memory_holder() noexcept;

}  // namespace outboard::rt::os
