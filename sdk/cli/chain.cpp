// SPDX-License-Identifier: MIT
#include "sdk/cli/chain.hpp"

#include "sdk/cli/console.hpp"
#include "sdk/cli/fault_spec.hpp"
#include "sdk/cli/service_label.hpp"

#include <algorithm>

namespace outboard::cli {

namespace {

HostConfig host_config(const RunOptions& options, const AudioThreadProbe& thread)
{
    HostConfig config;
    config.name = "outboard run";
    config.supervisor_priority = supervisor_priority(thread.grant);
    config.hold_cpu_latency = options.hold_cpu_latency ? 1 : 0;
    config.log = log_message;
    config.grouping = options.grouping;
    return config;
}

InsertConfig insert_config(const RunOptions& options, const StreamFormat& format)
{
    InsertConfig config;
    config.sample_rate_hz = format.rate_hz;
    config.max_frame_count = options.block_frames;
    config.input_channel_count = format.channel_count;
    config.output_channel_count = format.channel_count;
    config.mode = options.mode;
    config.latency_blocks = options.latency_blocks;
    config.fallback = options.fallback;
    config.standby = options.standby;
    config.standby_count = options.standby_count;
    config.standby_placement = options.standby_placement;
    config.pace = options.pace;
    config.placement = options.placement;
    config.spin_us = options.spin_us;
    if (options.hang_limit_ns != 0)
        config.hang_limit_ns = options.hang_limit_ns;
    const bool wants_hook = std::any_of(options.faults.begin(), options.faults.end(),
                                        [](const auto& fault) { return needs_hook(fault.kind); });
    if (wants_hook)
        config.flags |= OB_INSERT_FAULT_HOOK;
    return config;
}

}  // namespace

Chain::Chain(const RunOptions& options, const StreamFormat& format, const AudioThreadProbe& thread)
    : labels_(service_labels(options.services)),
      host_(host_config(options, thread)),
      caller_(host_, thread.caller),
      deadline_ns_(options.deadline_ns),
      standby_count_(options.standby != OB_STANDBY_NONE ? options.standby_count : 0)
{
    open(options, format);
    set_parameters(options);
}

void Chain::open(const RunOptions& options, const StreamFormat& format)
{
    InsertConfig config = insert_config(options, format);
    inserts_.reserve(options.services.size());
    for (const std::string& service : options.services) {
        config.service = service.c_str();
        inserts_.emplace_back(caller_, config);
    }
}

void Chain::set_parameters(const RunOptions& options) const
{
    for (const ParameterSetting& setting : options.parameters) {
        const Insert& insert = inserts_[find_service(labels_, setting.service)];
        const auto parameters = insert.parameters();
        const ob_parameter_info& info = resolve_parameter(setting, parameters);
        check(insert.set_parameter(info.id, setting.value));
    }
}

ob_status Chain::process(const float* const* inputs, float* const* outputs,
                         std::uint32_t frame_count) const noexcept
{
    if (deadline_ns_ != 0)
        caller_.cycle_begin(deadline_ns_);
    ob_status result = OB_OK;
    const float* const* source = inputs;
    for (const Insert& insert : inserts_) {
        const ob_status status = insert.process(source, outputs, frame_count);
        if (result >= 0 && status != OB_OK)
            result = status;
        source = outputs;  // from the second insert on in place
    }
    return result;
}

std::uint64_t Chain::tail_frames() const
{
    std::uint64_t sum = 0;
    for (const Insert& insert : inserts_) {
        const std::uint64_t tail = insert.status().tail_frames;
        sum = tail > OB_TAIL_INFINITE - sum ? OB_TAIL_INFINITE : sum + tail;
    }
    return sum;
}

ob_status Chain::strike(std::size_t insert_index, ob_fault fault, std::uint32_t argument) noexcept
{
    const std::lock_guard lock{control_};
    ob_insert* const insert = inserts_[insert_index].get();
    // Only into a whole set: what two faults at once do is another question.
    ob_insert_status status{};
    if (ob_insert_get_status(insert, &status) != OB_OK || status.standby_count < standby_count_)
        return OB_AGAIN;
    return ob_insert_inject_fault(insert, fault, argument);
}

std::optional<ChainIncident> Chain::next_incident()
{
    return next<ChainIncident>([](const Insert& insert) { return insert.next_incident(); });
}

std::optional<ServiceCrash> Chain::next_crash()
{
    return next<ServiceCrash>([](const Insert& insert) { return insert.next_crash_report(); });
}

std::optional<ChainPoison> Chain::next_poison_block()
{
    return next<ChainPoison>([](const Insert& insert) { return insert.next_poison_block(); });
}

/// What the first insert has that has something, with its place.
template <typename Entry, typename Fetch>
std::optional<Entry> Chain::next(Fetch&& fetch)
{
    const std::lock_guard lock{control_};
    for (std::size_t index = 0; index < inserts_.size(); ++index) {
        if (const auto found = fetch(inserts_[index]))
            return Entry{index, *found};
    }
    return std::nullopt;
}

std::uint64_t Chain::latency_behind(std::size_t first_insert) const noexcept
{
    std::uint64_t sum = 0;
    for (std::size_t index = first_insert; index < inserts_.size(); ++index)
        sum += inserts_[index].latency_frames();
    return sum;
}

}  // namespace outboard::cli
