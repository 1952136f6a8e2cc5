// SPDX-License-Identifier: MIT

#include "rt/path/word_hash.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

using outboard::rt::word_hash;

namespace {

std::vector<std::byte> pattern(std::size_t size_bytes)
{
    std::vector<std::byte> bytes(size_bytes);
    for (std::size_t index = 0; index < size_bytes; ++index)
        bytes[index] = static_cast<std::byte>(index * 37 + 11);
    return bytes;
}

}  // namespace

TEST_SUITE("rt/word_hash")
{
    TEST_CASE("equal bytes have equal hashes, wherever they lie")
    {
        for (std::size_t size_bytes = 0; size_bytes < 200; ++size_bytes) {
            const auto bytes = pattern(size_bytes);
            const std::uint64_t expected = word_hash(bytes, 5);
            CHECK(word_hash(bytes, 5) == expected);
            for (std::size_t shift = 1; shift < 9; ++shift) {
                std::vector<std::byte> moved(shift, std::byte{0xee});
                moved.insert(moved.end(), bytes.begin(), bytes.end());
                CHECK(word_hash(std::span{moved}.subspan(shift), 5) == expected);
            }
        }
    }

    TEST_CASE("every bit of every byte counts")
    {
        for (const std::size_t size_bytes : {1U, 7U, 8U, 31U, 32U, 33U, 64U, 100U, 512U}) {
            auto bytes = pattern(size_bytes);
            std::set<std::uint64_t> hashes{word_hash(bytes)};
            for (std::byte& byte : bytes) {
                for (unsigned bit = 0; bit < 8; ++bit) {
                    byte ^= std::byte{1} << bit;
                    hashes.insert(word_hash(bytes));
                    byte ^= std::byte{1} << bit;
                }
            }
            CHECK(hashes.size() == 1 + size_bytes * 8);
        }
    }

    TEST_CASE("the length counts, also of zeros")
    {
        const std::vector<std::byte> zeros(300);
        std::set<std::uint64_t> hashes;
        for (std::size_t size_bytes = 0; size_bytes <= zeros.size(); ++size_bytes)
            hashes.insert(word_hash(std::span{zeros}.first(size_bytes)));
        CHECK(hashes.size() == zeros.size() + 1);
    }

    TEST_CASE("the seed counts, also of nothing")
    {
        for (const std::size_t size_bytes : {0U, 1U, 32U, 77U}) {
            const auto bytes = pattern(size_bytes);
            std::set<std::uint64_t> hashes;
            for (std::uint64_t seed = 0; seed < 1'000; ++seed)
                hashes.insert(word_hash(bytes, seed));
            CHECK(hashes.size() == 1'000);
        }
    }

    TEST_CASE("the order of words counts")
    {
        constexpr std::size_t word_count = 12;
        std::set<std::uint64_t> hashes;
        for (std::size_t left = 0; left < word_count; ++left) {
            for (std::size_t right = left + 1; right < word_count; ++right) {
                std::array<std::uint64_t, word_count> words{};
                for (std::size_t index = 0; index < word_count; ++index)
                    words[index] = index + 1;
                std::swap(words[left], words[right]);
                hashes.insert(word_hash(std::as_bytes(std::span{words})));
            }
        }
        CHECK(hashes.size() == word_count * (word_count - 1) / 2);
    }
}
