// SPDX-License-Identifier: MIT
//
// What people type, understood: times, parameters, faults, tones, names of services.

#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"
#include "sdk/cli/fault_spec.hpp"
#include "sdk/cli/machine.hpp"
#include "sdk/cli/parameter_setting.hpp"
#include "sdk/cli/service_label.hpp"
#include "sdk/cli/tone.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace outboard::cli;

/// The message of the Failure that `call` ends in; empty when it does not.
template <typename Call>
std::string failure_of(const Call& call)
{
    try {
        static_cast<void>(call());
    } catch (const Failure& failure) {
        CHECK(failure.code() == ExitCode::usage);
        return failure.what();
    }
    return "";
}

bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

constexpr ob_parameter_info mix{.id = 7,
                                .flags = 0,
                                .key = "mix",
                                .name = "Mix",
                                .unit = "",
                                .minimum = 0,
                                .maximum = 1,
                                .initial = 0.3};
constexpr ob_parameter_info voices{.id = 9,
                                   .flags = OB_PARAMETER_STEPPED,
                                   .key = "voices",
                                   .name = "Voices",
                                   .unit = "",
                                   .minimum = 1,
                                   .maximum = 8,
                                   .initial = 2};
constexpr std::array parameters{mix, voices};

}  // namespace

TEST_SUITE("sdk/cli/text")
{
    TEST_CASE("a duration needs a unit and nothing else")
    {
        CHECK(parse_duration_ns("0.5s") == 500'000'000U);
        CHECK(parse_duration_ns("500ms") == 500'000'000U);
        CHECK(parse_duration_ns("250us") == 250'000U);
        CHECK(parse_duration_ns("0s") == 0U);
        for (const char* text :
             {"", "5", "s", "-1s", "1 s", "1.5.2s", "nans", "infs", "1e99s", "5m"})
            CHECK_MESSAGE(!parse_duration_ns(text), text);
    }

    TEST_CASE("frames and durations convert to the nearest")
    {
        CHECK(to_frames(500'000'000, 48'000) == 24'000);
        CHECK(to_frames(1'000'000, 44'100) == 44);
        CHECK(to_seconds(48'000, 48'000) == doctest::Approx(1.0));
    }

    TEST_CASE("a fault is kind, argument, time and, if given, the service")
    {
        const FaultSpec kill = parse_fault("kill@0.5s");
        CHECK(kill.kind == OB_FAULT_KILL);
        CHECK(kill.at_ns == 500'000'000);
        CHECK(kill.every_ns == 0);
        CHECK(kill.service.empty());

        const FaultSpec late = parse_fault("reverb#2:late=20@every=200ms");
        CHECK(late.kind == OB_FAULT_LATE);
        CHECK(late.argument == 20);
        CHECK(late.service == "reverb#2");
        CHECK(late.at_ns == 200'000'000);
        CHECK(late.every_ns == 200'000'000);
        for (const char* kind : {"kill", "stop", "segv", "exit", "spin", "nan"})
            CHECK(fault_name(parse_fault(std::string{kind} + "@1s").kind) == std::string{kind});
    }

    TEST_CASE("a fault that makes no sense is explained")
    {
        const auto message = [](const char* text) {
            return failure_of([&] { return parse_fault(text); });
        };
        CHECK(contains(message("kill"), "kill@0.5s"));
        CHECK(contains(message("explode@1s"), "'explode' is no kind of fault"));
        CHECK(contains(message("kill=3@1s"), "takes no argument"));
        CHECK(contains(message("late@1s"), "late=MS"));
        CHECK(contains(message("late=0@1s"), "late=MS"));
        CHECK(contains(message("kill@soon"), "'soon' is no time"));
        CHECK(contains(message("kill@every=0s"), "more often"));
    }

    TEST_CASE("only kill and stop come without help of the service")
    {
        CHECK_FALSE(needs_hook(OB_FAULT_KILL));
        CHECK_FALSE(needs_hook(OB_FAULT_STOP));
        CHECK(needs_hook(OB_FAULT_SEGV));
        CHECK(needs_hook(OB_FAULT_NAN));
    }

    TEST_CASE("a parameter is service, key and value, and the service may have dots")
    {
        const ParameterSetting plain = parse_parameter("reverb.mix=0.4");
        CHECK(plain.service == "reverb");
        CHECK(plain.key == "mix");
        CHECK(plain.value == doctest::Approx(0.4));
        const ParameterSetting dotted = parse_parameter("my.echo-1.2#2.mix=-3");
        CHECK(dotted.service == "my.echo-1.2#2");
        CHECK(dotted.key == "mix");
        CHECK(dotted.value == doctest::Approx(-3));
    }

    TEST_CASE("a parameter without its parts is explained")
    {
        for (const char* text : {"mix=1", "reverb.mix", ".mix=1", "reverb.=1", "=1", ""}) {
            CHECK_MESSAGE(
                contains(failure_of([&] { return parse_parameter(text); }), "SERVICE.KEY=VALUE"),
                text);
        }
        CHECK(contains(failure_of([] { return parse_parameter("reverb.mix=much"); }),
                       "'much' is not a number"));
    }

    TEST_CASE("an unknown parameter is answered with those that there are")
    {
        const std::string message = failure_of([] {
            return resolve_parameter({"reverb", "dry", 1}, parameters);
        });
        CHECK(contains(message, "reverb has no parameter 'dry'"));
        CHECK(contains(message, "mix"));
        CHECK(contains(message, "1 .. 8"));
        CHECK(contains(failure_of([] {
                           return resolve_parameter({"null", "x", 1}, {});
                       }),
                       "null has no parameters"));
    }

    TEST_CASE("a value has to be in range, and whole where steps are asked for")
    {
        CHECK(resolve_parameter({"reverb", "mix", 1}, parameters).id == 7);
        CHECK(resolve_parameter({"reverb", "voices", 8}, parameters).id == 9);
        for (const double value : {-0.1, 1.1}) {
            CHECK(contains(failure_of([&] {
                               return resolve_parameter({"reverb", "mix", value}, parameters);
                           }),
                           "it takes 0 .. 1"));
        }
        CHECK(contains(failure_of([] {
                           return resolve_parameter({"reverb", "voices", 2.5}, parameters);
                       }),
                       "whole numbers"));
    }

    TEST_CASE("services of a chain are told apart")
    {
        const auto labels = service_labels({"reverb", "./build/my-echo", "@studio", "reverb"});
        CHECK(labels == std::vector<std::string>{"reverb", "my-echo", "studio", "reverb#2"});
        CHECK(find_service(labels, "reverb") == 0);
        CHECK(find_service(labels, "reverb#1") == 0);
        CHECK(find_service(labels, "@studio") == 2);
        CHECK(find_service(labels, "reverb#2") == 3);
        CHECK(contains(failure_of([&] { return find_service(labels, "gain"); }),
                       "it has: reverb, my-echo, studio, reverb#2"));
    }

    TEST_CASE("a tone is told from a file's name")
    {
        CHECK_FALSE(parse_tone("voice.wav"));
        CHECK(parse_tone("tone:440")->frequency_hz == doctest::Approx(440));
        CHECK(parse_tone("tone:440:2")->duration_ns == 2'000'000'000);
        CHECK(parse_tone("tone:440:250ms")->duration_ns == 250'000'000);
        CHECK(contains(failure_of([] { return parse_tone("tone:"); }), "tone:HZ"));
        CHECK(contains(failure_of([] { return parse_tone("tone:440:long"); }), "'long'"));
    }

    TEST_CASE("a tone is a sine at -6 dBFS, and silence after its end")
    {
        Tone tone{{.frequency_hz = 12'000, .duration_ns = 1'000'000}, 48'000};
        REQUIRE(tone.frame_count() == 48);
        std::array<float, 64> samples{};
        samples.fill(9.0F);
        float* const channel = samples.data();
        CHECK(tone.read({&channel, 1}, 64) == 48);
        CHECK(samples[1] == doctest::Approx(0.5012).epsilon(0.001));
        CHECK(samples[3] == doctest::Approx(-0.5012).epsilon(0.001));
        CHECK(samples[48] == 0.0F);
        CHECK(samples[63] == 0.0F);
        CHECK(tone.read({&channel, 1}, 64) == 0);
        tone.rewind();
        CHECK(tone.read({&channel, 1}, 8) == 8);
    }

    TEST_CASE("the machine is described from what Linux says, as far as it says it")
    {
        Machine machine;
        read_cpu_info("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\nflags\t\t: fpu hypervisor\n",
                      machine);
        CHECK(machine.cpu_model == "Fast CPU @ 3 GHz");
        CHECK(machine.is_virtual);

        Machine unknown;
        read_cpu_info("", unknown);
        CHECK(unknown.cpu_model == "unknown");
        CHECK_FALSE(unknown.is_virtual);

        CHECK(last_cpu_of("0-3,8") == 8);
        CHECK(last_cpu_of("0-3") == 3);
        CHECK(last_cpu_of("5") == 5);
        CHECK_FALSE(last_cpu_of(""));
    }
}
