// SPDX-License-Identifier: MIT

#include "sdk/src/host/error_output.hpp"

#include "rt/os/pipe.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace outboard;
using host::ErrorOutput;
using host::to_printable;

namespace {

constexpr std::uint64_t start_ns = 1'000'000'000;
constexpr std::uint64_t second_ns = 1'000'000'000;

/// A service's end of the pipe, and the host's.
struct Ends {
    Ends()
    {
        auto pipe = rt::os::make_pipe();
        REQUIRE(pipe);
        write_end = std::move(pipe->write_end);
        output = ErrorOutput{std::move(pipe->read_end)};
    }
    /// @return whether all of it found room
    bool say(std::string_view text) const
    {
        return ::write(write_end.get(), text.data(), text.size()) ==
               static_cast<ssize_t>(text.size());
    }

    rt::os::UniqueHandle write_end;
    ErrorOutput output;
};

}  // namespace

TEST_SUITE("sdk/error_output")
{
    TEST_CASE("printable text stays, in any language")
    {
        CHECK(to_printable("") == "");
        CHECK(to_printable("out of memory") == "out of memory");
        CHECK(to_printable("Gr\xc3\xb6\xc3\x9f"
                           "e \xe2\x82\xac \xf0\x9d\x84\x9e") ==
              "Gr\xc3\xb6\xc3\x9f"
              "e \xe2\x82\xac \xf0\x9d\x84\x9e");
    }

    TEST_CASE("what could steer a terminal, and what is no UTF-8, is replaced")
    {
        CHECK(to_printable("\x1b[2J") == "?[2J");
        CHECK(to_printable("a\tb\rc\x7f") == "a b?c?");
        CHECK(to_printable("\xff\xfe") == "??");
        CHECK(to_printable("cut \xe2\x82") == "cut ??");
        CHECK(to_printable("\xc0\xaf") == "??");            // overlong
        CHECK(to_printable("\xed\xa0\x80") == "???");       // half of a surrogate pair
        CHECK(to_printable("\xf4\x90\x80\x80") == "????");  // beyond Unicode
        CHECK(to_printable(std::string_view{"\0", 1}) == "?");
    }

    TEST_CASE("nothing said is no line, and nothing to wait for is no error")
    {
        Ends ends;
        ends.output.read(start_ns);
        CHECK(ends.output.take_lines().empty());
        CHECK(ends.output.tail().empty());
        CHECK(ends.output.last_line().empty());
        CHECK(ends.output.handle() >= 0);
        ErrorOutput nobody;
        nobody.read(start_ns);
        CHECK(nobody.handle() == -1);
    }

    TEST_CASE("lines come whole, however they are written")
    {
        Ends ends;
        CHECK(ends.say("one\n\ntw"));
        ends.output.read(start_ns);
        CHECK(ends.output.take_lines() == std::vector<std::string>{"one"});
        CHECK(ends.say("o\nthree"));
        ends.output.read(start_ns + 1);
        CHECK(ends.output.take_lines() == std::vector<std::string>{"two"});
        ends.output.finish();
        CHECK(ends.output.take_lines() == std::vector<std::string>{"three"});
        CHECK(ends.output.tail() == "one\ntwo\nthree");
        CHECK(ends.output.last_line() == "three");
    }

    TEST_CASE("when the service has closed it, nothing more is waited for")
    {
        Ends ends;
        CHECK(ends.say("bye\n"));
        ends.write_end.reset();
        ends.output.read(start_ns);
        CHECK(ends.output.handle() == -1);
        CHECK(ends.output.last_line() == "bye");
    }

    TEST_CASE("a line without end is cut, and the tail keeps the last of all")
    {
        Ends ends;
        CHECK(ends.say(std::string(1200, 'x') + "\n"));
        ends.output.read(start_ns);
        const auto parts = ends.output.take_lines();
        REQUIRE(parts.size() == 3);
        CHECK(parts[0].size() == 512);
        CHECK(parts[2].size() == 1200 - 2 * 512);
        for (int line = 0; line < 100; ++line)
            CHECK(ends.say(std::string(100, 'a' + static_cast<char>(line % 26)) + "\n"));
        ends.output.read(start_ns + 1);
        CHECK(ends.output.tail().size() <= 2047);
        CHECK(ends.output.tail().size() > 1800);
        CHECK(ends.output.last_line() == std::string(100, 'v'));
    }

    TEST_CASE("a service that says too much is read in turns, and not kept waiting")
    {
        Ends ends;
        const std::string kilobyte = std::string(1023, 'y') + "\n";
        std::size_t taken = 0;
        std::uint64_t now_ns = start_ns;
        for (int round = 0; round < 40; ++round) {
            while (
                ends.say(kilobyte)) {  // until the pipe is full: a write fails, it does not block
            }
            ends.output.read(now_ns);
            taken += ends.output.take_lines().size();
        }
        CHECK(taken >= 64);
        CHECK(taken <= 3 * 66);
        CHECK(ends.output.handle() == -1);
        CHECK(ends.output.due_ns() > now_ns);
        now_ns = ends.output.due_ns();
        CHECK(now_ns < start_ns + second_ns);
        ends.output.read(now_ns);
        CHECK(!ends.output.take_lines().empty());
    }
}
