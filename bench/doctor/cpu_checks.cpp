// SPDX-License-Identifier: MIT
//
// What delays a CPU: slow clocks, sleep, a neighbour on the same core, a hypervisor; and how late
// it is in sum.

#include "bench/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>

namespace outboard::doctor {

namespace {

constexpr const char* cpus = "/sys/devices/system/cpu/";
constexpr const char* latency_device = "/dev/cpu_dma_latency";

/// An exit from deeper sleep than this is seen in the tail of wake-ups.
constexpr std::int64_t deep_sleep_us = 20;

// Half of a block of 64 frames at 48 kHz is the default deadline.
constexpr std::uint64_t deadline_ns = 667'000;
constexpr std::uint64_t good_p99_ns = 150'000;

constexpr double little_steal_percent = 0.1;
constexpr double much_steal_percent = 2;
constexpr std::size_t steal_field = 8;     // of a line "cpu", the word itself counted
constexpr std::size_t counted_fields = 8;  // what follows is part of them already

[[nodiscard]] std::vector<std::string> cpu_folders(const SystemFiles& files)
{
    std::vector<std::string> folders;
    for (const std::string& name : files.names(cpus, "cpu")) {
        if (name.size() > 3 && std::isdigit(static_cast<unsigned char>(name[3])) != 0)
            folders.push_back(cpus + name);
    }
    return folders;
}

struct IdleState {
    std::string name{};
    std::int64_t exit_latency_us = 0;
};

/// Of the first CPU, without what was switched off.
[[nodiscard]] IdleState deepest_idle_state(const SystemFiles& files)
{
    const std::string folder = std::string{cpus} + "cpu0/cpuidle/";
    IdleState deepest;
    for (const std::string& state : files.names(folder, "state")) {
        const std::string at = folder + state;
        const auto latency_us = files.number(at + "/latency");
        if (!latency_us || files.number(at + "/disable").value_or(0) != 0)
            continue;
        if (deepest.name.empty() || *latency_us > deepest.exit_latency_us)
            deepest = {files.line(at + "/name").value_or(state), *latency_us};
    }
    return deepest;
}

struct CpuTimes {
    std::int64_t all = 0;
    std::int64_t stolen = 0;
};

[[nodiscard]] std::optional<CpuTimes> cpu_times_of(const std::string& text)
{
    const auto words = words_of(text.substr(0, text.find('\n')));
    if (words.size() <= steal_field || words.front() != "cpu")
        return std::nullopt;
    CpuTimes times;
    for (std::size_t field = 1; field <= counted_fields; ++field)
        times.all += number_of(words[field]).value_or(0);
    times.stolen = number_of(words[steal_field]).value_or(0);
    return times;
}

[[nodiscard]] double in_us(std::uint64_t ns) noexcept
{
    return static_cast<double>(ns) / 1000;
}

}  // namespace

Finding check_governor(const SystemFiles& files)
{
    Finding finding{.id = "governor", .title = "CPU frequency"};
    std::set<std::string> governors;
    for (const std::string& folder : cpu_folders(files)) {
        if (const auto governor = files.line(folder + "/cpufreq/scaling_governor"))
            governors.insert(*governor);
    }
    finding.verdict = Verdict::ok;
    if (governors.empty()) {
        finding.found = "no governor: firmware or host decide alone";
        return finding;
    }
    finding.found = fmt::format("governor {}", fmt::join(governors, ", "));
    if (governors == std::set<std::string>{"performance"})
        return finding;
    finding.verdict = Verdict::warning;
    finding.remedy =
        "use the governor performance while audio runs: a CPU that has slowed down "
        "takes longer for the first blocks";
    finding.commands = {
        "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"};
    return finding;
}

Finding check_idle_states(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "idle_states", .title = "Sleep of idle CPUs"};
    const IdleState deepest = deepest_idle_state(files);
    finding.verdict = Verdict::ok;
    if (deepest.name.empty()) {
        finding.found = "no idle states that the kernel chooses from";
        return finding;
    }
    finding.found =
        fmt::format("deepest state {}, {} us to leave it", deepest.name, deepest.exit_latency_us);
    if (deepest.exit_latency_us <= deep_sleep_us)
        return finding;
    if (probes.cpu_latency) {
        finding.found +=
            fmt::format("; `outboard run --hold-cpu-latency` holds it off by {}", latency_device);
        return finding;
    }
    finding.verdict = Verdict::warning;
    finding.remedy = fmt::format("make {} writable, or forbid states deeper than {} us",
                                 latency_device, deep_sleep_us);
    finding.commands = {
        fmt::format("for state in /sys/devices/system/cpu/cpu*/cpuidle/state*; do "
                    "[ \"$(cat \"$state/latency\")\" -le {} ] || "
                    "echo 1 | sudo tee \"$state/disable\" >/dev/null; done",
                    deep_sleep_us)};
    return finding;
}

Finding check_cpu_latency(const SystemFiles& files, const Probes& probes)
{
    Finding finding{.id = "cpu_latency", .title = "CPU wake-up latency"};
    if (probes.cpu_latency) {
        finding.verdict = Verdict::ok;
        finding.found = fmt::format("{} can be held at 0", latency_device);
        return finding;
    }
    finding.verdict = Verdict::warning;
    if (!files.exists(latency_device)) {
        finding.found = fmt::format("there is no {}", latency_device);
        finding.remedy = "use a kernel with CONFIG_PM_QOS, and show the device to this container";
        return finding;
    }
    finding.found =
        fmt::format("{} cannot be held ({})", latency_device, probes.cpu_latency.error().operation);
    finding.remedy = "let the group audio write it: a wake of another CPU then takes a tenth";
    finding.commands = {
        "echo 'KERNEL==\"cpu_dma_latency\", GROUP=\"audio\", MODE=\"0660\"' | sudo tee "
        "/etc/udev/rules.d/60-cpu-dma-latency.rules",
        "sudo udevadm control --reload && sudo udevadm trigger --name-match=cpu_dma_latency",
        "sudo usermod -aG audio \"$USER\"", "# Then log out and in again."};
    return finding;
}

Finding check_hyper_threads(const SystemFiles& files)
{
    Finding finding{.id = "smt", .title = "Hyper-threading"};
    const auto active = files.number(std::string{cpus} + "smt/active");
    if (!active) {
        finding.found = std::string{cpus} + "smt/active does not tell";
        finding.remedy = "look at `lscpu` for threads per core";
        return finding;
    }
    finding.verdict = *active == 0 ? Verdict::ok : Verdict::warning;
    finding.found = *active == 0 ? "off or not there: each CPU is a core"
                                 : "on: two CPUs share a core, and slow each other down";
    if (*active == 0)
        return finding;
    finding.remedy = "switch it off where the tail of wake-ups matters more than throughput";
    finding.commands = {"echo off | sudo tee /sys/devices/system/cpu/smt/control"};
    return finding;
}

Finding check_virtualisation(const SystemFiles& files)
{
    Finding finding{.id = "virtualisation", .title = "Virtual machine"};
    const auto processor = files.text("/proc/cpuinfo");
    if (!processor) {
        finding.found = "/proc/cpuinfo does not tell";
        finding.remedy = "look at `systemd-detect-virt`";
        return finding;
    }
    const auto flags = words_of(value_behind(*processor, "flags").value_or(""));
    const auto hypervisor = files.line("/sys/hypervisor/type");
    if (!hypervisor && flags.empty()) {
        finding.found = "this architecture's /proc/cpuinfo does not tell";
        finding.remedy = "look at `systemd-detect-virt`";
        return finding;
    }
    if (!hypervisor && std::find(flags.begin(), flags.end(), "hypervisor") == flags.end()) {
        finding.verdict = Verdict::ok;
        finding.found = "none seen";
        return finding;
    }
    finding.verdict = Verdict::warning;
    finding.found = "this is a virtual machine" + (hypervisor ? " (" + *hypervisor + ")" : "");
    if (const auto vendor = files.line("/sys/class/dmi/id/sys_vendor"))
        finding.found += " by " + *vendor;
    finding.remedy =
        "run audio on the hardware itself, or give each virtual CPU a real one of "
        "its own on the host: what the host does in between delays blocks unseen";
    return finding;
}

Finding check_steal(const Probes& probes)
{
    Finding finding{.id = "steal", .title = "Stolen time"};
    const auto before = cpu_times_of(probes.cpu_times_before);
    const auto after = cpu_times_of(probes.cpu_times_after);
    if (!before || !after || after->all <= before->all) {
        finding.found = "/proc/stat does not tell";
        finding.remedy = "measure for longer: --seconds 5";
        return finding;
    }
    const double percent = 100 * static_cast<double>(after->stolen - before->stolen) /
                           static_cast<double>(after->all - before->all);
    finding.found = fmt::format("{:.1f} % while measuring", percent);
    finding.verdict = Verdict::ok;
    if (percent < little_steal_percent)
        return finding;
    finding.verdict = percent < much_steal_percent ? Verdict::warning : Verdict::problem;
    finding.remedy = "the host runs other machines on these CPUs; ask for dedicated ones";
    return finding;
}

Finding check_wake_ups(const Probes& probes)
{
    Finding finding{.id = "wake_up", .title = "Timer wake-ups"};
    const WakeUps& late = probes.wake_ups;
    if (late.count == 0) {
        finding.found = "nothing was measured";
        finding.remedy = "measure for longer: --seconds 2";
        return finding;
    }
    finding.found = fmt::format("late by p50 {:.1f} us, p99 {:.1f} us, ", in_us(late.p50_ns),
                                in_us(late.p99_ns));
    if (late.p99_9_ns)
        finding.found += fmt::format("p99.9 {:.1f} us, ", in_us(*late.p99_9_ns));
    finding.found +=
        fmt::format("max {:.1f} us, {} samples{}", in_us(late.max_ns), late.count,
                    probes.grant.policy == rt::os::Policy::other ? ", not real-time" : "");
    finding.verdict = Verdict::ok;
    if (late.p99_ns <= good_p99_ns && late.max_ns < deadline_ns)
        return finding;
    finding.verdict = late.p99_ns < deadline_ns ? Verdict::warning : Verdict::problem;
    finding.remedy =
        "see the lines that are not ok, remedy them, and measure again; or use "
        "blocks of which half a period is longer than the worst of these";
    return finding;
}

}  // namespace outboard::doctor
