// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Makes a schedule that fails as small as it gets: a few events say more than many.

#include "tests/sdk/simulation/schedule.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace outboard::test {

/// Takes away events, in parts that halve down to single ones, and then blocks, as long as what is
/// left still fails (delta debugging).
/// @param fails  whether a schedule fails; it fails for `schedule`
template <typename Fails>
[[nodiscard]] Schedule shrunk(Schedule schedule, Fails&& fails)
{
    for (std::size_t part = schedule.events.size(); part != 0; part /= 2) {
        for (std::size_t first = 0; first + part <= schedule.events.size();) {
            Schedule smaller = schedule;
            const auto begin = smaller.events.begin() + static_cast<std::ptrdiff_t>(first);
            smaller.events.erase(begin, begin + static_cast<std::ptrdiff_t>(part));
            if (fails(smaller)) {
                schedule = std::move(smaller);
            } else {
                first += part;
            }
        }
    }
    while (schedule.block_count > 1) {
        Schedule shorter = schedule;
        --shorter.block_count;
        if (!fails(shorter))
            break;
        schedule = std::move(shorter);
    }
    return schedule;
}

}  // namespace outboard::test
