// SPDX-License-Identifier: MIT

#include "sdk/src/registry/registry.hpp"

#include "rt/os/socket.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace outboard::registry {
namespace {

[[nodiscard]] bool is_name_character(char character) noexcept
{
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '.' || character == '_' || character == '-';
}

[[nodiscard]] const char* why_unusable(const rt::Error& error) noexcept
{
    switch (error.code) {
        case rt::ErrorCode::not_found: return "XDG_RUNTIME_DIR names a directory that is not there";
        case rt::ErrorCode::no_permission:
            return "XDG_RUNTIME_DIR/outboard is not ours alone: it must belong to this user and be "
                   "writable by nobody else";
        default: return "XDG_RUNTIME_DIR/outboard cannot be made";
    }
}

[[nodiscard]] rt::Error invalid_name() noexcept
{
    return {rt::ErrorCode::invalid_argument, 0, "service name (allowed: [a-z0-9._-]{1,64})"};
}

}  // namespace

std::string file_in(const std::string& directory, std::string_view name, std::string_view suffix)
{
    return std::string{directory}.append("/").append(name).append(suffix);
}

bool is_valid_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= name_length_max &&
           std::all_of(name.begin(), name.end(), is_name_character);
}

rt::Result<std::string> directory()
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment while we run
    const char* const runtime_directory = std::getenv("XDG_RUNTIME_DIR");
    if (runtime_directory == nullptr || *runtime_directory != '/') {
        return rt::fail(rt::ErrorCode::unsupported,
                        "XDG_RUNTIME_DIR is not set to an absolute path; a login session sets it, "
                        "elsewhere point it at a directory of your own with mode 0700");
    }
    std::string path = std::string{runtime_directory} + "/outboard";
    const auto usable = rt::os::ensure_private_directory(path);
    if (!usable) {
        return tl::unexpected(rt::Error{rt::ErrorCode::unsupported, usable.error().sys_errno,
                                        why_unusable(usable.error())});
    }
    return path;
}

rt::Result<std::string> socket_path(std::string_view name)
{
    if (!is_valid_name(name))
        return tl::unexpected(invalid_name());
    auto path = directory();
    if (path)
        path = file_in(*path, name, socket_suffix);
    return path;
}

rt::Result<Registration> Registration::claim(std::string_view name)
{
    if (!is_valid_name(name))
        return tl::unexpected(invalid_name());
    const auto path = directory();
    if (!path)
        return tl::unexpected(path.error());
    return claim_in(*path, name);
}

rt::Result<Registration> Registration::claim_in(const std::string& directory, std::string_view name)
{
    std::string path = file_in(directory, name, socket_suffix);
    auto lock = rt::os::FileLock::acquire(file_in(directory, name, lock_suffix));
    if (!lock)
        return tl::unexpected(lock.error());
    // We hold the name, so a socket that is there was left by a dead process.
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    auto listener = rt::os::listen_at(path);
    if (!listener) {
        lock->remove();
        return tl::unexpected(listener.error());
    }
    return Registration{*std::move(lock), *std::move(listener), std::move(path)};
}

Registration::~Registration()
{
    if (!listener_.is_open())  // moved from
        return;
    std::error_code ignored;
    std::filesystem::remove(socket_path_, ignored);
    lock_.remove();
}

rt::Result<std::vector<Entry>> list()
{
    const auto path = directory();
    if (!path)
        return tl::unexpected(path.error());

    std::vector<Entry> entries;
    std::error_code error;
    for (std::filesystem::directory_iterator file{*path, error}, end; !error && file != end;
         file.increment(error)) {
        const std::string name = file->path().stem().string();
        if (file->path().extension() != lock_suffix || !is_valid_name(name))
            continue;
        const auto holder = rt::os::lock_holder(file->path().string());
        if (holder)  // else it was removed just now
            entries.push_back({name, *holder, *path + "/" + name + std::string{socket_suffix}});
    }
    if (error) {
        return tl::unexpected(
            rt::Error{rt::ErrorCode::system, error.value(), "list the registry of services"});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& left, const Entry& right) { return left.name < right.name; });
    return entries;
}

}  // namespace outboard::registry
