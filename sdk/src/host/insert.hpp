// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Control side of an insert: keeps it served. Starts the first service, replaces each that is
/// lost, and answers what control threads ask. The audio side is InsertStream.
///
/// All functions but stream() are called with the host's mutex held, by the plain thread
/// (advance()) or by a control thread.

#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/connection.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/held_checkpoints.hpp"
#include "sdk/src/host/insert_spec.hpp"
#include "sdk/src/host/insert_stream.hpp"
#include "sdk/src/host/link_pool.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/standby_placement.hpp"
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

/// Where the DSP threads of an insert may run.
struct InsertPlaces {
    DspPlace primary;
    bool shares_caller_cpu = false;  ///< the primary runs on the CPU the caller is pinned to
    std::vector<int> other_cpus;     ///< without the caller's; empty: there is none
    std::size_t cpu_count = 1;
};

/// What an insert has from its host.
struct InsertSurroundings {
    LinkPool* links = nullptr;
    LinkSpec link;  ///< of each service that it starts
    InsertPlaces places;
    std::uint32_t number = 0;  ///< counts the host's inserts, from 1
};

/// Whether standbys can run where the configuration wants them.
[[nodiscard]] Failure check_placement(const InsertPlaces& places, const InsertSpec& spec);

class Insert {
public:
    Insert(Caller& caller, Supervisor& supervisor, InsertSurroundings surroundings,
           InsertSpec spec);
    /// @pre release_lanes() was called; no thread is inside the stream
    ~Insert() = default;
    Insert(const Insert&) = delete;
    Insert& operator=(const Insert&) = delete;

    // ---- plain thread ----
    /// Goes on with handshakes, clears away what is lost, starts what is missing.
    void advance(std::uint64_t now_ns);
    /// What is to be logged, without the mutex.
    [[nodiscard]] std::vector<LogLine> take_log() { return std::exchange(log_, {}); }
    [[nodiscard]] std::uint64_t due_ns() const;

    // ---- control ----
    /// The end of it. @return the links that it had lanes in: to be let go of without the mutex,
    /// because the last one to do so waits for the service's end
    [[nodiscard]] std::vector<std::shared_ptr<Link>> release_lanes();
    [[nodiscard]] bool has_started() const noexcept { return stream_ != nullptr; }
    [[nodiscard]] std::uint32_t number() const noexcept { return surroundings_.number; }
    [[nodiscard]] const Caller& caller() const noexcept { return *caller_; }
    [[nodiscard]] const InsertSpec& spec() const noexcept { return spec_; }
    /// Why the first start failed; then nothing more is tried.
    [[nodiscard]] const Failure& start_failure() const noexcept { return start_failure_; }
    [[nodiscard]] ob_insert_status status() const;
    [[nodiscard]] ob_insert_forecast forecast() const;
    /// @pre standby_count <= standby_count_max
    [[nodiscard]] Failure set_standby_count(std::uint32_t standby_count);
    [[nodiscard]] Failure inject_fault(ob_fault fault, std::uint32_t argument);
    [[nodiscard]] std::optional<ob_crash_report> next_crash_report();
    /// Sends a request to the primary, or to all replicas. @return its number, or why it cannot be
    /// sent
    [[nodiscard]] std::uint32_t request_saved_state(Failure& failure);
    [[nodiscard]] std::uint32_t request_loaded_state(std::span<const std::byte> state,
                                                     Failure& failure);
    /// The answer to a request, once it has come.
    [[nodiscard]] std::optional<wire::BodyUnion> take_reply(std::uint32_t request);
    /// Takes what replicas answered to request_loaded_state(). @return whether all have
    [[nodiscard]] bool has_loaded_state(std::uint32_t request, Failure& failure);
    /// Lets go of standbys that did not answer. @return why the primary has not, if so
    [[nodiscard]] Failure end_loading(std::uint32_t request);
    /// After the services have said that they loaded: makes it the state of these and all later
    /// ones.
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
        std::int32_t survivor = -1;  ///< process that was asked for a checkpoint for this newcomer
        std::optional<std::uint64_t> first_sequence;  ///< the unit that its knowledge ends before
        bool is_of_exact = true;     ///< the survivor's output was the same as what was played
        bool is_from_start = false;  ///< started before the stream
        bool is_from_held = false;   ///< from a checkpoint that was laid by
        bool is_reserve = false;     ///< warm: the caller has not called it in, as far as we know
        bool is_renewing = false;    ///< in reserve, being laid behind a newer checkpoint
        bool is_told_diverged = false;     ///< the log has it
        bool has_lied = false;             ///< it said that it was dying, and lived on
        std::uint64_t dying_since_ns = 0;  ///< when the caller let it go at its own word
    };

    void advance_one(Served& served, std::uint64_t now_ns);
    void end_if_it_lied(Served& served, std::uint64_t now_ns);
    void start_if_loaded(Served& served, std::uint64_t now_ns);
    [[nodiscard]] bool is_another_under_way(const Served& served) const;
    void start_with_checkpoint(Served& served, Connection& survivor, std::uint64_t now_ns);
    void start_from_held(Served& served, std::uint64_t now_ns);
    void hold_checkpoints(std::uint64_t now_ns);
    void wake_if_idle(Connection& source) const;
    void fetch_checkpoint(Connection& source, std::uint64_t now_ns);
    [[nodiscard]] Connection* checkpoint_source() const noexcept;
    [[nodiscard]] std::uint64_t checkpoint_due_ns(std::uint64_t now_ns) const noexcept;
    void join(Served& served) const;
    void offer_streaming();
    void offer(Served& served);
    [[nodiscard]] Failure check_usable(const Served& served) const;
    void refuse(Connection& connection, Failure failure);
    [[nodiscard]] static Failure check_standby(const wire::ProcessorOfferT& offer);

    // warm standby
    void put_in_reserve(Served& served);
    [[nodiscard]] Served* reserve() noexcept;
    [[nodiscard]] const Served* ready_reserve() const;
    void look_after_reserve(std::uint64_t now_ns);
    void renew(Served& reserve, std::uint64_t now_ns);
    void retire(Served& reserve);
    [[nodiscard]] std::uint64_t replay_ns(std::uint64_t unit_count) const;
    [[nodiscard]] std::uint64_t units_posted_at_once() const;
    [[nodiscard]] std::uint64_t replay_interval_ns() const;
    [[nodiscard]] std::uint64_t period_ns() const noexcept;
    [[nodiscard]] ob_guarantee guarantee_of_reserve(const Served& reserve,
                                                    std::string& reason) const;

    // standbys
    /// How many of the replicas are given every block.
    [[nodiscard]] std::uint32_t streaming_count() const noexcept
    {
        return spec_.is_warm() ? 1 : replica_count_;
    }
    [[nodiscard]] bool has_standbys() const noexcept { return replica_count_ > 1; }
    void look_after_standbys();
    void drop_unused();
    [[nodiscard]] std::ptrdiff_t living_count() const;
    [[nodiscard]] bool is_primary(const Served& served) const noexcept;
    [[nodiscard]] std::unique_ptr<Connection> next_connection() const;
    [[nodiscard]] DspPlace standby_place() const;
    [[nodiscard]] StandbyPlacementInput placement_input() const;
    [[nodiscard]] std::uint64_t answer_budget_ns() const;
    void choose_placement();
    void move_replicas();
    void tell_divergences();
    void note_join(const Served& lost, std::uint64_t now_ns);
    void update_hedge();
    [[nodiscard]] std::uint32_t standby_count_in_step() const;
    [[nodiscard]] static ob_guarantee guarantee_of(const Replica& standby, std::string& reason);
    [[nodiscard]] std::string why_no_standby() const;
    [[nodiscard]] ob_guarantee guarantee(std::string& reason) const;
    [[nodiscard]] std::uint64_t answer_after_death_ns() const;
    void note_loss(const Served& lost, std::uint64_t now_ns);
    void report_crash(Connection& lost, ob_cause cause);
    void tell_bad_blocks();
    void tell_more(std::uint64_t count, std::uint64_t& told_count, const char* what);
    void take_error_output(Connection& connection);
    void on_failed_start(Connection& connection, std::uint64_t now_ns);
    void clear_away(std::uint64_t now_ns);
    [[nodiscard]] bool is_lost(const Served& served) const;
    [[nodiscard]] bool is_free_of_caller(const Served& served) const;
    void start_missing(std::uint64_t now_ns);
    [[nodiscard]] bool is_circuit_open() const noexcept;
    void note_life(std::uint64_t lived_ns, std::uint64_t now_ns);
    [[nodiscard]] Failure make_stream(Connection& connection);
    [[nodiscard]] std::uint64_t history_frames(std::uint64_t tail_frames) const;
    [[nodiscard]] Failure check_same_processor(const Connection& connection) const;
    /// The connection whose replica is played; else one that is in step; else any that streams.
    [[nodiscard]] Connection* streaming() const noexcept;

    Caller* caller_;
    Supervisor* supervisor_;
    InsertSurroundings surroundings_;
    InsertSpec spec_;
    std::uint32_t replica_count_;  ///< primary and standbys, as asked for
    StandbyPlacementDecision placement_;
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
    bool trailing_was_unfit_ = false;
    std::uint32_t failed_joins_ = 0;  ///< in a row, of standbys that did not keep up
    std::uint64_t join_again_at_ns_ = 0;
    std::uint32_t last_request_ = 0;
    std::uint64_t state_version_ = 0;

    std::uint64_t renewal_began_ns_ = 0;
    std::uint64_t renewal_ns_ = 0;         ///< the longest of late, for which there was no reserve
    std::optional<HeldCheckpoints> held_;  ///< of a processor that has checkpoints
    std::int32_t asked_process_ = -1;      ///< for one that is to be held; -1: none is asked
    std::uint64_t seen_unit_count_ = 0;
    std::uint64_t seen_units_at_ns_ = 0;  ///< when that changed last
    std::uint64_t seen_non_finite_count_ = 0;
    std::uint64_t told_poison_count_ = 0;
    std::uint64_t told_reset_count_ = 0;
};

}  // namespace outboard::host
