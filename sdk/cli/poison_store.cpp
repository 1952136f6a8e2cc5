// SPDX-License-Identifier: MIT
#include "sdk/cli/poison_store.hpp"

#include "sdk/cli/console.hpp"
#include "sdk/cli/failure.hpp"

#include "audio/sound_file.hpp"

#include <fmt/format.h>

#include <system_error>

namespace outboard::cli {

namespace {

[[nodiscard]] audio::Result<void> write_block(const std::filesystem::path& path,
                                              std::uint32_t rate_hz, const ob_poison_block& block)
{
    auto writer =
        audio::SoundFileWriter::create(path, {.sample_rate_hz = rate_hz,
                                              .channel_count = block.channel_count,
                                              .sample_format = audio::SampleFormat::float32});
    if (!writer)
        return tl::unexpected{writer.error()};
    if (auto written = writer->write({block.inputs, block.channel_count}, block.frame_count);
        !written)
        return written;
    return writer->close();
}

}  // namespace

PoisonStore::PoisonStore(const std::string& folder, std::uint32_t rate_hz)
    : folder_(folder),
      rate_hz_(rate_hz)
{
    if (folder_.empty())
        return;
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
        throw Failure(ExitCode::output,
                      fmt::format("--save-poison: '{}' is no folder and cannot be made one ({}); "
                                  "name another.",
                                  folder, error.message()));
    }
}

std::optional<std::string> PoisonStore::save(const std::string& label, const ob_poison_block& block)
{
    if (folder_.empty())
        return std::nullopt;
    const std::filesystem::path path =
        folder_ / fmt::format("poison-{}-{}.wav", label, block.sequence);
    if (const auto written = write_block(path, rate_hz_, block); !written) {
        has_failed_ = true;
        log_error(fmt::format("the poison block could not be kept: {}", written.error().message));
        return std::nullopt;
    }
    return path.string();
}

}  // namespace outboard::cli
