// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A processor that can be looked into: it delays its input by `Latency` frames, adds an offset
/// (its state), and notes what it was given.

#include <outboard/processor.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

namespace outboard::test {

/// What all probes of this process have seen; cleared by the test that looks at it.
struct ProbeRecord {
    std::array<std::uint16_t, 16> event_types{};
    std::size_t event_count = 0;
    int block_count = 0;
    int reset_count = 0;
    int living_count = 0;
    std::uint64_t last_sequence = 0;
    double last_parameter = 0.0;
    ob_status late_event_status = OB_OK;  ///< of pushing an event behind the block's end
};
inline ProbeRecord probe_record;

template <std::uint32_t Latency>
class Probe : public Processor {
public:
    static constexpr const char* name = "probe";
    static constexpr const char* description = "For tests";
    static constexpr std::array<ob_parameter_info, 1> parameters{
        {{7, 0, "depth", "Depth", "", 0.0, 10.0, 1.0}}};

    Probe() { ++probe_record.living_count; }
    Probe(const Probe&) = delete;
    Probe(Probe&&) = delete;
    Probe& operator=(const Probe&) = delete;
    Probe& operator=(Probe&&) = delete;
    ~Probe() override { --probe_record.living_count; }

    void prepare(const PrepareInfo& info) override
    {
        if (info.sample_rate_hz == 12'345.0)
            throw std::runtime_error{"this rate I do not like"};
        past_.assign(info.output_channel_count, std::vector<float>(Latency, 0.0F));
    }

    void process(const ProcessBlock& block) noexcept override
    {
        ++probe_record.block_count;
        probe_record.last_sequence = block.sequence;
        for_each_event(block, [&](const EventHeader& event) { note(event); });
        for (std::size_t channel = 0; channel < past_.size(); ++channel)
            process_channel(block, channel);
        ob_event_header behind_the_end{sizeof(ob_event_header), block.frame_count, 100, 0, 0};
        probe_record.late_event_status =
            block.events_out.push(block.events_out.context, &behind_the_end);
    }

    void reset() noexcept override { ++probe_record.reset_count; }
    [[nodiscard]] std::uint32_t latency_frames() const noexcept override { return Latency; }

    [[nodiscard]] std::size_t save_state(std::span<std::byte> out) const override
    {
        if (out.size() >= sizeof(offset_))
            std::memcpy(out.data(), &offset_, sizeof(offset_));
        return sizeof(offset_);
    }
    [[nodiscard]] bool load_state(std::span<const std::byte> data) override
    {
        if (data.size() != sizeof(offset_))
            return false;
        std::memcpy(&offset_, data.data(), sizeof(offset_));
        return true;
    }

private:
    static void note(const EventHeader& event) noexcept
    {
        if (probe_record.event_count < probe_record.event_types.size())
            probe_record.event_types[probe_record.event_count++] = event.type;
        if (event.type == OB_EVENT_PARAMETER) {
            ob_event_parameter parameter;
            std::memcpy(&parameter, &event, sizeof(parameter));
            probe_record.last_parameter = parameter.value;
        }
    }

    void process_channel(const ProcessBlock& block, std::size_t channel) noexcept
    {
        for (std::uint32_t frame = 0; frame < block.frame_count; ++frame) {
            float sample = block.inputs[channel][frame];
            if constexpr (Latency != 0) {
                auto& past = past_[channel];
                std::swap(sample, past.front());
                std::rotate(past.begin(), past.begin() + 1, past.end());
            }
            block.outputs[channel][frame] = sample + offset_;
        }
    }

    std::vector<std::vector<float>> past_;
    float offset_ = 1.0F;
};

/// The state of a probe that adds `offset`.
inline std::vector<std::uint8_t> probe_state(float offset)
{
    std::vector<std::uint8_t> state(sizeof(offset));
    std::memcpy(state.data(), &offset, sizeof(offset));
    return state;
}

}  // namespace outboard::test
