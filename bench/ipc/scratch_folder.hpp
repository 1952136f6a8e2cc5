// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A new folder for what has a name in the file system, removed with all that is in it.

#include "bench/ipc/system_call.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace outboard::bench::ipc {

class ScratchFolder {
public:
    /// In TMPDIR, else in /tmp.
    ScratchFolder()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "outboard-bench-ipc-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw_errno("mkdtemp");
        path_ = name;
    }
    ~ScratchFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder(ScratchFolder&&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ScratchFolder& operator=(ScratchFolder&&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace outboard::bench::ipc
