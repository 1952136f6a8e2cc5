// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How the services of a chain are called on the command line, in reports and on pages.
///
/// | --service        | label        |                                        |
/// |------------------|--------------|----------------------------------------|
/// | reverb           | reverb       | a built-in processor: its name         |
/// | ./build/my-echo  | my-echo      | an executable: its file name           |
/// | @studio          | studio       | a running service: its name            |
/// | reverb, again    | reverb#2     | the second of the same label, and so on |

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace outboard::cli {

/// Labels of a chain, in its order.
[[nodiscard]] std::vector<std::string> service_labels(const std::vector<std::string>& services);

/// Where in the chain `name` is; `reverb#1` means `reverb` and `@studio` means `studio`.
/// @throws Failure (usage) that lists the labels there are
[[nodiscard]] std::size_t find_service(const std::vector<std::string>& labels,
                                       std::string_view name);

}  // namespace outboard::cli
