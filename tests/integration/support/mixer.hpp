// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A mixer of many inserts, each with a signal of its own, for tests of lanes that share a process.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace outboard::test {

inline constexpr std::uint32_t frame_count = 64;
inline constexpr std::uint64_t generous_ns = StreamingRig::generous_budget_ns;

[[nodiscard]] inline HostConfig host_config(ob_grouping grouping)
{
    HostConfig config = test_host_config();
    config.grouping = grouping;
    return config;
}

[[nodiscard]] inline InsertConfig insert_config(const char* processor = "invert")
{
    InsertConfig config;
    config.service = test_service();
    config.processor = processor;
    config.max_frame_count = frame_count;
    config.hang_limit_ns = 4'000'000'000;
    return config;
}

/// One insert of many, with a signal of its own.
class Strip {
public:
    Strip(const Caller& caller, const InsertConfig& config, std::int64_t signal_offset)
        : insert_(caller, config),
          signal_offset_(signal_offset)
    {}

    [[nodiscard]] const Insert& insert() const noexcept { return insert_; }
    [[nodiscard]] std::int32_t process_id() const { return insert_.status().service_process_id; }

    void post()
    {
        for (std::uint32_t channel = 0; channel < 2; ++channel) {
            for (std::uint32_t frame = 0; frame < frame_count; ++frame)
                input_[channel][frame] = signal_at(channel, signal_offset_ + next_frame_ + frame);
        }
        const float* const inputs[] = {input_[0], input_[1]};
        REQUIRE(insert_.post(inputs, frame_count) == OB_OK);
        next_frame_ += frame_count;
    }
    ob_status collect()
    {
        float* const outputs[] = {output_[0], output_[1]};
        return insert_.collect(outputs);
    }
    /// Whether the block collected last is the input times `factor`.
    [[nodiscard]] bool is_input_times(float factor) const
    {
        for (std::uint32_t channel = 0; channel < 2; ++channel) {
            for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
                if (output_[channel][frame] != factor * input_[channel][frame])
                    return false;
            }
        }
        return true;
    }

private:
    Insert insert_;
    std::int64_t signal_offset_;
    std::int64_t next_frame_ = 0;
    float input_[2][frame_count]{};
    float output_[2][frame_count]{};
};

/// A mixer: all strips are posted, flushed once and collected.
class Mixer {
public:
    explicit Mixer(ob_grouping grouping, const CallerConfig& caller = CallerConfig{})
        : host_(host_config(grouping)),
          caller_(host_, caller)
    {}

    Strip& add(const InsertConfig& config = insert_config())
    {
        strips_.push_back(std::make_unique<Strip>(caller_, config, 1'000'000 * ++made_count_));
        return *strips_.back();
    }
    void add_many(std::size_t count, const InsertConfig& config = insert_config())
    {
        for (std::size_t index = 0; index < count; ++index)
            add(config);
    }
    void remove(std::size_t index)
    {
        strips_.erase(strips_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    /// @return how many of the strips were answered
    std::size_t cycle()
    {
        caller_.cycle_begin(generous_ns);
        for (const auto& strip : strips_)
            strip->post();
        caller_.flush();
        std::size_t answered_count = 0;
        for (const auto& strip : strips_)
            answered_count += strip->collect() == OB_OK ? 1 : 0;
        return answered_count;
    }
    /// So many cycles, in which all are answered with their own input, inverted.
    void check_cycles(int count)
    {
        for (int cycle_index = 0; cycle_index < count; ++cycle_index) {
            REQUIRE(cycle() == strips_.size());
            for (const auto& strip : strips_)
                REQUIRE(strip->is_input_times(-1.0f));
        }
    }
    /// Cycles until all are answered again. @return whether they were, within 10 s or so
    [[nodiscard]] bool run_until_answered()
    {
        for (int attempt = 0; attempt < 5'000; ++attempt) {
            if (cycle() == strips_.size())
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        return false;
    }
    template <typename Done>
    [[nodiscard]] bool run_until(Done&& is_done)
    {
        for (int attempt = 0; attempt < 5'000 && !is_done(); ++attempt) {
            static_cast<void>(cycle());
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return is_done();
    }

    [[nodiscard]] Strip& strip(std::size_t index) { return *strips_.at(index); }
    [[nodiscard]] std::size_t size() const noexcept { return strips_.size(); }
    [[nodiscard]] const Host& host() const noexcept { return host_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    [[nodiscard]] std::set<std::int32_t> process_ids() const
    {
        std::set<std::int32_t> ids;
        for (const auto& strip : strips_)
            ids.insert(strip->process_id());
        return ids;
    }

private:
    Host host_;
    Caller caller_;
    std::vector<std::unique_ptr<Strip>> strips_;
    std::int64_t made_count_ = 0;
};

}  // namespace outboard::test
