// SPDX-License-Identifier: MIT
//
// A service in the place of the built-in one, whose `null` gives a block twice now and then: what a
// benchmark has to notice.

#include <outboard/processor.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

class Repeating : public outboard::Processor {
public:
    static constexpr const char* name = "null";
    static constexpr const char* description = "Gives each 50th block in the place of the next";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;

    void prepare(const outboard::PrepareInfo& info) override
    {
        channel_count_ = std::min(info.input_channel_count, info.output_channel_count);
        last_.assign(channel_count_, std::vector<float>(info.max_frame_count));
    }
    void process(const outboard::ProcessBlock& block) noexcept override
    {
        constexpr std::uint64_t interval = 50;
        const bool repeats = ++count_ % interval == 0;
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
            const float* const source = repeats ? last_[channel].data() : block.inputs[channel];
            std::copy_n(source, block.frame_count, block.outputs[channel]);
            std::copy_n(block.inputs[channel], block.frame_count, last_[channel].data());
        }
    }

private:
    std::uint32_t channel_count_ = 0;
    std::uint64_t count_ = 0;
    std::vector<std::vector<float>> last_;
};

}  // namespace

int main(int argc, char** argv)
{
    return outboard::serve<Repeating>(argc, argv);
}
