// SPDX-License-Identifier: MIT

#include "sdk/src/service/lane_runner.hpp"

#include "sdk/src/service/lane_checkpoint.hpp"
#include "sdk/src/service/output_events.hpp"

namespace outboard::service {

LaneRunner::LaneRunner(const link::ServiceLane& lane, const LaneContext& context,
                       std::unique_ptr<ProcessorInstance> instance,
                       std::span<const ob_event_parameter> parameters)
    : lane_(lane),
      context_(context),
      format_(instance->format()),
      latency_frames_(instance->latency_frames()),
      fixed_frame_count_(instance->kind().fixed_frame_count),
      current_(nullptr),
      events_(lane.shape().event_bytes, parameters),
      dry_(format_, latency_frames_),
      checkpoint_bytes_(lane_checkpoint_bytes(*instance, dry_)),
      scratch_(std::size_t{format_.output_channel_count} * format_.max_frame_count)
{
    OB_ASSERT(format_.input_channel_count <= link::channel_count_max);
    OB_ASSERT(format_.output_channel_count <= link::channel_count_max);
    current_.store(new InstanceNode{0, std::move(instance)}, std::memory_order_relaxed);
}

LaneRunner::~LaneRunner()
{
    delete current_.load(std::memory_order_relaxed);
    delete outgoing_;
}

const ProcessorInstance& LaneRunner::current() const noexcept
{
    // acquire, pairs with the release in activate().
    return *current_.load(std::memory_order_acquire)->instance;
}

bool LaneRunner::has_work() noexcept OB_NONBLOCKING
{
    if (is_broken())
        return false;
    const rt::RingStatus input = lane_.input().poll();
    if (input == rt::RingStatus::empty)
        return false;
    const rt::RingStatus output = lane_.output().reserve();
    if (input == rt::RingStatus::corrupt || output == rt::RingStatus::corrupt) {
        broken_.store(true, std::memory_order_relaxed);
        return false;
    }
    // While the output ring is full, the block stays where it is: the host's next ring tries again.
    return output == rt::RingStatus::ok;
}

bool LaneRunner::run_one() noexcept
{
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled as far as it is read
    Block block;
    if (!take_block(block)) {
        broken_.store(true, std::memory_order_relaxed);
        return false;
    }
    obey(events_.orders());

    const std::uint64_t started_ns = context_.clock->now_ns();
    // relaxed: read by last words on this thread, or by chance.
    context_.processor->store(current_.load(std::memory_order_relaxed)->instance->kind().name,
                              std::memory_order_relaxed);
    // release, so that whoever looks after our death sees it set before the processor began.
    const link::BlockInProgress in_progress{context_.lane, block.header.sequence};
    context_.in_progress->store(in_progress.word(), std::memory_order_release);
    const std::uint32_t event_bytes = process(block);
    context_.in_progress->store(0, std::memory_order_release);

    lane_.output_slot().header() = {.sequence = block.header.sequence,
                                    .posted_ns = block.header.posted_ns,
                                    .dsp_started_ns = started_ns,
                                    .dsp_ended_ns = context_.clock->now_ns(),
                                    .frame_count = block.header.frame_count,
                                    .event_bytes = event_bytes,
                                    .caller = caller_,
                                    .reserved = 0};
    // In this order, so that no moment shows a block as neither pending nor answered.
    lane_.output().publish();
    lane_.input().release();
    last_sequence_ = block.header.sequence;
    return true;
}

bool LaneRunner::owes_checkpoint() noexcept
{
    return checkpoints_.is_wanted() && last_sequence_ && !is_fading();
}

bool LaneRunner::write_checkpoint_if_wanted() noexcept
{
    if (!owes_checkpoint())
        return false;
    save_lane_checkpoint(checkpoints_.state(), *current_.load(std::memory_order_relaxed)->instance,
                         bypass_fade_, dry_);
    checkpoints_.publish(*last_sequence_);
    return true;
}

bool LaneRunner::is_fading() const noexcept
{
    return outgoing_ != nullptr || !(bypass_fade_.is_first() || bypass_fade_.is_second());
}

bool LaneRunner::restore(std::span<const std::byte> checkpoint, std::uint64_t sequence) noexcept
{
    OB_ASSERT(checkpoint_bytes_ != 0 && checkpoint.size() == checkpoint_bytes_);
    retire_outgoing();  // a checkpoint is of no fade
    // relaxed: the DSP thread, which changes it, does not have the lane.
    ProcessorInstance& instance = *current_.load(std::memory_order_relaxed)->instance;
    if (!restore_lane_checkpoint(checkpoint, instance, bypass_fade_, dry_))
        return false;
    events_.drop_initial_parameters();
    last_sequence_ = sequence;
    return true;
}

void LaneRunner::use_checkpoint_area(rt::os::Mapping area) noexcept
{
    checkpoints_ = CheckpointWriter{std::move(area), lane_.checkpoint_wanted(), checkpoint_bytes_};
}

/// Copies out what is to be checked, and finds the channels.
bool LaneRunner::take_block(Block& block) noexcept
{
    lane_.prefetch_input();
    const auto input = lane_.input_slot();
    const auto output = lane_.output_slot();
    block.header = input.header();
    if (!is_sound(block.header) ||
        !events_.take(input.events(), block.header.event_bytes, block.header.frame_count))
        return false;
    caller_ = block.header.caller;
    for (std::uint32_t channel = 0; channel < format_.input_channel_count; ++channel)
        block.inputs[channel] = input.channel(channel);
    for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel)
        block.outputs[channel] = output.channel(channel);
    return true;
}

bool LaneRunner::is_sound(const link::BlockHeader& header) const noexcept
{
    if (fixed_frame_count_ != 0 && header.frame_count != fixed_frame_count_)
        return false;
    return header.frame_count >= 1 && header.frame_count <= format_.max_frame_count &&
           header.caller < link::caller_count_max;
}

void LaneRunner::obey(const BlockOrders& orders) noexcept
{
    if (orders.activate_state)
        activate(*orders.activate_state);
    if (orders.reset)
        current_.load(std::memory_order_relaxed)->instance->reset();
    if (orders.bypass)
        bypass_fade_.toward_second(*orders.bypass);
}

void LaneRunner::activate(std::uint64_t state_id) noexcept
{
    InstanceNode* const loaded = states_.take(state_id);
    if (loaded == nullptr)
        return;
    retire_outgoing();  // a fade that is still going on ends here
    outgoing_ = current_.load(std::memory_order_relaxed);
    // release, pairs with the acquire in current().
    current_.store(loaded, std::memory_order_release);
    state_fade_.restart();
    state_fade_.toward_second(true);
}

void LaneRunner::retire_outgoing() noexcept
{
    if (outgoing_ != nullptr)
        states_.retire(std::exchange(outgoing_, nullptr));
}

/// @return bytes of output events
std::uint32_t LaneRunner::process(const Block& block) noexcept
{
    const std::uint32_t frame_count = block.header.frame_count;
    OutputEvents events{lane_.output_slot().events(), frame_count};
    const bool is_spoilt = context_.fault_hook != nullptr && context_.fault_hook->strike();

    current_.load(std::memory_order_relaxed)
        ->instance->process({.inputs = block.inputs.data(),
                             .outputs = block.outputs.data(),
                             .frame_count = frame_count,
                             .reserved = 0,
                             .sequence = block.header.sequence,
                             .events_in = events_.events(),
                             .events_out = events.sink()});
    if (outgoing_ != nullptr)
        blend_states(block);
    blend_bypass(block);

    if (is_spoilt) {
        for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel)
            FaultHook::spoil(output(block, channel));
    }
    return events.size_bytes();
}

/// The old instance goes on for the length of the fade; its events are not heard.
void LaneRunner::blend_states(const Block& block) noexcept
{
    const std::uint32_t frame_count = block.header.frame_count;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled below, as far as it is read
    std::array<float*, link::channel_count_max> outgoing;
    for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel)
        outgoing[channel] = scratch(channel, frame_count).data();
    outgoing_->instance->process({.inputs = block.inputs.data(),
                                  .outputs = outgoing.data(),
                                  .frame_count = frame_count,
                                  .reserved = 0,
                                  .sequence = block.header.sequence,
                                  .events_in = events_.events(),
                                  .events_out = discarding_sink()});

    for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel)
        state_fade_.mix(outgoing[channel], block.outputs[channel], output(block, channel));
    state_fade_.advance(frame_count);
    if (state_fade_.is_second())
        retire_outgoing();
}

void LaneRunner::blend_bypass(const Block& block) noexcept
{
    const std::uint32_t frame_count = block.header.frame_count;
    // Without latency the past is not needed, so that the usual case copies nothing.
    if (latency_frames_ != 0 || !bypass_fade_.is_first())
        dry_.feed(block.inputs.data(), frame_count);
    if (bypass_fade_.is_first())
        return;
    for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel) {
        const std::span<float> dry = scratch(channel, frame_count);
        dry_.read(channel, dry);
        bypass_fade_.mix(block.outputs[channel], dry.data(), output(block, channel));
    }
    bypass_fade_.advance(frame_count);
}

std::span<float> LaneRunner::output(const Block& block, std::uint32_t channel) noexcept
{
    return {block.outputs[channel], block.header.frame_count};
}

std::span<float> LaneRunner::scratch(std::uint32_t channel, std::uint32_t frames) noexcept
{
    return {scratch_.data() + std::size_t{channel} * format_.max_frame_count, frames};
}

}  // namespace outboard::service
