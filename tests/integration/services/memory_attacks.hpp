// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Attacks on the size, the pages and the seals of the shared segments.

#include "tests/integration/services/raw_peer.hpp"

#include <string_view>

namespace outboard::test {

/// Carries out the attack of that name. Those before Mapped succeed, and the host has to notice.
/// Those after it ("sealed") must fail, each of them; one that succeeds is reported by Failed.
/// @return false when there is none of that name
[[nodiscard]] bool attack_memory(const RawPeer& peer, std::string_view name);

}  // namespace outboard::test
