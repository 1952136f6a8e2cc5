// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Control side of an insert: keeps it served. Starts the first service, replaces each that is
/// lost, and answers what control threads ask. The audio side is InsertStream.
///
/// All functions but stream() are called with the host's mutex held, by the plain thread
/// (advance(), add_handles()) or by a control thread.

#include "rt/os/poll.hpp"
#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/connection.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/insert_spec.hpp"
#include "sdk/src/host/insert_stream.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/statistics.hpp"
#include "sdk/src/host/supervisor.hpp"

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace outboard::host {

struct LogLine {
    ob_log_level level;
    std::string text;
    bool is_of_service = false;  ///< what it said itself
};

class Insert {
public:
    Insert(Caller& caller, Supervisor& supervisor, HostContext context, InsertSpec spec);
    /// Ends its services. @pre no thread is inside the stream; not called with the mutex held
    ~Insert();
    Insert(const Insert&) = delete;
    Insert& operator=(const Insert&) = delete;

    // ---- plain thread ----
    /// Goes on with handshakes, clears away what is lost, starts what is missing.
    void advance(std::uint64_t now_ns);
    void add_handles(std::vector<rt::os::PollEntry>& entries) const;
    /// What is to be logged, without the mutex.
    [[nodiscard]] std::vector<LogLine> take_log() { return std::exchange(log_, {}); }
    [[nodiscard]] std::uint64_t due_ns() const;

    // ---- control ----
    [[nodiscard]] bool has_started() const noexcept { return stream_ != nullptr; }
    /// Why the first start failed; then nothing more is tried.
    [[nodiscard]] const Failure& start_failure() const noexcept { return start_failure_; }
    [[nodiscard]] ob_insert_status status() const;
    [[nodiscard]] ob_insert_forecast forecast() const;
    [[nodiscard]] Failure inject_fault(ob_fault fault, std::uint32_t argument);
    [[nodiscard]] std::optional<ob_crash_report> next_crash_report();
    /// Sends a request to the streaming service. @return its number, or why it cannot be sent
    [[nodiscard]] std::uint32_t request_saved_state(Failure& failure);
    [[nodiscard]] std::uint32_t request_loaded_state(std::span<const std::byte> state,
                                                     Failure& failure);
    /// The answer to a request, once it has come.
    [[nodiscard]] std::optional<wire::BodyUnion> take_reply(std::uint32_t request);
    /// After the service has said that it loaded: makes it the state of this and all later ones.
    void adopt_state(std::span<const std::byte> state, std::uint32_t request);

    // ---- any, without the mutex, once has_started() ----
    [[nodiscard]] InsertStream& stream() const noexcept { return *stream_; }
    [[nodiscard]] ParameterStore& parameters() noexcept { return *parameters_; }
    [[nodiscard]] const ParameterStore& parameters() const noexcept { return *parameters_; }
    [[nodiscard]] Statistics& statistics() noexcept { return statistics_; }
    [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }

private:
    struct Served {
        std::unique_ptr<Connection> connection;
        bool is_offered = false;
        std::uint64_t state_version = 0;
        const Connection* survivor = nullptr;   ///< asked for a checkpoint for this newcomer
        std::optional<std::uint64_t> restored;  ///< the unit after which its checkpoint was taken
        bool is_from_start = false;             ///< started before the stream
        bool has_lied = false;                  ///< it said that it was dying, and lived on
        std::uint64_t dying_since_ns = 0;       ///< when the caller let it go at its own word
    };

    void advance_one(Served& served, std::uint64_t now_ns);
    void end_if_it_lied(Served& served, std::uint64_t now_ns);
    void start_if_loaded(Served& served, std::uint64_t now_ns);
    void start_with_checkpoint(Served& served, Connection& survivor, std::uint64_t now_ns);
    void join(Served& served) const;
    void offer_streaming();
    void offer(Served& served);
    [[nodiscard]] Failure check_usable(const Served& served) const;
    void refuse(Connection& connection, Failure failure);
    [[nodiscard]] Failure check_standby(const wire::ProcessorOfferT& offer) const;
    [[nodiscard]] HostContext context_for_next() const;
    void update_hedge();
    [[nodiscard]] std::uint32_t standby_count_in_step() const;
    [[nodiscard]] ob_guarantee guarantee(std::string& reason) const;
    void note_loss(const Served& lost, std::uint64_t now_ns);
    void report_crash(Connection& lost, ob_cause cause);
    void take_error_output(Connection& connection);
    void on_failed_start(Connection& connection, std::uint64_t now_ns);
    void clear_away(std::uint64_t now_ns);
    [[nodiscard]] bool is_lost(const Served& served) const;
    [[nodiscard]] bool is_free_of_caller(const Served& served) const;
    void start_missing(std::uint64_t now_ns);
    [[nodiscard]] bool is_circuit_open() const noexcept;
    void note_life(std::uint64_t lived_ns, std::uint64_t now_ns);
    [[nodiscard]] Failure make_stream(Connection& connection);
    [[nodiscard]] Failure check_same_processor(const Connection& connection) const;
    /// The connection whose replica is played; else one that is in step; else any that streams.
    [[nodiscard]] Connection* streaming() const noexcept;

    Caller* caller_;
    Supervisor* supervisor_;
    HostContext context_;
    InsertSpec spec_;
    Statistics statistics_;
    std::unique_ptr<ParameterStore> parameters_;
    std::unique_ptr<InsertStream> stream_;
    wire::ProcessorOfferT offer_;
    InsertFormat format_{};
    std::vector<Served> served_;

    std::vector<LogLine> log_;
    std::deque<ob_crash_report> crash_reports_;
    Failure start_failure_;
    Failure last_failure_;
    std::uint32_t generation_ = 0;
    std::uint32_t short_lives_ = 0;  ///< in a row: the length of the pause follows from it
    std::uint64_t retry_at_ns_ = 0;
    std::uint32_t last_request_ = 0;
    std::uint64_t state_version_ = 0;
};

}  // namespace outboard::host
