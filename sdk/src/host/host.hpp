// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A host's control threads and what they own: the plain thread, which starts services and talks
/// to them, and the supervisor.

#include "rt/os/handle.hpp"
#include "rt/os/poll.hpp"
#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/failure.hpp"
#include "sdk/src/host/insert.hpp"
#include "sdk/src/host/link_pool.hpp"
#include "sdk/src/host/observation.hpp"
#include "sdk/src/host/supervisor.hpp"

#include <outboard/host.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outboard::host {

class Host {
public:
    [[nodiscard]] static rt::Result<std::unique_ptr<Host>> create(const ob_host_config& config);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // ---- control ----
    /// @return null when there are link::caller_count_max already
    [[nodiscard]] std::unique_ptr<Caller> make_caller(const ob_caller_config& config);
    void free_caller(std::uint32_t index);

    /// Starts the insert and waits until it streams or has failed.
    [[nodiscard]] std::unique_ptr<Insert> start_insert(Caller& caller, InsertSpec spec,
                                                       Failure& failure);
    /// Takes the insert from the plain thread, so that it can be destroyed.
    void detach(Insert& insert);

    [[nodiscard]] Failure set_standby_count(Insert& insert, std::uint32_t standby_count);

    /// The streaming service's state.
    [[nodiscard]] Failure save_state(Insert& insert, std::vector<std::byte>& state);
    [[nodiscard]] Failure load_state(Insert& insert, std::span<const std::byte> state);

    /// Asks a service what it offers.
    [[nodiscard]] Failure list_processors(const std::string& service,
                                          std::vector<wire::ProcessorOfferT>& offers);

    /// Runs `action` while the plain thread does nothing.
    template <typename Action>
    auto locked(Action&& action)
    {
        const std::lock_guard lock{mutex_};
        return action();
    }

    [[nodiscard]] ob_realtime_grant supervisor_grant() const { return supervisor_->grant(); }
    [[nodiscard]] bool holds_cpu_latency() const noexcept { return cpu_latency_.is_open(); }

private:
    Host(const ob_host_config& config, rt::os::WakeEvent wake) noexcept;

    void run();
    /// @return when something is due again
    [[nodiscard]] std::uint64_t advance_all(std::vector<rt::os::PollEntry>& entries,
                                            std::vector<LogLine>& log);
    [[nodiscard]] InsertSurroundings surroundings_for(const Caller& caller, const InsertSpec& spec);
    [[nodiscard]] LinkSpec link_spec(const std::string& service) const;
    [[nodiscard]] std::string group_of(const Caller& caller, const InsertSpec& spec) const;
    [[nodiscard]] Failure wait_for_reply(std::unique_lock<std::mutex>& lock, Insert& insert,
                                         std::uint32_t request, wire::BodyUnion& reply);
    void open_observation();
    void log(ob_log_level level, const std::string& message) const;
    void log_all(const std::vector<LogLine>& lines) const;
    void run_on_plain_thread(std::function<void()> job);

    std::string name_;
    std::string service_directory_;
    ob_grouping grouping_;
    ob_log_function log_;
    void* log_context_;
    rt::os::UniqueHandle cpu_latency_;
    rt::os::WakeEvent wake_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<Observation> observation_;  ///< null: nobody can look
    std::atomic<std::uint32_t> last_insert_number_{0};

    std::mutex mutex_;
    std::condition_variable changed_;  ///< after each round of the plain thread
    std::vector<Insert*> inserts_;
    LinkPool links_;
    std::vector<bool> caller_places_;
    std::vector<std::function<void()>> jobs_;
    bool is_stopping_ = false;
    std::thread plain_thread_;
};

}  // namespace outboard::host
