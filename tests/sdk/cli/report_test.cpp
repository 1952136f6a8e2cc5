// SPDX-License-Identifier: MIT
//
// What is told after a run: report, page, summary, and the table of services.

#include "sdk/cli/report.hpp"
#include "sdk/cli/list_command.hpp"
#include "sdk/cli/markup.hpp"
#include "sdk/cli/page.hpp"
#include "sdk/cli/summary.hpp"
#include "tests/sdk/cli/run_fixture.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstring>
#include <string>

namespace {

using namespace outboard::cli;
using outboard::cli::test::example_run;

nlohmann::json report_of(const RunResult& result)
{
    return nlohmann::json::parse(report_text(result));
}

bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("sdk/cli/report")
{
    TEST_CASE("a report says what it is and which version of that")
    {
        const auto report = report_of(example_run());
        CHECK(report["schema"] == "outboard-run-report");
        CHECK(report["version"] == 1);
        CHECK(report["command_line"].size() == 4);
    }

    TEST_CASE("figures of a chain are sums, those of each insert stand beside them")
    {
        const auto report = report_of(example_run());
        CHECK(report["blocks"] == 3000);
        CHECK(report["frames_lost"] == 9600);
        CHECK(report["concealed_blocks"] == 150);
        CHECK(report["inserts"].size() == 2);
        CHECK(report["inserts"][0]["frames_lost"] == 4800);
        CHECK(report["inserts"][0]["tail_frames"].is_null());
        CHECK(report["round_trip_us"]["count"] == 2 * 2925);
        CHECK(report["round_trip_us"]["p50"].get<double>() == doctest::Approx(8.03).epsilon(0.01));
        CHECK(report["round_trip_us"]["max"].get<double>() == doctest::Approx(16.1));
    }

    TEST_CASE("the primary of an insert at the end of the run is named, or null when there is none")
    {
        RunResult result = example_run();
        result.inserts[0].status.service_process_id = 4711;
        result.inserts[1].status.service_process_id = -1;
        const auto report = report_of(result);
        CHECK(report["inserts"][0]["process_id"] == 4711);
        CHECK(report["inserts"][1]["process_id"].is_null());
    }

    TEST_CASE("a histogram's buckets are all there, and the rarest percentile only with enough")
    {
        auto run = example_run();
        auto trip = report_of(run)["round_trip_us"];
        CHECK(trip["p99_9"].is_null());
        std::uint64_t sum = 0;
        for (const auto& bucket : trip["histogram"])
            sum += bucket[2].get<std::uint64_t>();
        CHECK(sum == trip["count"]);

        run.inserts[0].round_trip = test::histogram_around(8000, 100'000);
        CHECK(report_of(run)["round_trip_us"]["p99_9"].is_number());
    }

    TEST_CASE("a failover tells how long it was dry, or that it was so to the end")
    {
        const auto failovers = report_of(example_run())["failovers"];
        REQUIRE(failovers.size() == 2);
        CHECK(failovers[0]["time_s"].get<double>() == doctest::Approx(0.5));
        CHECK(failovers[0]["frames_lost"] == 4800);
        CHECK(failovers[0]["wet_again_frame"] == 28'800);
        CHECK(failovers[0]["wet_again_ms"].get<double>() == doctest::Approx(100));
        CHECK(failovers[0]["detail"] == -9);
        CHECK(failovers[1]["frames_lost"].is_null());
        CHECK(failovers[1]["wet_again_ms"].is_null());
    }

    TEST_CASE("gaps are told to the frame")
    {
        const auto gaps = report_of(example_run())["gaps"];
        REQUIRE(gaps.size() == 1);
        CHECK(gaps[0]["service"] == "reverb");
        CHECK(gaps[0]["first_frame"] == 24'000);
        CHECK(gaps[0]["end_frame"] == 28'800);
        CHECK(gaps[0]["file_time_s"].get<double>() ==
              doctest::Approx((24'000.0 + 128 - 256) / 48'000));
    }

    TEST_CASE("times in the file take the latency of all inserts into account")
    {
        const auto failovers = report_of(example_run())["failovers"];
        // The first insert's output passes the second one's 128 frames; 256 are cut off in all.
        CHECK(failovers[0]["file_time_s"].get<double>() ==
              doctest::Approx((24'000.0 + 128 - 256) / 48'000));
        CHECK(failovers[1]["file_time_s"].get<double>() ==
              doctest::Approx((180'000.0 - 256) / 48'000));
    }

    TEST_CASE("faults that did not strike, and those that had to wait, are told")
    {
        const auto report = report_of(example_run());
        CHECK(report["faults_delayed"] == 1);
        REQUIRE(report["faults"].size() == 2);
        CHECK(report["faults"][0]["struck"] == true);
        CHECK(report["faults"][0]["struck_frame"] == 24'000);
        CHECK(report["faults"][1]["struck"] == false);
        CHECK(report["faults"][1]["struck_frame"].is_null());
    }

    TEST_CASE("what every thread obtained is told")
    {
        const auto realtime = report_of(example_run())["realtime"];
        CHECK(realtime["audio_thread"]["step"] == "none");
        CHECK(realtime["audio_thread"]["cpu"].is_null());
        CHECK(realtime["dsp_threads"].size() == 2);
        CHECK(realtime["dsp_threads"][0]["step"] == "fifo");
        CHECK(realtime["dsp_threads"][0]["priority"] == 68);
    }

    TEST_CASE("a run without services that answered still has a report, a page and a summary")
    {
        auto run = example_run();
        run.failovers.clear();
        run.faults.clear();
        for (auto& insert : run.inserts)
            insert.round_trip = {};
        CHECK(report_of(run)["round_trip_us"]["p50"].is_null());
        CHECK(contains(page_text(run, "run.html"), "No block was answered"));
        CHECK(contains(summary_text(run), "no block was answered"));
    }

    TEST_CASE("file names that are not UTF-8 do not spoil the report")
    {
        auto run = example_run();
        run.options.inputs = {"\xff.wav"};
        CHECK_NOTHROW(static_cast<void>(report_of(run)));
    }
}

TEST_SUITE("sdk/cli/page")
{
    TEST_CASE("a page is complete, and asks no other machine for anything")
    {
        const std::string page = page_text(example_run(), "out/run.html");
        CHECK_FALSE(contains(page, "{{"));
        CHECK_FALSE(contains(page, "http:"));
        CHECK_FALSE(contains(page, "https:"));
        CHECK_FALSE(contains(page, "url("));
        CHECK(contains(page, "<!DOCTYPE html>"));
        CHECK(contains(page, "prefers-color-scheme: dark"));
        CHECK(contains(page, "</html>"));
    }

    TEST_CASE("strikes and gaps are marked on the waveform, and failovers in a table")
    {
        const std::string page = page_text(example_run(), "out/run.html");
        CHECK(contains(page, "class=\"strike\""));
        CHECK(contains(page, "class=\"gap\""));
        CHECK(contains(page, "signal 9"));
        CHECK(contains(page, "not before the end"));
    }

    TEST_CASE("names cannot break the page, and sound files are found from where it is")
    {
        const std::string page = page_text(example_run(), "out/run.html");
        CHECK(contains(page, "src=\"wet%20%26%20%3Cloud%3E.wav\""));
        CHECK(contains(page, "src=\"../my%20voice.wav\""));
        CHECK_FALSE(contains(page, "<loud>"));
        CHECK(html_escaped("<a href=\"&\">") == "&lt;a href=&quot;&amp;&quot;&gt;");
        CHECK(relative_url("/a/b/wet.wav", "/a/c/run.html") == "../b/wet.wav");
    }

    TEST_CASE("the command on the page can be pasted into a shell")
    {
        CHECK(shell_quoted("wet.wav") == "wet.wav");
        CHECK(shell_quoted("my voice.wav") == "'my voice.wav'");
        CHECK(shell_quoted("it's") == R"('it'\''s')");
        CHECK(shell_quoted("") == "''");
    }
}

TEST_SUITE("sdk/cli/summary")
{
    TEST_CASE("a summary says how long, how fast and what failed")
    {
        const std::string summary = summary_text(example_run());
        CHECK(contains(summary, "4 s streamed through reverb > gain"));
        CHECK(contains(summary, "3000 blocks"));
        CHECK(contains(summary, "round trip 8.03 us p50"));
        CHECK(contains(summary, "1 fault struck of 2"));
        CHECK(contains(summary, "wet again after 100 ms"));
        CHECK(contains(summary, "no right to SCHED_FIFO"));
    }

    TEST_CASE("times are short, with three digits that matter")
    {
        CHECK(short_time(950) == "950 ns");
        CHECK(short_time(8'123) == "8.12 us");
        CHECK(short_time(86'000'000) == "86 ms");
        CHECK(short_time(6.2e9) == "6.2 s");
        CHECK(short_time(3600e9) == "3600 s");
    }
}

TEST_SUITE("sdk/cli/list")
{
    TEST_CASE("no service is said in words, and is an empty array")
    {
        CHECK(contains(service_table({}), "No service is running"));
        CHECK(service_json({}) == "[]\n");
    }

    TEST_CASE("services are listed with process and socket, and dead ones are told")
    {
        std::array<ob_service_info, 2> services{};
        std::strcpy(services[0].name, "studio");
        services[0].process_id = 4711;
        std::strcpy(services[0].socket_path, "/run/user/1/outboard/studio.sock");
        std::strcpy(services[1].name, "old");
        services[1].process_id = -1;
        const std::string table = service_table(services);
        CHECK(contains(table, "studio"));
        CHECK(contains(table, "4711"));
        CHECK(contains(table, "gone"));
        const auto json = nlohmann::json::parse(service_json(services));
        CHECK(json[0]["process_id"] == 4711);
        CHECK(json[1]["process_id"].is_null());
    }
}
