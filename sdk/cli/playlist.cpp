// SPDX-License-Identifier: MIT
#include "sdk/cli/playlist.hpp"

#include "sdk/cli/failure.hpp"

#include <algorithm>
#include <utility>

namespace outboard::cli {

namespace {

constexpr std::uint32_t tone_rate_hz = 48'000;

}  // namespace

Playlist::Playlist(const std::vector<std::string>& inputs, StreamFormat wanted,
                   std::uint32_t repeat_count)
    : format_(wanted),
      repeats_left_(repeat_count - 1)
{
    items_.reserve(inputs.size());
    add_files(inputs);
    cursors_.resize(format_.channel_count);
    for (Item& item : items_)
        frame_count_ += std::visit([](const auto& source) { return source.frame_count(); }, item);
    frame_count_ *= repeat_count;
}

void Playlist::add_files(const std::vector<std::string>& inputs)
{
    // Files first, in case the first input is a tone: a tone can be made at any rate.
    std::vector<std::pair<std::size_t, Item>> placed;
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        if (parse_tone(inputs[index]))
            continue;
        const audio::FileSourceSettings settings{.sample_rate_hz = format_.rate_hz,
                                                 .channel_count = format_.channel_count};
        auto source = take(audio::FileSource::load(inputs[index], settings), ExitCode::input);
        format_ = {source.sample_rate_hz(), source.channel_count()};
        placed.emplace_back(index, std::move(source));
    }
    if (format_.rate_hz == 0)
        format_.rate_hz = tone_rate_hz;
    if (format_.channel_count == 0)
        format_.channel_count = 1;

    auto next_file = placed.begin();
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        if (next_file != placed.end() && next_file->first == index) {
            items_.push_back(std::move((next_file++)->second));
        } else {
            items_.emplace_back(Tone{*parse_tone(inputs[index]), format_.rate_hz});
        }
    }
}

void Playlist::read(std::span<float* const> outputs, std::size_t frame_count) noexcept
{
    std::copy(outputs.begin(), outputs.end(), cursors_.begin());
    std::size_t left = frame_count;
    while (left > 0) {
        const std::size_t given = read_current(left);
        for (float*& cursor : cursors_)
            cursor += given;
        left -= given;
        if (left == 0)
            return;
        if (current_ + 1 == items_.size() && repeats_left_ == 0)
            break;
        go_to_next();
    }
    for (float* const cursor : cursors_)
        std::fill_n(cursor, left, 0.0F);
}

std::size_t Playlist::read_current(std::size_t frame_count) noexcept
{
    // Not std::visit: it may throw, as far as a compiler can tell.
    Item& item = items_[current_];
    if (auto* const file = std::get_if<audio::FileSource>(&item))
        return file->read(cursors_, frame_count);
    return std::get_if<Tone>(&item)->read(cursors_, frame_count);
}

void Playlist::go_to_next() noexcept
{
    ++current_;
    if (current_ == items_.size()) {
        current_ = 0;
        --repeats_left_;
    }
    Item& item = items_[current_];
    if (auto* const file = std::get_if<audio::FileSource>(&item)) {
        file->rewind();
    } else {
        std::get_if<Tone>(&item)->rewind();
    }
}

}  // namespace outboard::cli
