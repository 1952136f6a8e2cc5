// SPDX-License-Identifier: MIT

#include "bench/hop_null.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace outboard::bench {

namespace {

constexpr std::uint32_t channel_count = 2;
constexpr std::uint64_t patience_ns = 1'000'000'000;

void expect_ok(ob_status status, const char* what)
{
    if (status == OB_OK)
        return;
    throw std::runtime_error{std::string{what} + ": " + ob_status_text(status) + ": " +
                             ob_last_error_message()};
}

}  // namespace

NullHop::NullHop(const Config& config) : frame_count_(config.frame_count)
{
    create_host(config);
    create_caller(config);
    create_insert(config);
}

void NullHop::create_host(const Config& config)
{
    ob_host_config host_config;
    ob_host_config_init(&host_config);
    host_config.name = "hop benchmark";
    host_config.supervisor_priority = config.caller_priority > 1 ? config.caller_priority - 1 : 0;
    host_config.hold_cpu_latency = config.hold_cpu_latency ? 1 : 0;
    ob_host* host = nullptr;
    expect_ok(ob_host_create(&host_config, &host), "ob_host_create");
    host_.reset(host);
    std::uint32_t held = 0;
    expect_ok(ob_host_realtime(host, nullptr, &held), "ob_host_realtime");
    cpu_latency_held_ = held != 0;
}

void NullHop::create_caller(const Config& config)
{
    ob_caller_config caller_config;
    ob_caller_config_init(&caller_config);
    caller_config.realtime_priority = config.caller_priority;
    caller_config.pinned_cpu = config.caller_cpu;
    ob_caller* caller = nullptr;
    expect_ok(ob_caller_create(host_.get(), &caller_config, &caller), "ob_caller_create");
    caller_.reset(caller);
}

void NullHop::create_insert(const Config& config)
{
    ob_insert_config insert_config;
    ob_insert_config_init(&insert_config);
    insert_config.service = "null";
    insert_config.max_frame_count = config.frame_count;
    insert_config.input_channel_count = channel_count;
    insert_config.output_channel_count = channel_count;
    insert_config.mode = config.mode;
    insert_config.fallback = config.fallback;
    insert_config.placement = config.placement;
    insert_config.spin_us = config.spin_us;
    ob_insert* insert = nullptr;
    expect_ok(ob_insert_create(caller_.get(), &insert_config, &insert), "ob_insert_create");
    insert_.reset(insert);
}

bool NullHop::hop(std::span<const float> in, std::span<float> out) noexcept
{
    const std::array<const float*, channel_count> inputs{in.data(), in.data() + frame_count_};
    const std::array<float*, channel_count> outputs{out.data(), out.data() + frame_count_};
    return ob_insert_process(insert_.get(), inputs.data(), outputs.data(), frame_count_) == OB_OK;
}

void NullHop::begin_patiently() noexcept
{
    ob_caller_cycle_begin(caller_.get(), patience_ns);
}

ob_block_times NullHop::block_times() const noexcept
{
    ob_block_times times{};
    const bool is_known = ob_insert_get_block_times(insert_.get(), &times) == OB_OK;
    return is_known ? times : ob_block_times{};
}

std::uint32_t NullHop::latency_frames() const noexcept
{
    return ob_insert_latency_frames(insert_.get());
}

ob_histogram_summary NullHop::own_cost() const
{
    ob_histogram_summary summary{};
    expect_ok(ob_insert_histogram_summary(insert_.get(), OB_HISTOGRAM_OWN, &summary),
              "ob_insert_histogram_summary");
    return summary;
}

ob_insert_status NullHop::status() const
{
    ob_insert_status status{};
    expect_ok(ob_insert_get_status(insert_.get(), &status), "ob_insert_get_status");
    return status;
}

}  // namespace outboard::bench
