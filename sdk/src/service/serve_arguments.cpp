// SPDX-License-Identifier: MIT

#include "sdk/src/service/serve_arguments.hpp"

#include "sdk/src/registry/registry.hpp"

#include <charconv>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace outboard::service {
namespace {

/// The variable's value, or null when it is unset or empty.
[[nodiscard]] const char* from_environment(const char* variable) noexcept
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads exist
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

[[nodiscard]] Outcome<int> integer_of(const char* variable, std::string_view text)
{
    int value = -1;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || value < 0)
        return refuse(OB_ERR_ENVIRONMENT, std::string{variable} + " is not a number");
    return value;
}

}  // namespace

Outcome<ServeArguments> parse_arguments(std::span<char* const> arguments)
{
    using Action = ServeArguments::Action;
    ServeArguments parsed;
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string_view argument = arguments[index];
        if (argument == "--help" || argument == "-h") {
            parsed.action = Action::help;
        } else if (argument == "--version") {
            parsed.action = Action::version;
        } else if (argument == "--list-processors") {
            parsed.action = Action::list_processors;
        } else if (argument == "--verbose") {
            parsed.is_verbose = true;
        } else if (argument == "--name" && index + 1 < arguments.size()) {
            parsed.name = arguments[++index];
        } else if (argument.starts_with("--name=")) {
            parsed.name = argument.substr(argument.find('=') + 1);
        } else {
            return refuse(OB_ERR_INVALID_ARGUMENT,
                          "unknown or incomplete argument: " + std::string{argument});
        }
        if (argument.starts_with("--name") && !registry::is_valid_name(parsed.name)) {
            return refuse(OB_ERR_INVALID_ARGUMENT,
                          "'" + parsed.name + "' is no name (allowed: [a-z0-9._-]{1,64})");
        }
    }
    return parsed;
}

Outcome<std::optional<SpawnedBy>> spawned_by_environment()
{
    const char* const socket = from_environment("OUTBOARD_SOCKET");
    if (socket == nullptr)
        return std::nullopt;
    const char* const parent = from_environment("OUTBOARD_PARENT");
    if (parent == nullptr)
        return refuse(OB_ERR_ENVIRONMENT, "OUTBOARD_SOCKET is set, but OUTBOARD_PARENT is not");
    const auto handle = integer_of("OUTBOARD_SOCKET", socket);
    if (!handle)
        return tl::unexpected(handle.error());
    const auto parent_id = integer_of("OUTBOARD_PARENT", parent);
    if (!parent_id)
        return tl::unexpected(parent_id.error());
    return SpawnedBy{*handle, *parent_id};
}

bool has_fault_hook_in_environment() noexcept
{
    const char* const value = from_environment("OUTBOARD_FAULT_HOOK");
    return value != nullptr && std::string_view{value} == "1";
}

std::string usage_text(const std::string& program, const ProcessorCatalog& catalog)
{
    std::ostringstream text;
    text << "Usage: " << program << " --name NAME [--verbose]\n"
         << "       " << program << " --list-processors | --help | --version\n\n"
         << "An audio service: it processes blocks for hosts, outside their processes. Hosts\n"
         << "start it themselves (service \"./" << program << "\"), or find a running one by its\n"
         << "name (service \"@NAME\").\n\n"
         << "  --name NAME         serve under this name until SIGTERM or SIGINT\n"
         << "  --verbose           say on standard error what happens\n"
         << "  --list-processors   print the processors and their parameters\n\n"
         << "Processors:\n"
         << processors_text(catalog) << "\n"
         << "Exit codes: 0 done, 2 usage, 3 name taken, 4 no usable XDG_RUNTIME_DIR, 5 failed,\n"
         << "6 no protocol version in common with the host.\n";
    return text.str();
}

std::string processors_text(const ProcessorCatalog& catalog)
{
    std::ostringstream text;
    for (const ob_processor_class& kind : catalog.classes()) {
        text << "  " << kind.name;
        if (kind.description != nullptr)
            text << "  " << kind.description;
        text << "\n";
        for (const ob_parameter_info& info : parameters_of(kind)) {
            text << "      " << info.key << " = " << info.initial << "  (" << info.minimum << " .. "
                 << info.maximum;
            if (info.unit[0] != '\0')
                text << " " << info.unit;
            text << ")  " << info.name << "\n";
        }
    }
    return text.str();
}

}  // namespace outboard::service
