// SPDX-License-Identifier: MIT

#include "sdk/src/host/output_stage.hpp"

#include "bench/click_meter.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <span>
#include <utility>
#include <vector>

using outboard::bench::click_dbfs;
using outboard::bench::sample_rate_hz;
using outboard::host::fade_frames;
using outboard::host::fade_gains;
using outboard::host::LinearPrediction;
using outboard::host::OutputStage;

namespace {

using Signal = std::vector<float>;

constexpr double click_limit_dbfs = -60.0;
constexpr std::size_t stream_frames = 4'800;
constexpr std::size_t first_switch_frame = 2'016;  // a multiple of 48

/// What the wet source does at a frame of the stream.
enum class Happening : std::uint8_t { lost, back, replaced };
using Script = std::vector<std::pair<std::size_t, Happening>>;

/// Plays two signals through a stage of one channel.
struct Player {
    explicit Player(ob_fallback fallback) : stage(1, sample_rate_hz, fallback) {}

    /// @param next_length  frames of the next call, at least 1
    Signal play(
        const Signal& wet, const Signal& dry, const Script& script,
        const std::function<std::size_t()>& next_length = [] { return 64; })
    {
        Signal out = wet;
        auto happening = script.begin();
        bool wet_available = true;
        for (std::size_t frame = 0; frame < out.size();) {
            for (; happening != script.end() && happening->first == frame; ++happening) {
                if (happening->second == Happening::replaced) {
                    stage.switch_source();
                } else {
                    wet_available = happening->second == Happening::back;
                }
            }
            const std::size_t end = happening == script.end() ? out.size() : happening->first;
            const std::size_t count = std::min(next_length(), end - frame);
            if (!wet_available)  // nothing may depend on what was there
                std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(frame), count, 99.0f);
            float* const output = out.data();
            const float* const dry_frames =
                stage.reads_dry(wet_available) ? dry.data() + frame : nullptr;
            stage.render(&output, static_cast<std::uint32_t>(frame),
                         static_cast<std::uint32_t>(count), wet_available, &dry_frames);
            frame += count;
        }
        return out;
    }

    OutputStage stage;
};

Signal played(ob_fallback fallback, const Signal& wet, const Signal& dry, const Script& script)
{
    return Player{fallback}.play(wet, dry, script);
}

Script lost_for(std::size_t first, std::size_t frame_count)
{
    return {{first, Happening::lost}, {first + frame_count, Happening::back}};
}

double peak_of(std::span<const float> signal)
{
    double peak = 0.0;
    for (const float sample : signal)
        peak = std::max(peak, std::abs(static_cast<double>(sample)));
    return peak;
}

bool is_finite(const Signal& signal)
{
    return std::ranges::all_of(signal, [](float sample) { return std::isfinite(sample); });
}

/// The loudest click of a script over the frames of a period and the phases between wet and dry.
/// @param script  that happens from frame 0 on; moved to each place
double worst_click_of_sine(ob_fallback fallback, double dry_amplitude, const Script& script)
{
    constexpr int phase_count = 33;
    const Signal wet = outboard::bench::sine(stream_frames, 0.5, 0.0);
    double worst = -200.0;
    for (int step = 0; step < phase_count; ++step) {
        const double phase = 2.0 * std::numbers::pi * step / (phase_count - 1);
        const Signal dry = outboard::bench::sine(stream_frames, dry_amplitude, phase);
        for (std::size_t place = 0; place < 48; ++place) {
            Script moved = script;
            for (auto& happening : moved)
                happening.first += first_switch_frame + place;
            const Signal out = played(fallback, wet, dry, moved);
            worst = std::max(
                worst, click_dbfs(out, moved.front().first, moved.back().first + fade_frames));
        }
        if (fallback != OB_FALLBACK_DRY)
            break;  // there is no phase
    }
    return worst;
}

struct StereoFixture {
    StereoFixture() : stage(2, sample_rate_hz, OB_FALLBACK_DRY) {}

    void render(bool wet_available)
    {
        float* const outputs[] = {wet_left.data(), wet_right.data()};
        const float* const dry[] = {dry_left.data(), dry_right.data()};
        stage.render(outputs, 0, 256, wet_available, dry);
    }

    OutputStage stage;
    Signal wet_left = outboard::bench::noise(256, 0.5, 1);
    Signal wet_right = outboard::bench::noise(256, 0.5, 2);
    Signal dry_left = outboard::bench::noise(256, 0.5, 3);
    Signal dry_right = outboard::bench::noise(256, 0.5, 4);
};

}  // namespace

TEST_SUITE("sdk/fade")
{
    TEST_CASE("the gains of a fade are a symmetrical raised cosine and add up to exactly 1")
    {
        for (std::uint32_t i = 0; i < fade_frames; ++i) {
            const double turn = std::numbers::pi * (i + 0.5) / fade_frames;
            CHECK(fade_gains[i] == doctest::Approx(0.5 - 0.5 * std::cos(turn)).epsilon(1e-4));
            const double sum = static_cast<double>(fade_gains[i]) + fade_gains[fade_frames - 1 - i];
            CHECK(sum == 1.0);
        }
    }

    TEST_CASE("a fade between equal values is exactly that value")
    {
        for (const float value : outboard::bench::noise(fade_frames, 1.0, 1)) {
            for (std::uint32_t i = 0; i < fade_frames; ++i)
                REQUIRE(outboard::host::faded(value, value, i) == value);
        }
    }
}

TEST_SUITE("sdk/output_stage")
{
    TEST_CASE("wet frames pass unchanged from the first on")
    {
        const Signal wet = outboard::bench::noise(stream_frames, 1.0, 1);
        CHECK(played(OB_FALLBACK_DRY, wet, Signal(stream_frames), {}) == wet);
    }

    TEST_CASE("dry frames are not needed while wet ones play, nor by another fallback")
    {
        CHECK_FALSE(OutputStage{1, sample_rate_hz, OB_FALLBACK_DRY}.reads_dry(true));
        CHECK(OutputStage{1, sample_rate_hz, OB_FALLBACK_DRY}.reads_dry(false));
        CHECK_FALSE(OutputStage{1, sample_rate_hz, OB_FALLBACK_HOLD}.reads_dry(false));
    }

    TEST_CASE("a call of no frames changes nothing")
    {
        OutputStage stage{1, sample_rate_hz, OB_FALLBACK_SILENCE};
        float sample = 0.5f;
        float* const output = &sample;
        stage.render(&output, 0, 0, false, nullptr);
        stage.render(&output, 0, 1, true, nullptr);
        CHECK(sample == 0.5f);
    }

    TEST_CASE("outside of the fades wet and dry pass bit for bit")
    {
        const Signal wet = outboard::bench::noise(stream_frames, 1.0, 1);
        const Signal dry = outboard::bench::noise(stream_frames, 1.0, 2);
        const Signal out = played(OB_FALLBACK_DRY, wet, dry, lost_for(1'000, 500));
        for (std::size_t i = 0; i < stream_frames; ++i) {
            const bool is_dry = i >= 1'000 + fade_frames && i < 1'500;
            const bool is_wet = i < 1'000 || i >= 1'500 + fade_frames;
            CAPTURE(i);
            if (is_dry || is_wet)
                REQUIRE(out[i] == (is_dry ? dry[i] : wet[i]));
        }
        CHECK(out[1'000 + fade_frames / 2] != dry[1'000 + fade_frames / 2]);
        CHECK(out[1'500 + fade_frames / 2] != wet[1'500 + fade_frames / 2]);
    }

    TEST_CASE("silence ends in silence")
    {
        const Signal wet = outboard::bench::noise(stream_frames, 1.0, 1);
        const Signal out = played(OB_FALLBACK_SILENCE, wet, wet, {{1'000, Happening::lost}});
        CHECK(out[1'000] != 0.0f);
        CHECK(peak_of(std::span{out}.subspan(1'000 + fade_frames)) == 0.0);
    }

    TEST_CASE("hold goes on as loud as before and dies away with 50 ms")
    {
        const Signal wet = outboard::bench::sine(20 * stream_frames, 0.5, 0.0);
        const Signal out = played(OB_FALLBACK_HOLD, wet, wet, {{1'000, Happening::lost}});
        const auto peak_after_ms = [&](std::size_t ms) {
            return peak_of(std::span{out}.subspan(1'000 + ms * 48, 480));
        };
        CHECK(peak_after_ms(2) == doctest::Approx(0.5).epsilon(0.06));
        CHECK(peak_after_ms(52) == doctest::Approx(0.5 / std::numbers::e).epsilon(0.15));
        CHECK(peak_after_ms(252) < 0.5 * 0.01);
        CHECK(peak_after_ms(1'000) == 0.0);
    }

    TEST_CASE("a stream that starts with the fallback fades in from silence")
    {
        const Signal dry(stream_frames, 1.0f);
        for (const ob_fallback fallback : {OB_FALLBACK_DRY, OB_FALLBACK_HOLD}) {
            const Signal out = played(fallback, dry, dry, {{0, Happening::lost}});
            const float expected = fallback == OB_FALLBACK_DRY ? 1.0f : 0.0f;
            for (std::size_t i = 0; i < fade_frames; ++i)
                CHECK(out[i] == fade_gains[i] * expected);
            CHECK(out[fade_frames] == expected);
        }
    }

    TEST_CASE("no switch of a sine clicks, whatever its place and the phase between wet and dry")
    {
        for (const double dry_amplitude : {0.15, 0.5, 0.65}) {
            const double click =
                worst_click_of_sine(OB_FALLBACK_DRY, dry_amplitude, lost_for(0, 640));
            MESSAGE("1 kHz at -6 dBFS to dry at ", dry_amplitude, " and back: ", click, " dBFS");
            CHECK(click < click_limit_dbfs);
        }
    }

    TEST_CASE("no switch of a sine to silence or hold clicks")
    {
        const double silence = worst_click_of_sine(OB_FALLBACK_SILENCE, 0.0, lost_for(0, 640));
        MESSAGE("1 kHz at -6 dBFS to silence and back: ", silence, " dBFS");
        CHECK(silence < click_limit_dbfs);
        const double hold = worst_click_of_sine(OB_FALLBACK_HOLD, 0.0, lost_for(0, 1'500));
        MESSAGE("1 kHz at -6 dBFS to hold and back: ", hold, " dBFS");
        CHECK(hold < click_limit_dbfs);
    }

    TEST_CASE("a wet source that comes back in the middle of a fade does not click")
    {
        for (const std::size_t lost_frames : {1U, 32U, 63U}) {
            const double click =
                worst_click_of_sine(OB_FALLBACK_DRY, 0.5, lost_for(0, lost_frames));
            MESSAGE("1 kHz at -6 dBFS, dry for ", lost_frames, " frames: ", click, " dBFS");
            CHECK(click < click_limit_dbfs);
        }
    }

    TEST_CASE("a wet source that is lost again in the middle of a fade does not click")
    {
        for (const std::size_t wet_frames : {1U, 32U, 63U}) {
            Script script = lost_for(0, 640);
            script.emplace_back(640 + wet_frames, Happening::lost);
            const double click = worst_click_of_sine(OB_FALLBACK_DRY, 0.5, script);
            MESSAGE("1 kHz at -6 dBFS, wet again for ", wet_frames, " frames: ", click, " dBFS");
            CHECK(click < click_limit_dbfs);
        }
    }

    TEST_CASE("a source that comes and goes with every 16 frames does not click")
    {
        Script script;
        for (std::size_t frame = 0; frame < 256; frame += 32) {
            for (const auto& happening : lost_for(frame, 16))
                script.push_back(happening);
        }
        const double click = worst_click_of_sine(OB_FALLBACK_DRY, 0.5, script);
        MESSAGE("1 kHz at -6 dBFS, 8 times to dry and back: ", click, " dBFS");
        CHECK(click < click_limit_dbfs);
    }

    TEST_CASE("a wet source that is replaced by another does not click")
    {
        double worst = -200.0;
        for (int step = 0; step < 33; ++step) {
            const double phase = 2.0 * std::numbers::pi * step / 32;
            const Signal other = outboard::bench::sine(stream_frames, 0.5, phase);
            for (std::size_t place = 0; place < 48; ++place) {
                const std::size_t first = first_switch_frame + place;
                Signal wet = outboard::bench::sine(stream_frames, 0.5, 0.0);
                const auto from = static_cast<std::ptrdiff_t>(first);
                std::copy(other.begin() + from, other.end(), wet.begin() + from);
                const Signal out =
                    played(OB_FALLBACK_SILENCE, wet, wet, {{first, Happening::replaced}});
                worst = std::max(worst, click_dbfs(out, first, first + fade_frames));
            }
        }
        MESSAGE("1 kHz at -6 dBFS from one replica to another: ", worst, " dBFS");
        CHECK(worst < click_limit_dbfs);
    }

    TEST_CASE("no switch of a voice clicks")
    {
        const Signal wet = outboard::bench::voice(stream_frames, 0.5, 0.0);
        for (const ob_fallback fallback :
             {OB_FALLBACK_DRY, OB_FALLBACK_SILENCE, OB_FALLBACK_HOLD}) {
            double worst = -200.0;
            for (int step = 0; step < 8; ++step) {
                const Signal dry = outboard::bench::voice(stream_frames, 0.5, step * 0.8);
                for (std::size_t place = 0; place < 343; place += 7) {
                    const std::size_t first = first_switch_frame + place;
                    const Signal out = played(fallback, wet, dry, lost_for(first, 640));
                    worst = std::max(worst, click_dbfs(out, first, first + 640 + fade_frames));
                }
            }
            MESSAGE("voice, fallback ", static_cast<int>(fallback), ": ", worst, " dBFS");
            CHECK(worst < click_limit_dbfs);
        }
    }

    TEST_CASE("a switch between noises is not louder than the noises")
    {
        const Signal wet = outboard::bench::noise(stream_frames, 0.5, 1);
        const Signal dry = outboard::bench::noise(stream_frames, 0.5, 2);
        double worst_excess_db = -200.0;
        for (std::size_t place = 0; place < 480; place += 7) {
            const std::size_t first = first_switch_frame + place;
            const std::size_t last = first + 640 + fade_frames;
            const Signal out = played(OB_FALLBACK_DRY, wet, dry, lost_for(first, 640));
            const double background =
                std::max(click_dbfs(wet, first, last), click_dbfs(dry, first, last));
            worst_excess_db = std::max(worst_excess_db, click_dbfs(out, first, last) - background);
        }
        MESSAGE("white noise, above the louder of the two: ", worst_excess_db, " dB");
        CHECK(worst_excess_db < 1.0);
    }

    TEST_CASE("the lengths of the calls leave no trace in the stream")
    {
        const Signal wet = outboard::bench::voice(stream_frames, 0.5, 0.0);
        const Signal dry = outboard::bench::voice(stream_frames, 0.5, 1.0);
        Script script = lost_for(700, 900);
        script.emplace_back(1'630, Happening::lost);  // in the middle of the fade
        script.emplace_back(1'650, Happening::back);
        script.emplace_back(3'000, Happening::replaced);
        // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): the same in every run
        std::minstd_rand random{1};

        for (const ob_fallback fallback :
             {OB_FALLBACK_DRY, OB_FALLBACK_SILENCE, OB_FALLBACK_HOLD}) {
            CAPTURE(fallback);
            const Signal expected = played(fallback, wet, dry, script);
            for (const std::size_t length : {1U, 5U, 63U, 65U, 513U, 4'800U}) {
                CAPTURE(length);
                const auto constant = [length] { return length; };
                CHECK(Player{fallback}.play(wet, dry, script, constant) == expected);
            }
            for (int trial = 0; trial < 20; ++trial) {
                const auto any = [&random] { return 1 + random() % 200; };
                CHECK(Player{fallback}.play(wet, dry, script, any) == expected);
            }
        }
    }

    TEST_CASE("whatever happens when, the output is finite and not above the bound")
    {
        // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): the same in every run
        std::minstd_rand random{2};
        const Signal wet = outboard::bench::noise(stream_frames, 1.0, 1);
        const Signal dry = outboard::bench::noise(stream_frames, 1.0, 2);
        double loudest = 0.0;
        for (int trial = 0; trial < 60; ++trial) {
            Script script;
            bool is_lost = false;
            for (std::size_t frame = 0; frame < stream_frames; frame += 1 + random() % 300) {
                is_lost = !is_lost;
                script.emplace_back(frame, is_lost ? Happening::lost : Happening::back);
            }
            const auto fallback = static_cast<ob_fallback>(trial % 3);
            const Signal out = played(fallback, wet, dry, script);
            REQUIRE(is_finite(out));
            loudest = std::max(loudest, peak_of(out));
        }
        MESSAGE("full-scale noise, random switches: peak ", loudest);
        CHECK(loudest > 0.5);
        CHECK(loudest <= LinearPrediction::peak_ratio_max);
    }

    TEST_CASE("frames of the host that are not finite do not outlive their block")
    {
        const Signal wet = outboard::bench::sine(stream_frames, 0.5, 0.0);
        Signal dry = wet;
        std::fill(dry.begin() + 1'500, dry.begin() + 1'700,
                  std::numeric_limits<float>::quiet_NaN());
        for (const ob_fallback fallback : {OB_FALLBACK_DRY, OB_FALLBACK_HOLD}) {
            Script script = lost_for(1'000, 600);  // back, and lost again, among the broken frames
            script.emplace_back(1'620, Happening::lost);
            script.emplace_back(1'640, Happening::back);
            Signal out = played(fallback, wet, dry, script);
            std::fill(out.begin() + 1'500, out.begin() + 1'600, 0.0f);
            CHECK(is_finite(out));
            CHECK(peak_of(out) <= LinearPrediction::peak_ratio_max * 0.5);
        }
    }

    TEST_CASE_FIXTURE(StereoFixture, "each channel is continued and faded by itself")
    {
        const Signal left = wet_left;
        const Signal right = wet_right;
        render(true);
        CHECK(wet_left == left);
        CHECK(wet_right == right);
        render(false);
        const auto after_fade = static_cast<std::ptrdiff_t>(fade_frames);
        CHECK(std::equal(wet_left.begin() + after_fade, wet_left.end(),
                         dry_left.begin() + after_fade));
        CHECK(std::equal(wet_right.begin() + after_fade, wet_right.end(),
                         dry_right.begin() + after_fade));
        CHECK(wet_left.front() != wet_right.front());
    }

    TEST_CASE_FIXTURE(StereoFixture, "no switch allocates [rt]")
    {
        OutputStage holding{2, sample_rate_hz, OB_FALLBACK_HOLD};
        float* const outputs[] = {wet_left.data(), wet_right.data()};
        std::uint64_t violations = 0;
        {
            const outboard::test::NoAllocScope scope;
            for (const bool wet_available : {true, false, true, true, false}) {
                holding.render(outputs, 0, 256, wet_available, nullptr);
                holding.switch_source();
                stage.switch_source();
                render(wet_available);
            }
            violations = scope.violations();
        }
        CHECK(violations == 0);
        CHECK(wet_left.back() == dry_left.back());
    }
}
