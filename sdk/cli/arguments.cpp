// SPDX-License-Identifier: MIT
#include "sdk/cli/arguments.hpp"

#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

namespace outboard::cli {

bool parse_arguments(CLI::App& app, const std::vector<std::string>& arguments)
{
    try {
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
        return true;
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return false;
    } catch (const CLI::ParseError& error) {
        throw usage_failure(
            fmt::format("{}\n`{} --help` tells what there is.", error.what(), app.get_name()));
    }
}

}  // namespace outboard::cli
