// SPDX-License-Identifier: MIT

#include "bench/tool/failover_cell.hpp"

#include "bench/click_meter.hpp"
#include "bench/interruption.hpp"
#include "bench/steal_time.hpp"
#include "bench/tool/sine_stream.hpp"
#include "bench/tool/sound_clip.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

namespace outboard::bench {

namespace {

constexpr int caller_priority = 80;
constexpr std::uint64_t return_limit_ns = 10'000'000'000;
constexpr std::uint64_t look_ns = 2'000'000;
/// Before each strike, for the control; at 48 kHz.
constexpr std::uint64_t settle_frames = 19'200;
/// Behind a strike that ends nobody.
constexpr std::uint64_t harmless_frames = 9'600;
/// That a clip has, and the click meter needs, before and behind.
constexpr std::uint64_t margin_frames = 4'800;

[[nodiscard]] HostConfig host_config(int priority)
{
    HostConfig config;
    config.name = "failover benchmark";
    config.supervisor_priority = priority > 1 ? priority - 1 : 0;
    return config;
}

[[nodiscard]] CallerConfig caller_config(int cpu, int priority)
{
    CallerConfig config;
    config.pinned_cpu = cpu;
    config.realtime_priority = priority;
    return config;
}

[[nodiscard]] InsertConfig insert_config(const FailoverCell& cell, const FailoverPlan& plan)
{
    InsertConfig config;
    config.service = plan.service.c_str();
    config.max_frame_count = plan.frame_count;
    config.standby = cell.standby;
    config.flags = OB_INSERT_FAULT_HOOK;
    return config;
}

/// A click in dB below full scale: the larger, the better.
[[nodiscard]] std::uint64_t db_below_full_scale(double dbfs) noexcept
{
    return static_cast<std::uint64_t>(std::lround(std::max(0.0, -dbfs)));
}

/// What was measured in a stretch of the stream.
struct Stretch {
    std::uint64_t frames_lost = 0;
    double click_dbfs = 0.0;
};

class CellRun {
public:
    CellRun(const FailoverCell& cell, const FailoverPlan& plan, const Machine& machine)
        : cell_(cell),
          plan_(plan),
          priority_(machine.may_be_fifo ? caller_priority : 0),
          host_(host_config(priority_)),
          caller_(host_, caller_config(machine.cpus.front(), priority_)),
          insert_(caller_, insert_config(cell, plan)),
          stream_(caller_, insert_, {plan.frame_count, machine.cpus.front(), priority_})
    {}

    void strike_all()
    {
        stream_.wait_for(settle_frames);
        for (std::size_t index = 0; index < plan_.strike_count && !is_interrupted(); ++index)
            strike_once(index);
    }

    std::vector<Strike> strikes;
    std::vector<Stretch> controls;

private:
    void strike_once(std::size_t index)
    {
        wait_until_whole();
        const std::uint64_t control_first = stream_.frames_out();
        const std::uint64_t lost_before = insert_.statistics().frames_lost;
        stream_.wait_for(control_first + settle_frames);
        Strike strike;
        strike.cell = cell_.name();
        const std::uint64_t lost_until_now = insert_.statistics().frames_lost;
        static_cast<void>(take_failover());
        const std::uint64_t first = inject();
        strike.at_s = static_cast<double>(first) / sample_rate_hz;
        strike.detected_ns = wait_for_consequence(first);
        wait_until_whole();
        const std::uint64_t last = stream_.frames_out();
        strike.frames_lost = insert_.statistics().frames_lost - lost_until_now;
        controls.push_back(
            {lost_until_now - lost_before, click_in(control_first, control_first + settle_frames)});
        strike.click_dbfs = click_in(first, last);
        if (!plan_.wav_folder.empty())
            strike.clip = write_clip(index, first, last);
        strikes.push_back(std::move(strike));
    }

    /// @return the stream's frame at which it struck
    [[nodiscard]] std::uint64_t inject()
    {
        std::uint64_t frame = 0;
        wait_until(
            [&] {
                frame = stream_.frames_out();
                const ob_status status =
                    ob_insert_inject_fault(insert_.get(), cell_.fault, cell_.fault_argument());
                return check(status) == OB_OK;  // OB_AGAIN: it has just gone by itself
            },
            "there is no service to be struck");
        return frame;
    }

    /// @return from the strike until the library knew, where a service was lost
    [[nodiscard]] std::optional<std::uint64_t> wait_for_consequence(std::uint64_t struck_at)
    {
        if (!cell_.is_fatal()) {
            stream_.wait_for(struck_at + harmless_frames);
            return std::nullopt;
        }
        std::optional<std::uint64_t> detected_ns;
        wait_until([&] { return (detected_ns = take_failover()).has_value(); },
                   "the strike was not noticed");
        return detected_ns;
    }

    /// Of the incidents that are there. @return that of a loss by our strike
    [[nodiscard]] std::optional<std::uint64_t> take_failover()
    {
        std::optional<std::uint64_t> found;
        while (const auto incident = insert_.next_incident()) {
            if (incident->kind == OB_INCIDENT_FAILOVER && incident->fault_ns != 0 &&
                incident->detected_ns > incident->fault_ns) {
                found = incident->detected_ns - incident->fault_ns;
            }
        }
        return found;
    }

    void wait_until_whole()
    {
        wait_until(
            [&] {
                const ob_insert_status status = insert_.status();
                return status.state == OB_INSERT_WET &&
                       status.standby_count >= cell_.standby_count();
            },
            "the service is not back");
        stream_.wait_for(stream_.frames_out() + margin_frames);  // the fade is over
    }

    void wait_until(const std::function<bool()>& is_done, const char* otherwise)
    {
        const std::uint64_t limit_at_ns = rt::os::monotonic_ns() + return_limit_ns;
        while (!is_done()) {
            const std::uint64_t now_ns = rt::os::monotonic_ns();
            if (now_ns > limit_at_ns) {
                throw std::runtime_error{fmt::format("{}: {} after 10 s; {}", cell_.name(),
                                                     otherwise, insert_.status().message)};
            }
            rt::os::sleep_until_ns(now_ns + look_ns);
        }
    }

    [[nodiscard]] std::vector<float> sound_around(std::uint64_t first, std::uint64_t last) const
    {
        stream_.wait_for(last + margin_frames);
        return stream_.output(first - margin_frames, last + margin_frames);
    }

    [[nodiscard]] double click_in(std::uint64_t first, std::uint64_t last) const
    {
        const auto samples = sound_around(first, last);
        return bench::click_dbfs(samples, margin_frames, samples.size() - margin_frames);
    }

    [[nodiscard]] std::string write_clip(std::size_t index, std::uint64_t first, std::uint64_t last)
    {
        std::string name = cell_.name();
        std::replace(name.begin(), name.end(), '/', '-');
        std::string path = fmt::format("{}/{}-{:03}.wav", plan_.wav_folder, name, index + 1);
        write_sound_clip(path, sound_around(first, last));
        return path;
    }

    const FailoverCell& cell_;
    const FailoverPlan& plan_;
    int priority_;
    Host host_;
    Caller caller_;
    Insert insert_;
    SineStream stream_;
};

using Value = std::optional<std::uint64_t>;

/// One of each strike, or of the control before it.
template <typename Items, typename ValueOf>
[[nodiscard]] std::vector<Value> values_of(const Items& items, ValueOf&& value_of)
{
    std::vector<Value> values(items.size());
    std::transform(items.begin(), items.end(), values.begin(), value_of);
    return values;
}

/// @param measurement  all but its values
void add_measurement(Measurement measurement, const std::vector<Value>& values, const CellRun& run,
                     Result& result)
{
    std::vector<std::uint64_t> known;
    std::vector<double> times_s;
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (!values[index])
            continue;
        known.push_back(*values[index]);
        times_s.push_back(run.strikes[index].at_s);
    }
    if (known.empty())
        return;
    describe_values(measurement, known, times_s);
    result.measurements.push_back(std::move(measurement));
}

void add_measurements(const FailoverCell& cell, const FailoverPlan& plan, const CellRun& run,
                      double steal_ms, Result& result)
{
    constexpr const char* click_unit = "dB below full scale";
    Measurement common;
    common.cell = cell.name();
    common.parameters = cell.parameters();
    common.parameters["service"] = plan.service;
    common.parameters["block"] = plan.frame_count;
    common.steal_ms = steal_ms;
    const auto add = [&](const char* name, const char* unit, const std::vector<Value>& values) {
        Measurement measurement = common;
        measurement.name = common.cell + '/' + name;
        measurement.unit = unit;
        add_measurement(std::move(measurement), values, run, result);
    };
    const auto lost = [](const auto& stretch) { return Value{stretch.frames_lost}; };
    const auto click = [](const auto& stretch) {
        return Value{db_below_full_scale(stretch.click_dbfs)};
    };
    add("detected", "ns",
        values_of(run.strikes, [](const Strike& strike) { return strike.detected_ns; }));
    add("lost", "frames", values_of(run.strikes, lost));
    add("lost without", "frames", values_of(run.controls, lost));
    common.lower_is_better = false;
    add("click", click_unit, values_of(run.strikes, click));
    add("click without", click_unit, values_of(run.controls, click));
}

}  // namespace

void measure_failover_cell(const FailoverCell& cell, const FailoverPlan& plan,
                           const Machine& machine, Result& result)
{
    CellRun run{cell, plan, machine};
    const StealTime steal;
    std::exception_ptr error;
    try {
        run.strike_all();
    } catch (const std::exception&) {
        error = std::current_exception();
    }
    add_measurements(cell, plan, run, steal.ms_since(), result);
    result.strikes.insert(result.strikes.end(), run.strikes.begin(), run.strikes.end());
    if (error)
        std::rethrow_exception(error);
}

}  // namespace outboard::bench
