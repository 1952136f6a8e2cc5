// SPDX-License-Identifier: MIT
//
// The real-time threads of both sides, caught at every system call but futex, and at every use of
// the heap, while audio streams and services are killed. The streaming itself is in a process of
// its own (services/seccomp_host.cpp), because such threads cannot end.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/support/no_alloc_scope.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

using namespace outboard::test;
using outboard::Insert;

namespace {

struct Report {
    int exit_code;
    std::map<std::string, long long> counts;
};

[[nodiscard]] Report run_filtered_host(const std::string& environment, int kill_count)
{
    const std::string command = "env " + environment + " '" OB_SECCOMP_HOST "' '" + test_service() +
                                "' " + std::to_string(kill_count);
    // NOLINTNEXTLINE(cert-env33-c): the command is this test's own
    std::FILE* const output = ::popen(command.c_str(), "r");
    REQUIRE(output != nullptr);
    Report report{};
    std::array<char, 64> name{};
    std::array<char, 32> value{};
    while (std::fscanf(output, "%63s %31s", name.data(), value.data()) == 2)
        report.counts[name.data()] = std::strtoll(value.data(), nullptr, 10);
    report.exit_code = ::pclose(output);
    return report;
}

void check_futex_only(const std::string& environment, int kill_count)
{
    if (has_sanitizer)
        return skip("the sanitizer makes system calls of its own");
    const Report report = run_filtered_host(environment, kill_count);
    REQUIRE(report.exit_code == 0);
    auto counts = report.counts;
    REQUIRE(counts["probes_trapped"] == 1);
    REQUIRE(counts["probes_of_heap"] != 0);
    CHECK(counts["blocks"] > 2000);
    CHECK(counts["trapped"] == 0);
    CHECK(counts["heap_uses"] == 0);
    CHECK(counts["dsp_blocks"] > 2000);
    CHECK(counts["dsp_trapped"] == 0);
    CHECK(counts["failovers"] >= kill_count);
    if (kill_count != 0)
        CHECK(counts["concealed"] > 0);
}

}  // namespace

TEST_SUITE("integration/rt_syscall")
{
    TEST_CASE("[rt] both sides make futex calls only, while services are killed")
    {
        check_futex_only("OUTBOARD_NO_FUTEX_WAITV=0", 4);
    }

    TEST_CASE("[rt] so they do where the kernel can wait on one word only")
    {
        check_futex_only("OUTBOARD_NO_FUTEX_WAITV=1", 4);
    }

    TEST_CASE("[rt] process() leaves the heap alone, in every mode and during every fade")
    {
        for (const ob_fallback fallback :
             {OB_FALLBACK_DRY, OB_FALLBACK_SILENCE, OB_FALLBACK_HOLD}) {
            StreamingRig rig{{48'000.0, 2, 64}};
            auto config = rig.config_for("event_echo37");
            config.fallback = fallback;
            config.mode = OB_MODE_PIPELINED;
            Insert& insert = rig.add(config);
            std::array<float, 64> samples{};
            const std::array<const float*, 2> in{samples.data(), samples.data()};
            const std::array<float*, 2> out{samples.data(), samples.data()};
            std::uint64_t violations = 0;
            for (int block = 0; block < 400; ++block) {
                if (block % 100 == 50)
                    REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) >= 0);
                const NoAllocScope scope;
                static_cast<void>(insert.set_parameter(7, block));
                static_cast<void>(insert.process(in.data(), out.data(), 64));
                violations += scope.violations();
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
            CHECK(violations == 0);
            CHECK(insert.statistics().failovers > 0);
            CHECK(insert.statistics().concealed_blocks > 0);
        }
    }
}
