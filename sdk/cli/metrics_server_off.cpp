// SPDX-License-Identifier: MIT
//
// For builds without cpp-httplib.

#include "sdk/cli/failure.hpp"
#include "sdk/cli/metrics_server.hpp"

namespace outboard::cli {

struct MetricsServer::Implementation {};

MetricsServer::MetricsServer(ListenAddress /*address*/, std::function<std::string()> /*metrics*/)
{
    throw Failure(
        ExitCode::environment,
        "this build has no metrics endpoint, for want of cpp-httplib: install it (Debian: "
        "libcpp-httplib-dev) and build again with OB_WITH_METRICS=ON");
}

MetricsServer::~MetricsServer() = default;

}  // namespace outboard::cli
