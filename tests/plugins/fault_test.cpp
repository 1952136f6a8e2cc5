// SPDX-License-Identifier: MIT

#include "plugins/builtin/fault.hpp"

#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <string>

using outboard::builtin::Fault;
using outboard::builtin::FaultKind;
using outboard::test::Audio;
using outboard::test::noise;
using outboard::test::ProcessorRig;

namespace {

const ob_processor_class& fault_class()
{
    return *outboard::processor_class<Fault>();
}

void arm(ProcessorRig& rig, FaultKind kind, double argument)
{
    rig.set("kind", static_cast<double>(kind));
    rig.set("argument", argument);
}

/// Wait status of a process in which this fault has struck.
int struck_process_status(const std::string& prefix, FaultKind kind, int argument)
{
    // Sanitizers would turn a fatal signal into an exit of their own; and no core files.
    const std::string command =
        "ulimit -c 0; export ASAN_OPTIONS=handle_segv=0:handle_abort=0; "
        "export TSAN_OPTIONS=handle_segv=0:handle_abort=0; exec " +
        prefix + OB_PROCESSOR_PROBE + " fault " + std::to_string(static_cast<int>(kind)) + " " +
        std::to_string(argument);
    // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): our own program, one thread
    return std::system(command.c_str());
}

}  // namespace

TEST_SUITE("plugins/fault")
{
    TEST_CASE("untriggered it passes audio unchanged, even when armed")
    {
        ProcessorRig rig{fault_class()};
        arm(rig, FaultKind::segv, 1.0);
        const Audio in = noise(2, 1000);
        CHECK(rig.run(in) == in);
    }

    TEST_CASE("signals end the process")
    {
        const int segv = struck_process_status("", FaultKind::segv, 1);
        CHECK(WIFSIGNALED(segv));
        CHECK(WTERMSIG(segv) == SIGSEGV);
        const int abort = struck_process_status("", FaultKind::abort, 1);
        CHECK(WIFSIGNALED(abort));
        CHECK(WTERMSIG(abort) == SIGABRT);
    }

    TEST_CASE("exit leaves with its argument")
    {
        const int status = struck_process_status("", FaultKind::exit, 7);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 7);
    }

    TEST_CASE("spin never comes back")
    {
        const int status = struck_process_status("timeout --signal=KILL 0.5 ", FaultKind::spin, 1);
        const bool was_killed = (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                                (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL);
        CHECK(was_killed);
    }

    TEST_CASE("late takes at least its time, once")
    {
        ProcessorRig rig{fault_class()};
        arm(rig, FaultKind::late, 20.0);
        rig.set("trigger", 1.0);
        const Audio in = noise(2, 64);
        const auto begin = std::chrono::steady_clock::now();
        CHECK(rig.run(in) == in);
        CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{20});
        CHECK(rig.state() != std::vector<std::byte>{});
    }

    TEST_CASE("bad numbers start at the frame of the trigger and last for the argument")
    {
        for (const auto kind : {FaultKind::nan, FaultKind::infinity}) {
            CAPTURE(static_cast<int>(kind));
            ProcessorRig rig{fault_class()};
            arm(rig, kind, 100.0);
            rig.set_at(70, "trigger", 1.0);
            const auto out = rig.run(noise(2, 1000)).front();
            for (std::size_t frame = 0; frame < out.size(); ++frame)
                REQUIRE(std::isfinite(out[frame]) == (frame < 70 || frame >= 170));
            CHECK(std::isnan(out[100]) == (kind == FaultKind::nan));
        }
    }

    TEST_CASE("scribble overwrites shared memory that was mapped before prepare, and only then")
    {
        constexpr std::size_t size_bytes = 8192;
        void* const mapping =
            ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(mapping != MAP_FAILED);
        const auto* const bytes = static_cast<const unsigned char*>(mapping);
        const auto changed_count = [&] {
            return std::count_if(bytes, bytes + size_bytes, [](unsigned char b) { return b != 0; });
        };
        {
            ProcessorRig rig{fault_class()};
            arm(rig, FaultKind::scribble, 1.0);
            const Audio in = noise(2, 64);
            CHECK(rig.run(in) == in);
            CHECK(changed_count() == 0);
            rig.set("trigger", 1.0);
            CHECK(rig.run(in) == in);
            CHECK(changed_count() > 8000);
        }
        ::munmap(mapping, size_bytes);
    }
}
