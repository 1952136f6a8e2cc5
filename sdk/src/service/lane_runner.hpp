// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One lane on the DSP thread: a block from its input slot through the processor into its output
/// slot. Inputs are read in place; headers and events are copied out, then checked.
///
/// Reset, bypass and the activation of a state take effect at the start of the block that carries
/// them. Bypass and state fade over Crossfade::frame_count frames; the processor goes on running
/// while it is bypassed.
///
/// A lane may begin with a checkpoint of another lane, and writes such checkpoints when asked.

#include "rt/path/contract.hpp"
#include "rt/path/tick_clock.hpp"
#include "sdk/src/link/lane_memory.hpp"
#include "sdk/src/service/checkpoint_writer.hpp"
#include "sdk/src/service/crossfade.hpp"
#include "sdk/src/service/dry_path.hpp"
#include "sdk/src/service/event_intake.hpp"
#include "sdk/src/service/fault_hook.hpp"
#include "sdk/src/service/state_exchange.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace outboard::service {

/// What a lane shares with the others of its link.
struct LaneContext {
    std::atomic<std::uint64_t>* in_progress;  ///< ServiceSegment::in_progress
    std::atomic<const char*>* processor;      ///< LastWords::processor()
    FaultHook* fault_hook;
    rt::TickClock<>* clock;  ///< of the DSP thread
    std::uint32_t lane = 0;  ///< its number in the link
};

class LaneRunner {
public:
    /// @param parameters  initial values, handed to the processor with the first block
    /// @thread control
    LaneRunner(const link::ServiceLane& lane, const LaneContext& context,
               std::unique_ptr<ProcessorInstance> instance,
               std::span<const ob_event_parameter> parameters);
    LaneRunner(const LaneRunner&) = delete;
    LaneRunner(LaneRunner&&) = delete;
    LaneRunner& operator=(const LaneRunner&) = delete;
    LaneRunner& operator=(LaneRunner&&) = delete;
    /// @pre the DSP thread no longer uses it
    ~LaneRunner();

    // ---- DSP thread ----

    /// Whether run_one() would do something: there is a block, and room for its answer.
    /// @rt wait-free
    [[nodiscard]] bool has_work() noexcept OB_NONBLOCKING;

    /// Processes the oldest block. A malformed one, or counters that make no sense, end the lane:
    /// it answers no more, and is_broken() says so.
    /// @pre    has_work()
    /// @rt     as the processor; beside it wait-free, two clock reads
    /// @return whether an answer was published
    [[nodiscard]] bool run_one() noexcept;

    /// Who is to be rung for the last answer: an index of reply bells.
    [[nodiscard]] std::uint32_t caller() const noexcept { return caller_; }

    /// While there is time: fetches the lines that the next answer will be written to.
    void prefetch_next_answer() const noexcept { lane_.prefetch_output(); }

    /// Whether write_checkpoint_if_wanted() would write one: also in a pause of the stream.
    /// @rt     wait-free
    [[nodiscard]] bool owes_checkpoint() noexcept;
    /// Answers the host's request for a checkpoint, if there is a new one. It is put off while
    /// there is no block that it could be after, and while a fade goes on: fades are no part of it.
    /// @rt     as the processor's save_checkpoint; beside it wait-free, O(bytes)
    /// @return whether one was written
    [[nodiscard]] bool write_checkpoint_if_wanted() noexcept;

    // ---- control thread, while the DSP thread does not have the lane ----

    /// Size of all checkpoints of this lane; 0: it has none.
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept { return checkpoint_bytes_; }

    /// Goes on where another lane was after block `sequence`, whatever it was before. The initial
    /// parameters are dropped: what became of them is in the checkpoint.
    /// @pre    `checkpoint` has checkpoint_bytes(), not 0
    /// @return false when it cannot be a checkpoint of this lane, which then must not be used
    [[nodiscard]] bool restore(std::span<const std::byte> checkpoint,
                               std::uint64_t sequence) noexcept;

    /// From now on checkpoints are written, into `area`.
    /// @pre `area` is link::checkpoint_area_bytes(checkpoint_bytes()) long and writable
    void use_checkpoint_area(rt::os::Mapping area) noexcept;

    // ---- control thread ----

    [[nodiscard]] StateExchange& states() noexcept { return states_; }
    /// The instance that runs now, for its constants and for saving its state. It stays until
    /// states().collect(), even if the DSP thread replaces it meanwhile.
    [[nodiscard]] const ProcessorInstance& current() const noexcept;
    /// The host broke the protocol in shared memory.
    [[nodiscard]] bool is_broken() const noexcept
    {
        // relaxed: a flag for a report.
        return broken_.load(std::memory_order_relaxed);
    }

private:
    struct Block {
        link::BlockHeader header;
        std::array<const float*, link::channel_count_max> inputs;
        std::array<float*, link::channel_count_max> outputs;
    };

    [[nodiscard]] bool take_block(Block& block) noexcept;
    [[nodiscard]] bool is_sound(const link::BlockHeader& header) const noexcept;
    void obey(const BlockOrders& orders) noexcept;
    void activate(std::uint64_t state_id) noexcept;
    void retire_outgoing() noexcept;
    [[nodiscard]] bool is_fading() const noexcept;
    [[nodiscard]] std::uint32_t process(const Block& block) noexcept;
    void blend_states(const Block& block) noexcept;
    void blend_bypass(const Block& block) noexcept;
    [[nodiscard]] std::span<float> output(const Block& block, std::uint32_t channel) noexcept;
    [[nodiscard]] std::span<float> scratch(std::uint32_t channel, std::uint32_t frames) noexcept;

    link::ServiceLane lane_;
    LaneContext context_;
    std::uint32_t caller_ = 0;
    ob_prepare_info format_;
    std::uint32_t latency_frames_;
    std::uint32_t fixed_frame_count_;

    std::atomic<InstanceNode*> current_;  ///< owned; changed by the DSP thread only
    InstanceNode* outgoing_ = nullptr;    ///< owned; fading out after a change of state
    StateExchange states_;
    Crossfade state_fade_;   ///< outgoing to current
    Crossfade bypass_fade_;  ///< processor to dry

    EventIntake events_;
    DryPath dry_;
    std::size_t checkpoint_bytes_;
    CheckpointWriter checkpoints_;
    std::optional<std::uint64_t> last_sequence_;  ///< the block that the lane's state is after
    std::vector<float> scratch_;                  ///< [output_channel_count][max_frame_count]
    std::atomic<bool> broken_{false};
};

}  // namespace outboard::service
