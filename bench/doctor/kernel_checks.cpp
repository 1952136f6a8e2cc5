// SPDX-License-Identifier: MIT
//
// What the kernel is, and was built and booted with.

#include "bench/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

namespace outboard::doctor {

namespace {

struct KernelVersion {
    int major = 0;
    int minor = 0;
};

[[nodiscard]] bool operator<(const KernelVersion& left, const KernelVersion& right) noexcept
{
    return std::tie(left.major, left.minor) < std::tie(right.major, right.minor);
}

constexpr KernelVersion oldest{5, 9};
constexpr KernelVersion with_wait_on_many{5, 16};
constexpr KernelVersion with_thread_handles{6, 15};

/// "6.1.0-18-amd64" is 6.1; nothing for what does not start like that.
[[nodiscard]] std::optional<KernelVersion> version_of(const std::string& release)
{
    const auto first_dot = release.find('.');
    if (first_dot == std::string::npos)
        return std::nullopt;
    const auto end = release.find_first_not_of("0123456789", first_dot + 1);
    const auto major = number_of(release.substr(0, first_dot));
    const auto minor = number_of(release.substr(first_dot + 1, end - first_dot - 1));
    if (!major || !minor)
        return std::nullopt;
    return KernelVersion{static_cast<int>(*major), static_cast<int>(*minor)};
}

/// The mode of a kernel that can change it: "none", "voluntary", "full" or "lazy"; empty where it
/// cannot be seen.
[[nodiscard]] std::string dynamic_mode(const SystemFiles& files)
{
    // "none voluntary (full)": readable for root, where debugfs is mounted
    const auto modes = files.line("/sys/kernel/debug/sched/preempt").value_or("");
    const auto open = modes.find('(');
    const auto close = modes.find(')', open);
    if (open != std::string::npos && close != std::string::npos)
        return modes.substr(open + 1, close - open - 1);
    for (const std::string& word : words_of(files.line("/proc/cmdline").value_or(""))) {
        if (word.starts_with("preempt="))
            return word.substr(word.find('=') + 1);
    }
    // Then it is as built.
    const auto release = files.line("/proc/sys/kernel/osrelease").value_or("");
    const auto build = files.text("/boot/config-" + release).value_or("");
    if (value_behind(build, "CONFIG_PREEMPT=y"))
        return "full";
    if (value_behind(build, "CONFIG_PREEMPT_LAZY=y"))
        return "lazy";
    if (value_behind(build, "CONFIG_PREEMPT_VOLUNTARY=y"))
        return "voluntary";
    return value_behind(build, "CONFIG_PREEMPT_NONE=y") ? "none" : "";
}

void judge_dynamic_mode(const std::string& mode, Finding& finding)
{
    finding.found = "PREEMPT_DYNAMIC, mode " + (mode.empty() ? "not visible" : mode);
    finding.verdict = mode == "full" ? Verdict::ok : Verdict::warning;
    if (finding.verdict == Verdict::ok)
        return;
    finding.commands = {"sudo mount -t debugfs none /sys/kernel/debug 2>/dev/null"};
    finding.remedy = "boot with preempt=full on the kernel's command line, or switch now";
    if (mode.empty()) {
        finding.verdict = Verdict::unknown;
        finding.remedy =
            "have root look: the mode is in parentheses; where it is not full, boot "
            "with preempt=full on the kernel's command line";
        finding.commands.emplace_back("sudo cat /sys/kernel/debug/sched/preempt");
        return;
    }
    finding.commands.emplace_back("echo full | sudo tee /sys/kernel/debug/sched/preempt");
}

/// A read of these needs no system call.
constexpr std::array fast_clocks{
    "tsc",     "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page", "riscv_clocksource",
    "timebase"};

}  // namespace

Finding check_kernel(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "kernel", .title = "Kernel"};
    const auto release = files.line("/proc/sys/kernel/osrelease");
    const auto version = version_of(release.value_or(""));
    if (!version) {
        finding.found = "/proc/sys/kernel/osrelease does not tell";
        finding.remedy = "mount /proc; Outboard needs Linux 5.9";
        return finding;
    }
    finding.found = "Linux " + *release;
    finding.verdict = Verdict::warning;
    if (*version < oldest) {
        finding.verdict = Verdict::problem;
        finding.remedy = "use Linux 5.9 or later: Outboard does not run on older ones";
    } else if (!probes.waits_on_many) {
        finding.found += ", without futex_waitv";
        finding.remedy = *version < with_wait_on_many
                             ? "use Linux 5.16 or later: without futex_waitv a standby's answer is "
                               "seen only at the deadline"
                             : "allow the system call futex_waitv: a sandbox, or "
                               "OUTBOARD_NO_FUTEX_WAITV, hides it";
    } else if (!probes.has_thread_handles) {
        finding.found += ", without handles of threads that tell their end";
        finding.remedy = *version < with_thread_handles
                             ? "use Linux 6.15 or later: before, the death of a service is seen "
                               "milliseconds later under load"
                             : "allow pidfd_open and its ioctl: a sandbox hides them";
    } else {
        finding.verdict = Verdict::ok;
        finding.found += ", with futex_waitv and handles of threads";
    }
    return finding;
}

Finding check_preemption(const SystemFiles& files)
{
    Finding finding{.id = "preemption", .title = "Preemption"};
    const auto words = words_of(files.line("/proc/sys/kernel/version").value_or(""));
    const auto has = [&words](const char* word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (words.empty()) {
        finding.found = "/proc/sys/kernel/version does not tell";
        finding.remedy = "look at `uname -v` for PREEMPT";
    } else if (has("PREEMPT_RT") || files.number("/sys/kernel/realtime") == 1) {
        finding.verdict = Verdict::ok;
        finding.found = "PREEMPT_RT, fully real-time";
    } else if (has("PREEMPT_DYNAMIC")) {
        judge_dynamic_mode(dynamic_mode(files), finding);
    } else if (has("PREEMPT")) {
        finding.verdict = Verdict::ok;
        finding.found = "PREEMPT (full)";
    } else {
        finding.verdict = Verdict::warning;
        finding.found =
            "the kernel is not preemptible: a system call of any process can delay "
            "audio";
        finding.remedy = "use a kernel with PREEMPT, PREEMPT_DYNAMIC or PREEMPT_RT";
        finding.commands = {"sudo apt-get install linux-image-rt-$(dpkg --print-architecture)"};
    }
    return finding;
}

Finding check_clock_source(const SystemFiles& files)
{
    const std::string folder = "/sys/devices/system/clocksource/clocksource0/";
    Finding finding{.id = "clock_source", .title = "Clock source"};
    const auto words = words_of(files.line(folder + "current_clocksource").value_or(""));
    if (words.empty()) {
        finding.found = folder + "current_clocksource does not tell";
        finding.remedy = "mount /sys";
        return finding;
    }
    const std::string& current = words.front();
    finding.found = current;
    if (std::find(fast_clocks.begin(), fast_clocks.end(), current) != fast_clocks.end()) {
        finding.verdict = Verdict::ok;
        return finding;
    }
    finding.verdict = Verdict::warning;
    finding.found += ": each look at the clock may be a system call";
    const auto available = words_of(files.line(folder + "available_clocksource").value_or(""));
    if (std::find(available.begin(), available.end(), "tsc") != available.end()) {
        finding.remedy = "switch to tsc";
        finding.commands = {"echo tsc | sudo tee " + folder + "current_clocksource"};
    } else {
        finding.remedy =
            "the kernel gave up on the TSC (see `dmesg | grep -i tsc`); update the "
            "firmware, or boot with tsc=reliable if the TSC is known to be good";
    }
    return finding;
}

Finding check_sandbox(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "sandbox", .title = "Sandbox support"};
    const bool has_seccomp = files.exists("/proc/sys/kernel/seccomp/actions_avail");
    const std::string landlock = probes.landlock_version
                                     ? fmt::format("Landlock {}", *probes.landlock_version)
                                     : "no Landlock";
    finding.found = fmt::format("{}, {}", has_seccomp ? "seccomp" : "no seccomp", landlock);
    finding.verdict = Verdict::ok;
    if (has_seccomp && probes.landlock_version)
        return finding;
    finding.verdict = Verdict::warning;
    if (!has_seccomp) {
        finding.remedy = "use a kernel with CONFIG_SECCOMP_FILTER";
    } else if (probes.landlock_version.error().sys_errno == EOPNOTSUPP) {
        finding.remedy = "switch it on: boot with lsm=landlock," +
                         files.line("/sys/kernel/security/lsm").value_or("...") +
                         " on the kernel's command line";
    } else {
        finding.remedy = "use a kernel with CONFIG_SECURITY_LANDLOCK (Linux 5.13 or later)";
    }
    return finding;
}

}  // namespace outboard::doctor
