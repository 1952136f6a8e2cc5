// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One replica's other side: a service that is a few variables and events, over lane memory as it
/// is in a real link. Time is given by the simulation; nothing here waits.

#include "sdk/src/host/replica.hpp"
#include "sdk/src/link/lane_memory.hpp"
#include "tests/sdk/simulation/test_signal.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace outboard::test {

/// The three segments of a link with one lane. After revoke() each touch ends the test.
class LinkMemory {
public:
    explicit LinkMemory(const link::LinkShape& shape);
    LinkMemory(const LinkMemory&) = delete;
    LinkMemory& operator=(const LinkMemory&) = delete;
    ~LinkMemory();

    void revoke();
    [[nodiscard]] const link::LinkLayout& layout() const { return layout_; }
    [[nodiscard]] std::byte* host() const { return data_; }
    [[nodiscard]] std::byte* service() const { return data_ + host_bytes_; }
    [[nodiscard]] link::BellsSegment& bells() const
    {
        return *reinterpret_cast<link::BellsSegment*>(data_ + host_bytes_ + service_bytes_);
    }

private:
    link::LinkLayout layout_;
    std::size_t host_bytes_;
    std::size_t service_bytes_;
    std::size_t size_bytes_;
    std::byte* data_;
};

struct SimulatedService {
    SimulatedService(const link::LinkShape& shape, std::int32_t its_process_id);

    /// Takes the next unit and works out its answer. @return false when there is none
    [[nodiscard]] bool take_unit(std::uint64_t now_ns);
    /// Writes the answer; the reply bell is to be rung afterwards. @return false without room
    [[nodiscard]] bool publish(std::uint64_t now_ns);
    /// Its last words; the reply bell is to be rung afterwards.
    void say_dying();
    /// Writes nonsense over one of its own counts.
    void scribble(bool is_output);
    [[nodiscard]] rt::Bell& request_bell() { return memory.bells().request; }
    [[nodiscard]] rt::Bell& reply_bell() { return memory.bells().replies[0]; }

    enum class State : std::uint8_t { running, stopped, dead };
    struct Hold {
        std::uint64_t taken_ns;
        std::uint64_t until_ns;
    };
    static constexpr std::uint64_t still_held_ns = ~std::uint64_t{0};

    LinkMemory memory;
    link::ServiceLane lane;
    std::unique_ptr<host::Replica> replica;
    std::int32_t process_id;

    // ---- what it does ----
    State state = State::running;
    bool is_busy = false;           ///< its wake, or its answer, is under way
    bool is_answering = false;      ///< which of the two
    bool has_missed_event = false;  ///< it was due while stopped
    SignalProcessor processor;
    SignalProcessor checkpoint;  ///< its state when the last answer was published
    link::BlockHeader header{};  ///< of the unit it works on
    std::vector<float> frames;   ///< [channel][frame]
    std::uint64_t next_unit = 0;
    bool has_taken_unit = false;
    std::uint64_t slow_ns = 0;  ///< added to each of its answers
    std::uint64_t late_ns = 0;  ///< from here on: of its next answer
    bool skips = false, gives_nan = false, is_wrong_unit = false, is_wrong_length = false;
    bool answers_twice = false, dies_unrung = false;

    // ---- what is known of it, for the promises ----
    bool is_exact = true;          ///< its state is that of a service that was never disturbed
    bool has_sinned = false;       ///< broke the protocol, or gave what is not finite
    bool is_reserve = false;       ///< given nothing, until the caller calls it in
    bool is_renewing = false;      ///< in reserve, being laid behind a newer checkpoint
    bool is_surplus = false;       ///< offered beside those that were asked for
    bool was_struck = false;       ///< by anything that may keep it silent
    bool is_marked = false;        ///< its death is known: it said so, or the supervisor noted it
    bool has_ended = false;        ///< the supervisor noted it
    bool is_condemned = false;     ///< and killed it, because it was released
    bool is_gone = false;          ///< unmapped
    bool was_in_step = false;      ///< at the end of a block
    bool was_primary = false;      ///< ever
    int loss_count = 0;            ///< incidents that say it was let go
    std::uint64_t first_unit = 0;  ///< that it can answer
    std::uint64_t first_left_out = 0;        ///< behind the last unit but one that it took
    std::uint64_t block_count = 0;           ///< since it was offered
    std::uint64_t catch_up_block_count = 0;  ///< in which it has to be in step
    std::uint64_t offered_ns = 0;
    std::uint64_t released_block = ~std::uint64_t{0};
    std::uint64_t rung_ns = 0;
    std::vector<std::uint64_t> beats_ns;
    std::uint64_t marked_ns = 0;
    std::uint64_t answered_until = 0;
    std::map<std::uint64_t, std::uint64_t> answered_ns;  ///< when, for good answers only
    std::set<std::uint64_t> skipped_units;
    std::set<std::uint64_t> nan_units;
    std::map<std::uint64_t, Hold> holds;  ///< the units that were inside its processor
};

}  // namespace outboard::test
