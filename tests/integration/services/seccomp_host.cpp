// SPDX-License-Identifier: MIT
//
// A host whose audio thread may make futex calls only, and whose heap use is counted, once it
// streams; its service arms the same on its DSP thread. A process of its own, because such a thread
// cannot end. Prints what it counted:
//
//     seccomp_host SERVICE KILL_COUNT

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "tests/support/futex_only_filter.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <unistd.h>
#include <outboard/host.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace {

using namespace outboard;

constexpr std::uint32_t frame_count = 32;
constexpr std::uint64_t period_ns = 666'667;
constexpr std::uint64_t blocks_min = 2500;

/// What the audio thread counts. It leaves for ever by setting `is_done`.
struct Counts {
    std::atomic<std::uint64_t> blocks{0};
    std::atomic<std::uint64_t> concealed_blocks{0};
    std::atomic<std::uint64_t> heap_uses{0};
    std::atomic<std::uint64_t> trapped{0};
    std::atomic<std::uint64_t> probes_trapped{0};
    std::atomic<std::uint64_t> probes_of_heap{0};
    std::atomic<std::uint64_t> dsp_trapped{0};  ///< as the service's audio says
    std::atomic<std::uint64_t> dsp_blocks{0};
    std::atomic<bool> is_to_end{false};
    std::atomic<bool> is_done{false};
};

/// Sleeps without a system call that the filter traps.
void sleep_until(std::uint64_t time_ns) noexcept
{
    static const std::atomic<std::uint32_t> never{0};
    while (rt::os::monotonic_ns() < time_ns) {
        static_cast<void>(
            rt::os::futex_wait({&never, 0, rt::os::FutexScope::this_process}, time_ns));
    }
}

class FilteredStream {
public:
    FilteredStream(const Insert& insert, Counts& counts) noexcept : insert_(insert), counts_(counts)
    {}

    void run() noexcept
    {
        const test::NoAllocScope scope;
        test::allow_only_futex_on_this_thread();
        std::uint64_t due_ns = rt::os::monotonic_ns();
        while (!counts_.is_to_end.load(std::memory_order_relaxed)) {
            process_block();
            due_ns = std::max(due_ns + period_ns, rt::os::monotonic_ns());
            sleep_until(due_ns);
        }
        counts_.heap_uses.store(scope.violations());
        counts_.trapped.store(test::trapped_system_calls());
        probe_guards(scope);
        counts_.is_done.store(true);
        sleep_until(rt::os::no_deadline_ns);
    }

private:
    /// Breaks each rule once, so that the report can tell a guard that sees nothing.
    void probe_guards(const test::NoAllocScope& scope) noexcept
    {
        static_cast<void>(::getppid());
        counts_.probes_trapped.store(test::trapped_system_calls() - counts_.trapped.load());
        void* const memory = std::malloc(1);
        asm volatile("" : : "r"(memory) : "memory");  // else the compiler removes the pair
        std::free(memory);
        counts_.probes_of_heap.store(scope.violations() - counts_.heap_uses.load());
    }

    void process_block() noexcept
    {
        const std::array<const float*, 2> inputs{left_.data(), right_.data()};
        const std::array<float*, 2> outputs{left_.data(), right_.data()};
        const ob_status status = insert_.process(inputs.data(), outputs.data(), frame_count);
        counts_.blocks.fetch_add(1, std::memory_order_relaxed);
        if (status != OB_OK) {
            counts_.concealed_blocks.fetch_add(1, std::memory_order_relaxed);
            wet_blocks_in_a_row_ = 0;
            return;
        }
        if (++wet_blocks_in_a_row_ > 4)  // beyond the fade the audio is the service's own
            note_service_counts();
    }

    void note_service_counts() noexcept
    {
        const auto trapped = static_cast<std::uint64_t>(left_.back());
        const auto blocks = static_cast<std::uint64_t>(right_.back());
        counts_.dsp_trapped.store(std::max(counts_.dsp_trapped.load(), trapped));
        counts_.dsp_blocks.store(std::max(counts_.dsp_blocks.load(), blocks));
    }

    const Insert& insert_;
    Counts& counts_;
    std::array<float, frame_count> left_{};
    std::array<float, frame_count> right_{};
    int wet_blocks_in_a_row_ = 0;
};

/// Waits for the audio thread, which goes on meanwhile. @return false after ten seconds
template <typename Condition>
[[nodiscard]] bool wait_until(Condition&& condition)
{
    for (int look = 0; look < 2000; ++look) {
        if (condition())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
}

[[nodiscard]] bool kill_and_wait(const Insert& insert)
{
    const auto generation = insert.status().generation;
    const bool is_struck =
        wait_until([&] { return ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK; });
    return is_struck && wait_until([&] {
               return insert.status().generation > generation &&
                      insert.status().state == OB_INSERT_WET;
           });
}

void print(const char* name, std::uint64_t count)
{
    std::printf("%s %llu\n", name, static_cast<unsigned long long>(count));
}

void print(const Counts& counts, const Insert& insert)
{
    print("blocks", counts.blocks);
    print("concealed", counts.concealed_blocks);
    print("heap_uses", counts.heap_uses);
    print("trapped", counts.trapped);
    print("probes_trapped", counts.probes_trapped);
    print("probes_of_heap", counts.probes_of_heap);
    print("dsp_blocks", counts.dsp_blocks);
    print("dsp_trapped", counts.dsp_trapped);
    print("failovers", insert.statistics().failovers);
}

[[nodiscard]] int run(const char* service, int kill_count)
{
    const Host host;
    const Caller caller{host};
    InsertConfig config;
    config.service = service;
    config.processor = "seccomp";
    config.max_frame_count = frame_count;
    const Insert insert{caller, config};

    Counts counts;
    FilteredStream stream{insert, counts};
    std::thread audio_thread{[&stream] { stream.run(); }};
    audio_thread.detach();  // it ends with the process
    bool went_well = wait_until([&] { return counts.blocks >= blocks_min / 5; });
    for (int kill = 0; kill < kill_count; ++kill)
        went_well = went_well && kill_and_wait(insert);
    const std::uint64_t end = counts.blocks.load() + blocks_min;
    went_well = went_well && wait_until([&] { return counts.blocks >= end; });
    counts.is_to_end = true;
    went_well = wait_until([&] { return counts.is_done.load(); }) && went_well;
    print(counts, insert);
    return went_well ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 3)
        return 2;
    int status = 1;
    try {
        status = run(argv[1], static_cast<int>(std::strtol(argv[2], nullptr, 10)));
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "seccomp_host: %s\n", error.what()));
    }
    static_cast<void>(std::fflush(nullptr));
    // Without destructors of static objects: the audio thread is still there.
    std::_Exit(status);
}
