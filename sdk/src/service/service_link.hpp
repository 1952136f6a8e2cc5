// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The service's end of one link: its control messages, its memory, its lanes and its DSP thread.
///
///     greet()                       -> Hello
///     Attach, with three handles    -> Mapped       segments mapped, DSP thread started
///     AddLane                       -> LaneReady    processor loaded, prepared, warmed up
///     StartLane, with its handles   -> LaneStarted  checkpoint restored, the lane streams
///     SaveState                     -> SavedState
///     LoadState                     -> StateLoaded  an event of a block activates it
///     InjectFault                                   strikes at the next block
///     PlaceDspThread                -> DspThreadPlaced
///     anything wrong                -> Failed       and the link goes on

#include "rt/os/memory.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/layout.hpp"
#include "sdk/src/service/dsp_thread.hpp"
#include "sdk/src/service/last_words.hpp"
#include "sdk/src/service/processor_catalog.hpp"
#include "sdk/src/service/refusal.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace outboard::service {

/// How a link stands after its messages were handled.
enum class LinkState : std::uint8_t {
    open,
    closed,            ///< the host has gone, or its socket is broken
    version_mismatch,  ///< the host asked for a version that we do not speak
};

struct LinkOptions {
    std::string service_name;
    bool has_fault_hook = false;
};

class ServiceLink {
public:
    /// @pre `catalog` and `options` outlive the link
    ServiceLink(link::ControlChannel channel, const ProcessorCatalog& catalog,
                const LinkOptions& options) noexcept
        : channel_(std::move(channel)),
          catalog_(catalog),
          options_(options)
    {}
    ServiceLink(const ServiceLink&) = delete;
    ServiceLink(ServiceLink&&) = delete;
    ServiceLink& operator=(const ServiceLink&) = delete;
    ServiceLink& operator=(ServiceLink&&) = delete;
    /// @pre shut_down() said true, or nothing was attached
    ~ServiceLink() = default;

    [[nodiscard]] rt::Result<void> greet() const;

    /// Handles all messages that are there.
    [[nodiscard]] LinkState handle_messages();

    /// Now and then: destroys what the DSP thread gave back, reports lanes that broke off.
    void look_after_lanes();

    /// Ends the DSP thread.
    /// @return false when it hangs: then the link must not be destroyed while the process lives
    [[nodiscard]] bool shut_down(std::uint64_t deadline_ns) noexcept;

    [[nodiscard]] const rt::os::UniqueHandle& socket() const noexcept { return channel_.socket(); }
    [[nodiscard]] const std::string& host_name() const noexcept { return host_name_; }

private:
    /// What exists once the host has attached.
    struct Segments {
        Segments(const link::LinkLayout& agreed, rt::os::Mapping host, rt::os::Mapping service,
                 rt::os::Mapping bells) noexcept;
        [[nodiscard]] link::BellsSegment& bell_words() const noexcept;
        [[nodiscard]] link::ServiceSegment& service_words() const noexcept;

        link::LinkLayout layout;
        rt::os::Mapping host_memory;
        rt::os::Mapping service_memory;
        rt::os::Mapping bells_memory;
    };

    [[nodiscard]] LinkState handle(link::ControlMessage& message);
    [[nodiscard]] LinkState attach(const wire::AttachT& request,
                                   std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<void> map_segments(const wire::AttachT& request,
                                             std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<void> start_dsp_thread(const wire::AttachT& request);
    [[nodiscard]] Outcome<wire::LaneReadyT> add_lane(const wire::AddLaneT& request);
    [[nodiscard]] Outcome<wire::LaneStartedT> start_lane(
        const wire::StartLaneT& request, std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<wire::SavedStateT> save_state(const wire::SaveStateT& request);
    [[nodiscard]] Outcome<wire::StateLoadedT> load_state(const wire::LoadStateT& request);
    [[nodiscard]] Outcome<void> inject_fault(const wire::InjectFaultT& request);
    [[nodiscard]] Outcome<wire::DspThreadPlacedT> place_dsp_thread(
        const wire::PlaceDspThreadT& request);
    [[nodiscard]] Outcome<LaneRunner*> lane_at(std::uint32_t index) const;

    template <typename Table>
    [[nodiscard]] LinkState answer(std::uint32_t request, Outcome<Table> outcome) const;
    [[nodiscard]] LinkState answer_failed(std::uint32_t request, const Refusal& refusal) const;
    [[nodiscard]] LinkState sent(const rt::Result<void>& result) const;

    link::ControlChannel channel_;
    const ProcessorCatalog& catalog_;
    const LinkOptions& options_;
    std::string host_name_;
    std::optional<Segments> segments_;
    std::optional<LastWords> last_words_;
    FaultHook fault_hook_;
    std::array<std::unique_ptr<LaneRunner>, link::lane_count_max> lanes_;
    std::array<bool, link::lane_count_max> started_{};
    std::array<bool, link::lane_count_max> reported_broken_{};
    /// Last, so that it is gone before what it uses.
    std::unique_ptr<DspThread> dsp_thread_;
};

}  // namespace outboard::service
