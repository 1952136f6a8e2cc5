/* SPDX-License-Identifier: MIT */
#ifndef OB_HOST_H
#define OB_HOST_H

/**
 * @file
 * The host side: stream blocks of audio through processors that run in other processes.
 *
 *     ob_host      one per program: starts, watches and ends services
 *     ob_caller    one per audio thread: owns the cycle and its deadline
 *     ob_insert    one per place in the signal path: looks like a local processor
 *
 *     ob_host_create, ob_caller_create, ob_insert_create     [control], once
 *     ob_insert_process(insert, in, out, frames)             [audio], every block
 *     ob_insert_destroy, ob_caller_destroy, ob_host_destroy  [control], in this order
 *
 * ob_insert_process() never waits past the deadline of the caller's cycle, whatever the service
 * does; when no answer came it plays the insert's fallback and says OB_CONCEALED.
 */

#include "caller.h"
#include "event.h"
#include "processor.h"

OB_EXTERN_C_BEGIN

typedef struct ob_insert ob_insert;

/* ---- insert ---------------------------------------------------------------------------------- */

typedef enum ob_mode {
    OB_MODE_SYNC = 0,     /**< no added latency: waits for the answer within the cycle */
    OB_MODE_PIPELINED = 1 /**< latency_blocks of latency, normally no wait */
} ob_mode;

typedef enum ob_fallback {
    OB_FALLBACK_DRY = 0, /**< the input, delayed by the insert's latency */
    OB_FALLBACK_SILENCE = 1,
    OB_FALLBACK_HOLD = 2 /**< the last block goes on, fading out */
} ob_fallback;

typedef enum ob_standby {
    OB_STANDBY_NONE = 0, /**< respawn in the background, fallback meanwhile */
    OB_STANDBY_HOT = 1,  /**< further replicas get every block: a death loses nothing */
    OB_STANDBY_WARM = 2  /**< one is kept behind a checkpoint, and replays when it is wanted */
} ob_standby;

typedef enum ob_pace {
    OB_PACE_REALTIME = 0,
    OB_PACE_FREE =
        1 /**< offline: waits for every answer, conceals nothing; not for audio threads */
} ob_pace;

typedef enum ob_placement {
    OB_PLACEMENT_AUTO = 0,
    OB_PLACEMENT_SAME = 1,  /**< the caller's CPU; only for a pinned caller */
    OB_PLACEMENT_OTHER = 2, /**< any CPU but the caller's */
    OB_PLACEMENT_NONE = 3   /**< wherever the kernel likes */
} ob_placement;

/** Where hot standbys run, and when they are rung. */
typedef enum ob_standby_placement {
    OB_STANDBY_PLACEMENT_AUTO = 0,     /**< trailing where it can be and fits, else other */
    OB_STANDBY_PLACEMENT_TRAILING = 1, /**< on the caller's CPU, one priority below the primary,
                                            rung together with it: does its block while the host
                                            sleeps. Refused unless the caller is pinned, real-time
                                            and shares its CPU with the primary */
    OB_STANDBY_PLACEMENT_OTHER = 2     /**< on CPUs that the caller is not on; rung when the
                                            primary's answer was taken, is late, or is lost */
} ob_standby_placement;

typedef struct ob_parameter_value {
    uint32_t id;
    uint32_t reserved;
    double value;
} ob_parameter_value;

/** Flags of an insert. */
enum {
    OB_INSERT_FAULT_HOOK = 1u << 0 /**< starts the service so that ob_insert_inject_fault() works */
};

typedef struct ob_insert_config {
    uint32_t struct_size_bytes;
    uint32_t flags;
    /**
     * Which service: a path (with a '/') is an executable to start; "@name" a running service that
     * is found by its name; anything else a built-in processor ("reverb").
     */
    const char* service;
    const char* processor;         /**< which of the service's processors; NULL: the first */
    double sample_rate_hz;         /**< 1000 .. 1000000 */
    uint32_t max_frame_count;      /**< largest block that will come, 1 .. 8192 */
    uint32_t input_channel_count;  /**< 1 .. 64 */
    uint32_t output_channel_count; /**< 1 .. 64 */
    ob_mode mode;
    uint32_t latency_blocks; /**< pipelined: 1 .. 8 blocks of max_frame_count */
    ob_fallback fallback;
    ob_standby standby;
    uint32_t standby_count; /**< how many standbys; hot: 1 .. 2, warm: 1 */
    ob_pace pace;
    ob_placement placement;
    uint32_t spin_us;       /**< how long process() spins before it sleeps, 0 .. 20, while its
                                 recent waits were that short; never on the DSP thread's CPU. If
                                 the caller is pinned, a DSP thread on another CPU does so too */
    uint32_t late_limit;    /**< late blocks in a row, without a beat, before a service counts
                                 as hung; default 3 */
    uint64_t hang_limit_ns; /**< and for how long it must have been silent; 0: 100 ms, at free
                                 pace 1 s */
    uint64_t give_up_ns;    /**< free pace: how long a call may wait for a respawn; 10 s */
    uint32_t event_bytes;   /**< room for events a block and direction; default 4096 */
    uint32_t parameter_count;
    const ob_parameter_value* parameters; /**< values to start with */
    const void* state;                    /**< processor state to start with, or NULL */
    uint64_t state_bytes;
    ob_standby_placement standby_placement; /**< of hot standbys, at real-time pace */
    uint32_t reserved;
    const char* group; /**< inserts of one group share service processes where they can: one wake
                            for all of them. NULL: as ob_host_config.grouping says */
} ob_insert_config;

/** Defaults: 48 kHz, 64 frames, stereo, sync, dry, no standby, real-time pace. [any] [rt] */
OB_API_VOID void ob_insert_config_init(ob_insert_config* config) OB_NOEXCEPT;

/**
 * Starts (or finds) the service, loads the processor and returns when it is ready to stream.
 * [control] [!rt]
 */
OB_API ob_status ob_insert_create(ob_caller* caller, const ob_insert_config* config,
                                  ob_insert** out) OB_NOEXCEPT;

/** No thread may be inside the insert. NULL is allowed. [control] [!rt] */
OB_API_VOID void ob_insert_destroy(ob_insert* insert) OB_NOEXCEPT;

/**
 * One block through the insert: post, flush and collect in one call.
 *
 * @param inputs   [input_channel_count][frame_count], planar
 * @param outputs  [output_channel_count][frame_count]; always filled; may alias inputs
 * @param frame_count  1 .. max_frame_count; may differ from block to block
 * @return OB_OK, OB_CONCEALED; OB_ERR_INVALID_ARGUMENT (outputs silent) for a frame count out of
 *         range; OB_ERR_BUSY when another thread is inside; OB_ERR_GAVE_UP at free pace
 *
 * [audio] [rt] waits no longer than the cycle's deadline
 */
OB_API ob_status ob_insert_process(ob_insert* insert, const float* const* inputs,
                                   float* const* outputs, uint32_t frame_count) OB_NOEXCEPT;

/**
 * The three steps of ob_insert_process(), for callers with many inserts: post all, flush once,
 * collect all. A post must be collected before the next. [audio] [rt]
 */
OB_API ob_status ob_insert_post(ob_insert* insert, const float* const* inputs, uint32_t frame_count)
    OB_NOEXCEPT;
OB_API ob_status ob_insert_collect(ob_insert* insert, float* const* outputs) OB_NOEXCEPT;

/**
 * Gives the insert to another caller of the same host, between two blocks: for a host whose workers
 * take up inserts as they come free. Call it on the thread that posts next, with that thread's
 * caller. Costs nothing if it is the same one. Where the two callers are pinned differently, the
 * services stay where they are.
 * @return OB_ERR_BUSY when another thread is inside, OB_ERR_INVALID_ARGUMENT when a block is posted
 *         and not collected, or for a caller of another host. [audio] [rt] wait-free
 */
OB_API ob_status ob_insert_set_caller(ob_insert* insert, ob_caller* caller) OB_NOEXCEPT;

/**
 * Sets how many hot standbys the insert has, 0 .. 2, while it streams. Returns at once;
 * ob_insert_status.standby_count follows. A standby that is added joins behind the stream: the
 * caller posts it up to 8 older blocks with each block until it is in step. One that is taken away
 * (never the primary) is let go by the caller at the end of a block, and its process ended after
 * that. Either costs the caller no system call beside the wakes of the standby.
 * @return OB_ERR_INVALID_ARGUMENT beyond 2; OB_ERR_REFUSED for a processor that can run only once
 * or does more than compute. [control] [!rt]
 */
OB_API ob_status ob_insert_set_standby_count(ob_insert* insert, uint32_t standby_count) OB_NOEXCEPT;

/** From input to output, in frames; constant. [any] [rt] */
OB_API uint32_t ob_insert_latency_frames(const ob_insert* insert) OB_NOEXCEPT;

/* ---- events and parameters ------------------------------------------------------------------- */

/**
 * Adds an event to the block that is posted next; offsets must not decrease within a block.
 * @return OB_AGAIN when the block's room (event_bytes) is used up: nothing is lost silently
 * [audio] [rt]
 */
OB_API ob_status ob_insert_add_event(ob_insert* insert, const ob_event_header* event) OB_NOEXCEPT;

/**
 * Sets a parameter from the next block on (offset 0). The last value wins. Survives failover.
 * @return OB_ERR_NOT_FOUND or OB_ERR_INVALID_ARGUMENT (out of range). [any] [rt] wait-free
 */
OB_API ob_status ob_insert_set_parameter(ob_insert* insert, uint32_t parameter_id, double value)
    OB_NOEXCEPT;

/** The processor's events of the block collected last; valid until the next collect. [audio] [rt]
 */
OB_API ob_event_list ob_insert_output_events(const ob_insert* insert) OB_NOEXCEPT;

OB_API uint32_t ob_insert_parameter_count(const ob_insert* insert) OB_NOEXCEPT;
OB_API ob_status ob_insert_parameter_info(const ob_insert* insert, uint32_t index,
                                          ob_parameter_info* out) OB_NOEXCEPT;

/**
 * Asks the running processor for its state. @param size_bytes in: capacity of `out`, out: size.
 * @return OB_AGAIN when the capacity is too small. Blocks for up to a second. [control] [!rt]
 */
OB_API ob_status ob_insert_save_state(ob_insert* insert, void* out, uint64_t* size_bytes)
    OB_NOEXCEPT;

/**
 * Loads a state beside the running one and activates it between two blocks. Blocks for up to a
 * second. [control] [!rt]
 */
OB_API ob_status ob_insert_load_state(ob_insert* insert, const void* data, uint64_t size_bytes)
    OB_NOEXCEPT;

/* ---- status, statistics, incidents ----------------------------------------------------------- */

typedef enum ob_insert_state {
    OB_INSERT_WET = 0,      /**< a replica answers */
    OB_INSERT_FALLBACK = 1, /**< none does; a new one is being started */
    OB_INSERT_BROKEN = 2    /**< starting fails again and again; retried with growing pauses */
} ob_insert_state;

/** What the death of the primary would cost, from the most to the least. */
typedef enum ob_guarantee {
    OB_GUARANTEE_NONE = 0,       /**< no standby in step: fallback until a respawn */
    OB_GUARANTEE_PARAMETERS = 1, /**< state only: a standby answers, but its past is another one */
    OB_GUARANTEE_FINITE_MEMORY = 2, /**< it has all of the past that matters, not compared yet */
    OB_GUARANTEE_EXACT = 3          /**< its output is the same, bit for bit */
} ob_guarantee;

typedef struct ob_insert_status {
    ob_insert_state state;
    int32_t service_process_id; /**< of the primary; -1: none */
    uint32_t generation;        /**< how many services have served this insert */
    uint32_t latency_frames;
    uint32_t processor_latency_frames;
    uint32_t is_sandboxed;       /**< 0: the service has its user's rights */
    uint32_t found_by_name;      /**< 1: not our child, never killed */
    uint32_t placement_same_cpu; /**< 1: the DSP thread shares the caller's CPU */
    uint64_t tail_frames;
    uint32_t processor_flags; /**< OB_PROCESSOR_* */
    uint32_t standby_count;   /**< standbys that answer, in step */
    ob_guarantee guarantee;
    uint32_t reserved;
    char guarantee_reason[128]; /**< why not a better one */
    ob_realtime_grant dsp_thread;
    char service_name[64];
    char processor_name[64];
    char message[192];                      /**< why it is broken, in words */
    uint32_t standbys_wanted;               /**< how many standbys were asked for */
    ob_standby_placement standby_placement; /**< the one in force; AUTO: there are no standbys */
    char standby_placement_reason[128];     /**< why this one */
} ob_insert_status;

/** [any] [!rt] */
OB_API ob_status ob_insert_get_status(const ob_insert* insert, ob_insert_status* out) OB_NOEXCEPT;

/**
 * What would happen if the primary died now. True of a primary that dies by itself, of a machine
 * that does not stall over it, and of standbys that live on.
 */
typedef struct ob_insert_forecast {
    ob_guarantee guarantee;
    uint32_t blocks_lost;     /**< concealed at the least; 0 with a standby in step */
    char reason[128];         /**< why it is not better; empty: nothing would be lost */
    uint32_t blocks_lost_max; /**< and at most, over a block; UINT32_MAX: until a respawn */
    uint32_t is_identical;    /**< 1: the output would go on as if nothing had happened, bit for
                                   bit, whatever the moment */
    uint64_t answer_ns;       /**< from the post of the block it dies over until a standby has
                                   answered, by the measured p99; 0: not measured, or no standby */
} ob_insert_forecast;

/** At free pace nothing is concealed, whatever dies. [any] [!rt] */
OB_API ob_status ob_insert_get_forecast(const ob_insert* insert, ob_insert_forecast* out)
    OB_NOEXCEPT;

typedef struct ob_insert_statistics {
    uint64_t blocks; /**< calls of process */
    uint64_t frames;
    uint64_t frames_lost;       /**< frames that the fallback filled */
    uint64_t concealed_blocks;  /**< calls with at least one of them */
    uint64_t deadline_misses;   /**< waits that ended at the deadline without an answer */
    uint64_t late_replies;      /**< answers that came after it and were discarded */
    uint64_t not_posted;        /**< blocks that a full ring did not take */
    uint64_t non_finite_blocks; /**< answers with NaN or infinity, not played */
    uint64_t corrupt_replies;   /**< answers that broke the protocol */
    uint64_t failovers;         /**< services lost */
    uint64_t events_dropped;    /**< output events without room */
    uint64_t incidents_dropped; /**< incidents nobody fetched in time */
    uint64_t diverged_blocks;   /**< answers of two replicas that were not equal */
    uint64_t poison_blocks;     /**< blocks left out because services died over them */
    uint64_t resets;            /**< of processors that gave nothing but NaN or infinity */
} ob_insert_statistics;

/** A snapshot; each figure is exact, together they may straddle a block. [any] [rt] */
OB_API ob_status ob_insert_get_statistics(const ob_insert* insert, ob_insert_statistics* out)
    OB_NOEXCEPT;

typedef enum ob_histogram_kind {
    OB_HISTOGRAM_ROUND_TRIP = 0, /**< posted .. answer seen, answered blocks only */
    OB_HISTOGRAM_PROCESS = 1,    /**< time inside process, or post and collect, waits included */
    OB_HISTOGRAM_OWN = 2,        /**< the same without waits and wakes: our own cost */
    OB_HISTOGRAM_DSP = 3         /**< inside the processor, by its service's clock reads */
} ob_histogram_kind;

typedef struct ob_histogram_bucket {
    uint64_t lower_ns; /**< inclusive */
    uint64_t upper_ns; /**< exclusive */
    uint64_t count;
} ob_histogram_bucket;

typedef struct ob_histogram_summary {
    uint64_t count;
    uint64_t min_ns;
    uint64_t max_ns;                           /**< exact */
    uint64_t p50_ns, p90_ns, p99_ns, p99_9_ns; /**< within 1 % */
} ob_histogram_summary;

/** [any] [!rt] */
OB_API ob_status ob_insert_histogram_summary(const ob_insert* insert, ob_histogram_kind kind,
                                             ob_histogram_summary* out) OB_NOEXCEPT;

/**
 * The non-empty buckets, ascending. @param bucket_count in: capacity, out: how many there are.
 * @return OB_AGAIN when the capacity is too small (2048 always suffice). [any] [!rt]
 */
OB_API ob_status ob_insert_histogram_buckets(const ob_insert* insert, ob_histogram_kind kind,
                                             ob_histogram_bucket* out, uint32_t* bucket_count)
    OB_NOEXCEPT;

typedef enum ob_incident_kind {
    OB_INCIDENT_LATE_BLOCK = 1,
    OB_INCIDENT_FAILOVER = 2,     /**< a service was lost */
    OB_INCIDENT_WET_AGAIN = 3,    /**< and one answers again */
    OB_INCIDENT_STANDBY_LOST = 4, /**< a standby was lost: nothing is heard */
    OB_INCIDENT_DIVERGED = 5, /**< a standby's answer to `sequence` was not what was played: it is
                                   not taken as equal until a second of answers was */
    OB_INCIDENT_POISON_BLOCK = 6, /**< a second service died, or hung, over the block `sequence`: it
                                       is given to none any more */
    OB_INCIDENT_RESET = 7 /**< three blocks in a row, up to `sequence`, came out as NaN or infinity
                               from every replica: the processor is reset with the next one */
} ob_incident_kind;

typedef enum ob_cause {
    OB_CAUSE_UNKNOWN = 0,
    OB_CAUSE_KILL = 1,     /**< late: the service died over the block */
    OB_CAUSE_WAKE = 2,     /**< late: the machine did not run a thread that was ready */
    OB_CAUSE_DSP = 3,      /**< late: the processor took long */
    OB_CAUSE_HOST = 4,     /**< late: the caller came after the deadline */
    OB_CAUSE_CRASH = 5,    /**< failover: the service ended (signal or exit code in `detail`) */
    OB_CAUSE_HANG = 6,     /**< failover: no sign of life */
    OB_CAUSE_CORRUPT = 7,  /**< failover: it broke the protocol in shared memory */
    OB_CAUSE_CLOSED = 8,   /**< failover: a found service went away */
    OB_CAUSE_HUNG = 9,     /**< late: the service hung over the block */
    OB_CAUSE_REMOVED = 10, /**< standby lost: ob_insert_set_standby_count() took it away */
    OB_CAUSE_BEHIND = 11   /**< standby lost: the history does not reach back to where it is */
} ob_cause;

/** Times are CLOCK_MONOTONIC; 0 means unknown. */
typedef struct ob_incident {
    ob_incident_kind kind;
    ob_cause cause;
    int32_t process_id;
    int32_t detail;        /**< failover: exit code, or minus the signal */
    uint64_t sequence;     /**< of the block */
    uint64_t stream_frame; /**< first output frame concerned */
    uint64_t frames_lost;  /**< wet again: how many frames the gap had in all */
    uint64_t posted_ns;
    uint64_t dsp_started_ns;
    uint64_t dsp_ended_ns;
    uint64_t collected_ns; /**< when the caller looked last */
    uint64_t deadline_ns;
    uint64_t fault_ns;    /**< failover: when ob_insert_inject_fault() struck */
    uint64_t detected_ns; /**< failover: when the library knew */
} ob_incident;

/**
 * Fetches the oldest incident; call it a few times a second. @return OB_AGAIN when there is none.
 * [control] [!rt]
 */
OB_API ob_status ob_insert_next_incident(ob_insert* insert, ob_incident* out) OB_NOEXCEPT;

/* ---- crash reports --------------------------------------------------------------------------- */

/** One return address; `offset` from the start of `module` is what addr2line -e MODULE wants. */
typedef struct ob_crash_frame {
    uint64_t address;
    uint64_t offset;
    char module[48]; /**< path of the program or library, cut to its end; "" where not known */
} ob_crash_frame;

enum { OB_CRASH_FRAMES_MAX = 24 };

/**
 * How a service ended that this host had started, as far as can be learnt: from the system, and
 * from what the service itself wrote while it died. The latter may be missing or wrong.
 */
typedef struct ob_crash_report {
    uint32_t struct_size_bytes; /**< set by ob_crash_report_init() */
    ob_cause cause;             /**< why it was let go: OB_CAUSE_CRASH, _HANG, _CORRUPT */
    int32_t process_id;
    int32_t signal;         /**< that ended it; 0: it left with `exit_code` */
    int32_t exit_code;      /**< -1: not known */
    int32_t signal_code;    /**< what the system said of the signal's cause (Linux: si_code) */
    int32_t thread_id;      /**< the thread that crashed; 0: not known, nor is what follows */
    uint32_t frame_count;   /**< of `frames`; innermost first */
    uint64_t fault_address; /**< SIGSEGV, SIGBUS, SIGILL, SIGFPE */
    uint64_t instruction;   /**< address of the one that faulted */
    uint64_t sequence;      /**< of the block that was in its processor */
    uint32_t has_sequence;  /**< 0: none was */
    uint32_t reserved;
    char thread_name[16];
    char processor_name[64]; /**< that had the block */
    ob_crash_frame frames[OB_CRASH_FRAMES_MAX];
    char error_output[2048]; /**< the end of what it said on standard error */
} ob_crash_report;

OB_API_VOID void ob_crash_report_init(ob_crash_report* report) OB_NOEXCEPT;

/**
 * Fetches the oldest report; the last 16 are kept. @return OB_AGAIN when there is none. It is there
 * when the service has ended, a moment after the incident: a core dump takes its time.
 * [control] [!rt]
 */
OB_API ob_status ob_insert_next_crash_report(ob_insert* insert, ob_crash_report* out) OB_NOEXCEPT;

/* ---- poison blocks --------------------------------------------------------------------------- */

/** The input of a block that two services died over, as whoever wrote the processor needs it. */
typedef struct ob_poison_block {
    uint64_t sequence;     /**< as in the incident and in crash reports */
    uint64_t stream_frame; /**< first output frame concerned */
    uint32_t frame_count;
    uint32_t channel_count;
    const float* const* inputs; /**< [channel_count][frame_count] */
    ob_event_list events;       /**< that came with it */
} ob_poison_block;

/**
 * Fetches the poison block that is kept; what it points to is valid until the next call. While one
 * is kept or lent, further ones are reported but not kept: call again until OB_AGAIN.
 * [control] one thread at a time [rt]
 */
OB_API ob_status ob_insert_next_poison_block(ob_insert* insert, ob_poison_block* out) OB_NOEXCEPT;

/* ---- faults, for tests ----------------------------------------------------------------------- */

typedef enum ob_fault {
    OB_FAULT_KILL = 1, /**< SIGKILL */
    OB_FAULT_STOP = 2, /**< SIGSTOP */
    OB_FAULT_SEGV = 3, /**< from here on: inside the processor's next block; needs the hook */
    OB_FAULT_EXIT = 4,
    OB_FAULT_SPIN = 5, /**< endless loop */
    OB_FAULT_LATE = 6, /**< `argument` milliseconds late, once */
    OB_FAULT_NAN = 7   /**< one block of NaN */
} ob_fault;

/**
 * Strikes the replica that is primary now. @return OB_AGAIN when none is, OB_ERR_REFUSED without
 * OB_INSERT_FAULT_HOOK, or for a found service with KILL and STOP. [control] [!rt]
 */
OB_API ob_status ob_insert_inject_fault(ob_insert* insert, ob_fault fault, uint32_t argument)
    OB_NOEXCEPT;

/* ---- found services -------------------------------------------------------------------------- */

typedef struct ob_service_info {
    char name[65];
    int32_t process_id; /**< -1: not running, its files are stale */
    char socket_path[108];
} ob_service_info;

/**
 * Lists the running services that can be found by name, sorted. @param count in: capacity, out:
 * how many there are. @return OB_ERR_ENVIRONMENT without XDG_RUNTIME_DIR. [control] [!rt]
 */
OB_API ob_status ob_service_list(ob_service_info* out, uint32_t* count) OB_NOEXCEPT;

/** What a service offers, asked of the service itself. */
typedef struct ob_processor_info {
    char name[64];
    char description[128];
    uint32_t flags;
    uint32_t parameter_count;
} ob_processor_info;

/**
 * Starts or finds `service` (as in ob_insert_config) and asks it which processors it offers.
 * [control] [!rt]
 */
OB_API ob_status ob_host_list_processors(ob_host* host, const char* service, ob_processor_info* out,
                                         uint32_t* count) OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_HOST_H */
