// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What FlatBuffers' verifier leaves out: it holds the count of a vector to its alignment, and not
/// the structs in it.

#include <flatbuffers/flatbuffers.h>
#include <cstdint>

namespace outboard::link {

/// @param structs  of a message that was verified; may be null
template <typename Struct>
[[nodiscard]] bool is_aligned(const flatbuffers::Vector<const Struct*>* structs) noexcept
{
    return structs == nullptr ||
           reinterpret_cast<std::uintptr_t>(structs->Data()) % alignof(Struct) == 0;
}

}  // namespace outboard::link
