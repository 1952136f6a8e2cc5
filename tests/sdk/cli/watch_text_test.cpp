// SPDX-License-Identifier: MIT

#include "sdk/cli/failure.hpp"
#include "sdk/cli/listen_address.hpp"
#include "sdk/cli/printable.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace outboard::cli;

TEST_SUITE("sdk/cli/watch_text")
{
    TEST_CASE("text that a terminal can show is left as it is")
    {
        CHECK(printable("", 5).empty());
        CHECK(printable("reverb", 6) == "reverb");
        CHECK(printable("Größe → 音", 20) == "Größe → 音");
    }

    TEST_CASE("what a terminal would obey is shown as a question mark")
    {
        CHECK(printable("\x1b[31mred\x07\n\t", 20) == "?[31mred???");
        CHECK(printable("\xc2\x9b"
                        "31m",
                        20) == "?31m");
        CHECK(printable("\x9b"
                        "31m",
                        20) == "?31m");
        CHECK(printable("a\x7f"
                        "b",
                        20) == "a?b");
        CHECK(printable("\xc0\x9b", 20) == "??");
        CHECK(printable("cut \xe9\x9f", 20) == "cut ??");
        CHECK(printable("\xff\xfe", 20) == "??");
    }

    TEST_CASE("text that is too long is cut between characters, and shows it")
    {
        CHECK(printable("equaliser", 9) == "equaliser");
        CHECK(printable("equaliser", 8) == "equalis~");
        CHECK(printable("äöüß", 3) == "äö~");
        CHECK(printable("abc", 1) == "~");
        CHECK(printable("abc", 0).empty());
    }

    TEST_CASE("addresses with a port are understood")
    {
        CHECK(to_string(parse_listen_address("9749")) == "127.0.0.1:9749");
        CHECK(to_string(parse_listen_address("0.0.0.0:80")) == "0.0.0.0:80");
        CHECK(to_string(parse_listen_address("localhost:0")) == "localhost:0");
        const ListenAddress address = parse_listen_address("[::1]:65535");
        CHECK(address.host == "::1");
        CHECK(address.port == 65535);
        CHECK(to_string(address) == "[::1]:65535");
    }

    TEST_CASE("addresses without one, or with two meanings, are refused")
    {
        for (const char* const text :
             {"", ":", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1]",
              "[]:80", "[::1:80", "::1]:80", "80 ", "host:8 0", "host:+1"}) {
            CAPTURE(text);
            CHECK_THROWS_AS(static_cast<void>(parse_listen_address(text)), Failure);
        }
    }

    TEST_CASE("the loopback is told from what others can reach")
    {
        for (const char* const text : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"})
            CHECK(is_loopback(parse_listen_address(text)));
        for (const char* const text : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "127.example.org:1"})
            CHECK(!is_loopback(parse_listen_address(text)));
    }
}
