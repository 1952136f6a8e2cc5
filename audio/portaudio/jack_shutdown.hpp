// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How PortAudio survives the death of its JACK server. Left alone it does not:
///
///  - Stopping a stream, it asks its JACK callback to stop, and waits up to ten minutes for the
///    answer. The callback of a dead server never gives one; only JACK's report of the death wakes
///    the wait, and that has come before. So we keep the report, and make it again while we wait.
///  - Closing, it asserts that libjack's functions succeed. With a dead server they fail, and the
///    process would abort. So their failure is kept from it.
///
/// Both by functions of libjack's names that take their place in the whole program, and pass all
/// calls on. See docs/decisions/0025-dead-jack-server.md.

#include <atomic>
#include <thread>

namespace outboard::audio {

/// While it lives, what libjack registers on this thread belongs to PortAudio.
class JackClientRecording {
public:
    JackClientRecording() noexcept;
    ~JackClientRecording();
    JackClientRecording(const JackClientRecording&) = delete;
    JackClientRecording(JackClientRecording&&) = delete;
    JackClientRecording& operator=(const JackClientRecording&) = delete;
    JackClientRecording& operator=(JackClientRecording&&) = delete;
};

/// While it lives, PortAudio hears again and again of the deaths that it has heard of.
/// @pre PortAudio stays initialised meanwhile
class JackShutdownRepeater {
public:
    /// @rt no: starts a thread
    JackShutdownRepeater();
    ~JackShutdownRepeater();
    JackShutdownRepeater(const JackShutdownRepeater&) = delete;
    JackShutdownRepeater(JackShutdownRepeater&&) = delete;
    JackShutdownRepeater& operator=(const JackShutdownRepeater&) = delete;
    JackShutdownRepeater& operator=(JackShutdownRepeater&&) = delete;

private:
    std::atomic<bool> stop_requested_{false};
    std::thread thread_;
};

}  // namespace outboard::audio
