// SPDX-License-Identifier: MIT
#include "tests/audio/devices/jack_server.hpp"

#include "tests/support/skip.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace outboard::test {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 20s;

void drop(const char* /*message*/) {}

bool answers()
{
    jack_client_t* const client = jack_client_open("probe", JackNoStartServer, nullptr);
    if (client == nullptr)
        return false;
    jack_client_close(client);
    return true;
}

}  // namespace

JackServer::JackServer()
    : name_("obtest" + std::to_string(getpid())),
      log_path_(std::filesystem::temp_directory_path() / (name_ + ".log"))
{
    setenv("JACK_DEFAULT_SERVER", name_.c_str(), 1);
    setenv("JACK_NO_START_SERVER", "1", 1);
    jack_set_error_function(drop);
    jack_set_info_function(drop);
}

JackServer::~JackServer()
{
    // Politely, so that JACK gives its registry back; what is left after a kill() we remove.
    if (process_)
        process_->end(SIGTERM);
    process_.reset();
    remove_traces();
    std::filesystem::remove(log_path_);
}

bool JackServer::is_available()
{
    if (has_program("jackd"))
        return true;
    skip("jackd is not installed (Debian: jackd2)");
    return false;
}

bool JackServer::start()
{
    process_.emplace(
        std::vector<std::string>{"jackd", "-n", name_, "-r", "-d", "dummy", "-r",
                                 std::to_string(rate_hz), "-p", std::to_string(period_frames)},
        log_path_);
    const auto end = std::chrono::steady_clock::now() + start_limit;
    while (std::chrono::steady_clock::now() < end && process_->is_running()) {
        if (answers())
            return true;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

void JackServer::kill()
{
    process_->end(SIGKILL);
    process_.reset();
    remove_traces();
}

std::string JackServer::log() const
{
    std::ostringstream text;
    text << std::ifstream{log_path_}.rdbuf();
    return text.str();
}

void JackServer::remove_traces() const
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/dev/shm", ignored}) {
        if (entry.path().filename().string().find("_" + name_ + "_") != std::string::npos)
            std::filesystem::remove(entry.path(), ignored);
    }
}

JackCable::JackCable(std::uint32_t channel_count, std::uint32_t delay_frames)
    : client_(jack_client_open(name, JackNoStartServer, nullptr)),
      delay_frames_(delay_frames)
{
    if (client_ == nullptr)
        throw std::runtime_error("no JACK server for the cable");
    for (std::uint32_t index = 0; index < channel_count; ++index) {
        const auto port = [&](const char* direction, unsigned long flags) {
            const std::string port_name = direction + std::to_string(index + 1);
            return jack_port_register(client_, port_name.c_str(), JACK_DEFAULT_AUDIO_TYPE,
                                      flags | JackPortIsTerminal | JackPortIsPhysical, 0);
        };
        channels_.push_back({port("playback_", JackPortIsInput), port("capture_", JackPortIsOutput),
                             std::vector<float>(delay_frames)});
    }
    jack_set_process_callback(client_, process, this);
    jack_set_latency_callback(client_, tell_latency, this);
    jack_activate(client_);
    jack_recompute_total_latencies(client_);
}

JackCable::~JackCable()
{
    jack_client_close(client_);
}

int JackCable::process(jack_nframes_t frame_count, void* cable)
{
    auto& self = *static_cast<JackCable*>(cable);
    for (Channel& channel : self.channels_) {
        const auto* const in =
            static_cast<const float*>(jack_port_get_buffer(channel.input, frame_count));
        auto* const out = static_cast<float*>(jack_port_get_buffer(channel.output, frame_count));
        for (jack_nframes_t frame = 0; frame < frame_count; ++frame) {
            if (self.delay_frames_ == 0) {
                out[frame] = in[frame];
                continue;
            }
            float& place = channel.delay_line[(self.position_ + frame) % self.delay_frames_];
            const float delayed = place;
            place = in[frame];
            out[frame] = delayed;
        }
    }
    if (self.delay_frames_ > 0)
        self.position_ = (self.position_ + frame_count) % self.delay_frames_;
    return 0;
}

/// A ring of clients costs JACK one period, which is ours to tell: it lies between our ports.
void JackCable::tell_latency(jack_latency_callback_mode_t mode, void* cable)
{
    auto& self = *static_cast<JackCable*>(cable);
    for (const Channel& channel : self.channels_) {
        const jack_nframes_t frames =
            mode == JackCaptureLatency ? JackServer::period_frames : self.delay_frames_;
        jack_latency_range_t range{frames, frames};
        jack_port_set_latency_range(mode == JackCaptureLatency ? channel.output : channel.input,
                                    mode, &range);
    }
}

}  // namespace outboard::test
