// SPDX-License-Identifier: MIT
//
// What this user's processes may do: real-time scheduling, locked memory, and for how long.

#include "bench/doctor/checks.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace outboard::doctor {

namespace {

// Bits of CapEff in /proc/self/status.
constexpr unsigned int may_lock_memory = 14;   // CAP_IPC_LOCK
constexpr unsigned int may_set_priority = 23;  // CAP_SYS_NICE

constexpr std::int64_t small_memory_bytes = std::int64_t{1} << 20;
constexpr std::int64_t short_run_us = 50'000;
constexpr std::int64_t usual_share_percent = 90;

constexpr const char* log_in_again = "# Then log out and in again.";
constexpr const char* join_group = "sudo usermod -aG audio \"$USER\"";

[[nodiscard]] std::vector<std::string> raise_limit(const char* limit)
{
    return {
        fmt::format("echo '@audio  -  {}' | sudo tee -a /etc/security/limits.d/audio.conf", limit),
        join_group, log_in_again};
}

struct Limit {
    bool is_unlimited = false;
    std::int64_t value = 0;
};

/// The soft limit of a line of /proc/self/limits; the name has spaces, the values have none.
[[nodiscard]] std::optional<Limit> limit_of(const SystemFiles& files, const char* name)
{
    const auto limits = files.text("/proc/self/limits");
    const auto values = limits ? value_behind(*limits, name) : std::nullopt;
    const auto words = words_of(values.value_or(""));
    if (words.empty())
        return std::nullopt;
    if (words.front() == "unlimited")
        return Limit{.is_unlimited = true};
    const auto value = number_of(words.front());
    return value ? std::optional{Limit{.value = *value}} : std::nullopt;
}

[[nodiscard]] bool has_capability(const SystemFiles& files, unsigned int bit)
{
    const auto status = files.text("/proc/self/status");
    const auto hexadecimal = status ? value_behind(*status, "CapEff") : std::nullopt;
    if (!hexadecimal)
        return false;
    try {
        return (std::stoull(*hexadecimal, nullptr, 16) >> bit & 1U) != 0;
    } catch (const std::exception&) {
        return false;
    }
}

void cannot_read_limits(Finding& finding)
{
    finding.verdict = Verdict::unknown;
    finding.found = "/proc/self/limits does not tell";
    finding.remedy = "mount /proc, or look at `ulimit -a`";
}

}  // namespace

Finding check_scheduling(const Probes& probes)
{
    Finding finding{.id = "scheduling", .title = "Real-time scheduling"};
    finding.found = "a thread obtained " + rt::describe(probes.grant);
    switch (probes.grant.step) {
        case rt::RealtimeGrant::Step::fifo: finding.verdict = Verdict::ok; return finding;
        case rt::RealtimeGrant::Step::realtime_kit:
            finding.verdict = Verdict::warning;
            finding.remedy =
                "give the user the right itself: RealtimeKit grants low priorities, "
                "and only to services";
            break;
        case rt::RealtimeGrant::Step::nice:
        case rt::RealtimeGrant::Step::none:
            finding.verdict = Verdict::problem;
            finding.remedy = "allow real-time priorities to the group audio, and join it";
            break;
    }
    if (probes.grant.priority_limit >= probes.grant.requested_priority) {
        finding.remedy =
            "the limit allows it, and something else does not: write 950000 to "
            "cpu.rt_runtime_us of the control group (/proc/self/cgroup) and of all "
            "above it, or take RestrictRealtime= out of the systemd unit";
        return finding;
    }
    finding.commands = raise_limit("rtprio   95");
    return finding;
}

Finding check_priority_limit(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "rtprio", .title = "Limit of priority"};
    const auto limit = limit_of(files, "Max realtime priority");
    if (!limit) {
        cannot_read_limits(finding);
        return finding;
    }
    finding.found = fmt::format("RLIMIT_RTPRIO is {}",
                                limit->is_unlimited ? "unlimited" : std::to_string(limit->value));
    if (limit->is_unlimited || limit->value >= audio_priority) {
        finding.verdict = Verdict::ok;
        return finding;
    }
    if (has_capability(files, may_set_priority)) {
        finding.verdict = Verdict::ok;
        finding.found += ", but this process is privileged (CAP_SYS_NICE); other users are not";
        return finding;
    }
    const bool is_real_time = probes.grant.policy != rt::os::Policy::other;
    finding.verdict = limit->value >= lowest_useful_priority || is_real_time ? Verdict::warning
                                                                             : Verdict::problem;
    finding.remedy = fmt::format(
        "raise it to 95 (audio threads ask for {}, the threads of "
        "Outboard for up to two less)",
        audio_priority);
    finding.commands = raise_limit("rtprio   95");
    return finding;
}

Finding check_locked_memory_limit(const SystemFiles& files)
{
    Finding finding{.id = "memlock", .title = "Limit of locked memory"};
    const auto limit = limit_of(files, "Max locked memory");
    if (!limit) {
        cannot_read_limits(finding);
        return finding;
    }
    finding.found = limit->is_unlimited
                        ? "RLIMIT_MEMLOCK is unlimited"
                        : fmt::format("RLIMIT_MEMLOCK is {} KiB", limit->value >> 10);
    if (limit->is_unlimited) {
        finding.verdict = Verdict::ok;
        return finding;
    }
    if (has_capability(files, may_lock_memory)) {
        finding.verdict = Verdict::ok;
        finding.found += ", but this process is privileged (CAP_IPC_LOCK); other users are not";
        return finding;
    }
    const bool is_small = limit->value < small_memory_bytes;
    finding.verdict = is_small ? Verdict::problem : Verdict::warning;
    finding.found += is_small ? ": not even the rings can be locked"
                              : ": enough for rings, not for services to lock all they have";
    finding.remedy = "make it unlimited, so that no block waits for a page from disk";
    finding.commands = raise_limit("memlock  unlimited");
    return finding;
}

Finding check_run_time_limit(const SystemFiles& files)
{
    Finding finding{.id = "rttime", .title = "Limit of run time"};
    const auto limit = limit_of(files, "Max realtime timeout");
    if (!limit) {
        cannot_read_limits(finding);
        return finding;
    }
    finding.found = limit->is_unlimited
                        ? "RLIMIT_RTTIME is unlimited"
                        : fmt::format("RLIMIT_RTTIME is {} us without sleep", limit->value);
    finding.verdict = Verdict::ok;
    if (limit->is_unlimited || limit->value >= short_run_us)
        return finding;
    finding.verdict = Verdict::warning;
    finding.remedy =
        "raise it to 200000 or more, where it was lowered (LimitRTTIME= of a systemd unit, "
        "`ulimit -R` of a shell): the kernel ends a real-time thread that runs longer "
        "than that at a stretch";
    return finding;
}

Finding check_realtime_kit(const Probes& probes)
{
    Finding finding{.id = "realtime_kit", .title = "RealtimeKit"};
    if (probes.realtime_kit) {
        finding.verdict = Verdict::ok;
        finding.found =
            fmt::format("answers, and grants priorities up to {}", *probes.realtime_kit);
        return finding;
    }
    const rt::Error& refusal = probes.realtime_kit.error();
    finding.found = fmt::format("not reachable ({})", refusal.operation);
    if (probes.grant.step == rt::RealtimeGrant::Step::fifo) {
        finding.verdict = Verdict::ok;
        finding.found += ", and not needed: SCHED_FIFO was obtained without";
        return finding;
    }
    finding.verdict = Verdict::warning;
    finding.remedy = "install it, or raise the limit of priority instead";
    finding.commands = {"sudo apt-get install rtkit dbus"};
    if (refusal.code == rt::ErrorCode::unsupported) {
        finding.remedy = "build Outboard with OB_WITH_RTKIT, or raise the limit of priority";
        finding.commands.clear();
    }
    return finding;
}

Finding check_throttling(const SystemFiles& files)
{
    Finding finding{.id = "rt_throttling", .title = "Real-time throttling"};
    const auto run_time_us = files.number("/proc/sys/kernel/sched_rt_runtime_us");
    const auto period_us = files.number("/proc/sys/kernel/sched_rt_period_us").value_or(1'000'000);
    if (!run_time_us || period_us <= 0) {
        finding.found = "/proc/sys/kernel/sched_rt_runtime_us does not tell";
        finding.remedy = "look at `sysctl kernel.sched_rt_runtime_us`: 950000 is usual";
        return finding;
    }
    finding.verdict = Verdict::ok;
    if (*run_time_us < 0) {
        finding.found = "off: a real-time thread that loops takes its CPU for ever";
        return finding;
    }
    finding.found =
        fmt::format("real-time threads may take {} us of {} us", *run_time_us, period_us);
    if (*run_time_us >= period_us / 100 * usual_share_percent)
        return finding;
    finding.verdict = *run_time_us == 0 ? Verdict::problem : Verdict::warning;
    finding.remedy =
        "set it to 950000 of 1000000: a CPU that is busy with audio is stopped for "
        "the rest of each period";
    finding.commands = {"sudo sysctl -w kernel.sched_rt_period_us=1000000",
                        "sudo sysctl -w kernel.sched_rt_runtime_us=950000"};
    return finding;
}

}  // namespace outboard::doctor
