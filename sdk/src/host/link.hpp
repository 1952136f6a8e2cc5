// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One service process from its start (or from being found) to its end, and the lanes that inserts
/// have in it. Never blocks but at its end: advance() does what can be done now.
///
///     greeting --Hello--> open --failure--> failed
///
///     claim_lane()   a free lane of that shape; where there is none, a further bank of lanes is
///                    handed over: Attach or AddBank --> Mapped or BankMapped
///     add_lane()     AddLane   --> LaneReady
///     start_lane()   StartLane --> LaneStarted
///     release_lane() RemoveLane --> LaneRemoved, and the lane is free again
///
/// What a service says of a lane waits in the link until the lane's owner (Connection) asks.

#include "rt/os/process.hpp"
#include "sdk/src/host/error_output.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/replica.hpp"
#include "sdk/src/host/segments.hpp"
#include "sdk/src/link/control_channel.hpp"

#include <outboard/host.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace outboard::host {

/// How and where a DSP thread runs.
struct DspPlace {
    std::int32_t priority = 0;  ///< SCHED_FIFO; 0: not real-time
    std::vector<int> cpus;      ///< empty: any
    bool operator==(const DspPlace&) const = default;
};

/// What a service is started for.
struct LinkSpec {
    std::string service;            ///< as in ob_insert_config
    std::string group;              ///< whose inserts share it; empty: one insert has it alone
    std::string host_name;          ///< told to the service
    std::string service_directory;  ///< empty: as installed
    bool has_fault_hook = false;
    std::uint32_t dsp_spin_us = 0;  ///< how long the DSP thread may spin before it sleeps

    [[nodiscard]] bool is_found_by_name() const noexcept { return service.front() == '@'; }
    /// Whether one process can be both.
    [[nodiscard]] bool may_share_with(const LinkSpec& other) const;
};

class Link {
public:
    enum class Phase : std::uint8_t { greeting, open, failed };

    /// Starts or finds the service. A failure shows as Phase::failed.
    /// @thread plain: the child dies with it
    explicit Link(LinkSpec spec);
    /// Ends a service that we started, within about a second; leaves a found one.
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Takes the messages that have come, and goes on with the handshake.
    void advance(std::uint64_t now_ns);

    [[nodiscard]] const LinkSpec& spec() const noexcept { return spec_; }
    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
    /// When advance() is due though nothing has come.
    [[nodiscard]] std::uint64_t due_ns() const noexcept;
    /// For polling; -1 when the channel is closed.
    [[nodiscard]] int socket() const noexcept;
    /// Whether another insert may come in: it lives, as far as can be seen, and has lanes left.
    [[nodiscard]] bool takes_lanes() const noexcept;
    [[nodiscard]] std::uint32_t lane_count() const noexcept { return taken_count_; }

    [[nodiscard]] const std::vector<wire::ProcessorOfferT>& offers() const noexcept
    {
        return offers_;
    }
    [[nodiscard]] const rt::os::UniqueHandle& process() const noexcept { return process_; }
    /// Of the thread that runs the processors; not open where the system has no such handles.
    [[nodiscard]] const rt::os::UniqueHandle& dsp_thread() const noexcept { return dsp_thread_; }
    [[nodiscard]] std::int32_t process_id() const noexcept { return process_id_; }
    [[nodiscard]] bool is_child() const noexcept { return is_child_; }
    [[nodiscard]] bool has_fault_hook() const noexcept { return has_fault_hook_; }
    /// What the service, if we started it, says on its standard error.
    [[nodiscard]] ErrorOutput& error_output() noexcept { return error_output_; }
    [[nodiscard]] const ErrorOutput& error_output() const noexcept { return error_output_; }
    /// Once it has ended: takes the rest.
    void finish_error_output();
    /// "service 'NAME'"
    [[nodiscard]] std::string who() const;
    /// What the DSP thread obtained, as the service told last.
    [[nodiscard]] const wire::DspThreadPlacedT& dsp_grant() const noexcept { return dsp_grant_; }
    /// @pre a lane was claimed
    [[nodiscard]] const link::ServiceSegment& service_words() const noexcept
    {
        return banks_.front().segments.service();
    }

    // ---- lanes ----

    /// @param place  where the lane's owner wants the DSP thread; the highest priority of all
    /// counts
    /// @return the lane's number; nothing while a bank is on its way, or when the link has failed
    [[nodiscard]] std::optional<std::uint32_t> claim_lane(const link::LinkShape& shape,
                                                          const DspPlace& place,
                                                          std::uint64_t now_ns);
    void release_lane(std::uint32_t lane);
    [[nodiscard]] rt::Result<void> add_lane(std::uint32_t lane, wire::AddLaneT message);
    [[nodiscard]] rt::Result<void> start_lane(std::uint32_t lane, wire::StartLaneT message,
                                              std::span<const int> handles);
    /// What became of it: LaneReady has come, LaneStarted has come, or a refusal.
    [[nodiscard]] const std::optional<wire::LaneReadyT>& ready(std::uint32_t lane) const
    {
        return lanes_[lane].ready;
    }
    [[nodiscard]] bool has_started(std::uint32_t lane) const { return lanes_[lane].has_started; }
    [[nodiscard]] const Failure& refusal(std::uint32_t lane) const { return lanes_[lane].refusal; }
    /// @pre the lane was claimed
    [[nodiscard]] LanePorts ports(std::uint32_t lane);
    /// Where the lane's requests for checkpoints are counted.
    [[nodiscard]] std::atomic<std::uint64_t>& checkpoint_wanted(std::uint32_t lane) const noexcept;
    /// Wakes the DSP thread from a pause of the stream.
    void ring() { static_cast<void>(rt::ring(bells_->words().request)); }
    void place_lane(std::uint32_t lane, const DspPlace& place);

    template <typename Table>
    [[nodiscard]] rt::Result<void> send(Table message) const
    {
        return channel_.send(std::move(message));
    }
    /// Sends a request of a lane; its answer appears under the same number in take_reply().
    template <typename Table>
    [[nodiscard]] rt::Result<void> ask(std::uint32_t lane, Table message)
    {
        lanes_[lane].awaited.insert(message.request);
        message.request = note_request({lane, message.request});
        return channel_.send(std::move(message));
    }
    [[nodiscard]] std::optional<wire::BodyUnion> take_reply(std::uint32_t lane,
                                                            std::uint32_t request);
    [[nodiscard]] bool awaits(std::uint32_t lane, std::uint32_t request) const
    {
        return lanes_[lane].awaited.contains(request);
    }

private:
    struct Bank {
        Segments segments;
        std::uint32_t first_lane;
        std::uint64_t limit_at_ns;  ///< for the service to map it
        bool is_mapped;
    };
    struct Lane {
        std::uint32_t bank = 0;
        bool is_taken = false;
        bool is_added = false;  ///< the service has heard of it
        bool is_starting = false;
        bool has_started = false;
        bool is_leaving = false;
        DspPlace place;
        std::optional<wire::LaneReadyT> ready;
        Failure refusal;
        std::set<std::uint32_t> awaited;  ///< requests without an answer; nothing else is kept
        std::map<std::uint32_t, wire::BodyUnion> replies;
    };
    struct Request {
        std::uint32_t lane;
        std::uint32_t number;  ///< of the lane's owner; 0: about the lane itself
    };

    void start_child(const std::string& executable);
    void connect_to_found();
    void take_messages();
    void handle(wire::BodyUnion& body);
    [[nodiscard]] bool handle_bank_message(const wire::BodyUnion& body);
    [[nodiscard]] bool handle_lane_message(const wire::BodyUnion& body);
    [[nodiscard]] bool handle_reply(wire::BodyUnion& body);
    void on_hello(const wire::HelloT& hello);
    void on_placed(const wire::DspThreadPlacedT& placed);
    [[nodiscard]] bool on_ready(const wire::LaneReadyT& ready);
    [[nodiscard]] bool on_started(std::uint32_t number);
    [[nodiscard]] bool on_removed(std::uint32_t number);
    void on_hang_up();
    [[nodiscard]] std::string last_said();
    [[nodiscard]] Failure refusal_of(const wire::FailedT& failed) const;
    void add_bank(link::LinkShape shape, const DspPlace& place, std::uint64_t now_ns);
    [[nodiscard]] rt::Result<void> send_attach(const Segments& segments, const DspPlace& place);
    [[nodiscard]] rt::Result<void> send_bank(const Segments& segments) const;
    [[nodiscard]] bool is_mapped() const noexcept;
    [[nodiscard]] std::uint32_t index_in_bank(std::uint32_t lane) const noexcept
    {
        return lane - banks_[lanes_[lane].bank].first_lane;
    }
    [[nodiscard]] std::uint32_t note_request(const Request& request);
    void forget_request_about(std::uint32_t lane);
    void update_place();
    [[nodiscard]] DspPlace wanted_place() const;
    void fail(Failure failure);

    LinkSpec spec_;
    Phase phase_ = Phase::greeting;
    Failure failure_;
    std::uint64_t greeting_limit_at_ns_ = 0;
    std::uint16_t version_ = 0;

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

    std::optional<Bells> bells_;
    std::vector<Bank> banks_;
    std::vector<Lane> lanes_;
    std::uint32_t taken_count_ = 0;
    std::map<std::uint32_t, Request> requests_;  ///< by their number on the wire
    std::uint32_t last_request_ = 0;
    DspPlace place_;  ///< what the service was told last
    std::uint32_t moves_under_way_ = 0;
    wire::DspThreadPlacedT dsp_grant_;
};

}  // namespace outboard::host
