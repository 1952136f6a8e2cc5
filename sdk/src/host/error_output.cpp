// SPDX-License-Identifier: MIT

#include "sdk/src/host/error_output.hpp"

#include "rt/os/pipe.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboard::host {

namespace {

constexpr std::size_t line_bytes_max = 512;
constexpr std::size_t tail_bytes_max = 2047;
constexpr std::uint64_t window_ns = 250'000'000;
constexpr std::size_t window_bytes_max = std::size_t{64} * 1024;

/// How many bytes a character has that begins with this one; 0 when none does.
[[nodiscard]] std::size_t length_behind(unsigned char first) noexcept
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first >= 0xf5)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/// Overlong forms, surrogates, and what is beyond Unicode.
[[nodiscard]] bool is_out_of_range(unsigned char first, unsigned char second) noexcept
{
    switch (first) {
        case 0xe0: return second < 0xa0;
        case 0xed: return second > 0x9f;
        case 0xf0: return second < 0x90;
        case 0xf4: return second > 0x8f;
        default: return false;
    }
}

/// How many bytes the character at the front has; 0 when they are no UTF-8.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept
{
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = length_behind(first);
    if (length < 2 || length > text.size())
        return length > text.size() ? 0 : length;
    const bool is_whole =
        std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
    const bool is_valid = is_whole && !is_out_of_range(first, static_cast<unsigned char>(text[1]));
    return is_valid ? length : 0;
}

}  // namespace

std::string to_printable(std::string_view text)
{
    std::string printable;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto first = static_cast<unsigned char>(text.front());
        if (first == '\t') {
            printable += ' ';
        } else if (length == 0 || first < 0x20 || first == 0x7f) {
            printable += '?';
        } else {
            printable += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return printable;
}

void ErrorOutput::read(std::uint64_t now_ns)
{
    if (resume_at_ns_ != rt::os::no_deadline_ns && now_ns < resume_at_ns_)
        return;
    resume_at_ns_ = rt::os::no_deadline_ns;
    if (now_ns >= window_end_ns_) {
        window_end_ns_ = now_ns + window_ns;
        read_in_window_ = 0;
    }
    std::array<char, 4096> part{};
    while (read_end_.is_open()) {
        if (read_in_window_ >= window_bytes_max) {
            resume_at_ns_ = window_end_ns_;
            return;
        }
        const auto length = rt::os::read_some(read_end_, part);
        if (!length && length.error().code == rt::ErrorCode::timed_out)
            return;
        if (!length || *length == 0)
            return read_end_.reset();
        read_in_window_ += *length;
        take({part.data(), *length});
    }
}

void ErrorOutput::take(std::string_view text)
{
    for (const char character : text) {
        if (character == '\n' || line_.size() == line_bytes_max)
            end_line();
        if (character != '\n')
            line_ += character;
    }
}

void ErrorOutput::end_line()
{
    const std::string line = to_printable(std::exchange(line_, {}));
    if (line.empty())
        return;
    lines_.push_back(line);
    tail_ += (tail_.empty() ? "" : "\n") + line;
    while (tail_.size() > tail_bytes_max) {
        const std::size_t end_of_first = tail_.find('\n');
        tail_.erase(0, end_of_first == std::string::npos ? tail_.size() - tail_bytes_max
                                                         : end_of_first + 1);
    }
}

void ErrorOutput::finish()
{
    if (!line_.empty())
        end_line();
}

std::string ErrorOutput::last_line() const
{
    return tail_.substr(tail_.rfind('\n') + 1);
}

}  // namespace outboard::host
