// SPDX-License-Identifier: MIT

#include "bench/tool/sound_clip.hpp"

#include "bench/tool/failure.hpp"

namespace outboard::bench {

bool has_sound_clips() noexcept
{
    return false;
}

void write_sound_clip(const std::string& path, std::span<const float> /*samples*/)
{
    throw Failure{Exit::output, path + ": built without sound files"};
}

}  // namespace outboard::bench
