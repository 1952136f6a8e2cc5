// SPDX-License-Identifier: MIT
#include "sdk/cli/metrics_server.hpp"

#include "sdk/cli/failure.hpp"
#include "sdk/cli/metrics_text.hpp"

#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

namespace outboard::cli {

namespace {

constexpr std::size_t thread_count = 4;
constexpr std::size_t body_bytes_max = 1024;
constexpr std::time_t request_limit_s = 2;
constexpr const char* text_type = "text/plain; charset=utf-8";

/// SO_REUSEADDR, to start again at once; without SO_REUSEPORT, which the library sets by itself and
/// by which two servers could share a port.
void set_socket_options(socket_t socket)
{
    const int yes = 1;
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
}

Failure cannot_listen(const ListenAddress& address, int reason)
{
    std::string message = "cannot listen at " + to_string(address);
    if (reason == EADDRINUSE) {
        message += ": the port is in use; choose another one with --listen";
    } else if (reason == 0 || reason == EADDRNOTAVAIL) {
        message += ": that is no address of this machine";
    } else {
        message += ": " + std::generic_category().message(reason);
    }
    return {ExitCode::endpoint, message};
}

}  // namespace

struct MetricsServer::Implementation {
    httplib::Server server;
    std::atomic<bool> has_ended{false};
    std::thread thread;
};

MetricsServer::MetricsServer(ListenAddress address, std::function<std::string()> metrics)
    : address_(std::move(address)),
      implementation_(std::make_unique<Implementation>())
{
    httplib::Server& server = implementation_->server;
    server.new_task_queue = [] { return new httplib::ThreadPool(thread_count); };
    server.set_socket_options(set_socket_options);
    server.set_payload_max_length(body_bytes_max);
    server.set_read_timeout(request_limit_s);
    server.set_write_timeout(request_limit_s);
    server.set_keep_alive_timeout(request_limit_s);
    server.Get("/", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("Outboard: the metrics are at /metrics\n", text_type);
    });
    server.Get("/metrics", [make_text = std::move(metrics)](const httplib::Request&,
                                                            httplib::Response& response) {
        try {
            response.set_content(make_text(), metrics_content_type);
        } catch (const std::exception& error) {
            response.status = 500;
            response.set_content(std::string{error.what()} + '\n', text_type);
        }
    });

    errno = 0;
    const int port = address_.port != 0
                         ? (server.bind_to_port(address_.host, address_.port) ? address_.port : -1)
                         : server.bind_to_any_port(address_.host);
    if (port <= 0)
        throw cannot_listen(address_, errno);
    address_.port = static_cast<std::uint16_t>(port);
    implementation_->thread = std::thread{[raw = implementation_.get()] {
        raw->server.listen_after_bind();
        raw->has_ended.store(true, std::memory_order_relaxed);
    }};
}

MetricsServer::~MetricsServer()
{
    // stop() does nothing before the server runs.
    while (!implementation_->server.is_running() &&
           !implementation_->has_ended.load(std::memory_order_relaxed))
        std::this_thread::yield();
    implementation_->server.stop();
    implementation_->thread.join();
}

}  // namespace outboard::cli
