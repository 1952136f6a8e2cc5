// SPDX-License-Identifier: MIT

#include "sdk/src/host/linear_prediction.hpp"

#include "sdk/src/host/fade.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outboard::host {

void LinearPrediction::continue_signal(std::span<const float> past, std::span<float> next) noexcept
    OB_NONBLOCKING
{
    OB_ASSERT(past.size() <= past_frames_max);
    OB_ASSERT(next.size() <= next_frames_max);
    const double peak = load(past);
    if (peak == 0.0) {
        std::ranges::fill(next, 0.0f);
        return;
    }
    fit(past.size());
    extrapolate(peak, next);
}

/// Scales the past to a peak of 1, so that neither the loudest nor the quietest signal leaves the
/// range of the sums below.
double LinearPrediction::load(std::span<const float> past) noexcept
{
    double peak = 0.0;
    for (const float sample : past)
        peak = std::max(peak, std::abs(static_cast<double>(finite_or_zero(sample))));
    if (peak == 0.0)
        return peak;

    for (std::size_t i = 0; i < past.size(); ++i)
        forward_errors_[i] = finite_or_zero(past[i]) / peak;
    std::copy_n(forward_errors_.begin(), past.size(), backward_errors_.begin());

    const std::size_t kept = std::min(past.size(), order);
    std::fill_n(signal_.begin(), order - kept, 0.0);
    std::copy_n(forward_errors_.begin() + static_cast<std::ptrdiff_t>(past.size() - kept), kept,
                signal_.begin() + static_cast<std::ptrdiff_t>(order - kept));
    return peak;
}

void LinearPrediction::fit(std::size_t past_frames) noexcept
{
    weights_.fill(0.0);
    // More weights than half the frames would fit the window and not the signal.
    const std::size_t stages = std::min(order, past_frames / 2);
    for (std::size_t stage = 0; stage < stages; ++stage) {
        const double coefficient = reflection(stage, past_frames);
        extend_weights(stage, coefficient);
        filter_errors(stage, past_frames, coefficient);
    }
}

/// The coefficient that leaves the least forward and backward error together; at most 1.
/// The forward error of frame stage + 1 + i meets the backward error of the frame before it, which
/// is kept at index i: so nothing has to be moved from one stage to the next.
double LinearPrediction::reflection(std::size_t stage, std::size_t past_frames) const noexcept
{
    constexpr std::size_t lanes = 4;  // independent sums, which the compiler can do side by side
    std::array<double, lanes> products{};
    std::array<double, lanes> energies{};
    const std::size_t pair_count = past_frames - 1 - stage;
    const double* const forward = forward_errors_.data() + stage + 1;
    const double* const backward = backward_errors_.data();
    const auto add_pair = [&](std::size_t i, std::size_t lane) {
        products[lane] += forward[i] * backward[i];
        energies[lane] += forward[i] * forward[i] + backward[i] * backward[i];
    };
    std::size_t i = 0;
    for (; i + lanes <= pair_count; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            add_pair(i + lane, lane);
    }
    for (; i < pair_count; ++i)
        add_pair(i, 0);

    const double product = (products[0] + products[1]) + (products[2] + products[3]);
    const double energy = (energies[0] + energies[1]) + (energies[2] + energies[3]);
    if (energy < std::numeric_limits<double>::min())
        return 0.0;  // nothing is left to predict
    return std::clamp(2.0 * product / energy, -1.0, 1.0);
}

void LinearPrediction::filter_errors(std::size_t stage, std::size_t past_frames,
                                     double reflection) noexcept
{
    const std::size_t pair_count = past_frames - 1 - stage;
    double* const forward = forward_errors_.data() + stage + 1;
    double* const backward = backward_errors_.data();
    for (std::size_t i = 0; i < pair_count; ++i) {
        const double error = forward[i];
        forward[i] = error - reflection * backward[i];
        backward[i] -= reflection * error;
    }
}

/// The Levinson recursion: weights of order `stage` become weights of order `stage + 1`.
void LinearPrediction::extend_weights(std::size_t stage, double reflection) noexcept
{
    for (std::size_t low = 0; low < (stage + 1) / 2; ++low) {
        const std::size_t high = stage - 1 - low;
        const double near = weights_[low];
        const double far = weights_[high];
        weights_[low] = near - reflection * far;
        weights_[high] = far - reflection * near;  // low == high: the same value again
    }
    weights_[stage] = reflection;
}

void LinearPrediction::extrapolate(double peak, std::span<float> next) noexcept
{
    const double limit =
        std::min(peak_ratio_max * peak, static_cast<double>(std::numeric_limits<float>::max()));
    for (std::size_t frame = 0; frame < next.size(); ++frame) {
        const std::size_t now = order + frame;
        double predicted = 0.0;
        for (std::size_t lag = 0; lag < order; ++lag)
            predicted += weights_[lag] * signal_[now - 1 - lag];
        signal_[now] = predicted;
        next[frame] = static_cast<float>(std::clamp(predicted * peak, -limit, limit));
    }
}

}  // namespace outboard::host
