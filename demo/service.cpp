// SPDX-License-Identifier: MIT
//
// A processor of one's own: a tremolo. The program is the service.
//
//   outboard run --in voice.wav --out wet.wav --service ./demo-service --param demo-service.rate=6

#include <outboard/processor.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace {

class Tremolo final : public outboard::Processor {
public:
    static constexpr const char* name = "tremolo";
    static constexpr const char* description = "Makes the sound swell, some times a second";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    // id, flags, key, name, unit, minimum, maximum, initial
    static constexpr std::array parameters{
        ob_parameter_info{0, 0, "rate", "Rate", "Hz", 0.1, 20, 5},
        ob_parameter_info{1, 0, "depth", "Depth", "", 0, 1, 0.7},
    };

    void prepare(const outboard::PrepareInfo& info) override
    {
        if (info.input_channel_count != info.output_channel_count)
            throw std::invalid_argument{"tremolo gives as many channels as it takes"};
        info_ = info;
        turns_ = 0;
    }

    // On the real-time thread: no allocation, no lock, no system call.
    void process(const outboard::ProcessBlock& block) noexcept override
    {
        outboard::for_each_event(block, [this](const outboard::EventHeader& event) {
            if (event.type == OB_EVENT_PARAMETER)
                set(reinterpret_cast<const ob_event_parameter&>(event));
        });
        for (std::uint32_t frame = 0; frame < block.frame_count; ++frame) {
            const double swell = 0.5 - 0.5 * std::cos(6.283185307179586 * turns_);
            const auto gain = static_cast<float>(1 - values_[1] * swell);
            for (std::uint32_t channel = 0; channel < info_.output_channel_count; ++channel)
                block.outputs[channel][frame] = gain * block.inputs[channel][frame];
            turns_ += values_[0] / info_.sample_rate_hz;
            turns_ -= std::floor(turns_);
        }
    }

    void reset() noexcept override { turns_ = 0; }

private:
    void set(const ob_event_parameter& event) noexcept
    {
        if (event.parameter_id < values_.size())
            values_[event.parameter_id] = event.value;
    }

    outboard::PrepareInfo info_{};
    std::array<double, 2> values_{5, 0.7};
    double turns_ = 0;
};

}  // namespace

int main(int argc, char** argv)
{
    return outboard::serve<Tremolo>(argc, argv);
}
