// SPDX-License-Identifier: MIT
//
// outboard-bench: what audio in another process costs on this machine.

#include "bench/jack_graph.hpp"
#include "bench/tool/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace outboard::bench;

constexpr const char* help = R"(Measures what audio in another process costs on this machine.

Usage: outboard bench COMMAND [ARGUMENTS]

Commands:
  hop       a block to another process and back, over a matrix; without a command it is this one
  failover  faults that strike a service, and what they cost with which standby
  scale     more and more inserts at once, until a deadline is missed
  compare   two results, metric by metric, with an exit code for CI
  report    the page of a result that was written before
  NAME      a program outboard-bench-NAME beside this one, such as ring, lanes, detect

Exit codes:
    0  done
    1  a metric got worse; or the sound that came back was not what was sent
    2  the command line is wrong
    3  a result is missing, damaged, or has nothing in common with the other
    4  an output cannot be written, or a page was asked of a program built without plots
    5  a service cannot be started
    6  the machine or its rights lack what was asked for
   70  internal error
  130  interrupted; what was measured is kept

Try:
  outboard bench --quick --html page.html --json result.json
  outboard bench hop --block 64 --mode sync --samples 100000 --json today.json
  outboard bench failover --fault kill --standby none,hot --html page.html --wav clips
  outboard bench compare yesterday.json today.json --fail-above 10%
)";

[[nodiscard]] std::string joined(int argc, char** argv)
{
    std::string line = "outboard bench";
    for (int index = 1; index < argc; ++index)
        line += ' ' + std::string{argv[index]};
    return line;
}

[[nodiscard]] bool is_name(const std::string& name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || letter == '-';
    });
}

/// Benchmarks that are programs of their own. @return only when there is no such program
void run_program(const std::string& name, const std::vector<std::string>& arguments)
{
    std::error_code ignored;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    const std::string program = (here / ("outboard-bench-" + name)).string();
    if (!is_name(name) || ::access(program.c_str(), X_OK) != 0)
        return;
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv(program.c_str(), pointers.data());
}

[[nodiscard]] Exit dispatch(int argc, char** argv)
{
    const std::vector<std::string> words{argv + 1, argv + argc};
    const std::string first = words.empty() ? "--help" : words.front();
    const std::vector<std::string> rest{words.begin() + (words.empty() ? 0 : 1), words.end()};
    if (first == "--help" || first == "-h" || (first == "help" && rest.empty())) {
        fmt::print("{}", help);
        return words.empty() ? Exit::usage : Exit::ok;
    }
    if (first == "--version") {
        fmt::print("outboard-bench {}\n", OB_VERSION);
        return Exit::ok;
    }
    if (first == "compare")
        return compare_command(rest);
    if (first == "report")
        return report_command(rest);
    if (first == "failover")
        return failover_command(rest, joined(argc, argv));
    if (first == "scale")
        return scale_command(rest, joined(argc, argv));
    if (first == "hop")
        return hop_command(rest, joined(argc, argv));
    if (first.starts_with('-'))
        return hop_command(words, joined(argc, argv));
    run_program(first, rest);
    throw Failure{Exit::usage,
                  "'" + first +
                      "' is no benchmark; there are hop, failover, scale, compare, report, "
                      "and each program outboard-bench-NAME beside this one"};
}

[[nodiscard]] int fail(Exit code, const char* message)
{
    fmt::print(stderr, "outboard-bench: {}\n", message);
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        if (const auto code = run_as_jack_clients(argc, argv))
            return *code;
        return static_cast<int>(dispatch(argc, argv));
    } catch (const Failure& failure) {
        return fail(failure.code(), failure.what());
    } catch (const std::exception& error) {
        return fail(Exit::internal, error.what());
    }
}
