// SPDX-License-Identifier: MIT
#include "audio/library_messages.hpp"

#include <alsa/asoundlib.h>
#include <jack/jack.h>

namespace outboard::audio {

namespace {

void drop_jack(const char* /*message*/) {}

// NOLINTNEXTLINE(cert-dcl50-cpp): libasound's type
void drop_alsa(const char* /*file*/, int /*line*/, const char* /*function*/, int /*error*/,
               const char* /*format*/, ...)
{}

}  // namespace

void silence_audio_libraries() noexcept
{
    jack_set_error_function(drop_jack);
    jack_set_info_function(drop_jack);
    static_cast<void>(snd_lib_error_set_handler(drop_alsa));
}

}  // namespace outboard::audio
