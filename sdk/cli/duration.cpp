// SPDX-License-Identifier: MIT
#include "sdk/cli/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace outboard::cli {

namespace {

constexpr double ns_per_second = 1e9;
constexpr double duration_ns_max = 366.0 * 86'400.0 * ns_per_second;

template <typename T>
std::optional<T> parse_all(std::string_view text) noexcept
{
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end)
        return std::nullopt;
    return value;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) noexcept
{
    const auto value = parse_all<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::uint32_t> parse_count(std::string_view text) noexcept
{
    return parse_all<std::uint32_t>(text);
}

std::optional<std::uint64_t> parse_duration_ns(std::string_view text) noexcept
{
    // "s" comes last, because the others end in it too.
    static constexpr std::array<std::pair<std::string_view, double>, 3> units{
        {{"ms", 1e6}, {"us", 1e3}, {"s", ns_per_second}}};
    for (const auto& [unit, unit_ns] : units) {
        if (!text.ends_with(unit))
            continue;
        const auto value = parse_number(text.substr(0, text.size() - unit.size()));
        if (!value || *value < 0 || *value * unit_ns > duration_ns_max)
            return std::nullopt;
        return static_cast<std::uint64_t>(std::llround(*value * unit_ns));
    }
    return std::nullopt;
}

std::uint64_t to_frames(std::uint64_t duration_ns, std::uint32_t rate_hz) noexcept
{
    const double frames = static_cast<double>(duration_ns) * rate_hz / ns_per_second;
    return static_cast<std::uint64_t>(std::llround(frames));
}

double to_seconds(std::uint64_t frames, std::uint32_t rate_hz) noexcept
{
    return static_cast<double>(frames) / rate_hz;
}

}  // namespace outboard::cli
