// SPDX-License-Identifier: MIT

#include "bench/ipc/figures.hpp"

#include "bench/ipc/report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace outboard;
using namespace outboard::bench;
using namespace outboard::bench::ipc;

namespace {

/// A round each, all of whose round trips take the same time.
[[nodiscard]] Measured measured_of(const char* name, const std::vector<std::uint64_t>& times_ns,
                                   std::size_t samples = 10, std::uint64_t one_way_count = 100)
{
    Measured measured;
    measured.mechanism = name;
    for (const std::uint64_t time_ns : times_ns) {
        const std::uint64_t elapsed_ns = time_ns * samples;
        measured.round_trips.push_back(
            {samples, Samples(samples, time_ns), elapsed_ns, 2 * elapsed_ns});
        measured.one_way.push_back(
            {one_way_count, {}, time_ns * one_way_count, time_ns * one_way_count});
    }
    return measured;
}

}  // namespace

TEST_SUITE("bench/ipc_figures")
{
    TEST_CASE("nothing measured gives no figures")
    {
        CHECK_FALSE(round_trip_figures({}, nullptr));
        CHECK_FALSE(one_way_figures({}, nullptr));
    }

    TEST_CASE("quantiles are of all chunks, p99.9 only from 100,000 samples on")
    {
        const auto few = round_trip_figures(measured_of("a", {100, 300}, 49'999), nullptr);
        REQUIRE(few);
        CHECK(few->samples == 99'998);
        CHECK(few->chunks == 2);
        CHECK(few->p50_ns == 100);
        CHECK(few->p99_ns == 300);
        CHECK(few->max_ns == 300);
        CHECK(few->cpus == doctest::Approx(2.0));
        CHECK_FALSE(few->p99_9_ns);
        CHECK_FALSE(few->ratio);

        const auto enough = round_trip_figures(measured_of("a", {100, 300}, 50'000), nullptr);
        REQUIRE(enough);
        REQUIRE(enough->p99_9_ns);
        CHECK(*enough->p99_9_ns == 300);
    }

    TEST_CASE("ratios are taken round by round")
    {
        const Measured base = measured_of("base", {100, 200, 400, 800, 1'600});
        const Measured other = measured_of("other", {200, 400, 400, 3'200, 1'600});
        const auto figures = round_trip_figures(other, &base);
        REQUIRE(figures);
        REQUIRE(figures->ratio);
        CHECK(figures->ratio->median == doctest::Approx(2.0));
        CHECK(figures->ratio->lower_quartile == doctest::Approx(1.0));
        CHECK(figures->ratio->upper_quartile == doctest::Approx(2.0));
    }

    TEST_CASE("ratios end where the shorter of the two was interrupted")
    {
        const Measured base = measured_of("base", {100, 100});
        const auto figures = round_trip_figures(measured_of("other", {300, 300, 900}), &base);
        REQUIRE(figures);
        REQUIRE(figures->ratio);
        CHECK(figures->ratio->median == doctest::Approx(3.0));
        const Measured none = measured_of("base", {});
        CHECK_FALSE(round_trip_figures(measured_of("other", {300}), &none)->ratio);
    }

    TEST_CASE("throughput is compared by the message, not by the chunk")
    {
        const Measured base = measured_of("base", {100, 100}, 10, 1'000);
        const auto figures = one_way_figures(measured_of("other", {300, 300}, 10, 50), &base);
        REQUIRE(figures);
        CHECK(figures->messages == 100);
        CHECK(figures->message_ns == doctest::Approx(300.0));
        REQUIRE(figures->ratio);
        CHECK(figures->ratio->median == doctest::Approx(3.0));
        CHECK(figures->cpus == doctest::Approx(1.0));
    }

    TEST_CASE("a failure is reported, has no figures, and is no base")
    {
        SizeResult size;
        size.message_bytes = 4096;
        size.mechanisms = {measured_of(base_name, {100}), measured_of("pipe", {300})};
        CHECK(size.base() == &size.mechanisms.front());
        size.mechanisms.front().failed = "message 7 was lost";
        CHECK(size.base() == nullptr);

        Report report;
        report.sizes = {size};
        CHECK(failures(report) ==
              std::vector<std::string>{std::string{base_name} + ", 4 KiB: message 7 was lost"});
        const auto json = to_json(report);
        const auto& results = json["sizes"][0]["results"];
        CHECK(results[0]["failed"] == "message 7 was lost");
        CHECK_FALSE(results[0].contains("round_trip"));
        CHECK(results[1]["round_trip"]["p50_ns"] == 300);
        CHECK(results[1]["round_trip"]["ratio"].is_null());
        CHECK(to_csv(report).find("\"message 7 was lost\"") != std::string::npos);
    }

    TEST_CASE("a text with commas and quotes is one field of the CSV")
    {
        SizeResult size;
        size.message_bytes = 8;
        size.mechanisms = {measured_of("pipe", {})};
        size.mechanisms.front().refused = "too \"large\", really";
        Report report;
        report.sizes = {size};
        CHECK(to_csv(report).find("8,pipe,,,,,,,,,,,,,\"too \"\"large\"\", really\"\r\n") !=
              std::string::npos);
    }
}
