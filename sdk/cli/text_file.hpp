// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A result that is written at the end of a run, but whose place is tried at its start: nobody
/// wants to hear after an hour that the directory does not exist.

#include <fstream>
#include <string>

namespace outboard::cli {

class TextFile {
public:
    /// @param path  empty: nothing is written
    /// @throws Failure (output)
    explicit TextFile(std::string path);
    ~TextFile();
    TextFile(const TextFile&) = delete;
    TextFile(TextFile&&) = delete;
    TextFile& operator=(const TextFile&) = delete;
    TextFile& operator=(TextFile&&) = delete;

    [[nodiscard]] bool is_wanted() const noexcept { return !path_.empty(); }

    /// Replaces what the file held. @throws Failure (output)
    void write(const std::string& text);

private:
    std::string path_;
    bool is_new_ = false;  ///< and empty, so far
};

}  // namespace outboard::cli
