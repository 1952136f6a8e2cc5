// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A terminal that a program has for itself for a while: a screen of its own, keys one by one.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace outboard::cli {

/// Whether standard output is one.
[[nodiscard]] bool is_terminal_output() noexcept;

class Terminal {
public:
    struct Size {
        std::size_t columns;
        std::size_t lines;
    };

    /// Takes standard output and, where it is a terminal too, standard input; the destructor gives
    /// them back as they were. @pre is_terminal_output()
    Terminal();
    Terminal(const Terminal&) = delete;
    Terminal(Terminal&&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    Terminal& operator=(Terminal&&) = delete;
    ~Terminal();

    [[nodiscard]] Size size() const noexcept;

    /// Replaces what is seen.
    /// @param lines  as many as there are, with line ends, none longer than the terminal is wide
    void show(const std::string& lines) const;

    /// Waits for a key, which ends the wait. @return 0: none came, or a signal did
    [[nodiscard]] char wait_for_key(std::chrono::milliseconds limit) const noexcept;

private:
    struct Saved;
    std::unique_ptr<Saved> saved_;  ///< how standard input was; null: it is no terminal
};

}  // namespace outboard::cli
