// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `null`: copies the input, so that what remains is the cost of getting there and back.

#include "plugins/builtin/builtin_processor.hpp"

namespace outboard::builtin {

class Null final : public BuiltinProcessor {
public:
    static constexpr const char* name = "null";
    static constexpr const char* description = "Copies input to output (for measurements)";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC | OB_PROCESSOR_FINITE_MEMORY;

    Null() noexcept : BuiltinProcessor(name, {}) {}

private:
    void allocate(const PrepareInfo& /*info*/, StateRegions& /*state*/) override {}
    void clear() noexcept override {}
    void follow_parameters(Change /*change*/) noexcept override {}
    void render(const Segment& segment) noexcept override;
};

}  // namespace outboard::builtin
