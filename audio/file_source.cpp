// SPDX-License-Identifier: MIT
#include "audio/file_source.hpp"

#include "audio/planar_buffer.hpp"
#include "audio/resampler.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace outboard::audio {

namespace {

constexpr std::size_t chunk_frames = 4'096;

using Channels = std::vector<std::vector<float>>;

void append(Channels& channels, const PlanarBuffer& buffer, std::size_t frame_count)
{
    for (std::size_t channel = 0; channel < channels.size(); ++channel) {
        const auto samples = buffer.channel(channel).first(frame_count);
        channels[channel].insert(channels[channel].end(), samples.begin(), samples.end());
    }
}

/// Mapped blocks go in at the file's rate, and are collected at the stream's.
class Collector {
public:
    Collector(Channels& channels, std::optional<Resampler> resampler)
        : channels_(channels),
          resampler_(std::move(resampler)),
          resampled_(static_cast<std::uint32_t>(channels.size()), chunk_frames)
    {}

    Result<void> add(const PlanarBuffer& block, std::size_t frame_count)
    {
        if (!resampler_) {
            append(channels_, block, frame_count);
            return {};
        }
        std::vector<const float*> inputs{block.readable().begin(), block.readable().end()};
        for (std::size_t left = frame_count; left > 0;) {
            const auto progress =
                resampler_->process(inputs, left, resampled_.writable(), chunk_frames);
            if (!progress)
                return tl::unexpected(progress.error());
            if (progress->consumed_frames == 0 && progress->produced_frames == 0)
                return fail(ErrorCode::system, "Resampling has come to a standstill.");
            append(channels_, resampled_, progress->produced_frames);
            left -= progress->consumed_frames;
            for (const float*& input : inputs)
                input += progress->consumed_frames;
        }
        return {};
    }

    Result<void> finish()
    {
        while (resampler_) {
            const auto produced = resampler_->finish(resampled_.writable(), chunk_frames);
            if (!produced)
                return tl::unexpected(produced.error());
            if (*produced == 0)
                break;
            append(channels_, resampled_, *produced);
        }
        return {};
    }

private:
    Channels& channels_;
    std::optional<Resampler> resampler_;
    PlanarBuffer resampled_;
};

Result<Collector> make_collector(Channels& channels, std::uint32_t input_rate_hz,
                                 std::uint32_t output_rate_hz)
{
    if (input_rate_hz == output_rate_hz)
        return Collector{channels, std::nullopt};
    auto resampler =
        Resampler::create({.input_rate_hz = input_rate_hz,
                           .output_rate_hz = output_rate_hz,
                           .channel_count = static_cast<std::uint32_t>(channels.size())});
    if (!resampler)
        return tl::unexpected(std::move(resampler.error()));
    return Collector{channels, std::move(*resampler)};
}

Result<void> read_all(SoundFileReader& reader, const ChannelMap& map, Collector& collector,
                      std::uint32_t output_channel_count)
{
    PlanarBuffer block{reader.info().channel_count, chunk_frames};
    PlanarBuffer mapped{output_channel_count, chunk_frames};
    // No more than the header says, which is what memory was reserved for.
    for (std::uint64_t left = reader.info().frame_count; left > 0;) {
        const auto got = reader.read(block.writable(), std::min<std::uint64_t>(left, chunk_frames));
        if (!got)
            return tl::unexpected(got.error());
        if (*got == 0)
            break;
        map.apply(block.readable(), mapped.writable(), *got);
        if (auto added = collector.add(mapped, *got); !added)
            return added;
        left -= *got;
    }
    return collector.finish();
}

tl::unexpected<Error> too_large(const std::filesystem::path& path, std::uint64_t seconds,
                                std::uint64_t memory_bytes_max)
{
    return fail(ErrorCode::too_large,
                "'" + path.string() + "' is too long to be held in memory: it lasts " +
                    std::to_string(seconds / 60) + " minutes, and the samples may take " +
                    std::to_string(memory_bytes_max >> 20U) + " MiB. Cut it into parts.");
}

/// Memory for the whole file at once: the limit is checked before anything is read.
Result<Channels> reserve(const std::filesystem::path& path, const SoundFileInfo& info,
                         const FileSourceSettings& settings)
{
    const std::uint64_t seconds = info.frame_count / info.sample_rate_hz;
    const std::uint64_t channel_samples_max =
        settings.memory_bytes_max / (sizeof(float) * settings.channel_count);
    // The seconds alone first: a header may claim more than the product can count.
    if (seconds > channel_samples_max / settings.sample_rate_hz)
        return too_large(path, seconds, settings.memory_bytes_max);
    const std::uint64_t frames = Resampler::output_frame_count(
        info.frame_count, info.sample_rate_hz, settings.sample_rate_hz);
    if (frames > channel_samples_max)
        return too_large(path, seconds, settings.memory_bytes_max);
    if (frames == 0) {
        return fail(ErrorCode::empty, "'" + path.string() + "' is too short: at " +
                                          std::to_string(settings.sample_rate_hz) +
                                          " Hz nothing is left of it.");
    }
    try {
        Channels channels(settings.channel_count);
        for (auto& channel : channels)
            channel.reserve(static_cast<std::size_t>(frames));
        return channels;
    } catch (const std::bad_alloc&) {
        return too_large(path, seconds, settings.memory_bytes_max);
    }
}

}  // namespace

Result<FileSource> FileSource::load(const std::filesystem::path& path,
                                    const FileSourceSettings& settings)
{
    auto reader = SoundFileReader::open(path);
    if (!reader)
        return tl::unexpected(std::move(reader.error()));
    const SoundFileInfo info = reader->info();
    FileSourceSettings wanted = settings;
    if (wanted.sample_rate_hz == 0)
        wanted.sample_rate_hz = info.sample_rate_hz;
    if (wanted.channel_count == 0)
        wanted.channel_count = info.channel_count;

    const auto map =
        ChannelMap::create(info.channel_count, wanted.channel_count, wanted.channel_policy);
    if (!map) {
        return fail(map.error().code,
                    "Cannot play '" + path.string() + "': " + map.error().message);
    }
    auto channels = reserve(path, info, wanted);
    if (!channels)
        return tl::unexpected(std::move(channels.error()));
    auto collector = make_collector(*channels, info.sample_rate_hz, wanted.sample_rate_hz);
    if (!collector)
        return tl::unexpected(std::move(collector.error()));
    if (auto read = read_all(*reader, *map, *collector, wanted.channel_count); !read)
        return tl::unexpected(std::move(read.error()));
    if (channels->front().empty()) {
        return fail(ErrorCode::empty, "'" + path.string() +
                                          "' is damaged: it ends before its first frame. Copy it "
                                          "again.");
    }
    return FileSource{info, wanted.sample_rate_hz, std::move(*channels)};
}

std::size_t FileSource::read(std::span<float* const> outputs, std::size_t frame_count) noexcept
{
    const std::size_t left = static_cast<std::size_t>(this->frame_count()) - position_;
    const std::size_t count = std::min(frame_count, left);
    for (std::size_t channel = 0; channel < outputs.size(); ++channel) {
        float* const output = outputs[channel];
        std::copy_n(channels_[channel].data() + position_, count, output);
        std::fill(output + count, output + frame_count, 0.0F);
    }
    position_ += count;
    return count;
}

}  // namespace outboard::audio
