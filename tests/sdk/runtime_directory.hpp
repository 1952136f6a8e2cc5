// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A registry of our own for a test, so that nothing reaches the user's.

#include <doctest/doctest.h>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace outboard::test {

/// XDG_RUNTIME_DIR of this process and its children, removed with all that is in it.
class RuntimeDirectory {
public:
    RuntimeDirectory()
    {
        std::string path = std::filesystem::temp_directory_path() / "outboard-test-XXXXXX";
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        path_ = path;
        REQUIRE(::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1) == 0);
    }
    RuntimeDirectory(const RuntimeDirectory&) = delete;
    RuntimeDirectory(RuntimeDirectory&&) = delete;
    RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
    RuntimeDirectory& operator=(RuntimeDirectory&&) = delete;
    ~RuntimeDirectory()
    {
        ::unsetenv("XDG_RUNTIME_DIR");
        std::filesystem::remove_all(path_);
    }

    [[nodiscard]] std::filesystem::path registry() const { return path_ / "outboard"; }
    [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(registry()); }

private:
    std::filesystem::path path_;
};

}  // namespace outboard::test
