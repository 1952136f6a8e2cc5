// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the messages hold, so that one that was lost, doubled, torn or mixed up is noticed: the
/// first word of each cache line tells which message it belongs to, all other words are a pattern
/// that depends on their place only.
///
///     word 0           1 .. 7     8               9 ..
///     stamp(number, 0) pattern    stamp(number,8) pattern
///
/// Stamping and looking at the stamps touches each line once; the pattern is compared where no
/// time is taken.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

namespace outboard::bench::ipc {

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);
inline constexpr std::size_t stamp_distance_words = 8;

/// Odd, so that neighbouring numbers and places never give the same word.
inline constexpr std::uint64_t place_factor = 0x9e37'79b9'7f4a'7c15;

[[nodiscard]] constexpr std::uint64_t word_at(std::uint64_t number, std::size_t place) noexcept
{
    const bool is_stamp = place % stamp_distance_words == 0;
    return place * place_factor + (is_stamp ? number : 0);
}

[[nodiscard]] inline std::uint64_t load_word(std::span<const std::byte> message,
                                             std::size_t place) noexcept
{
    std::uint64_t word = 0;
    std::memcpy(&word, &message[place * word_bytes], word_bytes);
    return word;
}

inline void store_word(std::span<std::byte> message, std::size_t place, std::uint64_t word) noexcept
{
    std::memcpy(&message[place * word_bytes], &word, word_bytes);
}

/// Makes a message of `number` of what holds the pattern.
inline void stamp(std::span<std::byte> message, std::uint64_t number) noexcept
{
    const std::size_t word_count = message.size() / word_bytes;
    for (std::size_t place = 0; place < word_count; place += stamp_distance_words)
        store_word(message, place, word_at(number, place));
}

/// All words. @pre message.size() is a multiple of `word_bytes`
inline void fill(std::span<std::byte> message, std::uint64_t number) noexcept
{
    for (std::size_t place = 0; place < message.size() / word_bytes; ++place)
        store_word(message, place, word_at(number, place));
}

class WrongMessage : public std::runtime_error {
public:
    WrongMessage(std::uint64_t number, std::size_t place, std::uint64_t expected,
                 std::uint64_t found)
        : std::runtime_error("message " + std::to_string(number) +
                             " was lost, doubled or torn: word " + std::to_string(place) + " is " +
                             std::to_string(found) + ", not " + std::to_string(expected))
    {}
};

/// Every `step`-th word. Throws WrongMessage.
inline void check_words(std::span<const std::byte> message, std::uint64_t number, std::size_t step)
{
    for (std::size_t place = 0; place < message.size() / word_bytes; place += step) {
        const std::uint64_t found = load_word(message, place);
        if (found != word_at(number, place)) [[unlikely]]
            throw WrongMessage{number, place, word_at(number, place), found};
    }
}

inline void check_stamps(std::span<const std::byte> message, std::uint64_t number)
{
    check_words(message, number, stamp_distance_words);
}

inline void check_all(std::span<const std::byte> message, std::uint64_t number)
{
    check_words(message, number, 1);
}

}  // namespace outboard::bench::ipc
