// SPDX-License-Identifier: MIT

#include "bench/machine.hpp"

#include "rt/os/scheduling.hpp"

#include <sys/utsname.h>
#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace outboard::bench {

namespace {

[[nodiscard]] std::string first_line_of(const char* path, const char* otherwise)
{
    std::ifstream file{path};
    std::string line;
    return std::getline(file, line) ? line : otherwise;
}

void read_cpu_info(Machine& machine)
{
    std::ifstream file{"/proc/cpuinfo"};
    for (std::string line; std::getline(file, line) && !line.empty();) {
        const auto colon = line.find(": ");
        if (colon == std::string::npos)
            continue;
        if (line.starts_with("model name"))
            machine.cpu_model = line.substr(colon + 2);
        if (line.starts_with("flags"))
            machine.is_virtual = line.find(" hypervisor") != std::string::npos;
    }
}

/// Tried on a thread that ends at once: the rights are seen, and nobody keeps them.
[[nodiscard]] bool fifo_is_permitted()
{
    bool permitted = false;
    std::thread attempt{[&permitted] { permitted = rt::os::set_fifo(0, 80).has_value(); }};
    attempt.join();
    return permitted;
}

[[nodiscard]] const char* yes_or_no(bool value) noexcept
{
    return value ? "yes" : "no";
}

}  // namespace

Machine describe_machine()
{
    Machine machine;
    read_cpu_info(machine);
    utsname names{};
    if (::uname(&names) == 0)
        machine.kernel = std::string{names.sysname} + " " + names.release;
    machine.governor =
        first_line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none");
    machine.cpus = rt::os::thread_cpus(0).value_or(std::vector<int>{0});
    machine.may_be_fifo = fifo_is_permitted();
    machine.may_hold_cpu_latency = ::access("/dev/cpu_dma_latency", W_OK) == 0;
    return machine;
}

void print(const Machine& machine)
{
    std::printf("machine   %s, %zu CPUs, %s%s, governor %s\n", machine.cpu_model.c_str(),
                machine.cpus.size(), machine.kernel.c_str(),
                machine.is_virtual ? ", virtual machine" : "", machine.governor.c_str());
    std::printf("rights    SCHED_FIFO %s, /dev/cpu_dma_latency %s\n",
                yes_or_no(machine.may_be_fifo), yes_or_no(machine.may_hold_cpu_latency));
}

nlohmann::json to_json(const Machine& machine)
{
    return {{"cpu_model", machine.cpu_model},
            {"kernel", machine.kernel},
            {"governor", machine.governor},
            {"cpu_count", machine.cpus.size()},
            {"virtual_machine", machine.is_virtual},
            {"sched_fifo", machine.may_be_fifo},
            {"cpu_dma_latency", machine.may_hold_cpu_latency}};
}

bool take_cpu(int cpu, int priority) noexcept
{
    const bool pinned = rt::os::set_thread_cpus(0, {cpu}).has_value();
    return (priority == 0 || rt::os::set_fifo(0, priority).has_value()) && pinned;
}

}  // namespace outboard::bench
