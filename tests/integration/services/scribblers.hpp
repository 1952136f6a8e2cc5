// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Services that stream, and write into shared memory what they must not.

#include "tests/integration/services/raw_peer.hpp"

#include <string_view>

namespace outboard::test {

/// Streams as the scribbler of that name. @return false when there is none of that name
[[nodiscard]] bool scribble(const RawPeer& peer, std::string_view name);

}  // namespace outboard::test
