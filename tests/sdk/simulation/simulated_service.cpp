// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/simulated_service.hpp"

#include "rt/os/memory.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <algorithm>
#include <limits>
#include <utility>

namespace outboard::test {

namespace {

[[nodiscard]] std::size_t whole_pages(std::size_t size_bytes)
{
    const std::size_t page = rt::os::page_bytes();
    return (size_bytes + page - 1) / page * page;
}

}  // namespace

LinkMemory::LinkMemory(const link::LinkShape& shape)
    : layout_(shape),
      host_bytes_(layout_.host_bytes()),
      service_bytes_(layout_.service_bytes()),
      size_bytes_(whole_pages(host_bytes_ + service_bytes_ + sizeof(link::BellsSegment))),
      data_(static_cast<std::byte*>(
          ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
{
    REQUIRE(data_ != MAP_FAILED);
}

LinkMemory::~LinkMemory()
{
    ::munmap(data_, size_bytes_);
}

void LinkMemory::revoke()
{
    REQUIRE(::mprotect(data_, size_bytes_, PROT_NONE) == 0);
}

SimulatedService::SimulatedService(const link::LinkShape& shape, std::int32_t its_process_id)
    : memory(shape),
      lane(memory.layout(), 0, memory.host(), memory.service()),
      process_id(its_process_id),
      frames(std::size_t{shape.output_channel_count} * shape.frame_capacity)
{
    auto& segment = *reinterpret_cast<link::ServiceSegment*>(memory.service());
    const host::LanePorts ports{
        .lane = link::HostLane{memory.layout(), 0, memory.host(), memory.service()},
        .lane_number = 0,
        .request = &memory.bells().request,
        .replies = memory.bells().replies,
        .dsp_beat = &segment.dsp_beat,
        .in_progress = &segment.in_progress,
        .life = &segment.life};
    replica = std::make_unique<host::Replica>(ports, its_process_id);
    request_bell().asleep.store(1, std::memory_order_relaxed);
}

bool SimulatedService::take_unit(std::uint64_t now_ns)
{
    if (lane.input().poll() != rt::RingStatus::ok)
        return false;
    const auto slot = lane.input_slot();
    if (const auto skipped = holds.find(header.sequence); skipped != holds.end())
        skipped->second.until_ns = std::min(skipped->second.until_ns, now_ns);
    header = slot.header();
    auto& segment = *reinterpret_cast<link::ServiceSegment*>(memory.service());
    const link::BlockInProgress in_progress{.lane = 0, .sequence = header.sequence};
    segment.in_progress.store(in_progress.word(), std::memory_order_release);
    is_exact &= header.sequence == next_unit;
    holds[header.sequence] = {.taken_ns = now_ns, .until_ns = still_held_ns};
    first_left_out = std::exchange(has_taken_unit, true) ? next_unit : header.sequence;
    next_unit = header.sequence + 1;
    const std::uint32_t capacity = lane.shape().frame_capacity;
    for (std::uint32_t frame = 0; frame < header.frame_count; ++frame) {
        SignalFrame in{};
        for (std::uint32_t channel = 0; channel < in.size(); ++channel)
            in[channel] = slot.channel(channel)[frame];
        const SignalFrame out = processor.process(in);
        for (std::uint32_t channel = 0; channel < out.size(); ++channel)
            frames[channel * capacity + frame] = out[channel];
    }
    lane.input().release();
    return true;
}

bool SimulatedService::publish(std::uint64_t now_ns)
{
    if (lane.output().reserve() != rt::RingStatus::ok)
        return false;
    auto& segment = *reinterpret_cast<link::ServiceSegment*>(memory.service());
    segment.in_progress.store(0, std::memory_order_release);
    const auto slot = lane.output_slot();
    const std::uint32_t capacity = lane.shape().frame_capacity;
    for (std::uint32_t channel = 0; channel < lane.shape().output_channel_count; ++channel)
        std::copy_n(frames.data() + channel * capacity, header.frame_count, slot.channel(channel));
    if (gives_nan)
        slot.channel(0)[header.frame_count / 2] = std::numeric_limits<float>::quiet_NaN();
    slot.header() = header;
    slot.header().dsp_ended_ns = now_ns;
    slot.header().event_bytes = 0;
    slot.header().sequence += is_wrong_unit ? 1000 : 0;
    slot.header().frame_count += is_wrong_length ? 1 : 0;
    lane.output().publish();
    if (answers_twice && lane.output().reserve() == rt::RingStatus::ok) {
        const auto again = lane.output_slot();
        again.header() = slot.header();
        lane.output().publish();
    }
    if (gives_nan)
        nan_units.insert(header.sequence);
    const bool is_good = !gives_nan && !is_wrong_unit && !is_wrong_length && !has_sinned;
    // What is not played is compared all the same, and differs.
    is_exact &= !is_wrong_length && !gives_nan;
    has_sinned |= gives_nan || is_wrong_unit || is_wrong_length || answers_twice;
    if (is_good)
        answered_ns[header.sequence] = now_ns;
    gives_nan = is_wrong_unit = is_wrong_length = answers_twice = false;
    answered_until = header.sequence + 1;
    holds[header.sequence].until_ns = now_ns;
    checkpoint = processor;
    beats_ns.push_back(now_ns);
    segment.dsp_beat.count.fetch_add(1, std::memory_order_relaxed);
    return true;
}

void SimulatedService::say_dying()
{
    auto& segment = *reinterpret_cast<link::ServiceSegment*>(memory.service());
    segment.life.store(1, std::memory_order_release);
}

void SimulatedService::scribble(bool is_output)
{
    auto& words = *reinterpret_cast<link::ServiceLaneWords*>(
        memory.service() + memory.layout().service_lane_words_offset(0));
    auto& count = is_output ? words.output_write_count : words.input_read_count;
    count.fetch_add(0x1234567800, std::memory_order_release);
    has_sinned = true;
}

}  // namespace outboard::test
