// SPDX-License-Identifier: MIT

#include "tests/integration/support/streaming_rig.hpp"

#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace outboard::test {

BlockSizes every_block(std::uint32_t frame_count)
{
    return [frame_count] { return frame_count; };
}

BlockSizes varying_blocks(std::uint32_t frame_count_max, std::uint64_t seed)
{
    return [generator = std::mt19937_64{seed},
            sizes = std::uniform_int_distribution<std::uint32_t>{1, frame_count_max}]() mutable {
        return sizes(generator);
    };
}

const char* test_service() noexcept
{
    return OB_TEST_SERVICE;
}

const char* builtin_service_directory() noexcept
{
    return OB_SERVICE_DIR;
}

HostConfig test_host_config() noexcept
{
    HostConfig config;
    config.name = "test";
    config.service_directory = builtin_service_directory();
    return config;
}

StreamingRig::StreamingRig(const StreamFormat& format, const CallerConfig& caller,
                           const HostConfig& host)
    : format_(format),
      host_(host),
      caller_(host_, caller),
      block_(format.channel_count, std::vector<float>(format.max_frame_count)),
      output_(format.channel_count)
{
    for (auto& channel : block_)
        channels_.push_back(channel.data());
}

InsertConfig StreamingRig::config_for(const char* processor) const noexcept
{
    InsertConfig config;
    config.service = test_service();
    config.processor = processor;
    config.sample_rate_hz = format_.sample_rate_hz;
    config.max_frame_count = format_.max_frame_count;
    config.input_channel_count = format_.channel_count;
    config.output_channel_count = format_.channel_count;
    return config;
}

Insert& StreamingRig::add(const InsertConfig& config)
{
    inserts_.push_back(std::make_unique<Insert>(caller_, config));
    return *inserts_.back();
}

void StreamingRig::set_real_time(bool is_real_time) noexcept
{
    is_real_time_ = is_real_time;
    due_ns_ = monotonic_ns();
}

void StreamingRig::reserve(std::uint64_t frame_count)
{
    for (auto& channel : output_)
        channel.reserve(channel.size() + frame_count);
    blocks_.reserve(blocks_.size() + frame_count);
}

ob_status StreamingRig::push(std::uint32_t frame_count)
{
    make_input(frame_count);
    wait_until_due();
    const std::uint64_t started_ns = monotonic_ns();
    if (budget_ns_ != 0)
        caller_.cycle_begin(budget_ns_);
    const ob_status status = pass_through_inserts(frame_count);
    const std::uint64_t duration_ns = monotonic_ns() - started_ns;

    for (std::uint32_t channel = 0; channel < format_.channel_count; ++channel) {
        output_[channel].insert(output_[channel].end(), channels_[channel],
                                channels_[channel] + frame_count);
    }
    blocks_.push_back({next_frame_, frame_count, status, started_ns, duration_ns});
    next_frame_ += frame_count;
    due_ns_ += static_cast<std::uint64_t>(1e9 * frame_count / format_.sample_rate_hz);
    return status;
}

void StreamingRig::make_input(std::uint32_t frame_count)
{
    for (std::uint32_t channel = 0; channel < format_.channel_count; ++channel) {
        for (std::uint32_t i = 0; i < frame_count; ++i)
            block_[channel][i] = signal_at(channel, static_cast<std::int64_t>(next_frame_ + i));
    }
}

ob_status StreamingRig::pass_through_inserts(std::uint32_t frame_count) noexcept
{
    ob_status worst = OB_OK;
    for (const auto& insert : inserts_) {
        const ob_status status = insert->process(channels_.data(), channels_.data(), frame_count);
        if (worst >= 0 && status != OB_OK)
            worst = status;
    }
    return worst;
}

void StreamingRig::wait_until_due() noexcept
{
    if (!is_real_time_)
        return;
    // A sound card does not wait for us either: what a stall has cost is not caught up with.
    due_ns_ = std::max(due_ns_, monotonic_ns() - 50'000'000);
    std::this_thread::sleep_until(
        std::chrono::steady_clock::time_point{std::chrono::nanoseconds{due_ns_}});
}

void StreamingRig::run(std::uint64_t frame_count, const BlockSizes& sizes)
{
    for (std::uint64_t left = frame_count; left != 0;) {
        const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, sizes()));
        static_cast<void>(push(size));
        left -= size;
    }
}

bool StreamingRig::run_until(const std::function<bool()>& is_done, std::uint64_t frame_limit)
{
    const std::uint64_t end_frame = next_frame_ + frame_limit;
    while (!is_done()) {
        if (next_frame_ >= end_frame)
            return false;
        static_cast<void>(push(format_.max_frame_count));
    }
    return true;
}

std::uint64_t StreamingRig::latency_frames() const noexcept
{
    std::uint64_t frames = 0;
    for (const auto& insert : inserts_)
        frames += insert->latency_frames();
    return frames;
}

void run_with_parameter_steps(StreamingRig& rig, bool with_kills)
{
    const auto parameter = rig.insert().parameters().front();
    for (int step = 0; step < 6; ++step) {
        rig.run(640, every_block(64));
        const double part = 0.15 * step;
        REQUIRE(rig.insert().set_parameter(
                    parameter.id,
                    parameter.minimum + part * (parameter.maximum - parameter.minimum)) == OB_OK);
        rig.run(64, every_block(64));
        if (with_kills)
            REQUIRE(ob_insert_inject_fault(rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
    }
    rig.run(640, every_block(64));
}

std::optional<std::uint64_t> first_frame_unlike_input(const Audio& output,
                                                      std::uint64_t latency_frames)
{
    for (std::uint64_t frame = 0; frame < output.front().size(); ++frame) {
        for (std::uint32_t channel = 0; channel < output.size(); ++channel) {
            if (output[channel][frame] != delayed_signal_at(channel, frame, latency_frames))
                return frame;
        }
    }
    return std::nullopt;
}

std::vector<ob_incident> take_incidents(const Insert& insert)
{
    std::vector<ob_incident> incidents;
    while (const auto incident = insert.next_incident())
        incidents.push_back(*incident);
    return incidents;
}

std::uint64_t monotonic_ns() noexcept
{
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

}  // namespace outboard::test
