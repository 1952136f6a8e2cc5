// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What all built-in processors share, so that each has only its DSP: the check of the format,
/// parameters and their events at the exact frame, state, checkpoints.
///
/// The output never depends on how the stream is cut into blocks: events split a block into
/// segments, and within a segment everything moves per frame or on an absolute grid.

#include "plugins/builtin/checkpoint.hpp"
#include "plugins/builtin/parameters.hpp"

#include <outboard/processor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::builtin {

/// The part of a block between two events.
struct Segment {
    const ProcessBlock& block;
    std::uint32_t first_frame;
    std::uint32_t frame_count;

    [[nodiscard]] const float* input(std::size_t channel) const noexcept
    {
        return block.inputs[channel] + first_frame;
    }
    [[nodiscard]] float* output(std::size_t channel) const noexcept
    {
        return block.outputs[channel] + first_frame;
    }
    /// The frames from `first` on, within this segment.
    [[nodiscard]] Segment part(std::uint32_t first, std::uint32_t count) const noexcept
    {
        return {block, first_frame + first, count};
    }
};

/// How a processor takes on its parameters.
enum class Change : std::uint8_t {
    jump,  ///< at once: nothing has been heard yet
    glide  ///< without a click
};

class BuiltinProcessor : public Processor {
public:
    void prepare(const PrepareInfo& info) final;
    void process(const ProcessBlock& block) noexcept final;
    void reset() noexcept final;
    [[nodiscard]] std::size_t save_state(std::span<std::byte> out) const final;
    [[nodiscard]] bool load_state(std::span<const std::byte> data) final;
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept final;
    void save_checkpoint(std::span<std::byte> out) const noexcept final;
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> data) noexcept final;

protected:
    /// @param name, parameters  static, as in processor.hpp
    BuiltinProcessor(const char* name, std::span<const ob_parameter_info> parameters) noexcept;

    /// Whether it can turn that many inputs into that many outputs; by default only as many.
    [[nodiscard]] virtual bool accepts_channels(std::uint32_t input_count,
                                                std::uint32_t output_count) const noexcept
    {
        return input_count == output_count;
    }
    /// Allocates for the format and lists all memory that is DSP state. May throw. [!rt]
    virtual void allocate(const PrepareInfo& info, StateRegions& state) = 0;
    /// Forgets the past. [rt]
    virtual void clear() noexcept = 0;
    /// Takes on the values of parameters(). [rt]
    virtual void follow_parameters(Change change) noexcept = 0;
    /// [rt]
    virtual void render(const Segment& segment) noexcept = 0;
    /// Whether the state just restored can be used without harm. [rt]
    [[nodiscard]] virtual bool state_is_valid() const noexcept { return true; }

    [[nodiscard]] const ParameterSet& parameters() const noexcept { return parameters_; }
    [[nodiscard]] ParameterSet& parameters() noexcept { return parameters_; }
    [[nodiscard]] double parameter(std::uint32_t id) const noexcept
    {
        return parameters_.value(id);
    }
    [[nodiscard]] const PrepareInfo& format() const noexcept { return format_; }
    /// Frames over which a changed parameter glides; 0 for a jump.
    [[nodiscard]] std::uint32_t glide_frames(Change change, double time_ms = 20.0) const noexcept;

private:
    void check_format(const PrepareInfo& info) const;
    /// @return whether a parameter changed
    bool apply(const EventHeader& event) noexcept;
    [[nodiscard]] bool parameters_are_valid(std::span<const std::byte> values) const noexcept;
    [[nodiscard]] CheckpointHeader header() const noexcept;
    [[nodiscard]] std::size_t parameter_bytes() const noexcept;

    const char* name_;
    ParameterSet parameters_;
    PrepareInfo format_{};
    StateRegions state_;
    bool is_prepared_ = false;
};

}  // namespace outboard::builtin
