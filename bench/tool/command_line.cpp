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

void add_outputs(CLI::App& app, Outputs& outputs)
{
    app.add_option("--json", outputs.json_path, "Write the result")->type_name("FILE");
    app.add_option("--csv", outputs.csv_path, "Write the figures")->type_name("FILE");
    app.add_option("--html", outputs.html_path, "Write the report")->type_name("FILE");
}

}  // namespace outboard::bench
