// SPDX-License-Identifier: MIT

#include "rt/os/sandbox.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace outboard::rt;

TEST_SUITE("rt/os_sandbox")
{
    TEST_CASE("Landlock has a version, or a reason why it is not there")
    {
        const auto version = os::landlock_version();
        if (version) {
            CHECK(*version >= 1);
        } else {
            CHECK(version.error().code != ErrorCode::invalid_argument);
            CHECK(version.error().sys_errno != 0);
        }
    }

    TEST_CASE("asking for the version takes no rights away")
    {
        const auto before = os::landlock_version();
        const auto after = os::landlock_version();
        CHECK(before.has_value() == after.has_value());
    }
}
