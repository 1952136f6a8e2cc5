// SPDX-License-Identifier: MIT
//
// In the place of jack_graph.cpp where libjack is missing.

#include "bench/jack_graph.hpp"

#include <stdexcept>

namespace outboard::bench {

JackCosts measure_jack(std::size_t /*client_count*/, std::size_t /*cycle_count*/, int /*priority*/)
{
    throw std::runtime_error("built without JACK (Debian: libjack-jackd2-dev)");
}

std::optional<int> run_as_jack_clients(int /*argc*/, char** /*argv*/)
{
    return std::nullopt;
}

}  // namespace outboard::bench
