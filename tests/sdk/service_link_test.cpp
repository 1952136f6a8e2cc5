// SPDX-License-Identifier: MIT

#include "rt/os/scheduling.hpp"
#include "rt/os/socket.hpp"
#include "tests/sdk/attached_link.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace outboard;
using test::AttachedLink;
using test::failure;

namespace {

/// Longer than a spinning DSP thread takes for a block, shorter than anybody is patient.
constexpr std::uint64_t ns_of_a_look = 200'000;

}  // namespace

TEST_SUITE("sdk/service_link")
{
    TEST_CASE("a lane that was added takes no block before it is started")
    {
        AttachedLink link;
        static_cast<void>(link.add_lane(0, "wire"));
        static_cast<void>(link.add_lane(1, "wire"));
        link.start_lane(1);
        auto waiting = link.memory().lane(0);
        auto running = link.memory().lane(1);
        test::post_block(waiting, 10, AttachedLink::frame_count, 0.25F, {}, AttachedLink::caller);
        for (std::uint64_t sequence = 0; sequence < 20; ++sequence)
            CHECK(link.through(running, sequence, 0.5F)[0] == 0.5F);
        CHECK(waiting.output().poll() == rt::RingStatus::empty);

        link.start_lane(0);
        CHECK(link.take(waiting, 10)[0] == 0.25F);
    }

    TEST_CASE("a DSP thread that may spin takes blocks that nobody rang for")
    {
        const auto cpus = rt::os::thread_cpus(0);
        if (!cpus || cpus->size() < 2)
            return;  // who posts and who spins would take turns
        constexpr std::uint32_t spin_us = 20;
        AttachedLink link{spin_us, {cpus->back()}};
        REQUIRE(rt::os::set_thread_cpus(0, {cpus->front()}));
        static_cast<void>(link.add_lane(0, "wire"));
        link.start_lane(0);
        auto lane = link.memory().lane(0);
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        std::uint64_t sequence = 0;
        // Whether it is answered soon. We spin as well: a sleep would outlast its spin.
        const auto answers_soon = [&](bool is_rung) {
            test::post_block(lane, sequence, AttachedLink::frame_count, 0.5F, {},
                             AttachedLink::caller);
            if (is_rung)
                rt::ring(link.memory().bells().request);
            return rt::spin_until(ns_of_a_look, deadline_ns,
                                  [&] { return lane.output().poll() == rt::RingStatus::ok; });
        };
        // Without a spin it happens too, once in hundreds: when the thread was held up on its way.
        constexpr int round_count = 50;
        int unrung_count = 0;
        for (int round = 0; round < round_count && rt::os::monotonic_ns() < deadline_ns; ++round) {
            for (int block = 0; block < 50; ++block) {
                static_cast<void>(answers_soon(true));
                static_cast<void>(link.take(lane, sequence++));
            }
            // Without the spin it would be asleep by then.
            const std::uint64_t post_at_ns = rt::os::monotonic_ns() + spin_us * 1'000 / 4;
            while (rt::os::monotonic_ns() < post_at_ns)
                rt::spin_pause();
            unrung_count += answers_soon(false) ? 1 : 0;
            rt::ring(link.memory().bells().request);
            static_cast<void>(link.take(lane, sequence++));
        }
        CHECK(unrung_count >= round_count / 10);
        CHECK(rt::os::set_thread_cpus(0, *cpus));
    }

    TEST_CASE("a spin without bound is not granted")
    {
        AttachedLink link{0xffffffffU};
        static_cast<void>(link.add_lane(0, "wire"));
        link.start_lane(0);
        static_cast<void>(link.through(0, 0, 0.5F));
        const auto& asleep = link.memory().bells().request.asleep;
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        while (asleep.load(std::memory_order_relaxed) == 0 && rt::os::monotonic_ns() < deadline_ns)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 100'000);
        CHECK(asleep.load(std::memory_order_relaxed) != 0);
    }

    TEST_CASE("a lane is started once, and only when it is there")
    {
        AttachedLink link;
        static_cast<void>(link.add_lane(0));
        link.start_lane(0);
        std::uint32_t lane = 0;
        SUBCASE("a second time") {}
        SUBCASE("never added")
        {
            lane = 1;
        }
        SUBCASE("beyond the last")
        {
            lane = 2;
        }
        SUBCASE("beyond all bounds")
        {
            lane = 0xffffffffU;
        }
        wire::StartLaneT request;
        request.lane = lane;
        const auto message = link.ask(request);
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->request == 0);
        CHECK(failure(message)->status == OB_ERR_PROTOCOL);
        static_cast<void>(link.through(0, 0, 1.0F));
    }

    TEST_CASE("a state that would outgrow the checkpoint area is refused")
    {
        AttachedLink link;
        REQUIRE(link.add_lane(0, "growing") != 0);
        link.start_lane(0);
        wire::LoadStateT load;
        load.request = 5;
        load.state.resize(8);
        CHECK(link.ask(load).body.AsStateLoaded() != nullptr);
        load.state.resize(9);
        const auto message = link.ask(load);
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->request == 5);
        CHECK(failure(message)->status == OB_ERR_REFUSED);
    }
}
