// SPDX-License-Identifier: MIT
//
// jack_capture NAME CHANNELS FILE: a JACK client that looks like a card. Until SIGTERM it keeps
// what is played to it, and then writes that as interleaved 32-bit float.

#include <jack/jack.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t seconds_max = 120;

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores it");

struct Capture {
    std::vector<jack_port_t*> ports;
    std::vector<float> samples;  ///< interleaved; all memory is taken before the start
    std::size_t size = 0;
};

extern "C" void request_stop(int /*signal*/)
{
    stop_requested.store(true, std::memory_order_relaxed);
}

int process(jack_nframes_t frame_count, void* argument)
{
    auto& capture = *static_cast<Capture*>(argument);
    const std::size_t channel_count = capture.ports.size();
    if (capture.size + frame_count * channel_count > capture.samples.size())
        return 0;
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        const auto* const in =
            static_cast<const float*>(jack_port_get_buffer(capture.ports[channel], frame_count));
        for (jack_nframes_t frame = 0; frame < frame_count; ++frame)
            capture.samples[capture.size + frame * channel_count + channel] = in[frame];
    }
    capture.size += frame_count * channel_count;
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 4)
        return 2;
    jack_client_t* const client = jack_client_open(argv[1], JackNoStartServer, nullptr);
    if (client == nullptr)
        return 1;
    Capture capture;
    const int channel_count = std::atoi(argv[2]);
    for (int channel = 0; channel < channel_count; ++channel) {
        capture.ports.push_back(jack_port_register(
            client, ("playback_" + std::to_string(channel + 1)).c_str(), JACK_DEFAULT_AUDIO_TYPE,
            JackPortIsInput | JackPortIsTerminal | JackPortIsPhysical, 0));
    }
    capture.samples.resize(seconds_max * jack_get_sample_rate(client) * capture.ports.size());
    std::signal(SIGTERM, request_stop);
    jack_set_process_callback(client, process, &capture);
    if (jack_activate(client) != 0)
        return 1;
    std::puts("ready");
    std::fflush(stdout);
    while (!stop_requested.load(std::memory_order_relaxed))
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    jack_client_close(client);
    std::ofstream{argv[3], std::ios::binary}.write(
        reinterpret_cast<const char*>(capture.samples.data()),
        static_cast<std::streamsize>(capture.size * sizeof(float)));
    return 0;
}
