// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The files in which Linux tells about itself, below a root: "/" or, in tests, a folder that
/// looks like the machine in question.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboard::doctor {

class SystemFiles {
public:
    explicit SystemFiles(std::filesystem::path root) : root_(std::move(root)) {}

    /// The whole file; nothing where it is missing or may not be read. `path` starts with '/'.
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;

    /// The first line, without its end.
    [[nodiscard]] std::optional<std::string> line(const std::string& path) const;

    /// The first word of the file as a number; nothing where that is none ("max").
    [[nodiscard]] std::optional<std::int64_t> number(const std::string& path) const;

    [[nodiscard]] bool exists(const std::string& path) const;

    /// Whether there is a folder that nobody but its owner may enter; nothing where none is there.
    [[nodiscard]] std::optional<bool> is_private_folder(const std::string& path) const;

    /// Names in a folder that start with `start`, sorted; none where it cannot be read.
    [[nodiscard]] std::vector<std::string> names(const std::string& path,
                                                 std::string_view start) const;

private:
    [[nodiscard]] std::filesystem::path below_root(const std::string& path) const;

    std::filesystem::path root_;
};

/// The words of a text, between white space.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

/// The number that a word is, all of it.
[[nodiscard]] std::optional<std::int64_t> number_of(std::string_view word) noexcept;

/// What stands behind `key` in its line, as in "MemAvailable:  123 kB"; nothing without that line.
[[nodiscard]] std::optional<std::string> value_behind(std::string_view text, std::string_view key);

}  // namespace outboard::doctor
