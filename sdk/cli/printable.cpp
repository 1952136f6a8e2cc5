// SPDX-License-Identifier: MIT
#include "sdk/cli/printable.hpp"

#include <cstdint>
#include <vector>

namespace outboard::cli {

namespace {

/// How many bytes the first byte of a character announces; 0: it is none.
std::size_t announced_bytes(unsigned char first) noexcept
{
    if (first < 0x80U)
        return 1;
    if (first >= 0xC2U && first < 0xE0U)
        return 2;
    if (first >= 0xE0U && first < 0xF0U)
        return 3;
    return first >= 0xF0U && first < 0xF5U ? 4 : 0;
}

bool is_continued(std::string_view character) noexcept
{
    for (const char byte : character.substr(1)) {
        if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U)
            return false;
    }
    return true;
}

/// The controls of ASCII, and those that follow 0xC2.
bool is_control(std::string_view character) noexcept
{
    const auto first = static_cast<unsigned char>(character.front());
    if (character.size() == 1)
        return first < 0x20U || first == 0x7FU;
    return first == 0xC2U && static_cast<unsigned char>(character[1]) < 0xA0U;
}

}  // namespace

std::string printable(std::string_view text, std::size_t width)
{
    std::vector<std::string_view> characters;
    while (!text.empty() && characters.size() <= width) {
        const std::size_t length = announced_bytes(static_cast<unsigned char>(text.front()));
        const bool is_whole =
            length != 0 && length <= text.size() && is_continued(text.substr(0, length));
        const std::string_view character = text.substr(0, is_whole ? length : 1);
        characters.push_back(is_whole && !is_control(character) ? character : "?");
        text.remove_prefix(character.size());
    }
    const bool is_cut = characters.size() > width;
    if (is_cut)
        characters.resize(width);
    if (is_cut && width > 0)
        characters.back() = "~";
    std::string result;
    for (const std::string_view character : characters)
        result += character;
    return result;
}

}  // namespace outboard::cli
