// SPDX-License-Identifier: MIT
//
// Hosts that are observed while they stream: what is told is true, and whoever observes, badly or
// well, does not disturb them.

#include "rt/os/clock.hpp"
#include "rt/os/socket.hpp"
#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/running_host.hpp"
#include "tests/integration/support/runtime_directory.hpp"
#include "tests/integration/support/seed.hpp"

#include <outboard/observe.hpp>

#include <doctest/doctest.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace outboard;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

/// Longer than the host gives out the same figures.
void let_figures_age()
{
    std::this_thread::sleep_for(50ms);
}

[[nodiscard]] ob_host_entry only_host()
{
    const auto hosts = list_hosts();
    REQUIRE(hosts.size() == 1);
    return hosts.front();
}

template <typename Struct>
[[nodiscard]] bool is_same(const Struct& left, const Struct& right)
{
    return std::string_view{reinterpret_cast<const char*>(&left), sizeof left} ==
           std::string_view{reinterpret_cast<const char*>(&right), sizeof right};
}

void check_same(const ob_observed_insert& observed, const Insert& insert)
{
    CHECK(is_same(observed.statistics, insert.statistics()));
    for (const auto kind :
         {OB_HISTOGRAM_ROUND_TRIP, OB_HISTOGRAM_PROCESS, OB_HISTOGRAM_OWN, OB_HISTOGRAM_DSP}) {
        CAPTURE(kind);
        CHECK(is_same(observed.histograms[kind], insert.histogram(kind)));
    }
    const ob_insert_status status = insert.status();
    CHECK(observed.status.state == status.state);
    CHECK(observed.status.service_process_id == status.service_process_id);
    CHECK(observed.status.generation == status.generation);
    CHECK(observed.status.tail_frames == status.tail_frames);
    CHECK(observed.status.guarantee == status.guarantee);
    CHECK(std::string{observed.status.service_name} == status.service_name);
    CHECK(std::string{observed.status.processor_name} == status.processor_name);
    CHECK(std::string{observed.status.guarantee_reason} == status.guarantee_reason);
    CHECK(std::string{observed.status.dsp_thread.description} == status.dsp_thread.description);
    CHECK(observed.forecast.blocks_lost_max == insert.forecast().blocks_lost_max);
    CHECK(std::string{observed.forecast.reason} == insert.forecast().reason);
}

/// Streams on a thread of its own for as long as it lives.
class Streaming {
public:
    explicit Streaming(test::OneInsert& insert)
        : thread_([this, &insert] {
              while (!is_stopping_.load(std::memory_order_relaxed)) {
                  insert.process();
                  std::this_thread::sleep_for(500us);
              }
          })
    {}
    Streaming(const Streaming&) = delete;
    Streaming(Streaming&&) = delete;
    Streaming& operator=(const Streaming&) = delete;
    Streaming& operator=(Streaming&&) = delete;
    ~Streaming()
    {
        is_stopping_.store(true, std::memory_order_relaxed);
        thread_.join();
    }

private:
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

[[nodiscard]] std::uint64_t concealed_blocks(const test::OneInsert& insert)
{
    return insert.insert().statistics().concealed_blocks;
}

/// A signal takes its time to all threads.
[[nodiscard]] bool wait_until_stopped(std::int32_t process_id)
{
    const std::string tasks = "/proc/" + std::to_string(process_id) + "/task/";
    const auto is_stopped = [&](const std::string& thread) {
        std::ifstream file{tasks + thread + "/stat"};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const std::size_t name_end = text.rfind(')');
        return name_end != std::string::npos && text.substr(name_end + 2, 1) == "T";
    };
    for (int round = 0; round < 1000; ++round) {
        const auto threads = test::names_in(tasks);
        if (!threads.empty() && std::all_of(threads.begin(), threads.end(), is_stopped))
            return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

/// One that connects, and never reads.
[[nodiscard]] std::optional<rt::os::UniqueHandle> mute_peer(const ob_host_entry& host)
{
    auto socket = rt::os::connect_to(host.socket_path);
    if (!socket)
        return std::nullopt;
    return *std::move(socket);
}

}  // namespace

TEST_SUITE("integration/observe")
{
    TEST_CASE("what a host tells of an insert is what the insert itself tells")
    {
        const test::RuntimeDirectory runtime;
        test::OneInsert insert{OB_BUILTIN};
        REQUIRE(insert.process_until([&] { return insert.insert().statistics().blocks == 200; }));
        let_figures_age();
        const Snapshot snapshot{only_host()};

        const ob_observed_host& host = snapshot.host();
        CHECK(std::string{host.name} == "host");
        CHECK(std::string{host.library_version} == ob_version_string());
        CHECK(host.process_id == ::getpid());
        CHECK(host.running_ns > 0);
        CHECK(host.started_unix_ns / 1'000'000'000 + 60 >
              static_cast<std::uint64_t>(::time(nullptr)));
        CHECK(host.supervisor.step == OB_REALTIME_NONE);
        REQUIRE(snapshot.insert_count() == 1);
        const ob_observed_insert& observed = snapshot.insert(0);
        CHECK(observed.number == 1);
        CHECK(observed.statistics.blocks == 200);
        CHECK(observed.histograms[OB_HISTOGRAM_ROUND_TRIP].count > 0);
        CHECK(observed.caller_index == 0);
        CHECK(observed.caller_cpu == -1);
        CHECK(observed.mode == OB_MODE_SYNC);
        CHECK(observed.sample_rate_hz == 48'000.0);
        CHECK(observed.max_frame_count == test::block_frames);
        CHECK(observed.period_ns == 1'333'333);
        check_same(observed, insert.insert());
    }

    TEST_CASE("figures grow while the host streams, and go on after a service was killed")
    {
        const test::RuntimeDirectory runtime;
        test::OneInsert insert{OB_BUILTIN};
        const Streaming streaming{insert};
        const ob_host_entry host = only_host();
        std::uint64_t block_count = 0;
        std::int32_t first_service = -1;
        for (int round = 0; round < 10; ++round) {
            let_figures_age();
            const Snapshot snapshot{host};
            CHECK(snapshot.insert(0).statistics.blocks > block_count);
            block_count = snapshot.insert(0).statistics.blocks;
            first_service = snapshot.insert(0).status.service_process_id;
        }
        check(ob_insert_inject_fault(insert.insert().get(), OB_FAULT_KILL, 0));
        const std::uint64_t limit_ns = rt::os::monotonic_ns() + 10'000 * ns_per_ms;
        ob_observed_insert after{};
        while ((after.status.generation != 2 || after.status.state != OB_INSERT_WET) &&
               rt::os::monotonic_ns() < limit_ns) {
            let_figures_age();
            after = Snapshot{host}.insert(0);
        }
        CHECK(after.status.generation == 2);
        CHECK(after.statistics.failovers == 1);
        CHECK(after.status.service_process_id != first_service);
    }

    TEST_CASE("many inserts of several audio threads are all told, by number, none of them twice")
    {
        constexpr std::uint32_t insert_count = 24;
        const test::RuntimeDirectory runtime;
        HostConfig host_config;
        host_config.name = "many";
        const Host host{host_config};
        std::vector<Caller> callers;
        std::vector<Insert> inserts;
        for (std::uint32_t index = 0; index < 3; ++index)
            callers.emplace_back(host);
        for (std::uint32_t index = 0; index < insert_count; ++index) {
            InsertConfig config;
            config.service = OB_BUILTIN;
            config.max_frame_count = 64 + index;
            inserts.emplace_back(callers[index % 3], config);
        }
        inserts.erase(inserts.begin() + 4);
        let_figures_age();
        const Snapshot snapshot{only_host()};
        CHECK(std::string{snapshot.host().name} == "many");
        REQUIRE(snapshot.insert_count() == insert_count - 1);
        for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index) {
            const ob_observed_insert& observed = snapshot.insert(index);
            CHECK(observed.number == (index < 4 ? index + 1 : index + 2));
            CHECK(observed.max_frame_count == 63 + observed.number);
            CHECK(observed.caller_index == (observed.number - 1) % 3);
            check_same(observed, inserts[index]);
        }
    }

    TEST_CASE("each host of a process is found by itself")
    {
        const test::RuntimeDirectory runtime;
        const Host first;
        HostConfig config;
        config.name = "second";
        const Host second{config};
        const auto hosts = list_hosts();
        REQUIRE(hosts.size() == 2);
        CHECK(std::string{Snapshot{hosts[0]}.host().name} == "host");
        CHECK(std::string{Snapshot{hosts[1]}.host().name} == "second");
        CHECK(Snapshot{hosts[1]}.insert_count() == 0);
    }

    TEST_CASE("a host that ends leaves no socket, and no descriptor in its process")
    {
        const test::RuntimeDirectory runtime;
        static_cast<void>(list_hosts());
        {
            // With the first thread a sanitizer starts one of its own, for good.
            const test::OneInsert first{OB_BUILTIN};
        }
        const auto before = test::holdings_now();
        {
            test::OneInsert insert{OB_BUILTIN};
            REQUIRE(insert.process_until_wet());
            for (int round = 0; round < 5; ++round)
                static_cast<void>(Snapshot{only_host()});
        }
        CHECK(list_hosts().empty());
        CHECK(test::names_in(runtime.file("hosts")).empty());
        CHECK(test::holdings_now() == before);
    }

    TEST_CASE("a host that was killed is gone from the list, and whoever looks removes its socket")
    {
        const test::RuntimeDirectory runtime;
        const test::ProcessMark mark;
        const auto host = test::start_host({OB_BUILTIN});
        const ob_host_entry entry = only_host();
        CHECK(entry.process_id == host.process.process_id);
        CHECK(Snapshot{entry}.insert(0).statistics.blocks > 0);
        test::kill_host_only(host);
        CHECK(test::names_in(runtime.file("hosts")).size() == 2);
        CHECK(list_hosts().empty());
        CHECK(test::names_in(runtime.file("hosts")).empty());
        CHECK(mark.wait_until_gone().empty());
        ob_snapshot* snapshot = nullptr;
        CHECK(ob_snapshot_take(entry.socket_path, 0, &snapshot) == OB_ERR_NOT_FOUND);
    }

    TEST_CASE("a host that is stopped is listed, and does not answer")
    {
        const test::RuntimeDirectory runtime;
        const auto host = test::start_host({OB_BUILTIN});
        const ob_host_entry entry = only_host();
        REQUIRE(rt::os::send_signal(host.process.handle, SIGSTOP));
        REQUIRE(wait_until_stopped(host.process.process_id));
        CHECK(list_hosts().size() == 1);
        ob_snapshot* snapshot = nullptr;
        CHECK(ob_snapshot_take(entry.socket_path, 50 * ns_per_ms, &snapshot) == OB_ERR_TIMED_OUT);
        REQUIRE(rt::os::send_signal(host.process.handle, SIGCONT));
        CHECK(Snapshot{entry}.insert_count() == 1);
        static_cast<void>(test::kill_host(host));
    }

    TEST_CASE("peers that connect and never read are dropped, and disturb nobody")
    {
        const test::RuntimeDirectory runtime;
        test::OneInsert insert{OB_BUILTIN};
        REQUIRE(insert.process_until_wet());
        const auto before = test::holdings_now();
        const std::uint64_t concealed_before = concealed_blocks(insert);
        {
            const Streaming streaming{insert};
            const ob_host_entry host = only_host();
            std::vector<rt::os::UniqueHandle> peers;
            for (int round = 0; round < 300; ++round) {
                if (auto peer = mute_peer(host))
                    peers.push_back(*std::move(peer));
                std::this_thread::sleep_for(1ms);
            }
            CHECK(peers.size() > 100);
            CHECK(Snapshot{host}.insert_count() == 1);
        }
        let_figures_age();
        CHECK(concealed_blocks(insert) == concealed_before);
        CHECK(test::holdings_now() == before);
    }

    TEST_CASE("hostile bytes on the socket of a host do no harm")
    {
        const test::RuntimeDirectory runtime;
        test::OneInsert insert{OB_BUILTIN};
        REQUIRE(insert.process_until_wet());
        const auto before = test::holdings_now();
        const std::uint64_t concealed_before = concealed_blocks(insert);
        auto random = test::seeded_generator();
        std::size_t sent_count = 0;
        {
            const Streaming streaming{insert};
            const ob_host_entry host = only_host();
            for (int round = 0; round < 200; ++round) {
                std::vector<std::byte> bytes(test::random_between<std::size_t>(random, 1, 100'000));
                for (std::byte& byte : bytes)
                    byte = static_cast<std::byte>(random());
                const std::array<int, 2> handles{STDIN_FILENO, STDOUT_FILENO};
                const auto peer = mute_peer(host);
                sent_count += peer && rt::os::send_message(*peer, bytes, handles) ? 1 : 0;
                std::this_thread::sleep_for(1ms);
            }
            CHECK(Snapshot{host}.insert_count() == 1);
        }
        CHECK(sent_count > 0);  // to the others the host had hung up before
        let_figures_age();
        CHECK(concealed_blocks(insert) == concealed_before);
        CHECK(test::holdings_now() == before);
    }

    TEST_CASE("a name with anything in it arrives as it is, cut to its field")
    {
        const test::RuntimeDirectory runtime;
        const std::string name = "\x1b[31m\"quoted\\\"\n\xff" + std::string(100, 'n');
        HostConfig config;
        config.name = name.c_str();
        const Host host{config};
        CHECK(std::string{Snapshot{only_host()}.host().name} == name.substr(0, 63));
    }

    TEST_CASE("without XDG_RUNTIME_DIR a host works, cannot be observed, and says so in its log")
    {
        const test::RuntimeDirectory runtime;
        ::unsetenv("XDG_RUNTIME_DIR");
        std::string log;
        HostConfig config;
        config.log_context = &log;
        config.log = [](void* context, ob_log_level level, const char* message) {
            if (level == OB_LOG_DEBUG)
                static_cast<std::string*>(context)->append(message).append("\n");
        };
        {
            const Host host{config};
            CHECK(log.find("the host cannot be observed") != std::string::npos);
            CHECK(log.find("XDG_RUNTIME_DIR") != std::string::npos);
        }
        test::OneInsert insert{OB_BUILTIN};
        CHECK(insert.process_until_wet());
        CHECK_THROWS_AS(static_cast<void>(list_hosts()), Error);
    }
}
