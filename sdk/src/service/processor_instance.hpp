// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One prepared processor: its C table and its instance, which it destroys.

#include "sdk/src/service/refusal.hpp"

#include <outboard/processor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace outboard::service {

class ProcessorInstance {
public:
    /// Longest latency that we keep a delay line for: 87 s at 48 kHz.
    static constexpr std::uint32_t latency_frames_max = 1u << 22;

    /// Makes, prepares, and loads `state` unless it is empty; then runs some silent blocks and
    /// resets, so that the first real block touches no memory for the first time.
    /// @pre    `kind` outlives the instance
    /// @thread control
    [[nodiscard]] static Outcome<std::unique_ptr<ProcessorInstance>> make(
        const ob_processor_class& kind, const ob_prepare_info& format,
        std::span<const std::uint8_t> state);

    ProcessorInstance(const ProcessorInstance&) = delete;
    ProcessorInstance(ProcessorInstance&&) = delete;
    ProcessorInstance& operator=(const ProcessorInstance&) = delete;
    ProcessorInstance& operator=(ProcessorInstance&&) = delete;
    ~ProcessorInstance();

    /// @thread dsp
    /// @rt     as the processor
    void process(const ob_process_block& block) noexcept { kind_.process(instance_, &block); }
    void reset() noexcept { kind_.reset(instance_); }

    /// Writes checkpoint_bytes().
    /// @pre    checkpoint_bytes() is not 0
    /// @thread dsp
    /// @rt     as the processor
    void save_checkpoint(std::byte* out) const noexcept { kind_.save_checkpoint(instance_, out); }
    /// @pre    checkpoint_bytes() is not 0, and as many are given
    /// @thread control, before the first block
    /// @return false when the processor does not take them
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> checkpoint) noexcept
    {
        return kind_.restore_checkpoint(instance_, checkpoint.data(), checkpoint.size()) == OB_OK;
    }

    // What follows is constant since make(), and 0 where the processor says nothing.
    [[nodiscard]] const ob_processor_class& kind() const noexcept { return kind_; }
    [[nodiscard]] const ob_prepare_info& format() const noexcept { return format_; }
    [[nodiscard]] std::uint32_t latency_frames() const noexcept { return latency_frames_; }
    [[nodiscard]] std::uint64_t tail_frames() const noexcept;
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept;

    /// May run beside process().
    /// @thread control
    /// @return a refusal when it has no state or one that is too long for a message
    [[nodiscard]] Outcome<std::vector<std::uint8_t>> save_state() const;

private:
    ProcessorInstance(const ob_processor_class& kind, const ob_prepare_info& format,
                      void* instance) noexcept
        : kind_(kind),
          format_(format),
          instance_(instance)
    {}
    [[nodiscard]] Outcome<void> prepare();
    [[nodiscard]] Outcome<void> load_state(std::span<const std::uint8_t> state);
    void warm_up();

    const ob_processor_class& kind_;
    ob_prepare_info format_;
    void* instance_;
    std::uint32_t latency_frames_ = 0;
};

}  // namespace outboard::service
