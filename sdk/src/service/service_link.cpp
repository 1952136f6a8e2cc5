// SPDX-License-Identifier: MIT

#include "sdk/src/service/service_link.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/process.hpp"
#include "sdk/src/api/last_error.hpp"
#include "sdk/src/service/lane_request.hpp"
#include "sdk/src/service/lane_start.hpp"

#include <algorithm>
#include <utility>

namespace outboard::service {
namespace {

constexpr std::size_t attach_handle_count = 3;
constexpr std::size_t bank_handle_count = 2;
/// For the DSP thread to leave a lane: as long as its longest block.
constexpr std::uint64_t removal_limit_ns = 1'000'000'000;
constexpr std::uint32_t no_request = 0;
/// A real-time thread that spins longer is a load, whatever its host asks for.
constexpr std::uint32_t dsp_spin_us_max = 20;

/// Attach and AddBank say it alike.
template <typename Table>
[[nodiscard]] link::LinkShape shape_of(const Table& request) noexcept
{
    return {.lane_count = request.lane_count,
            .input_channel_count = request.input_channel_count,
            .output_channel_count = request.output_channel_count,
            .frame_capacity = request.frame_capacity,
            .slot_count = request.slot_count,
            .event_bytes = request.event_bytes};
}

[[nodiscard]] tl::unexpected<Refusal> refuse(const rt::Error& error)
{
    return service::refuse(api::status_of(error), api::describe(error));
}

[[nodiscard]] bool speaks(std::uint16_t version) noexcept
{
    return version >= link::protocol_version_min && version <= link::protocol_version_max;
}

[[nodiscard]] std::string version_message(std::uint16_t asked)
{
    return "the host asked for protocol " + std::to_string(asked) + ", this service speaks " +
           std::to_string(link::protocol_version_min) + ".." +
           std::to_string(link::protocol_version_max);
}

[[nodiscard]] wire::LaneReadyT ready_message(std::uint32_t index, const LaneRunner& lane,
                                             const ob_realtime_grant& grant)
{
    const ProcessorInstance& instance = lane.current();
    wire::LaneReadyT ready;
    ready.lane = index;
    ready.latency_frames = instance.latency_frames();
    ready.tail_frames = instance.tail_frames();
    ready.checkpoint_bytes = lane.checkpoint_bytes();
    ready.realtime_step = grant.step;
    ready.realtime_priority = grant.priority;
    ready.realtime_cpu = grant.cpu;
    ready.realtime_description = grant.description;
    return ready;
}

}  // namespace

link::BellsSegment& ServiceLink::bell_words() const noexcept
{
    return *reinterpret_cast<link::BellsSegment*>(bells_memory_->data());
}

link::ServiceSegment& ServiceLink::service_words() const noexcept
{
    return *reinterpret_cast<link::ServiceSegment*>(banks_.front().service_memory.data());
}

link::ServiceLane ServiceLink::lane_memory(std::uint32_t lane) const noexcept
{
    const Bank& bank = banks_[lanes_[lane].bank];
    return {bank.layout, lane - bank.first_lane, bank.host_memory.data(),
            bank.service_memory.data()};
}

/// Back to where they began. @pre nobody uses the lane
void ServiceLink::clear_lane_words(std::uint32_t lane) const noexcept
{
    const Bank& bank = banks_[lanes_[lane].bank];
    auto& words = *reinterpret_cast<link::ServiceLaneWords*>(
        bank.service_memory.data() + bank.layout.service_lane_words_offset(lane - bank.first_lane));
    // relaxed: the host looks only after LaneRemoved, a message.
    words.input_read_count.store(0, std::memory_order_relaxed);
    words.output_write_count.store(0, std::memory_order_relaxed);
}

rt::Result<void> ServiceLink::greet() const
{
    wire::HelloT hello;
    hello.protocol_min = link::protocol_version_min;
    hello.protocol_max = link::protocol_version_max;
    hello.library_version = ob_version_string();
    hello.service_name = options_.service_name;
    hello.process_id = rt::os::current_process_id();
    hello.has_fault_hook = options_.has_fault_hook;
    hello.processors = catalog_.offers();
    return channel_.send(std::move(hello));
}

LinkState ServiceLink::handle_messages()
{
    for (;;) {
        auto message = channel_.receive();
        if (!message && message.error().code == rt::ErrorCode::timed_out)
            return LinkState::open;
        if (!message && message.error().code != rt::ErrorCode::protocol)
            return LinkState::closed;
        const LinkState state =
            message ? handle(*message)
                    : answer_failed(no_request, {OB_ERR_PROTOCOL, "this is no message of ours"});
        if (state != LinkState::open)
            return state;
    }
}

LinkState ServiceLink::handle(link::ControlMessage& message)
{
    if (const auto* const request = message.body.AsAttach(); request != nullptr)
        return attach(*request, message.handles);
    if (const auto* const request = message.body.AsAddBank(); request != nullptr)
        return answer(no_request, add_bank(*request, message.handles));
    if (const auto* const request = message.body.AsAddLane(); request != nullptr)
        return answer(request->request, add_lane(*request));
    if (const auto* const request = message.body.AsStartLane(); request != nullptr)
        return answer(request->request, start_lane(*request, message.handles));
    if (const auto* const request = message.body.AsRemoveLane(); request != nullptr)
        return answer(request->request, remove_lane(*request));
    if (const auto* const request = message.body.AsSaveState(); request != nullptr)
        return answer(request->request, save_state(*request));
    if (const auto* const request = message.body.AsLoadState(); request != nullptr)
        return answer(request->request, load_state(*request));
    if (const auto* const request = message.body.AsPlaceDspThread(); request != nullptr)
        return answer(no_request, place_dsp_thread(*request));
    if (const auto* const request = message.body.AsInjectFault(); request != nullptr) {
        const auto armed = inject_fault(*request);
        return armed ? LinkState::open : answer_failed(no_request, armed.error());
    }
    return answer_failed(no_request, {OB_ERR_PROTOCOL, "a service takes no message of this kind"});
}

LinkState ServiceLink::attach(const wire::AttachT& request,
                              std::span<const rt::os::UniqueHandle> handles)
{
    if (!speaks(request.protocol)) {
        const LinkState state =
            answer_failed(no_request, {OB_ERR_VERSION, version_message(request.protocol)});
        return state == LinkState::open ? LinkState::version_mismatch : state;
    }
    if (!banks_.empty())
        return answer_failed(no_request, {OB_ERR_PROTOCOL, "the host has attached already"});
    host_name_ = request.host_name;
    if (handles.size() != attach_handle_count) {
        return answer_failed(no_request,
                             {OB_ERR_PROTOCOL, "three handles are to come with Attach"});
    }
    if (const auto mapped = map_bells(handles[2]); !mapped)
        return answer_failed(no_request, mapped.error());
    if (const auto mapped = map_bank(shape_of(request), handles[0], handles[1]); !mapped)
        return answer_failed(no_request, mapped.error());
    last_words_.emplace(service_words(), bell_words());
    if (const auto started = start_dsp_thread(request); !started)
        return answer_failed(no_request, started.error());
    wire::MappedT answer;
    answer.dsp_thread_id = dsp_thread_->thread_id();
    return sent(channel_.send(answer));
}

Outcome<void> ServiceLink::map_bells(const rt::os::UniqueHandle& handle)
{
    auto bells = rt::os::map_shared(handle, sizeof(link::BellsSegment), rt::os::Access::read_write);
    if (!bells)
        return refuse(bells.error());
    static_cast<void>(bells->lock());
    bells_memory_ = *std::move(bells);
    return {};
}

Outcome<void> ServiceLink::map_bank(const link::LinkShape& shape,
                                    const rt::os::UniqueHandle& host_handle,
                                    const rt::os::UniqueHandle& service_handle)
{
    using rt::os::Access;
    if (!link::is_valid(shape) || lanes_.size() + shape.lane_count > link::link_lane_count_max)
        return service::refuse(OB_ERR_PROTOCOL, "the shape of the link is not valid");
    const link::LinkLayout layout{shape};
    auto host = rt::os::map_shared(host_handle, layout.host_bytes(), Access::read_only);
    if (!host)
        return refuse(host.error());
    auto service = rt::os::map_shared(service_handle, layout.service_bytes(), Access::read_write);
    if (!service)
        return refuse(service.error());
    // Where all memory of the process could not be locked, these few pages may still be.
    static_cast<void>(host->lock());
    static_cast<void>(service->lock());
    const auto bank = static_cast<std::uint32_t>(banks_.size());
    const auto first_lane = static_cast<std::uint32_t>(lanes_.size());
    banks_.push_back({layout, *std::move(host), *std::move(service), first_lane});
    lanes_.resize(lanes_.size() + shape.lane_count);
    for (std::size_t lane = first_lane; lane < lanes_.size(); ++lane)
        lanes_[lane].bank = bank;
    return {};
}

Outcome<wire::BankMappedT> ServiceLink::add_bank(const wire::AddBankT& request,
                                                 std::span<const rt::os::UniqueHandle> handles)
{
    if (!dsp_thread_ || request.bank != banks_.size())
        return service::refuse(OB_ERR_PROTOCOL, "this is not the bank that comes next");
    if (handles.size() != bank_handle_count)
        return service::refuse(OB_ERR_PROTOCOL, "two handles are to come with AddBank");
    if (const auto mapped = map_bank(shape_of(request), handles[0], handles[1]); !mapped)
        return tl::unexpected(mapped.error());
    wire::BankMappedT answer;
    answer.bank = request.bank;
    return answer;
}

Outcome<void> ServiceLink::start_dsp_thread(const wire::AttachT& request)
{
    const DspThreadOptions options{
        .priority = request.dsp_priority,
        .cpus = request.dsp_cpus,
        .spin_ns = std::uint64_t{std::min(request.dsp_spin_us, dsp_spin_us_max)} * 1'000};
    auto started = DspThread::start(options, bell_words(), service_words());
    if (!started)
        return refuse(started.error());
    dsp_thread_ = *std::move(started);
    return {};
}

Outcome<wire::LaneReadyT> ServiceLink::add_lane(const wire::AddLaneT& request)
{
    if (!dsp_thread_)
        return service::refuse(OB_ERR_PROTOCOL, "the host has not attached");
    if (request.lane >= lanes_.size() || lanes_[request.lane].runner)
        return service::refuse(OB_ERR_PROTOCOL, "there is no such lane, or it is in use");
    const ob_processor_class* const kind = catalog_.find(request.processor);
    if (kind == nullptr) {
        return service::refuse(OB_ERR_NOT_FOUND,
                               "the service has no processor '" + request.processor + "'");
    }
    Lane& lane = lanes_[request.lane];
    const auto format = lane_format(request, banks_[lane.bank].layout.shape(), *kind);
    if (!format)
        return tl::unexpected(format.error());
    const auto parameters = initial_parameters(request, *kind);
    if (!parameters)
        return tl::unexpected(parameters.error());
    auto instance = ProcessorInstance::make(*kind, *format, request.state);
    if (!instance)
        return tl::unexpected(instance.error());

    const LaneContext context{&service_words().in_progress, &last_words_->processor(),
                              options_.has_fault_hook ? &fault_hook_ : nullptr,
                              &dsp_thread_->clock(), request.lane};
    lane.runner = std::make_unique<LaneRunner>(lane_memory(request.lane), context,
                                               *std::move(instance), *parameters);
    return ready_message(request.lane, *lane.runner, dsp_thread_->grant());
}

Outcome<wire::LaneStartedT> ServiceLink::start_lane(const wire::StartLaneT& request,
                                                    std::span<const rt::os::UniqueHandle> handles)
{
    const auto lane = lane_at(request.lane);
    if (!lane)
        return tl::unexpected(lane.error());
    const bool is_again = lanes_[request.lane].is_started;
    if (is_again && (request.checkpoint_area_bytes != 0 || request.restore_bytes == 0))
        return service::refuse(OB_ERR_PROTOCOL, "the lane has been started already");
    auto memory = map_start_memory(request, handles, (*lane)->checkpoint_bytes());
    if (!memory)
        return tl::unexpected(memory.error());
    if (is_again) {
        if (const auto stopped = stop_lane(request.lane); !stopped)
            return tl::unexpected(stopped.error());
    }
    if (memory->restore) {
        const std::span checkpoint = memory->restore->bytes().first(request.restore_bytes);
        if (!(*lane)->restore(checkpoint, request.restore_sequence)) {
            // Half restored, it must not stream. The DSP thread does not have it.
            lanes_[request.lane].runner.reset();
            return service::refuse(OB_ERR_REFUSED, "the checkpoint after block " +
                                                       std::to_string(request.restore_sequence) +
                                                       " is none of this processor's");
        }
    }
    if (memory->checkpoint_area)
        (*lane)->use_checkpoint_area(*std::move(memory->checkpoint_area));
    dsp_thread_->add_lane(request.lane, **lane);
    lanes_[request.lane].is_started = true;
    wire::LaneStartedT started;
    started.lane = request.lane;
    return started;
}

Outcome<wire::LaneRemovedT> ServiceLink::remove_lane(const wire::RemoveLaneT& request)
{
    if (request.lane >= lanes_.size())
        return service::refuse(OB_ERR_PROTOCOL, "there is no such lane");
    Lane& lane = lanes_[request.lane];
    if (const auto stopped = stop_lane(request.lane); !stopped)
        return tl::unexpected(stopped.error());
    lane.runner.reset();
    lane.is_reported_broken = false;
    clear_lane_words(request.lane);
    wire::LaneRemovedT removed;
    removed.lane = request.lane;
    return removed;
}

/// Takes a lane back from the DSP thread.
Outcome<void> ServiceLink::stop_lane(std::uint32_t index)
{
    const std::uint64_t limit_at_ns = rt::os::monotonic_ns() + removal_limit_ns;
    if (lanes_[index].is_started && !dsp_thread_->remove_lane(index, limit_at_ns))
        return service::refuse(OB_ERR_TIMED_OUT, "the lane's processor does not end its block");
    lanes_[index].is_started = false;
    return {};
}

Outcome<wire::SavedStateT> ServiceLink::save_state(const wire::SaveStateT& request)
{
    const auto lane = lane_at(request.lane);
    if (!lane)
        return tl::unexpected(lane.error());
    auto state = (*lane)->current().save_state();
    if (!state)
        return tl::unexpected(state.error());
    wire::SavedStateT saved;
    saved.request = request.request;
    saved.state = *std::move(state);
    return saved;
}

Outcome<wire::StateLoadedT> ServiceLink::load_state(const wire::LoadStateT& request)
{
    const auto lane = lane_at(request.lane);
    if (!lane)
        return tl::unexpected(lane.error());
    const ProcessorInstance& current = (*lane)->current();
    auto instance = ProcessorInstance::make(current.kind(), current.format(), request.state);
    if (!instance)
        return tl::unexpected(instance.error());
    if ((*instance)->latency_frames() != current.latency_frames())
        return service::refuse(OB_ERR_REFUSED, "with this state its latency would be another one");
    // The lane's checkpoint area was measured for the instance that runs.
    if ((*instance)->checkpoint_bytes() != current.checkpoint_bytes()) {
        return service::refuse(OB_ERR_REFUSED,
                               "with this state its checkpoints would have another size");
    }
    (*lane)->states().stage(std::make_unique<InstanceNode>(request.state_id, *std::move(instance)));
    wire::StateLoadedT loaded;
    loaded.request = request.request;
    return loaded;
}

Outcome<void> ServiceLink::inject_fault(const wire::InjectFaultT& request)
{
    if (!options_.has_fault_hook)
        return service::refuse(OB_ERR_REFUSED, "the service was started without its fault hook");
    if (!fault_hook_.arm(request.kind, request.argument))
        return service::refuse(OB_ERR_INVALID_ARGUMENT, "the service knows no such fault");
    return {};
}

Outcome<wire::DspThreadPlacedT> ServiceLink::place_dsp_thread(const wire::PlaceDspThreadT& request)
{
    if (!dsp_thread_)
        return service::refuse(OB_ERR_PROTOCOL, "the host has not attached");
    const ob_realtime_grant& grant =
        dsp_thread_->place({.priority = request.priority, .cpus = request.cpus});
    wire::DspThreadPlacedT placed;
    placed.realtime_step = grant.step;
    placed.realtime_priority = grant.priority;
    placed.realtime_cpu = grant.cpu;
    placed.realtime_description = grant.description;
    return placed;
}

Outcome<LaneRunner*> ServiceLink::lane_at(std::uint32_t index) const
{
    if (index >= lanes_.size() || !lanes_[index].runner)
        return service::refuse(OB_ERR_PROTOCOL, "there is no such lane");
    return lanes_[index].runner.get();
}

template <typename Table>
LinkState ServiceLink::answer(std::uint32_t request, Outcome<Table> outcome) const
{
    if (!outcome)
        return answer_failed(request, outcome.error());
    return sent(channel_.send(*std::move(outcome)));
}

LinkState ServiceLink::answer_failed(std::uint32_t request, const Refusal& refusal) const
{
    wire::FailedT failed;
    failed.request = request;
    failed.status = refusal.status;
    failed.message = refusal.message;
    return sent(channel_.send(std::move(failed)));
}

/// A host that does not read its answers is as good as gone.
LinkState ServiceLink::sent(const rt::Result<void>& result) const
{
    return result ? LinkState::open : LinkState::closed;
}

void ServiceLink::look_after_lanes()
{
    for (std::size_t index = 0; index < lanes_.size(); ++index) {
        Lane& lane = lanes_[index];
        if (!lane.runner)
            continue;
        lane.runner->states().collect();
        if (lane.runner->is_broken() && !std::exchange(lane.is_reported_broken, true)) {
            // A failed send shows at the next look at the socket.
            static_cast<void>(answer_failed(
                no_request, {OB_ERR_PROTOCOL,
                             "lane " + std::to_string(index) + ": its shared memory is corrupt"}));
        }
    }
}

bool ServiceLink::shut_down(std::uint64_t deadline_ns) noexcept
{
    return !dsp_thread_ || dsp_thread_->stop(deadline_ns);
}

}  // namespace outboard::service
