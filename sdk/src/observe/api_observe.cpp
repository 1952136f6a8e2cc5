// SPDX-License-Identifier: MIT
//
// C ABI of watching hosts.

#include "rt/os/clock.hpp"
#include "sdk/src/api/boundary.hpp"
#include "sdk/src/observe/snapshot.hpp"
#include "sdk/src/registry/host_sockets.hpp"

#include <outboard/observe.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using outboard::api::fail;
using outboard::api::guarded;

struct ob_snapshot {
    outboard::observe::Snapshot content;
};

namespace {

[[nodiscard]] ob_host_entry to_entry(const outboard::registry::HostEntry& entry) noexcept
{
    ob_host_entry result{};
    result.process_id = entry.process_id;
    result.number = entry.number;
    static_cast<void>(std::snprintf(result.socket_path, sizeof(result.socket_path), "%s",
                                    entry.socket_path.c_str()));
    return result;
}

}  // namespace

ob_status ob_host_list(ob_host_entry* out, uint32_t* count) noexcept
{
    return guarded([&] {
        if (count == nullptr || (out == nullptr && *count != 0))
            return fail(OB_ERR_INVALID_ARGUMENT, "ob_host_list: NULL argument");
        const auto entries = outboard::registry::list_hosts();
        if (!entries)
            return fail(entries.error(), "cannot list hosts");
        const uint32_t capacity = *count;
        *count = static_cast<uint32_t>(entries->size());
        if (capacity < entries->size())
            return ob_status{OB_AGAIN};
        std::transform(entries->begin(), entries->end(), out, to_entry);
        return ob_status{OB_OK};
    });
}

ob_status ob_snapshot_take(const char* socket_path, uint64_t timeout_ns, ob_snapshot** out) noexcept
{
    constexpr uint64_t default_timeout_ns = 1'000'000'000;
    if (out == nullptr)
        return OB_ERR_INVALID_ARGUMENT;
    *out = nullptr;
    return guarded([&] {
        if (socket_path == nullptr)
            return fail(OB_ERR_INVALID_ARGUMENT, "ob_snapshot_take: NULL argument");
        const uint64_t now_ns = outboard::rt::os::monotonic_ns();
        const uint64_t wait_ns = timeout_ns != 0 ? timeout_ns : default_timeout_ns;
        auto content = outboard::observe::read_snapshot(
            socket_path, now_ns + std::min(wait_ns, UINT64_MAX - 1 - now_ns));
        if (!content)
            return fail(content.error(), std::string{"host at "} + socket_path);
        *out = std::make_unique<ob_snapshot>(ob_snapshot{*std::move(content)}).release();
        return ob_status{OB_OK};
    });
}

void ob_snapshot_free(ob_snapshot* snapshot) noexcept
{
    delete snapshot;
}

const ob_observed_host* ob_snapshot_host(const ob_snapshot* snapshot) noexcept
{
    return &snapshot->content.host;
}

const ob_observed_insert* ob_snapshot_insert(const ob_snapshot* snapshot, uint32_t index) noexcept
{
    const auto& inserts = snapshot->content.inserts;
    return index < inserts.size() ? &inserts[index] : nullptr;
}
