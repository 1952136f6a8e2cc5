// SPDX-License-Identifier: MIT
//
// A host to be killed. Streams until it dies, and writes the process ids of its services to
// descriptor 3, one a line, once they stream.
//
//     plain_host SERVICE [stop|spin]   the fault strikes the service before its id is written
//     plain_host --control             starts a process that only waits, with nothing of ours in it
//     plain_host --wait                that process

#include "rt/os/process.hpp"
#include "rt/os/program.hpp"

#include <outboard/host.hpp>

#include <unistd.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr int report_handle = 3;
constexpr std::uint32_t frame_count = 64;

void report(std::int32_t process_id)
{
    const std::string line = std::to_string(process_id) + "\n";
    if (::write(report_handle, line.data(), line.size()) < 0)
        std::perror("plain_host");
}

[[noreturn]] void wait_for_ever()
{
    for (;;)
        ::pause();
}

[[noreturn]] void start_control()
{
    outboard::rt::os::SpawnOptions options;
    options.executable = *outboard::rt::os::executable_path();
    options.arguments = {"--wait"};
    const auto child = outboard::rt::os::spawn(options);
    report(child ? child->process_id : -1);
    wait_for_ever();
}

void strike(const outboard::Insert& insert, std::string_view fault)
{
    const ob_fault kind = fault == "stop" ? OB_FAULT_STOP : OB_FAULT_SPIN;
    outboard::check(ob_insert_inject_fault(insert.get(), kind, 0));
}

[[noreturn]] void stream(const char* service, std::string_view fault)
{
    const outboard::Host host;
    const outboard::Caller caller{host};
    outboard::InsertConfig config;
    config.service = service;
    if (fault == "spin")
        config.flags = OB_INSERT_FAULT_HOOK;
    config.hang_limit_ns = 60'000'000'000;  // the service must outlive the fault, not the host
    const outboard::Insert insert{caller, config};

    std::array<std::array<float, frame_count>, 2> frames{};
    const std::array<const float*, 2> inputs{frames[0].data(), frames[1].data()};
    const std::array<float*, 2> outputs{frames[0].data(), frames[1].data()};
    for (std::uint64_t block = 0;; ++block) {
        static_cast<void>(insert.process(inputs.data(), outputs.data(), frame_count));
        if (block == 4 && !fault.empty())
            strike(insert, fault);
        if (block == 8)
            report(insert.status().service_process_id);
        std::this_thread::sleep_for(std::chrono::microseconds{1000});
    }
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "--wait")
        wait_for_ever();
    if (what == "--control")
        start_control();
    try {
        stream(argv[1], argc > 2 ? argv[2] : "");
    } catch (const outboard::Error& error) {
        static_cast<void>(std::fprintf(stderr, "plain_host: %s\n", error.what()));
        return 1;
    }
}
