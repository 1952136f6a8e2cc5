// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The server that a back end needs, by its name: "" (none), "jack" or "pulse".

#include "tests/audio/devices/jack_server.hpp"
#include "tests/audio/devices/pulse_server.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string_view>

namespace outboard::test {

class TestServer {
public:
    explicit TestServer(std::string_view kind)
    {
        if (kind == "jack" && JackServer::is_available()) {
            jack_ = std::make_unique<JackServer>();
            const bool has_started = jack_->start();
            REQUIRE_MESSAGE(has_started, jack_->log());
        } else if (kind == "pulse" && PulseServer::is_available()) {
            pulse_ = std::make_unique<PulseServer>();
            const bool has_started = pulse_->start();
            REQUIRE_MESSAGE(has_started, pulse_->log());
        }
        is_ready_ = kind.empty() || jack_ != nullptr || pulse_ != nullptr;
    }

    /// @return false: it is not installed, and the case is marked as skipped
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }

private:
    std::unique_ptr<JackServer> jack_;
    std::unique_ptr<PulseServer> pulse_;
    bool is_ready_ = false;
};

}  // namespace outboard::test
