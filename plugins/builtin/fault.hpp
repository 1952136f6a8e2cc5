// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `fault`: lets audio through until it is told to misbehave, to show what a host survives. Set
/// `kind` and `argument`, then `trigger` to 1: it strikes at the frame of that event.

#include "plugins/builtin/builtin_processor.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace outboard::builtin {

/// Values of the parameter `kind`.
enum class FaultKind : std::uint32_t {
    none,
    segv,      ///< SIGSEGV
    abort,     ///< SIGABRT
    exit,      ///< leaves at once, with exit code `argument`
    spin,      ///< endless loop
    late,      ///< busy for `argument` milliseconds
    nan,       ///< the next `argument` frames are not numbers
    infinity,  ///< the next `argument` frames are infinite
    scribble,  ///< for `argument` frames overwrites all shared memory it can write, block by block
    count
};

class Fault final : public BuiltinProcessor {
public:
    enum ParameterId : std::uint32_t { kind, argument, trigger, parameter_count };

    static constexpr const char* name = "fault";
    static constexpr const char* description = "Passes audio and misbehaves on command (for tests)";
    static constexpr std::uint32_t flags = OB_PROCESSOR_SIDE_EFFECTS;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Fault() noexcept : BuiltinProcessor(name, parameters) {}

private:
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override;
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;

    void strike() noexcept;
    void misbehave(const Segment& segment) noexcept;
    void scribble() noexcept;

    std::vector<std::span<std::byte>> shared_memory_;  ///< writable mappings seen by prepare()
    std::uint64_t pattern_ = 0;
    FaultKind active_ = FaultKind::none;
    std::uint32_t frames_left_ = 0;  ///< of the active fault
};

}  // namespace outboard::builtin
