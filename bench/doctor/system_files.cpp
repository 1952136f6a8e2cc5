// SPDX-License-Identifier: MIT

#include "bench/doctor/system_files.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace outboard::doctor {

namespace fs = std::filesystem;

fs::path SystemFiles::below_root(const std::string& path) const
{
    return root_ / fs::path{path}.relative_path();
}

std::optional<std::string> SystemFiles::text(const std::string& path) const
{
    std::ifstream file{below_root(path), std::ios::binary};
    if (!file)
        return std::nullopt;
    std::string content{std::istreambuf_iterator<char>{file}, {}};
    // Files of /sys can be opened and then refuse to be read.
    return file.bad() ? std::nullopt : std::optional{std::move(content)};
}

std::optional<std::string> SystemFiles::line(const std::string& path) const
{
    const auto content = text(path);
    if (!content)
        return std::nullopt;
    return content->substr(0, content->find('\n'));
}

std::optional<std::int64_t> SystemFiles::number(const std::string& path) const
{
    const auto words = words_of(line(path).value_or(""));
    return words.empty() ? std::nullopt : number_of(words.front());
}

bool SystemFiles::exists(const std::string& path) const
{
    std::error_code ignored;
    return fs::exists(below_root(path), ignored);
}

std::optional<bool> SystemFiles::is_private_folder(const std::string& path) const
{
    std::error_code failure;
    const fs::file_status status = fs::status(below_root(path), failure);
    if (failure || status.type() != fs::file_type::directory)
        return std::nullopt;
    return (status.permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
           fs::perms::none;
}

std::vector<std::string> SystemFiles::names(const std::string& path, std::string_view start) const
{
    std::vector<std::string> found;
    std::error_code failure;
    for (fs::directory_iterator entry{below_root(path), failure}, end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = entry->path().filename();
        if (name.starts_with(start))
            found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> words_of(std::string_view text)
{
    std::istringstream stream{std::string{text}};
    return {std::istream_iterator<std::string>{stream}, {}};
}

std::optional<std::int64_t> number_of(std::string_view word) noexcept
{
    std::int64_t number = 0;
    const char* const end = word.data() + word.size();
    const auto [stopped, failure] = std::from_chars(word.data(), end, number);
    return failure == std::errc{} && stopped == end ? std::optional{number} : std::nullopt;
}

std::optional<std::string> value_behind(std::string_view text, std::string_view key)
{
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key))
            continue;
        const auto start = line.find_first_not_of(": \t", key.size());
        return start == std::string::npos ? "" : line.substr(start);
    }
    return std::nullopt;
}

}  // namespace outboard::doctor
