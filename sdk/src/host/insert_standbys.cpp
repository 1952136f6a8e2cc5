// SPDX-License-Identifier: MIT
//
// The standbys of an insert: how many there are, where they run, how they do.

#include "sdk/src/host/insert.hpp"

#include "sdk/src/host/loss.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace outboard::host {

namespace {

/// Figures of fewer blocks decide nothing.
constexpr std::uint64_t samples_min = 100;
/// So many standbys in a row that could not keep up, and the next has to wait.
constexpr std::uint32_t joins_until_pause = 3;
constexpr std::uint64_t join_pause_ns = 10'000'000'000;

}  // namespace

Failure check_placement(const InsertPlaces& places, const InsertSpec& spec)
{
    if (spec.config.standby != OB_STANDBY_HOT ||
        spec.config.standby_placement != OB_STANDBY_PLACEMENT_TRAILING)
        return {};
    const std::string obstacle = why_not_trailing({.requested = spec.config.standby_placement,
                                                   .is_free_pace = spec.config.pace == OB_PACE_FREE,
                                                   .shares_caller_cpu = places.shares_caller_cpu,
                                                   .primary_priority = places.primary.priority});
    if (obstacle.empty())
        return {};
    return {OB_ERR_INVALID_ARGUMENT,
            "standby_placement is trailing, but " + obstacle +
                " (it takes a caller of real-time priority 4 or more, pinned to one CPU)"};
}

Failure Insert::set_standby_count(std::uint32_t standby_count)
{
    if (standby_count != 0) {
        if (Failure failure = check_standby(offer_))
            return failure;
    }
    if (spec_.is_warm() && standby_count > warm_standby_count_max)
        return {OB_ERR_INVALID_ARGUMENT, "an insert has one warm standby, or none"};
    if (replica_count_ != 1 + standby_count) {
        log_.push_back({OB_LOG_INFO, "'" + spec_.service + "' is to have " +
                                         std::to_string(standby_count) + " standbys"});
    }
    replica_count_ = 1 + standby_count;
    failed_joins_ = 0;
    join_again_at_ns_ = 0;
    stream_->replicas().set_wanted_count(streaming_count());
    return {};
}

void Insert::look_after_standbys()
{
    if (stream_ == nullptr)
        return;
    drop_unused();
    tell_divergences();
    if (!has_standbys() || spec_.is_warm())
        return;
    if (standby_count_in_step() != 0)
        failed_joins_ = 0;
    update_hedge();
    choose_placement();
    move_replicas();
}

/// Ends what is on its way to the caller and no longer wanted. What the caller has it lets go
/// itself: only it knows who is primary.
void Insert::drop_unused()
{
    std::ptrdiff_t surplus = living_count() - static_cast<std::ptrdiff_t>(replica_count_);
    Served* const in_reserve = reserve();
    if (surplus > 0 && in_reserve != nullptr && !is_lost(*in_reserve)) {
        retire(*in_reserve);
        --surplus;
    }
    for (std::size_t index = served_.size(); index-- > 0 && surplus > 0;) {
        if (served_[index].is_offered || is_lost(served_[index]))
            continue;
        served_.erase(served_.begin() + static_cast<std::ptrdiff_t>(index));
        --surplus;
    }
}

std::ptrdiff_t Insert::living_count() const
{
    return std::count_if(served_.begin(), served_.end(),
                         [this](const Served& served) { return !is_lost(served); });
}

bool Insert::is_primary(const Served& served) const noexcept
{
    return served.connection->process_id() == stream_->replicas().primary_process_id();
}

DspPlace Insert::standby_place() const
{
    const InsertPlaces& places = surroundings_.places;
    DspPlace place = places.primary;
    if (placement_.chosen == OB_STANDBY_PLACEMENT_TRAILING) {
        OB_ASSERT(place.priority > 1);
        --place.priority;
    } else if (places.shares_caller_cpu) {
        place.cpus = places.other_cpus;
    }
    return place;
}

std::unique_ptr<Connection> Insert::next_connection() const
{
    std::vector<const Link*> in_use;
    for (const Served& served : served_)
        in_use.push_back(&served.connection->link());
    LaneContext context;
    context.dsp =
        living_count() == 0 || spec_.is_warm() ? surroundings_.places.primary : standby_place();
    return std::make_unique<Connection>(spec_, std::move(context),
                                        surroundings_.links->open(surroundings_.link, in_use));
}

StandbyPlacementInput Insert::placement_input() const
{
    const rt::Histogram& dsp = statistics_.histograms[OB_HISTOGRAM_DSP];
    const bool is_measured = stream_ != nullptr && dsp.count() >= samples_min;
    return {.requested = spec_.config.standby_placement,
            .is_free_pace = spec_.config.pace == OB_PACE_FREE,
            .shares_caller_cpu = surroundings_.places.shares_caller_cpu,
            .primary_priority = surroundings_.places.primary.priority,
            .cpu_count = surroundings_.places.cpu_count,
            .dsp_p99_ns = is_measured ? dsp.quantile_ns(0.99) : 0,
            .deadline_ns = is_measured ? std::min(answer_budget_ns(), period_ns()) : 0,
            .was_unfit = trailing_was_unfit_};
}

std::uint64_t Insert::period_ns() const noexcept
{
    return static_cast<std::uint64_t>(1e9 * spec_.config.max_frame_count /
                                      spec_.config.sample_rate_hz);
}

/// What a block may take until its answer is wanted.
std::uint64_t Insert::answer_budget_ns() const
{
    const double latency_frames = spec_.config.mode == OB_MODE_PIPELINED
                                      ? spec_.config.latency_blocks * spec_.config.max_frame_count
                                      : 0;
    return stream_->budget_ns() +
           static_cast<std::uint64_t>(1e9 * latency_frames / spec_.config.sample_rate_hz);
}

void Insert::choose_placement()
{
    StandbyPlacementDecision decision = decide_standby_placement(placement_input());
    const bool was_trailing = placement_.chosen == OB_STANDBY_PLACEMENT_TRAILING;
    const bool is_trailing = decision.chosen == OB_STANDBY_PLACEMENT_TRAILING;
    if (was_trailing && !is_trailing) {
        trailing_was_unfit_ = true;
        log_.push_back({OB_LOG_INFO, "standbys of '" + spec_.service +
                                         "' move to another CPU: " + decision.reason});
    }
    // The figures that it was given up for are kept in the status.
    if (was_trailing || is_trailing || !trailing_was_unfit_)
        placement_ = std::move(decision);
    stream_->replicas().set_rings_together(is_trailing);
}

/// Each to the place of its role: after a death a standby is primary.
void Insert::move_replicas()
{
    if (stream_->replicas().primary_process_id() < 0)
        return;
    for (const Served& served : served_) {
        if (!served.is_offered || is_lost(served))
            continue;
        const DspPlace place = is_primary(served) ? surroundings_.places.primary : standby_place();
        if (served.connection->place() != place)
            served.connection->move_to(place);
    }
}

void Insert::tell_divergences()
{
    for (Served& served : served_) {
        if (!served.is_offered)
            continue;
        const Replica& replica = served.connection->replica();
        const bool is_diverged =
            replica.has_past_that_matters() && replica.is_diverged.load(std::memory_order_relaxed);
        if (is_diverged && !served.is_told_diverged) {
            log_.push_back(
                {OB_LOG_WARNING, "'" + offer_.name + "': the output of standby " +
                                     std::to_string(served.connection->process_id()) +
                                     " is not that of the primary; a change to it would be faded"});
        }
        served.is_told_diverged = is_diverged;
    }
}

/// Counts standbys that could not keep up; after some the next one waits.
void Insert::note_join(const Served& lost, std::uint64_t now_ns)
{
    if (loss_cause(*lost.connection) != OB_CAUSE_BEHIND || ++failed_joins_ < joins_until_pause)
        return;
    join_again_at_ns_ = now_ns + join_pause_ns;
    log_.push_back({OB_LOG_WARNING, "a standby of '" + spec_.service +
                                        "' cannot keep up; the next one starts in 10 s"});
}

/// Standbys on other CPUs are rung when the primary takes longer than it usually does.
void Insert::update_hedge()
{
    const rt::Histogram& round_trip = statistics_.histograms[OB_HISTOGRAM_ROUND_TRIP];
    if (round_trip.count() >= samples_min) {
        stream_->replicas().set_hedge_ns(
            std::max(4 * round_trip.quantile_ns(0.5), round_trip.quantile_ns(0.99)));
    }
}

}  // namespace outboard::host
