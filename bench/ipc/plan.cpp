// SPDX-License-Identifier: MIT

#include "bench/ipc/plan.hpp"

#include "bench/ipc/mechanism.hpp"
#include "bench/ipc/message.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace outboard::bench::ipc {

namespace {

constexpr std::size_t quick_round_count = 6;
constexpr std::uint64_t quick_chunk_ns = 5'000'000;
constexpr std::size_t default_sizes[] = {8,        64,       512,       4 << 10,
                                         16 << 10, 64 << 10, 256 << 10, message_bytes_max};

void check_sizes(const std::vector<std::size_t>& sizes)
{
    for (const std::size_t size : sizes) {
        if (size < word_bytes || size > message_bytes_max || size % word_bytes != 0) {
            throw CLI::ValidationError{
                "--sizes",
                std::to_string(size) + " bytes: a message has 8 bytes to 1 MiB, in steps of 8"};
        }
    }
}

/// The base and its double are always there: without them the others say nothing.
[[nodiscard]] std::vector<std::string> wanted_names(const std::vector<std::string>& only)
{
    std::vector<std::string> names;
    for (const Mechanism& mechanism : mechanisms()) {
        const std::string name = mechanism.name;
        if (only.empty() || name == base_name || name == again_name ||
            std::find(only.begin(), only.end(), name) != only.end())
            names.push_back(name);
    }
    return names;
}

}  // namespace

std::optional<ExitCode> parse_plan(int argc, char** argv, Plan& plan)
{
    plan.command_line = command_line_of(argc, argv);
    std::vector<std::string> names;
    for (const Mechanism& mechanism : mechanisms())
        names.emplace_back(mechanism.name);
    std::vector<std::string> only;
    std::string placement = "other";
    CLI::App app{
        "Ways for two processes to exchange messages, side by side in one run: round trip "
        "and throughput of our ring, pipes, sockets, queues, signals, files and gRPC"};
    app.add_flag("--quick", plan.is_quick, "Few and short chunks: a look, not a measurement");
    app.add_option("--placement", placement, "Both on the same CPU, or on one each")
        ->check(CLI::IsMember({"same", "other"}))
        ->capture_default_str();
    app.add_option("--sizes", plan.sizes, "Bytes of a message, as in 8,4KiB,1MiB; multiples of 8")
        ->delimiter(',')
        ->transform(CLI::AsSizeValue(false))
        ->default_str("8,64,512,4KiB,16KiB,64KiB,256KiB,1MiB");
    app.add_option("--only", only, "Only this mechanism beside the ring; may be repeated")
        ->check(CLI::IsMember(names));
    auto* const rounds =
        app.add_option("--rounds", plan.round_count, "Chunks of each mechanism (2 .. 10000)")
            ->check(CLI::Range(2, 10'000))
            ->default_str("40, quick 6");
    app.add_option("--json", plan.json_path,
                   "Also write the figures to this file (docs/bench-ipc.schema.json)");
    app.add_option("--csv", plan.csv_path, "Also write the figures to this file, as a table");
    try {
        app.parse(argc, argv);
        check_sizes(plan.sizes);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    plan.shares_cpu = placement == "same";
    plan.mechanisms = wanted_names(only);
    if (plan.sizes.empty())
        plan.sizes.assign(std::begin(default_sizes), std::end(default_sizes));
    if (plan.is_quick) {
        plan.chunk_ns = quick_chunk_ns;
        if (rounds->count() == 0)
            plan.round_count = quick_round_count;
    }
    return std::nullopt;
}

double expected_seconds(const Plan& plan) noexcept
{
    constexpr std::size_t warm_up_chunks = 3;  // of 5, the first of which are short
    constexpr double start_s = 0.03;           // of two processes, and of what they wait for
    const auto chunks = static_cast<double>(2 * (plan.round_count + warm_up_chunks));
    const double each_s = start_s + chunks * static_cast<double>(plan.chunk_ns + pause_ns) * 1e-9;
    return each_s * static_cast<double>(plan.sizes.size() * plan.mechanisms.size());
}

}  // namespace outboard::bench::ipc
