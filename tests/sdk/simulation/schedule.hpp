// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What goes wrong in one simulated stream, and when. A schedule is all that a run depends on; its
/// text goes into OB_TEST_SCHEDULE to run it again.

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace outboard::test {

enum class Strike : std::uint8_t {
    kill,         ///< the process dies
    crash,        ///< it says so, rings, and dies
    kill_unrung,  ///< it dies between publishing its next answer and ringing
    stop,         ///< it does nothing more, until `resume`
    resume,
    late,            ///< its next answer takes `argument` microseconds longer
    slow,            ///< from now on it cannot keep up, though it lives
    skip,            ///< it leaves out the next unit
    not_a_number,    ///< its next answer is not finite
    wrong_sequence,  ///< its next answer is for another unit
    wrong_length,    ///< its next answer has another number of frames
    twice,           ///< it answers the next unit twice
    wild_output,     ///< it writes nonsense over its count of answers
    wild_input,      ///< it writes nonsense over its count of what it has read
    diverge,         ///< its state changes by itself
    poison,          ///< the unit that it is to take next ends whoever takes it
    ring,            ///< it rings the caller for nothing
    add,             ///< the plain thread offers one more replica
    withdraw         ///< it takes an offer back; if `argument` is even, one that it has just made
};
inline constexpr std::uint32_t strike_count = 19;

struct SimulationEvent {
    std::uint32_t block;      ///< during which it happens, or in the pause behind it
    std::uint32_t offset_ns;  ///< from the start of the block
    Strike strike;
    std::uint32_t target;    ///< the replica, counted among those that live
    std::uint32_t argument;  ///< microseconds
};

struct Schedule {
    std::uint64_t seed = 0;  ///< from which formats, limits and all delays follow
    std::uint32_t block_count = 0;
    std::vector<SimulationEvent> events;  ///< in no particular order
};

[[nodiscard]] Schedule random_schedule(std::mt19937_64& generator);

/// SEED/BLOCKS and, for each event, ,BLOCK+OFFSET:STRIKE:TARGET:ARGUMENT
[[nodiscard]] std::string to_text(const Schedule& schedule);
[[nodiscard]] std::optional<Schedule> parse_schedule(std::string_view text);

/// A number that depends on its arguments alone: what is taken out of a schedule changes no delay
/// of what stays.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0);

}  // namespace outboard::test
