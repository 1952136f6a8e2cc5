// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Fast 64-bit hash of memory, to compare blocks of audio and to recognise garbled checkpoints. Not
/// for anything that an adversary may choose.

#include "rt/path/contract.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace outboard::rt {

/// Equal bytes and seed give equal values in all processes of one machine; a change within one word
/// always shows. Four independent lanes of multiply and rotate: about 20 ns for 512 B.
/// Words are multiplied on their way in as well: with the lane's multiplication alone, the top bit
/// of a word would be undone by a single bit of the word 32 bytes further on.
/// @rt wait-free, O(bytes)
[[nodiscard]] inline std::uint64_t word_hash(std::span<const std::byte> bytes,
                                             std::uint64_t seed = 0) noexcept OB_NONBLOCKING
{
    constexpr std::uint64_t odd_a = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
    constexpr std::uint64_t odd_b = 0xd1342543de82ef95u;  // multiplier of a good 64-bit LCG
    constexpr std::size_t stride_bytes = 4 * sizeof(std::uint64_t);
    std::array<std::uint64_t, 4> lanes = {seed ^ odd_a, seed + odd_a, seed ^ odd_b, seed + odd_b};

    const auto mix = [&lanes](const std::byte* from) noexcept {
        std::array<std::uint64_t, 4> words{};
        std::memcpy(words.data(), from, stride_bytes);
        for (std::size_t lane = 0; lane < lanes.size(); ++lane)
            lanes[lane] = std::rotl(lanes[lane] + words[lane] * odd_b, 31) * odd_a;
    };
    std::size_t offset = 0;
    for (; offset + stride_bytes <= bytes.size(); offset += stride_bytes)
        mix(bytes.data() + offset);
    if (offset != bytes.size()) {
        std::array<std::byte, stride_bytes> rest{};
        std::memcpy(rest.data(), bytes.data() + offset, bytes.size() - offset);
        mix(rest.data());
    }

    std::uint64_t hash = bytes.size() * odd_b;
    for (const std::uint64_t lane : lanes)
        hash = std::rotl(hash ^ lane, 31) * odd_b;
    return hash ^ (hash >> 32);
}

}  // namespace outboard::rt
