// SPDX-License-Identifier: MIT
//
// A service that loud input kills: what a bug in a processor looks like from outside.

#include <outboard/processor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

class Allergic : public outboard::Processor {
public:
    static constexpr const char* name = "allergic";
    static constexpr const char* description = "Aborts when a sample is louder than 0.9";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;

    void prepare(const outboard::PrepareInfo& info) override
    {
        channel_count_ = std::min(info.input_channel_count, info.output_channel_count);
    }
    void process(const outboard::ProcessBlock& block) noexcept override
    {
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
            for (std::uint32_t frame = 0; frame < block.frame_count; ++frame) {
                const float sample = block.inputs[channel][frame];
                if (std::fabs(sample) > 0.9f)
                    std::abort();
                block.outputs[channel][frame] = sample;
            }
        }
    }
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override { return 8; }
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> /*data*/) noexcept override
    {
        return true;
    }

private:
    std::uint32_t channel_count_ = 0;
};

}  // namespace

int main(int argc, char** argv)
{
    return outboard::serve<Allergic>(argc, argv);
}
