// SPDX-License-Identifier: MIT

#include "tests/support/skip.hpp"

#include <cstdio>

namespace outboard::test {

namespace {

bool skipped = false;

}  // namespace

void skip(const char* reason) noexcept
{
    skipped = true;
    std::printf("skipped: %s\n", reason);
}

bool something_was_skipped() noexcept
{
    return skipped;
}

}  // namespace outboard::test
