// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A registry of services of the test's own.

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

namespace outboard::test {

/// An empty XDG_RUNTIME_DIR for this process and those that it starts, removed afterwards. Made
/// while no other thread runs.
class RuntimeDirectory {
public:
    RuntimeDirectory()
        : path_(std::filesystem::temp_directory_path() /
                ("outboard-test-" + std::to_string(std::random_device{}())))
    {
        std::filesystem::create_directory(path_);
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
        if (const char* const before = std::getenv("XDG_RUNTIME_DIR"); before != nullptr)
            before_ = before;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
        ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
    }
    ~RuntimeDirectory()
    {
        if (before_.empty()) {
            ::unsetenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): as above
        } else {
            ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
        }
        std::filesystem::remove_all(path_);
    }
    RuntimeDirectory(const RuntimeDirectory&) = delete;
    RuntimeDirectory(RuntimeDirectory&&) = delete;
    RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
    RuntimeDirectory& operator=(RuntimeDirectory&&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    /// The file of a service that is found by name, e.g. file("reverb.sock").
    [[nodiscard]] std::filesystem::path file(const std::string& name) const
    {
        return path_ / "outboard" / name;
    }

private:
    std::filesystem::path path_;
    std::string before_;
};

}  // namespace outboard::test
