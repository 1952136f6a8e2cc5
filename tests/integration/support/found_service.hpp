// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A long-running service that is found by name, as a process of ours.

#include "rt/os/process.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::test {

class FoundService {
public:
    /// Starts `executable --name NAME`.
    FoundService(const std::string& executable, const std::string& name,
                 const std::vector<std::string>& environment = {});
    /// Kills it if it still runs.
    ~FoundService();
    FoundService(const FoundService&) = delete;
    FoundService(FoundService&&) = delete;
    FoundService& operator=(const FoundService&) = delete;
    FoundService& operator=(FoundService&&) = delete;

    /// Waits until hosts can connect. @return whether they can
    [[nodiscard]] bool wait_until_found(std::chrono::milliseconds limit = std::chrono::seconds{5});
    void signal(int number) const;
    /// Waits for its end, and takes down what it said. Unknown when it does not end.
    [[nodiscard]] rt::os::ExitStatus wait(std::chrono::milliseconds limit = std::chrono::seconds{
                                              5});
    [[nodiscard]] bool is_running() const;

    [[nodiscard]] std::int32_t process_id() const noexcept { return child_.process_id; }
    /// On standard error, up to its end; known after wait().
    [[nodiscard]] const std::string& said() const noexcept { return said_; }

private:
    std::string name_;
    rt::os::UniqueHandle error_output_;
    rt::os::ChildProcess child_;
    bool has_ended_ = false;
    std::string said_;
};

}  // namespace outboard::test
