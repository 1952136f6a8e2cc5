// SPDX-License-Identifier: MIT
//
// The command line of `outboard run`.

#include "sdk/cli/failure.hpp"
#include "sdk/cli/run_options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace outboard::cli;

RunOptions parse(std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--in", "voice.wav", "--service", "reverb"});
    auto options = parse_run_options(arguments);
    REQUIRE(options);
    return *options;
}

std::string message_of(std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--in", "voice.wav", "--service", "reverb"});
    try {
        static_cast<void>(parse_run_options(arguments));
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

}  // namespace

TEST_SUITE("sdk/cli/options")
{
    TEST_CASE("without options it is sync, in real time, in blocks of 64, dry when it fails")
    {
        const RunOptions options = parse({});
        CHECK(options.inputs == std::vector<std::string>{"voice.wav"});
        CHECK(options.services == std::vector<std::string>{"reverb"});
        CHECK(options.block_frames == 64);
        CHECK(options.rate_hz == 0);
        CHECK(options.mode == OB_MODE_SYNC);
        CHECK(options.pace == OB_PACE_REALTIME);
        CHECK(options.fallback == OB_FALLBACK_DRY);
        CHECK(options.aligned);
        CHECK(options.tail_ns == 0U);
    }

    TEST_CASE("inputs, services and faults may be given many times, and keep their order")
    {
        const auto options = parse_run_options({"--in", "a.wav", "--in", "b.wav", "--service",
                                                "gain", "--service", "./x", "--fault", "kill@1s",
                                                "--fault", "x:stop@2s", "--param", "gain.level=1"});
        REQUIRE(options);
        CHECK(options->inputs == std::vector<std::string>{"a.wav", "b.wav"});
        CHECK(options->services == std::vector<std::string>{"gain", "./x"});
        REQUIRE(options->faults.size() == 2);
        CHECK(options->faults[1].service == "x");
        REQUIRE(options->parameters.size() == 1);
        CHECK(options->command_line.front() == "outboard");
        CHECK(options->command_line.back() == "gain.level=1");
    }

    TEST_CASE("every option reaches its place")
    {
        const RunOptions options = parse({"--out",
                                          "wet.wav",
                                          "--dry",
                                          "dry.wav",
                                          "--block",
                                          "128",
                                          "--rate",
                                          "44100",
                                          "--channels",
                                          "2",
                                          "--mode",
                                          "pipelined",
                                          "--latency-blocks",
                                          "2",
                                          "--pace",
                                          "realtime",
                                          "--deadline",
                                          "300us",
                                          "--fallback",
                                          "hold",
                                          "--hang-limit",
                                          "50ms",
                                          "--placement",
                                          "other",
                                          "--cpu",
                                          "1",
                                          "--priority",
                                          "20",
                                          "--spin",
                                          "10",
                                          "--group",
                                          "name",
                                          "--tail",
                                          "auto",
                                          "--no-align",
                                          "--repeat",
                                          "3",
                                          "--report",
                                          "r.json",
                                          "--page",
                                          "p.html",
                                          "--json",
                                          "--hold-cpu-latency"});
        CHECK(options.output == "wet.wav");
        CHECK(options.dry_output == "dry.wav");
        CHECK(options.block_frames == 128);
        CHECK(options.rate_hz == 44'100);
        CHECK(options.channel_count == 2);
        CHECK(options.mode == OB_MODE_PIPELINED);
        CHECK(options.latency_blocks == 2);
        CHECK(options.deadline_ns == 300'000);
        CHECK(options.fallback == OB_FALLBACK_HOLD);
        CHECK(options.hang_limit_ns == 50'000'000);
        CHECK(options.placement == OB_PLACEMENT_OTHER);
        CHECK(options.cpu == 1);
        CHECK(options.priority == 20);
        CHECK(options.spin_us == 10);
        CHECK(options.grouping == OB_GROUPING_SERVICE);
        CHECK_FALSE(options.tail_ns);
        CHECK_FALSE(options.aligned);
        CHECK(options.repeat_count == 3);
        CHECK(options.report_path == "r.json");
        CHECK(options.page_path == "p.html");
        CHECK(options.json);
        CHECK(options.hold_cpu_latency);
    }

    TEST_CASE("a value out of range is refused with the option's name and the range")
    {
        CHECK(contains(message_of({"--block", "0"}), "--block"));
        CHECK(contains(message_of({"--block", "8193"}), "8192"));
        CHECK(contains(message_of({"--rate", "10"}), "--rate"));
        CHECK(contains(message_of({"--spin", "21"}), "--spin"));
        CHECK(contains(message_of({"--mode", "later"}), "--mode"));
        CHECK(contains(message_of({"--standby", "cold"}), "--standby"));
        CHECK(contains(message_of({"--standby", "hot", "--standbys", "3"}), "--standbys"));
        CHECK(contains(message_of({"--standby-placement", "same"}), "--standby-placement"));
        CHECK(contains(message_of({"--priority", "2"}), "--priority"));
        CHECK(contains(message_of({"--deadline", "3"}), "--deadline"));
        CHECK(contains(message_of({"--hang-limit", "0ms"}), "--hang-limit"));
        CHECK(contains(message_of({"--tail", "long"}), "--tail"));
    }

    TEST_CASE("options that contradict each other are refused")
    {
        CHECK(contains(message_of({"--latency-blocks", "2"}), "pipelined"));
        CHECK(contains(message_of({"--pace", "free", "--deadline", "1ms"}), "free"));
        CHECK(contains(message_of({"--quiet", "--verbose"}), "--verbose"));
        CHECK(contains(message_of({"--standbys", "2"}), "--standby hot"));
        CHECK(contains(message_of({"--standby-placement", "other"}), "--standby hot"));
        const auto trailing_message = [](std::vector<std::string> more) {
            more.insert(more.end(), {"--standby", "hot", "--standby-placement", "trailing"});
            return message_of(more);
        };
        CHECK(contains(trailing_message({"--pace", "free"}), "free pace"));
        CHECK(contains(trailing_message({"--priority", "0"}), "--priority"));
        CHECK(contains(trailing_message({"--placement", "other"}), "--placement"));
        CHECK(contains(message_of({"--out", "x.wav", "--dry", "x.wav"}), "another file"));
        CHECK(contains(message_of({"--param", "gain.level=1"}), "no service 'gain'"));
        CHECK(contains(message_of({"--fault", "gain:kill@1s"}), "no service 'gain'"));
    }

    TEST_CASE("what is missing or unknown is named, with the way to help")
    {
        CHECK(contains(message_of({"--loud"}), "--loud"));
        CHECK(contains(message_of({"--loud"}), "outboard run --help"));
        CHECK_THROWS_AS(static_cast<void>(parse_run_options({"--in", "x.wav"})), Failure);
        CHECK_THROWS_AS(static_cast<void>(parse_run_options({"--service", "gain"})), Failure);
    }

    TEST_CASE("help is no failure")
    {
        CHECK_FALSE(parse_run_options({"--help"}));
    }
}
