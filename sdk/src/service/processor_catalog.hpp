// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The kinds of processor that this service offers, checked once at the start.

#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/service/refusal.hpp"

#include <outboard/processor.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace outboard::service {

class ProcessorCatalog {
public:
    /// Copies the tables, so that one made against an older header has NULL where it ends.
    /// @return a refusal that names the table which lacks something or repeats a name
    [[nodiscard]] static Outcome<ProcessorCatalog> make(
        std::span<const ob_processor_class* const> classes);

    /// @param name  empty: the first
    /// @return null when there is none of that name
    [[nodiscard]] const ob_processor_class* find(std::string_view name) const noexcept;

    [[nodiscard]] std::span<const ob_processor_class> classes() const noexcept { return classes_; }

    /// What the Hello message says about them.
    [[nodiscard]] std::vector<std::unique_ptr<wire::ProcessorOfferT>> offers() const;

private:
    explicit ProcessorCatalog(std::vector<ob_processor_class> classes) noexcept
        : classes_(std::move(classes))
    {}

    std::vector<ob_processor_class> classes_;
};

/// All parameters of a kind; entries that the processor fails to describe are left out.
[[nodiscard]] std::vector<ob_parameter_info> parameters_of(const ob_processor_class& kind);

}  // namespace outboard::service
