// SPDX-License-Identifier: MIT

#include "sdk/src/host/insert.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace outboard::host {

namespace {

/// A service that dies sooner than this after it was ready has had a short life.
constexpr std::uint64_t short_life_ns = 50'000'000;
/// So many short lives in a row open the circuit: pauses grow from here on.
constexpr std::uint32_t short_lives_until_pause = 3;
constexpr std::uint64_t first_pause_ns = 100'000'000;
constexpr std::uint64_t longest_pause_ns = 10'000'000'000;
/// The history reaches back at least so far. At free pace many blocks pass while a checkpoint is
/// fetched.
constexpr double history_seconds = 0.5;
constexpr double history_seconds_free = 2.0;
/// And as far as a processor's finite memory, up to this.
constexpr double tail_seconds_max = 10.0;

[[nodiscard]] Failure nobody_is_primary()
{
    return {OB_AGAIN, "no replica is primary now"};
}

[[nodiscard]] ob_parameter_info to_info(const wire::ParameterOfferT& offer)
{
    ob_parameter_info info{};
    info.id = offer.id;
    info.flags = offer.flags;
    static_cast<void>(std::snprintf(info.key, sizeof(info.key), "%s", offer.key.c_str()));
    static_cast<void>(std::snprintf(info.name, sizeof(info.name), "%s", offer.name.c_str()));
    static_cast<void>(std::snprintf(info.unit, sizeof(info.unit), "%s", offer.unit.c_str()));
    info.minimum = offer.minimum;
    info.maximum = offer.maximum;
    info.initial = offer.initial;
    return info;
}

}  // namespace

Insert::Insert(Caller& caller, Supervisor& supervisor, InsertSurroundings surroundings,
               InsertSpec spec)
    : caller_(&caller),
      supervisor_(&supervisor),
      surroundings_(std::move(surroundings)),
      spec_(std::move(spec)),
      replica_count_(spec_.replica_count())
{
    placement_ = decide_standby_placement(placement_input());
}

std::vector<std::shared_ptr<Link>> Insert::release_lanes()
{
    std::vector<std::shared_ptr<Link>> links;
    for (const Served& served : served_) {
        if (served.connection->phase() == Connection::Phase::streaming || served.is_offered)
            supervisor_->forget(served.connection->replica());
        links.push_back(served.connection->shared_link());
    }
    served_.clear();
    return links;
}

void Insert::advance(std::uint64_t now_ns)
{
    if (start_failure_)
        return;
    for (Served& served : served_)
        advance_one(served, now_ns);
    offer_streaming();
    look_after_standbys();
    hold_checkpoints(now_ns);
    look_after_reserve(now_ns);
    tell_bad_blocks();
    clear_away(now_ns);
    start_missing(now_ns);
}

void Insert::advance_one(Served& served, std::uint64_t now_ns)
{
    Connection& connection = *served.connection;
    connection.advance(now_ns);
    take_error_output(connection);
    end_if_it_lied(served, now_ns);
    start_if_loaded(served, now_ns);
    if (connection.phase() != Connection::Phase::failed || !served.is_offered ||
        connection.replica().ended_ns() != 0)
        return;
    if (connection.is_child() && connection.link().phase() == Link::Phase::failed) {
        // It hung up or broke the protocol; the supervisor reports its end.
        static_cast<void>(rt::os::send_signal(connection.link().process(), SIGKILL));
    } else {  // a found service may leave without ending; the other lanes of a link go on
        connection.replica().mark_ended(now_ns);
    }
}

Failure Insert::make_stream(Connection& connection)
{
    if (has_standbys()) {
        if (Failure failure = check_standby(connection.offer()))
            return failure;
    }
    if (spec_.is_warm() && !connection.has_checkpoints()) {
        return {OB_ERR_REFUSED, "processor '" + connection.offer().name +
                                    "' has no checkpoints: no warm standby (use standby hot, or "
                                    "none)"};
    }
    offer_ = connection.offer();
    format_ = connection.format();
    std::vector<ob_parameter_info> infos;
    for (const auto& parameter : offer_.parameters)
        infos.push_back(to_info(*parameter));
    auto parameters = std::make_unique<ParameterStore>(std::move(infos));
    for (const ob_parameter_value& value : spec_.parameters) {
        const ob_status status = parameters->set(value.id, value.value);
        if (status != OB_OK) {
            return {status,
                    "parameter " + std::to_string(value.id) + " of '" + offer_.name + "'" +
                        (status == OB_ERR_NOT_FOUND ? " does not exist" : " is out of range")};
        }
    }
    auto history = History::create(format_.input_channel_count,
                                   history_frames(connection.ready().tail_frames));
    if (!history)
        return make_failure(history.error(), "memory for the history");

    const StreamOptions options{
        .fallback = spec_.config.fallback,
        .event_bytes = spec_.config.event_bytes,
        .replicas = {
            .pace = spec_.config.pace,
            .replica_count = streaming_count(),
            .is_deterministic = (offer_.flags & OB_PROCESSOR_DETERMINISTIC) != 0,
            .sample_rate_hz = format_.sample_rate_hz,
            .spin_ns = surroundings_.places.shares_caller_cpu  // there it would only be in the way
                           ? 0
                           : std::uint64_t{spec_.config.spin_us} * 1'000,
            .late_limit = spec_.config.late_limit,
            .hang_limit_ns = spec_.config.hang_limit_ns,
            .give_up_ns = spec_.config.give_up_ns}};
    parameters_ = std::move(parameters);
    stream_ = std::make_unique<InsertStream>(*caller_, format_, options, *parameters_, statistics_,
                                             std::move(*history));
    if (connection.has_checkpoints()) {
        held_.emplace(HeldCheckpointsOptions{.pace = spec_.config.pace,
                                             .history_units = stream_->history_units()});
    }
    return {};
}

std::uint64_t Insert::history_frames(std::uint64_t tail_frames) const
{
    const bool is_free = spec_.config.pace == OB_PACE_FREE;
    const double seconds = is_free ? history_seconds_free : history_seconds;
    const std::uint64_t under_way_frames =
        format_.latency_frames() + 2 * format_.max_frame_count + format_.unit_frame_count_max();
    const bool is_finite = (offer_.flags & OB_PROCESSOR_FINITE_MEMORY) != 0;
    const auto tail_max = static_cast<std::uint64_t>(tail_seconds_max * format_.sample_rate_hz);
    const std::uint64_t kept_tail_frames = is_finite && tail_frames <= tail_max ? tail_frames : 0;
    return std::max(static_cast<std::uint64_t>(seconds * format_.sample_rate_hz),
                    under_way_frames + kept_tail_frames);
}

Failure Insert::check_same_processor(const Connection& connection) const
{
    const bool is_same = connection.offer().name == offer_.name &&
                         connection.offer().fixed_frame_count == offer_.fixed_frame_count &&
                         connection.offer().parameters.size() == offer_.parameters.size() &&
                         connection.format().latency_frames() == format_.latency_frames();
    if (is_same)
        return {};
    return {OB_ERR_REFUSED, "the service that was started anew offers another '" + offer_.name +
                                "' than before (latency, block length or parameters differ)"};
}

bool Insert::is_lost(const Served& served) const
{
    if (served.connection->phase() == Connection::Phase::failed)
        return true;
    if (served.connection->phase() != Connection::Phase::streaming)
        return false;
    const Replica& replica = served.connection->replica();
    return replica.ended_ns() != 0 || replica.is_released();
}

bool Insert::is_free_of_caller(const Served& served) const
{
    if (!served.is_offered)
        return true;
    const Replica& replica = served.connection->replica();
    // The supervisor kills a released child first: its memory goes only when it has ended. One that
    // is well leaves when its host hangs up, or goes on with its other lanes.
    const bool has_ended =
        replica.ended_ns() != 0 || !served.connection->is_child() || replica.is_released_well();
    return has_ended &&
           (replica.is_released() || served.is_renewing || stream_->replicas().withdraw(replica));
}

void Insert::clear_away(std::uint64_t now_ns)
{
    for (std::size_t index = 0; index < served_.size();) {
        Served& served = served_[index];
        if (!is_lost(served) || !is_free_of_caller(served)) {
            ++index;
            continue;
        }
        Connection& connection = *served.connection;
        if (served.is_offered) {
            supervisor_->forget(connection.replica());
            note_join(served, now_ns);
            note_loss(served, now_ns);
        } else {
            if (served.is_from_held)
                held_->drop_newest();
            on_failed_start(connection, now_ns);
        }
        served_.erase(served_.begin() + static_cast<std::ptrdiff_t>(index));
    }
}

void Insert::on_failed_start(Connection& connection, std::uint64_t now_ns)
{
    connection.link().finish_error_output();
    take_error_output(connection);
    if (connection.failure())
        last_failure_ = connection.failure();
    if (stream_ == nullptr)
        start_failure_ = last_failure_;
    note_life(0, now_ns);
}

bool Insert::is_circuit_open() const noexcept
{
    return short_lives_ >= short_lives_until_pause;
}

void Insert::note_life(std::uint64_t lived_ns, std::uint64_t now_ns)
{
    if (lived_ns >= short_life_ns) {
        short_lives_ = 0;
        return;
    }
    ++short_lives_;
    if (!is_circuit_open())
        return;
    const std::uint32_t doublings = std::min(short_lives_ - short_lives_until_pause, 10u);
    retry_at_ns_ = now_ns + std::min(first_pause_ns << doublings, longest_pause_ns);
}

void Insert::start_missing(std::uint64_t now_ns)
{
    const std::ptrdiff_t served_count = living_count();
    auto missing = static_cast<std::ptrdiff_t>(replica_count_) - served_count;
    if (served_count != 0 && now_ns < join_again_at_ns_)
        return;
    for (; missing > 0 && !start_failure_ && now_ns >= retry_at_ns_ &&
           served_.size() < ReplicaSet::capacity;
         --missing) {
        served_.push_back({.connection = next_connection(),
                           .is_offered = false,
                           .state_version = state_version_,
                           .survivor = -1,
                           .first_sequence = std::nullopt,
                           .is_from_start = false,
                           .is_from_held = false,
                           .is_reserve = false,
                           .is_renewing = false,
                           .is_told_diverged = false,
                           .has_lied = false,
                           .dying_since_ns = 0});
    }
}

std::uint64_t Insert::due_ns() const
{
    if (start_failure_)
        return rt::os::no_deadline_ns;
    constexpr std::uint64_t look_interval_ns = 5'000'000;
    constexpr std::uint64_t checkpoint_interval_ns = 1'000'000;
    constexpr std::uint64_t hedge_interval_ns = 200'000'000;
    const std::uint64_t now_ns = rt::os::monotonic_ns();
    std::uint64_t due_ns = has_standbys() ? now_ns + hedge_interval_ns : rt::os::no_deadline_ns;
    due_ns = std::min(due_ns, checkpoint_due_ns(now_ns));
    std::uint32_t served_count = 0;
    for (const Served& served : served_) {
        due_ns = std::min(due_ns, served.connection->due_ns());
        if (served.connection->phase() == Connection::Phase::loaded)
            due_ns = std::min(due_ns, now_ns + checkpoint_interval_ns);
        if (is_lost(served)) {  // nobody tells us when the caller lets go: look again
            due_ns = std::min(due_ns, now_ns + look_interval_ns);
        } else {
            ++served_count;
        }
    }
    if (served_count == replica_count_)
        return due_ns;
    if (served_count > replica_count_)  // nor when it lets go of one that is no longer wanted
        return std::min(due_ns, now_ns + look_interval_ns);
    return std::min(due_ns, std::max(retry_at_ns_, served_count != 0 ? join_again_at_ns_ : 0));
}

Connection* Insert::streaming() const noexcept
{
    Connection* best = nullptr;
    int best_rank = 0;
    const std::int32_t primary = stream_ != nullptr ? stream_->replicas().primary_process_id() : -1;
    for (const Served& served : served_) {
        if (!served.is_offered || is_lost(served))
            continue;
        const bool in_step = served.connection->replica().in_step.load(std::memory_order_relaxed);
        const int rank =
            1 + (in_step ? 1 : 0) + (served.connection->process_id() == primary ? 2 : 0);
        if (rank > best_rank) {
            best = served.connection.get();
            best_rank = rank;
        }
    }
    return best;
}

Failure Insert::inject_fault(ob_fault fault, std::uint32_t argument)
{
    if (fault < OB_FAULT_KILL || fault > OB_FAULT_NAN)
        return {OB_ERR_INVALID_ARGUMENT, "unknown kind of fault " + std::to_string(fault)};
    Connection* const connection = streaming();
    if (connection == nullptr ||
        connection->process_id() != stream_->replicas().primary_process_id() ||
        connection->replica().has_ended())
        return nobody_is_primary();
    const bool is_signal = fault == OB_FAULT_KILL || fault == OB_FAULT_STOP;
    if (is_signal && !connection->is_child())
        return {OB_ERR_REFUSED, "a service that was found by name is never signalled"};
    if (!is_signal && !connection->link().has_fault_hook())
        return {OB_ERR_REFUSED, "this fault needs a service started with OB_INSERT_FAULT_HOOK"};

    const std::uint64_t earlier_ns =
        connection->replica().fault_ns.exchange(rt::os::monotonic_ns(), std::memory_order_relaxed);
    rt::Result<void> struck;
    if (is_signal) {
        struck = rt::os::send_signal(connection->link().process(),
                                     fault == OB_FAULT_KILL ? SIGKILL : SIGSTOP);
    } else {
        wire::InjectFaultT message;
        message.kind = fault;
        message.argument = argument;
        struck = connection->link().send(message);
    }
    if (struck)
        return {};
    connection->replica().fault_ns.store(earlier_ns, std::memory_order_relaxed);
    // It has gone meanwhile, of something else.
    if (struck.error().code == rt::ErrorCode::disconnected)
        return nobody_is_primary();
    return make_failure(struck.error(), "cannot strike the service");
}

}  // namespace outboard::host
