// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a service says on standard error. Control threads only.

#include <cstdio>
#include <string>
#include <utility>

namespace outboard::service {

class ServiceLog {
public:
    ServiceLog(std::string name, bool is_verbose) noexcept
        : name_(std::move(name)),
          is_verbose_(is_verbose)
    {}

    /// Always.
    void error(const std::string& message) const { write(message); }
    /// With --verbose.
    void note(const std::string& message) const
    {
        if (is_verbose_)
            write(message);
    }

private:
    void write(const std::string& message) const
    {
        static_cast<void>(std::fprintf(stderr, "%s: %s\n", name_.c_str(), message.c_str()));
    }

    std::string name_;
    bool is_verbose_;
};

}  // namespace outboard::service
