// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// All of the C++ face.

#include <outboard/host.hpp>
#include <outboard/observe.hpp>
#include <outboard/processor.hpp>
