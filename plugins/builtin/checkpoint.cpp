// SPDX-License-Identifier: MIT

#include "plugins/builtin/checkpoint.hpp"

#include <algorithm>

namespace outboard::builtin {
namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash_of(std::string_view text) noexcept
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char character : text) {
        hash ^= static_cast<unsigned char>(character);
        hash *= 0x100000001b3U;
    }
    return hash;
}

}  // namespace

CheckpointHeader checkpoint_header(std::string_view processor_name, const ob_prepare_info& info,
                                   std::size_t parameter_count, std::size_t size_bytes) noexcept
{
    return {.magic = 0x4b43424fU,  // "OBCK"
            .version = 1,
            .parameter_count = static_cast<std::uint16_t>(parameter_count),
            .kind = hash_of(processor_name),
            .sample_rate_hz = info.sample_rate_hz,
            .input_channel_count = info.input_channel_count,
            .output_channel_count = info.output_channel_count,
            .size_bytes = size_bytes};
}

std::size_t StateRegions::size_bytes() const noexcept
{
    std::size_t total_bytes = 0;
    for (const auto& region : regions_)
        total_bytes += region.size();
    return total_bytes;
}

void StateRegions::copy_to(std::span<std::byte> out) const noexcept
{
    auto* destination = out.data();
    for (const auto& region : regions_)
        destination = std::copy(region.begin(), region.end(), destination);
}

void StateRegions::copy_from(std::span<const std::byte> data) const noexcept
{
    const auto* source = data.data();
    for (const auto& region : regions_) {
        std::copy_n(source, region.size(), region.begin());
        source += region.size();
    }
}

}  // namespace outboard::builtin
