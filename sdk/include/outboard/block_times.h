/* SPDX-License-Identifier: MIT */
#ifndef OB_BLOCK_TIMES_H
#define OB_BLOCK_TIMES_H

/**
 * @file
 * Where the time of a single block went, for those who measure. The histograms of host.h have all
 * blocks, and cost nothing to ask for.
 */

#include "host.h"

OB_EXTERN_C_BEGIN

/** Of one block, by CLOCK_MONOTONIC; 0 means that it did not come to that. */
typedef struct ob_block_times {
    uint64_t started_ns;     /**< post was called */
    uint64_t posted_ns;      /**< the block lay in the ring; the wake comes behind it */
    uint64_t dsp_started_ns; /**< by the clock reads of the service whose answer was played; */
    uint64_t dsp_ended_ns;   /**< pipelined, that answer is of an older block */
    uint64_t seen_ns;        /**< the caller had seen an answer, or knew that there was none */
} ob_block_times;

/**
 * When the block collected last went from hand to hand. @thread the one that collects.
 * [audio] [rt] wait-free
 */
OB_API ob_status ob_insert_get_block_times(const ob_insert* insert, ob_block_times* out)
    OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_BLOCK_TIMES_H */
