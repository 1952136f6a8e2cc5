// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What an insert was asked to be: a checked, owning copy of ob_insert_config.

#include "sdk/src/host/failure.hpp"

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::host {

inline constexpr std::uint32_t standby_count_max = 2;
inline constexpr std::uint32_t warm_standby_count_max = 1;

struct InsertSpec {
    ob_insert_config config{};  ///< its pointers are null: the copies below count
    std::string service;
    std::string processor;  ///< empty: the first that the service offers
    std::string group;      ///< empty: as the host's policy says
    std::vector<ob_parameter_value> parameters;
    std::vector<std::byte> state;

    [[nodiscard]] bool is_warm() const noexcept { return config.standby == OB_STANDBY_WARM; }
    [[nodiscard]] bool is_found_by_name() const noexcept { return service.front() == '@'; }
    /// Primary and standbys.
    [[nodiscard]] std::uint32_t replica_count() const noexcept
    {
        return config.standby == OB_STANDBY_NONE ? 1 : 1 + config.standby_count;
    }
    [[nodiscard]] bool is_path() const noexcept { return service.find('/') != std::string::npos; }
};

/// Checks every field of a configuration that came from outside.
[[nodiscard]] Failure check_config(const ob_insert_config& config);

/// @pre check_config() found nothing
[[nodiscard]] InsertSpec make_spec(const ob_insert_config& config);

}  // namespace outboard::host
