/* SPDX-License-Identifier: MIT */
#ifndef OB_COMMON_H
#define OB_COMMON_H

/**
 * @file
 * What every header of the C ABI shares: results, tags, version. Compiles as C11 and as C++20.
 *
 * Each function names its thread role and whether it is real-time safe:
 *   [control]  not the audio thread; one thread at a time for one object
 *   [audio]    the thread (or pool worker) that streams; one at a time for one object
 *   [dsp]      the service's DSP thread
 *   [any]      any thread, concurrently
 *   [rt]       no allocation, no lock, no system call but futex; [!rt] may block or allocate
 * No C++ exception ever leaves this interface. Frames are not samples: one frame is one sample per
 * channel. Audio is planar 32-bit float.
 */

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
#  define OB_NOEXCEPT noexcept
#  define OB_EXTERN_C_BEGIN extern "C" {
#  define OB_EXTERN_C_END }
#else
#  define OB_NOEXCEPT
#  define OB_EXTERN_C_BEGIN
#  define OB_EXTERN_C_END
#endif

#if defined(__GNUC__)
#  define OB_API __attribute__((visibility("default"), warn_unused_result))
#  define OB_API_VOID __attribute__((visibility("default")))
#else
#  define OB_API
#  define OB_API_VOID
#endif

OB_EXTERN_C_BEGIN

/** Result of a call. Values are ABI: append only, never renumber. */
typedef int32_t ob_status;
enum {
    OB_OK = 0,
    OB_AGAIN = 1,     /**< expected: a bounded queue is full, or nothing is there yet */
    OB_CONCEALED = 2, /**< expected: the block, or part of it, was filled by the fallback */
    OB_ERR_INVALID_ARGUMENT = -1, /**< the call breaks a documented precondition */
    OB_ERR_NO_MEMORY = -2,
    OB_ERR_SYSTEM = -3,    /**< a system call failed */
    OB_ERR_INTERNAL = -4,  /**< a bug in this library */
    OB_ERR_NOT_FOUND = -5, /**< no such service, processor, parameter */
    OB_ERR_NO_PERMISSION = -6,
    OB_ERR_TIMED_OUT = -7,      /**< the service did not answer in time */
    OB_ERR_SERVICE_EXITED = -8, /**< the service ended before it was ready */
    OB_ERR_VERSION = -9,        /**< host and service have no protocol version in common */
    OB_ERR_PROTOCOL = -10,      /**< the service broke the protocol */
    OB_ERR_REFUSED = -11,       /**< the service or processor refused; the message says why */
    OB_ERR_BUSY = -12,          /**< another thread is inside this object, or the name is taken */
    OB_ERR_GAVE_UP = -13,       /**< free pace: no replica came back within `give_up_ns` */
    OB_ERR_ENVIRONMENT = -14    /**< the environment lacks something (XDG_RUNTIME_DIR) */
};

/** Short English name of a status, e.g. "timed out". Never NULL, static. [any] [rt] */
OB_API const char* ob_status_text(ob_status status) OB_NOEXCEPT;

/**
 * Why the last [control] call on this thread failed, in a sentence that names the thing and the
 * remedy. Empty after success. Valid until the next call on this thread. [any] [!rt]
 */
OB_API const char* ob_last_error_message(void) OB_NOEXCEPT;

/** Version of the library, "0.1.0". [any] [rt] */
OB_API const char* ob_version_string(void) OB_NOEXCEPT;

typedef enum ob_log_level {
    OB_LOG_DEBUG = 0,
    OB_LOG_INFO = 1,
    OB_LOG_WARNING = 2,
    OB_LOG_ERROR = 3
} ob_log_level;

/** Called from plain threads of the library only, never from a real-time one. [!rt] */
typedef void (*ob_log_function)(void* context, ob_log_level level, const char* message);

/** What a thread obtained of real-time scheduling; never silent. */
typedef enum ob_realtime_step {
    OB_REALTIME_NONE = 0, /**< ordinary scheduling */
    OB_REALTIME_NICE = 1, /**< ordinary with a raised nice level */
    OB_REALTIME_KIT = 2,  /**< SCHED_RR by RealtimeKit */
    OB_REALTIME_FIFO = 3  /**< SCHED_FIFO */
} ob_realtime_step;

typedef struct ob_realtime_grant {
    ob_realtime_step step;
    int32_t priority;      /**< real-time priority, or the nice level for OB_REALTIME_NICE */
    int32_t cpu;           /**< the one CPU it is pinned to, or -1 */
    char description[192]; /**< in words, with the remedy where less was obtained than asked */
} ob_realtime_grant;

/**
 * Makes the calling thread real-time: SCHED_FIFO at `priority` (1..95), else the best that is
 * permitted. For threads that you own; it never touches the rest of the process.
 *
 * @param cpu    pins the thread to this CPU; -1 leaves it free
 * @param grant  receives what was obtained; may be NULL
 * @return OB_OK even when less than SCHED_FIFO was obtained: read the grant
 *
 * [any] [!rt]
 */
OB_API ob_status ob_thread_make_realtime(int32_t priority, int32_t cpu, ob_realtime_grant* grant)
    OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_COMMON_H */
