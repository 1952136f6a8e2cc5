// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The parameters of one processor: a constant table and the present values. The DSP thread sets
/// them from events; any thread may read them at the same time.
///
/// Saved as text, one line a parameter, so that a person can read it and another version can load
/// it: keys it does not know are skipped, keys that are missing get their initial values.
///
///     outboard-parameters 1
///     mix=0.3
///     decay_s=1.8

#include <outboard/processor.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace outboard::builtin {

/// Whether each entry's id is its index, which ParameterSet relies on.
[[nodiscard]] constexpr bool ids_are_indices(std::span<const ob_parameter_info> infos) noexcept
{
    for (std::size_t index = 0; index < infos.size(); ++index) {
        if (infos[index].id != index)
            return false;
    }
    return true;
}

class ParameterSet {
public:
    static constexpr std::size_t count_max = 32;

    /// @pre ids are indices, at most count_max; the table outlives this
    explicit ParameterSet(std::span<const ob_parameter_info> infos) noexcept;

    [[nodiscard]] std::size_t count() const noexcept { return infos_.size(); }

    /// [any] [rt]
    [[nodiscard]] double value(std::uint32_t id) const noexcept
    {
        // relaxed: a value stands for itself; nothing else is published by it.
        return values_[id].load(std::memory_order_relaxed);
    }

    /// Sets it to the nearest permitted value. Ignores unknown ids and what is not a number.
    /// @return whether it was set [rt]
    bool set(std::uint32_t id, double value) noexcept;

    /// Whether set() would take this value as it is. [rt]
    [[nodiscard]] bool permits(std::uint32_t id, double value) const noexcept;

    /// @return the size in bytes; writes nothing where `out` is smaller [any] [!rt]
    [[nodiscard]] std::size_t save(std::span<std::byte> out) const;

    /// @return false, with nothing changed, when it is not such a text [!rt]
    [[nodiscard]] bool load(std::span<const std::byte> data);

private:
    using Values = std::array<double, count_max>;

    [[nodiscard]] bool parse_line(std::string_view line, Values& values) const;

    std::span<const ob_parameter_info> infos_;
    std::array<std::atomic<double>, count_max> values_{};
};

}  // namespace outboard::builtin
