// SPDX-License-Identifier: MIT
#include "sdk/cli/audio_thread.hpp"

#include "sdk/cli/machine.hpp"

#include <thread>

namespace outboard::cli {

AudioThreadPlan plan_audio_thread(const RunOptions& options)
{
    if (options.pace == OB_PACE_FREE)
        return {};
    AudioThreadPlan plan{.priority = options.priority, .cpu = options.cpu};
    if (plan.cpu < 0 && options.placement != OB_PLACEMENT_NONE)
        plan.cpu = last_allowed_cpu().value_or(-1);
    return plan;
}

ob_realtime_grant apply(const AudioThreadPlan& plan) noexcept
{
    ob_realtime_grant grant{};
    grant.cpu = -1;
    if (plan.priority > 0 && ob_thread_make_realtime(plan.priority, plan.cpu, &grant) != OB_OK)
        grant.step = OB_REALTIME_NONE;
    return grant;
}

AudioThreadProbe probe(const AudioThreadPlan& plan)
{
    AudioThreadProbe result;
    ob_status status = OB_OK;
    std::thread{[&] {
        result.grant = apply(plan);
        status = ob_caller_config_from_thread(&result.caller);
    }}.join();
    check(status);
    return result;
}

std::int32_t supervisor_priority(const ob_realtime_grant& audio_thread) noexcept
{
    const bool is_realtime =
        audio_thread.step == OB_REALTIME_FIFO || audio_thread.step == OB_REALTIME_KIT;
    return is_realtime && audio_thread.priority > 1 ? audio_thread.priority - 1 : 0;
}

}  // namespace outboard::cli
