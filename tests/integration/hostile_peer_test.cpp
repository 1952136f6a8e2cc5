// SPDX-License-Identifier: MIT
//
// Services that break the rules: the host says which, goes on, and nothing of it is hurt. The
// attacks are in services/hostile_service.cpp.

#include "plugins/builtin/fault.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "sdk/src/host/connection.hpp"
#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/one_insert.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace outboard;
using test::OneInsert;

namespace {

/// Which attack the services that are started from now on carry out.
class Attack {
public:
    explicit Attack(const char* name)
    {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no host lives that could read it
        ::setenv("OB_TEST_ATTACK", name, 1);
    }
    ~Attack() { ::unsetenv("OB_TEST_ATTACK"); }  // NOLINT(concurrency-mt-unsafe): as above
    Attack(const Attack&) = delete;
    Attack(Attack&&) = delete;
    Attack& operator=(const Attack&) = delete;
    Attack& operator=(Attack&&) = delete;
};

[[nodiscard]] bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

/// An attack that makes it impossible to create the insert.
struct Refusal {
    const char* attack;
    ob_status status;
    const char* said;  ///< part of the message
};

void check_refused(const Refusal& refusal)
{
    CAPTURE(std::string{refusal.attack});
    const Attack attack{refusal.attack};
    const Error error = test::failure_of(OB_HOSTILE_SERVICE);
    CAPTURE(error.what());
    CHECK(error.status() == refusal.status);
    CHECK(contains(error.what(), refusal.said));
    CHECK(contains(error.what(), OB_HOSTILE_SERVICE));
}

[[nodiscard]] bool any_of_cause(const std::vector<ob_incident>& incidents, ob_cause cause)
{
    return std::any_of(incidents.begin(), incidents.end(), [cause](const ob_incident& incident) {
        return incident.kind == OB_INCIDENT_FAILOVER && incident.cause == cause;
    });
}

/// Streams under an attack until the host has lost a service to it.
/// @return all incidents until then
[[nodiscard]] std::vector<ob_incident> stream_until_failover(OneInsert& stream)
{
    CHECK(stream.process_until([&] { return stream.insert().statistics().failovers > 0; }));
    return stream.incidents();
}

/// Resident memory of this process at its highest.
[[nodiscard]] long peak_resident_kib()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

TEST_SUITE("integration/hostile_peer")
{
    TEST_CASE("a service that never says hello is given up after a second, by name")
    {
        check_refused({"silent", OB_ERR_TIMED_OUT, "did not say hello"});
    }

    TEST_CASE("a service that ends at once is reported with its exit code or signal")
    {
        check_refused({"exit", OB_ERR_SERVICE_EXITED, "exited with code 7"});
        check_refused({"abort", OB_ERR_SERVICE_EXITED, "died of signal 6"});
    }

    TEST_CASE("a mismatch of versions names both ranges")
    {
        const std::string ours = std::to_string(link::protocol_version_max);
        check_refused({"future-version", OB_ERR_VERSION, "7 to 9"});
        check_refused({"future-version", OB_ERR_VERSION, ("this host " + ours).c_str()});
        check_refused({"version-0", OB_ERR_VERSION, "protocol 0"});
        check_refused({"inverted-versions", OB_ERR_VERSION, "9 to 0"});
    }

    TEST_CASE("malformed messages before hello are refused")
    {
        check_refused({"rubbish", OB_ERR_PROTOCOL, "malformed"});
        check_refused({"long-rubbish", OB_ERR_PROTOCOL, "malformed"});
        check_refused({"cut-hello", OB_ERR_PROTOCOL, "malformed"});
        check_refused({"mapped-first", OB_ERR_PROTOCOL, "out of turn"});
    }

    TEST_CASE("handles from a service are refused, however many, and closed")
    {
        const auto before = test::holdings_now();
        check_refused({"one-handle", OB_ERR_PROTOCOL, "handles"});
        check_refused({"four-handles", OB_ERR_PROTOCOL, "handles"});
        CHECK(test::holdings_now().handles == before.handles);
    }

    TEST_CASE("a small message that unpacks to gigabytes is refused unopened")
    {
        const long before_kib = peak_resident_kib();
        check_refused({"swelling-hello", OB_ERR_PROTOCOL, "malformed"});
        CHECK(peak_resident_kib() - before_kib < 200'000);
    }

    TEST_CASE("absurd offers are refused")
    {
        check_refused({"no-processors", OB_ERR_NOT_FOUND, "offers: none"});
        check_refused({"endless-block", OB_ERR_PROTOCOL, "beyond the limit"});
        check_refused({"bad-name", OB_ERR_PROTOCOL, "name"});
        check_refused({"absurd-latency", OB_ERR_PROTOCOL, "latency"});
    }

    TEST_CASE("messages out of turn after hello are refused")
    {
        check_refused({"hello-twice", OB_ERR_PROTOCOL, "out of turn"});
        check_refused({"ready-before-mapped", OB_ERR_PROTOCOL, "out of turn"});
        check_refused({"rubbish-after-hello", OB_ERR_PROTOCOL, "malformed"});
        check_refused({"hang-up-while-mapping", OB_ERR_SERVICE_EXITED, "while it was mapping"});
    }

    TEST_CASE("a refusal in very many words is cut, not dropped")
    {
        check_refused({"refuse-with-long-words", OB_ERR_INTERNAL, "refused: aaaa"});
    }

    TEST_CASE("a flood of messages ends the service, and neither blocks nor fills the host")
    {
        const long before_kib = peak_resident_kib();
        check_refused({"flood", OB_ERR_PROTOCOL, "out of turn"});
        CHECK(peak_resident_kib() - before_kib < 200'000);
    }

    TEST_CASE("segments that were tampered with before they are sealed are not used")
    {
        check_refused({"memory-shrink", OB_ERR_PROTOCOL, "resized"});
        check_refused({"memory-shrink-bells", OB_ERR_PROTOCOL, "resized"});
        check_refused({"memory-grow", OB_ERR_PROTOCOL, "resized"});
        check_refused({"memory-grow-bells", OB_ERR_PROTOCOL, "resized"});
        check_refused({"memory-seal", OB_ERR_PROTOCOL, "seal"});
        check_refused({"memory-seal-bells", OB_ERR_PROTOCOL, "seal"});
    }

    TEST_CASE("holes punched before sealing are harmless")
    {
        for (const char* const name : {"memory-punch", "memory-punch-bells"}) {
            CAPTURE(std::string{name});
            const Attack attack{name};
            OneInsert stream{OB_HOSTILE_SERVICE};
            CHECK(stream.process_until_wet());
            CHECK(stream.is_output_input());
        }
    }

    TEST_CASE("sealed segments cannot be resized, punched, written or mapped anew")
    {
        const Attack attack{"memory-sealed"};
        const Error error = test::failure_of(OB_HOSTILE_SERVICE);
        CHECK(error.what() == std::string{"the insert was made"});
        OneInsert stream{OB_HOSTILE_SERVICE};
        CHECK(stream.process_until_wet());
    }

    TEST_CASE("a service that hangs while loading is given up at the limit")
    {
        const Attack attack{"hang-in-load"};
        ob_insert_config config;
        ob_insert_config_init(&config);
        config.service = OB_HOSTILE_SERVICE;
        const auto spec = host::make_spec(config);
        host::LaneContext context;
        context.loading_limit_ns = 200'000'000;
        host::LinkSpec link_spec;
        link_spec.service = OB_HOSTILE_SERVICE;
        const auto link = std::make_shared<host::Link>(link_spec);
        host::Connection connection{spec, context, link};
        while (connection.phase() != host::Connection::Phase::failed) {
            rt::os::PollEntry entry{.handle = link->socket()};
            const std::uint64_t due_ns = std::min(link->due_ns(), connection.due_ns());
            static_cast<void>(rt::os::wait_readable({&entry, 1}, due_ns));
            link->advance(rt::os::monotonic_ns());
            connection.advance(rt::os::monotonic_ns());
            REQUIRE(connection.phase() != host::Connection::Phase::streaming);
        }
        CHECK(connection.failure().status == OB_ERR_TIMED_OUT);
        CHECK(contains(connection.failure().message, "load the processor"));
    }

    TEST_CASE("an answer that breaks the protocol is reported, and its service replaced")
    {
        for (const char* const name :
             {"wrong-sequence", "wrong-frame-count", "scribble-counts", "broken-input-count"}) {
            CAPTURE(std::string{name});
            const Attack attack{name};
            OneInsert stream{OB_HOSTILE_SERVICE};
            const std::int32_t first = stream.insert().status().service_process_id;
            const auto incidents = stream_until_failover(stream);
            REQUIRE_FALSE(incidents.empty());
            CAPTURE(incidents.back().cause);
            CHECK(any_of_cause(incidents, OB_CAUSE_CORRUPT));
            CHECK(stream.insert().statistics().corrupt_replies > 0);
            CHECK(stream.process_until([&] {
                const auto status = stream.insert().status();
                return status.state == OB_INSERT_BROKEN ||
                       (status.service_process_id != -1 && status.service_process_id != first);
            }));
        }
    }

    TEST_CASE("services that break down again and again open the circuit, visibly")
    {
        const Attack attack{"wrong-sequence"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        CHECK(stream.process_until(
            [&] { return stream.insert().status().state == OB_INSERT_BROKEN; }));
        CHECK(stream.process() == OB_CONCEALED);
        const std::string message = stream.insert().status().message;
        CAPTURE(message);
        CHECK_FALSE(message.empty());
        // The pauses grow: what is started in a second is counted, not timed.
        const auto failovers = stream.insert().statistics().failovers;
        CHECK_FALSE(stream.process_until([] { return false; }, std::chrono::seconds{1}));
        CHECK(stream.insert().statistics().failovers - failovers <= 10);
    }

    TEST_CASE("so do services that behave for a while before they break the protocol")
    {
        const Attack attack{"wrong-sequence-later"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        CHECK(stream.process_until(
            [&] { return stream.insert().status().state == OB_INSERT_BROKEN; }));
        CHECK(stream.insert().statistics().failovers >= 3);
    }

    TEST_CASE("a service that writes over everything it can map does not hurt the host")
    {
        const Attack attack{"scribble-everything"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        stream.set_budget(std::chrono::milliseconds{2});
        for (int block = 0; block < 1500; ++block) {
            const ob_status status = stream.process();
            CHECK((status == OB_OK || status == OB_CONCEALED));
            std::this_thread::sleep_for(std::chrono::microseconds{200});
        }
        CHECK(stream.insert().statistics().failovers > 0);
        CHECK(any_of_cause(stream.incidents(), OB_CAUSE_CORRUPT));
        CHECK(stream.insert().statistics().blocks == 1500);
    }

    TEST_CASE("the scribbling of a built-in processor is survived, and its input is unharmed")
    {
        OneInsert stream{"fault"};
        REQUIRE(stream.process_until_wet());
        const auto set = [&stream](builtin::Fault::ParameterId id, double value) {
            CHECK(stream.insert().set_parameter(id, value) == OB_OK);
        };
        set(builtin::Fault::kind, static_cast<double>(builtin::FaultKind::scribble));
        set(builtin::Fault::argument, 1e6);
        set(builtin::Fault::trigger, 1.0);
        // Where the host looks between two strokes it finds sound counts and rubbish for audio.
        CHECK(stream.process_until([&] {
            const auto statistics = stream.insert().statistics();
            return statistics.non_finite_blocks + statistics.corrupt_replies > 0;
        }));
        set(builtin::Fault::kind, static_cast<double>(builtin::FaultKind::none));
        set(builtin::Fault::trigger, 1.0);
        // With neither fault nor fade the processor gives back what it got: the input that the
        // host kept.
        CHECK(stream.process_until(
            [&] { return stream.last_status() == OB_OK && stream.is_output_input(); }));
    }

    TEST_CASE("rubbish for events and absurd times in an answer spoil nothing but themselves")
    {
        for (const char* const name : {"rubbish-events", "absurd-times"}) {
            CAPTURE(std::string{name});
            const Attack attack{name};
            OneInsert stream{OB_HOSTILE_SERVICE};
            for (int block = 0; block < 100; ++block) {
                CHECK(stream.process() == OB_OK);
                CHECK(ob_insert_output_events(stream.insert().get()).size_bytes == 0);
            }
            CHECK(stream.is_output_input());
        }
    }

    TEST_CASE("a service that rings and beats but never answers holds no block past its deadline")
    {
        const Attack attack{"ring-only"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        stream.set_budget(std::chrono::milliseconds{1});
        for (int block = 0; block < 100; ++block)
            CHECK(stream.process() == OB_CONCEALED);
        CHECK(stream.insert().statistics().concealed_blocks == 100);
        CHECK(stream.is_output_input());  // dry
    }

    TEST_CASE("at free pace it is given up as well")
    {
        const Attack attack{"ring-only"};
        OneInsert stream{OB_HOSTILE_SERVICE, [](InsertConfig& config) {
                             config.pace = OB_PACE_FREE;
                             config.hang_limit_ns = 100'000'000;
                             config.give_up_ns = 500'000'000;
                         }};
        CHECK(stream.process() == OB_ERR_GAVE_UP);
        CHECK(stream.insert().statistics().failovers > 0);
    }

    TEST_CASE("a service that takes no blocks any more counts as hung though its ring is full")
    {
        const Attack attack{"answer-never"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        stream.set_budget(std::chrono::microseconds{100});
        const auto incidents = stream_until_failover(stream);
        CHECK(any_of_cause(incidents, OB_CAUSE_HANG));
        CHECK(stream.insert().statistics().not_posted > 0);
    }

    TEST_CASE("a service that hangs up or breaks the protocol while it streams is replaced")
    {
        for (const char* const name : {"hang-up-while-streaming", "message-while-streaming"}) {
            CAPTURE(std::string{name});
            const Attack attack{name};
            OneInsert stream{OB_HOSTILE_SERVICE};
            const std::int32_t first = stream.insert().status().service_process_id;
            CHECK(stream.process_until([&] {
                const std::int32_t now = stream.insert().status().service_process_id;
                return now != -1 && now != first;
            }));
            CHECK(stream.process_until_wet());
        }
    }

    TEST_CASE("a service that lies about its death is let go, and harms no other")
    {
        const test::ProcessMark mark;
        {
            OneInsert honest{OB_BUILTIN, [](InsertConfig& config) { config.processor = "gain"; }};
            const Attack attack{"false-death"};
            OneInsert stream{OB_HOSTILE_SERVICE};
            const auto incidents = stream_until_failover(stream);
            CHECK(any_of_cause(incidents, OB_CAUSE_CRASH));
            CHECK(honest.process_until_wet());
            CHECK(honest.insert().statistics().failovers == 0);
            // It lives on, and is killed for it; the loss then counts as what it is.
            std::optional<ob_crash_report> report;
            CHECK(stream.process_until([&] {
                report = stream.insert().next_crash_report();
                return report.has_value();
            }));
            REQUIRE(report);
            CHECK(report->cause == OB_CAUSE_CORRUPT);
            CHECK(report->signal == SIGKILL);
            CHECK(contains(stream.insert().status().message, "said that it was dying"));
        }
        CHECK(mark.wait_until_gone().empty());
    }

    TEST_CASE("a report that makes no sense is not shown")
    {
        const Attack attack{"false-report"};
        OneInsert stream{OB_HOSTILE_SERVICE};
        std::optional<ob_crash_report> report;
        CHECK(stream.process_until([&] {
            report = stream.insert().next_crash_report();
            return report.has_value();
        }));
        REQUIRE(report);
        CHECK(report->exit_code == 0);
        CHECK(report->thread_id == 0);
        CHECK(report->frame_count == 0);
        CHECK(report->processor_name[0] == '\0');
    }

    TEST_CASE("of all attackers no process, mapping or handle is left")
    {
        const test::ProcessMark mark;
        const auto attack_all = [] {
            for (const char* const name : {"exit", "rubbish", "wrong-sequence", "memory-shrink"}) {
                const Attack attack{name};
                try {
                    OneInsert stream{OB_HOSTILE_SERVICE};
                    static_cast<void>(stream_until_failover(stream));
                } catch (const Error&) {
                    continue;
                }
            }
        };
        attack_all();
        const auto before = test::holdings_now();
        attack_all();
        CHECK(test::holdings_now() == before);
        CHECK(mark.wait_until_gone().empty());
    }
}
