// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a function of audio/ returns when it can fail. The message is written for the person at the
/// keyboard: it names the file or device, what is wrong with it, and what to do about it.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace outboard::audio {

enum class ErrorCode : std::uint8_t {
    invalid_argument,
    wrong_state,  ///< called out of order, e.g. start() before open()
    not_found,
    no_permission,
    not_a_sound_file,
    empty,        ///< a sound file without frames
    unsupported,  ///< the file format or the device cannot do what is asked
    too_large,
    disk_full,
    device_lost,
    busy,       ///< the device is used by another program
    no_server,  ///< the audio server that offers the device does not run
    system,     ///< anything else that the operating system or a library refused
};

struct Error {
    ErrorCode code = ErrorCode::system;
    std::string message;  ///< whole sentences, without a line end
};

/// `*r` after a check; never `r.value()`, which throws.
template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message)
{
    return tl::unexpected(Error{code, std::move(message)});
}

}  // namespace outboard::audio
