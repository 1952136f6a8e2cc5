// SPDX-License-Identifier: MIT
//
// The service that the integration tests stream through.

#include "tests/integration/services/test_processors.hpp"

// A sanitizer is not to handle the crashes that the tests provoke: the host sees the signal.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-*,readability-identifier-naming): not our names
extern "C" const char* __asan_default_options()
{
    return "handle_segv=0";
}
extern "C" const char* __tsan_default_options()
{
    return "handle_segv=0";
}
// NOLINTEND(bugprone-reserved-identifier,cert-*,readability-identifier-naming)

int main(int argc, char** argv)
{
    using namespace outboard::test;
    return outboard::serve<Identity, Invert, Fixed<64>, Fixed<37>, LateLatency, LateLatencyInverted,
                           EventEcho, EventEcho37, Level, FrameCounter, FutexOnly, Drift, Delicate,
                           Undeclared, FreeRunning, Laggard<true>, Laggard<false>, Once, Busy,
                           SlowLoad, Doomed, Large>(argc, argv);
}
