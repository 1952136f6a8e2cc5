// SPDX-License-Identifier: MIT
#include "sdk/cli/service_label.hpp"

#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace outboard::cli {

namespace {

std::string base_label(const std::string& service)
{
    if (service.starts_with('@'))
        return service.substr(1);
    if (service.find('/') != std::string::npos)
        return std::filesystem::path{service}.filename().string();
    return service;
}

}  // namespace

std::vector<std::string> service_labels(const std::vector<std::string>& services)
{
    std::map<std::string, int> uses;
    std::vector<std::string> labels;
    labels.reserve(services.size());
    for (const std::string& service : services) {
        const std::string base = base_label(service);
        const int use = ++uses[base];
        labels.push_back(use == 1 ? base : fmt::format("{}#{}", base, use));
    }
    return labels;
}

std::size_t find_service(const std::vector<std::string>& labels, std::string_view name)
{
    std::string_view wanted = name;
    if (wanted.starts_with('@'))
        wanted.remove_prefix(1);
    if (wanted.ends_with("#1"))
        wanted.remove_suffix(2);
    const auto found = std::find(labels.begin(), labels.end(), wanted);
    if (found == labels.end()) {
        throw usage_failure(fmt::format("There is no service '{}' in this chain; it has: {}.", name,
                                        fmt::join(labels, ", ")));
    }
    return static_cast<std::size_t>(found - labels.begin());
}

}  // namespace outboard::cli
