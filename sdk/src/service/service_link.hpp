// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The service's end of one link: its control messages, its memory, its lanes and its DSP thread.
///
///     greet()                       -> Hello
///     Attach, with three handles    -> Mapped       segments mapped, DSP thread started
///     AddBank, with two handles     -> BankMapped   further lanes
///     AddLane                       -> LaneReady    processor loaded, prepared, warmed up
///     StartLane, with its handles   -> LaneStarted  checkpoint restored, the lane streams
///     RemoveLane                    -> LaneRemoved  processor gone, the lane can be added again
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

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
    /// The memory of some lanes.
    struct Bank {
        link::LinkLayout layout;
        rt::os::Mapping host_memory;
        rt::os::Mapping service_memory;
        std::uint32_t first_lane;
    };
    struct Lane {
        std::uint32_t bank = 0;
        std::unique_ptr<LaneRunner> runner;
        bool is_started = false;
        bool is_reported_broken = false;
    };

    [[nodiscard]] LinkState handle(link::ControlMessage& message);
    [[nodiscard]] LinkState attach(const wire::AttachT& request,
                                   std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<void> map_bank(const link::LinkShape& shape,
                                         const rt::os::UniqueHandle& host_handle,
                                         const rt::os::UniqueHandle& service_handle);
    [[nodiscard]] Outcome<void> map_bells(const rt::os::UniqueHandle& handle);
    [[nodiscard]] Outcome<wire::BankMappedT> add_bank(
        const wire::AddBankT& request, std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<void> start_dsp_thread(const wire::AttachT& request);
    [[nodiscard]] Outcome<wire::LaneReadyT> add_lane(const wire::AddLaneT& request);
    [[nodiscard]] Outcome<wire::LaneStartedT> start_lane(
        const wire::StartLaneT& request, std::span<const rt::os::UniqueHandle> handles);
    [[nodiscard]] Outcome<void> stop_lane(std::uint32_t index);
    [[nodiscard]] Outcome<wire::LaneRemovedT> remove_lane(const wire::RemoveLaneT& request);
    [[nodiscard]] Outcome<wire::SavedStateT> save_state(const wire::SaveStateT& request);
    [[nodiscard]] Outcome<wire::StateLoadedT> load_state(const wire::LoadStateT& request);
    [[nodiscard]] Outcome<void> inject_fault(const wire::InjectFaultT& request);
    [[nodiscard]] Outcome<wire::DspThreadPlacedT> place_dsp_thread(
        const wire::PlaceDspThreadT& request);
    [[nodiscard]] Outcome<LaneRunner*> lane_at(std::uint32_t index) const;
    [[nodiscard]] link::BellsSegment& bell_words() const noexcept;
    /// Of the first bank, which are the link's.
    [[nodiscard]] link::ServiceSegment& service_words() const noexcept;
    [[nodiscard]] link::ServiceLane lane_memory(std::uint32_t lane) const noexcept;
    void clear_lane_words(std::uint32_t lane) const noexcept;

    template <typename Table>
    [[nodiscard]] LinkState answer(std::uint32_t request, Outcome<Table> outcome) const;
    [[nodiscard]] LinkState answer_failed(std::uint32_t request, const Refusal& refusal) const;
    [[nodiscard]] LinkState sent(const rt::Result<void>& result) const;

    link::ControlChannel channel_;
    const ProcessorCatalog& catalog_;
    const LinkOptions& options_;
    std::string host_name_;
    std::vector<Bank> banks_;  ///< empty until the host has attached
    std::optional<rt::os::Mapping> bells_memory_;
    std::optional<LastWords> last_words_;
    FaultHook fault_hook_;
    std::vector<Lane> lanes_;
    /// Last, so that it is gone before what it uses.
    std::unique_ptr<DspThread> dsp_thread_;
};

}  // namespace outboard::service
