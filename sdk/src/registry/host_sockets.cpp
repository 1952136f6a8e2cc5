// SPDX-License-Identifier: MIT

#include "sdk/src/registry/host_sockets.hpp"

#include "rt/os/file_lock.hpp"
#include "rt/os/process.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>

namespace outboard::registry {
namespace {

[[nodiscard]] std::string name_of(std::int32_t process_id, std::uint32_t number)
{
    const std::string name = std::to_string(process_id);
    return number == 1 ? name : name + "-" + std::to_string(number);
}

template <typename Number>
[[nodiscard]] bool parse(std::string_view text, Number& number) noexcept
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

/// "PID" or "PID-NUMBER"; nothing for a file that is none of ours.
[[nodiscard]] std::optional<HostEntry> entry_of(const std::string& directory,
                                                const std::string& name)
{
    const std::size_t dash = name.find('-');
    HostEntry entry{-1, 1, file_in(directory, name, socket_suffix)};
    const bool is_ours =
        parse(std::string_view{name}.substr(0, dash), entry.process_id) &&
        (dash == std::string::npos || parse(std::string_view{name}.substr(dash + 1), entry.number));
    if (!is_ours || entry.process_id <= 0 || name != name_of(entry.process_id, entry.number))
        return std::nullopt;
    return entry;
}

/// Nobody held the lock a moment ago. Whoever has it now may remove the files: a process that got
/// the same id and takes the name meanwhile keeps its own.
void clear_away(const std::string& lock_path, const std::string& socket_path)
{
    auto lock = rt::os::FileLock::acquire(lock_path);
    if (!lock)
        return;
    std::error_code ignored;
    std::filesystem::remove(socket_path, ignored);
    lock->remove();
}

}  // namespace

rt::Result<std::string> host_directory()
{
    auto path = directory();
    if (!path)
        return path;
    path->append("/hosts");
    if (const auto usable = rt::os::ensure_private_directory(*path); !usable) {
        return tl::unexpected(
            rt::Error{rt::ErrorCode::unsupported, usable.error().sys_errno,
                      "XDG_RUNTIME_DIR/outboard/hosts is not a directory of ours alone"});
    }
    return path;
}

rt::Result<Registration> claim_host_socket()
{
    const auto path = host_directory();
    if (!path)
        return tl::unexpected(path.error());
    static_cast<void>(list_hosts());  // what dead ones have left does not pile up
    const std::int32_t process_id = rt::os::current_process_id();
    for (std::uint32_t number = 1; number <= hosts_of_a_process_max; ++number) {
        auto claimed = Registration::claim_in(*path, name_of(process_id, number));
        if (claimed || claimed.error().code != rt::ErrorCode::already_exists)
            return claimed;
    }
    return rt::fail(rt::ErrorCode::already_exists, "so many hosts of one process are observed");
}

rt::Result<std::vector<HostEntry>> list_hosts()
{
    const auto path = host_directory();
    if (!path)
        return tl::unexpected(path.error());

    std::vector<HostEntry> entries;
    std::error_code error;
    for (std::filesystem::directory_iterator file{*path, error}, end; !error && file != end;
         file.increment(error)) {
        if (file->path().extension() != lock_suffix)
            continue;
        auto entry = entry_of(*path, file->path().stem().string());
        const auto holder = rt::os::lock_holder(file->path().string());
        if (!entry || !holder)  // no file of ours, or removed just now
            continue;
        if (*holder < 0) {
            clear_away(file->path().string(), entry->socket_path);
        } else {
            entries.push_back(*std::move(entry));
        }
    }
    if (error)
        return tl::unexpected(rt::Error{rt::ErrorCode::system, error.value(), "list the hosts"});
    std::sort(entries.begin(), entries.end(), [](const HostEntry& left, const HostEntry& right) {
        return std::tie(left.process_id, left.number) < std::tie(right.process_id, right.number);
    });
    return entries;
}

}  // namespace outboard::registry
