// SPDX-License-Identifier: MIT
//
// C ABI of inserts.

#include "sdk/src/api/boundary.hpp"
#include "sdk/src/host/api_objects.hpp"
#include "sdk/src/host/insert_figures.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

using outboard::api::fail;
using outboard::api::guarded;

namespace {

[[nodiscard]] outboard::host::InsertStream& stream_of(ob_insert* insert) noexcept
{
    return insert->impl->stream();
}

[[nodiscard]] bool is_histogram(ob_histogram_kind kind) noexcept
{
    return kind >= OB_HISTOGRAM_ROUND_TRIP && kind <= OB_HISTOGRAM_DSP;
}

[[nodiscard]] const outboard::rt::Histogram& histogram_of(const ob_insert* insert,
                                                          ob_histogram_kind kind) noexcept
{
    return insert->impl->statistics().histograms[static_cast<std::size_t>(kind)];
}

}  // namespace

void ob_insert_config_init(ob_insert_config* config) noexcept
{
    *config = ob_insert_config{};
    config->struct_size_bytes = sizeof(*config);
    config->sample_rate_hz = 48000.0;
    config->max_frame_count = 64;
    config->input_channel_count = 2;
    config->output_channel_count = 2;
    config->latency_blocks = 1;
    config->standby_count = 1;
    config->late_limit = 3;
    config->give_up_ns = 10'000'000'000;
    config->event_bytes = 4096;
}

ob_status ob_insert_create(ob_caller* caller, const ob_insert_config* config,
                           ob_insert** out) noexcept
{
    if (out == nullptr)
        return OB_ERR_INVALID_ARGUMENT;
    *out = nullptr;
    return guarded([&] {
        if (caller == nullptr || config == nullptr)
            return fail(OB_ERR_INVALID_ARGUMENT, "caller or config is NULL");
        if (const auto failure = outboard::host::check_config(*config))
            return fail(failure.status, failure.message);
        outboard::host::Host& host = caller->impl->host();
        outboard::host::Failure failure;
        auto impl = host.start_insert(*caller->impl, outboard::host::make_spec(*config), failure);
        if (impl == nullptr)
            return fail(failure.status, failure.message);
        auto handle = std::make_unique<ob_insert>();
        handle->impl = std::move(impl);
        handle->host = &host;
        *out = handle.release();
        return ob_status{OB_OK};
    });
}

void ob_insert_destroy(ob_insert* insert) noexcept
{
    if (insert == nullptr)
        return;
    insert->host->detach(*insert->impl);
    delete insert;
}

ob_status ob_insert_process(ob_insert* insert, const float* const* inputs, float* const* outputs,
                            uint32_t frame_count) noexcept
{
    const ob_status status = stream_of(insert).process(inputs, outputs, frame_count);
    if (status == OB_ERR_INVALID_ARGUMENT) {
        const auto channel_count = stream_of(insert).format().output_channel_count;
        for (uint32_t channel = 0; channel < channel_count; ++channel)
            std::fill_n(outputs[channel], frame_count, 0.0f);
    }
    return status;
}

ob_status ob_insert_post(ob_insert* insert, const float* const* inputs,
                         uint32_t frame_count) noexcept
{
    return stream_of(insert).post(inputs, frame_count);
}

ob_status ob_insert_collect(ob_insert* insert, float* const* outputs) noexcept
{
    return stream_of(insert).collect(outputs);
}

ob_status ob_insert_set_caller(ob_insert* insert, ob_caller* caller) noexcept
{
    if (insert == nullptr || caller == nullptr || &caller->impl->host() != insert->host)
        return OB_ERR_INVALID_ARGUMENT;
    return stream_of(insert).set_caller(*caller->impl);
}

ob_status ob_insert_set_standby_count(ob_insert* insert, uint32_t standby_count) noexcept
{
    return guarded([&] {
        const auto failure = insert->host->set_standby_count(*insert->impl, standby_count);
        return failure ? fail(failure.status, failure.message) : ob_status{OB_OK};
    });
}

uint32_t ob_insert_latency_frames(const ob_insert* insert) noexcept
{
    return insert->impl->stream().format().latency_frames();
}

ob_status ob_insert_add_event(ob_insert* insert, const ob_event_header* event) noexcept
{
    return stream_of(insert).add_event(*event);
}

ob_status ob_insert_set_parameter(ob_insert* insert, uint32_t parameter_id, double value) noexcept
{
    return insert->impl->parameters().set(parameter_id, value);
}

ob_event_list ob_insert_output_events(const ob_insert* insert) noexcept
{
    return insert->impl->stream().output_events();
}

uint32_t ob_insert_parameter_count(const ob_insert* insert) noexcept
{
    return static_cast<uint32_t>(insert->impl->parameters().infos().size());
}

ob_status ob_insert_parameter_info(const ob_insert* insert, uint32_t index,
                                   ob_parameter_info* out) noexcept
{
    const auto& infos = insert->impl->parameters().infos();
    if (index >= infos.size())
        return OB_ERR_INVALID_ARGUMENT;
    *out = infos[index];
    return OB_OK;
}

ob_status ob_insert_save_state(ob_insert* insert, void* out, uint64_t* size_bytes) noexcept
{
    return guarded([&] {
        std::vector<std::byte> state;
        if (const auto failure = insert->host->save_state(*insert->impl, state))
            return fail(failure.status, failure.message);
        const uint64_t capacity_bytes = *size_bytes;
        *size_bytes = state.size();
        if (capacity_bytes < state.size())
            return ob_status{OB_AGAIN};
        if (!state.empty())
            std::memcpy(out, state.data(), state.size());
        return ob_status{OB_OK};
    });
}

ob_status ob_insert_load_state(ob_insert* insert, const void* data, uint64_t size_bytes) noexcept
{
    return guarded([&] {
        const auto* const bytes = static_cast<const std::byte*>(data);
        const auto failure =
            insert->host->load_state(*insert->impl, {bytes, static_cast<std::size_t>(size_bytes)});
        return failure ? fail(failure.status, failure.message) : ob_status{OB_OK};
    });
}

ob_status ob_insert_get_status(const ob_insert* insert, ob_insert_status* out) noexcept
{
    return guarded([&] {
        *out = insert->host->locked([&] { return insert->impl->status(); });
        return ob_status{OB_OK};
    });
}

ob_status ob_insert_get_forecast(const ob_insert* insert, ob_insert_forecast* out) noexcept
{
    return guarded([&] {
        *out = insert->host->locked([&] { return insert->impl->forecast(); });
        return ob_status{OB_OK};
    });
}

ob_status ob_insert_get_statistics(const ob_insert* insert, ob_insert_statistics* out) noexcept
{
    *out = outboard::host::statistics_of(*insert->impl);
    return OB_OK;
}

ob_status ob_insert_histogram_summary(const ob_insert* insert, ob_histogram_kind kind,
                                      ob_histogram_summary* out) noexcept
{
    if (!is_histogram(kind))
        return OB_ERR_INVALID_ARGUMENT;
    *out = outboard::host::summary_of(histogram_of(insert, kind));
    return OB_OK;
}

ob_status ob_insert_get_block_times(const ob_insert* insert, ob_block_times* out) noexcept
{
    *out = insert->impl->stream().block_times();
    return OB_OK;
}

ob_status ob_insert_histogram_buckets(const ob_insert* insert, ob_histogram_kind kind,
                                      ob_histogram_bucket* out, uint32_t* bucket_count) noexcept
{
    if (!is_histogram(kind))
        return OB_ERR_INVALID_ARGUMENT;
    using outboard::rt::Histogram;
    const Histogram& histogram = histogram_of(insert, kind);
    uint32_t found = 0;
    for (std::size_t index = 0; index < Histogram::bucket_count; ++index) {
        const uint64_t count = histogram.bucket(index);
        if (count == 0)
            continue;
        if (found < *bucket_count)
            out[found] = {Histogram::lower_ns(index), Histogram::upper_ns(index), count};
        ++found;
    }
    const bool fits = found <= *bucket_count;
    *bucket_count = found;
    return fits ? OB_OK : OB_AGAIN;
}

ob_status ob_insert_next_incident(ob_insert* insert, ob_incident* out) noexcept
{
    return insert->impl->statistics().incidents.pop(*out) ? OB_OK : OB_AGAIN;
}

void ob_crash_report_init(ob_crash_report* report) noexcept
{
    *report = ob_crash_report{};
    report->struct_size_bytes = sizeof(*report);
}

ob_status ob_insert_next_crash_report(ob_insert* insert, ob_crash_report* out) noexcept
{
    return guarded([&] {
        if (out == nullptr || out->struct_size_bytes != sizeof(*out)) {
            return fail(OB_ERR_INVALID_ARGUMENT,
                        "struct_size_bytes is wrong: call ob_crash_report_init() first");
        }
        const auto report = insert->host->locked([&] { return insert->impl->next_crash_report(); });
        if (!report)
            return ob_status{OB_AGAIN};
        *out = *report;
        return ob_status{OB_OK};
    });
}

ob_status ob_insert_next_poison_block(ob_insert* insert, ob_poison_block* out) noexcept
{
    const auto block = stream_of(insert).replicas().poison().fetch();
    if (!block)
        return OB_AGAIN;
    *out = *block;
    return OB_OK;
}

ob_status ob_insert_inject_fault(ob_insert* insert, ob_fault fault, uint32_t argument) noexcept
{
    return guarded([&] {
        const auto failure =
            insert->host->locked([&] { return insert->impl->inject_fault(fault, argument); });
        return failure ? fail(failure.status, failure.message) : ob_status{OB_OK};
    });
}
