// SPDX-License-Identifier: MIT
#include "tests/audio/devices/pulse_server.hpp"

#include "tests/support/skip.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace outboard::test {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 20s;

}  // namespace

PulseServer::PulseServer()
    : folder_(std::filesystem::temp_directory_path() / ("obpulse" + std::to_string(getpid())))
{
    std::filesystem::create_directories(folder_);
    chmod(folder_.c_str(), 0700);
    const std::string socket = (folder_ / "native").string();
    setenv("PULSE_RUNTIME_PATH", folder_.c_str(), 1);
    setenv("PULSE_STATE_PATH", folder_.c_str(), 1);
    setenv("PULSE_SERVER", ("unix:" + socket).c_str(), 1);
    setenv("PULSE_COOKIE", (folder_ / "cookie").c_str(), 1);
    std::ofstream{folder_ / "client.conf"} << "autospawn = no\nenable-shm = no\n";
    setenv("PULSE_CLIENTCONFIG", (folder_ / "client.conf").c_str(), 1);
    std::ofstream{folder_ / "daemon.conf"} << "avoid-resampling = yes\nflat-volumes = no\n"
                                              "enable-remixing = no\nenable-shm = no\n"
                                              "realtime-scheduling = no\nhigh-priority = no\n"
                                              "default-sample-format = float32le\n"
                                              "default-sample-rate = 48000\n";
    setenv("PULSE_CONFIG", (folder_ / "daemon.conf").c_str(), 1);
}

PulseServer::~PulseServer()
{
    process_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

bool PulseServer::is_available()
{
    if (has_program("pulseaudio") && has_program("pactl"))
        return true;
    skip("pulseaudio or pactl is not installed (Debian: pulseaudio, pulseaudio-utils)");
    return false;
}

bool PulseServer::start()
{
    const std::string socket = (folder_ / "native").string();
    std::filesystem::remove(socket);
    process_.emplace(
        std::vector<std::string>{
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--load=module-native-protocol-unix auth-anonymous=1 socket=" + socket,
            "--load=module-null-sink sink_name=obnull format=float32le rate=48000 channels=2"},
        (folder_ / "log").string());
    const auto end = std::chrono::steady_clock::now() + start_limit;
    while (std::chrono::steady_clock::now() < end && process_->is_running()) {
        ChildProcess question{{"pactl", "set-default-source", "obnull.monitor"},
                              (folder_ / "pactl").string()};
        if (question.wait() == 0)
            return true;
        std::this_thread::sleep_for(50ms);
    }
    return false;
}

void PulseServer::kill()
{
    process_->end(SIGKILL);
    process_.reset();
}

std::string PulseServer::log() const
{
    std::ostringstream text;
    text << std::ifstream{folder_ / "log"}.rdbuf();
    return text.str();
}

}  // namespace outboard::test
