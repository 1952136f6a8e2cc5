// SPDX-License-Identifier: MIT
#include "sdk/cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

namespace outboard::cli {

namespace {

// Of xterm, which all terminals in use understand.
constexpr const char* own_screen = "\x1b[?1049h\x1b[?25l";
constexpr const char* former_screen = "\x1b[?25h\x1b[?1049l";
constexpr const char* top_left = "\x1b[H";
constexpr const char* clear_line_end = "\x1b[K\n";
constexpr const char* clear_below = "\x1b[J";

void print(const std::string& text)
{
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
    static_cast<void>(std::fflush(stdout));
}

}  // namespace

struct Terminal::Saved {
    termios settings;
};

bool is_terminal_output() noexcept
{
    return ::isatty(STDOUT_FILENO) == 1;
}

Terminal::Terminal()
{
    termios settings{};
    if (::tcgetattr(STDIN_FILENO, &settings) == 0) {
        saved_ = std::make_unique<Saved>(Saved{settings});
        // Keys at once and unseen, Ctrl-C and Ctrl-Z among them: whoever stops us would be left
        // with our screen.
        settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
        static_cast<void>(::tcsetattr(STDIN_FILENO, TCSANOW, &settings));
    }
    print(own_screen);
}

Terminal::~Terminal()
{
    print(former_screen);
    if (saved_ != nullptr)
        static_cast<void>(::tcsetattr(STDIN_FILENO, TCSANOW, &saved_->settings));
}

Terminal::Size Terminal::size() const noexcept
{
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 ||
        window.ws_row == 0)
        return {.columns = 80, .lines = 24};
    return {.columns = window.ws_col, .lines = window.ws_row};
}

void Terminal::show(const std::string& lines) const
{
    std::string frame = top_left;
    for (const char character : lines) {
        if (character == '\n') {
            frame += clear_line_end;
        } else {
            frame += character;
        }
    }
    print(frame + clear_below);
}

char Terminal::wait_for_key(std::chrono::milliseconds limit) const noexcept
{
    // A negative handle is passed over: then it only waits.
    pollfd entry{.fd = saved_ != nullptr ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0};
    char key = 0;
    if (::poll(&entry, 1, static_cast<int>(limit.count())) != 1 ||
        ::read(STDIN_FILENO, &key, 1) != 1)
        return 0;
    return key;
}

}  // namespace outboard::cli
