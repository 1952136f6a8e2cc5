// SPDX-License-Identifier: MIT

#include "rt/os/process.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/registry/registry.hpp"
#include "tests/sdk/link_fixture.hpp"
#include "tests/sdk/runtime_directory.hpp"

#include <outboard/host.h>
#include <outboard/service.h>

#include <doctest/doctest.h>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

using namespace outboard;

namespace {

/// A service that runs by itself. Killed at the end if it still runs.
class NamedService {
public:
    explicit NamedService(std::vector<std::string> arguments, bool has_fault_hook = false)
    {
        rt::os::SpawnOptions options;
        options.executable = OB_TEST_SERVICE;
        options.arguments = std::move(arguments);
        options.environment = {"OUTBOARD_SOCKET=",
                               std::string{"OUTBOARD_FAULT_HOOK="} + (has_fault_hook ? "1" : "")};
        auto child = rt::os::spawn(options);
        REQUIRE(child);
        child_ = *std::move(child);
    }
    NamedService(const NamedService&) = delete;
    NamedService(NamedService&&) = delete;
    NamedService& operator=(const NamedService&) = delete;
    NamedService& operator=(NamedService&&) = delete;
    ~NamedService()
    {
        static_cast<void>(rt::os::send_signal(child_.handle, SIGKILL));
        static_cast<void>(rt::os::reap(child_.handle, test::answer_deadline_ns()));
    }

    [[nodiscard]] const rt::os::ChildProcess& child() const { return child_; }
    [[nodiscard]] int wait_for_exit_code() const
    {
        const auto status = rt::os::reap(child_.handle, test::answer_deadline_ns());
        REQUIRE(status);
        REQUIRE(status->kind == rt::os::ExitKind::exited);
        return status->value;
    }

private:
    rt::os::ChildProcess child_;
};

/// Connects as soon as the service listens.
link::ControlChannel connect(const std::string& name)
{
    const auto path = registry::socket_path(name);
    REQUIRE(path);
    const std::uint64_t deadline_ns = test::answer_deadline_ns();
    auto socket = rt::os::connect_to(*path);
    while (!socket && rt::os::monotonic_ns() < deadline_ns) {
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 5'000'000);
        socket = rt::os::connect_to(*path);
    }
    REQUIRE(socket);
    return link::ControlChannel{*std::move(socket)};
}

/// Attaches, adds a lane, starts it, and sends a block through it.
void stream(const link::ControlChannel& channel, test::HostMemory& memory)
{
    REQUIRE(test::next_message(channel).body.AsHello() != nullptr);
    REQUIRE(channel.send(memory.attach_message(), memory.handles()));
    REQUIRE(test::next_message(channel).body.AsMapped() != nullptr);
    wire::AddLaneT request;
    request.sample_rate_hz = 48'000.0;
    request.max_frame_count = 64;
    REQUIRE(channel.send(request));
    REQUIRE(test::next_message(channel).body.AsLaneReady() != nullptr);
    REQUIRE(channel.send(wire::StartLaneT{}));
    REQUIRE(test::next_message(channel).body.AsLaneStarted() != nullptr);
    auto lane = memory.lane(0);
    test::post_block(lane, 1, 64, 0.5F);
    rt::ring(memory.bells().request);
    REQUIRE(test::wait_for_answer(lane, memory.bells(), 0));
    CHECK(lane.output_slot().channel(0)[63] == 0.5F);
}

}  // namespace

TEST_SUITE("sdk/named_service")
{
    TEST_CASE("a named service serves one host after the other, and several at once")
    {
        const test::RuntimeDirectory runtime;
        const NamedService service{{"--name", "test"}};
        {
            auto channel = connect("test");
            test::HostMemory memory{{}};
            stream(channel, memory);
            auto second = connect("test");
            test::HostMemory second_memory{{}};
            stream(second, second_memory);
        }
        auto channel = connect("test");
        test::HostMemory memory{{}};
        stream(channel, memory);
    }

    TEST_CASE("a named service ends on SIGTERM and leaves nothing behind")
    {
        const test::RuntimeDirectory runtime;
        const NamedService service{{"--name=test"}};
        auto channel = connect("test");
        test::HostMemory memory{{}};
        stream(channel, memory);

        const auto entries = registry::list();
        REQUIRE(entries);
        REQUIRE(entries->size() == 1);
        CHECK(entries->front().process_id == service.child().process_id);

        REQUIRE(rt::os::send_signal(service.child().handle, SIGTERM));
        CHECK(service.wait_for_exit_code() == OB_SERVE_DONE);
        CHECK(runtime.is_empty());
        CHECK(test::hangs_up(channel));
    }

    TEST_CASE("a second service of the same name says that it is taken")
    {
        const test::RuntimeDirectory runtime;
        const NamedService service{{"--name", "test"}};
        static_cast<void>(connect("test"));
        const NamedService second{{"--name", "test"}};
        CHECK(second.wait_for_exit_code() == OB_SERVE_NAME_TAKEN);
        static_cast<void>(connect("test"));
    }

    TEST_CASE("a killed service can be started again at once")
    {
        const test::RuntimeDirectory runtime;
        {
            const NamedService service{{"--name", "test"}};
            static_cast<void>(connect("test"));
        }
        CHECK(!runtime.is_empty());
        const NamedService service{{"--name", "test"}};
        auto channel = connect("test");
        test::HostMemory memory{{}};
        stream(channel, memory);
    }

    TEST_CASE("a processor that hangs after its host has gone ends the service")
    {
        const test::RuntimeDirectory runtime;
        const NamedService service{{"--name", "test"}, true};
        auto channel = connect("test");
        test::HostMemory memory{{}};
        stream(channel, memory);
        wire::InjectFaultT fault;
        fault.kind = OB_FAULT_SPIN;
        REQUIRE(channel.send(fault));
        REQUIRE(channel.send(wire::MappedT{}));
        REQUIRE(test::next_message(channel).body.AsFailed() != nullptr);
        auto lane = memory.lane(0);
        lane.output().release();
        test::post_block(lane, 2, 64, 0.5F);
        rt::ring(memory.bells().request);
        const auto& words = *reinterpret_cast<link::ServiceSegment*>(memory.service_data());
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        while (words.in_progress.load() != 3 && rt::os::monotonic_ns() < deadline_ns)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 1'000'000);
        REQUIRE(words.in_progress.load() == 3);

        channel.close();
        CHECK(service.wait_for_exit_code() == OB_SERVE_FAILED);
    }

    TEST_CASE("wrong arguments and a missing environment have exit codes of their own")
    {
        const test::RuntimeDirectory runtime;
        CHECK(NamedService{{}}.wait_for_exit_code() == OB_SERVE_USAGE);
        CHECK(NamedService{{"--name"}}.wait_for_exit_code() == OB_SERVE_USAGE);
        CHECK(NamedService{{"--name", "No Name"}}.wait_for_exit_code() == OB_SERVE_USAGE);
        CHECK(NamedService{{"--nonsense"}}.wait_for_exit_code() == OB_SERVE_USAGE);
        CHECK(NamedService{{"--version"}}.wait_for_exit_code() == OB_SERVE_DONE);
        CHECK(NamedService{{"--help"}}.wait_for_exit_code() == OB_SERVE_DONE);
        CHECK(NamedService{{"--list-processors"}}.wait_for_exit_code() == OB_SERVE_DONE);
        ::unsetenv("XDG_RUNTIME_DIR");
        CHECK(NamedService{{"--name", "test"}}.wait_for_exit_code() == OB_SERVE_ENVIRONMENT);
    }
}
