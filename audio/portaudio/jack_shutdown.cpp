// SPDX-License-Identifier: MIT
#include "audio/portaudio/jack_shutdown.hpp"

#include <dlfcn.h>
#include <jack/jack.h>

#include <chrono>
#include <map>
#include <mutex>
#include <vector>

namespace outboard::audio {

namespace {

constexpr std::chrono::milliseconds repeat_interval{5};

/// What PortAudio wants to be told of the death of one client's server.
struct Registration {
    JackShutdownCallback callback = nullptr;
    void* argument = nullptr;
    bool has_fired = false;
};

std::mutex mutex;
thread_local bool is_recording = false;

/// PortAudio's clients; guarded by the mutex.
std::map<jack_client_t*, Registration>& registrations()
{
    static std::map<jack_client_t*, Registration> all;
    return all;
}

bool belongs_to_portaudio(jack_client_t* client)
{
    const std::lock_guard lock{mutex};
    return registrations().contains(client);
}

void report_first(void* client)
{
    Registration registration;
    {
        const std::lock_guard lock{mutex};
        const auto found = registrations().find(static_cast<jack_client_t*>(client));
        if (found == registrations().end())
            return;
        found->second.has_fired = true;
        registration = found->second;
    }
    registration.callback(registration.argument);
}

void report_again()
{
    std::vector<Registration> fired;
    {
        const std::lock_guard lock{mutex};
        for (const auto& [client, registration] : registrations()) {
            if (registration.has_fired)
                fired.push_back(registration);
        }
    }
    for (const Registration& registration : fired)
        registration.callback(registration.argument);
}

/// libjack's own function of that name.
template <typename Function>
Function* next(const char* name)
{
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

JackClientRecording::JackClientRecording() noexcept
{
    is_recording = true;
}

JackClientRecording::~JackClientRecording()
{
    is_recording = false;
}

JackShutdownRepeater::JackShutdownRepeater()
    : thread_([this] {
          while (!stop_requested_.load(std::memory_order_relaxed)) {
              std::this_thread::sleep_for(repeat_interval);
              report_again();
          }
      })
{}

JackShutdownRepeater::~JackShutdownRepeater()
{
    stop_requested_.store(true, std::memory_order_relaxed);
    thread_.join();
}

}  // namespace outboard::audio

#define OB_TAKES_PLACE extern "C" __attribute__((visibility("default")))

namespace audio = outboard::audio;

OB_TAKES_PLACE void jack_on_shutdown(jack_client_t* client, JackShutdownCallback function,
                                     void* arg)
{
    static auto* const real = audio::next<decltype(jack_on_shutdown)>("jack_on_shutdown");
    if (!audio::is_recording)
        return real(client, function, arg);
    {
        const std::lock_guard lock{audio::mutex};
        audio::registrations()[client] = {.callback = function, .argument = arg};
    }
    real(client, audio::report_first, client);
}

OB_TAKES_PLACE int jack_port_unregister(jack_client_t* client, jack_port_t* port)
{
    static auto* const real = audio::next<decltype(jack_port_unregister)>("jack_port_unregister");
    const int result = real(client, port);
    return audio::belongs_to_portaudio(client) ? 0 : result;
}

OB_TAKES_PLACE int jack_deactivate(jack_client_t* client)
{
    static auto* const real = audio::next<decltype(jack_deactivate)>("jack_deactivate");
    const int result = real(client);
    return audio::belongs_to_portaudio(client) ? 0 : result;
}

OB_TAKES_PLACE int jack_client_close(jack_client_t* client)
{
    static auto* const real = audio::next<decltype(jack_client_close)>("jack_client_close");
    const bool is_portaudio = audio::belongs_to_portaudio(client);
    const int result = real(client);
    const std::lock_guard lock{audio::mutex};
    audio::registrations().erase(client);
    return is_portaudio ? 0 : result;
}
