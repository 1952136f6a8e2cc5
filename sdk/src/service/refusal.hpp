// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Why a request of the host was not carried out, in words for its user.

#include <outboard/common.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace outboard::service {

struct Refusal {
    ob_status status = OB_ERR_REFUSED;
    std::string message;
};

template <typename T>
using Outcome = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> refuse(ob_status status, std::string message)
{
    return tl::unexpected(Refusal{status, std::move(message)});
}

}  // namespace outboard::service
