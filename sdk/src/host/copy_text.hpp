// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace outboard::host {

/// Into a field of the C ABI; cut to its length.
template <std::size_t Size>
void copy_text(const std::string& text, char (&out)[Size])
{
    static_cast<void>(std::snprintf(out, Size, "%s", text.c_str()));
}

}  // namespace outboard::host
