// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A value that glides to its target in a straight line, one step at a time, and then is exactly
/// the target. Counted in steps and not in blocks: how a stream is cut changes nothing.

#include <cmath>
#include <cstdint>

namespace outboard::builtin {

class Ramp {
public:
    /// Heads for `target` over `step_count` steps; 0 jumps. [rt]
    void aim(double target, std::uint32_t step_count) noexcept
    {
        if (step_count == 0) {
            *this = {};
            value_ = target_ = target;
        } else if (target != target_) {
            target_ = target;
            increment_ = (target - value_) / step_count;
            steps_left_ = step_count;
        }
    }

    /// Takes one step and returns the value there. [rt]
    double next() noexcept
    {
        if (steps_left_ != 0) {
            --steps_left_;
            value_ = steps_left_ == 0 ? target_ : value_ + increment_;
        }
        return value_;
    }

    [[nodiscard]] double value() const noexcept { return value_; }
    [[nodiscard]] bool is_moving() const noexcept { return steps_left_ != 0; }

    /// Whether its values are numbers; a restored one has to be asked.
    [[nodiscard]] bool is_finite() const noexcept
    {
        return std::isfinite(value_) && std::isfinite(target_) && std::isfinite(increment_);
    }

private:
    double value_ = 0.0;
    double target_ = 0.0;
    double increment_ = 0.0;
    std::uint64_t steps_left_ = 0;  ///< 64 bits: leaves no padding in a checkpoint
};

}  // namespace outboard::builtin
