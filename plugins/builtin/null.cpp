// SPDX-License-Identifier: MIT

#include "plugins/builtin/null.hpp"

#include <algorithm>

namespace outboard::builtin {

void Null::render(const Segment& segment) noexcept
{
    for (std::uint32_t channel = 0; channel < format().input_channel_count; ++channel)
        std::copy_n(segment.input(channel), segment.frame_count, segment.output(channel));
}

}  // namespace outboard::builtin
