// SPDX-License-Identifier: MIT

#include "bench/doctor/finding.hpp"

#include <algorithm>

namespace outboard::doctor {

const char* name_of(Verdict verdict) noexcept
{
    switch (verdict) {
        case Verdict::ok: return "ok";
        case Verdict::unknown: return "unknown";
        case Verdict::warning: return "warning";
        case Verdict::problem: break;
    }
    return "problem";
}

Verdict worst_of(const std::vector<Finding>& findings) noexcept
{
    Verdict worst = Verdict::ok;
    for (const Finding& finding : findings)
        worst = std::max(worst, finding.verdict);
    return worst;
}

int exit_code_of(Verdict verdict) noexcept
{
    return verdict == Verdict::problem ? 1 : 0;
}

}  // namespace outboard::doctor
