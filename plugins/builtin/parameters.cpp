// SPDX-License-Identifier: MIT

#include "plugins/builtin/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <system_error>

namespace outboard::builtin {
namespace {

constexpr std::string_view state_title = "outboard-parameters ";

double nearest_permitted(const ob_parameter_info& info, double value) noexcept
{
    const double in_range = std::clamp(value, info.minimum, info.maximum);
    return (info.flags & OB_PARAMETER_STEPPED) != 0 ? std::round(in_range) : in_range;
}

/// Takes the text up to the next line end off the front.
std::string_view take_line(std::string_view& text) noexcept
{
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    return line;
}

bool parse_number(std::string_view text, double& number) noexcept
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
}

void append_number(std::string& text, double number)
{
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    text.append(digits.data(), end);
}

}  // namespace

ParameterSet::ParameterSet(std::span<const ob_parameter_info> infos) noexcept : infos_(infos)
{
    for (const auto& info : infos_)
        values_[info.id].store(info.initial, std::memory_order_relaxed);
}

bool ParameterSet::set(std::uint32_t id, double value) noexcept
{
    if (id >= infos_.size() || !std::isfinite(value))
        return false;
    // relaxed, as in value().
    values_[id].store(nearest_permitted(infos_[id], value), std::memory_order_relaxed);
    return true;
}

bool ParameterSet::permits(std::uint32_t id, double value) const noexcept
{
    return id < infos_.size() && std::isfinite(value) &&
           nearest_permitted(infos_[id], value) == value;
}

std::size_t ParameterSet::save(std::span<std::byte> out) const
{
    std::string text{state_title};
    text += "1\n";
    for (const auto& info : infos_) {
        text.append(info.key).append("=");
        append_number(text, value(info.id));
        text += '\n';
    }
    if (out.size() >= text.size())
        std::memcpy(out.data(), text.data(), text.size());
    return text.size();
}

bool ParameterSet::load(std::span<const std::byte> data)
{
    std::string text(data.size(), '\0');
    std::transform(data.begin(), data.end(), text.begin(),
                   [](std::byte byte) { return static_cast<char>(byte); });
    std::string_view rest = text;
    // The number behind the title is for people: keys carry the meaning, whatever the version.
    if (!take_line(rest).starts_with(state_title))
        return false;

    Values values{};
    for (const auto& info : infos_)
        values[info.id] = info.initial;
    while (!rest.empty()) {
        if (!parse_line(take_line(rest), values))
            return false;
    }
    for (const auto& info : infos_)
        set(info.id, values[info.id]);
    return true;
}

bool ParameterSet::parse_line(std::string_view line, Values& values) const
{
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        return line.empty();
    const auto info = std::find_if(infos_.begin(), infos_.end(), [&](const auto& candidate) {
        return line.substr(0, equals) == candidate.key;
    });
    if (info == infos_.end())
        return true;
    return parse_number(line.substr(equals + 1), values[info->id]);
}

}  // namespace outboard::builtin
