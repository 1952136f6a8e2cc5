// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How the command fails. It is a user of the SDK's C++ face and of CLI11, which both report by
/// exception; so it does the same, and main() turns what arrives into a message and an exit code.

#include "audio/result.hpp"

#include <outboard/common.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace outboard::cli {

/// Exit codes; documented in outboard(1) and in `outboard --help`. Never renumber.
enum class ExitCode : std::uint8_t {
    ok = 0,
    internal = 1,
    usage = 2,
    input = 3,
    output = 4,
    service = 5,
    environment = 6,
    gave_up = 7,
    device = 8,
    forecast = 9,
    host = 10,
    endpoint = 11,
    interrupted = 130,  ///< 128 + SIGINT, as shells count
};

/// The table of exit codes, for --help.
[[nodiscard]] const char* exit_code_help() noexcept;

/// The message is for the person at the keyboard: it names the thing and the remedy.
class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] ExitCode code() const noexcept { return code_; }

private:
    ExitCode code_;
};

[[nodiscard]] Failure usage_failure(const std::string& message);

/// What a failed call of the SDK means for the exit code.
[[nodiscard]] ExitCode exit_code_of(ob_status status) noexcept;

/// Takes the value out of an audio/ result, or throws its message with `code`.
template <typename T>
[[nodiscard]] T take(audio::Result<T>&& result, ExitCode code)
{
    if (!result)
        throw Failure(code, result.error().message);
    return *std::move(result);
}

inline void require(const audio::Result<void>& result, ExitCode code)
{
    if (!result)
        throw Failure(code, result.error().message);
}

}  // namespace outboard::cli
