// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// States of a host and an insert in which no two figures are equal.

#include <outboard/observe.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <type_traits>

namespace outboard::test {

/// Counts on, so that a field in the place of another one is seen.
class Figures {
public:
    explicit Figures(std::uint32_t first) noexcept : next_(first) {}

    template <typename Number>
    void fill(Number& number) noexcept
    {
        number = static_cast<Number>(next_++);
    }
    template <std::size_t Size>
    void fill(char (&text)[Size]) noexcept
    {
        static_cast<void>(std::snprintf(text, Size, "text %u", next_++));
    }

private:
    std::uint32_t next_;
};

[[nodiscard]] inline ob_observed_host made_host(std::uint32_t insert_count)
{
    Figures figures{100};
    ob_observed_host host{};
    figures.fill(host.name);
    figures.fill(host.library_version);
    figures.fill(host.process_id);
    host.insert_count = insert_count;
    figures.fill(host.started_unix_ns);
    figures.fill(host.running_ns);
    host.cpu_latency_held = 1;
    host.supervisor.step = OB_REALTIME_KIT;
    figures.fill(host.supervisor.priority);
    figures.fill(host.supervisor.cpu);
    figures.fill(host.supervisor.description);
    return host;
}

[[nodiscard]] inline ob_insert_status made_status(Figures& figures)
{
    ob_insert_status status{};
    status.state = OB_INSERT_BROKEN;
    figures.fill(status.service_process_id);
    figures.fill(status.generation);
    figures.fill(status.latency_frames);
    figures.fill(status.processor_latency_frames);
    status.is_sandboxed = 1;
    status.placement_same_cpu = 1;
    figures.fill(status.tail_frames);
    figures.fill(status.processor_flags);
    figures.fill(status.standby_count);
    status.guarantee = OB_GUARANTEE_FINITE_MEMORY;
    figures.fill(status.guarantee_reason);
    status.dsp_thread.step = OB_REALTIME_FIFO;
    figures.fill(status.dsp_thread.priority);
    figures.fill(status.dsp_thread.cpu);
    figures.fill(status.dsp_thread.description);
    figures.fill(status.service_name);
    figures.fill(status.processor_name);
    figures.fill(status.message);
    figures.fill(status.standbys_wanted);
    status.standby_placement = OB_STANDBY_PLACEMENT_OTHER;
    figures.fill(status.standby_placement_reason);
    return status;
}

[[nodiscard]] inline ob_observed_insert made_insert(std::uint32_t number)
{
    Figures figures{1000 * number};
    ob_observed_insert insert{};
    insert.number = number;
    figures.fill(insert.caller_index);
    figures.fill(insert.caller_priority);
    figures.fill(insert.caller_cpu);
    insert.mode = OB_MODE_PIPELINED;
    insert.pace = OB_PACE_FREE;
    figures.fill(insert.sample_rate_hz);
    figures.fill(insert.max_frame_count);
    figures.fill(insert.input_channel_count);
    figures.fill(insert.output_channel_count);
    figures.fill(insert.period_ns);
    insert.status = made_status(figures);
    for (std::uint64_t* figure = &insert.statistics.blocks; figure <= &insert.statistics.resets;
         ++figure)
        figures.fill(*figure);
    insert.forecast.guarantee = OB_GUARANTEE_EXACT;
    figures.fill(insert.forecast.blocks_lost);
    figures.fill(insert.forecast.blocks_lost_max);
    insert.forecast.is_identical = 1;
    figures.fill(insert.forecast.answer_ns);
    figures.fill(insert.forecast.reason);
    for (ob_histogram_summary& summary : insert.histograms) {
        for (std::uint64_t* figure = &summary.count; figure <= &summary.p99_9_ns; ++figure)
            figures.fill(*figure);
    }
    return insert;
}

/// Equal in every byte; the structs were zero before they were filled, padding included.
template <typename Struct>
[[nodiscard]] bool is_same(const Struct& left, const Struct& right)
{
    static_assert(std::is_trivially_copyable_v<Struct>);
    const auto bytes = [](const Struct& value) {
        return std::string{reinterpret_cast<const char*>(&value), sizeof value};
    };
    return bytes(left) == bytes(right);
}

}  // namespace outboard::test
