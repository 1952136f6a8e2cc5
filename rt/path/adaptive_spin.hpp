// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Whether a wait is to spin before it sleeps: while recent spins found what they waited for. A
/// stream whose blocks are further apart than the spin is long soon costs one spin in 16 waits.

#include "rt/path/contract.hpp"

#include <cstdint>

namespace outboard::rt {

class AdaptiveSpin {
public:
    /// So many spins in vain, in a row, and the waits sleep at once.
    static constexpr std::uint32_t vain_spins_max = 4;
    /// Then one wait in so many tries again.
    static constexpr std::uint32_t waits_a_try = 16;

    /// @param spin_ns  longest spin; 0: never
    explicit AdaptiveSpin(std::uint64_t spin_ns) noexcept : spin_ns_(spin_ns) {}

    /// How long the coming wait is to spin, 0 for not at all. After a spin, note() is due.
    /// @thread the one waiter
    /// @rt     wait-free
    [[nodiscard]] std::uint64_t next_spin_ns() noexcept OB_NONBLOCKING
    {
        if (vain_spins_ < vain_spins_max)
            return spin_ns_;
        if (++waits_without_ < waits_a_try)
            return 0;
        waits_without_ = 0;
        return spin_ns_;
    }

    /// Whether the spin found what it waited for.
    void note(bool has_found) noexcept OB_NONBLOCKING
    {
        if (has_found) {
            vain_spins_ = 0;
        } else if (vain_spins_ < vain_spins_max) {
            ++vain_spins_;
        }
    }

private:
    std::uint64_t spin_ns_;
    std::uint32_t vain_spins_ = 0;
    std::uint32_t waits_without_ = 0;
};

}  // namespace outboard::rt
