// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One service process from its start (or from being found) to its end, as the plain thread of the
/// host sees it. Never blocks: advance() does what can be done now.
///
///     greeting --Hello--> mapping --Mapped--> loading --LaneReady--> loaded
///                                                                      | start_lane()
///                                             streaming <--LaneStarted-- starting
///     any of them --failure--> failed

#include "rt/os/process.hpp"
#include "sdk/src/host/checkpoint_source.hpp"
#include "sdk/src/host/error_output.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/insert_format.hpp"
#include "sdk/src/host/insert_spec.hpp"
#include "sdk/src/host/replica.hpp"
#include "sdk/src/host/segments.hpp"
#include "sdk/src/link/control_channel.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace outboard::host {

/// How and where a DSP thread runs.
struct DspPlace {
    std::int32_t priority = 0;  ///< SCHED_FIFO; 0: not real-time
    std::vector<int> cpus;      ///< empty: any
    bool operator==(const DspPlace&) const = default;
};

/// What a service is told about its surroundings.
struct HostContext {
    std::string host_name;
    std::string service_directory;  ///< empty: as installed
    std::uint32_t caller_index = 0;
    DspPlace dsp;
    std::uint32_t dsp_spin_us = 0;  ///< how long the DSP thread may spin before it sleeps
    std::uint64_t loading_limit_ns = 30'000'000'000;  ///< for a processor to be ready
};

class Connection {
public:
    enum class Phase : std::uint8_t {
        greeting,
        mapping,
        loading,
        loaded,
        starting,
        streaming,
        failed
    };

    /// Starts or finds the service. A failure shows as Phase::failed.
    /// @param spec     must outlive the connection
    /// @thread plain: the child dies with it
    Connection(const InsertSpec& spec, const HostContext& context);
    /// Ends a service that we started, within about a second; leaves a found one.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Takes the messages that have come, and goes on with the handshake.
    void advance(std::uint64_t now_ns);

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
    /// When advance() is due though nothing has come.
    [[nodiscard]] std::uint64_t due_ns() const noexcept;
    /// For polling; -1 when the channel is closed.
    [[nodiscard]] int socket() const noexcept;

    // From `mapping` on
    [[nodiscard]] const std::vector<wire::ProcessorOfferT>& offers() const noexcept
    {
        return offers_;
    }
    [[nodiscard]] const wire::ProcessorOfferT& offer() const noexcept { return *offer_; }

    // From `loaded` on
    [[nodiscard]] const InsertFormat& format() const noexcept { return format_; }
    [[nodiscard]] const wire::LaneReadyT& ready() const noexcept { return ready_; }
    /// @pre phase() is, or was, streaming
    [[nodiscard]] Replica& replica() noexcept { return *replica_; }
    [[nodiscard]] const Replica& replica() const noexcept { return *replica_; }

    [[nodiscard]] const rt::os::UniqueHandle& process() const noexcept { return process_; }
    /// Of the thread that runs the processor; not open where the system has no such handles.
    [[nodiscard]] const rt::os::UniqueHandle& dsp_thread() const noexcept { return dsp_thread_; }
    [[nodiscard]] std::int32_t process_id() const noexcept { return process_id_; }
    [[nodiscard]] bool is_child() const noexcept { return is_child_; }
    [[nodiscard]] bool has_fault_hook() const noexcept { return has_fault_hook_; }
    [[nodiscard]] bool is_locked() const noexcept { return segments_ && segments_->is_locked(); }
    /// What the service, if we started it, says on its standard error.
    [[nodiscard]] ErrorOutput& error_output() noexcept { return error_output_; }
    [[nodiscard]] const ErrorOutput& error_output() const noexcept { return error_output_; }
    /// Once it has ended: takes the rest.
    void finish_error_output();
    /// @pre the connection has streamed
    [[nodiscard]] const link::ServiceSegment& service_words() const noexcept
    {
        return segments_->service();
    }
    [[nodiscard]] std::uint64_t streaming_since_ns() const noexcept { return streaming_since_ns_; }

    /// Lets the loaded lane stream, after it has restored `checkpoint` if that is not null.
    /// @pre phase() is loaded
    void start_lane(const Checkpoint* checkpoint, std::uint64_t now_ns);
    /// Whether the processor can hand its state on. @pre phase() is streaming
    [[nodiscard]] bool has_checkpoints() const noexcept { return checkpoints_.has_value(); }
    void request_checkpoint();
    /// @return nothing while it has not come; an error, after which the connection has failed
    [[nodiscard]] std::optional<Checkpoint> take_checkpoint();

    /// Where the DSP thread was told to run last.
    [[nodiscard]] const DspPlace& place() const noexcept { return context_.dsp; }
    /// Moves the DSP thread. @pre phase() is streaming
    void move_to(const DspPlace& place);

    /// Turns a connection that streams, but cannot be used, into a failed one.
    void give_up() noexcept { phase_ = Phase::failed; }

    template <typename Table>
    [[nodiscard]] rt::Result<void> send(Table message) const
    {
        return channel_.send(std::move(message));
    }
    /// Sends a request; its answer appears under the same number in take_reply().
    template <typename Table>
    [[nodiscard]] rt::Result<void> ask(Table message)
    {
        awaited_.insert(message.request);
        return channel_.send(std::move(message));
    }
    [[nodiscard]] std::optional<wire::BodyUnion> take_reply(std::uint32_t request);
    [[nodiscard]] bool awaits(std::uint32_t request) const { return awaited_.contains(request); }

private:
    void start_child(const std::string& executable);
    void connect_to_found();
    void take_messages(std::uint64_t now_ns);
    void handle(wire::BodyUnion& body, std::uint64_t now_ns);
    [[nodiscard]] bool keep_reply(std::uint32_t request, wire::BodyUnion& body);
    void on_hello(const wire::HelloT& hello, std::uint64_t now_ns);
    void on_mapped(const wire::MappedT& message, std::uint64_t now_ns);
    void on_lane_ready(const wire::LaneReadyT& ready);
    void on_lane_started(std::uint64_t now_ns);
    void on_placed(const wire::DspThreadPlacedT& placed);
    void on_failed(const wire::FailedT& failed);
    void on_hang_up();
    [[nodiscard]] std::string last_said();
    [[nodiscard]] std::uint64_t limit_at_ns() const noexcept;
    [[nodiscard]] bool take_offers(const wire::HelloT& hello);
    [[nodiscard]] bool choose_processor();
    void enter(Phase phase, std::uint64_t now_ns, std::uint64_t limit_ns);
    void fail(Failure failure);
    [[nodiscard]] std::string who() const;

    const InsertSpec* spec_;
    HostContext context_;
    Phase phase_ = Phase::greeting;
    Failure failure_;
    std::uint64_t limit_at_ns_ = 0;
    std::uint64_t limit_ns_ = 0;
    std::uint64_t streaming_since_ns_ = 0;

    std::string executable_;
    std::int32_t process_id_ = -1;
    rt::os::UniqueHandle process_;
    rt::os::UniqueHandle dsp_thread_;
    bool is_child_ = false;
    bool is_reaped_ = false;
    bool has_fault_hook_ = false;
    link::ControlChannel channel_;
    ErrorOutput error_output_;

    std::vector<wire::ProcessorOfferT> offers_;
    const wire::ProcessorOfferT* offer_ = nullptr;
    InsertFormat format_{};
    std::optional<Segments> segments_;
    std::optional<CheckpointSource> checkpoints_;
    wire::LaneReadyT ready_;
    std::unique_ptr<Replica> replica_;
    std::uint32_t moves_under_way_ = 0;
    std::set<std::uint32_t> awaited_;  ///< requests without an answer; nothing else is kept
    std::map<std::uint32_t, wire::BodyUnion> replies_;
};

}  // namespace outboard::host
