// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A PulseAudio of our own: its own folder, socket and configuration, one null sink, and that
/// sink's monitor as the default source. Float, 48 kHz, full volume, no remixing.

#include "tests/audio/devices/child_process.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace outboard::test {

class PulseServer {
public:
    static constexpr unsigned rate_hz = 48'000;

    /// Makes its folder, and makes it the default of this process and of its children.
    PulseServer();
    ~PulseServer();
    PulseServer(const PulseServer&) = delete;
    PulseServer(PulseServer&&) = delete;
    PulseServer& operator=(const PulseServer&) = delete;
    PulseServer& operator=(PulseServer&&) = delete;

    /// @return false: it is not installed, and the test case is marked as skipped
    [[nodiscard]] static bool is_available();

    /// Starts it and waits until it answers. @return false: it does not, see log()
    [[nodiscard]] bool start();

    /// As a crash: SIGKILL.
    void kill();

    [[nodiscard]] std::string log() const;

private:
    std::filesystem::path folder_;
    std::optional<ChildProcess> process_;
};

}  // namespace outboard::test
