/* SPDX-License-Identifier: MIT */
#ifndef OB_CALLER_H
#define OB_CALLER_H

/**
 * @file
 * The program that hosts, and each of its audio threads: ob_host starts, watches and ends services;
 * ob_caller owns the cycle that the inserts of one audio thread share, and its deadline.
 */

#include "common.h"

OB_EXTERN_C_BEGIN

typedef struct ob_host ob_host;
typedef struct ob_caller ob_caller;

/* ---- host ------------------------------------------------------------------------------------ */

/**
 * Which inserts share a service process, as far as one program can serve them. What shares one
 * costs one wake a cycle together, and is lost together; a standby is always in another process.
 */
typedef enum ob_grouping {
    OB_GROUPING_INSERT = 0,  /**< none: a process each */
    OB_GROUPING_SERVICE = 1, /**< those with the same ob_insert_config.service */
    OB_GROUPING_CALLER = 2,  /**< those of one caller: callers that run at the same time do not wait
                                  for each other's inserts */
    OB_GROUPING_ALL = 3
} ob_grouping;

typedef struct ob_host_config {
    uint32_t struct_size_bytes;    /**< set by ob_host_config_init() */
    uint32_t flags;                /**< 0 */
    const char* name;              /**< shown to services and in logs; NULL: "host" */
    const char* service_directory; /**< where built-in services are; NULL: as installed, or
                                        OUTBOARD_SERVICE_DIR of the environment */
    int32_t supervisor_priority;   /**< SCHED_FIFO priority of the supervisor; 0: ordinary.
                                        One below the audio thread's is right */
    uint32_t hold_cpu_latency;     /**< 1: hold /dev/cpu_dma_latency at 0 while the host lives:
                                        faster wakes, more power */
    ob_log_function log;           /**< NULL: no log */
    void* log_context;
    ob_grouping grouping; /**< which inserts share service processes */
    uint32_t reserved;
} ob_host_config;

OB_API_VOID void ob_host_config_init(ob_host_config* config) OB_NOEXCEPT;

/** @param config  may be NULL. [control] [!rt] */
OB_API ob_status ob_host_create(const ob_host_config* config, ob_host** out) OB_NOEXCEPT;

/** Ends all services that it started. All inserts and callers must be gone. NULL is allowed. */
OB_API_VOID void ob_host_destroy(ob_host* host) OB_NOEXCEPT;

/** What the supervisor thread obtained; and whether CPU latency is held. [any] [!rt] */
OB_API ob_status ob_host_realtime(const ob_host* host, ob_realtime_grant* supervisor,
                                  uint32_t* cpu_latency_held) OB_NOEXCEPT;

/* ---- caller ---------------------------------------------------------------------------------- */

typedef struct ob_caller_config {
    uint32_t struct_size_bytes;
    int32_t realtime_priority; /**< of the audio thread: SCHED_FIFO 4..95; 0: not real-time. DSP
                                    threads run two below */
    int32_t pinned_cpu;        /**< the one CPU the audio thread is pinned to; -1: not pinned.
                                    Only a pinned caller gets services on its own CPU */
    uint32_t reserved;
} ob_caller_config;

OB_API_VOID void ob_caller_config_init(ob_caller_config* config) OB_NOEXCEPT;

/** Reads priority and pinning of the calling thread into the config. [any] [!rt] */
OB_API ob_status ob_caller_config_from_thread(ob_caller_config* config) OB_NOEXCEPT;

/** At most 32 callers a host. @param config may be NULL. [control] [!rt] */
OB_API ob_status ob_caller_create(ob_host* host, const ob_caller_config* config, ob_caller** out)
    OB_NOEXCEPT;

/** Its inserts must be gone. NULL is allowed. [control] [!rt] */
OB_API_VOID void ob_caller_destroy(ob_caller* caller) OB_NOEXCEPT;

/**
 * Starts a cycle: all inserts of the caller together may wait `budget_ns` from now. Without it, a
 * cycle starts at the first post of a caller (and whenever an insert comes round again), with half
 * a period of that insert as its budget. [audio] [rt]
 */
OB_API_VOID void ob_caller_cycle_begin(ob_caller* caller, uint64_t budget_ns) OB_NOEXCEPT;

/** Wakes the services of all blocks posted since the last flush: one wake a link. [audio] [rt] */
OB_API_VOID void ob_caller_flush(ob_caller* caller) OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_CALLER_H */
