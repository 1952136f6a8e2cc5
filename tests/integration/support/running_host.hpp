// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A host in a process of its own (services/plain_host.cpp), to be killed.

#include "rt/os/process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::test {

struct RunningHost {
    rt::os::ChildProcess process;
    rt::os::UniqueHandle service;  ///< readable once its service has ended
};

/// Starts it and waits until it streams.
[[nodiscard]] RunningHost start_host(const std::vector<std::string>& arguments);

/// Kills it. @return how long its service lived on
[[nodiscard]] std::uint64_t kill_host(const RunningHost& host);
/// Kills it and does not wait for its service, which is not its own.
void kill_host_only(const RunningHost& host);

}  // namespace outboard::test
