// SPDX-License-Identifier: MIT

#include "sdk/src/observe/messages.hpp"

#include "observe_generated.h"
#include "sdk/src/link/message_alignment.hpp"

#include <flatbuffers/flatbuffers.h>
#include <algorithm>
#include <cstring>
#include <iterator>

namespace outboard::observe {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

// What is added to these has to travel as well: observe.fbs, encode(), decode().
static_assert(sizeof(ob_insert_statistics) == 120);
static_assert(sizeof(ob_insert_forecast) == 152);
static_assert(sizeof(ob_histogram_summary) == 56);
static_assert(sizeof(ob_insert_status) == 848);

[[nodiscard]] Bytes finish(Builder& builder, Body type, flatbuffers::Offset<void> body)
{
    FinishEnvelopeBuffer(builder, CreateEnvelope(builder, type, body));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

[[nodiscard]] flatbuffers::Offset<Grant> add(Builder& builder, const ob_realtime_grant& grant)
{
    return CreateGrantDirect(builder, grant.step, grant.priority, grant.cpu, grant.description);
}

[[nodiscard]] flatbuffers::Offset<Status> add(Builder& builder, const ob_insert_status& status)
{
    const auto guarantee_reason = builder.CreateString(status.guarantee_reason);
    const auto service_name = builder.CreateString(status.service_name);
    const auto processor_name = builder.CreateString(status.processor_name);
    const auto message = builder.CreateString(status.message);
    const auto placement_reason = builder.CreateString(status.standby_placement_reason);
    const auto dsp_thread = add(builder, status.dsp_thread);
    StatusBuilder table{builder};
    table.add_state(status.state);
    table.add_service_process_id(status.service_process_id);
    table.add_generation(status.generation);
    table.add_latency_frames(status.latency_frames);
    table.add_processor_latency_frames(status.processor_latency_frames);
    table.add_is_sandboxed(status.is_sandboxed != 0);
    table.add_is_found_by_name(status.found_by_name != 0);
    table.add_is_placement_same_cpu(status.placement_same_cpu != 0);
    table.add_tail_frames(status.tail_frames);
    table.add_processor_flags(status.processor_flags);
    table.add_standby_count(status.standby_count);
    table.add_standbys_wanted(status.standbys_wanted);
    table.add_guarantee(status.guarantee);
    table.add_guarantee_reason(guarantee_reason);
    table.add_dsp_thread(dsp_thread);
    table.add_service_name(service_name);
    table.add_processor_name(processor_name);
    table.add_message(message);
    table.add_standby_placement(status.standby_placement);
    table.add_standby_placement_reason(placement_reason);
    return table.Finish();
}

[[nodiscard]] flatbuffers::Offset<Statistics> add(Builder& builder,
                                                  const ob_insert_statistics& statistics)
{
    StatisticsBuilder table{builder};
    table.add_blocks(statistics.blocks);
    table.add_frames(statistics.frames);
    table.add_frames_lost(statistics.frames_lost);
    table.add_concealed_blocks(statistics.concealed_blocks);
    table.add_deadline_misses(statistics.deadline_misses);
    table.add_late_replies(statistics.late_replies);
    table.add_not_posted(statistics.not_posted);
    table.add_non_finite_blocks(statistics.non_finite_blocks);
    table.add_corrupt_replies(statistics.corrupt_replies);
    table.add_failovers(statistics.failovers);
    table.add_events_dropped(statistics.events_dropped);
    table.add_incidents_dropped(statistics.incidents_dropped);
    table.add_diverged_blocks(statistics.diverged_blocks);
    table.add_poison_blocks(statistics.poison_blocks);
    table.add_resets(statistics.resets);
    return table.Finish();
}

[[nodiscard]] flatbuffers::Offset<Forecast> add(Builder& builder,
                                                const ob_insert_forecast& forecast)
{
    const auto reason = builder.CreateString(forecast.reason);
    ForecastBuilder table{builder};
    table.add_guarantee(forecast.guarantee);
    table.add_blocks_lost(forecast.blocks_lost);
    table.add_blocks_lost_max(forecast.blocks_lost_max);
    table.add_is_identical(forecast.is_identical != 0);
    table.add_answer_ns(forecast.answer_ns);
    table.add_reason(reason);
    return table.Finish();
}

[[nodiscard]] HistogramSummary to_wire(const ob_histogram_summary& summary) noexcept
{
    return {summary.count,  summary.min_ns, summary.max_ns,  summary.p50_ns,
            summary.p90_ns, summary.p99_ns, summary.p99_9_ns};
}

/// Into a field of the C ABI, cut to its length; missing text is empty.
template <std::size_t Size>
void copy_text(const flatbuffers::String* text, char (&out)[Size]) noexcept
{
    const std::size_t length = text != nullptr ? std::min<std::size_t>(text->size(), Size - 1) : 0;
    if (length != 0)
        std::memcpy(out, text->data(), length);
    out[length] = '\0';
}

/// A value beyond those that this build knows becomes `otherwise`.
template <typename Enum>
[[nodiscard]] Enum known(std::int32_t value, Enum last, Enum otherwise = Enum{}) noexcept
{
    return value >= 0 && value <= last ? static_cast<Enum>(value) : otherwise;
}

[[nodiscard]] ob_realtime_grant to_grant(const Grant* grant) noexcept
{
    ob_realtime_grant result{};
    result.cpu = -1;
    if (grant == nullptr)
        return result;
    result.step = known(grant->step(), OB_REALTIME_FIFO);
    result.priority = grant->priority();
    result.cpu = grant->cpu();
    copy_text(grant->description(), result.description);
    return result;
}

[[nodiscard]] ob_insert_status to_status(const Status& status) noexcept
{
    ob_insert_status result{};
    result.state = known(status.state(), OB_INSERT_BROKEN, OB_INSERT_FALLBACK);
    result.service_process_id = status.service_process_id();
    result.generation = status.generation();
    result.latency_frames = status.latency_frames();
    result.processor_latency_frames = status.processor_latency_frames();
    result.is_sandboxed = status.is_sandboxed() ? 1 : 0;
    result.found_by_name = status.is_found_by_name() ? 1 : 0;
    result.placement_same_cpu = status.is_placement_same_cpu() ? 1 : 0;
    result.tail_frames = status.tail_frames();
    result.processor_flags = status.processor_flags();
    result.standby_count = status.standby_count();
    result.standbys_wanted = status.standbys_wanted();
    result.guarantee = known(status.guarantee(), OB_GUARANTEE_EXACT);
    copy_text(status.guarantee_reason(), result.guarantee_reason);
    result.dsp_thread = to_grant(status.dsp_thread());
    copy_text(status.service_name(), result.service_name);
    copy_text(status.processor_name(), result.processor_name);
    copy_text(status.message(), result.message);
    result.standby_placement = known(status.standby_placement(), OB_STANDBY_PLACEMENT_OTHER);
    copy_text(status.standby_placement_reason(), result.standby_placement_reason);
    return result;
}

[[nodiscard]] ob_insert_statistics to_statistics(const Statistics& statistics) noexcept
{
    return {.blocks = statistics.blocks(),
            .frames = statistics.frames(),
            .frames_lost = statistics.frames_lost(),
            .concealed_blocks = statistics.concealed_blocks(),
            .deadline_misses = statistics.deadline_misses(),
            .late_replies = statistics.late_replies(),
            .not_posted = statistics.not_posted(),
            .non_finite_blocks = statistics.non_finite_blocks(),
            .corrupt_replies = statistics.corrupt_replies(),
            .failovers = statistics.failovers(),
            .events_dropped = statistics.events_dropped(),
            .incidents_dropped = statistics.incidents_dropped(),
            .diverged_blocks = statistics.diverged_blocks(),
            .poison_blocks = statistics.poison_blocks(),
            .resets = statistics.resets()};
}

[[nodiscard]] ob_insert_forecast to_forecast(const Forecast& forecast) noexcept
{
    ob_insert_forecast result{};
    result.guarantee = known(forecast.guarantee(), OB_GUARANTEE_EXACT);
    result.blocks_lost = forecast.blocks_lost();
    result.blocks_lost_max = forecast.blocks_lost_max();
    result.is_identical = forecast.is_identical() ? 1 : 0;
    result.answer_ns = forecast.answer_ns();
    copy_text(forecast.reason(), result.reason);
    return result;
}

[[nodiscard]] ob_histogram_summary to_summary(const HistogramSummary& summary) noexcept
{
    return {.count = summary.count(),
            .min_ns = summary.min_ns(),
            .max_ns = summary.max_ns(),
            .p50_ns = summary.p50_ns(),
            .p90_ns = summary.p90_ns(),
            .p99_ns = summary.p99_ns(),
            .p99_9_ns = summary.p99_9_ns()};
}

[[nodiscard]] ob_observed_host to_host(const HostState& host) noexcept
{
    ob_observed_host result{};
    copy_text(host.name(), result.name);
    copy_text(host.library_version(), result.library_version);
    result.process_id = host.process_id();
    result.insert_count = host.insert_count();
    result.started_unix_ns = host.started_unix_ns();
    result.running_ns = host.running_ns();
    result.cpu_latency_held = host.is_cpu_latency_held() ? 1 : 0;
    result.supervisor = to_grant(host.supervisor());
    return result;
}

/// The parts that are `required` have been verified to be there.
[[nodiscard]] ob_observed_insert to_insert(const InsertState& insert) noexcept
{
    ob_observed_insert result{};
    result.number = insert.number();
    result.caller_index = insert.caller_index();
    result.caller_priority = insert.caller_priority();
    result.caller_cpu = insert.caller_cpu();
    result.mode = known(insert.mode(), OB_MODE_PIPELINED);
    result.pace = known(insert.pace(), OB_PACE_FREE);
    result.sample_rate_hz = insert.sample_rate_hz();
    result.max_frame_count = insert.max_frame_count();
    result.input_channel_count = insert.input_channel_count();
    result.output_channel_count = insert.output_channel_count();
    result.period_ns = insert.period_ns();
    result.status = to_status(*insert.status());
    result.statistics = to_statistics(*insert.statistics());
    result.forecast = to_forecast(*insert.forecast());
    const auto& histograms = *insert.histograms();
    const auto count = std::min<std::size_t>(histograms.size(), std::size(result.histograms));
    for (std::size_t index = 0; index < count; ++index) {
        // What was verified may still be misaligned, in a message of somebody else's making.
        HistogramSummary summary;
        std::memcpy(static_cast<void*>(&summary), histograms.Data() + index * sizeof(summary),
                    sizeof(summary));
        result.histograms[index] = to_summary(summary);
    }
    return result;
}

}  // namespace

Bytes encode(const ob_observed_host& host)
{
    Builder builder;
    const auto name = builder.CreateString(host.name);
    const auto version = builder.CreateString(host.library_version);
    const auto supervisor = add(builder, host.supervisor);
    HostStateBuilder table{builder};
    table.add_name(name);
    table.add_library_version(version);
    table.add_process_id(host.process_id);
    table.add_insert_count(host.insert_count);
    table.add_started_unix_ns(host.started_unix_ns);
    table.add_running_ns(host.running_ns);
    table.add_is_cpu_latency_held(host.cpu_latency_held != 0);
    table.add_supervisor(supervisor);
    return finish(builder, Body::HostState, table.Finish().Union());
}

Bytes encode(const ob_observed_insert& insert)
{
    Builder builder{4096};
    const auto status = add(builder, insert.status);
    const auto statistics = add(builder, insert.statistics);
    const auto forecast = add(builder, insert.forecast);
    std::vector<HistogramSummary> summaries;
    std::transform(std::begin(insert.histograms), std::end(insert.histograms),
                   std::back_inserter(summaries), to_wire);
    const auto histograms = builder.CreateVectorOfStructs(summaries);
    InsertStateBuilder table{builder};
    table.add_number(insert.number);
    table.add_caller_index(insert.caller_index);
    table.add_caller_priority(insert.caller_priority);
    table.add_caller_cpu(insert.caller_cpu);
    table.add_mode(insert.mode);
    table.add_pace(insert.pace);
    table.add_sample_rate_hz(insert.sample_rate_hz);
    table.add_max_frame_count(insert.max_frame_count);
    table.add_input_channel_count(insert.input_channel_count);
    table.add_output_channel_count(insert.output_channel_count);
    table.add_period_ns(insert.period_ns);
    table.add_status(status);
    table.add_statistics(statistics);
    table.add_forecast(forecast);
    table.add_histograms(histograms);
    return finish(builder, Body::InsertState, table.Finish().Union());
}

Bytes encode(const EndOfState& end)
{
    Builder builder;
    return finish(builder, Body::End, CreateEnd(builder, end.insert_count).Union());
}

rt::Result<StateMessage> decode(std::span<const std::byte> bytes)
{
    const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier{first, bytes.size()};
    if (!VerifyEnvelopeBuffer(verifier))
        return rt::fail(rt::ErrorCode::protocol, "verify a message of the host");
    const Envelope& envelope = *GetEnvelope(first);
    if (const auto* const host = envelope.body_as_HostState(); host != nullptr)
        return to_host(*host);
    if (const auto* const insert = envelope.body_as_InsertState(); insert != nullptr) {
        if (!link::is_aligned(insert->histograms()))
            return rt::fail(rt::ErrorCode::protocol, "read the histograms of an insert");
        return to_insert(*insert);
    }
    if (const auto* const end = envelope.body_as_End(); end != nullptr)
        return EndOfState{end->insert_count()};
    return rt::fail(rt::ErrorCode::protocol, "understand a message of the host");
}

}  // namespace outboard::observe
