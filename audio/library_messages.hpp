// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// libjack and libasound print to stderr whatever they meet while devices are counted, e.g. that no
/// server runs: dozens of lines about nothing. What is wrong we say ourselves, once. Private to the
/// back ends.

namespace outboard::audio {

/// Keeps both libraries quiet from now on. PortAudio and RtAudio replace libjack's functions by
/// their own, so it is called before each of their calls that open something.
/// @thread control
void silence_audio_libraries() noexcept;

}  // namespace outboard::audio
