// SPDX-License-Identifier: MIT
//
// A warm standby: a service that is loaded and stands behind a checkpoint of the primary, a newer
// one every some blocks. It computes nothing until the caller calls it in.

#include "sdk/src/host/insert.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace outboard::host {

namespace {

/// From a death to the first unit of a replay: its detection, the post, the wake.
constexpr std::uint64_t call_overhead_ns = 200'000;
/// What a unit of a replay costs beside its DSP: the last ones wake the caller, each for nothing.
constexpr std::uint64_t unit_overhead_ns = 5'000;
/// While the first blocks come, nobody knows yet what a replay costs.
constexpr std::uint64_t samples_min = 100;
constexpr std::uint64_t shortest_interval_ns = 5'000'000;
constexpr std::uint64_t longest_interval_ns = 100'000'000;

/// The caches are cold: rather the slower blocks.
[[nodiscard]] std::uint64_t unit_ns(const rt::Histogram& dsp) noexcept
{
    return dsp.quantile_ns(0.9) + unit_overhead_ns;
}

}  // namespace

void Insert::put_in_reserve(Served& served)
{
    served.is_reserve = true;
    served.is_renewing = false;
    stream_->replicas().offer_reserve(served.connection->replica());
}

Insert::Served* Insert::reserve() noexcept
{
    const auto found = std::find_if(served_.begin(), served_.end(),
                                    [](const Served& served) { return served.is_reserve; });
    return found != served_.end() ? &*found : nullptr;
}

/// The one that would be called in now, if the history reaches back to where it stands.
const Insert::Served* Insert::ready_reserve() const
{
    const auto found = std::find_if(served_.begin(), served_.end(), [this](const Served& served) {
        return served.is_reserve && !served.is_renewing && !is_lost(served) && !is_primary(served);
    });
    if (found == served_.end())
        return nullptr;
    const std::uint64_t replayed_units = stream_->unit_count() - *found->first_sequence;
    return replayed_units < stream_->history_units() ? &*found : nullptr;
}

void Insert::look_after_reserve(std::uint64_t now_ns)
{
    if (!spec_.is_warm() || stream_ == nullptr)
        return;
    held_->set_interval_ns(replay_interval_ns());
    Served* const in_reserve = reserve();
    if (in_reserve == nullptr)
        return;
    if (is_lost(*in_reserve)) {  // until it is cleared away it keeps its place
        if (in_reserve->is_renewing)
            stream_->replicas().set_reserve_is_coming(false);
    } else if (in_reserve->is_renewing) {
        if (in_reserve->connection->is_restoring())
            return;
        join(*in_reserve);
        put_in_reserve(*in_reserve);
        renewal_ns_ = std::max(rt::os::monotonic_ns() - renewal_began_ns_, renewal_ns_ / 8 * 7);
    } else if (is_primary(*in_reserve)) {
        in_reserve->is_reserve = false;
        in_reserve->state_version = state_version_;  // its replay has activated that state
    } else {
        renew(*in_reserve, now_ns);
    }
}

/// While it is being renewed there is no reserve; a caller that needs one waits for it.
void Insert::renew(Served& reserve, std::uint64_t now_ns)
{
    const auto point = held_->restore_point(stream_->unit_count());
    if (!point || point->checkpoint == nullptr || point->first_sequence <= *reserve.first_sequence)
        return;
    if (reserve.state_version != state_version_)
        return retire(reserve);
    ReplicaSet& replicas = stream_->replicas();
    replicas.set_reserve_is_coming(true);
    if (!replicas.withdraw(reserve.connection->replica()))  // it has just been called in
        return replicas.set_reserve_is_coming(false);
    reserve.is_renewing = true;
    renewal_began_ns_ = rt::os::monotonic_ns();
    reserve.first_sequence = point->first_sequence;
    reserve.connection->restore_lane(*point->checkpoint, now_ns);
}

/// It is no longer wanted, or of no more use.
void Insert::retire(Served& reserve)
{
    Replica& replica = reserve.connection->replica();
    if (!reserve.is_renewing && !stream_->replicas().withdraw(replica))
        return;  // it serves already
    if (reserve.is_renewing)
        stream_->replicas().set_reserve_is_coming(false);
    reserve.is_reserve = false;
    reserve.is_renewing = false;
    replica.release(OB_CAUSE_REMOVED);
}

/// Of so many units, until the answer to the last, if a renewal has just begun. What the ring does
/// not take at once is posted with the blocks that follow.
std::uint64_t Insert::replay_ns(std::uint64_t unit_count) const
{
    const rt::Histogram& dsp = statistics_.histograms[OB_HISTOGRAM_DSP];
    if (dsp.count() < samples_min)
        return 0;
    return call_overhead_ns + renewal_ns_ + unit_count * unit_ns(dsp) + 2 * dsp.quantile_ns(0.99) +
           unit_count / units_posted_at_once() * period_ns();
}

std::uint64_t Insert::units_posted_at_once() const
{
    return replay_slot_count(format_, spec_.config.event_bytes);
}

/// How often the reserve is renewed: so that a replay takes a third of the time that there is, and
/// a third of the ring.
std::uint64_t Insert::replay_interval_ns() const
{
    const rt::Histogram& dsp = statistics_.histograms[OB_HISTOGRAM_DSP];
    const std::uint64_t fixed_ns = replay_ns(0);
    const std::uint64_t budget_ns = answer_budget_ns();
    if (fixed_ns == 0 || budget_ns <= fixed_ns)
        return shortest_interval_ns;
    const std::uint64_t fitting_units =
        std::min((budget_ns - fixed_ns) / unit_ns(dsp), units_posted_at_once());
    return std::clamp(fitting_units * period_ns() / 3, shortest_interval_ns, longest_interval_ns);
}

ob_guarantee Insert::guarantee_of_reserve(const Served& reserve, std::string& reason) const
{
    const bool is_deterministic = (offer_.flags & OB_PROCESSOR_DETERMINISTIC) != 0;
    if (is_deterministic && reserve.connection->replica().has_past_that_matters()) {
        reason.clear();
        return OB_GUARANTEE_EXACT;
    }
    reason = is_deterministic ? "the standby has its past of one whose output was not the primary's"
                              : "the processor does not say of itself that it is deterministic";
    return OB_GUARANTEE_PARAMETERS;
}

}  // namespace outboard::host
