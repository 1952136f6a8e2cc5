// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the doctor says about one thing, and what follows for its exit code.

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::doctor {

/// In the order of how bad they are: the worst one is that of the whole machine.
enum class Verdict : std::uint8_t {
    ok,
    unknown,  ///< could not be found out; the remedy says how it can
    warning,  ///< works, with longer tails or fewer guarantees
    problem,  ///< audio will drop out, or Outboard cannot run
};

struct Finding {
    std::string id{};     ///< the key in the JSON document; never renamed
    std::string title{};  ///< for people
    Verdict verdict = Verdict::unknown;
    std::string found{};                  ///< what is the case, with its figures
    std::string remedy{};                 ///< what to do about it; empty when all is well
    std::vector<std::string> commands{};  ///< for a shell, in order; empty where none can help
};

[[nodiscard]] const char* name_of(Verdict verdict) noexcept;

/// The worst of all; ok for none.
[[nodiscard]] Verdict worst_of(const std::vector<Finding>& findings) noexcept;

/// 1 for a problem, else 0: a warning or an unknown stops no script.
[[nodiscard]] int exit_code_of(Verdict verdict) noexcept;

}  // namespace outboard::doctor
