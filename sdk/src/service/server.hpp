// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The control thread of a service: its one link to the host that started it, or its listener and
/// the links to all hosts that found it.

#include "rt/os/handle.hpp"
#include "rt/os/poll.hpp"
#include "sdk/src/registry/registry.hpp"
#include "sdk/src/service/processor_catalog.hpp"
#include "sdk/src/service/serve_arguments.hpp"
#include "sdk/src/service/service_link.hpp"
#include "sdk/src/service/service_log.hpp"

#include <memory>
#include <vector>

namespace outboard::service {

/// Serves the host that started this process, and ends with it: the process exits in here.
[[noreturn]] void serve_parent(const SpawnedBy& parent, const ProcessorCatalog& catalog,
                               const LinkOptions& options, const ServiceLog& log);

/// A service that is found by name.
class NamedServer {
public:
    NamedServer(const registry::Registration& registration, const ProcessorCatalog& catalog,
                const LinkOptions& options, const ServiceLog& log) noexcept
        : registration_(registration),
          catalog_(catalog),
          options_(options),
          log_(log)
    {}

    /// Serves until `termination` is readable. A processor that hangs when its link has ended ends
    /// the process: whoever runs the service starts it anew.
    /// @return OB_SERVE_DONE or OB_SERVE_FAILED
    [[nodiscard]] int run(const rt::os::UniqueHandle& termination);

private:
    void accept_host();
    void serve_links(std::span<const rt::os::PollEntry> entries);
    void end_link(ServiceLink& link) const;

    const registry::Registration& registration_;
    const ProcessorCatalog& catalog_;
    const LinkOptions& options_;
    const ServiceLog& log_;
    std::vector<std::unique_ptr<ServiceLink>> links_;
};

}  // namespace outboard::service
