// SPDX-License-Identifier: MIT
//
// outboard-builtin: the service that runs all built-in processors.

#include "plugins/builtin/compressor.hpp"
#include "plugins/builtin/delay.hpp"
#include "plugins/builtin/equaliser.hpp"
#include "plugins/builtin/fault.hpp"
#include "plugins/builtin/gain.hpp"
#include "plugins/builtin/null.hpp"
#include "plugins/builtin/reverb.hpp"

#include <outboard/processor.hpp>

int main(int argc, char** argv)
{
    using namespace outboard::builtin;
    return outboard::serve<Gain, Delay, Equaliser, Compressor, Reverb, Null, Fault>(argc, argv);
}
