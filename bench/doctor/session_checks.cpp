// SPDX-License-Identifier: MIT
//
// What surrounds an audio program: the folder of its services, memory, servers of sound.

#include "bench/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace outboard::doctor {

namespace {

// A link with its history and checkpoints takes some MiB.
constexpr std::int64_t little_memory_mib = 64;
constexpr std::int64_t enough_memory_mib = 256;

/// What the control group (version 2) of this process may still take; the maximum without limit.
[[nodiscard]] std::int64_t left_in_control_group_mib(const SystemFiles& files)
{
    constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();
    const auto group = value_behind(files.text("/proc/self/cgroup").value_or(""), "0:");
    if (!group)
        return no_limit;
    const std::string folder = "/sys/fs/cgroup" + *group;
    const auto limit = files.number(folder + "/memory.max");
    const auto used = files.number(folder + "/memory.current");
    return limit && used ? std::max<std::int64_t>(*limit - *used, 0) >> 20 : no_limit;
}

struct Server {
    const char* name;     ///< for people
    const char* process;  ///< as in /proc/PID/comm
};

constexpr std::array servers{Server{"PipeWire", "pipewire"}, Server{"JACK", "jackd"},
                             Server{"JACK", "jackdbus"}, Server{"PulseAudio", "pulseaudio"}};

[[nodiscard]] std::vector<std::string> running_servers(const SystemFiles& files)
{
    std::vector<std::string> found;
    for (const std::string& process : files.names("/proc", "")) {
        if (std::isdigit(static_cast<unsigned char>(process.front())) == 0)
            continue;
        const auto name = files.line("/proc/" + process + "/comm").value_or("");
        for (const Server& server : servers) {
            if (name == server.process)
                found.push_back(fmt::format("{} ({} {})", server.name, name, process));
        }
    }
    return found;
}

[[nodiscard]] std::vector<std::string> server_sockets(const SystemFiles& files,
                                                      const std::string& runtime_directory)
{
    std::vector<std::string> found;
    for (const char* const socket : {"/pipewire-0", "/pulse/native"}) {
        if (!runtime_directory.empty() && files.exists(runtime_directory + socket))
            found.push_back("socket " + runtime_directory + socket);
    }
    return found;
}

}  // namespace

Finding check_runtime_directory(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "runtime_directory", .title = "XDG_RUNTIME_DIR"};
    finding.verdict = Verdict::warning;
    const std::string directory = probes.runtime_directory.value_or("");
    if (!directory.starts_with('/')) {
        finding.found = directory.empty() ? "not set" : "'" + directory + "' is no absolute path";
        finding.found += ": services cannot be found by name";
        finding.remedy =
            "log in by a session that sets it (pam_systemd), or point it at a folder "
            "of your own";
        finding.commands = {"mkdir -p -m 0700 \"$HOME/.outboard-runtime\"",
                            "echo 'export XDG_RUNTIME_DIR=\"$HOME/.outboard-runtime\"' >> "
                            "\"$HOME/.profile\"",
                            "# Then log out and in again."};
        return finding;
    }
    const auto is_private = files.is_private_folder(directory);
    finding.found = directory;
    if (!is_private) {
        finding.found += " is no folder that is there";
        finding.remedy = "make it, or log in by a session that does";
        finding.commands = {"mkdir -p -m 0700 \"$XDG_RUNTIME_DIR\""};
    } else if (!*is_private) {
        finding.found += " is open to other users";
        finding.remedy = "close it to them: they could take the names of services";
        finding.commands = {"chmod 0700 \"$XDG_RUNTIME_DIR\""};
    } else {
        finding.verdict = Verdict::ok;
    }
    return finding;
}

Finding check_memory(const SystemFiles& files)
{
    Finding finding{.id = "memory", .title = "Memory for segments"};
    const auto text = files.text("/proc/meminfo");
    const auto words = words_of(text ? value_behind(*text, "MemAvailable").value_or("") : "");
    const auto available_kib = words.empty() ? std::nullopt : number_of(words.front());
    if (!available_kib) {
        finding.found = "/proc/meminfo does not tell";
        finding.remedy = "mount /proc";
        return finding;
    }
    const std::int64_t in_group_mib = left_in_control_group_mib(files);
    const std::int64_t available_mib = *available_kib >> 10;
    const bool group_is_less = in_group_mib < available_mib;
    const std::int64_t mib = std::min(available_mib, in_group_mib);
    finding.found = fmt::format("{} MiB available{}", mib,
                                group_is_less ? " by the control group's limit" : "");
    finding.verdict = Verdict::ok;
    if (mib >= enough_memory_mib)
        return finding;
    finding.verdict = mib < little_memory_mib ? Verdict::problem : Verdict::warning;
    finding.remedy = group_is_less ? "raise MemoryMax of the unit or container"
                                   : "end programs that take memory (`ps aux --sort=-rss | head`): "
                                     "shared segments are locked and cannot be swapped out";
    return finding;
}

Finding check_audio_servers(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "audio_servers", .title = "Audio servers"};
    auto found = running_servers(files);
    for (std::string& socket : server_sockets(files, probes.runtime_directory.value_or("")))
        found.push_back(std::move(socket));
    if (!found.empty()) {
        finding.verdict = Verdict::ok;
        finding.found = fmt::format("{}", fmt::join(found, ", "));
        return finding;
    }
    finding.verdict = Verdict::warning;
    finding.found = "none runs: only ALSA and files can be streamed";
    finding.remedy =
        "start PipeWire, JACK or PulseAudio where programs shall share a device; "
        "`outboard devices` lists what can be streamed with";
    finding.commands = {"systemctl --user start pipewire pipewire-pulse wireplumber"};
    return finding;
}

std::vector<Finding> check_all(const SystemFiles& files, const Probes& probes)
{
    return {check_scheduling(probes),
            check_priority_limit(files, probes),
            check_locked_memory_limit(files),
            check_run_time_limit(files),
            check_realtime_kit(probes),
            check_throttling(files),
            check_kernel(files, probes),
            check_preemption(files),
            check_clock_source(files),
            check_governor(files),
            check_idle_states(files, probes),
            check_cpu_latency(files, probes),
            check_hyper_threads(files),
            check_virtualisation(files),
            check_steal(probes),
            check_wake_ups(probes),
            check_runtime_directory(files, probes),
            check_memory(files),
            check_audio_servers(files, probes),
            check_sandbox(files, probes)};
}

}  // namespace outboard::doctor
