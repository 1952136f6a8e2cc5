// SPDX-License-Identifier: MIT
//
// outboard-bench-ipc: the ways for two processes to exchange messages, in one run.

#include "bench/interruption.hpp"
#include "bench/ipc/report.hpp"
#include "bench/ipc/runner.hpp"
#include "bench/options.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int side_priority = 50;
constexpr int interrupted_code = 130;  // as a shell has it for SIGINT

/// Before minutes of measuring. What is in the file stays until there is something to replace it.
void throw_unless_writable(const std::string& path)
{
    if (!path.empty() && !std::ofstream{path, std::ios::app})
        throw std::runtime_error{path + ": cannot be written"};
}

void write(const std::string& path, const std::string& text)
{
    if (path.empty())
        return;
    std::ofstream file{path, std::ios::binary};
    file << text;
    file.close();
    if (!file)
        throw std::runtime_error{path + ": cannot be written"};
}

[[nodiscard]] ipc::Placement place(const Machine& machine, bool shares_cpu)
{
    if (!shares_cpu && machine.cpus.size() < 2)
        throw std::runtime_error{"there is one CPU: use --placement same"};
    return {.near_cpu = machine.cpus.front(),
            .far_cpu = shares_cpu ? machine.cpus.front() : machine.cpus.back(),
            .priority = machine.may_be_fifo ? side_priority : 0};
}

void measure(ipc::Report& report)
{
    const ipc::Placement& placement = report.placement;
    DistanceProbe probe{placement.near_cpu, placement.far_cpu};
    // Above the sides, so that it can end one that spins; it sleeps while they are measured.
    take_cpu(placement.near_cpu, placement.priority == 0 ? 0 : placement.priority + 1);
    for (const std::size_t message_bytes : report.plan.sizes) {
        if (is_interrupted())
            break;
        report.sizes.push_back(ipc::measure_size(report.plan, message_bytes, placement, probe));
        ipc::print(report.sizes.back(), report);
    }
    report.is_interrupted = is_interrupted();
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    ipc::Report report;
    if (const auto exit_code = ipc::parse_plan(argc, argv, report.plan))
        return *exit_code;
    throw_unless_writable(report.plan.json_path);
    throw_unless_writable(report.plan.csv_path);
    report.machine = describe_machine();
    report.placement = place(report.machine, report.plan.shares_cpu);
    catch_interruption(SecondInterruption::is_noted);
    ipc::print_head(report);
    measure(report);
    write(report.plan.json_path, ipc::to_json(report).dump(2) + '\n');
    write(report.plan.csv_path, ipc::to_csv(report));
    const auto failures = ipc::failures(report);
    for (const std::string& failure : failures)
        static_cast<void>(std::fprintf(stderr, "failed: %s\n", failure.c_str()));
    if (!failures.empty())
        return EXIT_FAILURE;
    return report.is_interrupted ? interrupted_code : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
