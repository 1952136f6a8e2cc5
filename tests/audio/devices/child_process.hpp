// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A program that a test starts, and that ends with it.

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace outboard::test {

class ChildProcess {
public:
    /// Starts `words[0]`, found by PATH, in this process's environment; what it prints goes to
    /// `log_path`. It gets SIGKILL when this thread ends.
    ChildProcess(const std::vector<std::string>& words, const std::string& log_path);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess(ChildProcess&&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ChildProcess& operator=(ChildProcess&&) = delete;

    [[nodiscard]] bool is_running();

    /// Waits until it ends by itself. @return its exit code; -1 after a signal
    [[nodiscard]] int wait();

    /// Sends the signal and waits until the process is gone.
    void end(int signal = SIGKILL);

private:
    pid_t process_id_ = -1;
};

/// Whether PATH has such a program.
[[nodiscard]] bool has_program(const std::string& name);

}  // namespace outboard::test
