// SPDX-License-Identifier: MIT

#include "rt/os/death.hpp"
#include "rt/os/memory_holder.hpp"
#include "rt/os/signals.hpp"
#include "sdk/src/api/last_error.hpp"
#include "sdk/src/registry/registry.hpp"
#include "sdk/src/service/last_words.hpp"
#include "sdk/src/service/processor_catalog.hpp"
#include "sdk/src/service/serve_arguments.hpp"
#include "sdk/src/service/server.hpp"
#include "sdk/src/service/service_log.hpp"

#include <outboard/service.h>

#include <cstdio>
#include <exception>
#include <string>

namespace outboard::service {
namespace {

[[nodiscard]] int print(const std::string& text)
{
    return std::fputs(text.c_str(), stdout) >= 0 ? OB_SERVE_DONE : OB_SERVE_FAILED;
}

[[nodiscard]] std::string program_name(int argc, char* const* argv)
{
    const std::string path = argc > 0 ? argv[0] : "service";
    return path.substr(path.rfind('/') + 1);
}

[[nodiscard]] int exit_code_of(const rt::Error& error) noexcept
{
    switch (error.code) {
        case rt::ErrorCode::already_exists: return OB_SERVE_NAME_TAKEN;
        case rt::ErrorCode::unsupported: return OB_SERVE_ENVIRONMENT;
        default: return OB_SERVE_FAILED;
    }
}

[[nodiscard]] int serve_by_name(const ServeArguments& arguments, const ProcessorCatalog& catalog,
                                const ServiceLog& log)
{
    // Before the name is taken, so that a signal cannot leave its files behind.
    const auto termination = rt::os::redirect_termination();
    if (!termination) {
        log.error(api::describe(termination.error()));
        return OB_SERVE_FAILED;
    }
    const auto registration = registry::Registration::claim(arguments.name);
    if (!registration) {
        log.error("cannot serve as '" + arguments.name + "': " +
                  (registration.error().code == rt::ErrorCode::already_exists
                       ? "another process does"
                       : api::describe(registration.error())));
        return exit_code_of(registration.error());
    }
    log.note("listens at " + registration->socket_path());
    const LinkOptions options{arguments.name, has_fault_hook_in_environment()};
    return NamedServer{*registration, catalog, options, log}.run(*termination);
}

/// So that hosts notice our death at once. Before threads, locked memory and all that is large.
/// @return the main thread's stack for its last words
[[nodiscard]] rt::Result<rt::os::AlternateStack> prepare_for_death(const ServiceLog& log)
{
    if (const auto holder = rt::os::start_memory_holder(); !holder)
        log.note("no memory holder, a death is noticed later: " + api::describe(holder.error()));
    if (const auto prepared = prepare_last_words(); !prepared)
        log.note("no last words, a crash is noticed later: " + api::describe(prepared.error()));
    return rt::os::AlternateStack::for_this_thread();
}

[[nodiscard]] int serve(const std::string& program, const ServeArguments& arguments,
                        const ProcessorCatalog& catalog)
{
    const ServiceLog log{program, arguments.is_verbose};
    const auto alternate_stack = prepare_for_death(log);
    const auto parent = spawned_by_environment();
    if (!parent) {
        log.error(parent.error().message);
        return OB_SERVE_FAILED;
    }
    if (*parent) {
        const LinkOptions options{program, has_fault_hook_in_environment()};
        serve_parent(**parent, catalog, options, log);
    }
    if (arguments.name.empty()) {
        log.error("no host has started this service, so it needs --name NAME (see --help)");
        return OB_SERVE_USAGE;
    }
    return serve_by_name(arguments, catalog, log);
}

[[nodiscard]] int run(int argc, char* const* argv, std::span<const ob_processor_class* const> given)
{
    const std::string program = program_name(argc, argv);
    const ServiceLog log{program, false};
    const auto catalog = ProcessorCatalog::make(given);
    if (!catalog) {
        log.error(catalog.error().message);
        return OB_SERVE_FAILED;
    }
    const std::span<char* const> all{argv, argc > 0 ? static_cast<std::size_t>(argc) : 0};
    const auto arguments = parse_arguments(all.empty() ? all : all.subspan(1));
    if (!arguments) {
        log.error(arguments.error().message + " (see --help)");
        return OB_SERVE_USAGE;
    }
    switch (arguments->action) {
        case ServeArguments::Action::help: return print(usage_text(program, *catalog));
        case ServeArguments::Action::version:
            return print(program + " (outboard " + ob_version_string() + ")\n");
        case ServeArguments::Action::list_processors: return print(processors_text(*catalog));
        case ServeArguments::Action::serve: break;
    }
    return serve(program, *arguments, *catalog);
}

}  // namespace
}  // namespace outboard::service

int ob_serve(int argc, char* const* argv, const ob_processor_class* const* classes,
             uint32_t class_count) noexcept
{
    if ((argc > 0 && argv == nullptr) || (class_count != 0 && classes == nullptr))
        return OB_SERVE_USAGE;
    try {
        return outboard::service::run(argc, argv, {classes, class_count});
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "service: %s\n", error.what()));
        return OB_SERVE_FAILED;
    }
}
