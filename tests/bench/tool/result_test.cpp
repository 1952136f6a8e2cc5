// SPDX-License-Identifier: MIT

#include "bench/tool/result.hpp"
#include "bench/tool/failure.hpp"
#include "bench/tool/output.hpp"
#include "tests/bench/tool/values.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

using namespace outboard::bench;
using outboard::test::hop_values;

namespace {

/// A file that is gone when this is.
class File {
public:
    explicit File(const std::string& text) { std::ofstream{path_} << text; }
    ~File() { static_cast<void>(std::remove(path_.c_str())); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() /
                         ("outboard-bench-result-" + std::to_string(::getpid())))
                            .string();
};

[[nodiscard]] Measurement described(const std::vector<std::uint64_t>& values)
{
    std::vector<double> times_s(values.size());
    for (std::size_t index = 0; index < values.size(); ++index)
        times_s[index] = static_cast<double>(index) / 1'000;
    Measurement made;
    made.name = "64/sync/round-trip";
    made.cell = "64/sync";
    made.parameters = {{"block", 64}, {"mode", "sync, \"quoted\""}};
    describe_values(made, values, times_s);
    return made;
}

[[nodiscard]] Result result_of(const std::vector<std::uint64_t>& values)
{
    Result result;
    result.benchmark = "hop";
    result.machine = Json::object();
    result.measurements.push_back(described(values));
    return result;
}

}  // namespace

TEST_SUITE("bench/tool_result")
{
    TEST_CASE("the worst are the largest, with the time when they came")
    {
        auto values = hop_values(5'000, 6'000, 1);
        values[1'234] = 90'000'000;
        values[4'321] = 80'000'000;
        const Measurement made = described(values);
        REQUIRE(made.worst.size() == 20);
        CHECK(made.worst[0].value == 90'000'000);
        CHECK(made.worst[0].at_s == doctest::Approx(1.234));
        CHECK(made.worst[1].at_s == doctest::Approx(4.321));
    }

    TEST_CASE("the series has every value in one of its stretches")
    {
        const auto values = hop_values(4'999, 6'000, 2);
        const Measurement made = described(values);
        CHECK(made.series.size() == 300);
        const auto longest =
            std::max_element(made.series.begin(), made.series.end(),
                             [](const Slice& a, const Slice& b) { return a.max < b.max; });
        CHECK(longest->max == *std::max_element(values.begin(), values.end()));
        CHECK(described({5, 6}).series.size() == 2);
        CHECK(described({}).series.empty());
    }

    TEST_CASE("a document that is read again has the same distribution")
    {
        const Result result = result_of(hop_values(2'000, 6'000, 3));
        const File file{to_json(result).dump()};
        const ComparedResult again = read_result(file.path());
        REQUIRE(again.measurements.size() == 1);
        const Distribution& before = result.measurements[0].distribution;
        const Distribution& after = again.measurements[0].distribution;
        CHECK(after.count == before.count);
        CHECK(quantile_of(after, 0.99) == quantile_of(before, 0.99));
    }

    TEST_CASE("a document that is damaged is refused")
    {
        Json document = to_json(result_of(hop_values(2'000, 6'000, 3)));
        Json& first = document["measurements"][0];
        SUBCASE("another schema")
        {
            document["schema"] = "outboard-run-report";
        }
        SUBCASE("another version")
        {
            document["version"] = 2;
        }
        SUBCASE("no measurements")
        {
            document.erase("measurements");
        }
        SUBCASE("no histogram")
        {
            first.erase("histogram");
        }
        SUBCASE("another number of samples")
        {
            first["samples"] = 5;
        }
        SUBCASE("buckets that fall")
        {
            std::reverse(first["histogram"].begin(), first["histogram"].end());
        }
        SUBCASE("a bucket that is none")
        {
            first["histogram"][0] = "x";
        }
        SUBCASE("a name twice")
        {
            document["measurements"].push_back(first);
        }
        const File file{document.dump()};
        CHECK_THROWS_AS(static_cast<void>(read_result(file.path())), Failure);
    }

    TEST_CASE("what is no JSON at all is refused")
    {
        for (const char* const text : {"", "{", "[]", "null", "\xff\xfe"}) {
            const File file{text};
            CHECK_THROWS_AS(static_cast<void>(read_result(file.path())), Failure);
        }
    }

    TEST_CASE("a line of CSV has as many fields as its head, whatever is in them")
    {
        const std::string csv = as_csv(result_of(hop_values(2'000, 6'000, 3)));
        const std::string head = csv.substr(0, csv.find('\n'));
        CHECK(csv.find(R"("sync, ""quoted""")") != std::string::npos);
        const auto commas = std::count(csv.begin(), csv.end(), ',');
        CHECK(commas == 2 * std::count(head.begin(), head.end(), ',') + 1);
    }
}
