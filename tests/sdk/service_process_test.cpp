// SPDX-License-Identifier: MIT

#include "rt/os/process.hpp"
#include "rt/os/socket.hpp"
#include "tests/sdk/link_fixture.hpp"

#include <outboard/host.h>
#include <outboard/service.h>

#include <doctest/doctest.h>
#include <array>
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
        options.environment = {
            "OUTBOARD_SOCKET=3", "OUTBOARD_PARENT=" + std::to_string(rt::os::current_process_id()),
            std::string{"OUTBOARD_FAULT_HOOK="} + (has_fault_hook ? "1" : ""),
            // A sanitizer would turn the signal of an injected fault into an exit code.
            "ASAN_OPTIONS=handle_segv=0", "TSAN_OPTIONS=handle_segv=0"};
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

    /// Adds a lane and starts it. @return the answer to the former
    [[nodiscard]] link::ControlMessage add_lane(const wire::AddLaneT& request)
    {
        REQUIRE(channel().send(request));
        auto added = test::next_message(channel());
        if (added.body.AsLaneReady() != nullptr) {
            wire::StartLaneT start;
            start.lane = request.lane;
            REQUIRE(channel().send(start));
            REQUIRE(test::next_message(channel()).body.AsLaneStarted() != nullptr);
        }
        return added;
    }
    [[nodiscard]] static wire::AddLaneT gain_lane()
    {
        wire::AddLaneT request;
        request.lane = 1;
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
    test::post_block(lane, sequence, 64, 1.0F, events, caller);
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

    TEST_CASE("a state is saved, loaded beside the running one, and activated by an event")
    {
        AttachedService service;
        auto request = AttachedService::gain_lane();
        request.parameters = {wire::ParameterValue{7, 3.0}};
        REQUIRE(service.add_lane(request).body.AsLaneReady() != nullptr);
        auto lane = service.memory().lane(1);
        CHECK(through(lane, service.memory().bells(), 0) == 3.0F);

        wire::SaveStateT save;
        save.request = 21;
        save.lane = 1;
        REQUIRE(service.channel().send(save));
        const auto saved = test::next_message(service.channel());
        REQUIRE(saved.body.AsSavedState() != nullptr);
        CHECK(saved.body.AsSavedState()->request == 21);

        const double loud = 5.0;
        wire::LoadStateT load;
        load.request = 22;
        load.lane = 1;
        load.state_id = 4;
        load.state.resize(sizeof(loud));
        std::memcpy(load.state.data(), &loud, sizeof(loud));
        CHECK(saved.body.AsSavedState()->state.size() == load.state.size());
        REQUIRE(service.channel().send(load));
        const auto loaded = test::next_message(service.channel());
        REQUIRE(loaded.body.AsStateLoaded() != nullptr);
        CHECK(loaded.body.AsStateLoaded()->request == 22);
        CHECK(through(lane, service.memory().bells(), 1) == 3.0F);

        const ob_event_activate_state activate{{sizeof(activate), 0, OB_EVENT_ACTIVATE_STATE, 0, 0},
                                               4};
        CHECK(through(lane, service.memory().bells(), 2, std::as_bytes(std::span{&activate, 1})) ==
              5.0F);
    }

    TEST_CASE("what cannot be is refused with a reason, and the link goes on")
    {
        AttachedService service;
        auto request = AttachedService::gain_lane();
        ob_status expected = OB_ERR_INVALID_ARGUMENT;
        SUBCASE("a processor that is not there")
        {
            request.processor = "nobody";
            expected = OB_ERR_NOT_FOUND;
        }
        SUBCASE("a processor that cannot be prepared")
        {
            request.processor = "refuses";
            expected = OB_ERR_REFUSED;
        }
        SUBCASE("a lane beyond the last")
        {
            request.lane = 2;
            expected = OB_ERR_PROTOCOL;
        }
        SUBCASE("blocks that do not fit a slot")
        {
            request.max_frame_count = 65;
        }
        SUBCASE("no sample rate")
        {
            request.sample_rate_hz = 0.0;
        }
        SUBCASE("an unknown parameter")
        {
            request.parameters = {wire::ParameterValue{8, 1.0}};
            expected = OB_ERR_NOT_FOUND;
        }
        SUBCASE("a value out of range")
        {
            request.parameters = {wire::ParameterValue{7, 10.5}};
        }
        SUBCASE("a state of the wrong kind")
        {
            request.state = {1, 2, 3};
        }
        const auto message = service.add_lane(request);
        const auto* const failed = message.body.AsFailed();
        REQUIRE(failed != nullptr);
        CHECK(failed->status == expected);
        CHECK(!failed->message.empty());

        REQUIRE(service.add_lane(AttachedService::gain_lane()).body.AsLaneReady() != nullptr);
        auto lane = service.memory().lane(1);
        CHECK(through(lane, service.memory().bells(), 0) == 1.0F);
    }

    TEST_CASE("a link whose shape or handles make no sense is refused")
    {
        ServiceProcess service;
        REQUIRE(test::next_message(service.channel()).body.AsHello() != nullptr);
        const test::HostMemory memory{{}};
        auto attach = memory.attach_message();
        auto handles = memory.handles();
        SUBCASE("not a power of two")
        {
            attach.slot_count = 3;
        }
        SUBCASE("sizes that overflow")
        {
            attach.frame_capacity = 0xffffffffU;
        }
        SUBCASE("two handles")
        {
            handles.pop_back();
        }
        SUBCASE("no handles")
        {
            handles.clear();
        }
        SUBCASE("memory that is shorter than the shape")
        {
            attach.slot_count = 1024;
        }
        REQUIRE(service.channel().send(attach, handles));
        CHECK(test::next_message(service.channel()).body.AsFailed() != nullptr);

        REQUIRE(service.channel().send(memory.attach_message(), memory.handles()));
        CHECK(test::next_message(service.channel()).body.AsMapped() != nullptr);
    }

    TEST_CASE("messages out of order, of the wrong direction, or none at all are answered")
    {
        ServiceProcess service;
        auto& channel = service.channel();
        REQUIRE(test::next_message(channel).body.AsHello() != nullptr);
        const auto is_refused = [&channel](ob_status status) {
            const auto message = test::next_message(channel);
            return message.body.AsFailed() != nullptr && message.body.AsFailed()->status == status;
        };
        REQUIRE(channel.send(AttachedService::gain_lane()));
        CHECK(is_refused(OB_ERR_PROTOCOL));
        REQUIRE(channel.send(wire::MappedT{}));
        CHECK(is_refused(OB_ERR_PROTOCOL));
        REQUIRE(channel.send(wire::SaveStateT{}));
        CHECK(is_refused(OB_ERR_PROTOCOL));
        const std::array<std::byte, 100> nonsense{};
        REQUIRE(rt::os::send_message(channel.socket(), nonsense));
        CHECK(is_refused(OB_ERR_PROTOCOL));
    }

    TEST_CASE("another protocol version is refused by name, and the service ends")
    {
        ServiceProcess service;
        REQUIRE(test::next_message(service.channel()).body.AsHello() != nullptr);
        const test::HostMemory memory{{}};
        auto attach = memory.attach_message();
        attach.protocol = link::protocol_version_max + 1;
        REQUIRE(service.channel().send(attach, memory.handles()));
        const auto message = test::next_message(service.channel());
        REQUIRE(message.body.AsFailed() != nullptr);
        CHECK(message.body.AsFailed()->status == OB_ERR_VERSION);
        CHECK(service.wait_for_end().value == OB_SERVE_VERSION);
    }

    TEST_CASE("a lane that the host corrupts is reported, the others stream on")
    {
        AttachedService service;
        REQUIRE(service.add_lane(AttachedService::gain_lane()).body.AsLaneReady() != nullptr);
        auto broken = AttachedService::gain_lane();
        broken.lane = 0;
        REQUIRE(service.add_lane(broken).body.AsLaneReady() != nullptr);
        auto& memory = service.memory();
        reinterpret_cast<link::HostLaneWords*>(memory.host_data() +
                                               memory.layout().host_lane_words_offset(0))
            ->input_write_count.store(1'000'000);

        auto lane = memory.lane(1);
        CHECK(through(lane, memory.bells(), 0) == 1.0F);
        const auto message = test::next_message(service.channel());
        REQUIRE(message.body.AsFailed() != nullptr);
        CHECK(message.body.AsFailed()->status == OB_ERR_PROTOCOL);
        CHECK(through(lane, memory.bells(), 1) == 1.0F);
    }

    TEST_CASE("faults strike inside the next block, in a service started with its hook")
    {
        AttachedService service{true};
        REQUIRE(service.add_lane(AttachedService::gain_lane()).body.AsLaneReady() != nullptr);
        auto& memory = service.memory();
        auto lane = memory.lane(1);
        CHECK(through(lane, memory.bells(), 0) == 1.0F);

        wire::InjectFaultT fault;
        rt::os::ExitKind expected_kind = rt::os::ExitKind::signalled;
        int expected_value = SIGSEGV;
        SUBCASE("segv")
        {
            fault.kind = OB_FAULT_SEGV;
        }
        SUBCASE("exit")
        {
            fault.kind = OB_FAULT_EXIT;
            expected_kind = rt::os::ExitKind::exited;
            expected_value = 3;
        }
        SUBCASE("an endless loop does not keep the service alive without its host")
        {
            fault.kind = OB_FAULT_SPIN;
            expected_kind = rt::os::ExitKind::exited;
            expected_value = OB_SERVE_DONE;
        }
        REQUIRE(service.channel().send(fault));
        // Answered in order, so the fault is armed when this answer is here.
        REQUIRE(service.channel().send(wire::MappedT{}));
        REQUIRE(test::next_message(service.channel()).body.AsFailed() != nullptr);
        test::post_block(lane, 77, 64, 1.0F);
        rt::ring(memory.bells().request);

        const auto& words = *reinterpret_cast<link::ServiceSegment*>(memory.service_data());
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        const link::BlockInProgress in_progress{.lane = 1, .sequence = 77};
        while (words.in_progress.load() != in_progress.word() &&
               rt::os::monotonic_ns() < deadline_ns)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 1'000'000);
        CHECK(words.in_progress.load() == in_progress.word());
        if (fault.kind == OB_FAULT_SPIN)  // the others would race with the end of the link
            service.channel().close();
        const auto status = service.process().wait_for_end();
        CHECK(status.kind == expected_kind);
        CHECK(status.value == expected_value);
        CHECK(lane.output().poll() == rt::RingStatus::empty);
    }

    TEST_CASE("a service that was started without its hook takes no faults")
    {
        AttachedService service;
        wire::InjectFaultT fault;
        fault.kind = OB_FAULT_EXIT;
        REQUIRE(service.channel().send(fault));
        const auto message = test::next_message(service.channel());
        REQUIRE(message.body.AsFailed() != nullptr);
        CHECK(message.body.AsFailed()->status == OB_ERR_REFUSED);
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
