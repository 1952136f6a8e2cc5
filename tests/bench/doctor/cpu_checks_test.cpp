// SPDX-License-Identifier: MIT

#include "bench/doctor/checks.hpp"
#include "tests/bench/doctor/machine.hpp"

#include <doctest/doctest.h>

using namespace outboard;
using namespace outboard::doctor;

namespace {

const rt::Error no_permission{rt::ErrorCode::no_permission, EACCES, "open /dev/cpu_dma_latency"};

[[nodiscard]] Probes without_cpu_latency()
{
    return {.cpu_latency = tl::unexpected(no_permission)};
}

void add_idle_state(const Machine& machine, int index, const char* name, int latency_us,
                    bool disabled = false)
{
    const std::string state =
        "/sys/devices/system/cpu/cpu0/cpuidle/state" + std::to_string(index) + "/";
    machine.write(state + "name", std::string{name} + "\n");
    machine.write(state + "latency", std::to_string(latency_us) + "\n");
    machine.write(state + "disable", disabled ? "1\n" : "0\n");
}

void set_governor(const Machine& machine, int cpu, const char* governor)
{
    machine.write("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor",
                  std::string{governor} + "\n");
}

[[nodiscard]] Finding steal_finding(const char* before, const char* after)
{
    return check_steal({.cpu_times_before = before, .cpu_times_after = after});
}

[[nodiscard]] WakeUps late_by(std::uint64_t p99_us, std::uint64_t max_us)
{
    return {.count = 2000, .p50_ns = 5000, .p99_ns = p99_us * 1000, .max_ns = max_us * 1000};
}

}  // namespace

TEST_SUITE("bench/doctor_cpu")
{
    TEST_CASE("one CPU that is not governed for performance is enough for a warning")
    {
        const Machine machine;
        CHECK(check_governor(machine.files()).verdict == Verdict::ok);
        machine.write("/sys/devices/system/cpu/cpuidle/current_governor", "menu\n");
        set_governor(machine, 0, "performance");
        set_governor(machine, 11, "performance");
        CHECK(check_governor(machine.files()).verdict == Verdict::ok);
        set_governor(machine, 11, "powersave");
        const Finding finding = check_governor(machine.files());
        CHECK(finding.verdict == Verdict::warning);
        CHECK(says(finding.found, "performance, powersave"));
        CHECK(finding.commands.front() ==
              "echo performance | sudo tee "
              "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
    }

    TEST_CASE("deep sleep is a warning unless it can be held off or is switched off")
    {
        const Machine machine;
        CHECK(check_idle_states(machine.files(), without_cpu_latency()).verdict == Verdict::ok);
        add_idle_state(machine, 0, "POLL", 0);
        add_idle_state(machine, 1, "C1", 2);
        CHECK(check_idle_states(machine.files(), without_cpu_latency()).verdict == Verdict::ok);
        add_idle_state(machine, 2, "C6", 133);
        const Finding finding = check_idle_states(machine.files(), without_cpu_latency());
        CHECK(finding.verdict == Verdict::warning);
        CHECK(says(finding.found, "C6, 133 us"));
        CHECK(says(finding.commands.front(), "-le 20"));
        CHECK(check_idle_states(machine.files(), {}).verdict == Verdict::ok);
        add_idle_state(machine, 2, "C6", 133, true);
        CHECK(check_idle_states(machine.files(), without_cpu_latency()).verdict == Verdict::ok);
    }

    TEST_CASE("CPU latency that cannot be held has a rule as its remedy, where there is a device")
    {
        const Machine machine;
        CHECK(check_cpu_latency(machine.files(), {}).verdict == Verdict::ok);
        const Finding missing = check_cpu_latency(machine.files(), without_cpu_latency());
        CHECK(missing.verdict == Verdict::warning);
        CHECK(says(missing.remedy, "CONFIG_PM_QOS"));
        CHECK(missing.commands.empty());
        machine.write("/dev/cpu_dma_latency", "");
        const Finding closed = check_cpu_latency(machine.files(), without_cpu_latency());
        CHECK(closed.verdict == Verdict::warning);
        REQUIRE_FALSE(closed.commands.empty());
        CHECK(says(closed.commands.front(), "/etc/udev/rules.d/60-cpu-dma-latency.rules"));
    }

    TEST_CASE("hyper-threads are a warning, and unknown where nothing tells")
    {
        const Machine machine;
        CHECK(check_hyper_threads(machine.files()).verdict == Verdict::unknown);
        machine.write("/sys/devices/system/cpu/smt/active", "0\n");
        CHECK(check_hyper_threads(machine.files()).verdict == Verdict::ok);
        machine.write("/sys/devices/system/cpu/smt/active", "1\n");
        CHECK(check_hyper_threads(machine.files()).verdict == Verdict::warning);
        CHECK(check_hyper_threads(machine.files()).commands.front() ==
              "echo off | sudo tee /sys/devices/system/cpu/smt/control");
    }

    TEST_CASE("a virtual machine is told by the processor's flags or by its hypervisor")
    {
        const Machine machine;
        CHECK(check_virtualisation(machine.files()).verdict == Verdict::unknown);
        machine.write("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
        CHECK(check_virtualisation(machine.files()).verdict == Verdict::unknown);
        machine.write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme sse2\n");
        CHECK(check_virtualisation(machine.files()).verdict == Verdict::ok);
        machine.write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor sse2\n");
        machine.write("/sys/class/dmi/id/sys_vendor", "QEMU\n");
        CHECK(check_virtualisation(machine.files()).verdict == Verdict::warning);
        CHECK(says(check_virtualisation(machine.files()).found, "QEMU"));
        machine.write("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
        machine.write("/sys/hypervisor/type", "xen\n");
        CHECK(says(check_virtualisation(machine.files()).found, "xen"));
    }

    TEST_CASE("stolen time is the share of all that passed between two looks")
    {
        constexpr const char* before = "cpu  100 0 100 800 0 0 0 50 0 0\ncpu0 1 2 3\n";
        CHECK(steal_finding(before, "cpu  200 0 200 1600 0 0 0 50 0 0\n").verdict == Verdict::ok);
        const Finding some = steal_finding(before, "cpu  200 0 200 1590 0 0 0 60 0 0\n");
        CHECK(some.verdict == Verdict::warning);
        CHECK(says(some.found, "1.0 %"));
        CHECK(steal_finding(before, "cpu  200 0 200 1500 0 0 0 150 0 0\n").verdict ==
              Verdict::problem);
    }

    TEST_CASE("guests' time is not counted twice")
    {
        const Finding finding =
            steal_finding("cpu  0 0 0 0 0 0 0 0 0 0\n", "cpu  900 0 0 0 0 0 0 100 900 0\n");
        CHECK(says(finding.found, "10.0 %"));
    }

    TEST_CASE("looks that tell nothing are unknown")
    {
        CHECK(steal_finding("", "").verdict == Verdict::unknown);
        CHECK(steal_finding("cpu 1 2 3\n", "cpu 2 3 4\n").verdict == Verdict::unknown);
        constexpr const char* same = "cpu  100 0 100 800 0 0 0 50 0 0\n";
        CHECK(steal_finding(same, same).verdict == Verdict::unknown);
    }

    TEST_CASE("wake-ups are judged by p99 and by the worst")
    {
        const auto verdict_of = [](const WakeUps& late) {
            return check_wake_ups({.grant = granted_fifo(), .wake_ups = late}).verdict;
        };
        CHECK(verdict_of(late_by(60, 200)) == Verdict::ok);
        CHECK(verdict_of(late_by(200, 300)) == Verdict::warning);
        CHECK(verdict_of(late_by(60, 667)) == Verdict::warning);
        CHECK(verdict_of(late_by(700, 900)) == Verdict::problem);
        CHECK(verdict_of({}) == Verdict::unknown);
    }

    TEST_CASE("wake-ups are shown with their number, and as real-time only where they were")
    {
        WakeUps late = late_by(60, 200);
        const Finding plain = check_wake_ups({.grant = refused_grant(), .wake_ups = late});
        CHECK(says(plain.found, "p99 60.0 us"));
        CHECK(says(plain.found, "2000 samples, not real-time"));
        CHECK_FALSE(says(plain.found, "p99.9"));
        late.p99_9_ns = 150'000;
        const Finding long_run = check_wake_ups({.grant = granted_fifo(), .wake_ups = late});
        CHECK(says(long_run.found, "p99.9 150.0 us"));
        CHECK_FALSE(says(long_run.found, "not real-time"));
    }
}
