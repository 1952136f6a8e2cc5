// SPDX-License-Identifier: MIT

#include "bench/tool/failover_matrix.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboard::bench {

namespace {

constexpr std::array<std::pair<const char*, ob_fault>, 7> faults{{{"kill", OB_FAULT_KILL},
                                                                  {"stop", OB_FAULT_STOP},
                                                                  {"segv", OB_FAULT_SEGV},
                                                                  {"exit", OB_FAULT_EXIT},
                                                                  {"spin", OB_FAULT_SPIN},
                                                                  {"late", OB_FAULT_LATE},
                                                                  {"nan", OB_FAULT_NAN}}};
constexpr std::array<std::pair<const char*, ob_standby>, 3> standbys{
    {{"none", OB_STANDBY_NONE}, {"warm", OB_STANDBY_WARM}, {"hot", OB_STANDBY_HOT}}};

constexpr std::uint32_t late_ms = 5;

template <typename Table>
[[nodiscard]] std::vector<std::string> names_in(const Table& table)
{
    std::vector<std::string> names;
    names.reserve(table.size());
    for (const auto& [name, value] : table)
        names.emplace_back(name);
    return names;
}

template <typename Table, typename Value>
[[nodiscard]] const char* name_in(const Table& table, Value value)
{
    return std::find_if(table.begin(), table.end(),
                        [value](const auto& entry) { return entry.second == value; })
        ->first;
}

template <typename Table>
[[nodiscard]] auto value_in(const Table& table, const std::string& name)
{
    return std::find_if(table.begin(), table.end(),
                        [&name](const auto& entry) { return entry.first == name; })
        ->second;
}

}  // namespace

std::string FailoverCell::name() const
{
    return std::string{name_in(faults, fault)} + '/' + name_in(standbys, standby);
}

Json FailoverCell::parameters() const
{
    return {{"fault", name_in(faults, fault)}, {"standby", name_in(standbys, standby)}};
}

std::uint32_t FailoverCell::fault_argument() const noexcept
{
    return fault == OB_FAULT_LATE ? late_ms : 0;
}

bool FailoverCell::is_fatal() const noexcept
{
    return fault != OB_FAULT_LATE && fault != OB_FAULT_NAN;
}

std::uint32_t FailoverCell::standby_count() const noexcept
{
    return standby == OB_STANDBY_NONE ? 0 : 1;
}

std::vector<std::string> fault_names()
{
    return names_in(faults);
}

std::vector<std::string> standby_names()
{
    return names_in(standbys);
}

std::vector<FailoverCell> make_cells(FailoverLists lists, bool is_quick)
{
    if (lists.faults.empty())
        lists.faults = is_quick ? std::vector<std::string>{"kill", "stop"} : fault_names();
    if (lists.standbys.empty())
        lists.standbys = is_quick ? std::vector<std::string>{"none", "hot"} : standby_names();
    std::vector<FailoverCell> cells;
    for (const std::string& fault : lists.faults) {
        for (const std::string& standby : lists.standbys)
            cells.push_back({value_in(faults, fault), value_in(standbys, standby)});
    }
    return cells;
}

double expected_seconds(const std::vector<FailoverCell>& cells, std::size_t strike_count) noexcept
{
    constexpr double start_s = 0.5;
    constexpr double strike_s = 1.0;
    return static_cast<double>(cells.size()) *
           (start_s + strike_s * static_cast<double>(strike_count));
}

}  // namespace outboard::bench
