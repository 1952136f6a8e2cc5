// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the opaque types of host.h hold.

#include "sdk/src/host/host.hpp"

#include <memory>

struct ob_host {
    std::unique_ptr<outboard::host::Host> impl;
};

struct ob_caller {
    std::unique_ptr<outboard::host::Caller> impl;
};

struct ob_insert {
    std::unique_ptr<outboard::host::Insert> impl;
    outboard::host::Host* host = nullptr;
};
