// SPDX-License-Identifier: MIT

#include "plugins/builtin/diffuser.hpp"

#include "plugins/builtin/sample_math.hpp"

namespace outboard::builtin {
namespace {

using Stages = std::array<double, Diffuser::stage_count>;

/// Without common divisors, or the bursts of two stages would fall on each other.
constexpr std::array<Stages, 2> stage_ms{{{2.93, 4.37, 7.83, 11.29}, {3.17, 4.73, 7.31, 12.07}}};
constexpr std::array<float, Diffuser::stage_count> stage_gain{0.70F, 0.70F, 0.62F, 0.62F};

}  // namespace

void Diffuser::allocate(double sample_rate_hz, std::size_t variant, StateRegions& state)
{
    predelay_.allocate(frames_from_ms(predelay_ms_max, sample_rate_hz, 1));
    state.add(predelay_.samples());
    for (std::size_t stage = 0; stage < stage_count; ++stage) {
        stage_frames_[stage] = frames_from_ms(stage_ms[variant][stage], sample_rate_hz, 1);
        stages_[stage].allocate(stage_frames_[stage]);
        state.add(stages_[stage].samples());
    }
    state.add(low_);
}

void Diffuser::clear() noexcept
{
    predelay_.clear();
    for (auto& stage : stages_)
        stage.clear();
    low_ = 0.0F;
}

float Diffuser::next(std::uint64_t frame, float in, const FadingTap& predelay,
                     float low_cut) noexcept
{
    predelay_.write(frame, in);
    const float late = predelay.read(predelay_, frame);
    low_ = without_tiny(low_ + low_cut * (late - low_));
    float sample = late - low_;
    for (std::size_t stage = 0; stage < stage_count; ++stage) {
        const float past = stages_[stage].read(frame, stage_frames_[stage]);
        const float inner = without_tiny(sample - stage_gain[stage] * past);
        stages_[stage].write(frame, inner);
        sample = past + stage_gain[stage] * inner;
    }
    return sample;
}

}  // namespace outboard::builtin
