// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What `outboard bench failover` varies: each kind of fault by each kind of standby is a cell.

#include "bench/tool/result.hpp"

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::bench {

struct FailoverCell {
    ob_fault fault;
    ob_standby standby;

    /// "kill/hot"
    [[nodiscard]] std::string name() const;
    [[nodiscard]] Json parameters() const;
    /// For ob_insert_inject_fault(). A service that is late is so by this many milliseconds.
    [[nodiscard]] std::uint32_t fault_argument() const noexcept;
    /// Whether the service is lost by it.
    [[nodiscard]] bool is_fatal() const noexcept;
    [[nodiscard]] std::uint32_t standby_count() const noexcept;
};

/// All there are, as the command line has them.
[[nodiscard]] std::vector<std::string> fault_names();
[[nodiscard]] std::vector<std::string> standby_names();

/// As they were given; an empty list means the default.
struct FailoverLists {
    std::vector<std::string> faults;
    std::vector<std::string> standbys;
};

/// @pre all names are known
[[nodiscard]] std::vector<FailoverCell> make_cells(FailoverLists lists, bool is_quick);

/// How long it will take, as far as services come back as fast as they do at rest.
[[nodiscard]] double expected_seconds(const std::vector<FailoverCell>& cells,
                                      std::size_t strike_count) noexcept;

}  // namespace outboard::bench
