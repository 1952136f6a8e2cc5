// SPDX-License-Identifier: MIT

#include "bench/doctor/report.hpp"

#include "tests/bench/doctor/machine.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace outboard;
using namespace outboard::doctor;

namespace {

[[nodiscard]] Finding finding_of(const char* id, Verdict verdict,
                                 std::vector<std::string> commands = {})
{
    return {.id = id,
            .title = std::string{"Title of "} + id,
            .verdict = verdict,
            .found = "seen",
            .remedy = verdict == Verdict::ok ? "" : "do it",
            .commands = std::move(commands)};
}

[[nodiscard]] std::size_t count_of(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

}  // namespace

TEST_SUITE("bench/doctor_report")
{
    TEST_CASE("the exit code is 1 for a problem and 0 for all else")
    {
        CHECK(exit_code_of(worst_of({})) == 0);
        CHECK(exit_code_of(worst_of({finding_of("a", Verdict::unknown)})) == 0);
        CHECK(exit_code_of(worst_of({finding_of("a", Verdict::warning)})) == 0);
        CHECK(exit_code_of(worst_of(
                  {finding_of("a", Verdict::problem), finding_of("b", Verdict::ok)})) == 1);
    }

    TEST_CASE("the worst verdict is that of the machine")
    {
        const Finding ok = finding_of("a", Verdict::ok);
        const Finding unknown = finding_of("b", Verdict::unknown);
        const Finding warning = finding_of("c", Verdict::warning);
        CHECK(worst_of({ok, ok}) == Verdict::ok);
        CHECK(worst_of({ok, unknown}) == Verdict::unknown);
        CHECK(worst_of({warning, unknown, ok}) == Verdict::warning);
    }

    TEST_CASE("the table has verdict, finding, remedy and command, and a sum")
    {
        const std::string table = as_table(
            {finding_of("a", Verdict::ok), finding_of("b", Verdict::problem, {"sudo fix"})});
        CHECK(says(table, "ok       Title of a  seen\n"));
        CHECK(says(table, "problem  Title of b  seen\n"));
        CHECK(says(table, "-> do it\n"));
        CHECK(says(table, "sudo fix\n"));
        CHECK(says(table, "\n1 ok, 0 warnings, 1 problems, 0 unknown\n"));
    }

    TEST_CASE("the script has each command once, none of what is ok, and what comes after last")
    {
        const std::string script = as_commands(
            {finding_of("a", Verdict::ok, {"never"}),
             finding_of("b", Verdict::warning, {"sudo one", "# Then log in."}),
             finding_of("c", Verdict::problem, {"sudo one", "sudo two", "# Then log in."})});
        CHECK(count_of(script, "\nsudo one\n") == 1);
        CHECK(count_of(script, "\nsudo two\n") == 1);
        CHECK(count_of(script, "never") == 0);
        CHECK(script.ends_with("sudo two\n\n# Then log in.\n"));
    }

    TEST_CASE("a file of the system cannot put a command into the script")
    {
        Finding finding = finding_of("a", Verdict::warning);
        finding.found = "governor x\nrm -rf /\rls";
        CHECK(count_of(as_commands({finding}), "\nrm") == 0);
        CHECK(count_of(as_commands({finding}), "\r") == 0);
    }

    TEST_CASE("a machine without fault has a script that does nothing")
    {
        CHECK(says(as_commands({finding_of("a", Verdict::ok)}), "nothing to do"));
    }

    TEST_CASE("the document has everything, and null for what there is not")
    {
        Probes probes{.grant = granted_fifo()};
        probes.wake_ups = {
            .count = 100'000, .p50_ns = 1500, .p99_ns = 2500, .p99_9_ns = 3500, .max_ns = 4500};
        const auto document = nlohmann::json::parse(
            as_json({finding_of("a", Verdict::ok), finding_of("b", Verdict::problem, {"fix"})},
                    probes, "2026-01-01T00:00:00Z"));
        CHECK(document["version"] == 1);
        CHECK(document["verdict"] == "problem");
        CHECK(document["exit_code"] == 1);
        CHECK(document["started_at"] == "2026-01-01T00:00:00Z");
        CHECK(document["wake_up"]["p99_9_us"] == 3.5);
        CHECK(document["wake_up"]["real_time"] == true);
        CHECK(document["checks"][0]["remedy"].is_null());
        CHECK(document["checks"][1]["commands"][0] == "fix");
    }

    TEST_CASE("bytes that are no text do not break the document")
    {
        Finding finding = finding_of("a", Verdict::ok);
        finding.found = "\xff\xfe";
        CHECK(nlohmann::json::accept(as_json({finding}, {}, "")));
    }
}
