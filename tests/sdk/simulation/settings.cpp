// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/settings.hpp"

#include "tests/sdk/simulation/schedule.hpp"
#include "tests/sdk/simulation/test_signal.hpp"

#include <array>

namespace outboard::test {

namespace {

constexpr std::uint32_t max_frame_count = 96;

/// Each use of the seed is a stream of its own.
enum Purpose : std::uint64_t {
    insert,
    limits,
    sizes,
    wakes,
    dsp,
    detection,
    respawns,
    history,
    reserve,
    renewals,
    pauses
};

[[nodiscard]] ob_insert_config make_config(std::uint64_t bits)
{
    ob_insert_config config{};
    config.sample_rate_hz = 48'000;
    config.max_frame_count = max_frame_count;
    config.input_channel_count = signal_channel_count;
    config.output_channel_count = signal_channel_count;
    config.mode = bits % 3 == 0 ? OB_MODE_PIPELINED : OB_MODE_SYNC;
    config.latency_blocks = 1 + static_cast<std::uint32_t>((bits >> 8) % 2);
    config.fallback = static_cast<ob_fallback>((bits >> 16) % 3);
    config.pace = (bits >> 24) % 4 == 0 ? OB_PACE_FREE : OB_PACE_REALTIME;
    config.late_limit = 3;
    const bool is_patient = config.pace == OB_PACE_FREE || (bits >> 32) % 3 == 0;
    config.hang_limit_ns = is_patient ? 50'000'000 : 8'000'000;
    config.give_up_ns = Settings::give_up_ns;
    config.event_bytes = 256;
    return config;
}

}  // namespace

Settings::Settings(std::uint64_t schedule_seed) : seed(schedule_seed)
{
    const std::uint64_t bits = mixed(seed, Purpose::limits);
    insert = make_config(mixed(seed, Purpose::insert));
    const bool has_fixed_units = bits % 8 == 0;
    format = host::make_format(insert, has_fixed_units ? 64 : 0);
    is_warm = mixed(seed, Purpose::reserve) % 4 == 0;
    replica_count = is_warm ? 1 : 1 + static_cast<std::uint32_t>((bits >> 8) % 3);
    is_deterministic = (bits >> 16) % 5 != 0;
    has_checkpoints = is_warm || (bits >> 24) % 4 != 0;
    is_respawned = (bits >> 32) % 8 != 0;
    waits_on_many = (bits >> 40) % 4 != 0;
    hedge_ns = (bits >> 48) % 3 == 0 ? 0 : 150'000;
    constexpr std::array<std::uint64_t, 3> bases_ns{10'000, 60'000, 140'000};
    history_frames = mixed(seed, Purpose::history) % 2 == 0 ? 512 : 4096;
    dsp_base_ns = bases_ns[(bits >> 56) % bases_ns.size()];
}

host::StreamOptions Settings::stream_options() const
{
    host::StreamOptions options{};
    options.fallback = insert.fallback;
    options.event_bytes = insert.event_bytes;
    options.replicas.pace = insert.pace;
    options.replicas.replica_count = replica_count;
    options.replicas.is_deterministic = is_deterministic;
    options.replicas.sample_rate_hz = insert.sample_rate_hz;
    options.replicas.late_limit = insert.late_limit;
    options.replicas.hang_limit_ns = insert.hang_limit_ns;
    options.replicas.give_up_ns = insert.give_up_ns;
    return options;
}

std::uint32_t Settings::frame_count(std::uint64_t block) const
{
    const std::uint64_t bits = mixed(seed, Purpose::sizes, block);
    const bool has_one_size = mixed(seed, Purpose::sizes) % 2 == 0;
    return has_one_size || bits % 2 == 0
               ? max_frame_count
               : 1 + static_cast<std::uint32_t>((bits >> 8) % max_frame_count);
}

std::uint64_t Settings::wake_ns(std::int32_t process_id, std::uint64_t unit) const
{
    return 2'000 +
           mixed(seed + Purpose::wakes, static_cast<std::uint64_t>(process_id), unit) % 20'000;
}

std::uint64_t Settings::dsp_ns(std::int32_t process_id, std::uint64_t unit) const
{
    return dsp_base_ns +
           mixed(seed + Purpose::dsp, static_cast<std::uint64_t>(process_id), unit) % dsp_base_ns;
}

std::uint64_t Settings::detect_ns(std::int32_t process_id) const
{
    const auto bits = mixed(seed + Purpose::detection, static_cast<std::uint64_t>(process_id));
    return bits % 4 == 0 ? 1'500'000 : 20'000 + (bits >> 8) % 200'000;
}

std::uint64_t Settings::respawn_ns(std::int32_t process_id) const
{
    return 500'000 +
           mixed(seed + Purpose::respawns, static_cast<std::uint64_t>(process_id)) % 15'000'000;
}

std::uint64_t Settings::renewal_ns(std::uint64_t count) const
{
    return 50'000 + mixed(seed + Purpose::renewals, count) % 1'500'000;
}

std::uint64_t Settings::renewal_pause_ns(std::uint64_t count) const
{
    if (mixed(seed, Purpose::pauses) % 2 == 0)
        return 0;
    return mixed(seed + Purpose::pauses, count) % 80'000'000;
}

}  // namespace outboard::test
