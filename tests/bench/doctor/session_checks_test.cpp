// SPDX-License-Identifier: MIT

#include "bench/doctor/checks.hpp"
#include "tests/bench/doctor/machine.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace outboard;
using namespace outboard::doctor;

namespace fs = std::filesystem;

TEST_SUITE("bench/doctor_session")
{
    TEST_CASE("a runtime directory has to be there and to be the user's own")
    {
        const Machine machine;
        const Probes probes{.runtime_directory = "/run/user/1000"};
        const Finding missing = check_runtime_directory(machine.files(), probes);
        CHECK(missing.verdict == Verdict::warning);
        CHECK(missing.commands.front() == "mkdir -p -m 0700 \"$XDG_RUNTIME_DIR\"");
        machine.make_folder("/run/user/1000", fs::perms{0755});
        const Finding open = check_runtime_directory(machine.files(), probes);
        CHECK(open.verdict == Verdict::warning);
        CHECK(open.commands.front() == "chmod 0700 \"$XDG_RUNTIME_DIR\"");
        machine.make_folder("/run/user/1000", fs::perms{0700});
        CHECK(check_runtime_directory(machine.files(), probes).verdict == Verdict::ok);
    }

    TEST_CASE("a runtime directory that is not set, or relative, is no runtime directory")
    {
        const Machine machine;
        for (const std::optional<std::string>& directory :
             {std::optional<std::string>{}, std::optional<std::string>{""},
              std::optional<std::string>{"run"}}) {
            const Finding finding =
                check_runtime_directory(machine.files(), {.runtime_directory = directory});
            CHECK(finding.verdict == Verdict::warning);
            CHECK(says(finding.commands.front(), "mkdir"));
        }
    }

    TEST_CASE("memory is judged by what is available")
    {
        const Machine machine;
        const auto verdict_at = [&](const char* kib) {
            machine.write("/proc/meminfo",
                          "MemTotal:  16000000 kB\nMemAvailable:    " + std::string{kib} + " kB\n");
            return check_memory(machine.files()).verdict;
        };
        CHECK(check_memory(machine.files()).verdict == Verdict::unknown);
        CHECK(verdict_at("8000000") == Verdict::ok);
        CHECK(verdict_at("200000") == Verdict::warning);
        CHECK(verdict_at("20000") == Verdict::problem);
    }

    TEST_CASE("memory is what the control group leaves, where that is less")
    {
        const Machine machine;
        machine.write("/proc/meminfo", "MemAvailable:    8000000 kB\n");
        machine.write("/proc/self/cgroup", "4:memory:/\n0::/user.slice/app\n");
        machine.write("/sys/fs/cgroup/user.slice/app/memory.max", "max\n");
        machine.write("/sys/fs/cgroup/user.slice/app/memory.current", "104857600\n");
        CHECK(check_memory(machine.files()).verdict == Verdict::ok);
        machine.write("/sys/fs/cgroup/user.slice/app/memory.max", "209715200\n");
        const Finding finding = check_memory(machine.files());
        CHECK(finding.verdict == Verdict::warning);
        CHECK(says(finding.found, "100 MiB available by the control group's limit"));
        CHECK(says(finding.remedy, "MemoryMax"));
    }

    TEST_CASE("audio servers are found by process and by socket")
    {
        const Machine machine;
        machine.write("/proc/1/comm", "systemd\n");
        machine.write("/proc/sys/comm", "jackd\n");
        const Probes probes{.runtime_directory = "/run/user/1000"};
        const Finding none = check_audio_servers(machine.files(), probes);
        CHECK(none.verdict == Verdict::warning);
        CHECK(says(none.commands.front(), "pipewire"));
        machine.write("/proc/812/comm", "jackd\n");
        machine.write("/run/user/1000/pulse/native", "");
        const Finding some = check_audio_servers(machine.files(), probes);
        CHECK(some.verdict == Verdict::ok);
        CHECK(some.found == "JACK (jackd 812), socket /run/user/1000/pulse/native");
    }

    TEST_CASE("every check of a machine that tells nothing has a verdict, and a remedy if not ok")
    {
        const Machine machine;
        const auto findings = check_all(machine.files(), {.grant = refused_grant()});
        std::set<std::string> ids;
        for (const Finding& finding : findings) {
            CAPTURE(finding.id);
            ids.insert(finding.id);
            CHECK_FALSE(finding.title.empty());
            CHECK_FALSE(finding.found.empty());
            CHECK((finding.verdict == Verdict::ok) == finding.remedy.empty());
        }
        CHECK(ids.size() == findings.size());
        CHECK(findings.size() == 20);
        CHECK(worst_of(findings) == Verdict::problem);
    }
}
