// SPDX-License-Identifier: MIT
//
// The service that the integration tests stream through.

#include "tests/integration/services/test_processors.hpp"

int main(int argc, char** argv)
{
    using namespace outboard::test;
    return outboard::serve<Identity, Invert, Fixed<64>, Fixed<37>, LateLatency, LateLatencyInverted,
                           EventEcho, EventEcho37, Level, FrameCounter, FutexOnly, SlowLoad>(argc,
                                                                                             argv);
}
