// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A JACK server without a card, of our own name, and a client of it that is a cable with a known
/// delay. Nothing else on the machine is touched.

#include "tests/audio/devices/child_process.hpp"

#include <jack/jack.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outboard::test {

class JackServer {
public:
    static constexpr std::uint32_t rate_hz = 48'000;
    static constexpr std::uint32_t period_frames = 64;

    /// Takes a name, and makes it the default of this process and of its children.
    JackServer();
    ~JackServer();
    JackServer(const JackServer&) = delete;
    JackServer(JackServer&&) = delete;
    JackServer& operator=(const JackServer&) = delete;
    JackServer& operator=(JackServer&&) = delete;

    /// @return false: jackd is not installed, and the test case is marked as skipped
    [[nodiscard]] static bool is_available();

    /// Starts it and waits until it answers. @return false: it does not, see log()
    [[nodiscard]] bool start();

    /// As a crash: SIGKILL.
    void kill();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::string log() const;

private:
    void remove_traces() const;

    std::string name_;
    std::string log_path_;
    std::optional<ChildProcess> process_;
};

/// What goes into the cable comes out `delay_frames` after one period, on every channel. To JACK it
/// is a card that knows its latencies. Needs a running server.
class JackCable {
public:
    JackCable(std::uint32_t channel_count, std::uint32_t delay_frames);
    ~JackCable();
    JackCable(const JackCable&) = delete;
    JackCable(JackCable&&) = delete;
    JackCable& operator=(const JackCable&) = delete;
    JackCable& operator=(JackCable&&) = delete;

    static constexpr const char* name = "cable";

private:
    struct Channel {
        jack_port_t* input;
        jack_port_t* output;
        std::vector<float> delay_line;
    };

    static int process(jack_nframes_t frame_count, void* cable);
    static void tell_latency(jack_latency_callback_mode_t mode, void* cable);

    jack_client_t* client_;
    std::uint32_t delay_frames_;
    std::size_t position_ = 0;  ///< in all delay lines; JACK's thread only
    std::vector<Channel> channels_;
};

}  // namespace outboard::test
