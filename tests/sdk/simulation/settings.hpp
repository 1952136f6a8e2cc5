// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What one simulated stream is like, and every delay in it: functions of the schedule's seed.

#include "sdk/src/host/insert_stream.hpp"

#include <outboard/host.h>

#include <cstdint>

namespace outboard::test {

struct Settings {
    explicit Settings(std::uint64_t seed);

    std::uint64_t seed;
    ob_insert_config insert{};  ///< as far as it concerns the stream
    host::InsertFormat format{};
    std::uint32_t replica_count;  ///< that are given every block
    bool is_deterministic;        ///< what the processor says of itself
    bool has_checkpoints;         ///< newcomers join behind one
    bool is_warm;                 ///< one more is kept in reserve, behind checkpoints
    bool is_respawned;            ///< what is lost is replaced
    bool waits_on_many;           ///< the kernel has futex_waitv
    std::uint64_t hedge_ns;
    std::uint64_t history_frames;
    std::uint64_t dsp_base_ns;

    static constexpr std::uint64_t start_ns = 1'000'000'000'000;
    static constexpr std::uint64_t period_ns = 2'000'000;
    static constexpr std::uint64_t budget_ns = 700'000;
    static constexpr std::uint64_t give_up_ns = 1'000'000'000;
    static constexpr std::uint64_t plain_interval_ns = 1'000'000;

    [[nodiscard]] bool is_free() const { return insert.pace == OB_PACE_FREE; }
    [[nodiscard]] host::StreamOptions stream_options() const;
    [[nodiscard]] std::uint32_t frame_count(std::uint64_t block) const;
    /// From the ring to the first instruction of a service.
    [[nodiscard]] std::uint64_t wake_ns(std::int32_t process_id, std::uint64_t unit) const;
    [[nodiscard]] std::uint64_t dsp_ns(std::int32_t process_id, std::uint64_t unit) const;
    /// From a death to the supervisor's mark.
    [[nodiscard]] std::uint64_t detect_ns(std::int32_t process_id) const;
    [[nodiscard]] std::uint64_t respawn_ns(std::int32_t process_id) const;
    /// How long the reserve is away when it is renewed, for the `count`th time.
    [[nodiscard]] std::uint64_t renewal_ns(std::uint64_t count) const;
    /// And how long it is left alone then. In half of the schedules so long that it has more to
    /// replay than its ring takes.
    [[nodiscard]] std::uint64_t renewal_pause_ns(std::uint64_t count) const;
    /// With the one in reserve.
    [[nodiscard]] std::uint32_t service_count() const { return replica_count + (is_warm ? 1 : 0); }
};

}  // namespace outboard::test
