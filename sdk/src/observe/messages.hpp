// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The messages in which a host tells its state, to and from the structs of the C ABI.
/// docs/protocol.md tells the order.

#include "rt/control/result.hpp"

#include <outboard/observe.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace outboard::observe {

using Bytes = std::vector<std::byte>;

/// The last message.
struct EndOfState {
    std::uint32_t insert_count = 0;
};

[[nodiscard]] Bytes encode(const ob_observed_host& host);
[[nodiscard]] Bytes encode(const ob_observed_insert& insert);
[[nodiscard]] Bytes encode(const EndOfState& end);

using StateMessage = std::variant<ob_observed_host, ob_observed_insert, EndOfState>;

/// Verifies and copies a message. What a newer host says and this build does not know is left out.
/// @return protocol for bytes that are no message of ours
[[nodiscard]] rt::Result<StateMessage> decode(std::span<const std::byte> bytes);

}  // namespace outboard::observe
