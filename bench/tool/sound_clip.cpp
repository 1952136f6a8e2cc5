// SPDX-License-Identifier: MIT

#include "bench/tool/sound_clip.hpp"

#include "audio/sound_file.hpp"
#include "bench/tool/failure.hpp"

#include <array>

namespace outboard::bench {

bool has_sound_clips() noexcept
{
    return true;
}

void write_sound_clip(const std::string& path, std::span<const float> samples)
{
    auto writer =
        audio::SoundFileWriter::create(path, {.sample_rate_hz = 48'000, .channel_count = 1});
    if (!writer)
        throw Failure{Exit::output, writer.error().message};
    const std::array<const float*, 1> channels{samples.data()};
    auto written = writer->write(channels, samples.size());
    if (written)
        written = writer->close();
    if (!written)
        throw Failure{Exit::output, written.error().message};
}

}  // namespace outboard::bench
