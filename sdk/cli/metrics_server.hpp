// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// An HTTP server for what Prometheus reads. Made of cpp-httplib; metrics_server_off.cpp takes its
/// place in builds without.

#include "sdk/cli/listen_address.hpp"

#include <functional>
#include <memory>
#include <string>

namespace outboard::cli {

class MetricsServer {
public:
    /// Listens from now on. Port 0 becomes the one that was free.
    /// @param metrics  makes the text for one answer; called on threads of the server; what it
    ///                 throws becomes an answer with status 500
    /// @throws Failure (endpoint) when the address is in use, or not this machine's;
    ///         Failure (environment) in a build without it
    MetricsServer(ListenAddress address, std::function<std::string()> metrics);
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer(MetricsServer&&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;
    MetricsServer& operator=(MetricsServer&&) = delete;
    /// Answers what has been asked, and ends.
    ~MetricsServer();

    [[nodiscard]] const ListenAddress& address() const noexcept { return address_; }

private:
    struct Implementation;
    ListenAddress address_;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace outboard::cli
