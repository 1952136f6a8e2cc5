// SPDX-License-Identifier: MIT

#include "sdk/src/link/event_bytes.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cstring>
#include <vector>

using namespace outboard;

namespace {

constexpr std::uint32_t frame_count = 64;
constexpr std::uint16_t unknown_type = 1'000;

ob_event_header header_of(std::uint32_t size_bytes, std::uint32_t offset_frames,
                          std::uint16_t type = unknown_type)
{
    return {size_bytes, offset_frames, type, 0, 0};
}

/// Headers one behind the other, each followed by zeros up to its size.
std::vector<std::byte> packed(std::initializer_list<ob_event_header> headers)
{
    std::vector<std::byte> bytes;
    for (const ob_event_header& header : headers) {
        const std::size_t start = bytes.size();
        bytes.resize(start + std::max<std::size_t>(header.size_bytes % 4'096, sizeof(header)));
        std::memcpy(bytes.data() + start, &header, sizeof(header));
    }
    return bytes;
}

std::size_t valid(const std::vector<std::byte>& bytes)
{
    return link::valid_event_bytes(bytes, frame_count);
}

}  // namespace

TEST_SUITE("sdk/event_bytes")
{
    TEST_CASE("no bytes are valid events")
    {
        CHECK(valid({}) == 0);
    }

    TEST_CASE("whole, ordered events within the block are valid to the last byte")
    {
        const auto bytes = packed({header_of(16, 0), header_of(24, 0), header_of(256, 63)});
        CHECK(valid(bytes) == bytes.size());
    }

    TEST_CASE("validity ends in front of the first event that is broken")
    {
        const auto good = header_of(16, 10);
        CHECK(valid(packed({good, header_of(0, 10)})) == 16);    // would never end
        CHECK(valid(packed({good, header_of(8, 10)})) == 16);    // smaller than its header
        CHECK(valid(packed({good, header_of(20, 10)})) == 16);   // not aligned
        CHECK(valid(packed({good, header_of(264, 10)})) == 16);  // above the limit
        CHECK(valid(packed({good, header_of(0xfffffff8U, 10)})) == 16);
        CHECK(valid(packed({good, header_of(16, 9)})) == 16);   // back in time
        CHECK(valid(packed({good, header_of(16, 64)})) == 16);  // behind the end
    }

    TEST_CASE("an event that is cut off is not valid")
    {
        auto bytes = packed({header_of(16, 0), header_of(32, 1)});
        bytes.resize(bytes.size() - 8);
        CHECK(valid(bytes) == 16);
        bytes.resize(20);
        CHECK(valid(bytes) == 16);
    }

    TEST_CASE("an event that is shorter than its type demands is not valid")
    {
        CHECK(valid(packed({header_of(16, 0, OB_EVENT_PARAMETER)})) == 0);
        CHECK(valid(packed({header_of(24, 0, OB_EVENT_NOTE_ON)})) == 0);
        CHECK(valid(packed({header_of(32, 0, OB_EVENT_TRANSPORT)})) == 0);
        CHECK(valid(packed({header_of(16, 0, OB_EVENT_RESET)})) == 16);
        CHECK(valid(packed({header_of(40, 0, OB_EVENT_PARAMETER)})) == 40);
    }

    TEST_CASE("every single-byte corruption of a valid list stays within its bounds")
    {
        const auto bytes = packed({header_of(16, 0), header_of(24, 5), header_of(32, 63)});
        for (std::size_t index = 0; index < bytes.size(); ++index) {
            for (int value = 0; value < 256; ++value) {
                auto corrupt = bytes;
                corrupt[index] = static_cast<std::byte>(value);
                CHECK(valid(corrupt) <= bytes.size());
            }
        }
    }

    TEST_CASE("a writer appends until its room is used up, and refuses what a reader would")
    {
        std::array<std::byte, 48> room{};
        link::EventWriter writer{room};
        CHECK(writer.append(header_of(16, 3)) == OB_OK);
        CHECK(writer.append(header_of(16, 2)) == OB_ERR_INVALID_ARGUMENT);
        CHECK(writer.append(header_of(12, 3)) == OB_ERR_INVALID_ARGUMENT);
        CHECK(writer.append(header_of(16, 3, OB_EVENT_BYPASS)) == OB_ERR_INVALID_ARGUMENT);
        CHECK(writer.append(header_of(16, 3)) == OB_OK);
        CHECK(writer.append(header_of(16, 4)) == OB_OK);
        CHECK(writer.append(header_of(16, 5)) == OB_AGAIN);
        CHECK(writer.bytes().size() == 48);
        CHECK(link::valid_event_bytes(writer.bytes(), frame_count) == 48);

        writer.clear();
        CHECK(writer.bytes().empty());
        CHECK(writer.append(header_of(16, 0)) == OB_OK);
    }
}
