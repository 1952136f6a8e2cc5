// SPDX-License-Identifier: MIT
#include "sdk/cli/markup.hpp"

#include <fmt/format.h>

#include <iterator>
#include <system_error>

namespace outboard::cli {

std::string html_escaped(std::string_view text)
{
    std::string escaped;
    for (const char character : text) {
        switch (character) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default: escaped += character;
        }
    }
    return escaped;
}

std::string relative_url(const std::filesystem::path& file, const std::filesystem::path& page_path)
{
    std::error_code error;
    const auto directory = std::filesystem::absolute(page_path, error).parent_path();
    auto relative = std::filesystem::absolute(file, error).lexically_relative(directory);
    if (relative.empty())
        relative = file;
    constexpr std::string_view plain = "-._~/";
    std::string url;
    for (const char character : relative.generic_string()) {
        const auto byte = static_cast<unsigned char>(character);
        const bool is_word = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                             (byte >= 'A' && byte <= 'Z');
        if (is_word || plain.find(character) != std::string_view::npos) {
            url += character;
        } else {
            fmt::format_to(std::back_inserter(url), "%{:02X}", byte);
        }
    }
    return url;
}

std::string shell_quoted(const std::string& word)
{
    constexpr std::string_view special = " \t\n\"'\\$`!*?[](){}<>|&;#~";
    if (!word.empty() && word.find_first_of(special) == std::string::npos)
        return word;
    std::string quoted = "'";
    for (const char character : word) {
        if (character == '\'') {
            quoted += R"('\'')";
        } else {
            quoted += character;
        }
    }
    return quoted + "'";
}

}  // namespace outboard::cli
