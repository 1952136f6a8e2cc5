// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/schedule.hpp"

#include <array>
#include <cstdio>
#include <sstream>

namespace outboard::test {

namespace {

constexpr std::array<const char*, strike_count> strike_names{
    "kill",         "crash", "kill_unrung", "stop",         "resume",
    "late",         "slow",  "skip",        "not_a_number", "wrong_sequence",
    "wrong_length", "twice", "wild_output", "wild_input",   "diverge",
    "poison",       "ring",  "add",         "withdraw"};

template <typename Integer>
[[nodiscard]] Integer between(std::mt19937_64& generator, Integer lowest, Integer highest)
{
    return std::uniform_int_distribution<Integer>{lowest, highest}(generator);
}

[[nodiscard]] SimulationEvent random_event(std::mt19937_64& generator, std::uint32_t block_count)
{
    constexpr std::uint32_t longest_pause_ns = 2'000'000;
    constexpr std::uint32_t within_call_ns = 300'000;
    const bool is_kill = between(generator, 0, 3) == 0;
    const bool is_within_call = between(generator, 0, 2) != 0;
    const bool is_long = between(generator, 0, 7) == 0;
    SimulationEvent event{};
    event.block = between(generator, 0u, block_count - 1);
    event.offset_ns = between(generator, 0u, is_within_call ? within_call_ns : longest_pause_ns);
    event.strike =
        is_kill ? Strike::kill : static_cast<Strike>(between(generator, 0u, strike_count - 1));
    event.target = between(generator, 0u, 2u);
    event.argument = between(generator, 1u, is_long ? 60'000u : 1'500u);
    return event;
}

[[nodiscard]] bool parse_event(const std::string& text, SimulationEvent& event)
{
    char name[32]{};
    if (std::sscanf(text.c_str(), "%u+%u:%31[a-z_]:%u:%u", &event.block, &event.offset_ns, name,
                    &event.target, &event.argument) != 5)
        return false;
    for (std::uint32_t index = 0; index < strike_count; ++index) {
        if (std::string_view{strike_names[index]} == name) {
            event.strike = static_cast<Strike>(index);
            return true;
        }
    }
    return false;
}

}  // namespace

Schedule random_schedule(std::mt19937_64& generator)
{
    Schedule schedule;
    schedule.seed = generator();
    // Now and then so many that rings and history run over.
    const bool is_long = between(generator, 0, 15) == 0;
    schedule.block_count = is_long ? between(generator, 50u, 150u) : between(generator, 8u, 50u);
    const auto event_count = between(generator, 0u, 7u);
    for (std::uint32_t count = 0; count < event_count; ++count)
        schedule.events.push_back(random_event(generator, schedule.block_count));
    return schedule;
}

std::string to_text(const Schedule& schedule)
{
    std::ostringstream text;
    text << schedule.seed << '/' << schedule.block_count;
    for (const SimulationEvent& event : schedule.events) {
        text << ',' << event.block << '+' << event.offset_ns << ':'
             << strike_names[static_cast<std::size_t>(event.strike)] << ':' << event.target << ':'
             << event.argument;
    }
    return text.str();
}

std::optional<Schedule> parse_schedule(std::string_view text)
{
    std::istringstream parts{std::string{text}};
    Schedule schedule;
    std::string part;
    unsigned long long seed = 0;
    if (!std::getline(parts, part, ',') ||
        std::sscanf(part.c_str(), "%llu/%u", &seed, &schedule.block_count) != 2)
        return std::nullopt;
    schedule.seed = seed;
    while (std::getline(parts, part, ',')) {
        SimulationEvent event{};
        if (!parse_event(part, event))
            return std::nullopt;
        schedule.events.push_back(event);
    }
    return schedule;
}

std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b)
{
    // The finaliser of splitmix64.
    std::uint64_t value = seed + 0x9e3779b97f4a7c15u * (a + 1) + 0xd1342543de82ef95u * (b + 1);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

}  // namespace outboard::test
