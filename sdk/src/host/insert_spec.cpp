// SPDX-License-Identifier: MIT

#include "sdk/src/host/insert_spec.hpp"

#include "sdk/src/host/enumeration.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/layout.hpp"

#include <cstdint>
#include <string>

namespace outboard::host {

namespace {

constexpr double rate_hz_min = 1000.0;
constexpr double rate_hz_max = 1'000'000.0;
constexpr std::uint32_t latency_blocks_max = 8;
constexpr std::uint32_t spin_us_max = 20;

/// Silent for so long, a service counts as hung. Without a standby a service that is merely held up
/// (a machine's stall, a page fault) is worth waiting for: its state would be lost with it.
constexpr std::uint64_t hang_limit_realtime_ns = 100'000'000;
constexpr std::uint64_t hang_limit_free_ns = 1'000'000'000;

struct Range {
    const char* name;
    std::uint64_t value;
    std::uint64_t smallest;
    std::uint64_t largest;
};

[[nodiscard]] Failure check_range(const Range& range)
{
    if (range.value >= range.smallest && range.value <= range.largest)
        return {};
    return {OB_ERR_INVALID_ARGUMENT,
            std::string{range.name} + " is " + std::to_string(range.value) + "; it must be " +
                std::to_string(range.smallest) + " .. " + std::to_string(range.largest)};
}

[[nodiscard]] Failure check_pointers(const ob_insert_config& config)
{
    if (config.struct_size_bytes != sizeof(ob_insert_config)) {
        return {OB_ERR_INVALID_ARGUMENT,
                "struct_size_bytes is wrong: call ob_insert_config_init() first"};
    }
    if (config.service == nullptr || *config.service == '\0') {
        return {OB_ERR_INVALID_ARGUMENT,
                "no service given: a built-in processor (\"reverb\"), a path, or \"@name\""};
    }
    if (config.parameters == nullptr && config.parameter_count != 0)
        return {OB_ERR_INVALID_ARGUMENT, "parameters is NULL, but parameter_count is not 0"};
    if (config.state == nullptr && config.state_bytes != 0)
        return {OB_ERR_INVALID_ARGUMENT, "state is NULL, but state_bytes is not 0"};
    if (!(config.sample_rate_hz >= rate_hz_min && config.sample_rate_hz <= rate_hz_max))
        return {OB_ERR_INVALID_ARGUMENT, "sample_rate_hz must be 1000 .. 1000000"};
    return {};
}

}  // namespace

Failure check_config(const ob_insert_config& config)
{
    if (Failure failure = check_pointers(config))
        return failure;
    const bool is_pipelined = number_of(config.mode) == OB_MODE_PIPELINED;
    const bool has_standby = number_of(config.standby) != OB_STANDBY_NONE;
    const bool is_warm = number_of(config.standby) == OB_STANDBY_WARM;
    const Range ranges[] = {
        {"flags", config.flags, 0, OB_INSERT_FAULT_HOOK},
        {"max_frame_count", config.max_frame_count, 1, link::frame_count_max},
        {"input_channel_count", config.input_channel_count, 1, link::channel_count_max},
        {"output_channel_count", config.output_channel_count, 1, link::channel_count_max},
        {"mode", number_of(config.mode), 0, OB_MODE_PIPELINED},
        {"latency_blocks", config.latency_blocks, is_pipelined ? 1u : 0u, latency_blocks_max},
        {"fallback", number_of(config.fallback), 0, OB_FALLBACK_HOLD},
        {"standby", number_of(config.standby), 0, OB_STANDBY_WARM},
        {"standby_count", config.standby_count, has_standby ? 1u : 0u,
         is_warm ? warm_standby_count_max : standby_count_max},
        {"pace", number_of(config.pace), 0, OB_PACE_FREE},
        {"placement", number_of(config.placement), 0, OB_PLACEMENT_NONE},
        {"standby_placement", number_of(config.standby_placement), 0, OB_STANDBY_PLACEMENT_OTHER},
        {"spin_us", config.spin_us, 0, spin_us_max},
        {"event_bytes", config.event_bytes, 0, link::event_bytes_max},
        {"state_bytes", config.state_bytes, 0, link::state_bytes_max},
    };
    for (const Range& range : ranges) {
        if (Failure failure = check_range(range))
            return failure;
    }
    return {};
}

InsertSpec make_spec(const ob_insert_config& config)
{
    InsertSpec spec;
    spec.config = config;
    spec.service = config.service;
    spec.processor = config.processor != nullptr ? config.processor : "";
    spec.group = config.group != nullptr ? config.group : "";
    spec.parameters.assign(config.parameters, config.parameters + config.parameter_count);
    const auto* const state = static_cast<const std::byte*>(config.state);
    spec.state.assign(state, state + config.state_bytes);

    // A built-in service offers many processors: its name says which.
    if (!spec.is_found_by_name() && !spec.is_path() && spec.processor.empty())
        spec.processor = spec.service;
    // Slots are whole cache lines.
    constexpr auto line = static_cast<std::uint32_t>(rt::cache_line_bytes);
    spec.config.event_bytes = (config.event_bytes + line - 1) / line * line;
    if (config.hang_limit_ns == 0) {
        spec.config.hang_limit_ns =
            config.pace == OB_PACE_FREE ? hang_limit_free_ns : hang_limit_realtime_ns;
    }
    spec.config.service = nullptr;
    spec.config.processor = nullptr;
    spec.config.group = nullptr;
    spec.config.parameters = nullptr;
    spec.config.state = nullptr;
    return spec;
}

}  // namespace outboard::host
