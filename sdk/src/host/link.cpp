// SPDX-License-Identifier: MIT
//
// The process behind a link and its messages. Its lanes are in link_lanes.cpp.

#include "sdk/src/host/link.hpp"

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

/// All built-in processors are in one program.
[[nodiscard]] bool is_builtin(const LinkSpec& spec) noexcept
{
    return !spec.is_found_by_name() && spec.service.find('/') == std::string::npos;
}

}  // namespace

bool LinkSpec::may_share_with(const LinkSpec& other) const
{
    const bool is_same_program =
        service == other.service || (is_builtin(*this) && is_builtin(other));
    return !group.empty() && group == other.group && is_same_program &&
           has_fault_hook == other.has_fault_hook && dsp_spin_us == other.dsp_spin_us;
}

Link::Link(LinkSpec spec)
    : spec_(std::move(spec)),
      greeting_limit_at_ns_(rt::os::monotonic_ns() + greeting_limit_ns)
{
    if (spec_.is_found_by_name()) {
        connect_to_found();
        return;
    }
    const char* const directory =
        spec_.service_directory.empty() ? nullptr : spec_.service_directory.c_str();
    const auto executable = registry::find_executable(spec_.service, directory);
    if (!executable) {
        fail(make_failure(executable.error(), who()));
    } else {
        start_child(*executable);
    }
}

Link::~Link()
{
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

void Link::start_child(const std::string& executable)
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
    if (spec_.has_fault_hook)
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

void Link::connect_to_found()
{
    const std::string name = spec_.service.substr(1);
    const auto path = registry::socket_path(name);
    if (!path)
        return fail(make_failure(path.error(), who()));
    auto socket = rt::os::connect_to(*path);
    if (!socket) {
        Failure failure = make_failure(socket.error(), "no service listens as '" + name + "'");
        failure.message += " (start it: outboard serve --name " + name + ")";
        return fail(std::move(failure));
    }
    const auto peer = rt::os::peer_credentials(*socket);
    if (!peer)
        return fail(make_failure(peer.error(), who()));
    if (peer->user_id != rt::os::current_user_id() && peer->user_id != 0) {
        return fail({OB_ERR_NO_PERMISSION,
                     who() + " belongs to another user (" + std::to_string(peer->user_id) + ")"});
    }
    auto process = rt::os::open_process(peer->process_id);
    if (!process)
        return fail(make_failure(process.error(), who()));
    process_id_ = peer->process_id;
    process_ = std::move(*process);
    channel_ = link::ControlChannel{std::move(*socket)};
}

std::string Link::who() const
{
    return "service '" + (executable_.empty() ? spec_.service : executable_) + "'";
}

void Link::fail(Failure failure)
{
    phase_ = Phase::failed;
    failure_ = std::move(failure);
}

std::uint64_t Link::due_ns() const noexcept
{
    std::uint64_t due_ns = error_output_.due_ns();
    if (phase_ == Phase::greeting)
        due_ns = std::min(due_ns, greeting_limit_at_ns_);
    for (const Bank& bank : banks_) {
        if (phase_ == Phase::open && !bank.is_mapped)
            due_ns = std::min(due_ns, bank.limit_at_ns);
    }
    return due_ns;
}

int Link::socket() const noexcept
{
    return phase_ == Phase::failed ? -1 : channel_.socket().get();
}

void Link::advance(std::uint64_t now_ns)
{
    error_output_.read(now_ns);
    take_messages();
    if (phase_ == Phase::greeting && now_ns >= greeting_limit_at_ns_) {
        return fail(
            {OB_ERR_TIMED_OUT, who() + " did not say hello; does it call ob_serve()? (limit 1 s)"});
    }
    const bool is_mapping_late = std::any_of(banks_.begin(), banks_.end(), [&](const Bank& bank) {
        return !bank.is_mapped && now_ns >= bank.limit_at_ns;
    });
    if (phase_ == Phase::open && is_mapping_late)
        fail({OB_ERR_TIMED_OUT, who() + " did not map its memory (limit 5 s)"});
}

void Link::take_messages()
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
        handle(message->body);
    }
}

void Link::handle(wire::BodyUnion& body)
{
    if (body.AsLog() != nullptr)
        return;
    if (const auto* hello = body.AsHello(); hello != nullptr && phase_ == Phase::greeting)
        return on_hello(*hello);
    if (const auto* placed = body.AsDspThreadPlaced(); placed != nullptr && moves_under_way_ != 0)
        return on_placed(*placed);
    if (const auto* failed = body.AsFailed(); failed != nullptr && failed->request == 0)
        return fail(refusal_of(*failed));
    if (!handle_bank_message(body) && !handle_lane_message(body) && !handle_reply(body))
        fail({OB_ERR_PROTOCOL, who() + " sent a message out of turn"});
}

Failure Link::refusal_of(const wire::FailedT& failed) const
{
    const ob_status status = failed.status < 0 ? failed.status : OB_ERR_REFUSED;
    const std::string reason =
        failed.message.empty() ? std::string{ob_status_text(status)} : failed.message;
    return {status, who() + " refused: " + reason};
}

void Link::on_hello(const wire::HelloT& hello)
{
    version_ = link::common_version(hello.protocol_min, hello.protocol_max);
    if (version_ == 0) {
        return fail({OB_ERR_VERSION,
                     who() + " speaks protocol " +
                         version_range(hello.protocol_min, hello.protocol_max) + ", this host " +
                         version_range(link::protocol_version_min, link::protocol_version_max) +
                         "; rebuild the older of the two"});
    }
    has_fault_hook_ = hello.has_fault_hook;
    for (const auto& offer : hello.processors) {
        if (!registry::is_valid_name(offer->name))
            return fail({OB_ERR_PROTOCOL, who() + " offers a processor whose name is none"});
        if (offer->fixed_frame_count > link::frame_count_max)
            return fail({OB_ERR_PROTOCOL, who() + " demands blocks beyond the limit"});
        offers_.push_back(*offer);
    }
    phase_ = Phase::open;
}

bool Link::handle_reply(wire::BodyUnion& body)
{
    std::uint32_t number = 0;  // which no request has
    const wire::FailedT* const failed = body.AsFailed();
    if (failed != nullptr) {
        number = failed->request;
    } else if (const auto* state = body.AsSavedState(); state != nullptr) {
        number = state->request;
    } else if (const auto* loaded = body.AsStateLoaded(); loaded != nullptr) {
        number = loaded->request;
    }
    const auto found = requests_.find(number);
    if (found == requests_.end())
        return false;
    const Request request = found->second;
    Lane& lane = lanes_[request.lane];
    if (request.number == 0 && failed == nullptr)
        return false;
    requests_.erase(found);
    if (lane.is_leaving)
        return true;
    if (request.number == 0) {
        lane.refusal = refusal_of(*failed);
    } else {
        lane.awaited.erase(request.number);
        lane.replies[request.number] = std::move(body);
    }
    return true;
}

std::optional<wire::BodyUnion> Link::take_reply(std::uint32_t lane, std::uint32_t request)
{
    auto& replies = lanes_[lane].replies;
    const auto found = replies.find(request);
    if (found == replies.end())
        return std::nullopt;
    wire::BodyUnion body = std::move(found->second);
    replies.erase(found);
    return body;
}

std::uint32_t Link::note_request(const Request& request)
{
    requests_[++last_request_] = request;
    return last_request_;
}

void Link::finish_error_output()
{
    error_output_.read(rt::os::monotonic_ns());
    error_output_.finish();
}

/// With the last line that it said, which often is the reason.
std::string Link::last_said()
{
    finish_error_output();
    const std::string line = error_output_.last_line();
    return line.empty() ? "" : "; it said: " + line;
}

void Link::on_hang_up()
{
    const bool has_streamed = std::any_of(lanes_.begin(), lanes_.end(),
                                          [](const Lane& lane) { return lane.has_started; });
    const std::string when = phase_ == Phase::greeting ? " before it said hello"
                             : has_streamed            ? " while streaming"
                             : is_mapped()             ? " while it was loading"
                                                       : " while it was mapping memory";
    if (!is_child_)
        return fail({OB_ERR_SERVICE_EXITED, who() + " hung up" + when});
    if (has_streamed)  // the supervisor sees the end, and keeps it for the crash report
        return fail({OB_ERR_SERVICE_EXITED, who() + " ended" + when});
    const auto status = rt::os::reap(process_, rt::os::monotonic_ns() + leaving_limit_ns);
    is_reaped_ = status.has_value();
    fail({OB_ERR_SERVICE_EXITED,
          who() + " " + (status ? describe_exit(*status) : "hung up") + when + last_said()});
}

}  // namespace outboard::host
