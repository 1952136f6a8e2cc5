// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What an insert has counted and measured, in the structs of the C ABI. Reads what the streaming
/// side writes by relaxed loads, and so costs it at most the way of a cache line.

#include "rt/path/histogram.hpp"
#include "sdk/src/host/insert.hpp"

#include <outboard/observe.h>

namespace outboard::host {

/// @thread any @rt
[[nodiscard]] ob_insert_statistics statistics_of(const Insert& insert) noexcept;

/// All quantiles in one pass over a private copy. @thread any
[[nodiscard]] ob_histogram_summary summary_of(const rt::Histogram& histogram) noexcept;

/// All that is told of an insert. @pre it has started; the host's mutex is held
[[nodiscard]] ob_observed_insert observe(const Insert& insert);

}  // namespace outboard::host
