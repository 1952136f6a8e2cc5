// SPDX-License-Identifier: MIT
//
// The lanes of a link: banks handed over, lanes claimed, added, started and given back.

#include "sdk/src/host/link.hpp"

#include "rt/os/process.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboard::host {

namespace {

constexpr std::uint64_t mapping_limit_ns = 5'000'000'000;
constexpr std::uint32_t latency_frames_max = 10'000'000;

[[nodiscard]] bool is_same_but_for_count(link::LinkShape shape,
                                         const link::LinkShape& other) noexcept
{
    shape.lane_count = other.lane_count;
    return shape == other;
}

/// What Attach and AddBank say alike.
template <typename Table>
void describe(const link::LinkShape& shape, Table& message)
{
    message.lane_count = shape.lane_count;
    message.input_channel_count = shape.input_channel_count;
    message.output_channel_count = shape.output_channel_count;
    message.frame_capacity = shape.frame_capacity;
    message.slot_count = shape.slot_count;
    message.event_bytes = shape.event_bytes;
}

}  // namespace

bool Link::takes_lanes() const noexcept
{
    if (phase_ == Phase::failed || taken_count_ >= link::link_lane_count_max)
        return false;
    // acquire: only a hint here; Replica::has_ended() has what it pairs with.
    return !is_mapped() || service_words().life.load(std::memory_order_acquire) == 0;
}

bool Link::is_mapped() const noexcept
{
    return !banks_.empty() && banks_.front().is_mapped;
}

std::optional<std::uint32_t> Link::claim_lane(const link::LinkShape& shape, const DspPlace& place,
                                              std::uint64_t now_ns)
{
    if (phase_ != Phase::open)
        return std::nullopt;
    bool is_under_way = false;
    for (std::uint32_t number = 0; number < lanes_.size(); ++number) {
        Lane& lane = lanes_[number];
        const Bank& bank = banks_[lane.bank];
        if (!is_same_but_for_count(shape, bank.segments.shape()) || lane.is_taken)
            continue;
        if (!bank.is_mapped) {
            is_under_way = true;
            continue;
        }
        lane.is_taken = true;
        lane.place = place;
        ++taken_count_;
        update_place();
        return number;
    }
    if (!is_under_way)
        add_bank(shape, place, now_ns);
    return std::nullopt;
}

/// As many lanes as there are already: one insert takes little memory, many take few messages.
void Link::add_bank(link::LinkShape shape, const DspPlace& place, std::uint64_t now_ns)
{
    const auto lane_count = static_cast<std::uint32_t>(lanes_.size());
    shape.lane_count = std::clamp(lane_count, 1U, link::lane_count_max);
    if (lane_count + shape.lane_count > link::link_lane_count_max) {
        return fail({OB_ERR_REFUSED, who() + " has no room for another lane (limit " +
                                         std::to_string(link::link_lane_count_max) + ")"});
    }
    auto segments = Segments::create(shape);
    if (!segments)
        return fail(make_failure(segments.error(), "memory for " + who()));
    const auto sent = banks_.empty() ? send_attach(*segments, place) : send_bank(*segments);
    if (!sent)
        return fail(make_failure(sent.error(), "cannot attach " + who()));
    const auto bank = static_cast<std::uint32_t>(banks_.size());
    banks_.push_back({.segments = std::move(*segments),
                      .first_lane = lane_count,
                      .limit_at_ns = now_ns + mapping_limit_ns,
                      .is_mapped = false});
    lanes_.resize(lane_count + shape.lane_count);
    for (std::uint32_t lane = lane_count; lane < lanes_.size(); ++lane)
        lanes_[lane].bank = bank;
}

rt::Result<void> Link::send_attach(const Segments& segments, const DspPlace& place)
{
    auto bells = Bells::create();
    if (!bells)
        return tl::unexpected(bells.error());
    bells_ = std::move(*bells);
    place_ = place;
    wire::AttachT attach;
    attach.protocol = version_;
    attach.host_name = spec_.host_name;
    describe(segments.shape(), attach);
    attach.dsp_priority = place.priority;
    attach.dsp_cpus = place.cpus;
    attach.dsp_spin_us = spec_.dsp_spin_us;
    const auto [host, service] = segments.handles();
    return channel_.send(std::move(attach), std::array{host, service, bells_->handle()});
}

rt::Result<void> Link::send_bank(const Segments& segments) const
{
    wire::AddBankT message;
    message.bank = static_cast<std::uint32_t>(banks_.size());
    describe(segments.shape(), message);
    return channel_.send(message, segments.handles());
}

bool Link::handle_bank_message(const wire::BodyUnion& body)
{
    std::size_t index = banks_.size();
    if (const auto* mapped = body.AsMapped(); mapped != nullptr) {
        index = 0;
    } else if (const auto* added = body.AsBankMapped(); added != nullptr && added->bank != 0) {
        index = added->bank;
    }
    if (index >= banks_.size() || banks_[index].is_mapped)
        return false;
    if (const auto* mapped = body.AsMapped(); mapped != nullptr) {
        // Where this fails, the handle of the process has to do.
        if (auto thread = rt::os::open_thread(process_id_, mapped->dsp_thread_id))
            dsp_thread_ = std::move(*thread);
        if (const auto sealed = bells_->seal(); !sealed) {
            fail(make_failure(sealed.error(), who()));
            return true;
        }
    }
    if (const auto mapped = banks_[index].segments.seal_and_map(); !mapped) {
        fail(make_failure(mapped.error(), who()));
        return true;
    }
    banks_[index].is_mapped = true;
    return true;
}

rt::Result<void> Link::add_lane(std::uint32_t lane, wire::AddLaneT message)
{
    lanes_[lane].is_added = true;
    message.lane = lane;
    message.request = note_request({lane, 0});
    return channel_.send(std::move(message));
}

rt::Result<void> Link::start_lane(std::uint32_t lane, wire::StartLaneT message,
                                  std::span<const int> handles)
{
    lanes_[lane].is_starting = true;
    lanes_[lane].has_started = false;
    message.lane = lane;
    message.request = note_request({lane, 0});
    return channel_.send(message, handles);
}

/// The service is told, and the lane is free when it says so. Whoever streamed through it has let
/// go of it.
void Link::release_lane(std::uint32_t number)
{
    Lane& lane = lanes_[number];
    OB_ASSERT(lane.is_taken && !lane.is_leaving);
    --taken_count_;
    const std::uint32_t bank = lane.bank;
    const bool is_known = lane.is_added;
    lane = {};
    lane.bank = bank;
    if (!is_known || phase_ != Phase::open)
        return;
    lane.is_taken = true;
    lane.is_leaving = true;
    wire::RemoveLaneT message;
    message.lane = number;
    message.request = note_request({number, 0});
    // A service that takes no messages will be found dead.
    static_cast<void>(channel_.send(message));
    update_place();
}

bool Link::handle_lane_message(const wire::BodyUnion& body)
{
    if (const auto* ready = body.AsLaneReady(); ready != nullptr)
        return on_ready(*ready);
    if (const auto* started = body.AsLaneStarted(); started != nullptr)
        return on_started(started->lane);
    if (const auto* removed = body.AsLaneRemoved(); removed != nullptr)
        return on_removed(removed->lane);
    return false;
}

bool Link::on_ready(const wire::LaneReadyT& ready)
{
    if (ready.lane >= lanes_.size())
        return false;
    Lane& lane = lanes_[ready.lane];
    if (lane.is_leaving)  // said before it heard of that
        return true;
    if (!lane.is_added || lane.ready)
        return false;
    if (ready.latency_frames > latency_frames_max) {
        fail({OB_ERR_PROTOCOL, who() + " reports a latency beyond the limit"});
        return true;
    }
    lane.ready = ready;
    dsp_grant_.realtime_step = ready.realtime_step;
    dsp_grant_.realtime_priority = ready.realtime_priority;
    dsp_grant_.realtime_cpu = ready.realtime_cpu;
    dsp_grant_.realtime_description = ready.realtime_description;
    forget_request_about(ready.lane);
    return true;
}

bool Link::on_started(std::uint32_t number)
{
    if (number >= lanes_.size())
        return false;
    Lane& lane = lanes_[number];
    if (lane.is_leaving)
        return true;
    if (!lane.is_starting || lane.has_started)
        return false;
    lane.has_started = true;
    forget_request_about(number);
    return true;
}

bool Link::on_removed(std::uint32_t number)
{
    if (number >= lanes_.size() || !lanes_[number].is_leaving)
        return false;
    // Answers come in the order of the requests: no other is under way.
    std::erase_if(requests_,
                  [number](const auto& request) { return request.second.lane == number; });
    banks_[lanes_[number].bank].segments.clear_lane(index_in_bank(number));
    lanes_[number].is_taken = false;
    lanes_[number].is_leaving = false;
    return true;
}

void Link::forget_request_about(std::uint32_t lane)
{
    std::erase_if(requests_, [lane](const auto& request) {
        return request.second.lane == lane && request.second.number == 0;
    });
}

LanePorts Link::ports(std::uint32_t lane)
{
    link::BellsSegment& bells = bells_->words();
    const Segments& segments = banks_[lanes_[lane].bank].segments;
    return {.lane = segments.lane(index_in_bank(lane)),
            .lane_number = lane,
            .request = &bells.request,
            .replies = bells.replies,
            .dsp_beat = &service_words().dsp_beat,
            .in_progress = &service_words().in_progress,
            .life = &service_words().life};
}

std::atomic<std::uint64_t>& Link::checkpoint_wanted(std::uint32_t lane) const noexcept
{
    return banks_[lanes_[lane].bank].segments.checkpoint_wanted(index_in_bank(lane));
}

void Link::place_lane(std::uint32_t lane, const DspPlace& place)
{
    lanes_[lane].place = place;
    update_place();
}

/// A primary's place rather than a standby's, where the link has lanes of both kinds.
DspPlace Link::wanted_place() const
{
    const DspPlace* wanted = nullptr;
    for (const Lane& lane : lanes_) {
        const bool counts = lane.is_taken && !lane.is_leaving;
        if (counts && (wanted == nullptr || lane.place.priority > wanted->priority))
            wanted = &lane.place;
    }
    return wanted != nullptr ? *wanted : place_;
}

void Link::update_place()
{
    DspPlace wanted = wanted_place();
    if (phase_ != Phase::open || !is_mapped() || wanted == place_)
        return;
    wire::PlaceDspThreadT message;
    message.priority = wanted.priority;
    message.cpus = wanted.cpus;
    // A service that takes no messages will be found dead; there is nothing else to do about it.
    if (channel_.send(std::move(message)))
        ++moves_under_way_;
    place_ = std::move(wanted);
}

void Link::on_placed(const wire::DspThreadPlacedT& placed)
{
    --moves_under_way_;
    dsp_grant_ = placed;
}

}  // namespace outboard::host
