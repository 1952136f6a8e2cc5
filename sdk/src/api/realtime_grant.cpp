// SPDX-License-Identifier: MIT

#include "sdk/src/api/realtime_grant.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace outboard::api {
namespace {

using Step = rt::RealtimeGrant::Step;

[[nodiscard]] ob_realtime_step to_step(Step step) noexcept
{
    switch (step) {
        case Step::fifo: return OB_REALTIME_FIFO;
        case Step::realtime_kit: return OB_REALTIME_KIT;
        case Step::nice: return OB_REALTIME_NICE;
        case Step::none: break;
    }
    return OB_REALTIME_NONE;
}

void describe_as(ob_realtime_grant& grant, std::string_view text) noexcept
{
    const std::size_t length = std::min(text.size(), std::size(grant.description) - 1);
    std::copy_n(text.begin(), length, std::begin(grant.description));
}

}  // namespace

ob_realtime_grant to_grant(const rt::RealtimeGrant& grant, int cpu)
{
    ob_realtime_grant result{};
    result.step = to_step(grant.step);
    result.priority = grant.step == Step::nice ? grant.nice_level : grant.priority;
    result.cpu = cpu;
    describe_as(result, rt::describe(grant));
    return result;
}

ob_realtime_grant ordinary_grant(int cpu)
{
    ob_realtime_grant result{};
    result.cpu = cpu;
    describe_as(result, "ordinary scheduling, as asked");
    return result;
}

}  // namespace outboard::api
