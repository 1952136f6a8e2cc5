// SPDX-License-Identifier: MIT
//
// What every built-in processor promises, whatever it does to the sound.

#include "plugins/builtin/checkpoint.hpp"
#include "tests/plugins/processor_rig.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

using outboard::test::Audio;
using outboard::test::automate;
using outboard::test::computing_processors;
using outboard::test::NoAllocScope;
using outboard::test::noise;
using outboard::test::parameter_info;
using outboard::test::ProcessorRig;
using outboard::test::RigFormat;
using outboard::test::silence;

namespace {

/// Bit for bit, so that -0 is not 0 and NaN is itself.
bool is_identical(const Audio& a, const Audio& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.size() == y.size() &&
               std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
    });
}

template <typename Predicate>
bool all_samples(const Audio& audio, Predicate predicate)
{
    return std::all_of(audio.begin(), audio.end(), [&](const auto& channel) {
        return std::all_of(channel.begin(), channel.end(), predicate);
    });
}

std::string text_of(const std::vector<std::byte>& bytes)
{
    std::string text(bytes.size(), '\0');
    std::transform(bytes.begin(), bytes.end(), text.begin(),
                   [](std::byte byte) { return static_cast<char>(byte); });
    return text;
}

std::string line_of(const ob_parameter_info& info, const std::string& value)
{
    return std::string{info.key} + "=" + value + "\n";
}

/// Sets all parameters to one end of their ranges.
void set_all(ProcessorRig& rig, bool to_maximum)
{
    for (std::uint32_t index = 0; index < rig.kind().parameter_count; ++index) {
        const auto info = parameter_info(rig.kind(), index);
        rig.set(info.key, to_maximum ? info.maximum : info.minimum);
    }
}

}  // namespace

TEST_SUITE("plugins/promises")
{
    TEST_CASE("parameters are well described")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            for (std::uint32_t index = 0; index < kind->parameter_count; ++index) {
                const auto info = parameter_info(*kind, index);
                CAPTURE(info.key);
                const std::string key = info.key;
                CHECK(!key.empty());
                CHECK(key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                      std::string::npos);
                CHECK(std::strlen(info.name) != 0);
                CHECK(info.minimum < info.maximum);
                CHECK(info.minimum <= info.initial);
                CHECK(info.initial <= info.maximum);
            }
        }
    }

    TEST_CASE("the output does not depend on how the stream is cut into blocks")
    {
        constexpr std::size_t frame_count = 20'000;
        for (const auto* const kind : computing_processors()) {
            Audio whole;
            for (const std::uint32_t block_frames : {1000U, 1U, 37U, 64U, 441U}) {
                CAPTURE(kind->name);
                CAPTURE(block_frames);
                ProcessorRig rig{*kind};
                automate(rig, 0, frame_count / 2);
                rig.reset_at(frame_count / 2 + 13);
                automate(rig, frame_count / 2 + 311, frame_count);
                const Audio out = rig.run(noise(2, frame_count), block_frames);
                if (whole.empty())
                    whole = out;
                CHECK(is_identical(out, whole));
            }
        }
    }

    TEST_CASE("any rate and channel count gives finite sound")
    {
        for (const auto* const kind : computing_processors()) {
            for (const auto& format : {RigFormat{8'000.0, 64, 64}, RigFormat{384'000.0, 1, 1},
                                       RigFormat{44'100.0, 3, 3}}) {
                for (const bool to_maximum : {false, true}) {
                    CAPTURE(kind->name);
                    CAPTURE(format.sample_rate_hz);
                    CAPTURE(to_maximum);
                    ProcessorRig rig{*kind, format};
                    set_all(rig, to_maximum);
                    const auto out = rig.run(noise(format.input_channel_count, 10'000), 500);
                    CHECK(all_samples(out, [](float sample) { return std::isfinite(sample); }));
                }
            }
        }
    }

    TEST_CASE("formats out of range are refused")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            CHECK_THROWS(ProcessorRig(*kind, RigFormat{48'000.0, 0, 0}));
            CHECK_THROWS(ProcessorRig(*kind, RigFormat{48'000.0, 65, 65}));
            CHECK_THROWS(ProcessorRig(*kind, RigFormat{7'999.0, 2, 2}));
            CHECK_THROWS(ProcessorRig(*kind, RigFormat{384'001.0, 2, 2}));
            CHECK_THROWS(ProcessorRig(*kind, RigFormat{std::nan(""), 2, 2}));
        }
    }

    TEST_CASE("ten seconds of noise do not make it run away")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind, RigFormat{16'000.0, 2, 2}};
            if (std::string_view{kind->name} == "delay")
                rig.set("feedback", 0.95);
            if (std::string_view{kind->name} == "reverb") {
                rig.set("decay_s", 20.0);
                rig.set("modulation", 1.0);
                rig.set("mix", 1.0);
            }
            const auto out = rig.run(noise(2, 160'000));
            CHECK(all_samples(out, [](float sample) { return std::fabs(sample) < 8.0F; }));
        }
    }

    TEST_CASE("silence ends in exact silence, without denormal numbers on the way")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind, RigFormat{8'000.0, 2, 2}};
            static_cast<void>(rig.run(noise(2, 4000)));
            const auto tail = rig.run(silence(2, 120'000));
            const auto end = rig.run(silence(2, 8000));
            CHECK(all_samples(tail, [](float s) { return std::fpclassify(s) != FP_SUBNORMAL; }));
            CHECK(all_samples(end, [](float sample) { return sample == 0.0F; }));
        }
    }

    TEST_CASE("processing, resetting and checkpoints do not allocate [rt]")
    {
        const Audio in = noise(2, 64);
        Audio out = silence(2, 64);
        const std::array<const float*, 2> inputs{in[0].data(), in[1].data()};
        const std::array<float*, 2> outputs{out[0].data(), out[1].data()};
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind};
            auto checkpoint = rig.checkpoint();
            ob_event_parameter event{};
            event.header = {.size_bytes = sizeof event,
                            .offset_frames = 5,
                            .type = OB_EVENT_PARAMETER,
                            .flags = 0,
                            .reserved = 0};
            event.value = 1.0;
            const ob_process_block block{
                .inputs = inputs.data(),
                .outputs = outputs.data(),
                .frame_count = 64,
                .reserved = 0,
                .sequence = 0,
                .events_in = {reinterpret_cast<const unsigned char*>(&event), sizeof event},
                .events_out = {}};

            const NoAllocScope scope;
            kind->process(rig.instance(), &block);
            kind->save_checkpoint(rig.instance(), checkpoint.data());
            kind->reset(rig.instance());
            const auto status =
                kind->restore_checkpoint(rig.instance(), checkpoint.data(), checkpoint.size());
            const auto violations = scope.violations();

            CHECK(violations == 0);
            CHECK(status == OB_OK);
        }
    }

    TEST_CASE("a parameter out of range is taken to the nearest end, rubbish is ignored")
    {
        for (const auto* const kind : computing_processors()) {
            for (std::uint32_t index = 0; index < kind->parameter_count; ++index) {
                const auto info = parameter_info(*kind, index);
                CAPTURE(kind->name);
                CAPTURE(info.key);
                ProcessorRig at_end{*kind};
                at_end.set(info.key, info.maximum);
                ProcessorRig beyond{*kind};
                beyond.set(info.key, info.maximum * 2.0 + 1.0);
                beyond.set(info.key, std::nan(""));
                beyond.set(info.key, std::numeric_limits<double>::infinity());
                static_cast<void>(at_end.run(silence(2, 64)));
                static_cast<void>(beyond.run(silence(2, 64)));
                CHECK(at_end.state() == beyond.state());
            }
        }
    }

    TEST_CASE("a state brings back all parameters in another instance")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig first{*kind};
            automate(first, 0, 20'000);
            static_cast<void>(first.run(silence(2, 20'000)));
            ProcessorRig second{*kind};
            REQUIRE(second.load_state(text_of(first.state())) == OB_OK);
            CHECK(second.state() == first.state());
            kind->reset(first.instance());
            const Audio in = noise(2, 20'000);
            CHECK(is_identical(first.run(in), second.run(in)));
        }
    }

    TEST_CASE("states of other versions load: unknown keys are skipped, missing ones initial")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind};
            const auto initial = rig.state();
            set_all(rig, true);
            static_cast<void>(rig.run(silence(2, 64)));
            REQUIRE(rig.load_state("outboard-parameters 7\nof_the_future=1.5\nwords=so what\n") ==
                    OB_OK);
            CHECK(rig.state() == initial);
        }
    }

    TEST_CASE("what is no state is refused and changes nothing")
    {
        const auto& kind = outboard::test::processor_named("reverb");
        const auto info = parameter_info(kind, 0);
        ProcessorRig rig{kind};
        rig.set(info.key, 0.75);
        static_cast<void>(rig.run(silence(2, 64)));
        const auto before = rig.state();
        const std::string title = "outboard-parameters 1\n";
        for (const auto& text :
             {std::string{}, std::string{"hello"}, std::string(1000, '\0'), title + "no equals\n",
              title + line_of(info, "0.5x"), title + line_of(info, ""),
              title + line_of(info, "nan"), title + line_of(info, "1e999")}) {
            CAPTURE(text);
            CHECK(rig.load_state(text) == OB_ERR_INVALID_ARGUMENT);
            CHECK(rig.state() == before);
        }
    }

    TEST_CASE("a checkpoint that is cut, of another kind or of another format is refused")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind};
            static_cast<void>(rig.run(noise(2, 1000)));
            auto bytes = rig.checkpoint();
            for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{39},
                                           bytes.size() / 2, bytes.size() - 1})
                CHECK(rig.restore(std::span{bytes}.first(size)) == OB_ERR_INVALID_ARGUMENT);
            bytes.push_back(std::byte{0});
            CHECK(rig.restore(bytes) == OB_ERR_INVALID_ARGUMENT);
            bytes.pop_back();

            ProcessorRig other_rate{*kind, RigFormat{48'001.0, 2, 2}};
            CHECK(other_rate.restore(bytes) == OB_ERR_INVALID_ARGUMENT);
            for (const auto* const other_kind : computing_processors()) {
                ProcessorRig other{*other_kind};
                CHECK((other.restore(bytes) == OB_OK) == (other_kind == kind));
            }
            for (std::size_t index = 0; index < sizeof(outboard::builtin::CheckpointHeader);
                 ++index) {
                auto garbled = bytes;
                garbled[index] ^= std::byte{0x10};
                CHECK(rig.restore(garbled) == OB_ERR_INVALID_ARGUMENT);
            }
        }
    }

    TEST_CASE("rubbish behind a good header is refused or harmless, never a wild access")
    {
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind, RigFormat{8'000.0, 2, 2}};
            const auto good = rig.checkpoint();
            const std::size_t first = sizeof(outboard::builtin::CheckpointHeader) +
                                      kind->parameter_count * sizeof(double);
            for (const auto filler : {std::byte{0xff}, std::byte{0x7f}, std::byte{0x4b}}) {
                for (std::size_t part = 0; part < 16; ++part) {
                    auto bytes = good;
                    const std::size_t from = first + (bytes.size() - first) * part / 16;
                    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                              filler);
                    static_cast<void>(rig.restore(bytes));
                    const auto out = rig.run(noise(2, 500));
                    CHECK(out.front().size() == 500);
                }
            }
            kind->reset(rig.instance());
            REQUIRE(rig.restore(good) == OB_OK);
            const auto out = rig.run(noise(2, 500));
            CHECK(all_samples(out, [](float sample) { return std::isfinite(sample); }));
        }
    }
}
