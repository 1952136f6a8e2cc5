// SPDX-License-Identifier: MIT
#include "sdk/cli/metrics_command.hpp"

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/console.hpp"
#include "sdk/cli/interruption.hpp"
#include "sdk/cli/listen_address.hpp"
#include "sdk/cli/metrics_server.hpp"
#include "sdk/cli/metrics_text.hpp"
#include "sdk/cli/observed.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

namespace outboard::cli {

ExitCode metrics_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Serves the figures of this user's hosts to Prometheus.", "outboard metrics"};
    std::string listen = "127.0.0.1:9749";
    app.add_option("--listen", listen,
                   "ADDRESS:PORT, or a port of 127.0.0.1 (default 127.0.0.1:9749)");
    app.footer(
        "\nThe figures are at /metrics. It ends with Ctrl-C or SIGTERM. Whoever can connect can "
        "read:\nthere is no password and no encryption.\n");
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;
    const ListenAddress address = parse_listen_address(listen);

    set_up_console(Verbosity::normal);
    catch_interruption();
    static_cast<void>(observe_hosts());  // without XDG_RUNTIME_DIR it ends here
    const MetricsServer server{address, [] { return metrics_text(observe_hosts()); }};
    if (!is_loopback(address))
        log_warning("other machines may connect to " + to_string(server.address()));
    fmt::print("http://{}/metrics\n", to_string(server.address()));
    static_cast<void>(std::fflush(stdout));
    while (!is_interrupted())
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    return ExitCode::ok;
}

}  // namespace outboard::cli
