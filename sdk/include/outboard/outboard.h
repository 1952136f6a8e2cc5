/* SPDX-License-Identifier: MIT */
#ifndef OB_OUTBOARD_H
#define OB_OUTBOARD_H

/** @file All of the C ABI. */

#include "block_times.h"
#include "caller.h"
#include "common.h"
#include "event.h"
#include "host.h"
#include "observe.h"
#include "processor.h"
#include "service.h"

#endif /* OB_OUTBOARD_H */
