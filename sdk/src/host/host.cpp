// SPDX-License-Identifier: MIT

#include "sdk/src/host/host.hpp"

#include "rt/control/placement.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/scheduling.hpp"
#include "sdk/src/host/copy_text.hpp"
#include "sdk/src/link/layout.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <utility>

namespace outboard::host {

namespace {

constexpr std::chrono::seconds reply_limit{1};
constexpr std::uint64_t probe_limit_ns = 2'000'000'000;

/// DSP threads run two below the audio thread, one below the supervisor. Under 4 the ladder has no
/// room, and they take the caller's own priority.
[[nodiscard]] std::int32_t dsp_priority(std::int32_t caller_priority) noexcept
{
    constexpr std::int32_t ladder_min = 4;
    return caller_priority >= ladder_min ? caller_priority - 2 : caller_priority;
}

}  // namespace

rt::Result<std::unique_ptr<Host>> Host::create(const ob_host_config& config)
{
    auto wake = rt::os::WakeEvent::create();
    if (!wake)
        return tl::unexpected(wake.error());
    auto supervisor_wake = rt::os::WakeEvent::create();
    if (!supervisor_wake)
        return tl::unexpected(supervisor_wake.error());
    std::unique_ptr<Host> host{new Host{config, std::move(*wake)}};
    host->supervisor_ = std::make_unique<Supervisor>(
        config.supervisor_priority, std::move(*supervisor_wake),
        [wake_plain_thread = &host->wake_] { wake_plain_thread->signal(); });
    host->open_observation();
    host->plain_thread_ = std::thread{[raw = host.get()] { raw->run(); }};
    return host;
}

Host::Host(const ob_host_config& config, rt::os::WakeEvent wake) noexcept
    : name_(config.name != nullptr ? config.name : "host"),
      service_directory_(config.service_directory != nullptr ? config.service_directory : ""),
      grouping_(config.grouping),
      log_(config.log),
      log_context_(config.log_context),
      wake_(std::move(wake)),
      caller_places_(link::caller_count_max, false)
{
    if (config.hold_cpu_latency == 0)
        return;
    if (auto held = rt::os::hold_cpu_latency(0)) {
        cpu_latency_ = std::move(*held);
    } else {
        log(OB_LOG_WARNING, "CPU wake-up latency is not held low: " + api::describe(held.error()));
    }
}

Host::~Host()
{
    OB_ASSERT(inserts_.empty());
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    wake_.signal();
    plain_thread_.join();
}

void Host::open_observation()
{
    auto observation = Observation::open([this] {
        ob_observed_host described{};
        copy_text(name_, described.name);
        described.cpu_latency_held = holds_cpu_latency() ? 1 : 0;
        described.supervisor = supervisor_grant();
        return described;
    });
    if (observation) {
        observation_ = *std::move(observation);
    } else {
        log(OB_LOG_DEBUG, "the host cannot be observed: " + api::describe(observation.error()));
    }
}

void Host::log(ob_log_level level, const std::string& message) const
{
    if (log_ != nullptr)
        log_(log_context_, level, message.c_str());
}

/// Without a log, what services say goes where they would say it themselves.
void Host::log_all(const std::vector<LogLine>& lines) const
{
    for (const LogLine& line : lines) {
        if (log_ != nullptr) {
            log(line.level, line.text);
        } else if (line.is_of_service) {
            static_cast<void>(std::fprintf(stderr, "%s\n", line.text.c_str()));
        }
    }
}

std::unique_ptr<Caller> Host::make_caller(const ob_caller_config& config)
{
    const std::lock_guard lock{mutex_};
    const auto place = std::find(caller_places_.begin(), caller_places_.end(), false);
    if (place == caller_places_.end())
        return nullptr;
    const auto index = static_cast<std::uint32_t>(place - caller_places_.begin());
    auto caller = std::make_unique<Caller>(*this, config, index);
    *place = true;
    return caller;
}

void Host::free_caller(std::uint32_t index)
{
    const std::lock_guard lock{mutex_};
    caller_places_[index] = false;
}

LinkSpec Host::link_spec(const std::string& service) const
{
    return {.service = service,
            .group = "",
            .host_name = name_,
            .service_directory = service_directory_,
            .has_fault_hook = false,
            .dsp_spin_us = 0};
}

std::string Host::group_of(const Caller& caller, const InsertSpec& spec) const
{
    if (!spec.group.empty())
        return "group " + spec.group;
    switch (grouping_) {
        case OB_GROUPING_SERVICE: return "service " + spec.service;
        case OB_GROUPING_CALLER: return "caller " + std::to_string(caller.index());
        case OB_GROUPING_ALL: return "all";
        default: return "";
    }
}

InsertSurroundings Host::surroundings_for(const Caller& caller, const InsertSpec& spec)
{
    const auto cpus = rt::os::thread_cpus(0);
    rt::PlacementInput input{
        .caller_pinned = caller.config().pinned_cpu >= 0,
        .caller_cpu = caller.config().pinned_cpu,
        .allowed_cpus = cpus ? std::span<const int>{*cpus} : std::span<const int>{},
        .requested = static_cast<rt::Placement>(spec.config.placement),
        .dsp_thread_count = spec.replica_count()};
    const auto primary = rt::decide_placement(input);
    input.requested = rt::Placement::other;

    InsertSurroundings surroundings;
    // relaxed: only that no two are equal.
    surroundings.number = last_insert_number_.fetch_add(1, std::memory_order_relaxed) + 1;
    surroundings.links = &links_;
    surroundings.link = link_spec(spec.service);
    surroundings.link.group = group_of(caller, spec);
    surroundings.link.has_fault_hook = (spec.config.flags & OB_INSERT_FAULT_HOOK) != 0;
    surroundings.link.dsp_spin_us = primary.may_spin ? spec.config.spin_us : 0;
    const std::int32_t caller_priority = caller.config().realtime_priority;
    surroundings.places = {
        .primary = {.priority =
                        spec.config.pace == OB_PACE_FREE ? 0 : dsp_priority(caller_priority),
                    .cpus = primary.cpus},
        .shares_caller_cpu = primary.chosen == rt::Placement::same,
        .other_cpus = rt::decide_placement(input).cpus,
        .cpu_count = input.allowed_cpus.size()};
    return surroundings;
}

std::unique_ptr<Insert> Host::start_insert(Caller& caller, InsertSpec spec, Failure& failure)
{
    InsertSurroundings surroundings = surroundings_for(caller, spec);
    failure = check_placement(surroundings.places, spec);
    if (failure)
        return nullptr;
    auto insert =
        std::make_unique<Insert>(caller, *supervisor_, std::move(surroundings), std::move(spec));
    std::unique_lock lock{mutex_};
    inserts_.push_back(insert.get());
    wake_.signal();
    changed_.wait(lock, [&insert] { return insert->has_started() || insert->start_failure(); });
    if (!insert->start_failure())
        return insert;
    failure = insert->start_failure();
    std::erase(inserts_, insert.get());
    const auto links = insert->release_lanes();
    lock.unlock();
    log(OB_LOG_ERROR, failure.message);
    return nullptr;  // with the links, which end outside the lock
}

void Host::detach(Insert& insert)
{
    std::vector<std::shared_ptr<Link>> links;
    {
        const std::lock_guard lock{mutex_};
        std::erase(inserts_, &insert);
        links = insert.release_lanes();
        links_.forget(links);
    }
    // While the plain thread polls a link's socket, closing it would not hang up.
    run_on_plain_thread([] {});
}

Failure Host::wait_for_reply(std::unique_lock<std::mutex>& lock, Insert& insert,
                             std::uint32_t request, wire::BodyUnion& reply)
{
    std::optional<wire::BodyUnion> taken;
    const bool has_come = changed_.wait_for(lock, reply_limit, [&] {
        taken = insert.take_reply(request);
        return taken.has_value();
    });
    if (!has_come)
        return {OB_ERR_TIMED_OUT, "the service did not answer within a second"};
    reply = std::move(*taken);
    const auto* const failed = reply.AsFailed();
    if (failed == nullptr)
        return {};
    return {failed->status < 0 ? failed->status : OB_ERR_REFUSED,
            "the service refused: " + failed->message};
}

Failure Host::set_standby_count(Insert& insert, std::uint32_t standby_count)
{
    if (standby_count > standby_count_max) {
        return {OB_ERR_INVALID_ARGUMENT, "standby_count is " + std::to_string(standby_count) +
                                             "; it must be 0 .. " +
                                             std::to_string(standby_count_max)};
    }
    Failure failure = locked([&] { return insert.set_standby_count(standby_count); });
    wake_.signal();
    return failure;
}

Failure Host::save_state(Insert& insert, std::vector<std::byte>& state)
{
    std::unique_lock lock{mutex_};
    Failure failure;
    const std::uint32_t request = insert.request_saved_state(failure);
    if (failure)
        return failure;
    wire::BodyUnion reply;
    failure = wait_for_reply(lock, insert, request, reply);
    if (failure)
        return failure;
    const auto* const saved = reply.AsSavedState();
    if (saved == nullptr)
        return {OB_ERR_PROTOCOL, "the service answered something else than its state"};
    const auto* const bytes = reinterpret_cast<const std::byte*>(saved->state.data());
    state.assign(bytes, bytes + saved->state.size());
    return {};
}

Failure Host::load_state(Insert& insert, std::span<const std::byte> state)
{
    if (state.size() > link::state_bytes_max) {
        return {OB_ERR_INVALID_ARGUMENT, "a state of " + std::to_string(state.size()) +
                                             " bytes is larger than " +
                                             std::to_string(link::state_bytes_max)};
    }
    std::unique_lock lock{mutex_};
    Failure failure;
    const std::uint32_t request = insert.request_loaded_state(state, failure);
    if (failure)
        return failure;
    const bool has_ended = changed_.wait_for(
        lock, reply_limit, [&] { return insert.has_loaded_state(request, failure); });
    if (!has_ended)
        failure = insert.end_loading(request);
    if (!failure)
        insert.adopt_state(state, request);
    wake_.signal();  // the plain thread replaces standbys that have not loaded it
    return failure;
}

void Host::run_on_plain_thread(std::function<void()> job)
{
    std::packaged_task<void()> task{std::move(job)};
    auto done = task.get_future();
    {
        const std::lock_guard lock{mutex_};
        jobs_.emplace_back([&task] { task(); });
    }
    wake_.signal();
    done.get();
}

Failure Host::list_processors(const std::string& service,
                              std::vector<wire::ProcessorOfferT>& offers)
{
    Failure failure;
    // On the plain thread, because a child dies with the thread that started it.
    run_on_plain_thread([&] {
        Link link{link_spec(service)};
        const std::uint64_t limit_at_ns = rt::os::monotonic_ns() + probe_limit_ns;
        while (link.phase() == Link::Phase::greeting) {
            rt::os::PollEntry entry{.handle = link.socket()};
            static_cast<void>(
                rt::os::wait_readable({&entry, 1}, std::min(limit_at_ns, link.due_ns())));
            link.advance(rt::os::monotonic_ns());
        }
        failure = link.failure();
        offers = link.offers();
    });
    return offers.empty() ? failure : Failure{};
}

void Host::run()
{
    rt::os::name_current_thread("ob-plain");
    std::vector<rt::os::PollEntry> entries;
    for (;;) {
        std::uint64_t due_ns = 0;
        std::vector<std::function<void()>> jobs;
        std::vector<LogLine> lines;
        {
            const std::lock_guard lock{mutex_};
            if (is_stopping_)
                return;
            due_ns = advance_all(entries, lines);
            jobs.swap(jobs_);
        }
        log_all(lines);
        changed_.notify_all();
        for (const auto& job : jobs)
            job();
        if (!jobs.empty())
            continue;
        static_cast<void>(rt::os::wait_readable(entries, due_ns));
        if (entries.front().ready)
            wake_.clear();
    }
}

std::uint64_t Host::advance_all(std::vector<rt::os::PollEntry>& entries, std::vector<LogLine>& log)
{
    entries.assign(1, {.handle = wake_.handle()});
    links_.advance(rt::os::monotonic_ns());
    for (Insert* const insert : inserts_)
        insert->advance(rt::os::monotonic_ns());
    links_.add_handles(entries);
    std::uint64_t due_ns = links_.due_ns();
    for (Insert* const insert : inserts_) {
        for (LogLine& line : insert->take_log())
            log.push_back(std::move(line));
        due_ns = std::min(due_ns, insert->due_ns());
    }
    if (observation_ == nullptr)
        return due_ns;
    const std::uint64_t now_ns = rt::os::monotonic_ns();
    observation_->advance(now_ns, inserts_);
    observation_->add_handles(entries);
    return std::min(due_ns, observation_->due_ns(now_ns));
}

}  // namespace outboard::host
