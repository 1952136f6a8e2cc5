// SPDX-License-Identifier: MIT
//
// Services that were lost, and what is to be told of them.

#include "sdk/src/host/crash_report.hpp"
#include "sdk/src/host/insert.hpp"
#include "sdk/src/host/loss.hpp"

#include <csignal>
#include <utility>

namespace outboard::host {

namespace {

/// How long a service that says it is dying may live on, unless its core is being written.
constexpr std::uint64_t dying_limit_ns = 3'000'000'000;
/// A life that was shorter than this, and ended because the service broke the protocol, was short.
constexpr std::uint64_t short_broken_life_ns = 2'000'000'000;
constexpr std::size_t crash_reports_max = 16;

}  // namespace

/// A child that says it is dying is given the time that its last words and its core take.
void Insert::end_if_it_lied(Served& served, std::uint64_t now_ns)
{
    if (!served.is_offered || !served.connection->is_child())
        return;
    const Replica& replica = served.connection->replica();
    const bool is_dying = replica.is_released() && replica.release_cause() == OB_CAUSE_CRASH &&
                          (replica.says_dying() || replica.has_thread_ended());
    if (replica.ended_ns() != 0 || !is_dying)
        return;
    if (served.dying_since_ns == 0)
        served.dying_since_ns = now_ns;
    const bool is_overdue = now_ns - served.dying_since_ns >= dying_limit_ns;
    if (!is_overdue || rt::os::is_dumping_core(served.connection->process_id()))
        return;
    served.has_lied = !replica.has_thread_ended();  // else it only waits for a CPU to die on
    static_cast<void>(rt::os::send_signal(served.connection->link().process(), SIGKILL));
}

void Insert::note_loss(const Served& lost, std::uint64_t now_ns)
{
    Connection& connection = *lost.connection;
    if (loss_cause(connection) == OB_CAUSE_REMOVED)
        return;
    last_failure_ = describe_loss(connection, spec_.service);
    if (lost.has_lied) {
        last_failure_ = {OB_ERR_PROTOCOL,
                         "service '" + spec_.service + "' said that it was dying, and lived on"};
    }
    const ob_cause cause = lost.has_lied ? OB_CAUSE_CORRUPT : loss_cause(connection);
    if (connection.is_child() && !connection.replica().is_released_well())
        report_crash(connection, cause);
    if (connection.replica().fault_ns.load(std::memory_order_relaxed) != 0)
        return;  // struck for a test: that says nothing of how it would have lived
    // Its life was over when it was let go; a core dump and a lie come after that.
    const std::uint64_t died_at_ns = lost.dying_since_ns != 0 ? lost.dying_since_ns : now_ns;
    const std::uint64_t lived_ns = died_at_ns - connection.streaming_since_ns();
    const bool was_short = cause == OB_CAUSE_CORRUPT && lived_ns < short_broken_life_ns;
    note_life(was_short ? 0 : lived_ns, now_ns);
}

void Insert::report_crash(Connection& lost, ob_cause cause)
{
    lost.link().finish_error_output();
    take_error_output(lost);
    const ob_crash_report report = make_crash_report(lost, cause);
    // Without last words there is no more to tell than the incident does.
    log_.push_back({.level = report.thread_id != 0 ? OB_LOG_WARNING : OB_LOG_INFO,
                    .text = describe(report, spec_.service)});
    crash_reports_.push_back(report);
    if (crash_reports_.size() > crash_reports_max)
        crash_reports_.pop_front();
}

void Insert::take_error_output(Connection& connection)
{
    for (const std::string& line : connection.link().error_output().take_lines()) {
        log_.push_back({.level = OB_LOG_WARNING,
                        .text = "service '" + spec_.service + "' (process " +
                                std::to_string(connection.process_id()) + "): " + line,
                        .is_of_service = true});
    }
}

/// Of blocks that the caller has found to be the trouble.
void Insert::tell_bad_blocks()
{
    if (stream_ == nullptr)
        return;
    tell_more(stream_->replicas().poison().count(), told_poison_count_,
              "ends its process over one of the blocks, whoever is given it: such a block is left "
              "out");
    tell_more(statistics_.counters.resets.get(), told_reset_count_,
              "gives NaN or infinity in all replicas: it is reset after three blocks in a row");
}

void Insert::tell_more(std::uint64_t count, std::uint64_t& told_count, const char* what)
{
    if (std::exchange(told_count, count) == count)
        return;
    log_.push_back({.level = OB_LOG_ERROR,
                    .text = "processor '" + offer_.name + "' of service '" + spec_.service + "' " +
                            what + " (" + std::to_string(count) + " so far)"});
}

std::optional<ob_crash_report> Insert::next_crash_report()
{
    if (crash_reports_.empty())
        return std::nullopt;
    const ob_crash_report report = crash_reports_.front();
    crash_reports_.pop_front();
    return report;
}

}  // namespace outboard::host
