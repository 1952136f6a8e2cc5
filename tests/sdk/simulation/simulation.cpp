// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/simulation.hpp"

#include "rt/os/clock.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace outboard::test {

namespace {

constexpr std::int32_t first_process_id = 100;

/// A caller keeps a reference to its host and hands it out; the stream asks for none.
[[nodiscard]] host::Host& no_host()
{
    alignas(std::max_align_t) static std::array<std::byte, 16> nothing{};
    return reinterpret_cast<host::Host&>(nothing);
}

[[nodiscard]] host::History make_history(std::uint64_t frame_count)
{
    auto history = host::History::create(signal_channel_count, frame_count);
    REQUIRE(history);
    return std::move(*history);
}

/// The caller asks the kernel once, when it is made.
[[nodiscard]] const Schedule& started(World& world, const Schedule& schedule)
{
    virtual_os().start(world, Settings::start_ns, Settings{schedule.seed}.waits_on_many);
    return schedule;
}

}  // namespace

Simulation::Simulation(const Schedule& schedule, Totals& totals, bool tells)
    : schedule_(started(*this, schedule)),
      totals_(totals),
      settings_(schedule.seed),
      caller_(no_host(), ob_caller_config{}, 0),
      parameters_({}),
      stream_(caller_, settings_.format, settings_.stream_options(), parameters_, statistics_,
              make_history(settings_.history_frames)),
      promises_(settings_, services_, stream_, statistics_),
      tells_(tells)
{
    tell("free pace", settings_.is_free() ? 1 : 0);
    tell("frames of a unit", settings_.format.unit_frame_count);
    tell("latency in frames", settings_.format.latency_frames());
    tell("replicas", settings_.replica_count);
    tell("has futex_waitv", settings_.waits_on_many ? 1 : 0);
    tell("deterministic", settings_.is_deterministic ? 1 : 0);
    tell("warm", settings_.is_warm ? 1 : 0);
    stream_.replicas().set_hedge_ns(settings_.hedge_ns);
    plan(Settings::start_ns + Settings::plain_interval_ns, Step::plain);
    for (std::uint32_t count = 0; count < settings_.replica_count; ++count)
        start_service(true);
}

std::string Simulation::run()
{
    for (std::uint64_t block = 0; block < schedule_.block_count; ++block) {
        if (!settings_.is_free())
            virtual_os().advance_to(Settings::start_ns + (block + 1) * Settings::period_ns);
        if (!run_block(block) || !promises_.broken().empty())
            break;
    }
    if (promises_.broken().empty())
        promises_.check_end();
    totals_.losses += promises_.loss_count();
    totals_.identical_frames += promises_.identical_frame_count();
    (settings_.is_warm ? totals_.saved_by_reserve : totals_.saved_by_standby) +=
        promises_.saved_block_count();
    totals_.poison_units += promises_.told_poison_count();
    return promises_.broken();
}

/// @return false when the stream has ended
bool Simulation::run_block(std::uint64_t block)
{
    const std::uint64_t start_ns = virtual_os().now_ns;
    virtual_os().clock_read_count = 0;
    plan_strikes(block, start_ns);
    deadline_ns_ = start_ns + Settings::budget_ns;
    caller_.begin_cycle(start_ns, Settings::budget_ns);
    promises_.begin_block(block, deadline_ns_);
    is_inside_call_ = true;
    const ob_status status =
        stream_.process(promises_.inputs(), promises_.outputs(), promises_.frame_count());
    is_inside_call_ = false;
    promises_.end_block(status);
    tell("block", static_cast<std::int64_t>(block));
    tell("    status", status);
    tell("    primary", stream_.replicas().primary_process_id());
    ++totals_.blocks;
    totals_.free_pace_blocks += settings_.is_free() ? 1 : 0;
    totals_.concealed_blocks += status == OB_CONCEALED ? 1 : 0;
    totals_.given_up += status == OB_ERR_GAVE_UP ? 1 : 0;
    return status != OB_ERR_GAVE_UP;
}

void Simulation::plan(std::uint64_t at_ns, Step step, std::size_t index)
{
    events_.push({.at_ns = at_ns, .order = planned_count_++, .step = step, .index = index});
}

void Simulation::plan_strikes(std::uint64_t block, std::uint64_t block_start_ns)
{
    for (std::size_t index = 0; index < schedule_.events.size(); ++index) {
        if (schedule_.events[index].block == block)
            plan(block_start_ns + schedule_.events[index].offset_ns, Step::strike, index);
    }
}

void Simulation::run_next_event()
{
    const Event event = events_.top();
    events_.pop();
    switch (event.step) {
        case Step::plain: run_plain_thread(); return;
        case Step::strike: strike(schedule_.events[event.index]); return;
        case Step::death_noted: note_death(*services_[event.index]); return;
        case Step::renewed: end_renewal(*services_[event.index]); return;
        case Step::service_wakes:
        case Step::service_answers: break;
    }
    SimulatedService& service = *services_[event.index];
    service.is_answering = event.step == Step::service_answers;
    service.has_missed_event = service.state == SimulatedService::State::stopped;
    if (service.state != SimulatedService::State::running)
        return;
    if (service.is_answering) {
        answer(service, event.index);
    } else {
        wake(service, event.index);
    }
}

void Simulation::on_wake(const std::atomic<std::uint32_t>& word)
{
    for (std::size_t index = 0; index < services_.size(); ++index) {
        SimulatedService& service = *services_[index];
        if (service.is_gone || &service.request_bell().rung != &word)
            continue;
        service.rung_ns = virtual_os().now_ns;
        if (service.is_busy)
            return;
        service.is_busy = true;
        plan(virtual_os().now_ns + settings_.wake_ns(service.process_id, service.next_unit),
             Step::service_wakes, index);
        return;
    }
}

void Simulation::on_sleep(std::uint64_t deadline_ns)
{
    if (is_inside_call_ && !settings_.is_free() && deadline_ns > deadline_ns_)
        promises_.fail("waits past the deadline");
}

void Simulation::on_runaway(const char* what)
{
    std::printf("%s: OB_TEST_SCHEDULE=%s\n", what, to_text(schedule_).c_str());
    static_cast<void>(std::fflush(stdout));
    std::_Exit(1);
}

void Simulation::wake(SimulatedService& service, std::size_t index)
{
    service.request_bell().asleep.store(0, std::memory_order_seq_cst);
    work(service, index);
}

void Simulation::work(SimulatedService& service, std::size_t index)
{
    while (service.take_unit(virtual_os().now_ns)) {
        promises_.check_order(service);
        if (std::exchange(service.skips, false)) {
            service.has_sinned |= settings_.is_free();  // where nothing may be left out
            service.skipped_units.insert(service.header.sequence);
            continue;
        }
        if (promises_.is_poison(service.header.sequence)) {
            promises_.note_poisoned(service);
            die(service);
            return;
        }
        service.header.dsp_started_ns = virtual_os().now_ns;
        const std::uint64_t dsp_ns = settings_.dsp_ns(service.process_id, service.header.sequence) +
                                     service.slow_ns + std::exchange(service.late_ns, 0);
        plan(virtual_os().now_ns + dsp_ns, Step::service_answers, index);
        return;
    }
    service.is_busy = false;
    service.request_bell().asleep.store(1, std::memory_order_seq_cst);
}

void Simulation::answer(SimulatedService& service, std::size_t index)
{
    if (!service.publish(virtual_os().now_ns)) {  // the caller has not read for a long time
        plan(virtual_os().now_ns + 200'000, Step::service_answers, index);
        return;
    }
    tell("answer of", service.process_id);
    tell("    to unit", static_cast<std::int64_t>(service.header.sequence));
    if (service.dies_unrung) {
        die(service);
        return;
    }
    static_cast<void>(rt::ring(service.reply_bell()));
    work(service, index);
}

void Simulation::die(SimulatedService& service)
{
    if (service.state == SimulatedService::State::dead)
        return;
    service.state = SimulatedService::State::dead;
    ++totals_.deaths;
    plan(virtual_os().now_ns + settings_.detect_ns(service.process_id), Step::death_noted,
         index_of(service));
}

void Simulation::crash(SimulatedService& service)
{
    if (service.state != SimulatedService::State::running)
        return;
    service.say_dying();
    if (service.marked_ns == 0)
        service.marked_ns = virtual_os().now_ns;
    service.is_marked = true;
    static_cast<void>(rt::ring(service.reply_bell()));
    die(service);
}

void Simulation::resume(SimulatedService& service, std::size_t index)
{
    if (service.state != SimulatedService::State::stopped)
        return;
    service.state = SimulatedService::State::running;
    if (std::exchange(service.has_missed_event, false)) {
        plan(virtual_os().now_ns,
             service.is_answering ? Step::service_answers : Step::service_wakes, index);
    }
}

SimulatedService* Simulation::target(std::uint32_t number)
{
    std::vector<SimulatedService*> living;
    for (const auto& service : services_) {
        if (service->state != SimulatedService::State::dead)
            living.push_back(service.get());
    }
    return living.empty() ? nullptr : living[number % living.size()];
}

void Simulation::strike(const SimulationEvent& event)
{
    ++totals_.strikes;
    tell("strike", static_cast<std::int64_t>(event.strike));
    if (event.strike == Strike::add && services_.size() < 12)
        return start_surplus();
    if (event.strike == Strike::withdraw) {
        if (event.argument % 2 == 0 && services_.size() < 12)
            start_surplus();
        return withdraw_one();
    }
    SimulatedService* const service = target(event.target);
    if (service == nullptr)
        return;
    service->was_struck |= event.strike != Strike::ring && event.strike != Strike::diverge &&
                           event.strike != Strike::poison;
    switch (event.strike) {
        case Strike::kill: die(*service); break;
        case Strike::crash: crash(*service); break;
        case Strike::kill_unrung: service->dies_unrung = true; break;
        case Strike::stop: service->state = SimulatedService::State::stopped; break;
        case Strike::resume: resume(*service, index_of(*service)); break;
        case Strike::late: service->late_ns = std::uint64_t{event.argument} * 1000; break;
        case Strike::slow:
            service->slow_ns = 3'000'000 + std::uint64_t{event.argument % 8} * 1'000'000;
            break;
        case Strike::skip: service->skips = true; break;
        case Strike::not_a_number: service->gives_nan = true; break;
        case Strike::wrong_sequence: service->is_wrong_unit = true; break;
        case Strike::wrong_length: service->is_wrong_length = true; break;
        case Strike::twice: service->answers_twice = true; break;
        case Strike::wild_output: service->scribble(true); break;
        case Strike::wild_input: service->scribble(false); break;
        case Strike::diverge:
            service->processor.state ^= 1;
            service->is_exact = false;
            break;
        case Strike::poison: promises_.add_poison(service->next_unit); break;
        case Strike::ring: static_cast<void>(rt::ring(service->reply_bell())); break;
        case Strike::add:
        case Strike::withdraw: break;
    }
}

// ---- supervisor and plain thread -------------------------------------------------------------

void Simulation::note_death(SimulatedService& service)
{
    if (service.is_gone)
        return;
    service.has_ended = true;
    service.is_marked = true;
    tell("death noted of", service.process_id);
    if (service.marked_ns == 0)
        service.marked_ns = virtual_os().now_ns;
    service.replica->exit_detail.store(-9, std::memory_order_relaxed);
    service.replica->mark_ended(virtual_os().now_ns);
    caller_.raise_alarm();
}

void Simulation::run_plain_thread()
{
    const std::uint64_t now_ns = virtual_os().now_ns;
    std::size_t kept_count = 0;
    std::size_t serving_count = respawns_due_ns_.size();
    for (const auto& service : services_) {
        if (service->is_gone)
            continue;
        ++kept_count;
        const bool is_released = service->replica->is_released();
        if (is_released && !std::exchange(service->is_condemned, true))
            die(*service);
        if (!is_released && !service->is_marked)
            ++serving_count;
        const bool can_go = is_released || service->is_renewing ||
                            (service->has_ended && stream_.replicas().withdraw(*service->replica));
        if (service->has_ended && can_go)
            dispose(*service);
    }
    for (; settings_.is_respawned && serving_count < settings_.service_count(); ++serving_count)
        respawns_due_ns_.push_back(
            now_ns + settings_.respawn_ns(static_cast<std::int32_t>(services_.size())));
    for (std::uint64_t& due_ns : respawns_due_ns_) {
        if (due_ns <= now_ns && kept_count < host::ReplicaSet::capacity && can_start()) {
            start_service(false);
            ++kept_count;
            due_ns = 0;
        }
    }
    std::erase(respawns_due_ns_, std::uint64_t{0});
    if (settings_.is_warm)
        renew_reserve();
    plan(now_ns + Settings::plain_interval_ns, Step::plain);
}

/// From here on the caller must not touch it.
void Simulation::dispose(SimulatedService& service)
{
    tell("unmapped", service.process_id);
    service.state = SimulatedService::State::dead;
    service.is_gone = true;
    service.replica.reset();
    service.memory.revoke();
}

void Simulation::start_service(bool is_first)
{
    const auto kept_count = std::count_if(services_.begin(), services_.end(),
                                          [](const auto& other) { return !other->is_gone; });
    if (kept_count == host::ReplicaSet::capacity)
        return;  // as many places as replicas
    const auto process_id = first_process_id + static_cast<std::int32_t>(services_.size());
    auto service = std::make_unique<SimulatedService>(
        host::make_shape(settings_.format, settings_.insert.event_bytes), process_id);
    service->offered_ns = virtual_os().now_ns;
    service->beats_ns.push_back(service->offered_ns);
    if (is_first) {
        service->replica->join_from_reset(host::JoinedWith::stream, 0);
    } else {
        join(*service);
    }
    tell("offered", process_id);
    tell("    first unit", static_cast<std::int64_t>(service->next_unit));
    service->is_reserve = settings_.is_warm && service->next_unit != 0;
    services_.push_back(std::move(service));
    if (services_.back()->is_reserve) {
        stream_.replicas().offer_reserve(*services_.back()->replica);
    } else {
        REQUIRE(stream_.replicas().offer(*services_.back()->replica));
    }
}

void Simulation::start_surplus()
{
    if (settings_.is_warm)
        return;  // there is room for one in reserve
    const std::size_t count = services_.size();
    start_service(false);
    if (services_.size() != count)
        services_.back()->is_surplus = true;
}

/// As the plain thread does: behind the checkpoint of a survivor, or with nothing.
void Simulation::join(SimulatedService& newcomer)
{
    ++totals_.joins;
    newcomer.is_exact = false;
    const SimulatedService* const other = survivor();
    if (other == nullptr || !settings_.has_checkpoints)
        return newcomer.replica->join_from_reset(host::JoinedWith::parameters, 0);
    ++totals_.checkpoint_joins;
    put_behind_checkpoint(newcomer, *other);
}

SimulatedService* Simulation::survivor() const
{
    const auto found = std::find_if(services_.begin(), services_.end(), [](const auto& other) {
        return other->state == SimulatedService::State::running && !other->is_marked &&
               other->answered_until != 0 && !other->is_reserve &&
               other->replica->in_step.load(std::memory_order_relaxed);
    });
    return found != services_.end() ? found->get() : nullptr;
}

void Simulation::put_behind_checkpoint(SimulatedService& service, const SimulatedService& survivor)
{
    service.processor = survivor.checkpoint;
    service.next_unit = service.first_unit = survivor.answered_until;
    service.is_exact = survivor.is_exact;
    service.replica->join_with_checkpoint(
        service.first_unit, survivor.replica->is_exact.load(std::memory_order_relaxed));
}

void Simulation::withdraw_one()
{
    for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
        if ((*service)->is_gone || !stream_.replicas().withdraw(*(*service)->replica))
            continue;
        ++totals_.withdrawn;
        dispose(**service);
        return;
    }
}

void Simulation::tell(const char* what, std::int64_t number) const
{
    if (tells_) {
        std::printf(
            "%9llu us  %s %lld\n",
            static_cast<unsigned long long>((virtual_os().now_ns - Settings::start_ns) / 1000),
            what, static_cast<long long>(number));
    }
}

std::size_t Simulation::index_of(const SimulatedService& service) const
{
    return static_cast<std::size_t>(service.process_id - first_process_id);
}

}  // namespace outboard::test
