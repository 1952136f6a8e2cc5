// SPDX-License-Identifier: MIT

#include "bench/doctor/checks.hpp"
#include "tests/bench/doctor/machine.hpp"

#include <doctest/doctest.h>

using namespace outboard;
using namespace outboard::doctor;

namespace {

constexpr const char* raise_priority =
    "echo '@audio  -  rtprio   95' | sudo tee -a /etc/security/limits.d/audio.conf";

/// As the kernel writes it.
void set_limit(const Machine& machine, const std::string& name, const std::string& soft)
{
    machine.write(
        "/proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max processes             96365                96365                processes\n" +
            name + std::string(26 - name.size(), ' ') + soft + "   unlimited  units\n");
}

void be_privileged(const Machine& machine)
{
    machine.write("/proc/self/status", "Name:\tdoctor\nCapEff:\t000001ffffffffff\n");
}

}  // namespace

TEST_SUITE("bench/doctor_rights")
{
    TEST_CASE("real-time scheduling that was obtained is ok, and what was obtained is told")
    {
        const Finding finding = check_scheduling({.grant = granted_fifo()});
        CHECK(finding.verdict == Verdict::ok);
        CHECK(says(finding.found, "SCHED_FIFO 70"));
        CHECK(finding.remedy.empty());
        CHECK(finding.commands.empty());
    }

    TEST_CASE("scheduling that was refused is a problem with the limit as its remedy")
    {
        const Finding finding = check_scheduling({.grant = refused_grant()});
        CHECK(finding.verdict == Verdict::problem);
        CHECK(says(finding.found, "RLIMIT_RTPRIO is 0"));
        REQUIRE_FALSE(finding.commands.empty());
        CHECK(finding.commands.front() == raise_priority);
    }

    TEST_CASE("scheduling that was refused in spite of the limit is laid to the control group")
    {
        const Finding finding = check_scheduling({.grant = refused_grant(95)});
        CHECK(finding.verdict == Verdict::problem);
        CHECK(says(finding.remedy, "cpu.rt_runtime_us"));
        CHECK(finding.commands.empty());
    }

    TEST_CASE("RealtimeKit in place of the right is a warning")
    {
        rt::RealtimeGrant grant = refused_grant();
        grant.policy = rt::os::Policy::round_robin;
        grant.step = rt::RealtimeGrant::Step::realtime_kit;
        const Finding finding = check_scheduling({.grant = grant});
        CHECK(finding.verdict == Verdict::warning);
        CHECK(finding.commands.front() == raise_priority);
    }

    TEST_CASE("the limit of priority is judged by what audio threads ask for")
    {
        const Machine machine;
        const Probes probes{.grant = refused_grant()};
        const auto verdict_at = [&](const char* limit) {
            set_limit(machine, "Max realtime priority", limit);
            return check_priority_limit(machine.files(), probes).verdict;
        };
        CHECK(verdict_at("0") == Verdict::problem);
        CHECK(verdict_at("3") == Verdict::problem);
        CHECK(verdict_at("4") == Verdict::warning);
        CHECK(verdict_at("69") == Verdict::warning);
        CHECK(verdict_at("70") == Verdict::ok);
        CHECK(verdict_at("unlimited") == Verdict::ok);
    }

    TEST_CASE("a limit of priority that is too low has its remedy, unless one is privileged")
    {
        const Machine machine;
        set_limit(machine, "Max realtime priority", "0");
        const Probes probes{.grant = refused_grant()};
        CHECK(check_priority_limit(machine.files(), probes).commands.front() == raise_priority);
        be_privileged(machine);
        const Finding finding = check_priority_limit(machine.files(), probes);
        CHECK(finding.verdict == Verdict::ok);
        CHECK(says(finding.found, "CAP_SYS_NICE"));
    }

    TEST_CASE("locked memory is judged by its limit")
    {
        const Machine machine;
        const auto finding_at = [&](const char* limit) {
            set_limit(machine, "Max locked memory", limit);
            return check_locked_memory_limit(machine.files());
        };
        CHECK(finding_at("unlimited").verdict == Verdict::ok);
        CHECK(finding_at("65536").verdict == Verdict::problem);
        CHECK(finding_at("8388608").verdict == Verdict::warning);
        CHECK(says(finding_at("8388608").found, "8192 KiB"));
        CHECK(says(finding_at("8388608").commands.front(), "memlock  unlimited"));
        be_privileged(machine);
        CHECK(finding_at("65536").verdict == Verdict::ok);
    }

    TEST_CASE("a short run time is a warning that no command can remedy")
    {
        const Machine machine;
        set_limit(machine, "Max realtime timeout", "10000");
        const Finding finding = check_run_time_limit(machine.files());
        CHECK(finding.verdict == Verdict::warning);
        CHECK(says(finding.remedy, "LimitRTTIME="));
        set_limit(machine, "Max realtime timeout", "200000");
        CHECK(check_run_time_limit(machine.files()).verdict == Verdict::ok);
        set_limit(machine, "Max realtime timeout", "unlimited");
        CHECK(check_run_time_limit(machine.files()).verdict == Verdict::ok);
    }

    TEST_CASE("limits that cannot be read, or make no sense, are unknown")
    {
        const Machine machine;
        const Probes probes{.grant = refused_grant()};
        CHECK(check_priority_limit(machine.files(), probes).verdict == Verdict::unknown);
        CHECK(check_locked_memory_limit(machine.files()).verdict == Verdict::unknown);
        CHECK(check_run_time_limit(machine.files()).verdict == Verdict::unknown);
        set_limit(machine, "Max realtime priority", "many");
        CHECK(check_priority_limit(machine.files(), probes).verdict == Verdict::unknown);
    }

    TEST_CASE("RealtimeKit is needed only where SCHED_FIFO was refused")
    {
        Probes probes{.grant = granted_fifo()};
        CHECK(check_realtime_kit(probes).verdict == Verdict::ok);
        probes.grant = refused_grant();
        const Finding missing = check_realtime_kit(probes);
        CHECK(missing.verdict == Verdict::warning);
        CHECK(missing.commands.front() == "sudo apt-get install rtkit dbus");
        probes.realtime_kit = 20;
        CHECK(check_realtime_kit(probes).verdict == Verdict::ok);
        CHECK(says(check_realtime_kit(probes).found, "20"));
        probes.realtime_kit = rt::fail(rt::ErrorCode::unsupported, "RealtimeKit");
        CHECK(says(check_realtime_kit(probes).remedy, "OB_WITH_RTKIT"));
        CHECK(check_realtime_kit(probes).commands.empty());
    }

    TEST_CASE("throttling is judged by the share that is left")
    {
        const Machine machine;
        machine.write("/proc/sys/kernel/sched_rt_period_us", "1000000\n");
        const auto finding_at = [&](const char* run_time_us) {
            machine.write("/proc/sys/kernel/sched_rt_runtime_us", run_time_us);
            return check_throttling(machine.files());
        };
        CHECK(finding_at("950000\n").verdict == Verdict::ok);
        CHECK(finding_at("-1\n").verdict == Verdict::ok);
        CHECK(finding_at("500000\n").verdict == Verdict::warning);
        CHECK(finding_at("0\n").verdict == Verdict::problem);
        CHECK(finding_at("0\n").commands.back() ==
              "sudo sysctl -w kernel.sched_rt_runtime_us=950000");
        CHECK(finding_at("").verdict == Verdict::unknown);
    }
}
