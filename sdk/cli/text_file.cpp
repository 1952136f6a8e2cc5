// SPDX-License-Identifier: MIT
#include "sdk/cli/text_file.hpp"

#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace outboard::cli {

namespace {

Failure write_failure(const std::string& path)
{
    return {ExitCode::output,
            fmt::format("{} cannot be written: {}.", path, std::generic_category().message(errno))};
}

}  // namespace

TextFile::TextFile(std::string path) : path_(std::move(path))
{
    if (path_.empty())
        return;
    std::error_code error;
    const bool existed = std::filesystem::exists(path_, error);
    errno = 0;
    if (!std::ofstream{path_, std::ios::app})
        throw write_failure(path_);
    is_new_ = !existed;
}

TextFile::~TextFile()
{
    std::error_code error;
    if (is_new_)
        std::filesystem::remove(path_, error);
}

void TextFile::write(const std::string& text)
{
    errno = 0;
    std::ofstream file{path_, std::ios::trunc};
    file << text << std::flush;
    if (!file)
        throw write_failure(path_);
    is_new_ = false;
}

}  // namespace outboard::cli
