// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Services that are found by name: where they listen, who holds a name, who is there.
///
///     $XDG_RUNTIME_DIR/outboard/NAME.lock    locked by the service for its life; its process id
///     $XDG_RUNTIME_DIR/outboard/NAME.sock    listens there
///
/// Only the holder of the lock removes and makes the socket, so that clearing away what a dead
/// service left is no race.

#include "rt/control/result.hpp"
#include "rt/os/file_lock.hpp"
#include "rt/os/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboard::registry {

inline constexpr std::size_t name_length_max = 64;
inline constexpr std::string_view lock_suffix = ".lock";
inline constexpr std::string_view socket_suffix = ".sock";

/// DIRECTORY/NAMESUFFIX
[[nodiscard]] std::string file_in(const std::string& directory, std::string_view name,
                                  std::string_view suffix);

/// [a-z0-9._-]{1,64}
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

/// The directory of this user's services, made if it is missing.
/// @return unsupported, with the remedy, when XDG_RUNTIME_DIR is not set or cannot be used
[[nodiscard]] rt::Result<std::string> directory();

/// Where a service of that name listens, whether there is one or not.
/// @return invalid_argument for a bad name
[[nodiscard]] rt::Result<std::string> socket_path(std::string_view name);

/// A name that this process holds, with the socket that hosts connect to. Removes both at the end.
class Registration {
public:
    /// @return already_exists when another process holds the name
    [[nodiscard]] static rt::Result<Registration> claim(std::string_view name);
    /// The same in another directory of this user's own. @pre is_valid_name(name)
    [[nodiscard]] static rt::Result<Registration> claim_in(const std::string& directory,
                                                           std::string_view name);

    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) = delete;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

    [[nodiscard]] const rt::os::UniqueHandle& listener() const noexcept { return listener_; }
    [[nodiscard]] const std::string& socket_path() const noexcept { return socket_path_; }

private:
    Registration(rt::os::FileLock lock, rt::os::UniqueHandle listener,
                 std::string socket_path) noexcept
        : lock_(std::move(lock)),
          listener_(std::move(listener)),
          socket_path_(std::move(socket_path))
    {}

    rt::os::FileLock lock_;
    rt::os::UniqueHandle listener_;
    std::string socket_path_;
};

struct Entry {
    std::string name;
    std::int32_t process_id;  ///< -1: nobody holds the name, its files are stale
    std::string socket_path;
};

/// All names, sorted.
[[nodiscard]] rt::Result<std::vector<Entry>> list();

}  // namespace outboard::registry
