// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How much of the CPUs' time the host of a virtual machine gave to others.

#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

namespace outboard::bench {

class StealTime {
public:
    StealTime() : before_(now()) {}

    /// Of all CPUs together, since the construction; 0 where the system does not tell.
    [[nodiscard]] double ms_since() const
    {
        return 1'000 * (now().stolen - before_.stolen) /
               static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    /// The part of all CPUs' time.
    [[nodiscard]] double percent_since() const
    {
        const Ticks after = now();
        const double all = std::max(after.all - before_.all, 1.0);
        return 100 * (after.stolen - before_.stolen) / all;
    }

private:
    struct Ticks {
        double all = 0.0;
        double stolen = 0.0;
    };

    /// The line "cpu" of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; what
    /// follows is part of user and nice.
    [[nodiscard]] static Ticks now()
    {
        constexpr int field_count = 8;
        std::ifstream file{"/proc/stat"};
        std::string word;
        file >> word;
        Ticks ticks;
        for (int field = 0; field < field_count && file >> ticks.stolen; ++field)
            ticks.all += ticks.stolen;
        return ticks;
    }

    Ticks before_;
};

}  // namespace outboard::bench
