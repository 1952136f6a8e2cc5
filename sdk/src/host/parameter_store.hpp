// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Parameter values between any thread that sets them and the caller that makes events of them.
/// The store outlives services: it is what a respawned one is told.

#include "rt/path/contract.hpp"

#include <outboard/processor.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace outboard::host {

class ParameterStore {
public:
    /// @param infos  as the processor offers them
    explicit ParameterStore(std::vector<ob_parameter_info> infos)
        : infos_(std::move(infos)),
          values_(infos_.size()),
          word_count_((infos_.size() + 63) / 64),
          changed_(word_count_),
          touched_(word_count_)
    {
        for (std::size_t index = 0; index < infos_.size(); ++index)
            by_id_.emplace_back(infos_[index].id, index);
        std::sort(by_id_.begin(), by_id_.end());
    }

    [[nodiscard]] const std::vector<ob_parameter_info>& infos() const noexcept { return infos_; }

    /// @return OB_OK, OB_ERR_NOT_FOUND, OB_ERR_INVALID_ARGUMENT (out of range or not a number)
    /// @thread any
    /// @rt     wait-free, O(log parameters)
    [[nodiscard]] ob_status set(std::uint32_t id, double value) noexcept OB_NONBLOCKING
    {
        const std::ptrdiff_t index = index_of(id);
        if (index < 0)
            return OB_ERR_NOT_FOUND;
        const ob_parameter_info& info = infos_[static_cast<std::size_t>(index)];
        if (!(value >= info.minimum && value <= info.maximum))
            return OB_ERR_INVALID_ARGUMENT;
        remember(static_cast<std::size_t>(index), value);
        const std::uint64_t bit = std::uint64_t{1} << (index % 64);
        // release, pairs with the exchange in for_each_changed(): the value is there before the
        // bit that announces it.
        changed_[static_cast<std::size_t>(index) / 64].fetch_or(bit, std::memory_order_release);
        return OB_OK;
    }

    /// Remembers a value that the caller itself sent as an event. Unknown parameters are passed
    /// over: the processor ignores them too.
    /// @rt wait-free, O(log parameters)
    void note_sent(std::uint32_t id, double value) noexcept OB_NONBLOCKING
    {
        const std::ptrdiff_t index = index_of(id);
        if (index >= 0)
            remember(static_cast<std::size_t>(index), value);
    }

    /// Visits each parameter set since the last time, `visit(id, value)`; one for which it says
    /// false stays changed.
    /// @thread caller
    /// @rt     wait-free, O(parameters / 64 + changes)
    template <typename Visit>
    void for_each_changed(Visit&& visit) noexcept
    {
        for (std::size_t word = 0; word < word_count_; ++word) {
            if (changed_[word].load(std::memory_order_relaxed) == 0)
                continue;
            // acquire, pairs with the release in set().
            std::uint64_t bits = changed_[word].exchange(0, std::memory_order_acquire);
            for (; bits != 0; bits &= bits - 1) {
                const std::uint64_t lowest = bits & (~bits + 1);
                const std::size_t index =
                    word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
                if (!visit(infos_[index].id, value_at(index)))
                    changed_[word].fetch_or(lowest, std::memory_order_relaxed);
            }
        }
    }

    /// Whether the parameter was ever set (since the last forget()), and its value.
    /// @thread any
    /// @rt     wait-free
    [[nodiscard]] bool is_touched(std::size_t index) const noexcept
    {
        const std::uint64_t word = touched_[index / 64].load(std::memory_order_acquire);
        return (word >> (index % 64) & 1) != 0;
    }
    [[nodiscard]] double value_at(std::size_t index) const noexcept
    {
        return values_[index].load(std::memory_order_relaxed);
    }

    /// From now on no parameter counts as set: a loaded state holds them all.
    /// @thread control
    void forget() noexcept
    {
        for (auto& word : touched_)
            word.store(0, std::memory_order_relaxed);
    }

private:
    void remember(std::size_t index, double value) noexcept
    {
        values_[index].store(value, std::memory_order_relaxed);
        const std::uint64_t bit = std::uint64_t{1} << (index % 64);
        // release, pairs with the acquire in is_touched(): a touched parameter has its value.
        touched_[index / 64].fetch_or(bit, std::memory_order_release);
    }

    [[nodiscard]] std::ptrdiff_t index_of(std::uint32_t id) const noexcept
    {
        const auto found =
            std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{id, std::size_t{0}});
        if (found == by_id_.end() || found->first != id)
            return -1;
        return static_cast<std::ptrdiff_t>(found->second);
    }

    std::vector<ob_parameter_info> infos_;
    std::vector<std::pair<std::uint32_t, std::size_t>> by_id_;
    std::vector<std::atomic<double>> values_;
    std::size_t word_count_;
    std::vector<std::atomic<std::uint64_t>> changed_;
    std::vector<std::atomic<std::uint64_t>> touched_;
};

}  // namespace outboard::host
