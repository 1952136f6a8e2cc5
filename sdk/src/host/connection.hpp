// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One insert's lane in a service, from its start to its end, as the plain thread of the host sees
/// it. Never blocks: advance() does what can be done now.
///
///     greeting --the link is open--> mapping --a lane is free--> loading --LaneReady--> loaded
///                                                                               | start_lane()
///                                             streaming <--LaneStarted-- starting
///     any of them --failure--> failed

#include "sdk/src/host/checkpoint_source.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/insert_format.hpp"
#include "sdk/src/host/insert_spec.hpp"
#include "sdk/src/host/link.hpp"
#include "sdk/src/host/replica.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outboard::host {

/// What a lane is for.
struct LaneContext {
    DspPlace dsp;                                     ///< where the DSP thread is wanted
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

    /// @param spec  must outlive the connection
    Connection(const InsertSpec& spec, LaneContext context, std::shared_ptr<Link> link);
    /// Gives the lane back. @pre neither the caller nor the supervisor has its replica
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Goes on as far as the link has come; advance the link first.
    void advance(std::uint64_t now_ns);

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
    /// When advance() is due though nothing has come.
    [[nodiscard]] std::uint64_t due_ns() const noexcept;
    [[nodiscard]] Link& link() noexcept { return *link_; }
    [[nodiscard]] const Link& link() const noexcept { return *link_; }
    [[nodiscard]] const std::shared_ptr<Link>& shared_link() const noexcept { return link_; }

    // From `mapping` on
    [[nodiscard]] const wire::ProcessorOfferT& offer() const noexcept { return *offer_; }

    // From `loaded` on
    [[nodiscard]] const InsertFormat& format() const noexcept { return format_; }
    [[nodiscard]] const wire::LaneReadyT& ready() const noexcept { return ready_; }
    /// @pre phase() is, or was, streaming
    [[nodiscard]] Replica& replica() noexcept { return *replica_; }
    [[nodiscard]] const Replica& replica() const noexcept { return *replica_; }

    [[nodiscard]] std::int32_t process_id() const noexcept { return link_->process_id(); }
    [[nodiscard]] bool is_child() const noexcept { return link_->is_child(); }
    [[nodiscard]] std::uint64_t streaming_since_ns() const noexcept { return streaming_since_ns_; }

    /// Lets the loaded lane stream, after it has restored `checkpoint` if that is not null.
    /// @pre phase() is loaded
    void start_lane(const Checkpoint* checkpoint, std::uint64_t now_ns);
    /// Lets the lane go on behind another checkpoint. It streams again when is_restoring() says no.
    /// @pre phase() is streaming; nothing was posted to the lane, nor can be meanwhile
    void restore_lane(const Checkpoint& checkpoint, std::uint64_t now_ns);
    [[nodiscard]] bool is_restoring() const noexcept { return is_restoring_; }
    /// Whether the processor can hand its state on. @pre phase() is streaming
    [[nodiscard]] bool has_checkpoints() const noexcept { return checkpoints_.has_value(); }
    void request_checkpoint();
    /// @return nothing while it has not come; an error, after which the connection has failed
    [[nodiscard]] std::optional<Checkpoint> take_checkpoint();

    /// Where the DSP thread is wanted. @pre phase() is streaming
    [[nodiscard]] const DspPlace& place() const noexcept { return context_.dsp; }
    void move_to(const DspPlace& place);

    /// Turns a connection that streams, but cannot be used, into a failed one.
    void give_up() noexcept { phase_ = Phase::failed; }

    /// Sends a request; its answer appears under the same number in take_reply().
    template <typename Table>
    [[nodiscard]] rt::Result<void> ask(Table message)
    {
        message.lane = *lane_;
        return link_->ask(*lane_, std::move(message));
    }
    [[nodiscard]] std::optional<wire::BodyUnion> take_reply(std::uint32_t request)
    {
        return lane_ ? link_->take_reply(*lane_, request) : std::nullopt;
    }
    [[nodiscard]] bool awaits(std::uint32_t request) const
    {
        return lane_ && link_->awaits(*lane_, request);
    }

private:
    void choose_processor();
    void claim_lane(std::uint64_t now_ns);
    void on_ready();
    void on_started(std::uint64_t now_ns);
    void send_start(wire::StartLaneT start, std::vector<int> handles, const Checkpoint* checkpoint);
    [[nodiscard]] std::uint64_t limit_at_ns() const noexcept;
    void enter(Phase phase, std::uint64_t now_ns);
    void fail(Failure failure);
    void fail_late();

    const InsertSpec* spec_;
    LaneContext context_;
    std::shared_ptr<Link> link_;
    Phase phase_ = Phase::greeting;
    Failure failure_;
    bool is_restoring_ = false;  ///< while it streams
    std::uint64_t limit_at_ns_ = 0;
    std::uint64_t streaming_since_ns_ = 0;

    const wire::ProcessorOfferT* offer_ = nullptr;
    InsertFormat format_{};
    std::optional<std::uint32_t> lane_;
    std::optional<CheckpointSource> checkpoints_;
    wire::LaneReadyT ready_;
    std::unique_ptr<Replica> replica_;
};

}  // namespace outboard::host
