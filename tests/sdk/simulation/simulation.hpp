// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One stream through an InsertStream, with everything around it simulated: services, supervisor,
/// plain thread, kernel and clock. What the caller promises is checked after every block
/// (promises.hpp).

#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/insert_stream.hpp"
#include "tests/sdk/simulation/promises.hpp"
#include "tests/sdk/simulation/schedule.hpp"
#include "tests/sdk/simulation/settings.hpp"
#include "tests/sdk/simulation/simulated_service.hpp"
#include "tests/sdk/simulation/virtual_os.hpp"

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

namespace outboard::test {

/// What happened, so that a test can tell that it did.
struct Totals {
    std::uint64_t blocks = 0, concealed_blocks = 0, free_pace_blocks = 0, given_up = 0;
    std::uint64_t strikes = 0, deaths = 0, losses = 0, joins = 0, checkpoint_joins = 0;
    std::uint64_t withdrawn = 0, identical_frames = 0, saved_by_standby = 0;
    std::uint64_t poison_units = 0;  ///< that the caller has found out
    std::uint64_t renewals = 0, saved_by_reserve = 0;
};

class Simulation : public World {
public:
    /// @param tells  prints what happens, for who looks for the reason
    Simulation(const Schedule& schedule, Totals& totals, bool tells = false);

    /// @return the first promise that was broken, or nothing
    [[nodiscard]] std::string run();

    // World
    [[nodiscard]] std::uint64_t next_event_ns() const override { return events_.top().at_ns; }
    void run_next_event() override;
    void on_wake(const std::atomic<std::uint32_t>& word) override;
    void on_sleep(std::uint64_t deadline_ns) override;
    [[noreturn]] void on_runaway(const char* what) override;

private:
    enum class Step : std::uint8_t {
        service_wakes,
        service_answers,
        death_noted,
        plain,
        strike,
        renewed
    };
    struct Event {
        std::uint64_t at_ns;
        std::uint64_t order;  ///< events of one time happen as they were planned
        Step step;
        std::size_t index;  ///< of the service, or of the schedule's event
        [[nodiscard]] bool operator>(const Event& other) const
        {
            return at_ns != other.at_ns ? at_ns > other.at_ns : order > other.order;
        }
    };

    void plan(std::uint64_t at_ns, Step step, std::size_t index = 0);
    void plan_strikes(std::uint64_t block, std::uint64_t block_start_ns);
    [[nodiscard]] bool run_block(std::uint64_t block);

    // services
    void wake(SimulatedService& service, std::size_t index);
    void work(SimulatedService& service, std::size_t index);
    void answer(SimulatedService& service, std::size_t index);
    void die(SimulatedService& service);
    void crash(SimulatedService& service);
    void resume(SimulatedService& service, std::size_t index);
    void strike(const SimulationEvent& event);
    [[nodiscard]] SimulatedService* target(std::uint32_t number);

    // supervisor and plain thread
    void note_death(SimulatedService& service);
    void run_plain_thread();
    void dispose(SimulatedService& service);
    void start_service(bool is_first);
    void start_surplus();
    void join(SimulatedService& newcomer);
    [[nodiscard]] SimulatedService* survivor() const;
    [[nodiscard]] SimulatedService* reserve() const;
    [[nodiscard]] bool can_start() const;
    void put_behind_checkpoint(SimulatedService& service, const SimulatedService& survivor);
    void renew_reserve();
    void end_renewal(SimulatedService& service);
    void withdraw_one();
    void tell(const char* what, std::int64_t number) const;
    [[nodiscard]] std::size_t index_of(const SimulatedService& service) const;

    const Schedule& schedule_;
    Totals& totals_;
    Settings settings_;
    host::Caller caller_;
    host::ParameterStore parameters_;
    host::Statistics statistics_;
    host::InsertStream stream_;
    std::vector<std::unique_ptr<SimulatedService>> services_;
    Promises promises_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::uint64_t planned_count_ = 0;
    std::uint64_t renewal_count_ = 0;
    std::uint64_t next_renewal_ns_ = 0;
    std::vector<std::uint64_t> respawns_due_ns_;
    bool tells_;
    bool is_inside_call_ = false;
    std::uint64_t deadline_ns_ = 0;
};

}  // namespace outboard::test
