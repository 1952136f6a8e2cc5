// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// C++ face of the host side, header-only over the C ABI (host.h, where each call is described).
/// Control calls throw outboard::Error; audio calls are noexcept and return the status.
///
///     outboard::Host host;
///     outboard::Caller caller{host};
///     outboard::InsertConfig config;
///     config.service = "reverb";
///     outboard::Insert insert{caller, config};
///     insert.process(inputs, outputs, frame_count);   // on the audio thread, every block

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace outboard {

/// A failed control call; what() says why and what helps.
class Error : public std::runtime_error {
public:
    Error(ob_status status, const std::string& message)
        : std::runtime_error(message),
          status_(status)
    {}
    [[nodiscard]] ob_status status() const noexcept { return status_; }

private:
    ob_status status_;
};

/// Throws when `status` is an error; expected outcomes (positive values) pass.
inline ob_status check(ob_status status)
{
    if (status >= 0)
        return status;
    const std::string message = ob_last_error_message();
    throw Error(status, message.empty() ? ob_status_text(status) : message);
}

struct HostConfig : ob_host_config {
    HostConfig() noexcept : ob_host_config{} { ob_host_config_init(this); }
};

struct CallerConfig : ob_caller_config {
    CallerConfig() noexcept : ob_caller_config{} { ob_caller_config_init(this); }

    /// For an audio thread with the priority and pinning of the calling one.
    [[nodiscard]] static CallerConfig from_this_thread()
    {
        CallerConfig config;
        check(ob_caller_config_from_thread(&config));
        return config;
    }
};

/// The strings and arrays it points to must live until the Insert is made.
struct InsertConfig : ob_insert_config {
    InsertConfig() noexcept : ob_insert_config{} { ob_insert_config_init(this); }
};

class Host {
public:
    explicit Host(const HostConfig& config = HostConfig{})
    {
        ob_host* host = nullptr;
        check(ob_host_create(&config, &host));
        host_.reset(host);
    }
    [[nodiscard]] ob_host* get() const noexcept { return host_.get(); }

private:
    struct Destroy {
        void operator()(ob_host* host) const noexcept { ob_host_destroy(host); }
    };
    std::unique_ptr<ob_host, Destroy> host_;
};

class Caller {
public:
    explicit Caller(const Host& host, const CallerConfig& config = CallerConfig{})
    {
        ob_caller* caller = nullptr;
        check(ob_caller_create(host.get(), &config, &caller));
        caller_.reset(caller);
    }
    void cycle_begin(std::uint64_t budget_ns) const noexcept
    {
        ob_caller_cycle_begin(caller_.get(), budget_ns);
    }
    void flush() const noexcept { ob_caller_flush(caller_.get()); }
    [[nodiscard]] ob_caller* get() const noexcept { return caller_.get(); }

private:
    struct Destroy {
        void operator()(ob_caller* caller) const noexcept { ob_caller_destroy(caller); }
    };
    std::unique_ptr<ob_caller, Destroy> caller_;
};

class Insert {
public:
    Insert(const Caller& caller, const InsertConfig& config)
    {
        ob_insert* insert = nullptr;
        check(ob_insert_create(caller.get(), &config, &insert));
        insert_.reset(insert);
    }

    [[nodiscard]] ob_status process(const float* const* inputs, float* const* outputs,
                                    std::uint32_t frame_count) const noexcept
    {
        return ob_insert_process(insert_.get(), inputs, outputs, frame_count);
    }
    [[nodiscard]] ob_status post(const float* const* inputs,
                                 std::uint32_t frame_count) const noexcept
    {
        return ob_insert_post(insert_.get(), inputs, frame_count);
    }
    [[nodiscard]] ob_status collect(float* const* outputs) const noexcept
    {
        return ob_insert_collect(insert_.get(), outputs);
    }
    [[nodiscard]] ob_status set_caller(const Caller& caller) const noexcept
    {
        return ob_insert_set_caller(insert_.get(), caller.get());
    }
    [[nodiscard]] std::uint32_t latency_frames() const noexcept
    {
        return ob_insert_latency_frames(insert_.get());
    }
    [[nodiscard]] ob_status add_event(const ob_event_header& event) const noexcept
    {
        return ob_insert_add_event(insert_.get(), &event);
    }
    [[nodiscard]] ob_status set_parameter(std::uint32_t id, double value) const noexcept
    {
        return ob_insert_set_parameter(insert_.get(), id, value);
    }
    [[nodiscard]] std::vector<ob_parameter_info> parameters() const
    {
        std::vector<ob_parameter_info> infos(ob_insert_parameter_count(insert_.get()));
        for (std::uint32_t index = 0; index < infos.size(); ++index)
            check(ob_insert_parameter_info(insert_.get(), index, &infos[index]));
        return infos;
    }
    [[nodiscard]] std::vector<std::byte> save_state() const
    {
        std::uint64_t size_bytes = 0;
        std::vector<std::byte> state;
        while (check(ob_insert_save_state(insert_.get(), state.data(), &size_bytes)) == OB_AGAIN)
            state.resize(static_cast<std::size_t>(size_bytes));
        state.resize(static_cast<std::size_t>(size_bytes));
        return state;
    }
    void load_state(std::span<const std::byte> state) const
    {
        check(ob_insert_load_state(insert_.get(), state.data(), state.size()));
    }
    [[nodiscard]] ob_insert_status status() const
    {
        ob_insert_status status{};
        check(ob_insert_get_status(insert_.get(), &status));
        return status;
    }
    /// What would happen if the primary died now.
    [[nodiscard]] ob_insert_forecast forecast() const
    {
        ob_insert_forecast forecast{};
        check(ob_insert_get_forecast(insert_.get(), &forecast));
        return forecast;
    }
    /// Adds or takes away hot standbys, while streaming.
    void set_standby_count(std::uint32_t standby_count) const
    {
        check(ob_insert_set_standby_count(insert_.get(), standby_count));
    }
    [[nodiscard]] ob_insert_statistics statistics() const
    {
        ob_insert_statistics statistics{};
        check(ob_insert_get_statistics(insert_.get(), &statistics));
        return statistics;
    }
    [[nodiscard]] ob_histogram_summary histogram(ob_histogram_kind kind) const
    {
        ob_histogram_summary summary{};
        check(ob_insert_histogram_summary(insert_.get(), kind, &summary));
        return summary;
    }
    [[nodiscard]] std::optional<ob_incident> next_incident() const
    {
        ob_incident incident{};
        if (check(ob_insert_next_incident(insert_.get(), &incident)) == OB_AGAIN)
            return std::nullopt;
        return incident;
    }
    /// What it points to is valid until the next call.
    [[nodiscard]] std::optional<ob_poison_block> next_poison_block() const noexcept
    {
        ob_poison_block block{};
        if (ob_insert_next_poison_block(insert_.get(), &block) != OB_OK)
            return std::nullopt;
        return block;
    }
    [[nodiscard]] std::optional<ob_crash_report> next_crash_report() const
    {
        ob_crash_report report;
        ob_crash_report_init(&report);
        if (check(ob_insert_next_crash_report(insert_.get(), &report)) == OB_AGAIN)
            return std::nullopt;
        return report;
    }
    [[nodiscard]] ob_insert* get() const noexcept { return insert_.get(); }

private:
    struct Destroy {
        void operator()(ob_insert* insert) const noexcept { ob_insert_destroy(insert); }
    };
    std::unique_ptr<ob_insert, Destroy> insert_;
};

/// Running services that can be found by name, sorted.
[[nodiscard]] inline std::vector<ob_service_info> list_services()
{
    std::uint32_t count = 16;
    std::vector<ob_service_info> services;
    ob_status status = OB_AGAIN;
    while (status == OB_AGAIN) {
        services.resize(count);
        status = check(ob_service_list(services.data(), &count));
    }
    services.resize(count);
    return services;
}

}  // namespace outboard
