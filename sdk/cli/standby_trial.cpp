// SPDX-License-Identifier: MIT
#include "sdk/cli/standby_trial.hpp"

#include "sdk/cli/run_result.hpp"
#include "sdk/cli/trial_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

namespace outboard::cli {

namespace {

using namespace std::chrono_literals;

/// Of the input, which goes round.
constexpr std::uint64_t input_seconds_max = 20;
constexpr std::uint64_t stream_seconds_max = 120;
/// Before a kill, so that the forecast stands on figures.
constexpr std::uint64_t blocks_before_kill = 400;
/// After the set is whole again.
constexpr std::uint64_t blocks_after_kill = 100;
constexpr auto whole_limit = 15s;
/// A stall of the machine may cost the service its charge between the look and the strike.
constexpr int strikes_max = 5;
constexpr auto look_pause = 1ms;

[[nodiscard]] audio::PlanarBuffer load_input(Playlist& playlist)
{
    const StreamFormat& format = playlist.format();
    const std::uint64_t frames =
        std::min(playlist.frame_count(), input_seconds_max * format.rate_hz);
    audio::PlanarBuffer input{format.channel_count, static_cast<std::size_t>(frames)};
    playlist.read(input.writable(), input.frame_count());
    return input;
}

/// The same chain as fast as it goes, with nobody to stand by and nobody killed.
[[nodiscard]] RunOptions undisturbed(RunOptions options)
{
    options.pace = OB_PACE_FREE;
    options.standby = OB_STANDBY_NONE;
    options.standby_placement = OB_STANDBY_PLACEMENT_AUTO;
    options.deadline_ns = 0;
    return options;
}

class Trials {
public:
    explicit Trials(const RunOptions& options)
        : options_(options),
          playlist_(options.inputs, {options.rate_hz, options.channel_count}, 1),
          input_(load_input(playlist_)),
          stream_(options, playlist_.format(), input_,
                  stream_seconds_max * playlist_.format().rate_hz)
    {}

    [[nodiscard]] std::vector<Trial> run()
    {
        stream_.start();
        for (std::size_t index = 0; index < stream_.chain().inserts().size(); ++index) {
            for (const Moment moment : {Moment::quiet, Moment::busy})
                trials_.push_back(try_one(index, moment));
        }
        stream_.stop();
        compare_with_undisturbed();
        return std::move(trials_);
    }

private:
    [[nodiscard]] Trial try_one(std::size_t index, Moment moment);
    [[nodiscard]] std::string await_whole(std::size_t index) const;
    [[nodiscard]] ob_insert_statistics strike(Trial& trial, std::size_t index);
    [[nodiscard]] ob_status strike_at(std::size_t index, Moment moment, std::string& message);
    void await(Moment moment) const;
    void note_incidents(Trial& trial);
    void compare_with_undisturbed();
    [[nodiscard]] bool wait_until(const std::function<bool()>& is_done) const;
    [[nodiscard]] bool is_whole(std::size_t index) const;
    [[nodiscard]] const Insert& insert(std::size_t index) const
    {
        return stream_.chain().inserts()[index];
    }

    const RunOptions& options_;
    Playlist playlist_;
    audio::PlanarBuffer input_;
    TrialStream stream_;
    std::vector<Trial> trials_;
};

bool Trials::wait_until(const std::function<bool()>& is_done) const
{
    const auto limit = std::chrono::steady_clock::now() + whole_limit;
    while (!is_done()) {
        if (std::chrono::steady_clock::now() >= limit || stream_.is_over())
            return false;
        std::this_thread::sleep_for(look_pause);
    }
    return true;
}

bool Trials::is_whole(std::size_t index) const
{
    const ob_insert_status status = insert(index).status();
    return status.state == OB_INSERT_WET && status.standby_count >= status.standbys_wanted;
}

/// Returns when the moment has come.
void Trials::await(Moment moment) const
{
    const std::uint64_t begun = stream_.begun_count();
    while (stream_.begun_count() == begun && !stream_.is_over()) {
        // spins: a sleep would miss a block of microseconds
    }
    if (moment == Moment::busy)
        return;
    while (stream_.block_count() <= begun && !stream_.is_over()) {
    }
}

/// @return OB_AGAIN: no service was in charge
ob_status Trials::strike_at(std::size_t index, Moment moment, std::string& message)
{
    ob_status status = OB_OK;
    // On a thread of real-time priority, where there is one: a moment is a matter of microseconds.
    std::thread{[&] {
        static_cast<void>(apply(
            {.priority = options_.pace == OB_PACE_FREE ? 0 : std::max(options_.priority - 1, 0),
             .cpu = -1}));
        await(moment);
        status = stream_.chain().strike(index, OB_FAULT_KILL, 0);
        message = status < 0 ? ob_last_error_message() : "";
    }}.join();
    return status;
}

void Trials::note_incidents(Trial& trial)
{
    while (const auto entry = stream_.chain().next_incident()) {
        const ob_incident& incident = entry->incident;
        const bool is_machine = incident.cause == OB_CAUSE_WAKE || incident.cause == OB_CAUSE_HOST;
        if (incident.kind == OB_INCIDENT_LATE_BLOCK && is_machine)
            ++trial.blocks_disturbed;
        if (incident.kind == OB_INCIDENT_FAILOVER && incident.fault_ns != 0 &&
            incident.detected_ns >= incident.fault_ns) {
            trial.detected_us = static_cast<double>(incident.detected_ns - incident.fault_ns) / 1e3;
        }
    }
}

/// @return why the standbys are not in step; empty: they are, and the forecast stands on figures
std::string Trials::await_whole(std::size_t index) const
{
    if (!wait_until([&] { return is_whole(index); })) {
        return fmt::format("its standbys were not in step within {} s: {}",
                           std::chrono::seconds{whole_limit}.count(),
                           insert(index).status().guarantee_reason);
    }
    const std::uint64_t begun = stream_.begun_count();
    static_cast<void>(
        wait_until([&] { return stream_.begun_count() >= begun + blocks_before_kill; }));
    return {};
}

/// Kills the primary, or says in the trial why not.
/// @return the figures just before
ob_insert_statistics Trials::strike(Trial& trial, std::size_t index)
{
    ob_insert_statistics figures{};
    for (int attempt = 0; attempt < strikes_max; ++attempt) {
        trial.refusal = await_whole(index);
        if (!trial.refusal.empty())
            return figures;
        Trial before;
        note_incidents(before);  // what lies before the kill is not its doing
        figures = insert(index).statistics();
        trial.from_frame = stream_.block_count() * options_.block_frames;
        trial.forecast = insert(index).forecast();
        if (strike_at(index, trial.moment, trial.refusal) != OB_AGAIN)
            return figures;
    }
    trial.refusal = "no service was in charge";
    return figures;
}

Trial Trials::try_one(std::size_t index, Moment moment)
{
    Trial trial;
    trial.service = stream_.chain().labels()[index];
    trial.moment = moment;
    const ob_insert_statistics figures = strike(trial, index);
    if (!trial.refusal.empty())
        return trial;
    static_cast<void>(
        wait_until([&] { return insert(index).statistics().failovers > figures.failovers; }));
    static_cast<void>(wait_until([&] { return is_whole(index); }));
    const std::uint64_t again = stream_.begun_count();
    static_cast<void>(
        wait_until([&] { return stream_.begun_count() >= again + blocks_after_kill; }));
    note_incidents(trial);
    trial.to_frame = stream_.block_count() * options_.block_frames;
    const std::uint64_t concealed =
        insert(index).statistics().concealed_blocks - figures.concealed_blocks;
    trial.blocks_disturbed = std::min(trial.blocks_disturbed, concealed);
    trial.blocks_lost = concealed - trial.blocks_disturbed;
    return trial;
}

/// @return the first frame from `first` to `end` that is not the same; `end`: all are
[[nodiscard]] std::uint64_t first_difference(const audio::PlanarBuffer& a,
                                             const audio::PlanarBuffer& b, std::uint64_t first,
                                             std::uint64_t end)
{
    for (std::uint64_t frame = first; frame < end; ++frame) {
        for (std::size_t channel = 0; channel < a.readable().size(); ++channel) {
            if (a.channel(channel)[frame] != b.channel(channel)[frame])
                return frame;
        }
    }
    return end;
}

void Trials::compare_with_undisturbed()
{
    TrialStream reference{undisturbed(options_), playlist_.format(), input_, stream_.frame_count()};
    reference.run(stream_.frame_count());
    std::uint64_t from = 0;
    for (Trial& trial : trials_) {
        if (trial.to_frame == 0)
            continue;
        // A stream that was another one before the kill tells nothing about it.
        const std::uint64_t different =
            first_difference(stream_.output(), reference.output(), from, trial.to_frame);
        if (different < trial.from_frame)
            return;
        if (trial.blocks_disturbed == 0 || different == trial.to_frame)
            trial.is_identical = different == trial.to_frame;
        from = trial.to_frame;
    }
}

[[nodiscard]] std::string blocks_text(std::uint64_t least, std::uint64_t most)
{
    if (most == UINT32_MAX)
        return fmt::format("{} or more blocks lost", least);
    if (most == 0)
        return "no block lost";
    return least == most ? fmt::format("{} lost", least)
                         : fmt::format("{} to {} blocks lost", least, most);
}

[[nodiscard]] const char* identity_text(const Trial& trial)
{
    if (!trial.is_identical)
        return "whether the output is as undisturbed cannot be told";
    return *trial.is_identical ? "output as undisturbed" : "output not as undisturbed";
}

}  // namespace

bool has_held(const Trial& trial) noexcept
{
    const ob_insert_forecast& forecast = trial.forecast;
    const bool is_within =
        trial.blocks_lost >= forecast.blocks_lost && trial.blocks_lost <= forecast.blocks_lost_max;
    const bool is_as_said = forecast.is_identical == 0 || trial.is_identical.value_or(true);
    return trial.refusal.empty() && is_within && is_as_said;
}

std::vector<Trial> try_standbys(const RunOptions& options)
{
    return Trials{options}.run();
}

std::string trial_text(const Trial& trial)
{
    const char* const moment = trial.moment == Moment::quiet ? "between blocks" : "over a block";
    if (!trial.refusal.empty())
        return fmt::format("{}, {}: not killed: {}\n", trial.service, moment, trial.refusal);
    const ob_insert_forecast& forecast = trial.forecast;
    std::string text =
        fmt::format("{}, {}: forecast: {}, {} ({}{}{})\n", trial.service, moment,
                    blocks_text(forecast.blocks_lost, forecast.blocks_lost_max),
                    forecast.is_identical != 0 ? "output as undisturbed" : "output may be another",
                    guarantee_name(forecast.guarantee), *forecast.reason != '\0' ? ": " : "",
                    static_cast<const char*>(forecast.reason));
    text += fmt::format("    killed: {}, {}", blocks_text(trial.blocks_lost, trial.blocks_lost),
                        identity_text(trial));
    if (trial.blocks_disturbed != 0)
        text += fmt::format("; {} more to a stall of the machine", trial.blocks_disturbed);
    if (trial.detected_us)
        text += fmt::format("; seen after {:.0f} us", *trial.detected_us);
    return text + (has_held(trial) ? "; the forecast held\n" : "; THE FORECAST DID NOT HOLD\n");
}

}  // namespace outboard::cli
