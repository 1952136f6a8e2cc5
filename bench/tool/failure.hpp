// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How `outboard bench` fails; main() turns what arrives into a message and an exit code.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace outboard::bench {

/// Documented in outboard-bench(1) and --help; as those of outboard(1) where they mean the same.
enum class Exit : std::uint8_t {
    ok = 0,
    bad = 1,  ///< a metric got worse; or the sound that came back was not what was sent
    usage = 2,
    input = 3,
    output = 4,
    service = 5,
    environment = 6,
    internal = 70,
    interrupted = 130,
};

class Failure : public std::runtime_error {
public:
    Failure(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] Exit code() const noexcept { return code_; }

private:
    Exit code_;
};

}  // namespace outboard::bench
