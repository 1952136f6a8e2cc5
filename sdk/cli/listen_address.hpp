// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outboard::cli {

struct ListenAddress {
    std::string host;  ///< a numeric address or a name, without brackets
    std::uint16_t port = 0;
};

/// "127.0.0.1:9749", "[::1]:9749", "localhost:9749", or a port alone, which means 127.0.0.1. Port 0
/// is any that is free. @throws Failure (usage)
[[nodiscard]] ListenAddress parse_listen_address(std::string_view text);

/// Whether only this machine can connect to it.
[[nodiscard]] bool is_loopback(const ListenAddress& address);

/// "[::1]:9749"
[[nodiscard]] std::string to_string(const ListenAddress& address);

}  // namespace outboard::cli
