// SPDX-License-Identifier: MIT

#include "sdk/src/link/layout.hpp"

#include "sdk/src/link/checkpoint_area.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <doctest/doctest.h>
#include <cstddef>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

using namespace outboard;
using link::LinkLayout;
using link::LinkShape;

namespace {

using Place = std::pair<std::size_t, std::size_t>;  // offset, bytes

std::pair<const std::string, Place> place_of(const char* field, std::size_t offset,
                                             std::size_t size_bytes)
{
    return {field, {offset, size_bytes}};
}

#define PLACE(Space, Struct, field) \
  place_of(#Struct "." #field, offsetof(Space::Struct, field), sizeof(Space::Struct::field))

/// What the compiler made of the structs.
const std::map<std::string, Place> fields{
    PLACE(link, LinkShape, lane_count),
    PLACE(link, LinkShape, input_channel_count),
    PLACE(link, LinkShape, output_channel_count),
    PLACE(link, LinkShape, frame_capacity),
    PLACE(link, LinkShape, slot_count),
    PLACE(link, LinkShape, event_bytes),
    PLACE(link, SegmentHeader, magic),
    PLACE(link, SegmentHeader, protocol_version),
    PLACE(link, SegmentHeader, size_bytes),
    PLACE(link, SegmentHeader, shape),
    PLACE(link, HostSegment, header),
    PLACE(link, HostLaneWords, input_write_count),
    PLACE(link, HostLaneWords, output_read_count),
    PLACE(link, HostLaneWords, checkpoint_wanted),
    PLACE(link, ServiceSegment, header),
    PLACE(link, ServiceSegment, dsp_beat),
    PLACE(link, ServiceSegment, in_progress),
    PLACE(link, ServiceSegment, life),
    PLACE(link, ServiceSegment, crash),
    PLACE(link, CrashArea, is_written),
    PLACE(link, CrashArea, signal),
    PLACE(link, CrashArea, code),
    PLACE(link, CrashArea, thread_id),
    PLACE(link, CrashArea, fault_address),
    PLACE(link, CrashArea, instruction),
    PLACE(link, CrashArea, block),
    PLACE(link, CrashArea, frame_count),
    PLACE(link, CrashArea, reserved),
    PLACE(link, CrashArea, thread_name),
    PLACE(link, CrashArea, processor),
    PLACE(link, CrashArea, frames),
    PLACE(link, CrashFrame, address),
    PLACE(link, CrashFrame, offset),
    PLACE(link, CrashFrame, module),
    PLACE(link, ServiceLaneWords, input_read_count),
    PLACE(link, ServiceLaneWords, output_write_count),
    PLACE(rt, Bell, rung),
    PLACE(rt, Bell, asleep),
    PLACE(link, BellsSegment, request),
    PLACE(link, BellsSegment, replies),
    PLACE(link, BlockHeader, sequence),
    PLACE(link, BlockHeader, posted_ns),
    PLACE(link, BlockHeader, dsp_started_ns),
    PLACE(link, BlockHeader, dsp_ended_ns),
    PLACE(link, BlockHeader, frame_count),
    PLACE(link, BlockHeader, event_bytes),
    PLACE(link, BlockHeader, caller),
    PLACE(link, BlockHeader, reserved),
    PLACE(link, CheckpointHeader, sequence),
    PLACE(link, CheckpointHeader, size_bytes),
    PLACE(link, CheckpointHeader, hash),
    PLACE(link, CheckpointHeader, reserved),
    PLACE(link, CheckpointArea, published),
    PLACE(link, CheckpointArea, headers),
};

#undef PLACE

const std::map<std::string, std::size_t> struct_bytes{
    {"SegmentHeader", sizeof(link::SegmentHeader)},
    {"HostSegment", sizeof(link::HostSegment)},
    {"HostLaneWords", sizeof(link::HostLaneWords)},
    {"ServiceSegment", sizeof(link::ServiceSegment)},
    {"CrashArea", sizeof(link::CrashArea)},
    {"CrashFrame", sizeof(link::CrashFrame)},
    {"ServiceLaneWords", sizeof(link::ServiceLaneWords)},
    {"Bell", sizeof(rt::Bell)},
    {"BellsSegment", sizeof(link::BellsSegment)},
    {"BlockHeader", sizeof(link::BlockHeader)},
    {"CheckpointHeader", sizeof(link::CheckpointHeader)},
    {"CheckpointArea", sizeof(link::CheckpointArea)},
};

/// The sizes that the document states for the default shape.
std::map<std::string, std::size_t> default_sizes()
{
    const LinkLayout layout{LinkShape{}};
    return {{"input slot", layout.input_slot_bytes()},
            {"output slot", layout.output_slot_bytes()},
            {"host-owned", layout.host_bytes()},
            {"service-owned", layout.service_bytes()},
            {"first input slot", layout.input_slots_offset(0)},
            {"first output slot", layout.output_slots_offset(0)},
            {"events in a slot", layout.input_events_offset()}};
}

std::vector<std::string> document_lines()
{
    std::ifstream document{OB_PROTOCOL_DOCUMENT};
    REQUIRE(document);
    std::vector<std::string> lines;
    for (std::string line; std::getline(document, line);)
        lines.push_back(line);
    return lines;
}

/// All rows of two cells: what it is, and a number.
std::map<std::string, std::size_t> sizes_of_document()
{
    static const std::regex row{R"(^\| `?([A-Za-z -]+?)`? \| (\d+) \|$)"};
    std::map<std::string, std::size_t> sizes;
    std::smatch cells;
    for (const std::string& line : document_lines()) {
        if (std::regex_match(line, cells, row))
            sizes[cells[1]] = std::stoul(cells[2]);
    }
    return sizes;
}

/// All rows of three cells: `Struct.field`, offset and bytes.
std::map<std::string, Place> fields_of_document()
{
    static const std::regex row{R"(^\| `(\w+\.\w+)` \| (\d+) \| (\d+) \|$)"};
    std::map<std::string, Place> places;
    std::smatch cells;
    for (const std::string& line : document_lines()) {
        if (std::regex_match(line, cells, row))
            places[cells[1]] = Place{std::stoul(cells[2]), std::stoul(cells[3])};
    }
    return places;
}

}  // namespace

TEST_SUITE("sdk/layout")
{
    TEST_CASE("docs/protocol.md places every field where the compiler does")
    {
        CHECK(fields_of_document() == fields);
    }

    TEST_CASE("docs/protocol.md states every size as it is")
    {
        auto expected = default_sizes();
        expected.insert(struct_bytes.begin(), struct_bytes.end());
        CHECK(sizes_of_document() == expected);
    }

    TEST_CASE("a shape is valid within its limits and not beyond")
    {
        CHECK(link::is_valid({}));
        CHECK(link::is_valid({64, 64, 64, 8192, 1024, 65536}));
        CHECK(link::is_valid({1, 1, 1, 1, 1, 0}));
        for (const LinkShape& shape :
             {LinkShape{0}, LinkShape{65}, LinkShape{1, 0}, LinkShape{1, 65}, LinkShape{1, 2, 0},
              LinkShape{1, 2, 65}, LinkShape{1, 2, 2, 0}, LinkShape{1, 2, 2, 8193},
              LinkShape{1, 2, 2, 64, 0}, LinkShape{1, 2, 2, 64, 3}, LinkShape{1, 2, 2, 64, 2048},
              LinkShape{1, 2, 2, 64, 16, 63}, LinkShape{1, 2, 2, 64, 16, 65600}})
            CHECK(!link::is_valid(shape));
    }

    TEST_CASE("the parts of a segment follow each other on whole lines, without overlap")
    {
        for (const LinkShape& shape :
             {LinkShape{}, LinkShape{3, 1, 8, 37, 4, 64}, LinkShape{64, 2, 2, 441, 8, 0}}) {
            const LinkLayout layout{shape};
            std::size_t host_end = sizeof(link::HostSegment);
            std::size_t service_end = sizeof(link::ServiceSegment);
            for (std::uint32_t lane = 0; lane < shape.lane_count; ++lane) {
                CHECK(layout.host_lane_words_offset(lane) == host_end);
                CHECK(layout.service_lane_words_offset(lane) == service_end);
                host_end += sizeof(link::HostLaneWords);
                service_end += sizeof(link::ServiceLaneWords);
            }
            for (std::uint32_t lane = 0; lane < shape.lane_count; ++lane) {
                CHECK(layout.input_slots_offset(lane) == host_end);
                CHECK(layout.output_slots_offset(lane) == service_end);
                CHECK(host_end % 64 == 0);
                CHECK(service_end % 64 == 0);
                host_end += shape.slot_count * layout.input_slot_bytes();
                service_end += shape.slot_count * layout.output_slot_bytes();
            }
            CHECK(layout.host_bytes() == host_end);
            CHECK(layout.service_bytes() == service_end);
        }
    }

    TEST_CASE("the halves of a checkpoint area lie on whole lines, without overlap")
    {
        for (const std::size_t size_bytes : {1U, 63U, 64U, 65U, 1'000U, 1'000'000U}) {
            const std::size_t first = link::checkpoint_offset(2, size_bytes);
            const std::size_t second = link::checkpoint_offset(1, size_bytes);
            CHECK(first == sizeof(link::CheckpointArea));
            CHECK(second >= first + size_bytes);
            CHECK(second % 64 == 0);
            CHECK(link::checkpoint_area_bytes(size_bytes) - second == second - first);
        }
    }

    TEST_CASE("both ends of a lane find the same slots")
    {
        const LinkShape shape{2, 3, 1, 37, 4, 64};
        const LinkLayout layout{shape};
        std::vector<std::byte> host(layout.host_bytes() + 64);
        std::vector<std::byte> service(layout.service_bytes() + 64);
        const auto line = [](std::vector<std::byte>& memory) {
            const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
            return memory.data() + (64 - address % 64) % 64;
        };
        link::HostLane host_end{layout, 1, line(host), line(service)};
        link::ServiceLane service_end{layout, 1, line(host), line(service)};
        auto& words =
            *reinterpret_cast<link::HostLaneWords*>(line(host) + layout.host_lane_words_offset(1));
        CHECK(&service_end.checkpoint_wanted() == &words.checkpoint_wanted);

        REQUIRE(host_end.input().reserve() == rt::RingStatus::ok);
        host_end.input_slot().header().sequence = 5;
        host_end.input_slot().channel(2)[36] = 0.5F;
        host_end.input_slot().events()[63] = std::byte{9};
        host_end.input().publish();
        REQUIRE(service_end.input().poll() == rt::RingStatus::ok);
        CHECK(service_end.input_slot().header().sequence == 5);
        CHECK(service_end.input_slot().channel(2)[36] == 0.5F);
        CHECK(service_end.input_slot().events()[63] == std::byte{9});

        REQUIRE(service_end.output().reserve() == rt::RingStatus::ok);
        service_end.output_slot().channel(0)[36] = 0.25F;
        service_end.output().publish();
        REQUIRE(host_end.output().poll() == rt::RingStatus::ok);
        CHECK(host_end.output_slot().channel(0)[36] == 0.25F);
    }
}
