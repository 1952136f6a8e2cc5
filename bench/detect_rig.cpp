// SPDX-License-Identifier: MIT

#include "bench/detect_rig.hpp"

#include "bench/detect_service.hpp"
#include "bench/dsp_thread_probe.hpp"
#include "bench/machine.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/memory.hpp"

#include <sys/syscall.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace outboard::bench {

namespace {

constexpr std::uint32_t frame_count = 64;
constexpr std::uint64_t period_ns = 1'333'333;
constexpr std::uint64_t patience_ns = 10'000'000'000;
/// From posting the block to the signal, so that the processor is at it.
constexpr std::uint64_t earliest_ns = 200'000;
constexpr std::uint64_t jitter_max_ns = 400'000;
/// 80 ms: services that die sooner are started anew after growing pauses, as in a crash loop.
constexpr int whole_blocks_until_kill = 60;

[[nodiscard]] HostConfig host_config(const DetectConfig& config)
{
    HostConfig host;
    host.name = "detect benchmark";
    host.supervisor_priority = config.caller_priority > 1 ? config.caller_priority - 1 : 0;
    return host;
}

[[nodiscard]] CallerConfig caller_config(const DetectConfig& config)
{
    CallerConfig caller;
    caller.realtime_priority = config.caller_priority;
    caller.pinned_cpu = config.caller_cpu;
    return caller;
}

[[nodiscard]] InsertConfig insert_config(const DetectConfig& config, const std::string& executable)
{
    InsertConfig insert;
    insert.service = executable.c_str();
    insert.max_frame_count = frame_count;
    insert.placement = config.placement;
    insert.standby = config.has_standby ? OB_STANDBY_HOT : OB_STANDBY_NONE;
    // A service that is killed here hangs first; it is not to be taken for that.
    insert.hang_limit_ns = patience_ns;
    return insert;
}

[[nodiscard]] std::size_t resident_bytes_of(std::int32_t process_id)
{
    std::size_t page_count = 0;
    std::ifstream statm{"/proc/" + std::to_string(process_id) + "/statm"};
    statm >> page_count >> page_count;
    return page_count * rt::os::page_bytes();
}

}  // namespace

Killer::Killer(int cpu, int priority) : thread_([this, cpu, priority] { run(cpu, priority); }) {}

Killer::~Killer()
{
    is_stopping_.store(true, std::memory_order_release);
    armed_.store(1, std::memory_order_release);
    rt::os::futex_wake(armed_, rt::os::FutexScope::this_process);
    thread_.join();
}

void Killer::arm(std::int32_t process_id, std::int32_t thread_id, int signal_number,
                 std::uint64_t time_ns) noexcept
{
    process_id_ = process_id;
    thread_id_ = thread_id;
    signal_number_ = signal_number;
    time_ns_ = time_ns;
    struck_ns_.store(0, std::memory_order_relaxed);
    // release, pairs with the acquire in run(): what is to be done is there.
    armed_.store(1, std::memory_order_release);
    rt::os::futex_wake(armed_, rt::os::FutexScope::this_process);
}

std::uint64_t Killer::struck_ns() const noexcept
{
    return struck_ns_.load(std::memory_order_acquire);
}

void Killer::run(int cpu, int priority) noexcept
{
    take_cpu(cpu, priority);
    for (;;) {
        while (armed_.load(std::memory_order_acquire) == 0) {
            static_cast<void>(rt::os::futex_wait({&armed_, 0, rt::os::FutexScope::this_process},
                                                 rt::os::no_deadline_ns));
        }
        if (is_stopping_.load(std::memory_order_acquire))
            return;
        armed_.store(0, std::memory_order_relaxed);
        rt::os::sleep_until_ns(time_ns_);
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (thread_id_ != 0) {
            ::syscall(SYS_tgkill, process_id_, thread_id_, signal_number_);
        } else {
            ::kill(process_id_, signal_number_);
        }
        struck_ns_.store(now_ns, std::memory_order_release);
    }
}

DetectRig::DetectRig(const DetectConfig& config)
    : config_(config),
      executable_(std::filesystem::read_symlink("/proc/self/exe")),
      host_(host_config(config)),
      caller_(host_, caller_config(config)),
      killer_(config.killer_cpu, config.caller_priority != 0 ? config.caller_priority + 5 : 0)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the killer reads no environment
    ::setenv(resident_variable, std::to_string(config.resident_mib).c_str(), 1);
    insert_.emplace(caller_, insert_config(config, executable_));
}

ob_status DetectRig::process_once() noexcept
{
    static constexpr std::array<float, frame_count> input{};
    std::array<std::array<float, frame_count>, 2> output{};
    const std::array inputs{input.data(), input.data()};
    const std::array outputs{output[0].data(), output[1].data()};
    caller_.cycle_begin(patience_ns);
    return insert_->process(inputs.data(), outputs.data(), frame_count);
}

bool DetectRig::wait_until_whole()
{
    const std::uint64_t give_up_ns = rt::os::monotonic_ns() + 6 * patience_ns;
    int whole_blocks = 0;
    while (whole_blocks < whole_blocks_until_kill) {
        if (rt::os::monotonic_ns() >= give_up_ns)
            return false;
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + period_ns);
        const bool is_answered = process_once() == OB_OK;
        const ob_insert_status status = insert_->status();
        const bool is_whole = status.standby_count >= (config_.has_standby ? 1U : 0U);
        whole_blocks = is_answered && is_whole ? whole_blocks + 1 : 0;
    }
    return true;
}

/// Cores have one name, unless the system adds a number to it: the next is not to write into this
/// one.
void DetectRig::wait_until_gone(std::int32_t process_id)
{
    constexpr std::uint64_t look_interval_ns = 1'000'000;
    const std::uint64_t give_up_ns = rt::os::monotonic_ns() + patience_ns;
    while (::kill(process_id, 0) == 0 && rt::os::monotonic_ns() < give_up_ns)
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + look_interval_ns);
}

std::optional<std::uint64_t> DetectRig::kill_once()
{
    if (!wait_until_whole())
        return std::nullopt;
    while (insert_->next_incident()) {
    }
    const std::int32_t victim = insert_->status().service_process_id;
    const bool is_fault = config_.signal_number != SIGKILL;
    const std::int32_t thread_id = is_fault ? dsp_thread_of(victim) : 0;
    resident_bytes_ = resident_bytes_of(victim);
    const std::uint64_t failovers = insert_->statistics().failovers;
    jitter_ = (jitter_ + 2'654'435'761U) % jitter_max_ns;

    static_cast<void>(insert_->set_parameter(victim_parameter, victim));
    killer_.arm(victim, thread_id, config_.signal_number,
                rt::os::monotonic_ns() + earliest_ns + jitter_);
    std::uint64_t went_on_ns = 0;
    // With a standby the call may return before the signal: the next ones meet the death.
    const std::uint64_t give_up_ns = rt::os::monotonic_ns() + patience_ns;
    while (insert_->statistics().failovers == failovers) {
        static_cast<void>(process_once());
        went_on_ns = rt::os::monotonic_ns();
        if (went_on_ns >= give_up_ns)
            return std::nullopt;
    }
    static_cast<void>(insert_->set_parameter(victim_parameter, 0.0));
    check_incident();
    if (config_.dumps_core)
        wait_until_gone(victim);
    const std::uint64_t struck_ns = killer_.struck_ns();
    return struck_ns != 0 && went_on_ns > struck_ns ? std::optional{went_on_ns - struck_ns}
                                                    : std::nullopt;
}

void DetectRig::check_incident()
{
    bool is_ours = false;
    while (const auto incident = insert_->next_incident()) {
        is_ours |= incident->kind == OB_INCIDENT_FAILOVER && incident->cause == OB_CAUSE_CRASH &&
                   incident->detail == -config_.signal_number;
    }
    wrong_causes_ += is_ours ? 0 : 1;
}

}  // namespace outboard::bench
