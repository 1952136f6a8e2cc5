// SPDX-License-Identifier: MIT

#include "sdk/src/api/last_error.hpp"
#include "sdk/src/registry/registry.hpp"

#include <outboard/host.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <string_view>

namespace {

/// Copies as much as there is room for, and a zero.
void copy_text(std::string_view text, std::span<char> out) noexcept
{
    const std::size_t length = std::min(text.size(), out.size() - 1);
    std::copy_n(text.begin(), length, out.begin());
    out[length] = '\0';
}

[[nodiscard]] ob_service_info info_of(const outboard::registry::Entry& entry) noexcept
{
    ob_service_info info{};
    copy_text(entry.name, info.name);
    info.process_id = entry.process_id;
    copy_text(entry.socket_path, info.socket_path);
    return info;
}

[[nodiscard]] ob_status list_services(ob_service_info* out, uint32_t* count)
{
    const auto entries = outboard::registry::list();
    if (!entries)
        return outboard::api::fail(entries.error(), "cannot list services");
    const uint32_t capacity = *count;
    *count = static_cast<uint32_t>(entries->size());
    if (capacity < entries->size())
        return OB_AGAIN;
    std::transform(entries->begin(), entries->end(), out, info_of);
    return OB_OK;
}

}  // namespace

ob_status ob_service_list(ob_service_info* out, uint32_t* count) noexcept
{
    outboard::api::clear_last_error();
    if (count == nullptr || (out == nullptr && *count != 0))
        return outboard::api::fail(OB_ERR_INVALID_ARGUMENT, "ob_service_list: NULL argument");
    try {
        return list_services(out, count);
    } catch (const std::exception&) {
        return OB_ERR_NO_MEMORY;
    }
}
