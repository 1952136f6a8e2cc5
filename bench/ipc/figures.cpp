// SPDX-License-Identifier: MIT

#include "bench/ipc/figures.hpp"

#include <algorithm>

namespace outboard::bench::ipc {

namespace {

constexpr std::size_t samples_for_p99_9 = 100'000;

/// Round by round, as far as both have come.
template <typename Value>
[[nodiscard]] std::optional<RoundRatio> ratio_of(const std::vector<Chunk>& chunks,
                                                 const std::vector<Chunk>& base, Value&& value)
{
    std::vector<double> ratios;
    for (std::size_t round = 0; round < std::min(chunks.size(), base.size()); ++round)
        ratios.push_back(value(chunks[round]) / value(base[round]));
    if (ratios.empty())
        return std::nullopt;
    std::sort(ratios.begin(), ratios.end());
    return RoundRatio{.median = median_of(ratios),
                      .lower_quartile = ratios[ratios.size() / 4],
                      .upper_quartile = ratios[ratios.size() * 3 / 4]};
}

[[nodiscard]] double cpus_of(const std::vector<Chunk>& chunks)
{
    double cpu_ns = 0.0;
    double elapsed_ns = 0.0;
    for (const Chunk& chunk : chunks) {
        cpu_ns += static_cast<double>(chunk.cpu_ns);
        elapsed_ns += static_cast<double>(chunk.elapsed_ns);
    }
    return cpu_ns / std::max(elapsed_ns, 1.0);
}

}  // namespace

std::optional<RoundTripFigures> round_trip_figures(const Measured& measured, const Measured* base)
{
    if (measured.round_trips.empty())
        return std::nullopt;
    Samples all;
    for (const Chunk& chunk : measured.round_trips)
        all.insert(all.end(), chunk.round_trips_ns.begin(), chunk.round_trips_ns.end());
    std::sort(all.begin(), all.end());
    RoundTripFigures figures{.samples = all.size(),
                             .chunks = measured.round_trips.size(),
                             .p50_ns = quantile_of(all, 0.5),
                             .p99_ns = quantile_of(all, 0.99),
                             .max_ns = all.back(),
                             .cpus = cpus_of(measured.round_trips)};
    if (all.size() >= samples_for_p99_9)
        figures.p99_9_ns = quantile_of(all, 0.999);
    if (base != nullptr) {
        figures.ratio = ratio_of(measured.round_trips, base->round_trips, [](const Chunk& chunk) {
            return static_cast<double>(quantile_of(chunk.round_trips_ns, 0.5));
        });
    }
    return figures;
}

std::optional<OneWayFigures> one_way_figures(const Measured& measured, const Measured* base)
{
    if (measured.one_way.empty())
        return std::nullopt;
    const auto message_ns = [](const Chunk& chunk) {
        return static_cast<double>(chunk.elapsed_ns) / static_cast<double>(chunk.message_count);
    };
    OneWayFigures figures{.chunks = measured.one_way.size(), .cpus = cpus_of(measured.one_way)};
    std::vector<double> times_ns;
    for (const Chunk& chunk : measured.one_way) {
        figures.messages += chunk.message_count;
        times_ns.push_back(message_ns(chunk));
    }
    figures.message_ns = median_of(std::move(times_ns));
    if (base != nullptr)
        figures.ratio = ratio_of(measured.one_way, base->one_way, message_ns);
    return figures;
}

const Measured* SizeResult::base() const noexcept
{
    const auto found =
        std::find_if(mechanisms.begin(), mechanisms.end(), [](const Measured& measured) {
            return measured.mechanism == base_name && measured.failed.empty();
        });
    return found == mechanisms.end() ? nullptr : &*found;
}

}  // namespace outboard::bench::ipc
