// SPDX-License-Identifier: MIT

#include "sdk/src/host/unit_log.hpp"

#include "rt/path/contract.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace outboard::host {

UnitLog::UnitLog(std::uint64_t unit_count, std::size_t event_bytes)
    : records_(std::bit_ceil(unit_count)),
      events_(event_bytes)
{}

void UnitLog::append(const Unit& unit) noexcept
{
    OB_ASSERT(unit.sequence == next_sequence_);
    OB_ASSERT(unit.events.size() <= events_.size());
    const std::uint64_t capacity = events_.size();
    if (!unit.events.empty()) {
        const std::uint64_t until_wrap = capacity - events_end_ % capacity;
        if (unit.events.size() > until_wrap)  // events of one unit lie in one piece
            events_end_ += until_wrap;
        std::memcpy(events_.data() + events_end_ % capacity, unit.events.data(),
                    unit.events.size());
    }
    records_[next_sequence_ % records_.size()] = {
        .first_frame = unit.first_frame,
        .posted_ns = unit.posted_ns,
        .events_begin = events_end_,
        .frame_count = unit.frame_count,
        .event_bytes = static_cast<std::uint32_t>(unit.events.size())};
    events_end_ += unit.events.size();
    ++next_sequence_;
}

bool UnitLog::will_keep(std::uint64_t sequence, std::uint64_t more,
                        std::size_t event_bytes_max) const noexcept
{
    if (next_sequence_ + more - sequence > records_.size())
        return false;
    // Each may leave as much unused again, where the memory wraps.
    const std::uint64_t events_until = events_end_ + (more + 1) * event_bytes_max;
    return events_until - records_[sequence % records_.size()].events_begin <= events_.size();
}

std::uint64_t UnitLog::first_of_the_last(std::uint64_t next_sequence,
                                         std::uint64_t frame_count) const noexcept
{
    std::uint64_t first = next_sequence_ - std::min<std::uint64_t>(next_sequence_, records_.size());
    std::uint64_t last = std::max(std::min(next_sequence, next_sequence_), first);
    if (frame_count == 0 || last == first)
        return last;
    const auto first_frame_of = [this](std::uint64_t sequence) {
        return records_[sequence % records_.size()].first_frame;
    };
    const Record& before = records_[(last - 1) % records_.size()];
    const std::int64_t wanted = before.first_frame + before.frame_count -
                                static_cast<std::int64_t>(std::min<std::uint64_t>(
                                    frame_count, std::numeric_limits<std::int64_t>::max() / 2));
    --last;
    while (first < last) {  // the last one that does not begin behind the wanted frame
        const std::uint64_t middle = first + (last - first + 1) / 2;
        if (first_frame_of(middle) <= wanted) {
            first = middle;
        } else {
            last = middle - 1;
        }
    }
    return first;
}

bool UnitLog::get(std::uint64_t sequence, Unit& out) const noexcept
{
    if (sequence >= next_sequence_ || next_sequence_ - sequence > records_.size())
        return false;
    const Record& record = records_[sequence % records_.size()];
    const bool events_are_there =
        record.event_bytes == 0 || events_end_ - record.events_begin <= events_.size();
    if (!events_are_there)
        return false;
    const std::size_t begin = record.event_bytes == 0
                                  ? 0
                                  : static_cast<std::size_t>(record.events_begin % events_.size());
    out = {.sequence = sequence,
           .first_frame = record.first_frame,
           .frame_count = record.frame_count,
           .posted_ns = record.posted_ns,
           .events = {events_.data() + begin, record.event_bytes}};
    return true;
}

}  // namespace outboard::host
