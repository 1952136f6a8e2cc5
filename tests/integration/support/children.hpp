// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The processes that this one has started: the services of its inserts.

#include <cstdint>
#include <vector>

namespace outboard::test {

/// The children that live, in order of their process ids.
[[nodiscard]] std::vector<std::int32_t> child_processes();

}  // namespace outboard::test
