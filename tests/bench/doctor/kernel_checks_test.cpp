// SPDX-License-Identifier: MIT

#include "bench/doctor/checks.hpp"
#include "tests/bench/doctor/machine.hpp"

#include <doctest/doctest.h>

using namespace outboard;
using namespace outboard::doctor;

namespace {

[[nodiscard]] Finding kernel_finding(const char* release, bool waits_on_many, bool thread_handles)
{
    const Machine machine;
    machine.write("/proc/sys/kernel/osrelease", release);
    return check_kernel(machine.files(),
                        {.waits_on_many = waits_on_many, .has_thread_handles = thread_handles});
}

constexpr const char* dynamic_version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n";
constexpr const char* preempt_file = "/sys/kernel/debug/sched/preempt";
constexpr const char* clock_folder = "/sys/devices/system/clocksource/clocksource0/";

}  // namespace

TEST_SUITE("bench/doctor_kernel")
{
    TEST_CASE("kernels are judged by their version and by what was tried")
    {
        CHECK(kernel_finding("6.18.4\n", true, true).verdict == Verdict::ok);
        CHECK(kernel_finding("7.0-rc1\n", true, true).verdict == Verdict::ok);
        CHECK(kernel_finding("5.8.18-generic\n", false, false).verdict == Verdict::problem);
        CHECK(kernel_finding("4.19.0\n", false, false).verdict == Verdict::problem);
    }

    TEST_CASE("what an older kernel lacks is named with the version that has it")
    {
        const Finding old = kernel_finding("5.10.0-28-amd64\n", false, false);
        CHECK(old.verdict == Verdict::warning);
        CHECK(says(old.remedy, "5.16"));
        const Finding newer = kernel_finding("6.1.0-18-amd64\n", true, false);
        CHECK(newer.verdict == Verdict::warning);
        CHECK(says(newer.remedy, "6.15"));
    }

    TEST_CASE("what a new kernel lacks is hidden by a sandbox")
    {
        CHECK(says(kernel_finding("6.18.4\n", false, true).remedy, "allow the system call"));
        CHECK(says(kernel_finding("6.18.4\n", true, false).remedy, "allow pidfd_open"));
    }

    TEST_CASE("a release that is none is unknown")
    {
        for (const char* const release :
             {"", "linux\n", "6\n", "six.one\n", "99999999999999999999.1"}) {
            CAPTURE(release);
            CHECK(kernel_finding(release, true, true).verdict == Verdict::unknown);
        }
    }

    TEST_CASE("preemption is told from the kernel's version line")
    {
        const Machine machine;
        const auto verdict_of = [&](const char* version) {
            machine.write("/proc/sys/kernel/version", version);
            return check_preemption(machine.files()).verdict;
        };
        CHECK(verdict_of("#1 SMP PREEMPT_RT Debian 6.1.76-1\n") == Verdict::ok);
        CHECK(verdict_of("#1 SMP PREEMPT Debian 6.1.76-1\n") == Verdict::ok);
        CHECK(verdict_of("#1 SMP Debian 6.1.76-1\n") == Verdict::warning);
        CHECK(verdict_of(dynamic_version) == Verdict::unknown);
        CHECK(verdict_of("") == Verdict::unknown);
    }

    TEST_CASE("the mode of a dynamic kernel is that of debugfs, of the command line, or as built")
    {
        const Machine machine;
        machine.write("/proc/sys/kernel/version", dynamic_version);
        machine.write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        machine.write("/boot/config-6.1.0-18-amd64", "CONFIG_PREEMPT_VOLUNTARY=y\n");
        CHECK(says(check_preemption(machine.files()).found, "voluntary"));
        CHECK(check_preemption(machine.files()).commands.back() ==
              "echo full | sudo tee /sys/kernel/debug/sched/preempt");
        machine.write("/proc/cmdline", "quiet preempt=full\n");
        CHECK(check_preemption(machine.files()).verdict == Verdict::ok);
        machine.write(preempt_file, "(none) voluntary full\n");
        CHECK(check_preemption(machine.files()).verdict == Verdict::warning);
        machine.write(preempt_file, "none voluntary (full)\n");
        CHECK(check_preemption(machine.files()).verdict == Verdict::ok);
    }

    TEST_CASE("nothing is switched where the mode is not visible")
    {
        const Machine machine;
        machine.write("/proc/sys/kernel/version", dynamic_version);
        const Finding finding = check_preemption(machine.files());
        REQUIRE_FALSE(finding.commands.empty());
        CHECK(finding.commands.back() == "sudo cat /sys/kernel/debug/sched/preempt");
    }

    TEST_CASE("a slow clock is a warning, with a command where the fast one can be had")
    {
        const Machine machine;
        const std::string current = std::string{clock_folder} + "current_clocksource";
        const std::string available = std::string{clock_folder} + "available_clocksource";
        CHECK(check_clock_source(machine.files()).verdict == Verdict::unknown);
        machine.write(current, "tsc\n");
        CHECK(check_clock_source(machine.files()).verdict == Verdict::ok);
        machine.write(current, "hpet\n");
        machine.write(available, "hpet acpi_pm\n");
        CHECK(check_clock_source(machine.files()).verdict == Verdict::warning);
        CHECK(check_clock_source(machine.files()).commands.empty());
        machine.write(available, "tsc hpet acpi_pm\n");
        CHECK(check_clock_source(machine.files()).commands.front() ==
              "echo tsc | sudo tee " + current);
    }

    TEST_CASE("a sandbox needs seccomp and Landlock")
    {
        const Machine machine;
        Probes probes{.landlock_version = 3};
        CHECK(says(check_sandbox(machine.files(), probes).remedy, "CONFIG_SECCOMP_FILTER"));
        machine.write("/proc/sys/kernel/seccomp/actions_avail", "kill_process allow\n");
        CHECK(check_sandbox(machine.files(), probes).verdict == Verdict::ok);
        CHECK(says(check_sandbox(machine.files(), probes).found, "Landlock 3"));
    }

    TEST_CASE("Landlock that is switched off is told from Landlock that is missing")
    {
        const Machine machine;
        machine.write("/proc/sys/kernel/seccomp/actions_avail", "kill_process allow\n");
        machine.write("/sys/kernel/security/lsm", "capability,yama");
        const auto remedy_of = [&](int sys_errno) {
            const rt::Error error{rt::ErrorCode::unsupported, sys_errno, "landlock"};
            return check_sandbox(machine.files(), {.landlock_version = tl::unexpected(error)})
                .remedy;
        };
        CHECK(says(remedy_of(EOPNOTSUPP), "lsm=landlock,capability,yama"));
        CHECK(says(remedy_of(ENOSYS), "CONFIG_SECURITY_LANDLOCK"));
    }
}
