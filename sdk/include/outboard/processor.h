/* SPDX-License-Identifier: MIT */
#ifndef OB_PROCESSOR_H
#define OB_PROCESSOR_H

/**
 * @file
 * What a service implements: a table of functions for each kind of processor it offers. In C++,
 * derive from outboard::Processor (processor.hpp) instead.
 *
 * Life of an instance: create, prepare, (process, reset)*, destroy. A new `prepare` may follow
 * when nothing is processed.
 */

#include "event.h"

OB_EXTERN_C_BEGIN

/** Flags of a parameter. */
enum {
    OB_PARAMETER_STEPPED = 1u << 0,    /**< whole numbers only */
    OB_PARAMETER_LOGARITHMIC = 1u << 1 /**< a control should move in ratios */
};

typedef struct ob_parameter_info {
    uint32_t id; /**< stable across versions */
    uint32_t flags;
    char key[32];  /**< [a-z0-9_]+, unique in its processor: `--param reverb.mix=0.4` */
    char name[48]; /**< for people */
    char unit[16]; /**< "dB", "Hz", "ms", "" */
    double minimum;
    double maximum;
    double initial;
} ob_parameter_info;

/** Flags of a processor: what the library may conclude about its replicas. */
enum {
    OB_PROCESSOR_DETERMINISTIC = 1u << 0,   /**< equal input, events and state: equal output */
    OB_PROCESSOR_FINITE_MEMORY = 1u << 1,   /**< output depends on the last tail_frames only */
    OB_PROCESSOR_SINGLE_INSTANCE = 1u << 2, /**< cannot run twice (a licence) */
    OB_PROCESSOR_SIDE_EFFECTS = 1u << 3     /**< does more than compute (a recorder) */
};

typedef struct ob_prepare_info {
    double sample_rate_hz;
    uint32_t max_frame_count; /**< no block is longer */
    uint32_t input_channel_count;
    uint32_t output_channel_count;
} ob_prepare_info;

typedef struct ob_process_block {
    const float* const* inputs; /**< [input_channel_count][frame_count] */
    float* const* outputs;      /**< [output_channel_count][frame_count]; never alias inputs */
    uint32_t frame_count;       /**< 1 .. max_frame_count */
    uint32_t reserved;
    uint64_t sequence;       /**< block number of the insert's stream */
    ob_event_list events_in; /**< checked by the library: ordered, in range, whole */
    ob_event_sink events_out;
} ob_process_block;

/** Tail of a processor that rings for ever. */
#define OB_TAIL_INFINITE UINT64_MAX

/**
 * One kind of processor. Static and constant for the life of the process. Entries marked
 * (optional) may be NULL. A function may be called only between create and destroy, save
 * parameter_info.
 */
typedef struct ob_processor_class {
    uint32_t struct_size_bytes; /**< sizeof(ob_processor_class) of whoever fills it */
    uint32_t flags;
    const char* name;           /**< [a-z0-9._-]{1,64} */
    const char* description;    /**< one line for people */
    uint32_t fixed_frame_count; /**< demands blocks of exactly this length; 0: any */
    uint32_t parameter_count;

    /** (optional without parameters) @param index 0 .. parameter_count-1. [any] */
    ob_status (*parameter_info)(uint32_t index, ob_parameter_info* out);

    /** @return NULL when it cannot be made. [control] [!rt] */
    void* (*create)(void);
    void (*destroy)(void* instance);

    /**
     * Allocates for the given format and resets.
     * @param message  receives why it refused, at most message_bytes with the final zero
     * [control & !processing] [!rt]
     */
    ob_status (*prepare)(void* instance, const ob_prepare_info* info, char* message,
                         size_t message_bytes);

    /** Processes one block; parameters arrive as events. [dsp] [rt] */
    void (*process)(void* instance, const ob_process_block* block);

    /** Forgets the past (delay lines, voices), keeps the parameters. [dsp] [rt] */
    void (*reset)(void* instance);

    /** (optional) Constant from prepare to the next one. [control] */
    uint32_t (*latency_frames)(const void* instance);

    /** (optional) How long output lasts after the input has ended. [control] */
    uint64_t (*tail_frames)(const void* instance);

    /**
     * (optional) Parameters and the like as bytes that another version can load. Called while
     * process runs: read atomics. With capacity_bytes too small, writes nothing.
     * @return the size in bytes. [control] [!rt]
     */
    size_t (*save_state)(const void* instance, void* out, size_t capacity_bytes);

    /** (optional) [control & !processing] [!rt] */
    ob_status (*load_state)(void* instance, const void* data, size_t size_bytes);

    /**
     * (optional) Largest checkpoint: the whole DSP state after a block, without pointers, for the
     * same build in another process. 0: none. Constant from prepare on. [control]
     */
    size_t (*checkpoint_bytes)(const void* instance);

    /** (optional) Writes exactly checkpoint_bytes. [dsp] [rt] */
    void (*save_checkpoint)(const void* instance, void* out);

    /**
     * (optional) Any number of times, before process() and between its calls, while no other
     * function runs. @return OB_ERR_INVALID_ARGUMENT when the bytes cannot be a checkpoint.
     * [control] [rt]
     */
    ob_status (*restore_checkpoint)(void* instance, const void* data, size_t size_bytes);
} ob_processor_class;

OB_EXTERN_C_END

#endif /* OB_PROCESSOR_H */
