// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A machine that does not exist: files below a folder, and what was tried on it.

#include "bench/doctor/probes.hpp"
#include "bench/doctor/system_files.hpp"
#include "tests/integration/support/temporary_folder.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace outboard::doctor {

class Machine {
public:
    void write(const std::string& path, const std::string& text) const
    {
        const std::filesystem::path file = folder_.path() / path.substr(1);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file} << text;
    }
    void make_folder(const std::string& path, std::filesystem::perms permissions) const
    {
        const std::filesystem::path folder = folder_.path() / path.substr(1);
        std::filesystem::create_directories(folder);
        std::filesystem::permissions(folder, permissions);
    }
    [[nodiscard]] SystemFiles files() const { return SystemFiles{folder_.path()}; }

private:
    test::TemporaryFolder folder_{};
};

[[nodiscard]] inline bool says(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

[[nodiscard]] inline rt::RealtimeGrant granted_fifo(int priority = audio_priority)
{
    return {.policy = rt::os::Policy::fifo,
            .priority = priority,
            .step = rt::RealtimeGrant::Step::fifo,
            .requested_priority = priority};
}

/// What an ordinary user gets who has no rights.
[[nodiscard]] inline rt::RealtimeGrant refused_grant(int priority_limit = 0)
{
    return {.step = rt::RealtimeGrant::Step::none,
            .requested_priority = audio_priority,
            .priority_limit = priority_limit,
            .refused = {rt::ErrorCode::no_permission, EPERM, "sched_setscheduler SCHED_FIFO"}};
}

}  // namespace outboard::doctor
