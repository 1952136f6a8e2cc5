// SPDX-License-Identifier: MIT

#include "sdk/src/host/linear_prediction.hpp"

#include "bench/click_meter.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <span>
#include <vector>

using outboard::host::LinearPrediction;

namespace {

constexpr std::size_t past_frames = LinearPrediction::past_frames_max;
constexpr std::size_t next_frames = LinearPrediction::next_frames_max;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct Continuation {
    explicit Continuation(std::span<const float> past)
    {
        next.fill(not_a_number);  // what is left unwritten shows
        prediction.continue_signal(past, next);
    }

    [[nodiscard]] double peak() const { return peak_of(next); }
    [[nodiscard]] bool is_finite() const
    {
        return std::ranges::all_of(next, [](float sample) { return std::isfinite(sample); });
    }
    static double peak_of(std::span<const float> signal)
    {
        double peak = 0.0;
        for (const float sample : signal)
            peak = std::max(peak, std::abs(static_cast<double>(sample)));
        return peak;
    }

    LinearPrediction prediction;
    std::array<float, next_frames> next{};
};

double error_of_continued(const std::vector<float>& signal)
{
    const Continuation continuation{{signal.data(), past_frames}};
    double worst = 0.0;
    for (std::size_t i = 0; i < next_frames; ++i) {
        const double error = continuation.next[i] - signal[past_frames + i];
        worst = std::max(worst, std::abs(error));
    }
    return worst;
}

}  // namespace

TEST_SUITE("sdk/linear_prediction")
{
    TEST_CASE("nothing and silence go on as silence")
    {
        CHECK(Continuation{{}}.peak() == 0.0);
        CHECK(Continuation{std::vector<float>(past_frames)}.peak() == 0.0);
    }

    TEST_CASE("a constant goes on")
    {
        const std::vector<float> past(past_frames, 0.25f);
        const Continuation continuation{past};
        for (const float sample : continuation.next)
            CHECK(sample == doctest::Approx(0.25).epsilon(0.01));
    }

    TEST_CASE("a sine of any phase goes on within 0.1 %")
    {
        double worst = 0.0;
        for (int step = 0; step < 48; ++step) {
            const double phase = 2.0 * std::numbers::pi * step / 48;
            const auto signal = outboard::bench::sine(past_frames + next_frames, 0.5, phase);
            worst = std::max(worst, error_of_continued(signal) / 0.5);
        }
        MESSAGE("worst error of a continued sine: ", worst);
        CHECK(worst < 1e-3);
    }

    TEST_CASE("a voice goes on without a step")
    {
        double worst = 0.0;
        for (std::size_t start = 0; start < 343; start += 7) {
            const auto all = outboard::bench::voice(1'024, 0.5, 0.0);
            const std::span<const float> past{all.data() + start, past_frames};
            const Continuation continuation{past};
            for (std::size_t i = 0; i < 4; ++i) {
                const double error = continuation.next[i] - all[start + past_frames + i];
                worst = std::max(worst, std::abs(error) / Continuation::peak_of(past));
            }
        }
        MESSAGE("worst error of a continued voice, 4 frames: ", worst);
        CHECK(worst < 1e-3);
    }

    TEST_CASE("a past of any length up to the largest is continued")
    {
        const auto signal = outboard::bench::sine(past_frames, 0.5, 0.3);
        for (std::size_t count = 0; count <= past_frames; ++count) {
            CAPTURE(count);
            const Continuation continuation{{signal.data(), count}};
            CHECK(continuation.is_finite());
            CHECK(continuation.peak() <= LinearPrediction::peak_ratio_max * 0.5);
        }
    }

    TEST_CASE("whatever the past, the continuation is finite and not above its bound")
    {
        std::vector<float> past;
        SUBCASE("full-scale noise")
        {
            past = outboard::bench::noise(past_frames, 1.0, 7);
        }
        SUBCASE("the loudest floats")
        {
            past = outboard::bench::noise(past_frames, 3.4e38, 8);
        }
        SUBCASE("denormal floats")
        {
            past = outboard::bench::noise(past_frames, 1e-40, 9);
        }
        SUBCASE("one frame that is not silent")
        {
            past.assign(past_frames, 0.0f);
            past.back() = 1.0f;
        }
        SUBCASE("the highest frequency")
        {
            past.assign(past_frames, 1.0f);
            for (std::size_t i = 0; i < past.size(); i += 2)
                past[i] = -1.0f;
        }
        SUBCASE("a growing oscillation")
        {
            past = outboard::bench::sine(past_frames, 1.0, 0.0);
            for (std::size_t i = 0; i < past.size(); ++i)
                past[i] *= static_cast<float>(std::exp(0.05 * static_cast<double>(i)) * 1e-11);
        }
        REQUIRE(past.size() == past_frames);
        const Continuation continuation{past};
        CHECK(continuation.is_finite());
        CHECK(continuation.peak() <=
              LinearPrediction::peak_ratio_max * Continuation::peak_of(past) * 1.000001);
    }

    TEST_CASE("noise that starts and stops at random is never continued above the bound")
    {
        // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): the same in every run
        std::minstd_rand random{11};
        double loudest = 0.0;
        for (unsigned trial = 0; trial < 200; ++trial) {
            auto past = outboard::bench::noise(past_frames, 1.0, trial + 1);
            std::fill_n(past.begin(), random() % past_frames, 0.0f);
            const Continuation continuation{past};
            REQUIRE(continuation.is_finite());
            loudest = std::max(loudest, continuation.peak() / Continuation::peak_of(past));
        }
        MESSAGE("loudest continuation of noise, in peaks of the past: ", loudest);
        CHECK(loudest <= LinearPrediction::peak_ratio_max);
        CHECK(loudest > 0.0);
    }

    TEST_CASE("frames that are not finite count as silence")
    {
        auto past = outboard::bench::sine(past_frames, 0.5, 0.0);
        past[100] = not_a_number;
        past[300] = infinity;
        past[511] = -infinity;
        const Continuation continuation{past};
        CHECK(continuation.is_finite());
        CHECK(continuation.peak() <= LinearPrediction::peak_ratio_max * 0.5);
        CHECK(Continuation{std::vector<float>(past_frames, not_a_number)}.peak() == 0.0);
    }

    TEST_CASE("a prediction leaves nothing behind for the next")
    {
        const auto loud = outboard::bench::noise(past_frames, 1.0, 3);
        const auto quiet = outboard::bench::sine(100, 0.01, 0.0);
        const Continuation fresh{quiet};
        Continuation used{loud};
        used.prediction.continue_signal(quiet, used.next);
        CHECK(used.next == fresh.next);
    }

    TEST_CASE("a prediction does not allocate [rt]")
    {
        const auto past = outboard::bench::noise(past_frames, 1.0, 5);
        LinearPrediction prediction;
        std::array<float, next_frames> next{};
        std::uint64_t violations = 0;
        {
            const outboard::test::NoAllocScope scope;
            prediction.continue_signal(past, next);
            violations = scope.violations();
        }
        CHECK(violations == 0);
        CHECK(Continuation::peak_of(next) > 0.0);
    }
}
