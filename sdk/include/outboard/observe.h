/* SPDX-License-Identifier: MIT */
#ifndef OB_OBSERVE_H
#define OB_OBSERVE_H

/**
 * @file
 * Watching hosts from outside: which ones run, and what each of them does at this moment.
 *
 *     ob_host_list        the hosts of this user, in whatever process
 *     ob_snapshot_take    asks one of them; whoever has the snapshot owns it
 *     ob_snapshot_free
 *
 * A host answers from a thread that does no audio, out of figures that it has anyway: its audio
 * threads do not notice. Hosts are found below $XDG_RUNTIME_DIR, and only by their own user and by
 * root.
 */

#include "host.h"

OB_EXTERN_C_BEGIN

/** One host that runs. */
typedef struct ob_host_entry {
    int32_t process_id;
    uint32_t number;       /**< of the hosts in that process, from 1 */
    char socket_path[108]; /**< where it answers */
} ob_host_entry;

/**
 * Lists the hosts that run, by process and number. Removes what hosts that were killed have left.
 *
 * @param out    may be NULL if `count` is 0
 * @param count  in: capacity, out: how many there are
 * @return OB_AGAIN when the capacity is too small; OB_ERR_ENVIRONMENT without XDG_RUNTIME_DIR
 *
 * [any] [!rt]
 */
OB_API ob_status ob_host_list(ob_host_entry* out, uint32_t* count) OB_NOEXCEPT;

/** What a host says of itself. */
typedef struct ob_observed_host {
    char name[64];            /**< ob_host_config.name */
    char library_version[32]; /**< of the library that the host runs */
    int32_t process_id;
    uint32_t insert_count;
    uint64_t started_unix_ns;  /**< when it was made, since 1970 */
    uint64_t running_ns;       /**< since then */
    uint32_t cpu_latency_held; /**< 1: it keeps CPUs from sleeping deeply */
    uint32_t reserved;
    ob_realtime_grant supervisor; /**< what its supervisor thread obtained */
} ob_observed_host;

/** How many kinds of histogram there are: those of ob_histogram_kind, in its order. */
enum { OB_HISTOGRAM_KIND_COUNT = 4 };

/** What a host says of one of its inserts. */
typedef struct ob_observed_insert {
    uint32_t number;         /**< from 1, by the order in which the host made them; no insert of the
                                  same host gets it again */
    uint32_t caller_index;   /**< which of the host's audio threads calls it */
    int32_t caller_priority; /**< of that thread, as the host told; 0: not real-time */
    int32_t caller_cpu;      /**< the CPU it is pinned to, or -1 */
    ob_mode mode;
    ob_pace pace;
    double sample_rate_hz;
    uint32_t max_frame_count;
    uint32_t input_channel_count;
    uint32_t output_channel_count;
    uint32_t reserved;
    uint64_t period_ns; /**< the time that what the processor gets at once lasts: a block (the mean
                             of those that came), or its fixed length */
    ob_insert_status status;
    ob_insert_statistics statistics; /**< since the insert was made */
    ob_insert_forecast forecast;
    ob_histogram_summary histograms[OB_HISTOGRAM_KIND_COUNT]; /**< by ob_histogram_kind; likewise */
} ob_observed_insert;

/** What a host told at one moment; does not change. */
typedef struct ob_snapshot ob_snapshot;

/**
 * Asks a host. Blocks until it has answered, which takes it well under a millisecond for each
 * insert.
 *
 * @param socket_path  from ob_host_list()
 * @param timeout_ns   how long to wait for the answer; 0: one second
 * @param out          to be given to ob_snapshot_free(); NULL after a failure
 * @return OB_ERR_NOT_FOUND when the host has ended; OB_ERR_TIMED_OUT when it does not answer (it is
 *         stopped, in a debugger, or starved); OB_ERR_NO_PERMISSION when another user listens
 *         there; OB_ERR_PROTOCOL for an answer that is none
 *
 * [any] [!rt]
 */
OB_API ob_status ob_snapshot_take(const char* socket_path, uint64_t timeout_ns, ob_snapshot** out)
    OB_NOEXCEPT;

/** NULL is allowed. [any] one thread at a time [!rt] */
OB_API_VOID void ob_snapshot_free(ob_snapshot* snapshot) OB_NOEXCEPT;

/** Never NULL; valid until ob_snapshot_free(). [any] [rt] */
OB_API const ob_observed_host* ob_snapshot_host(const ob_snapshot* snapshot) OB_NOEXCEPT;

/** Of `insert_count` ones, by number; NULL beyond. Valid until ob_snapshot_free(). [any] [rt] */
OB_API const ob_observed_insert* ob_snapshot_insert(const ob_snapshot* snapshot, uint32_t index)
    OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_OBSERVE_H */
