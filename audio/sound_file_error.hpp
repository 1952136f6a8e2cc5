// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What libsndfile and the system said about a file, in a user's words. Private to audio/.

#include "audio/result.hpp"

#include <filesystem>

namespace outboard::audio {

/// What can be said about a file that is to be read, before a library is asked.
[[nodiscard]] Result<void> check_readable(const std::filesystem::path& path);

/// What can be said about a file that is to be written, before it is created.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& path);

/// Why sf_open() has failed, right after it has.
/// @param sys_errno  errno, which was 0 before the call
[[nodiscard]] Error read_error(const std::filesystem::path& path, int sys_errno);
[[nodiscard]] Error create_error(const std::filesystem::path& path, int sys_errno);

/// Why frames could not be written.
/// @param library_text  what the library says, for the case that the system said nothing
[[nodiscard]] Error write_error(const std::filesystem::path& path, int sys_errno,
                                const std::string& library_text);

/// Whether `sys_errno` tells that the medium did not take the data.
[[nodiscard]] bool is_medium_error(int sys_errno) noexcept;

}  // namespace outboard::audio
