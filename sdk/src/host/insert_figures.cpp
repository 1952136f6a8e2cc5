// SPDX-License-Identifier: MIT

#include "sdk/src/host/insert_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace outboard::host {

namespace {

static_assert(histogram_kind_count == OB_HISTOGRAM_KIND_COUNT);

/// A copy of a histogram's counts: the quantiles of one moment, for one reading of its lines.
class BucketCounts {
public:
    explicit BucketCounts(const rt::Histogram& histogram) noexcept
    {
        for (std::size_t index = 0; index < counts_.size(); ++index) {
            counts_[index] = histogram.bucket(index);
            total_ += counts_[index];
        }
    }

    [[nodiscard]] bool is_empty() const noexcept { return total_ == 0; }

    /// As rt::Histogram::quantile_ns(), without its limits. To be asked in ascending order.
    /// @pre !is_empty()
    [[nodiscard]] std::uint64_t next_quantile_ns(double quantile) noexcept
    {
        const auto rank = std::clamp<std::uint64_t>(
            static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(total_))), 1,
            total_);
        while (below_ + counts_[index_] < rank)
            below_ += counts_[index_++];
        return (rt::Histogram::lower_ns(index_) + rt::Histogram::upper_ns(index_) - 1) / 2;
    }

private:
    std::array<std::uint64_t, rt::Histogram::bucket_count> counts_{};
    std::uint64_t total_ = 0;
    std::size_t index_ = 0;
    std::uint64_t below_ = 0;  ///< in all buckets before `index_`
};

/// How long what the processor gets at once lasts: a fixed length, or the mean block.
[[nodiscard]] std::uint64_t period_ns_of(const InsertFormat& format,
                                         const ob_insert_statistics& statistics) noexcept
{
    double frame_count = format.unit_frame_count_max();
    const auto block_count = static_cast<double>(statistics.blocks);
    if (format.unit_frame_count == 0 && statistics.blocks != 0)
        frame_count = static_cast<double>(statistics.frames) / block_count;
    return static_cast<std::uint64_t>(frame_count * 1e9 / format.sample_rate_hz);
}

}  // namespace

ob_insert_statistics statistics_of(const Insert& insert) noexcept
{
    const Counters& counters = insert.statistics().counters;
    return {.blocks = counters.blocks.get(),
            .frames = counters.frames.get(),
            .frames_lost = counters.frames_lost.get(),
            .concealed_blocks = counters.concealed_blocks.get(),
            .deadline_misses = counters.deadline_misses.get(),
            .late_replies = counters.late_replies.get(),
            .not_posted = counters.not_posted.get(),
            .non_finite_blocks = counters.non_finite_blocks.get(),
            .corrupt_replies = counters.corrupt_replies.get(),
            .failovers = counters.failovers.get(),
            .events_dropped = counters.events_dropped.get(),
            .incidents_dropped = counters.incidents_dropped.get(),
            .diverged_blocks = counters.diverged_blocks.get(),
            .poison_blocks = insert.stream().replicas().poison().count(),
            .resets = counters.resets.get()};
}

ob_histogram_summary summary_of(const rt::Histogram& histogram) noexcept
{
    ob_histogram_summary summary{};
    BucketCounts counts{histogram};
    if (counts.is_empty())
        return summary;
    summary.count = histogram.count();
    summary.min_ns = histogram.min_ns();
    summary.max_ns = std::max(summary.min_ns, histogram.max_ns());
    const auto quantile_ns = [&](double quantile) {
        return std::clamp(counts.next_quantile_ns(quantile), summary.min_ns, summary.max_ns);
    };
    summary.p50_ns = quantile_ns(0.5);
    summary.p90_ns = quantile_ns(0.9);
    summary.p99_ns = quantile_ns(0.99);
    summary.p99_9_ns = quantile_ns(0.999);
    return summary;
}

ob_observed_insert observe(const Insert& insert)
{
    const InsertFormat& format = insert.stream().format();
    const ob_caller_config& caller = insert.caller().config();
    ob_observed_insert observed{};
    observed.number = insert.number();
    observed.caller_index = insert.caller().index();
    observed.caller_priority = caller.realtime_priority;
    observed.caller_cpu = caller.pinned_cpu;
    observed.mode = insert.spec().config.mode;
    observed.pace = insert.spec().config.pace;
    observed.sample_rate_hz = format.sample_rate_hz;
    observed.max_frame_count = format.max_frame_count;
    observed.input_channel_count = format.input_channel_count;
    observed.output_channel_count = format.output_channel_count;
    observed.status = insert.status();
    observed.statistics = statistics_of(insert);
    observed.period_ns = period_ns_of(format, observed.statistics);
    observed.forecast = insert.forecast();
    const auto& histograms = insert.statistics().histograms;
    std::transform(histograms.begin(), histograms.end(), std::begin(observed.histograms),
                   summary_of);
    return observed;
}

}  // namespace outboard::host
