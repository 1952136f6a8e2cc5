// SPDX-License-Identifier: MIT

#include "sdk/src/host/crash_report.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

using namespace outboard;
using host::read_crash;

namespace {

template <std::size_t Size>
void put(std::string_view text, std::array<char, Size>& out)
{
    out.fill('\0');
    text.copy(out.data(), Size - 1);
}

/// What a service writes that died of a fault.
[[nodiscard]] std::unique_ptr<link::CrashArea> fault()
{
    auto area = std::make_unique<link::CrashArea>();
    area->signal = SIGSEGV;
    area->code = 1;
    area->thread_id = 77;
    area->fault_address = 0x18;
    area->instruction = 0x401000;
    area->block = 42;
    area->frame_count = 2;
    put("ob-dsp", area->thread_name);
    put("reverb", area->processor);
    area->frames[0].address = 0x401000;
    area->frames[0].offset = 0x1000;
    put("/usr/lib/reverb.so", area->frames[0].module);
    area->frames[1].address = 0x402000;
    area->is_written.store(1, std::memory_order_release);
    return area;
}

}  // namespace

TEST_SUITE("sdk/crash_report")
{
    TEST_CASE("without last words there is no report")
    {
        const auto area = fault();
        area->is_written.store(0, std::memory_order_release);
        CHECK(!read_crash(*area, 0));
    }

    TEST_CASE("a fault is read as it was written")
    {
        const auto report = read_crash(*fault(), 0);
        REQUIRE(report);
        CHECK(report->signal == SIGSEGV);
        CHECK(report->exit_code == -1);
        CHECK(report->signal_code == 1);
        CHECK(report->thread_id == 77);
        CHECK(report->fault_address == 0x18);
        CHECK(report->has_sequence == 1);
        CHECK(report->sequence == 41);
        CHECK(report->frame_count == 2);
        CHECK(std::string{report->thread_name} == "ob-dsp");
        CHECK(std::string{report->processor_name} == "reverb");
        CHECK(std::string{report->frames[0].module} == "/usr/lib/reverb.so");
        CHECK(std::string{report->frames[1].module}.empty());
    }

    TEST_CASE("a report in words has a line for each frame")
    {
        const std::string text = host::describe(*read_crash(*fault(), 0), "my-reverb");
        CHECK(text.find("service 'my-reverb'") == 0);
        CHECK(text.find("died of SIGSEGV at address 0x18 in block 41 of processor reverb, "
                        "thread 77 (ob-dsp)") != std::string::npos);
        CHECK(text.find("\n  #0 0x401000 /usr/lib/reverb.so+0x1000") != std::string::npos);
        CHECK(text.find("\n  #1 0x402000") != std::string::npos);
    }

    TEST_CASE("the block of another lane is not told")
    {
        const auto area = fault();
        area->block = link::BlockInProgress{.lane = 3, .sequence = 41}.word();
        CHECK(read_crash(*area, 0)->has_sequence == 0);
        CHECK(read_crash(*area, 3)->has_sequence == 1);
        CHECK(read_crash(*area, 3)->sequence == 41);
    }

    TEST_CASE("an exit has its code, and no block")
    {
        const auto area = fault();
        area->signal = 0;
        area->code = 5;
        area->block = 0;
        area->frame_count = 0;
        const auto report = read_crash(*area, 0);
        REQUIRE(report);
        CHECK(report->exit_code == 5);
        CHECK(report->signal_code == 0);
        CHECK(report->has_sequence == 0);
    }

    TEST_CASE("numbers that make no sense are no report")
    {
        for (const std::int32_t number : {-1, 65, std::numeric_limits<std::int32_t>::min(),
                                          std::numeric_limits<std::int32_t>::max()}) {
            const auto area = fault();
            area->signal = number;
            CHECK(!read_crash(*area, 0));
        }
        const auto too_many = fault();
        too_many->frame_count = OB_CRASH_FRAMES_MAX + 1;
        CHECK(!read_crash(*too_many, 0));
        const auto no_thread = fault();
        no_thread->thread_id = -1;
        CHECK(!read_crash(*no_thread, 0));
    }

    TEST_CASE("texts without an end end with their field, and are made printable")
    {
        const auto area = fault();
        area->frame_count = OB_CRASH_FRAMES_MAX;
        area->thread_name.fill('\x1b');
        area->processor.fill('A');
        for (link::CrashFrame& frame : area->frames)
            frame.module.fill('\x80');
        const auto report = read_crash(*area, 0);
        REQUIRE(report);
        CHECK(std::string{report->thread_name} == std::string(15, '?'));
        CHECK(std::string{report->processor_name} == std::string(63, 'A'));
        CHECK(std::string{report->frames[OB_CRASH_FRAMES_MAX - 1].module} == std::string(47, '?'));
    }

    TEST_CASE("the word of life holds the signal or the exit code, whatever it is")
    {
        CHECK(link::death_detail(link::dying_of_signal(SIGSEGV)) == -SIGSEGV);
        CHECK(link::death_detail(link::dying_by_exit(5)) == 5);
        CHECK(link::death_detail(link::dying_by_exit(0)) == 0);
        CHECK(link::dying_by_exit(0) != 0);
        CHECK(link::death_detail(std::numeric_limits<std::uint32_t>::max()) >= -127);
    }
}
