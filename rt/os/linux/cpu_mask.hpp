// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A set of CPUs as the kernel takes it, large enough for any kernel: cpu_set_t ends at 1024.

#include <array>
#include <climits>
#include <cstddef>

namespace outboard::rt::os {

class CpuMask {
public:
    static constexpr int cpu_count_max = 8192;  // NR_CPUS of the largest configuration

    [[nodiscard]] static constexpr bool is_valid(int cpu) noexcept
    {
        return cpu >= 0 && cpu < cpu_count_max;
    }
    void add(int cpu) noexcept { words_[word_of(cpu)] |= bit_of(cpu); }
    [[nodiscard]] bool contains(int cpu) const noexcept
    {
        return (words_[word_of(cpu)] & bit_of(cpu)) != 0;
    }

    [[nodiscard]] unsigned long* data() noexcept { return words_.data(); }
    [[nodiscard]] const unsigned long* data() const noexcept { return words_.data(); }
    [[nodiscard]] static constexpr std::size_t size_bytes() noexcept { return sizeof(words_); }

private:
    static constexpr std::size_t word_bits = sizeof(unsigned long) * CHAR_BIT;

    [[nodiscard]] static std::size_t word_of(int cpu) noexcept
    {
        return static_cast<std::size_t>(cpu) / word_bits;
    }
    [[nodiscard]] static unsigned long bit_of(int cpu) noexcept
    {
        return 1UL << (static_cast<std::size_t>(cpu) % word_bits);
    }

    std::array<unsigned long, cpu_count_max / word_bits> words_{};
};

}  // namespace outboard::rt::os
