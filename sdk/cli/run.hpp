// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One run: everything that it takes, in the order in which it is made.

#include "sdk/cli/chain.hpp"
#include "sdk/cli/fault_striker.hpp"
#include "sdk/cli/live_device.hpp"
#include "sdk/cli/playlist.hpp"
#include "sdk/cli/poison_store.hpp"
#include "sdk/cli/run_options.hpp"
#include "sdk/cli/run_result.hpp"
#include "sdk/cli/stream.hpp"
#include "sdk/cli/track.hpp"

#include "audio/null_device.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outboard::cli {

struct Progress {
    double streamed_seconds = 0;
    double total_seconds = 0;  ///< 0: until interrupted
    bool is_device_away = false;
    std::uint64_t concealed_blocks = 0;
    std::uint64_t services_lost = 0;
};

/// Life: constructor, start(), wait() until true, finish(), close_files().
/// @thread control, all of it
class Run {
public:
    /// Loads the inputs, starts the services, creates the files.
    /// @throws Failure, outboard::Error
    explicit Run(RunOptions options);
    ~Run();
    Run(const Run&) = delete;
    Run(Run&&) = delete;
    Run& operator=(const Run&) = delete;
    Run& operator=(Run&&) = delete;

    /// @throws Failure
    void start();

    /// Looks after the stream for a tenth of a second. @return true: it has ended
    [[nodiscard]] bool wait();

    [[nodiscard]] Progress progress() const;
    void interrupt() noexcept { stream_.interrupt(); }

    /// Ends the stream and collects what is known about it.
    [[nodiscard]] RunResult finish();

    /// Completes the sound files. @throws Failure (output)
    void close_files();
    /// Whether all poison blocks could be written that were to be kept.
    [[nodiscard]] bool has_kept_poison() const noexcept { return !poison_store_.has_failed(); }

private:
    [[nodiscard]] std::uint64_t source_frames() const;
    [[nodiscard]] std::uint64_t tail_frames() const;
    [[nodiscard]] audio::Device& device() noexcept;
    void fetch_incidents();
    void keep_poison_blocks();
    [[nodiscard]] std::vector<PoisonBlock> poison_blocks() const;
    [[nodiscard]] InsertResult insert_result(std::size_t index) const;

    RunOptions options_;
    AudioThreadPlan thread_plan_;
    Playlist playlist_;
    std::unique_ptr<LiveDevice> live_;  ///< nothing: the null device
    AudioThreadProbe thread_probe_;
    Chain chain_;
    OutputWindow wet_window_;
    Track dry_;
    Track wet_;
    FaultStriker striker_;
    Stream stream_;
    audio::NullDevice device_;
    std::string started_at_;
    std::vector<ChainIncident> incidents_;
    std::vector<ServiceCrash> crashes_;
    PoisonStore poison_store_;
    std::map<std::pair<std::size_t, std::uint64_t>, std::string> poison_files_;
};

}  // namespace outboard::cli
