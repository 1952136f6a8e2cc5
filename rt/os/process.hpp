// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Starting and ending child processes, race-free by process handle (Linux: pidfd).

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::rt::os {

struct SpawnOptions {
    std::string executable{};                ///< a path; no search in PATH
    std::vector<std::string> arguments{};    ///< without argv[0], which is the executable
    std::vector<std::string> environment{};  ///< "NAME=value", added to or replacing the parent's
    int inherited_handle = -1;               ///< reaches the child as descriptor 3; the only one
                                             ///< beside 0, 1, 2
    int error_output_handle = -1;            ///< the child's descriptor 2; -1: inherited
};

struct ChildProcess {
    std::int32_t process_id = -1;
    UniqueHandle handle;  ///< readable once the child has ended
};

enum class ExitKind : std::uint8_t {
    exited,     ///< `value` is the exit code
    signalled,  ///< `value` is the signal
    unknown,    ///< somebody else in this process reaped it (a host that ignores SIGCHLD)
};

struct ExitStatus {
    ExitKind kind = ExitKind::unknown;
    int value = 0;
};

/// Starts `executable` without copying this process's memory (no fork), so that neither locked
/// memory nor a large host makes it slow. The child: ordinary scheduling and CPU affinity as at
/// process start, default signal actions and mask, standard input from /dev/null, all other
/// descriptors closed, killed when the calling *thread* ends (PDEATHSIG follows the thread: call
/// it from one that lives as long as its children shall).
/// @return not_found or no_permission for an executable that cannot be started
[[nodiscard]] Result<ChildProcess> spawn(const SpawnOptions& options) noexcept;

/// Sends `signal_number` to the process behind the handle; a process that has ended is no error.
[[nodiscard]] Result<void> send_signal(const UniqueHandle& process, int signal_number) noexcept;

/// A handle to a process that is not our child (a found service).
[[nodiscard]] Result<UniqueHandle> open_process(std::int32_t process_id) noexcept;

/// A handle to one thread of another process, readable once that thread has ended. Under load that
/// is earlier than the end of its process, for which all its threads have to run once more.
/// @return unsupported before Linux 6.15, whose handles do not tell how a thread ended; not_found
///         when the process has no such thread
[[nodiscard]] Result<UniqueHandle> open_thread(std::int32_t process_id,
                                               std::int32_t thread_id) noexcept;

/// How a thread ended whose handle is readable. @rt no, but short: some 50 us at the most
[[nodiscard]] ExitStatus thread_exit_status(const UniqueHandle& thread) noexcept;

/// How a child ended whose handle is readable; unknown while it runs. It is not reaped: that makes
/// the kernel clear away its /proc entries, and a real-time thread that does so spins without end
/// when the thread that reads one of them waits for its CPU (seen on Linux 6.18).
/// @rt no, but short: one system call
[[nodiscard]] ExitStatus exit_status(const UniqueHandle& process) noexcept;

/// Whether the kernel is writing a core of it (Linux 4.15), which a signal would cut short. Reads
/// /proc: for ordinary threads only.
[[nodiscard]] bool is_dumping_core(std::int32_t process_id) noexcept;

/// Waits for the end of a child until `deadline_ns` and reaps it. For ordinary threads: see
/// exit_status().
/// @return timed_out when it still runs
[[nodiscard]] Result<ExitStatus> reap(const UniqueHandle& process,
                                      std::uint64_t deadline_ns) noexcept;

/// For a child that has just started: asks to be killed when its parent thread ends, and says
/// whether the parent is already another process than `expected_parent`.
/// @return true when it is: the parent has gone, leave
[[nodiscard]] bool bind_life_to_parent(std::int32_t expected_parent) noexcept;

[[nodiscard]] std::int32_t current_process_id() noexcept;

}  // namespace outboard::rt::os
