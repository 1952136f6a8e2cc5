// SPDX-License-Identifier: MIT
//
// What can be learnt of a service that died, and that it is learnt before it is gone.

#include "tests/integration/support/found_service.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/runtime_directory.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/temporary_folder.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace outboard;
using test::StreamingRig;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t second_frames = 48'000;
constexpr std::uint32_t how_parameter = 1;
enum How { on_segv = 1, on_abort, on_leaving, on_recovery, on_words, on_flood };

/// What the host logs; from the plain thread.
class Log {
public:
    static void write(void* context, ob_log_level level, const char* message)
    {
        Log& log = *static_cast<Log*>(context);
        const std::lock_guard lock{log.mutex_};
        log.lines_.push_back({level, message});
    }
    [[nodiscard]] std::size_t size() const
    {
        const std::lock_guard lock{mutex_};
        return lines_.size();
    }
    /// The first line with this in it, "" if there is none.
    [[nodiscard]] std::string find(std::string_view part) const
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [level, text] : lines_) {
            if (text.find(part) != std::string::npos)
                return text;
        }
        return "";
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::pair<ob_log_level, std::string>> lines_;
};

struct LoggedRig {
    explicit LoggedRig(const char* processor) : rig({}, CallerConfig{}, host_config(log))
    {
        InsertConfig config = rig.config_for(processor);
        config.flags |= OB_INSERT_FAULT_HOOK;
        rig.add(config);
        rig.run(640, test::every_block(64));
    }

    static HostConfig host_config(Log& log)
    {
        HostConfig config = test::test_host_config();
        config.log = &Log::write;
        config.log_context = &log;
        return config;
    }
    void command(How how) { REQUIRE(rig.insert().set_parameter(how_parameter, how) == OB_OK); }
    /// Streams until the service is lost and reported. @return the report
    [[nodiscard]] ob_crash_report report()
    {
        rig.set_real_time(true);
        std::optional<ob_crash_report> report;
        const bool has_come = rig.run_until(
            [&] {
                report = rig.insert().next_crash_report();
                return report.has_value();
            },
            20 * second_frames);
        REQUIRE(has_come);
        return *report;
    }

    Log log;
    StreamingRig rig;
};

[[nodiscard]] bool names_service(const ob_crash_report& report)
{
    return std::any_of(report.frames, report.frames + report.frame_count,
                       [](const ob_crash_frame& frame) {
                           return std::string_view{frame.module}.find("ob_streaming_service") !=
                                      std::string_view::npos &&
                                  frame.offset != 0;
                       });
}

[[nodiscard]] std::optional<ob_incident> failover_in(const std::vector<ob_incident>& incidents)
{
    for (const ob_incident& incident : incidents) {
        if (incident.kind == OB_INCIDENT_FAILOVER)
            return incident;
    }
    return std::nullopt;
}

[[nodiscard]] std::string contents_of(const fs::path& path)
{
    std::ifstream file{path};
    std::ostringstream contents;
    contents << file.rdbuf();
    return contents.str();
}

[[nodiscard]] bool is_alive(std::int32_t process_id)
{
    const std::string status = contents_of("/proc/" + std::to_string(process_id) + "/status");
    return status.find("\nState:") != std::string::npos &&
           status.find("\nState:\tZ") == std::string::npos;
}

/// Services that are started from now on may write cores, into a folder of ours.
class CoresHere {
public:
    CoresHere() : before_(fs::current_path())
    {
        fs::current_path(folder_.path());
        ::getrlimit(RLIMIT_CORE, &limit_);
        const rlimit all{limit_.rlim_max, limit_.rlim_max};
        ::setrlimit(RLIMIT_CORE, &all);
    }
    ~CoresHere()
    {
        ::setrlimit(RLIMIT_CORE, &limit_);
        fs::current_path(before_);
    }
    CoresHere(const CoresHere&) = delete;
    CoresHere(CoresHere&&) = delete;
    CoresHere& operator=(const CoresHere&) = delete;
    CoresHere& operator=(CoresHere&&) = delete;

    [[nodiscard]] std::vector<std::uintmax_t> core_bytes() const
    {
        std::vector<std::uintmax_t> sizes;
        for (const auto& entry : fs::directory_iterator{folder_.path()})
            sizes.push_back(entry.file_size());
        return sizes;
    }

private:
    test::TemporaryFolder folder_;
    fs::path before_;
    rlimit limit_{};
};

[[nodiscard]] bool cores_are_files()
{
    return contents_of("/proc/sys/kernel/core_pattern").find_first_of("|/") == std::string::npos;
}

}  // namespace

TEST_SUITE("integration/crash_report")
{
    TEST_CASE("a fault is reported with its address, thread, block and backtrace")
    {
        LoggedRig logged{"doomed"};
        const std::int32_t victim = logged.rig.insert().status().service_process_id;
        logged.command(on_segv);
        const ob_crash_report report = logged.report();
        CHECK(report.cause == OB_CAUSE_CRASH);
        CHECK(report.process_id == victim);
        CHECK(report.signal == SIGSEGV);
        CHECK(report.exit_code == -1);
        CHECK(report.fault_address == 24);
        CHECK(report.instruction != 0);
        CHECK(std::string_view{report.thread_name} == "ob-dsp");
        CHECK(report.thread_id != victim);
        CHECK(std::string_view{report.processor_name} == "doomed");
        CHECK(report.has_sequence == 1);
        CHECK(report.sequence >= 10);
        if (!test::has_sanitizer)
            CHECK(names_service(report));

        CHECK(logged.rig.run_until([&] { return !logged.log.find("died of SIGSEGV").empty(); },
                                   20 * second_frames));
        const std::string line = logged.log.find("died of SIGSEGV");
        CHECK(line.find("at address 0x18") != std::string::npos);
        CHECK(line.find("processor doomed") != std::string::npos);
        CHECK(line.find("\n  #0 0x") != std::string::npos);
        const auto failover = failover_in(test::take_incidents(logged.rig.insert()));
        REQUIRE(failover);
        CHECK(failover->detail == -SIGSEGV);
        CHECK(failover->cause == OB_CAUSE_CRASH);
    }

    TEST_CASE("abort(), exit() and kill -9 are told apart")
    {
        LoggedRig aborted{"doomed"};
        aborted.command(on_abort);
        ob_crash_report report = aborted.report();
        CHECK(report.signal == SIGABRT);
        CHECK(report.frame_count != 0);

        LoggedRig left{"doomed"};
        left.command(on_leaving);
        report = left.report();
        CHECK(report.signal == 0);
        CHECK(report.exit_code == 5);
        CHECK(std::string_view{report.thread_name} == "ob-dsp");

        LoggedRig killed{"doomed"};
        REQUIRE(ob_insert_inject_fault(killed.rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
        report = killed.report();
        CHECK(report.cause == OB_CAUSE_CRASH);
        CHECK(report.signal == SIGKILL);
        CHECK(report.thread_id == 0);
        CHECK(report.frame_count == 0);
    }

    TEST_CASE("a processor with a handler of its own recovers from its fault unnoticed")
    {
        LoggedRig logged{"doomed"};
        logged.command(on_recovery);
        logged.rig.run(6400, test::every_block(64));
        CHECK(logged.rig.insert().statistics().failovers == 0);
        CHECK(test::first_frame_unlike_input(logged.rig.output(), 0) == std::nullopt);
        CHECK(!logged.rig.insert().next_crash_report());
    }

    TEST_CASE("what a service says on standard error comes to the log, line by line, printable")
    {
        LoggedRig logged{"doomed"};
        const std::int32_t process_id = logged.rig.insert().status().service_process_id;
        logged.command(on_words);
        logged.rig.set_real_time(true);
        CHECK(logged.rig.run_until([&] { return !logged.log.find("second").empty(); },
                                   20 * second_frames));
        const std::string first = logged.log.find("the first line");
        CHECK(first.find("(process " + std::to_string(process_id) + ")") != std::string::npos);
        CHECK(logged.log.find("the ?[31msecond") != "");
        CHECK(logged.log.find("\x1b") == "");

        REQUIRE(ob_insert_inject_fault(logged.rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
        CHECK(std::string_view{logged.report().error_output} == "the first line\nthe ?[31msecond");
    }

    TEST_CASE("a service that says too much is not kept waiting, and does not fill the log")
    {
        LoggedRig logged{"doomed"};
        logged.command(on_flood);
        logged.rig.run(64, test::every_block(64));  // the budget allows for all of it
        CHECK(logged.rig.blocks().back().status == OB_OK);
        CHECK(logged.rig.insert().statistics().failovers == 0);
        logged.rig.set_real_time(true);
        CHECK(logged.rig.run_until([&] { return logged.log.size() > 100; }, 20 * second_frames));
        CHECK(logged.log.size() < 30'000);
    }

    TEST_CASE("the last words of a service that dies before hello are in the message")
    {
        const test::TemporaryFolder folder;
        const fs::path script = folder.path() / "service";
        std::ofstream{script} << "#!/bin/sh\necho 'no model file' >&2\nexit 3\n";
        fs::permissions(script, fs::perms::owner_all);
        Log log;
        const Host host{LoggedRig::host_config(log)};
        const Caller caller{host};
        InsertConfig config;
        config.service = script.c_str();
        std::string message;
        try {
            const Insert insert{caller, config};
        } catch (const Error& error) {
            message = error.what();
        }
        CHECK(message.find("exited with code 3 before it said hello; it said: no model file") !=
              std::string::npos);
        CHECK(log.find("): no model file") != "");
    }

    TEST_CASE("a crash is known, and its core complete, however long the core takes")
    {
        if (!cores_are_files() || test::has_sanitizer) {
            test::skip("cores of this machine go to a program, or hold a sanitizer's terabytes");
            return;
        }
        const CoresHere cores;
        LoggedRig logged{"large"};
        const std::int32_t victim = logged.rig.insert().status().service_process_id;
        // Not by its parameter: its successor would obey it as well, and write into the same core.
        REQUIRE(::kill(victim, SIGSEGV) == 0);
        REQUIRE(logged.rig.run_until(
            [&] { return logged.rig.insert().statistics().failovers != 0; }, second_frames));
        CHECK(is_alive(victim));  // its core is being written
        const ob_crash_report report = logged.report();
        CHECK(report.process_id == victim);
        CHECK(report.signal == SIGSEGV);
        REQUIRE(logged.rig.run_until([&] { return !is_alive(victim); }, 20 * second_frames));
        const auto core_bytes = cores.core_bytes();
        REQUIRE(core_bytes.size() == 1);
        CHECK(core_bytes[0] > (std::uintmax_t{256} << 20));
    }

    TEST_CASE("a found service, which nobody else can ask, tells its hosts what it dies of")
    {
        const test::RuntimeDirectory runtime;
        test::FoundService service{test::test_service(), "doomed-1"};
        REQUIRE(service.wait_until_found());
        test::OneInsert stream{"@doomed-1",
                               [](InsertConfig& config) { config.processor = "doomed"; }};
        REQUIRE(stream.process_until_wet());
        REQUIRE(stream.insert().set_parameter(how_parameter, on_segv) == OB_OK);
        CHECK(stream.process_until([&] { return stream.insert().statistics().failovers != 0; }));
        const auto failover = failover_in(stream.incidents());
        REQUIRE(failover);
        CHECK(failover->cause == OB_CAUSE_CRASH);
        CHECK(failover->detail == -SIGSEGV);
        CHECK(service.wait().value == SIGSEGV);
    }
}
