// SPDX-License-Identifier: MIT
//
// The blocks around a strike: which are kept, and what the page tells of them.

#include "sdk/cli/close_up.hpp"
#include "tests/sdk/cli/run_fixture.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace outboard::cli::test {
namespace {

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

/// Blocks of 64 frames; block n takes n microseconds and has a peak of n thousandths.
void fill(BlockTrace& trace, std::size_t block_count)
{
    for (std::size_t index = 0; index < block_count; ++index) {
        const std::array samples{0.0F, static_cast<float>(index) / 1000, -0.25F};
        const std::array channels{samples.data()};
        trace.add({.first_frame = index * 64,
                   .process_ns = index * 1000,
                   .peak = {},
                   .is_concealed = false},
                  channels, samples.size());
    }
}

/// A run with a standby: a kill at block 100, noticed in it, and nothing lost.
RunResult run_with_standby()
{
    RunResult run = example_run();
    run.options.block_frames = 64;
    run.trace = BlockTrace{3000};
    fill(run.trace, 3000);
    FaultOutcome kill;
    kill.has_struck = true;
    kill.struck_frame = 6400;
    run.faults = {kill};
    ChainIncident lost = incident(0, OB_INCIDENT_FAILOVER, 6400);
    lost.incident.fault_ns = 1'000'000;
    lost.incident.detected_ns = 1'085'000;
    run.failovers = {
        {.insert_index = 0, .lost = lost.incident, .wet_again_frame = 6400, .frames_lost = 0}};
    return run;
}

}  // namespace

TEST_SUITE("sdk/cli/block_trace")
{
    TEST_CASE("an empty trace has nothing around any frame")
    {
        CHECK(BlockTrace{10}.around(0, 3, 3).empty());
    }

    TEST_CASE("the blocks around a frame are those before and behind the one that holds it")
    {
        BlockTrace trace{100};
        fill(trace, 100);
        const auto blocks = trace.around(50 * 64 + 63, 2, 3);
        REQUIRE(blocks.size() == 6);
        CHECK(blocks.front().first_frame == 48 * 64);
        CHECK(blocks[2].process_ns == 50'000);
        CHECK(blocks[2].peak.high == doctest::Approx(0.05));
        CHECK(blocks[2].peak.low == doctest::Approx(-0.25));
        CHECK(blocks.back().first_frame == 53 * 64);
    }

    TEST_CASE("at the ends there are fewer blocks")
    {
        BlockTrace trace{100};
        fill(trace, 100);
        CHECK(trace.around(0, 5, 2).size() == 3);
        CHECK(trace.around(99 * 64, 2, 5).size() == 3);
    }

    TEST_CASE("of more blocks than there is room for, the newest are kept")
    {
        BlockTrace trace{10};
        fill(trace, 25);
        CHECK(trace.around(14 * 64, 1, 1).empty());
        const auto blocks = trace.around(15 * 64, 3, 20);
        REQUIRE(blocks.size() == 10);
        CHECK(blocks.front().first_frame == 15 * 64);
        CHECK(blocks.back().first_frame == 24 * 64);
    }

    TEST_CASE("adding a block allocates nothing [rt]")
    {
        BlockTrace trace{4};
        std::uint64_t violations = 0;
        {
            const outboard::test::NoAllocScope scope;
            fill(trace, 8);
            violations = scope.violations();
        }
        CHECK(violations == 0);
    }
}

TEST_SUITE("sdk/cli/close_up")
{
    TEST_CASE("without a strike there is no card")
    {
        RunResult run = run_with_standby();
        run.faults.clear();
        CHECK(close_ups_html(run).empty());
    }

    TEST_CASE("a card tells when the loss was noticed, and what it cost")
    {
        const std::string html = close_ups_html(run_with_standby());
        CHECK(count_of(html, "class=\"card\"") == 1);
        CHECK(contains(html, "kill at 0.133 s"));
        CHECK(
            contains(html, "noticed after 85 us; nothing lost; its block took 100 us of 1.33 ms"));
        CHECK(count_of(html, "class=\"struck\"") == 1);
    }

    TEST_CASE("concealed blocks are marked and counted")
    {
        RunResult run = run_with_standby();
        run.trace = BlockTrace{3000};
        for (std::size_t index = 0; index < 200; ++index) {
            run.trace.add({.first_frame = index * 64,
                           .process_ns = 5000,
                           .peak = {},
                           .is_concealed = index == 100 || index == 101},
                          {}, 0);
        }
        const std::string html = close_ups_html(run);
        CHECK(contains(html, "; 2 blocks concealed"));
        CHECK(count_of(html, "class=\"lost\"") == 2);
        CHECK(count_of(html, "class=\"gap\"") == 2);
    }

    TEST_CASE("a strike is given the loss that it caused, and not that of the next one")
    {
        RunResult run = run_with_standby();
        FaultOutcome harmless = run.faults.front();
        harmless.struck_frame = 640;
        run.faults.insert(run.faults.begin(), harmless);
        CHECK(failover_of(run, 0) == nullptr);
        CHECK(failover_of(run, 1) == run.failovers.data());
        CHECK(contains(close_ups_html(run), "no service was lost; nothing lost"));
    }

    TEST_CASE("of very many strikes the page shows the first, and says so")
    {
        RunResult run = run_with_standby();
        run.faults.assign(40, run.faults.front());
        const std::string html = close_ups_html(run);
        CHECK(count_of(html, "class=\"card\"") == 24);
        CHECK(contains(html, "The first 24 of 40 strikes."));
    }
}

}  // namespace outboard::cli::test
