// SPDX-License-Identifier: MIT

#include "sdk/src/host/connection.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/pipe.hpp"
#include "rt/os/program.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/registry/registry.hpp"
#include "sdk/src/registry/service_path.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace outboard::host {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t greeting_limit_ns = second_ns;
constexpr std::uint64_t mapping_limit_ns = 5 * second_ns;
/// Messages taken at a time, so that a service that floods us keeps nobody else waiting.
constexpr int messages_at_a_time = 32;
constexpr std::uint64_t leaving_limit_ns = 100'000'000;
/// How long the end of a host waits for a core that is being written.
constexpr std::uint64_t core_limit_ns = 10 * second_ns;

[[nodiscard]] std::string describe_exit(const rt::os::ExitStatus& status)
{
    switch (status.kind) {
        case rt::os::ExitKind::exited: return "exited with code " + std::to_string(status.value);
        case rt::os::ExitKind::signalled: return "died of signal " + std::to_string(status.value);
        case rt::os::ExitKind::unknown: break;
    }
    return "ended";
}

[[nodiscard]] std::string version_range(int oldest, int newest)
{
    return oldest == newest ? std::to_string(newest)
                            : std::to_string(oldest) + " to " + std::to_string(newest);
}

/// What a service owes in each phase.
[[nodiscard]] const char* awaited(Connection::Phase phase) noexcept
{
    switch (phase) {
        case Connection::Phase::greeting: return "say hello; does it call ob_serve()?";
        case Connection::Phase::mapping: return "map its memory";
        case Connection::Phase::loading: return "load the processor";
        case Connection::Phase::starting: return "start the processor";
        default: return "answer";
    }
}

[[nodiscard]] const char* moment(Connection::Phase phase) noexcept
{
    switch (phase) {
        case Connection::Phase::greeting: return " before it said hello";
        case Connection::Phase::mapping: return " while it was mapping memory";
        case Connection::Phase::streaming: return " while streaming";
        default: return " while it was loading";
    }
}

}  // namespace

Connection::Connection(const InsertSpec& spec, const HostContext& context)
    : spec_(&spec),
      context_(context)
{
    enter(Phase::greeting, rt::os::monotonic_ns(), greeting_limit_ns);
    if (spec.is_found_by_name()) {
        connect_to_found();
        return;
    }
    const char* const directory =
        context.service_directory.empty() ? nullptr : context.service_directory.c_str();
    const auto executable = registry::find_executable(spec.service, directory);
    if (!executable) {
        fail(make_failure(executable.error(), "service '" + spec.service + "'"));
    } else {
        start_child(*executable);
    }
}

Connection::~Connection()
{
    replica_.reset();
    channel_.close();  // a service that we started leaves when its host hangs up
    if (!is_child_ || is_reaped_)
        return;
    const std::uint64_t core_limit_at_ns = rt::os::monotonic_ns() + core_limit_ns;
    do {
        if (rt::os::reap(process_, rt::os::monotonic_ns() + leaving_limit_ns))
            return;
    } while (rt::os::is_dumping_core(process_id_) && rt::os::monotonic_ns() < core_limit_at_ns);
    static_cast<void>(rt::os::send_signal(process_, SIGKILL));
    static_cast<void>(rt::os::reap(process_, rt::os::monotonic_ns() + second_ns));
}

void Connection::start_child(const std::string& executable)
{
    executable_ = executable;
    auto ends = rt::os::socket_pair();
    if (!ends)
        return fail(make_failure(ends.error(), "cannot talk to a service"));
    auto errors = rt::os::make_pipe();
    if (!errors)
        return fail(make_failure(errors.error(), "cannot listen to a service"));
    rt::os::SpawnOptions options;
    options.error_output_handle = errors->write_end.get();
    options.executable = executable;
    options.inherited_handle = ends->second.get();
    options.environment = {"OUTBOARD_SOCKET=3",
                           "OUTBOARD_PARENT=" + std::to_string(rt::os::current_process_id())};
    if ((spec_->config.flags & OB_INSERT_FAULT_HOOK) != 0)
        options.environment.emplace_back("OUTBOARD_FAULT_HOOK=1");
    auto child = rt::os::spawn(options);
    if (!child)
        return fail(make_failure(child.error(), "cannot start service '" + executable + "'"));
    process_id_ = child->process_id;
    process_ = std::move(child->handle);
    is_child_ = true;
    error_output_ = ErrorOutput{std::move(errors->read_end)};
    channel_ = link::ControlChannel{std::move(ends->first)};
}

void Connection::connect_to_found()
{
    const std::string name = spec_->service.substr(1);
    const auto path = registry::socket_path(name);
    if (!path)
        return fail(make_failure(path.error(), "service '" + spec_->service + "'"));
    auto socket = rt::os::connect_to(*path);
    if (!socket) {
        Failure failure = make_failure(socket.error(), "no service listens as '" + name + "'");
        failure.message += " (start it: outboard serve --name " + name + ")";
        return fail(std::move(failure));
    }
    const auto peer = rt::os::peer_credentials(*socket);
    if (!peer)
        return fail(make_failure(peer.error(), "service '" + spec_->service + "'"));
    if (peer->user_id != rt::os::current_user_id() && peer->user_id != 0) {
        return fail({OB_ERR_NO_PERMISSION,
                     who() + " belongs to another user (" + std::to_string(peer->user_id) + ")"});
    }
    auto process = rt::os::open_process(peer->process_id);
    if (!process)
        return fail(make_failure(process.error(), "service '" + spec_->service + "'"));
    process_id_ = peer->process_id;
    process_ = std::move(*process);
    channel_ = link::ControlChannel{std::move(*socket)};
}

std::string Connection::who() const
{
    return "service '" + (executable_.empty() ? spec_->service : executable_) + "'";
}

void Connection::enter(Phase phase, std::uint64_t now_ns, std::uint64_t limit_ns)
{
    phase_ = phase;
    limit_ns_ = limit_ns;
    limit_at_ns_ = now_ns + limit_ns;
}

void Connection::fail(Failure failure)
{
    phase_ = Phase::failed;
    failure_ = std::move(failure);
}

/// When the service must have done what it owes in this phase.
std::uint64_t Connection::limit_at_ns() const noexcept
{
    const bool is_waiting =
        phase_ != Phase::loaded && phase_ != Phase::streaming && phase_ != Phase::failed;
    return is_waiting ? limit_at_ns_ : rt::os::no_deadline_ns;
}

std::uint64_t Connection::due_ns() const noexcept
{
    return std::min(limit_at_ns(), error_output_.due_ns());
}

int Connection::socket() const noexcept
{
    return phase_ == Phase::failed ? -1 : channel_.socket().get();
}

void Connection::advance(std::uint64_t now_ns)
{
    error_output_.read(now_ns);
    take_messages(now_ns);
    if (phase_ == Phase::failed || now_ns < limit_at_ns())
        return;
    fail({OB_ERR_TIMED_OUT, who() + " did not " + awaited(phase_) + " (limit " +
                                std::to_string(limit_ns_ / second_ns) + " s)"});
}

void Connection::take_messages(std::uint64_t now_ns)
{
    for (int taken = 0; taken < messages_at_a_time && phase_ != Phase::failed; ++taken) {
        auto message = channel_.receive();
        if (!message) {
            if (message.error().code == rt::ErrorCode::timed_out)
                return;
            if (message.error().code == rt::ErrorCode::disconnected)
                return on_hang_up();
            return fail({OB_ERR_PROTOCOL,
                         who() + " sent a malformed message: " + api::describe(message.error())});
        }
        if (!message->handles.empty())
            return fail({OB_ERR_PROTOCOL, who() + " sent handles, which only a host does"});
        handle(message->body, now_ns);
    }
}

void Connection::handle(wire::BodyUnion& body, std::uint64_t now_ns)
{
    if (const auto* hello = body.AsHello(); hello != nullptr && phase_ == Phase::greeting)
        return on_hello(*hello, now_ns);
    if (const auto* mapped = body.AsMapped(); mapped != nullptr && phase_ == Phase::mapping)
        return on_mapped(*mapped, now_ns);
    if (const auto* ready = body.AsLaneReady(); ready != nullptr && phase_ == Phase::loading)
        return on_lane_ready(*ready);
    if (body.AsLaneStarted() != nullptr && phase_ == Phase::starting)
        return on_lane_started(now_ns);
    if (const auto* placed = body.AsDspThreadPlaced(); placed != nullptr && moves_under_way_ != 0)
        return on_placed(*placed);
    if (const auto* failed = body.AsFailed(); failed != nullptr && failed->request == 0)
        return on_failed(*failed);
    std::uint32_t request = 0;  // which no request has as its number
    if (const auto* failed = body.AsFailed(); failed != nullptr) {
        request = failed->request;
    } else if (const auto* state = body.AsSavedState(); state != nullptr) {
        request = state->request;
    } else if (const auto* loaded = body.AsStateLoaded(); loaded != nullptr) {
        request = loaded->request;
    }
    if (body.AsLog() == nullptr && !keep_reply(request, body))
        fail({OB_ERR_PROTOCOL, who() + " sent a message out of turn"});
}

bool Connection::keep_reply(std::uint32_t request, wire::BodyUnion& body)
{
    if (awaited_.erase(request) == 0)
        return false;
    replies_[request] = std::move(body);
    return true;
}

std::optional<wire::BodyUnion> Connection::take_reply(std::uint32_t request)
{
    const auto found = replies_.find(request);
    if (found == replies_.end())
        return std::nullopt;
    wire::BodyUnion body = std::move(found->second);
    replies_.erase(found);
    return body;
}

bool Connection::take_offers(const wire::HelloT& hello)
{
    for (const auto& offer : hello.processors) {
        if (!registry::is_valid_name(offer->name)) {
            fail({OB_ERR_PROTOCOL, who() + " offers a processor whose name is none"});
            return false;
        }
        offers_.push_back(*offer);
    }
    return choose_processor();
}

bool Connection::choose_processor()
{
    const auto found = std::find_if(offers_.begin(), offers_.end(), [this](const auto& offer) {
        return spec_->processor.empty() || offer.name == spec_->processor;
    });
    if (found != offers_.end()) {
        offer_ = &*found;
        return true;
    }
    std::string names;
    for (const auto& offer : offers_)
        names += (names.empty() ? "" : ", ") + offer.name;
    fail({OB_ERR_NOT_FOUND, who() + " has no processor '" + spec_->processor +
                                "'; it offers: " + (names.empty() ? "none" : names)});
    return false;
}

void Connection::on_hello(const wire::HelloT& hello, std::uint64_t now_ns)
{
    const std::uint16_t version = link::common_version(hello.protocol_min, hello.protocol_max);
    if (version == 0) {
        return fail({OB_ERR_VERSION,
                     who() + " speaks protocol " +
                         version_range(hello.protocol_min, hello.protocol_max) + ", this host " +
                         version_range(link::protocol_version_min, link::protocol_version_max) +
                         "; rebuild the older of the two"});
    }
    has_fault_hook_ = hello.has_fault_hook;
    if (!take_offers(hello))
        return;
    if (offer_->fixed_frame_count > link::frame_count_max)
        return fail({OB_ERR_PROTOCOL, who() + " demands blocks beyond the limit"});

    format_ = make_format(spec_->config, offer_->fixed_frame_count);
    const link::LinkShape shape = make_shape(format_, spec_->config.event_bytes);
    auto segments = Segments::create(shape);
    if (!segments)
        return fail(make_failure(segments.error(), "memory for " + who()));
    segments_ = std::move(*segments);

    wire::AttachT attach;
    attach.protocol = version;
    attach.host_name = context_.host_name;
    attach.lane_count = shape.lane_count;
    attach.input_channel_count = shape.input_channel_count;
    attach.output_channel_count = shape.output_channel_count;
    attach.frame_capacity = shape.frame_capacity;
    attach.slot_count = shape.slot_count;
    attach.event_bytes = shape.event_bytes;
    attach.dsp_priority = context_.dsp.priority;
    attach.dsp_cpus = context_.dsp.cpus;
    attach.dsp_spin_us = context_.dsp_spin_us;
    if (const auto sent = channel_.send(std::move(attach), segments_->handles()); !sent)
        return fail(make_failure(sent.error(), "cannot attach " + who()));
    enter(Phase::mapping, now_ns, mapping_limit_ns);
}

void Connection::on_mapped(const wire::MappedT& message, std::uint64_t now_ns)
{
    // Where this fails, the handle of the process has to do.
    if (auto thread = rt::os::open_thread(process_id_, message.dsp_thread_id))
        dsp_thread_ = std::move(*thread);
    if (const auto mapped = segments_->seal_and_map(); !mapped)
        return fail(make_failure(mapped.error(), who()));
    wire::AddLaneT lane;
    lane.lane = 0;
    lane.caller = context_.caller_index;
    lane.processor = offer_->name;
    lane.sample_rate_hz = format_.sample_rate_hz;
    lane.max_frame_count = format_.unit_frame_count_max();
    for (const ob_parameter_value& parameter : spec_->parameters)
        lane.parameters.emplace_back(parameter.id, parameter.value);
    const auto* const state = reinterpret_cast<const std::uint8_t*>(spec_->state.data());
    lane.state.assign(state, state + spec_->state.size());
    if (const auto sent = channel_.send(std::move(lane)); !sent)
        return fail(make_failure(sent.error(), "cannot load into " + who()));
    enter(Phase::loading, now_ns, context_.loading_limit_ns);
}

void Connection::on_lane_ready(const wire::LaneReadyT& ready)
{
    constexpr std::uint32_t latency_frames_max = 10'000'000;
    if (ready.latency_frames > latency_frames_max)
        return fail({OB_ERR_PROTOCOL, who() + " reports a latency beyond the limit"});
    ready_ = ready;
    format_.processor_latency_frames = ready.latency_frames;
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
            return fail(make_failure(source.error(), "checkpoints of " + who()));
        checkpoints_ = std::move(*source);
        start.checkpoint_area_bytes = checkpoints_->area_bytes();
        handles.push_back(checkpoints_->handle());
    }
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
    if (const auto sent = channel_.send(start, handles); !sent)
        return fail(make_failure(sent.error(), "cannot start " + who()));
    enter(Phase::starting, now_ns, context_.loading_limit_ns);
}

void Connection::on_lane_started(std::uint64_t now_ns)
{
    if (checkpoints_) {
        if (const auto mapped = checkpoints_->seal_and_map(); !mapped)
            return fail(make_failure(mapped.error(), who()));
    }
    link::BellsSegment& bells = segments_->bells();
    const LanePorts ports{.lane = segments_->lane(0),
                          .request = &bells.request,
                          .reply = &bells.replies[context_.caller_index],
                          .dsp_beat = &segments_->service().dsp_beat,
                          .in_progress = &segments_->service().in_progress,
                          .life = &segments_->service().life};
    replica_ = std::make_unique<Replica>(ports, process_id_);
    streaming_since_ns_ = now_ns;
    phase_ = Phase::streaming;
}

void Connection::request_checkpoint()
{
    checkpoints_->request(segments_->checkpoint_wanted(0));
    // The DSP thread may sleep in a pause of the stream: it writes the state after the last block.
    static_cast<void>(rt::ring(segments_->bells().request));
}

std::optional<Checkpoint> Connection::take_checkpoint()
{
    auto taken = checkpoints_->take();
    if (!taken) {
        fail(make_failure(taken.error(), who()));
        return std::nullopt;
    }
    return std::move(*taken);
}

void Connection::move_to(const DspPlace& place)
{
    OB_ASSERT(phase_ == Phase::streaming);
    context_.dsp = place;
    wire::PlaceDspThreadT message;
    message.priority = place.priority;
    message.cpus = place.cpus;
    // A service that takes no messages will be found dead; there is nothing else to do about it.
    if (channel_.send(std::move(message)))
        ++moves_under_way_;
}

void Connection::on_placed(const wire::DspThreadPlacedT& placed)
{
    --moves_under_way_;
    ready_.realtime_step = placed.realtime_step;
    ready_.realtime_priority = placed.realtime_priority;
    ready_.realtime_cpu = placed.realtime_cpu;
    ready_.realtime_description = placed.realtime_description;
}

void Connection::on_failed(const wire::FailedT& failed)
{
    const ob_status status = failed.status < 0 ? failed.status : OB_ERR_REFUSED;
    const std::string reason =
        failed.message.empty() ? std::string{ob_status_text(status)} : failed.message;
    fail({status, who() + " refused: " + reason});
}

void Connection::finish_error_output()
{
    error_output_.read(rt::os::monotonic_ns());
    error_output_.finish();
}

/// With the last line that it said, which often is the reason.
std::string Connection::last_said()
{
    finish_error_output();
    const std::string line = error_output_.last_line();
    return line.empty() ? "" : "; it said: " + line;
}

void Connection::on_hang_up()
{
    const std::string when = moment(phase_);
    if (!is_child_)
        return fail({OB_ERR_SERVICE_EXITED, who() + " hung up" + when});
    if (phase_ == Phase::streaming)
        return fail({OB_ERR_SERVICE_EXITED, who() + " ended" + when});
    const auto status = rt::os::reap(process_, rt::os::monotonic_ns() + leaving_limit_ns);
    is_reaped_ = status.has_value();
    fail({OB_ERR_SERVICE_EXITED,
          who() + " " + (status ? describe_exit(*status) : "hung up") + when + last_said()});
}

}  // namespace outboard::host
