// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// C++ face of observe.h, header-only: watching hosts from outside. Calls throw outboard::Error.
///
///     for (const ob_host_entry& entry : outboard::list_hosts()) {
///         const outboard::Snapshot snapshot{entry};
///         for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index)
///             std::puts(snapshot.insert(index).status.service_name);
///     }

#include <outboard/observe.h>
#include <outboard/host.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace outboard {

/// The hosts of this user that run, by process and number.
[[nodiscard]] inline std::vector<ob_host_entry> list_hosts()
{
    std::uint32_t count = 16;
    std::vector<ob_host_entry> hosts;
    ob_status status = OB_AGAIN;
    while (status == OB_AGAIN) {
        hosts.resize(count);
        status = check(ob_host_list(hosts.data(), &count));
    }
    hosts.resize(count);
    return hosts;
}

/// What a host told of itself at one moment.
class Snapshot {
public:
    /// Asks the host. @param timeout_ns  how long to wait for its answer; 0: one second
    explicit Snapshot(const ob_host_entry& entry, std::uint64_t timeout_ns = 0)
    {
        ob_snapshot* snapshot = nullptr;
        check(ob_snapshot_take(entry.socket_path, timeout_ns, &snapshot));
        snapshot_.reset(snapshot);
    }

    [[nodiscard]] const ob_observed_host& host() const noexcept
    {
        return *ob_snapshot_host(snapshot_.get());
    }
    [[nodiscard]] std::uint32_t insert_count() const noexcept { return host().insert_count; }
    /// @pre index < insert_count()
    [[nodiscard]] const ob_observed_insert& insert(std::uint32_t index) const noexcept
    {
        return *ob_snapshot_insert(snapshot_.get(), index);
    }
    [[nodiscard]] const ob_snapshot* get() const noexcept { return snapshot_.get(); }

private:
    struct Free {
        void operator()(ob_snapshot* snapshot) const noexcept { ob_snapshot_free(snapshot); }
    };
    std::unique_ptr<ob_snapshot, Free> snapshot_;
};

}  // namespace outboard
