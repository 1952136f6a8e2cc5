// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The services of a run, one behind the other: the host, one caller, and an insert for each.

#include "sdk/cli/audio_thread.hpp"
#include "sdk/cli/crashes.hpp"
#include "sdk/cli/playlist.hpp"
#include "sdk/cli/run_options.hpp"

#include <outboard/host.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

/// An incident, and the place in the chain where it happened.
struct ChainIncident {
    std::size_t insert_index = 0;
    ob_incident incident{};
};

/// A block that services died over, and the place in the chain where they did.
struct ChainPoison {
    std::size_t insert_index = 0;
    ob_poison_block block{};
};

class Chain {
public:
    /// Starts the services and sets the parameters.
    /// @throws outboard::Error for a service, Failure (usage) for a parameter
    Chain(const RunOptions& options, const StreamFormat& format, const AudioThreadProbe& thread);

    /// One block through all of them.
    /// @thread audio
    /// @rt     waits no longer than the cycle's deadline, save at free pace
    /// @return the first error, else OB_CONCEALED when any has concealed, else OB_OK
    [[nodiscard]] ob_status process(const float* const* inputs, float* const* outputs,
                                    std::uint32_t frame_count) const noexcept;

    [[nodiscard]] const std::vector<std::string>& labels() const noexcept { return labels_; }
    [[nodiscard]] const std::vector<Insert>& inserts() const noexcept { return inserts_; }
    [[nodiscard]] const Host& host() const noexcept { return host_; }

    /// From the chain's input to its output, and from an insert's output to the chain's.
    [[nodiscard]] std::uint64_t latency_frames() const noexcept { return latency_behind(0); }
    [[nodiscard]] std::uint64_t latency_after(std::size_t insert_index) const noexcept
    {
        return latency_behind(insert_index + 1);
    }

    /// How long the processors ring, together; OB_TAIL_INFINITE when one does for ever.
    [[nodiscard]] std::uint64_t tail_frames() const;

    /// Strikes a service. @return as ob_insert_inject_fault(). @thread control, any one
    [[nodiscard]] ob_status strike(std::size_t insert_index, ob_fault fault,
                                   std::uint32_t argument) noexcept;

    /// The oldest incident that was not fetched yet. @thread control, any one
    [[nodiscard]] std::optional<ChainIncident> next_incident();

    /// The oldest crash report that was not fetched yet. @thread control, any one
    [[nodiscard]] std::optional<ServiceCrash> next_crash();
    /// What the block points to is valid until the next call.
    [[nodiscard]] std::optional<ChainPoison> next_poison_block();

private:
    template <typename Entry, typename Fetch>
    [[nodiscard]] std::optional<Entry> next(Fetch&& fetch);
    void open(const RunOptions& options, const StreamFormat& format);
    void set_parameters(const RunOptions& options) const;
    [[nodiscard]] std::uint64_t latency_behind(std::size_t first_insert) const noexcept;

    std::vector<std::string> labels_;
    Host host_;
    Caller caller_;
    std::vector<Insert> inserts_;
    std::uint64_t deadline_ns_;
    std::uint32_t standby_count_;
    // The library allows one control thread at a time for one insert; striking and fetching
    // incidents are done by two.
    std::mutex control_;
};

}  // namespace outboard::cli
