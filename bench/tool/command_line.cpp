// SPDX-License-Identifier: MIT

#include "bench/tool/command_line.hpp"

#include "bench/tool/failure.hpp"

#include <algorithm>

namespace outboard::bench {

bool parse_arguments(CLI::App& app, std::vector<std::string> arguments)
{
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
        app.parse(arguments);
        return true;
    } catch (const CLI::Success& success) {
        static_cast<void>(app.exit(success));
        return false;
    } catch (const CLI::ParseError& error) {
        throw Failure{Exit::usage, std::string{error.what()} + "; `" + app.get_name() +
                                       " --help` tells what there is"};
    }
}

}  // namespace outboard::bench
