// SPDX-License-Identifier: MIT
//
// Instantiates what is header-only on the real-time path, so that its machine code exists in one
// archive and the symbol audit can see what it calls.

#include "rt/path/bell.hpp"
#include "rt/path/denormals.hpp"
#include "rt/path/histogram.hpp"
#include "rt/path/slot_ring.hpp"
#include "rt/path/spsc_ring.hpp"
#include "rt/path/word_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::rt {

/// As large as a block of 64 frames in stereo.
using AudibleElement = std::array<float, 128>;

template class RingProducer<std::uint64_t>;
template class RingConsumer<std::uint64_t>;
template class RingProducer<AudibleElement>;
template class RingConsumer<AudibleElement>;
template class SlotArea<std::byte>;
template class SlotArea<const std::byte>;

namespace audit {

/// Every inline function of the path, called once.
[[gnu::used]] bool call_all(Bell& bell, Histogram& histogram, ReadCursor& cursor,
                            std::atomic<std::uint32_t>& alarm)
{
    BellWait wait{&alarm, true};
    wait.clear();
    wait.add(bell);
    AdaptiveSpin spin{1};
    const WaitEnd end = wait.wait(os::monotonic_ns() + 1, spin,
                                  [&cursor] { return cursor.refresh() == RingStatus::ok; });
    raise_alarm(alarm);
    ring_for_dead(bell);
    const std::array quantiles_ns{histogram.quantile_ns(0.5)};
    histogram.record(word_hash(std::as_bytes(std::span{quantiles_ns})));
    return ring(bell) && disable_denormals() && end == WaitEnd::ready;
}

}  // namespace audit
}  // namespace outboard::rt
