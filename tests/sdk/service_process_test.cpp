// SPDX-License-Identifier: MIT

#include "rt/os/process.hpp"
#include "rt/os/socket.hpp"
#include "tests/sdk/link_fixture.hpp"

#include <outboard/host.h>
#include <outboard/service.h>

#include <doctest/doctest.h>
#include <csignal>
#include <cstring>
#include <string>

using namespace outboard;

namespace {

constexpr std::uint32_t caller = 3;

/// A service process and its socket. Killed at the end if it still runs.
class ServiceProcess {
public:
    explicit ServiceProcess(bool has_fault_hook = false)
    {
        auto ends = rt::os::socket_pair();
        REQUIRE(ends);
        rt::os::SpawnOptions options;
        options.executable = OB_TEST_SERVICE;
        options.environment = {"OUTBOARD_SOCKET=3",
                               "OUTBOARD_PARENT=" + std::to_string(rt::os::current_process_id()),
                               std::string{"OUTBOARD_FAULT_HOOK="} + (has_fault_hook ? "1" : "")};
        options.inherited_handle = ends->second.get();
        auto child = rt::os::spawn(options);
        REQUIRE(child);
        child_ = *std::move(child);
        channel_ = link::ControlChannel{std::move(ends->first)};
    }
    ServiceProcess(const ServiceProcess&) = delete;
    ServiceProcess(ServiceProcess&&) = delete;
    ServiceProcess& operator=(const ServiceProcess&) = delete;
    ServiceProcess& operator=(ServiceProcess&&) = delete;
    ~ServiceProcess()
    {
        static_cast<void>(rt::os::send_signal(child_.handle, SIGKILL));
        static_cast<void>(rt::os::reap(child_.handle, test::answer_deadline_ns()));
    }

    [[nodiscard]] link::ControlChannel& channel() { return channel_; }
    [[nodiscard]] rt::os::ExitStatus wait_for_end()
    {
        const auto status = rt::os::reap(child_.handle, test::answer_deadline_ns());
        REQUIRE(status);
        return *status;
    }

private:
    rt::os::ChildProcess child_;
    link::ControlChannel channel_;
};

/// A service that has mapped a link of two lanes.
class AttachedService {
public:
    explicit AttachedService(bool has_fault_hook = false)
        : process_(has_fault_hook),
          memory_({.lane_count = 2, .slot_count = 4})
    {
        REQUIRE(test::next_message(channel()).body.AsHello() != nullptr);
        REQUIRE(channel().send(memory_.attach_message(), memory_.handles()));
        REQUIRE(test::next_message(channel()).body.AsMapped() != nullptr);
    }

    [[nodiscard]] link::ControlMessage add_lane(const wire::AddLaneT& request)
    {
        REQUIRE(channel().send(request));
        return test::next_message(channel());
    }
    [[nodiscard]] static wire::AddLaneT gain_lane()
    {
        wire::AddLaneT request;
        request.lane = 1;
        request.caller = caller;
        request.processor = "gain";
        request.sample_rate_hz = 48'000.0;
        request.max_frame_count = 64;
        return request;
    }

    [[nodiscard]] link::ControlChannel& channel() { return process_.channel(); }
    [[nodiscard]] test::HostMemory& memory() { return memory_; }
    [[nodiscard]] ServiceProcess& process() { return process_; }

private:
    ServiceProcess process_;
    test::HostMemory memory_;
};

/// Sends a block of ones through a lane; the first sample of the second channel that came back.
float through(link::HostLane& lane, link::BellsSegment& bells, std::uint64_t sequence,
              std::span<const std::byte> events = {})
{
    test::post_block(lane, sequence, 64, 1.0F, events);
    rt::ring(bells.request);
    REQUIRE(test::wait_for_answer(lane, bells, caller));
    const auto slot = lane.output_slot();
    CHECK(slot.header().sequence == sequence);
    CHECK(slot.header().frame_count == 64);
    CHECK(slot.header().dsp_ended_ns >= slot.header().dsp_started_ns);
    const float sample = slot.channel(1)[63];
    lane.output().release();
    return sample;
}

}  // namespace

TEST_SUITE("sdk/service_process")
{
    TEST_CASE("a service says hello with its versions and processors")
    {
        ServiceProcess service;
        const auto message = test::next_message(service.channel());
        const auto* const hello = message.body.AsHello();
        REQUIRE(hello != nullptr);
        CHECK(link::common_version(hello->protocol_min, hello->protocol_max) != 0);
        CHECK(!hello->has_fault_hook);
        REQUIRE(hello->processors.size() == 2);
        CHECK(hello->processors[0]->name == "gain");
        REQUIRE(hello->processors[0]->parameters.size() == 1);
        CHECK(hello->processors[0]->parameters[0]->key == "gain");
    }

    TEST_CASE("a lane streams, and its first block has the initial parameters")
    {
        AttachedService service;
        auto request = AttachedService::gain_lane();
        request.parameters = {wire::ParameterValue{7, 3.0}};
        const auto message = service.add_lane(request);
        const auto* const ready = message.body.AsLaneReady();
        REQUIRE(ready != nullptr);
        CHECK(ready->lane == 1);
        CHECK(!ready->realtime_description.empty());

        auto lane = service.memory().lane(1);
        for (std::uint64_t sequence = 100; sequence < 120; ++sequence)
            CHECK(through(lane, service.memory().bells(), sequence) == 3.0F);
    }

    TEST_CASE("a spawned service ends when its host has closed the link")
    {
        AttachedService service;
        static_cast<void>(service.add_lane(AttachedService::gain_lane()));
        service.channel().close();
        const auto status = service.process().wait_for_end();
        CHECK(status.kind == rt::os::ExitKind::exited);
        CHECK(status.value == OB_SERVE_DONE);
    }
}
