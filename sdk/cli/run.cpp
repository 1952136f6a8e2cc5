// SPDX-License-Identifier: MIT
#include "sdk/cli/run.hpp"

#include "sdk/cli/console.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboard::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto look_pause = 100ms;

// Far beyond any run, and far from an overflow.
constexpr std::uint64_t endless_frames = std::uint64_t{1} << 60U;

// Of processors that ring for ever.
constexpr std::uint64_t endless_tail_ns = 10'000'000'000;

Track::Format track_format(const StreamFormat& format)
{
    return {format.rate_hz, format.channel_count};
}

std::uint64_t now_ns() noexcept
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{now}.count());
}

std::string time_of_day_text()
{
    return fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

}  // namespace

Run::Run(RunOptions options)
    : options_(std::move(options)),
      thread_plan_(plan_audio_thread(options_)),
      playlist_(options_.inputs,
                options_.devices.input
                    ? complete_format(options_.devices, {options_.rate_hz, options_.channel_count})
                    : StreamFormat{options_.rate_hz, options_.channel_count},
                options_.repeat_count),
      live_(options_.devices.has_device()
                ? std::make_unique<LiveDevice>(options_.devices, playlist_.format(),
                                               options_.block_frames, options_.priority)
                : nullptr),
      thread_probe_(live_ ? live_->thread() : probe(thread_plan_)),
      chain_(options_, playlist_.format(), thread_probe_),
      wet_window_(options_.aligned ? chain_.latency_frames() : 0,
                  source_frames() + chain_.latency_frames() + tail_frames()),
      dry_(options_.dry_output, track_format(playlist_.format()),
           {0, wet_window_.end_frame() - wet_window_.skip_frames()}),
      wet_(options_.output, track_format(playlist_.format()), wet_window_),
      striker_(chain_, {options_.faults, chain_.labels(), playlist_.format().rate_hz},
               {.rate_hz = playlist_.format().rate_hz,
                .block_frames = options_.block_frames,
                .priority = supervisor_priority(thread_probe_.grant)}),
      stream_({playlist_, chain_, striker_, dry_, wet_},
              {.block_frames = options_.block_frames,
               .end_frame = wet_window_.end_frame(),
               .is_live = options_.devices.input.has_value(),
               .may_wait = options_.pace == OB_PACE_FREE,
               .thread = thread_plan_}),
      device_(options_.pace == OB_PACE_FREE ? audio::Pace::free : audio::Pace::realtime),
      poison_store_(options_.poison_folder, playlist_.format().rate_hz)
{}

Run::~Run()
{
    device().close();
}

void Run::start()
{
    show_library_errors();
    started_at_ = time_of_day_text();
    if (live_) {
        require(live_->device().start(stream_), ExitCode::device);
        return;
    }
    const std::uint32_t channel_count = playlist_.format().channel_count;
    require(device_.open({.sample_rate_hz = playlist_.format().rate_hz,
                          .frames_per_block = options_.block_frames,
                          .input_channel_count = channel_count,
                          .output_channel_count = channel_count,
                          .on_thread_start = [this] { stream_.begin(); }}),
            ExitCode::internal);
    require(device_.start(stream_), ExitCode::internal);
}

bool Run::wait()
{
    const bool has_ended = device().wait_until_finished(look_pause);
    fetch_incidents();
    return has_ended;
}

Progress Run::progress() const
{
    const std::uint32_t rate_hz = playlist_.format().rate_hz;
    Progress progress{.streamed_seconds = to_seconds(stream_.position(), rate_hz),
                      .total_seconds = source_frames() == endless_frames
                                           ? 0
                                           : to_seconds(wet_window_.end_frame(), rate_hz),
                      .is_device_away = live_ && live_->is_away(),
                      .concealed_blocks = 0,
                      .services_lost = 0};
    for (const Insert& insert : chain_.inserts()) {
        const ob_insert_statistics figures = insert.statistics();
        progress.concealed_blocks += figures.concealed_blocks;
        progress.services_lost += figures.failovers;
    }
    return progress;
}

RunResult Run::finish()
{
    device().stop();
    RunResult result;
    result.elapsed_ns = now_ns() - stream_.start_ns();
    result.faults = striker_.stop();
    fetch_incidents();

    result.options = options_;
    result.format = playlist_.format();
    result.machine = describe_machine();
    result.started_at = started_at_;
    result.end = stream_.end();
    result.blocks = stream_.block_count();
    result.frames = stream_.position();
    result.skip_frames = wet_window_.skip_frames();
    result.output_frames = std::min(result.frames, wet_window_.end_frame()) -
                           std::min(result.frames, wet_window_.skip_frames());
    result.latency_frames = chain_.latency_frames();
    result.start_ns = stream_.start_ns();
    result.disk_lost_frames = wet_.lost_frame_count();
    result.device = device().statistics();
    result.device_gaps = stream_.gaps();
    result.audio_thread = live_ ? live_->thread().grant : stream_.grant();
    if (live_)
        result.device_account = live_->account();
    std::uint32_t cpu_latency_held = 0;
    check(ob_host_realtime(chain_.host().get(), &result.supervisor, &cpu_latency_held));
    result.cpu_latency_held = cpu_latency_held != 0;
    for (std::size_t index = 0; index < chain_.inserts().size(); ++index)
        result.inserts.push_back(insert_result(index));
    result.late_blocks = incidents_of(incidents_, OB_INCIDENT_LATE_BLOCK);
    result.standby_losses = incidents_of(incidents_, OB_INCIDENT_STANDBY_LOST);
    result.divergences = incidents_of(incidents_, OB_INCIDENT_DIVERGED);
    result.gaps = gaps_of(incidents_);
    result.failovers = pair_failovers(incidents_);
    for (std::size_t index = 0; index < result.inserts.size(); ++index) {
        if (result.inserts[index].status.state == OB_INSERT_WET)
            close_without_gaps(result.failovers, index);
    }
    result.crashes = crashes_;
    result.poison_blocks = poison_blocks();
    result.resets = incidents_of(incidents_, OB_INCIDENT_RESET);
    result.dry = dry_.trace();
    result.wet = wet_.trace();
    result.trace = stream_.trace();
    return result;
}

void Run::close_files()
{
    static_cast<void>(dry_.close());
    static_cast<void>(wet_.close());
}

std::uint64_t Run::source_frames() const
{
    if (!options_.devices.input)
        return playlist_.frame_count();
    const std::uint64_t duration_ns = options_.devices.duration_ns;
    return duration_ns == 0 ? endless_frames : to_frames(duration_ns, playlist_.format().rate_hz);
}

audio::Device& Run::device() noexcept
{
    return live_ ? live_->device() : device_;
}

std::uint64_t Run::tail_frames() const
{
    const std::uint32_t rate_hz = playlist_.format().rate_hz;
    if (options_.tail_ns)
        return to_frames(*options_.tail_ns, rate_hz);
    return std::min(chain_.tail_frames(), to_frames(endless_tail_ns, rate_hz));
}

void Run::fetch_incidents()
{
    while (const auto incident = chain_.next_incident())
        incidents_.push_back(*incident);
    while (const auto crash = chain_.next_crash())
        crashes_.push_back(*crash);
    keep_poison_blocks();
}

void Run::keep_poison_blocks()
{
    while (const auto poison = chain_.next_poison_block()) {
        const std::string& label = chain_.labels()[poison->insert_index];
        if (const auto file = poison_store_.save(label, poison->block))
            poison_files_[{poison->insert_index, poison->block.sequence}] = *file;
    }
}

std::vector<PoisonBlock> Run::poison_blocks() const
{
    std::vector<PoisonBlock> blocks;
    for (const ChainIncident& entry : incidents_of(incidents_, OB_INCIDENT_POISON_BLOCK)) {
        const auto file = poison_files_.find({entry.insert_index, entry.incident.sequence});
        blocks.push_back({entry, file != poison_files_.end() ? file->second : ""});
    }
    return blocks;
}

InsertResult Run::insert_result(std::size_t index) const
{
    const Insert& insert = chain_.inserts()[index];
    return {.label = chain_.labels()[index],
            .latency_after_frames = chain_.latency_after(index),
            .status = insert.status(),
            .statistics = insert.statistics(),
            .round_trip = read_histogram(insert.get(), OB_HISTOGRAM_ROUND_TRIP),
            .process = read_histogram(insert.get(), OB_HISTOGRAM_PROCESS),
            .own = read_histogram(insert.get(), OB_HISTOGRAM_OWN),
            .dsp = read_histogram(insert.get(), OB_HISTOGRAM_DSP)};
}

}  // namespace outboard::cli
