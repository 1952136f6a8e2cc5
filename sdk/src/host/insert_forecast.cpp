// SPDX-License-Identifier: MIT
//
// What the death of the primary would cost.

#include "sdk/src/host/copy_text.hpp"
#include "sdk/src/host/insert.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace outboard::host {

namespace {

/// From a death on another CPU to a standby that has been woken: the supervisor's alarm, the ring.
constexpr std::uint64_t other_cpu_overhead_ns = 200'000;
constexpr std::uint64_t trailing_overhead_ns = 100'000;

[[nodiscard]] std::string in_us(std::uint64_t time_ns)
{
    return std::to_string(time_ns / 1000) + " us";
}

}  // namespace

/// Of one standby that is in step.
ob_guarantee Insert::guarantee_of(const Replica& standby, std::string& reason)
{
    if (standby.is_exact.load(std::memory_order_relaxed)) {
        reason.clear();
        return OB_GUARANTEE_EXACT;
    }
    if (!standby.has_past_that_matters()) {
        reason = standby.joined_with() == JoinedWith::checkpoint
                     ? "the standby has its past of one whose output was not the primary's"
                     : "the processor has no checkpoints: a newcomer has state and parameters only";
        return OB_GUARANTEE_PARAMETERS;
    }
    if (standby.is_diverged.load(std::memory_order_relaxed)) {
        reason = "the standby's output was not that of the primary within the last second";
        return OB_GUARANTEE_PARAMETERS;
    }
    reason = "the standby's output has not been compared with the primary's for a second yet";
    return OB_GUARANTEE_FINITE_MEMORY;
}

/// Why none is in step.
std::string Insert::why_no_standby() const
{
    if (!has_standbys())
        return "no standby was asked for";
    using Phase = Connection::Phase;
    std::string reason = "a standby is about to be started";
    if (const std::uint64_t now_ns = rt::os::monotonic_ns(); now_ns < join_again_at_ns_) {
        reason = "cannot keep up: " + std::to_string(failed_joins_) +
                 " standbys fell behind; the " + "next one starts in " +
                 std::to_string((join_again_at_ns_ - now_ns) / 1'000'000'000 + 1) + " s";
    } else if (is_circuit_open()) {
        reason = "services do not live: " + last_failure_.message;
    }
    for (const Served& served : served_) {
        const Phase phase = served.connection->phase();
        if (is_lost(served) || (served.is_offered && is_primary(served)))
            continue;
        if (served.is_renewing)
            return "the standby is being laid behind a newer checkpoint";
        if (served.is_reserve)
            return "the history does not reach back to the standby's checkpoint";
        if (served.is_offered)
            return "a standby is catching up with the stream";
        reason = phase == Phase::loaded     ? "a standby waits for a checkpoint of the primary"
                 : phase == Phase::starting ? "a standby restores a checkpoint"
                                            : "a standby is being loaded";
    }
    return reason;
}

ob_guarantee Insert::guarantee(std::string& reason) const
{
    ob_guarantee best = OB_GUARANTEE_NONE;
    reason = why_no_standby();
    if (const Served* const in_reserve = ready_reserve())
        return guarantee_of_reserve(*in_reserve, reason);
    for (const Served& served : served_) {
        if (!served.is_offered || served.is_reserve || is_lost(served) || is_primary(served))
            continue;
        const Replica& standby = served.connection->replica();
        if (!standby.in_step.load(std::memory_order_relaxed))
            continue;
        std::string why;
        const ob_guarantee found = guarantee_of(standby, why);
        if (found <= best)
            continue;
        best = found;
        reason = why;
    }
    return best;
}

/// The longest that a block may take over which the primary dies: at the end of its DSP, and then
/// the standby does it anew.
std::uint64_t Insert::answer_after_death_ns() const
{
    if (const Served* const in_reserve = ready_reserve())
        return replay_ns(stream_->unit_count() - *in_reserve->first_sequence + 1);
    const std::uint64_t dsp_p99_ns = placement_input().dsp_p99_ns;
    if (dsp_p99_ns == 0)
        return 0;
    const bool is_trailing = placement_.chosen == OB_STANDBY_PLACEMENT_TRAILING;
    return 2 * dsp_p99_ns + (is_trailing ? trailing_overhead_ns : other_cpu_overhead_ns);
}

ob_insert_forecast Insert::forecast() const
{
    ob_insert_forecast forecast{};
    std::string reason;
    forecast.guarantee = guarantee(reason);
    const bool is_free_pace = spec_.config.pace == OB_PACE_FREE;
    const bool has_standby = forecast.guarantee != OB_GUARANTEE_NONE;
    if (!has_standby && !is_free_pace) {
        forecast.blocks_lost = 1;
        forecast.blocks_lost_max = UINT32_MAX;
    }
    if (has_standby && !is_free_pace) {
        const std::uint64_t deadline_ns = answer_budget_ns();
        forecast.answer_ns = answer_after_death_ns();
        if (spec_.is_warm() && forecast.answer_ns == 0) {
            forecast.blocks_lost_max = 1;
            reason = "what a replay takes has not been measured yet";
        }
        if (forecast.answer_ns > deadline_ns) {
            forecast.blocks_lost_max = 1;
            if (spec_.is_warm()) {  // those that follow wait for the same replay
                forecast.blocks_lost_max +=
                    static_cast<std::uint32_t>((forecast.answer_ns - deadline_ns) / period_ns());
            }
            if (reason.empty()) {
                reason = "over a block, the answer could take " + in_us(forecast.answer_ns) +
                         ": longer than the deadline of " + in_us(deadline_ns);
            }
        }
    }
    forecast.is_identical =
        forecast.guarantee == OB_GUARANTEE_EXACT && forecast.blocks_lost_max == 0 ? 1 : 0;
    copy_text(reason, forecast.reason);
    return forecast;
}

}  // namespace outboard::host
