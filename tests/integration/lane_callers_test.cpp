// SPDX-License-Identifier: MIT
//
// Inserts that are played by another caller each time, as by a pool of workers.

#include "tests/integration/support/mixer.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace outboard::test;
using outboard::Caller;
using outboard::Host;
using outboard::InsertConfig;

TEST_SUITE_BEGIN("integration/lane_callers");

TEST_CASE("inserts that move between callers are answered wherever they are")
{
    constexpr std::size_t worker_count = 4;
    constexpr std::size_t strip_count = 16;
    constexpr int cycle_count = 400;
    const Host host{host_config(OB_GROUPING_SERVICE)};
    std::vector<Caller> callers;
    for (std::size_t worker = 0; worker < worker_count; ++worker)
        callers.emplace_back(host);
    std::vector<std::unique_ptr<Strip>> strips;
    for (std::size_t index = 0; index < strip_count; ++index) {
        // In two processes, so that a worker has to do with both.
        InsertConfig config = insert_config();
        config.group = index % 2 == 0 ? "even" : "odd";
        strips.push_back(std::make_unique<Strip>(callers[index % worker_count], config,
                                                 1'000'000 * static_cast<std::int64_t>(index)));
    }

    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> arrived{0};
    std::atomic<int> wrong_count{0};
    std::atomic<int> moved_count{0};
    std::vector<std::size_t> last_worker(strip_count, worker_count);
    const auto work = [&](std::size_t worker) {
        for (int cycle = 0; cycle < cycle_count; ++cycle) {
            callers[worker].cycle_begin(generous_ns);
            const std::size_t end = (static_cast<std::size_t>(cycle) + 1) * strip_count;
            for (;;) {  // each takes the next strip that nobody has had in this cycle
                std::size_t index = next.load();
                if (index >= end)
                    break;
                if (!next.compare_exchange_weak(index, index + 1))
                    continue;
                index %= strip_count;
                Strip& strip = *strips[index];
                if (std::exchange(last_worker[index], worker) != worker)
                    ++moved_count;
                if (strip.insert().set_caller(callers[worker]) != OB_OK)
                    ++wrong_count;
                strip.post();
                callers[worker].flush();
                if (strip.collect() != OB_OK || !strip.is_input_times(-1.0f))
                    ++wrong_count;
            }
            const std::size_t all = (static_cast<std::size_t>(cycle) + 1) * worker_count;
            ++arrived;
            while (arrived.load() < all)
                std::this_thread::yield();
        }
    };
    std::vector<std::thread> workers;
    for (std::size_t worker = 0; worker < worker_count; ++worker)
        workers.emplace_back(work, worker);
    for (std::thread& worker : workers)
        worker.join();
    CHECK(wrong_count == 0);
    MESSAGE(moved_count.load() << " moves");
    CHECK(moved_count > cycle_count);
    for (const auto& strip : strips) {
        CHECK(strip->insert().statistics().deadline_misses == 0);
        CHECK(strip->insert().statistics().blocks == cycle_count);
    }
}

TEST_CASE("an insert moves between blocks only, and within its host")
{
    Mixer mixer{OB_GROUPING_ALL};
    Strip& strip = mixer.add();
    const Caller other{mixer.host()};
    strip.post();
    CHECK(strip.insert().set_caller(other) == OB_ERR_INVALID_ARGUMENT);
    mixer.caller().flush();
    CHECK(strip.collect() == OB_OK);
    CHECK(strip.insert().set_caller(other) == OB_OK);
    const Host another_host{host_config(OB_GROUPING_ALL)};
    const Caller foreign{another_host};
    CHECK(strip.insert().set_caller(foreign) == OB_ERR_INVALID_ARGUMENT);
    CHECK(strip.insert().set_caller(mixer.caller()) == OB_OK);
}

TEST_SUITE_END();
