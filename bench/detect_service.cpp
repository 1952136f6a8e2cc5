// SPDX-License-Identifier: MIT

#include "bench/detect_service.hpp"

#include "rt/path/bell.hpp"

#include <outboard/service.h>
#include <outboard/processor.hpp>

#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace outboard::bench {

namespace {

class Resident final : public Processor {
public:
    static constexpr const char* name = "resident";
    static constexpr const char* description = "Has much memory, and waits to be killed";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC | OB_PROCESSOR_FINITE_MEMORY;
    static const std::array<ob_parameter_info, 1> parameters;

    void prepare(const PrepareInfo& info) override
    {
        channel_count_ = info.output_channel_count;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
        const char* const mebibytes = std::getenv(resident_variable);
        memory_.assign((mebibytes != nullptr ? std::strtoull(mebibytes, nullptr, 10) : 0) << 20U,
                       std::byte{1});
    }

    void process(const ProcessBlock& block) noexcept override
    {
        for_each_event(block, [this](const EventHeader& event) {
            if (event.type != OB_EVENT_PARAMETER)
                return;
            ob_event_parameter change;
            std::memcpy(&change, &event, sizeof(change));
            is_victim_ = static_cast<std::int64_t>(change.value) == ::getpid();
        });
        while (is_victim_)
            rt::spin_pause();
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel)
            std::copy_n(block.inputs[channel], block.frame_count, block.outputs[channel]);
    }

private:
    std::uint32_t channel_count_ = 0;
    bool is_victim_ = false;
    std::vector<std::byte> memory_;
};

const std::array<ob_parameter_info, 1> Resident::parameters{
    {{victim_parameter, 0, "victim", "Process that waits to be killed", "", 0.0, 1e9, 0.0}}};

}  // namespace

bool is_started_as_service() noexcept
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    return std::getenv("OUTBOARD_SOCKET") != nullptr;
}

int run_service(int argc, char** argv) noexcept
{
    return serve<Resident>(argc, argv);
}

}  // namespace outboard::bench
