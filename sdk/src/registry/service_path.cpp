// SPDX-License-Identifier: MIT

#include "sdk/src/registry/service_path.hpp"

#include "rt/os/program.hpp"

#include <cstdlib>
#include <vector>

namespace outboard::registry {
namespace {

[[nodiscard]] std::string in_directory(std::string_view directory)
{
    return std::string{directory}.append("/").append(builtin_executable_name);
}

[[nodiscard]] const char* directory_from_environment() noexcept
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment while we run
    const char* const directory = std::getenv("OUTBOARD_SERVICE_DIR");
    return directory != nullptr && *directory != '\0' ? directory : nullptr;
}

/// Beside programs of a build tree and of an installed one, wherever that was moved to.
[[nodiscard]] std::vector<std::string> candidates()
{
    std::vector<std::string> paths;
    const auto program = rt::os::executable_path();
    if (program) {
        const std::string here = program->substr(0, program->rfind('/'));
        for (const char* const folder :
             {"", "/../libexec/outboard", "/../plugins", "/../../plugins"})
            paths.push_back(in_directory(here + folder));
    }
    paths.push_back(in_directory(OB_LIBEXEC_DIR));
    return paths;
}

}  // namespace

rt::Result<std::string> find_builtin_executable(const char* service_directory)
{
    const char* const only_here =
        service_directory != nullptr ? service_directory : directory_from_environment();
    const auto paths =
        only_here != nullptr ? std::vector<std::string>{in_directory(only_here)} : candidates();
    for (const std::string& path : paths) {
        if (rt::os::is_executable_file(path))
            return path;
    }
    return rt::fail(rt::ErrorCode::not_found,
                    "the service of the built-in processors, outboard-builtin (set "
                    "OUTBOARD_SERVICE_DIR to its directory)");
}

rt::Result<std::string> find_executable(std::string_view service, const char* service_directory)
{
    if (service.empty() || service.front() == '@')
        return rt::fail(rt::ErrorCode::invalid_argument, "name of a service to start");
    if (service.find('/') == std::string_view::npos)
        return find_builtin_executable(service_directory);
    std::string path{service};
    if (!rt::os::is_executable_file(path))
        return rt::fail(rt::ErrorCode::not_found, "there is no executable file of that name");
    return path;
}

}  // namespace outboard::registry
