// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the caller of an insert is promised, checked from what the simulation knows: after every
/// block, whatever has gone wrong.

#include "sdk/src/host/insert_stream.hpp"
#include "tests/sdk/simulation/settings.hpp"
#include "tests/sdk/simulation/simulated_service.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace outboard::test {

class Promises {
public:
    using Services = std::vector<std::unique_ptr<SimulatedService>>;

    Promises(const Settings& settings, const Services& services, host::InsertStream& stream,
             host::Statistics& statistics);

    /// Makes the block's input and notes how things stand.
    void begin_block(std::uint64_t block, std::uint64_t deadline_ns);
    void end_block(ob_status status);
    void check_end();
    void fail(const std::string& what);

    /// From now on this unit ends whoever takes it.
    void add_poison(std::uint64_t unit) { poison_units_.insert(unit); }
    [[nodiscard]] bool is_poison(std::uint64_t unit) const
    {
        return poison_units_.count(unit) != 0;
    }
    /// A service has taken one.
    void note_poisoned(SimulatedService& service);
    /// A service has taken a unit: those before have been given to it as well.
    void check_order(const SimulatedService& service);
    [[nodiscard]] std::uint64_t told_poison_count() const { return poison_told_ns_.size(); }

    [[nodiscard]] const float* const* inputs() const { return inputs_.data(); }
    [[nodiscard]] float* const* outputs() const { return outputs_.data(); }
    [[nodiscard]] std::uint32_t frame_count() const { return frame_count_; }
    [[nodiscard]] const std::string& broken() const { return broken_; }
    [[nodiscard]] std::uint64_t loss_count() const { return loss_count_; }
    [[nodiscard]] std::uint64_t identical_frame_count() const { return identical_frame_count_; }
    [[nodiscard]] std::uint64_t saved_block_count() const { return saved_block_count_; }

private:
    struct Unit {
        std::uint64_t sequence;
        std::uint32_t offset;  ///< of its first frame in this block
        std::uint32_t frame_count;
    };

    void find_units();
    void note_services();
    void check_time();
    void check_wait();
    void check_set_is_whole(ob_status status);
    void check_newcomers();
    void check_status(ob_status status);
    void check_frames(ob_status status);
    void check_incidents();
    void check_incident(const ob_incident& incident);
    void check_poison(const ob_incident& incident);
    [[nodiscard]] bool has_poison() const;
    [[nodiscard]] std::uint64_t newest_unit() const;
    [[nodiscard]] bool may_be_poison(std::uint64_t unit) const;
    void check_given(std::uint64_t unit);
    void note_held_at_loss(const SimulatedService& service, const ob_incident& incident);
    [[nodiscard]] static std::uint64_t silence_ns(const SimulatedService& service,
                                                  const ob_incident& incident);
    void check_loss(SimulatedService& service, const ob_incident& incident);
    [[nodiscard]] bool was_answered(std::uint64_t sequence);
    [[nodiscard]] bool has_left_nothing_out(const SimulatedService& service) const;
    [[nodiscard]] bool could_have_answered(const SimulatedService& service) const;
    void check_reserve();
    [[nodiscard]] bool has_gap() const;
    [[nodiscard]] bool gave_nan(std::uint64_t sequence) const;
    [[nodiscard]] bool was_skipped(std::uint64_t sequence) const;
    [[nodiscard]] bool all_are_exact() const;
    [[nodiscard]] const SignalFrame& reference(std::int64_t frame);

    const Settings& settings_;
    const Services& services_;
    host::InsertStream& stream_;
    host::Statistics& statistics_;

    std::array<std::vector<float>, signal_channel_count> input_frames_;
    std::array<std::vector<float>, signal_channel_count> output_frames_;
    std::array<const float*, signal_channel_count> inputs_{};
    std::array<float*, signal_channel_count> outputs_{};
    std::vector<SignalFrame> reference_;
    SignalProcessor undisturbed_;

    std::uint64_t block_ = 0;
    std::uint64_t start_ns_ = 0;
    std::uint64_t deadline_ns_ = 0;
    std::uint32_t frame_count_ = 0;
    std::uint64_t first_frame_ = 0;
    std::uint64_t identical_from_ = 0;  ///< no fade, and no replica with another past, since then
    bool were_exact_ = true;
    std::vector<Unit> units_;
    std::map<std::uint64_t, bool> unit_was_answered_;  ///< before the deadline that first counted
    std::vector<const SimulatedService*> could_answer_;
    std::vector<const SimulatedService*> were_in_step_;
    const SimulatedService* ready_reserve_ = nullptr;  ///< at the block's start, left alone
    std::uint64_t newest_seen_unit_ = ~std::uint64_t{0};
    bool one_is_behind_ = false;  ///< which the caller has not seen yet
    std::set<std::uint64_t> poison_units_;
    std::map<std::uint64_t, std::uint64_t> poison_told_ns_;  ///< when the caller has found it out
    std::map<std::uint64_t, std::uint32_t> losses_over_unit_;
    std::map<std::uint64_t, std::uint64_t> poison_taken_ns_;  ///< when its last taker was offered
    std::int32_t primary_ = -1;
    float last_smooth_ = 0.0f;

    std::uint64_t lost_frame_count_ = 0;
    std::uint64_t accounted_frame_count_ = 0;
    bool last_was_wet_ = true;
    std::uint64_t loss_count_ = 0;
    std::uint64_t identical_frame_count_ = 0;
    std::uint64_t saved_block_count_ = 0;
    std::string broken_;
};

}  // namespace outboard::test
