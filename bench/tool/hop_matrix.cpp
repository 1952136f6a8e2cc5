// SPDX-License-Identifier: MIT

#include "bench/tool/hop_matrix.hpp"

#include "bench/tool/failure.hpp"

#include <algorithm>
#include <utility>

namespace outboard::bench {

namespace {

constexpr double sample_rate_hz = 48'000.0;

template <typename T>
[[nodiscard]] bool contains(const std::vector<T>& list, const T& wanted)
{
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

template <typename T>
void default_to(std::vector<T>& list, std::vector<T> otherwise)
{
    if (list.empty())
        list = std::move(otherwise);
}

void fill_defaults(HopLists& lists, const Machine& machine, bool is_quick)
{
    using Names = std::vector<std::string>;
    const bool has_other = machine.cpus.size() > 1;
    if (is_quick) {
        default_to(lists.blocks, {64});
        default_to(lists.spins, {"off"});
        default_to(lists.classes, {machine.may_be_fifo ? "fifo" : "other"});
    }
    default_to(lists.blocks, {64, 256});
    default_to(lists.modes, {"sync", "pipelined"});
    default_to(lists.placements, has_other ? Names{"same", "other"} : Names{"same"});
    default_to(lists.spins, {"off", "on"});
    default_to(lists.classes, machine.may_be_fifo ? Names{"fifo", "other"} : Names{"other"});
    default_to(lists.paces, {"paced", "free"});
}

void check_against(const HopLists& lists, const Machine& machine)
{
    if (!machine.may_be_fifo && contains<std::string>(lists.classes, "fifo")) {
        throw Failure{Exit::environment,
                      "--class fifo: SCHED_FIFO is not permitted here; `outboard doctor` tells how "
                      "it can be, --class other does without"};
    }
    if (machine.cpus.size() < 2 && contains<std::string>(lists.placements, "other")) {
        throw Failure{Exit::environment, "--placement other: this process may run on one CPU only"};
    }
}

}  // namespace

std::string HopCell::name() const
{
    return std::to_string(frame_count) + (mode == OB_MODE_SYNC ? "/sync" : "/pipelined") +
           (placement == OB_PLACEMENT_SAME ? "/same" : "/other") +
           (spins ? "/spin-on" : "/spin-off") + (is_fifo ? "/fifo" : "/other-class") +
           (is_paced ? "/paced" : "/free");
}

Json HopCell::parameters() const
{
    return {{"block", frame_count},
            {"mode", mode == OB_MODE_SYNC ? "sync" : "pipelined"},
            {"placement", placement == OB_PLACEMENT_SAME ? "same" : "other"},
            {"spin", spins ? "on" : "off"},
            {"class", is_fifo ? "fifo" : "other"},
            {"pace", is_paced ? "paced" : "free"}};
}

std::uint64_t HopCell::period_ns() const noexcept
{
    return static_cast<std::uint64_t>(1e9 * frame_count / sample_rate_hz);
}

namespace {

/// Each cell once for each of the values.
template <typename Value, typename Set>
void multiply(std::vector<HopCell>& cells, const std::vector<Value>& values, Set&& set)
{
    std::vector<HopCell> product;
    product.reserve(cells.size() * values.size());
    for (const HopCell& cell : cells) {
        for (const Value& value : values) {
            product.push_back(cell);
            set(product.back(), value);
        }
    }
    cells = std::move(product);
}

}  // namespace

std::vector<HopCell> make_cells(HopLists lists, const Machine& machine, bool is_quick)
{
    check_against(lists, machine);
    fill_defaults(lists, machine, is_quick);
    // One dimension after the other: each cell becomes one for each value. The last one changes
    // most.
    std::vector<HopCell> cells{HopCell{}};
    multiply(cells, lists.blocks,
             [](HopCell& cell, std::uint32_t block) { cell.frame_count = block; });
    multiply(cells, lists.modes, [](HopCell& cell, const std::string& mode) {
        cell.mode = mode == "sync" ? OB_MODE_SYNC : OB_MODE_PIPELINED;
    });
    multiply(cells, lists.placements, [](HopCell& cell, const std::string& placement) {
        cell.placement = placement == "same" ? OB_PLACEMENT_SAME : OB_PLACEMENT_OTHER;
    });
    multiply(cells, lists.spins,
             [](HopCell& cell, const std::string& spin) { cell.spins = spin == "on"; });
    multiply(cells, lists.classes, [](HopCell& cell, const std::string& scheduling) {
        cell.is_fifo = scheduling == "fifo";
    });
    multiply(cells, lists.paces,
             [](HopCell& cell, const std::string& pace) { cell.is_paced = pace == "paced"; });
    std::erase_if(cells, [](const HopCell& cell) {
        return cell.spins && cell.placement == OB_PLACEMENT_SAME;
    });
    if (cells.empty()) {
        throw Failure{Exit::usage,
                      "nothing is left to measure: --spin on needs --placement other (who spins on "
                      "the CPU that the other side needs waits for nobody)"};
    }
    return cells;
}

double expected_seconds(const std::vector<HopCell>& cells, std::size_t sample_count) noexcept
{
    constexpr double start_s = 0.4;
    constexpr double free_hop_s = 100e-6;
    double seconds = 0.0;
    for (const HopCell& cell : cells) {
        const double block_s =
            cell.is_paced ? static_cast<double>(cell.period_ns()) / 1e9 : free_hop_s;
        seconds += start_s + 2 * block_s * static_cast<double>(sample_count);  // ours and bare
    }
    return seconds;
}

}  // namespace outboard::bench
