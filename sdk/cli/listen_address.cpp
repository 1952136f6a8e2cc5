// SPDX-License-Identifier: MIT
#include "sdk/cli/listen_address.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"

#include <limits>

namespace outboard::cli {

namespace {

Failure bad_address(std::string_view text)
{
    return usage_failure("--listen " + std::string{text} +
                         " is no address with a port, as 127.0.0.1:9749 or [::1]:9749");
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    const bool has_host = colon != std::string_view::npos;
    std::string_view host = has_host ? text.substr(0, colon) : "127.0.0.1";
    const auto port = parse_count(has_host ? text.substr(colon + 1) : text);
    if (!port || *port > std::numeric_limits<std::uint16_t>::max() || host.empty())
        throw bad_address(text);
    const bool is_bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (is_bracketed)
        host = host.substr(1, host.size() - 2);
    // Without brackets nobody can tell the port of an IPv6 address from its end.
    if (!is_bracketed && host.find_first_of(":[]") != std::string_view::npos)
        throw bad_address(text);
    return {std::string{host}, static_cast<std::uint16_t>(*port)};
}

bool is_loopback(const ListenAddress& address)
{
    const bool is_number = address.host.find_first_not_of("0123456789.") == std::string::npos;
    return (is_number && address.host.rfind("127.", 0) == 0) || address.host == "::1" ||
           address.host == "localhost";
}

std::string to_string(const ListenAddress& address)
{
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace outboard::cli
