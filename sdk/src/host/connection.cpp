// SPDX-License-Identifier: MIT

#include "sdk/src/host/connection.hpp"

#include <algorithm>
#include <utility>

namespace outboard::host {

namespace {

/// Of a service that stands in reserve and has nothing else to do.
constexpr std::uint64_t restoring_limit_ns = 5'000'000'000;

}  // namespace

Connection::Connection(const InsertSpec& spec, LaneContext context, std::shared_ptr<Link> link)
    : spec_(&spec),
      context_(std::move(context)),
      link_(std::move(link))
{}

Connection::~Connection()
{
    if (lane_)
        link_->release_lane(*lane_);
}

void Connection::enter(Phase phase, std::uint64_t now_ns)
{
    phase_ = phase;
    limit_at_ns_ = now_ns + context_.loading_limit_ns;
}

void Connection::fail(Failure failure)
{
    phase_ = Phase::failed;
    failure_ = std::move(failure);
}

/// When the service must have done what it owes in this phase; what it owes earlier is the link's.
std::uint64_t Connection::limit_at_ns() const noexcept
{
    const bool is_waiting = phase_ == Phase::loading || phase_ == Phase::starting || is_restoring_;
    return is_waiting ? limit_at_ns_ : rt::os::no_deadline_ns;
}

std::uint64_t Connection::due_ns() const noexcept
{
    // A link that is open already tells nothing more: who has just come in goes on at once.
    const bool can_go_on = phase_ == Phase::greeting && link_->phase() != Link::Phase::greeting;
    return can_go_on ? 0 : limit_at_ns();
}

void Connection::advance(std::uint64_t now_ns)
{
    if (phase_ == Phase::failed)
        return;
    if (link_->phase() == Link::Phase::failed)
        return fail(link_->failure());
    if (phase_ == Phase::greeting && link_->phase() == Link::Phase::open)
        choose_processor();
    if (phase_ == Phase::mapping)
        claim_lane(now_ns);
    if (lane_ && link_->refusal(*lane_))
        return fail(link_->refusal(*lane_));
    if (phase_ == Phase::loading && link_->ready(*lane_))
        on_ready();
    if (phase_ == Phase::starting && link_->has_started(*lane_))
        on_started(now_ns);
    if (is_restoring_ && link_->has_started(*lane_))
        is_restoring_ = false;
    if (now_ns >= limit_at_ns())
        fail_late();
}

void Connection::fail_late()
{
    const char* const owed = phase_ == Phase::loading ? "load"
                             : is_restoring_          ? "restore"
                                                      : "start";
    const std::uint64_t limit_ns = is_restoring_ ? restoring_limit_ns : context_.loading_limit_ns;
    fail({OB_ERR_TIMED_OUT, link_->who() + " did not " + owed + " the processor (limit " +
                                std::to_string(limit_ns / 1'000'000'000) + " s)"});
}

void Connection::choose_processor()
{
    const auto& offers = link_->offers();
    const auto found = std::find_if(offers.begin(), offers.end(), [this](const auto& offer) {
        return spec_->processor.empty() || offer.name == spec_->processor;
    });
    if (found != offers.end()) {
        offer_ = &*found;
        format_ = make_format(spec_->config, offer_->fixed_frame_count);
        phase_ = Phase::mapping;
        return;
    }
    std::string names;
    for (const auto& offer : offers)
        names += (names.empty() ? "" : ", ") + offer.name;
    fail({OB_ERR_NOT_FOUND, link_->who() + " has no processor '" + spec_->processor +
                                "'; it offers: " + (names.empty() ? "none" : names)});
}

void Connection::claim_lane(std::uint64_t now_ns)
{
    const std::uint32_t event_bytes = spec_->config.event_bytes;
    const std::uint32_t slot_count =
        spec_->is_warm() ? replay_slot_count(format_, event_bytes) : slot_count_min;
    lane_ = link_->claim_lane(make_shape(format_, event_bytes, slot_count), context_.dsp, now_ns);
    if (!lane_)
        return;
    wire::AddLaneT message;
    message.processor = offer_->name;
    message.sample_rate_hz = format_.sample_rate_hz;
    message.max_frame_count = format_.unit_frame_count_max();
    for (const ob_parameter_value& parameter : spec_->parameters)
        message.parameters.emplace_back(parameter.id, parameter.value);
    const auto* const state = reinterpret_cast<const std::uint8_t*>(spec_->state.data());
    message.state.assign(state, state + spec_->state.size());
    if (const auto sent = link_->add_lane(*lane_, std::move(message)); !sent)
        return fail(make_failure(sent.error(), "cannot load into " + link_->who()));
    enter(Phase::loading, now_ns);
}

void Connection::on_ready()
{
    ready_ = *link_->ready(*lane_);
    format_.processor_latency_frames = ready_.latency_frames;
    phase_ = Phase::loaded;
}

void Connection::start_lane(const Checkpoint* checkpoint, std::uint64_t now_ns)
{
    OB_ASSERT(phase_ == Phase::loaded);
    wire::StartLaneT start;
    std::vector<int> handles;
    if (ready_.checkpoint_bytes != 0) {  // a standby may be asked for at any time
        auto source = CheckpointSource::create(ready_.checkpoint_bytes);
        if (!source)
            return fail(make_failure(source.error(), "checkpoints of " + link_->who()));
        checkpoints_ = std::move(*source);
        start.checkpoint_area_bytes = checkpoints_->area_bytes();
        handles.push_back(checkpoints_->handle());
    }
    enter(Phase::starting, now_ns);
    send_start(start, std::move(handles), checkpoint);
}

void Connection::restore_lane(const Checkpoint& checkpoint, std::uint64_t now_ns)
{
    OB_ASSERT(phase_ == Phase::streaming && !is_restoring_);
    limit_at_ns_ = now_ns + restoring_limit_ns;
    is_restoring_ = true;
    send_start({}, {}, &checkpoint);
}

void Connection::send_start(wire::StartLaneT start, std::vector<int> handles,
                            const Checkpoint* checkpoint)
{
    rt::os::UniqueHandle restore;
    if (checkpoint != nullptr) {
        auto copy = make_sealed_copy(checkpoint->state);
        if (!copy)
            return fail(make_failure(copy.error(), "memory for a checkpoint"));
        restore = std::move(*copy);
        start.restore_bytes = checkpoint->state.size();
        start.restore_sequence = checkpoint->sequence;
        handles.push_back(restore.get());
    }
    if (const auto sent = link_->start_lane(*lane_, start, handles); !sent)
        fail(make_failure(sent.error(), "cannot start " + link_->who()));
}

void Connection::on_started(std::uint64_t now_ns)
{
    if (checkpoints_) {
        if (const auto mapped = checkpoints_->seal_and_map(); !mapped)
            return fail(make_failure(mapped.error(), link_->who()));
    }
    replica_ = std::make_unique<Replica>(link_->ports(*lane_), process_id());
    streaming_since_ns_ = now_ns;
    phase_ = Phase::streaming;
}

void Connection::request_checkpoint()
{
    checkpoints_->request(link_->checkpoint_wanted(*lane_));
}

std::optional<Checkpoint> Connection::take_checkpoint()
{
    auto taken = checkpoints_->take();
    if (!taken) {
        fail(make_failure(taken.error(), link_->who()));
        return std::nullopt;
    }
    return std::move(*taken);
}

void Connection::move_to(const DspPlace& place)
{
    OB_ASSERT(phase_ == Phase::streaming);
    context_.dsp = place;
    link_->place_lane(*lane_, place);
}

}  // namespace outboard::host
