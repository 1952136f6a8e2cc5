// SPDX-License-Identifier: MIT
//
// A service for tests: `gain`, which multiplies, says so by an event and has a state, and
// `refuses`, which cannot be prepared.

#include <outboard/processor.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace {

constexpr std::uint32_t gain_parameter = 7;

class Gain : public outboard::Processor {
public:
    static constexpr const char* name = "gain";
    static constexpr const char* description = "Multiplies";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr std::array<ob_parameter_info, 1> parameters{
        {{gain_parameter, 0, "gain", "Gain", "", 0.0, 10.0, 1.0}}};

    void prepare(const outboard::PrepareInfo& info) override
    {
        channel_count_ = std::min(info.input_channel_count, info.output_channel_count);
    }

    void process(const outboard::ProcessBlock& block) noexcept override
    {
        outboard::for_each_event(block, [&](const outboard::EventHeader& event) {
            if (event.type == OB_EVENT_PARAMETER)
                set_gain(block, reinterpret_cast<const ob_event_parameter&>(event));
        });
        const auto gain = static_cast<float>(gain_.load(std::memory_order_relaxed));
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
            for (std::uint32_t frame = 0; frame < block.frame_count; ++frame)
                block.outputs[channel][frame] = gain * block.inputs[channel][frame];
        }
    }

    [[nodiscard]] std::size_t save_state(std::span<std::byte> out) const override
    {
        const double gain = gain_.load(std::memory_order_relaxed);
        if (out.size() >= sizeof(gain))
            std::memcpy(out.data(), &gain, sizeof(gain));
        return sizeof(gain);
    }

    [[nodiscard]] bool load_state(std::span<const std::byte> data) override
    {
        double gain = 0.0;
        if (data.size() != sizeof(gain))
            return false;
        std::memcpy(&gain, data.data(), sizeof(gain));
        gain_.store(gain, std::memory_order_relaxed);
        return true;
    }

private:
    void set_gain(const outboard::ProcessBlock& block, const ob_event_parameter& event) noexcept
    {
        gain_.store(event.value, std::memory_order_relaxed);
        static_cast<void>(block.events_out.push(block.events_out.context, &event.header));
    }

    std::atomic<double> gain_{1.0};
    std::uint32_t channel_count_ = 0;
};

class Refuses : public outboard::Processor {
public:
    static constexpr const char* name = "refuses";
    static constexpr const char* description = "Cannot be prepared";

    void prepare(const outboard::PrepareInfo& /*info*/) override
    {
        throw std::runtime_error{"out of order"};
    }
    void process(const outboard::ProcessBlock& /*block*/) noexcept override {}
};

}  // namespace

int main(int argc, char** argv)
{
    return outboard::serve<Gain, Refuses>(argc, argv);
}
