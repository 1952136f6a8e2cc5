// SPDX-License-Identifier: MIT

#include "tests/integration/support/children.hpp"

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace outboard::test {

namespace {

/// State and parent of a process, from /proc/PID/stat; its name, in brackets, may hold anything.
[[nodiscard]] bool is_living_child(const std::filesystem::path& stat)
{
    std::ifstream file{stat};
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return false;
    const char state = text.at(name_end + 2);
    return state != 'Z' && state != 'X' && std::stoi(text.substr(name_end + 4)) == ::getpid();
}

}  // namespace

std::vector<std::int32_t> child_processes()
{
    std::vector<std::int32_t> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") == std::string::npos &&
            is_living_child(entry.path() / "stat"))
            found.push_back(std::stoi(name));
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace outboard::test
