/* SPDX-License-Identifier: MIT */
#ifndef OB_EVENT_H
#define OB_EVENT_H

/**
 * @file
 * Sample-accurate events of a block. Everything that changes the sound is one of these, so that
 * every replica of a processor sees it at the same frame. The layout follows CLAP's conventions
 * (github.com/free-audio/clap, events.h): a header with size, time and type, then the payload.
 *
 * Events are packed one behind the other, each aligned to 8 bytes, ordered by `offset_frames`.
 * They cross process borders as they are: fixed widths, no pointers.
 */

#include "common.h"

OB_EXTERN_C_BEGIN

typedef enum ob_event_type {
    OB_EVENT_PARAMETER = 1,
    OB_EVENT_NOTE_ON = 2,
    OB_EVENT_NOTE_OFF = 3,
    OB_EVENT_MIDI = 4,
    OB_EVENT_TRANSPORT = 5,
    /*
     * The library carries these out at the start of the block that has them, whatever their
     * offset; a processor does not see them.
     */
    OB_EVENT_RESET = 6,         /**< header only: clear delay lines and voices */
    OB_EVENT_BYPASS = 7,        /**< to or from the input, delayed by the processor's latency */
    OB_EVENT_ACTIVATE_STATE = 8 /**< made by the library when a loaded state takes effect */
} ob_event_type;

typedef struct ob_event_header {
    uint32_t size_bytes;    /**< of the whole event, header included; a multiple of 8 */
    uint32_t offset_frames; /**< within its block */
    uint16_t type;          /**< ob_event_type */
    uint16_t flags;         /**< 0 */
    uint32_t reserved;      /**< 0 */
} ob_event_header;

typedef struct ob_event_parameter {
    ob_event_header header;
    uint32_t parameter_id;
    uint32_t reserved; /**< 0 */
    double value;      /**< in the parameter's own unit and range */
} ob_event_parameter;

typedef struct ob_event_note {
    ob_event_header header;
    int32_t note_id; /**< -1: unspecified */
    int16_t port;
    int16_t channel;  /**< 0..15 */
    int16_t key;      /**< 0..127, 60 is middle C */
    int16_t reserved; /**< 0 */
    float velocity;   /**< 0..1 */
} ob_event_note;

typedef struct ob_event_midi {
    ob_event_header header;
    uint16_t port;
    uint8_t data[6]; /**< up to three bytes of a MIDI 1.0 message, then zeros */
} ob_event_midi;

typedef struct ob_event_transport {
    ob_event_header header;
    uint32_t is_playing;
    uint32_t reserved; /**< 0 */
    double tempo_bpm;
    double position_beats;
    int64_t position_frames;
} ob_event_transport;

typedef struct ob_event_bypass {
    ob_event_header header;
    uint32_t is_bypassed;
    uint32_t reserved; /**< 0 */
} ob_event_bypass;

typedef struct ob_event_activate_state {
    ob_event_header header;
    uint64_t state_id;
} ob_event_activate_state;

/** Longest event, header included. */
#define OB_EVENT_BYTES_MAX 256u

/** A block's events, read-only. Walk them with ob_event_next(). */
typedef struct ob_event_list {
    const unsigned char* data; /**< 8-byte aligned; may be NULL when size_bytes is 0 */
    uint32_t size_bytes;
} ob_event_list;

/**
 * Steps through a list: NULL gives the first event, an event the one behind it, NULL is the end.
 * [any] [rt]
 */
static inline const ob_event_header* ob_event_next(const ob_event_list* list,
                                                   const ob_event_header* current)
{
    /* NOLINTBEGIN(modernize-use-nullptr): C as well */
    const unsigned char* const next =
        current == NULL ? list->data : (const unsigned char*)current + current->size_bytes;
    if (list->size_bytes == 0 || next >= list->data + list->size_bytes)
        return NULL;
    /* NOLINTEND(modernize-use-nullptr) */
    return (const ob_event_header*)(const void*)next;
}

/** Where a processor puts its output events. */
typedef struct ob_event_sink {
    void* context;
    /** Copies the event. @return OB_AGAIN when the block's space is full. [dsp] [rt] */
    ob_status (*push)(void* context, const ob_event_header* event);
} ob_event_sink;

OB_EXTERN_C_END

#endif /* OB_EVENT_H */
