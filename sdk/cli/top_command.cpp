// SPDX-License-Identifier: MIT
#include "sdk/cli/top_command.hpp"

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/interruption.hpp"
#include "sdk/cli/observed.hpp"
#include "sdk/cli/terminal.hpp"
#include "sdk/cli/top_screen.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace outboard::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto shortest_interval = 10ms;
constexpr char ctrl_c = '\x03';

struct TopOptions {
    std::chrono::milliseconds interval{1000};
    std::uint32_t view_count = 0;  ///< 0: until it is ended
};

std::chrono::milliseconds parse_interval(const std::string& text)
{
    const auto interval_ns = parse_duration_ns(text);
    const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::nanoseconds{interval_ns.value_or(0)});
    if (interval < shortest_interval)
        throw usage_failure("--interval " + text + " is no time of 10ms or longer (try 500ms, 2s)");
    return interval;
}

/// @return whether to go on
bool wait_until(const Terminal& terminal, Clock::time_point next)
{
    constexpr auto look_pause = 100ms;
    while (!is_interrupted()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        if (left <= 0ms)
            return true;
        const char key =
            terminal.wait_for_key(std::min<std::chrono::milliseconds>(left, look_pause));
        if (key == 'q' || key == 'Q' || key == ctrl_c)
            return false;
    }
    return false;
}

void show_live(const TopOptions& options)
{
    const Terminal terminal;
    TroubleCounts trouble;
    auto next = Clock::now();
    for (std::uint32_t count = 0; options.view_count == 0 || count < options.view_count; ++count) {
        const Terminal::Size size = terminal.size();
        terminal.show(terminal_view(observe_hosts(), trouble, size.columns, size.lines));
        next = std::max(next + options.interval, Clock::now());
        if (!wait_until(terminal, next))
            return;
    }
}

void wait_until(Clock::time_point next)
{
    constexpr auto look_pause = 50ms;
    while (!is_interrupted() && Clock::now() < next)
        std::this_thread::sleep_until(std::min(next, Clock::now() + look_pause));
}

void print_views(const TopOptions& options)
{
    TroubleCounts trouble;
    auto next = Clock::now();
    for (std::uint32_t count = 0; options.view_count == 0 || count < options.view_count; ++count) {
        if (count != 0) {
            next = std::max(next + options.interval, Clock::now());
            wait_until(next);
            fmt::print("\n");
        }
        if (is_interrupted())
            return;
        fmt::print("{}", plain_view(observe_hosts(), trouble));
        if (std::fflush(stdout) != 0)
            throw Failure(ExitCode::output, "standard output cannot be written to");
    }
}

}  // namespace

ExitCode top_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Shows what the hosts of this user do, again and again.", "outboard top"};
    TopOptions options;
    std::string interval = "1s";
    app.add_option("--interval", interval, "How often it looks: 500ms, 2s (default 1s)");
    app.add_option("--count", options.view_count, "End after so many views (default: go on)")
        ->check(CLI::Range(1, 1'000'000'000));
    app.footer(
        "\nq or Ctrl-C ends it. Where standard output is no terminal, one view follows the other.\n"
        "outboard-top(1) explains the columns.\n");
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;
    options.interval = parse_interval(interval);

    catch_interruption();
    if (is_terminal_output()) {
        show_live(options);
    } else {
        print_views(options);
    }
    return ExitCode::ok;
}

}  // namespace outboard::cli
