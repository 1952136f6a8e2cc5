// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `gain`: turns the level up or down; at its lowest setting it is silent.

#include "plugins/builtin/builtin_processor.hpp"
#include "plugins/builtin/ramp.hpp"

#include <array>

namespace outboard::builtin {

class Gain final : public BuiltinProcessor {
public:
    enum ParameterId : std::uint32_t { gain_db, parameter_count };

    static constexpr const char* name = "gain";
    static constexpr const char* description = "Turns the level up or down, without clicks";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Gain() noexcept : BuiltinProcessor(name, parameters) {}

private:
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override {}
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;
    void render_moving(const Segment& segment) noexcept;
    void render_settled(const Segment& segment) const noexcept;

    Ramp gain_;
};

}  // namespace outboard::builtin
