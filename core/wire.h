/* wire.h -- values as bytes, for other copies of the program.
 *
 * Owns:          the form: it is read by the same build that wrote it, so integers are as memory has them.
 * Must not know: how bytes travel.
 * Threads:       any.
 *
 * A value is a record of 16 bytes, then what belongs to it, each padded to 8: the bytes of a TEXT or BYTES; the items of
 * a LIST; an ERROR's os_code and the kinds of its cause and children, its text, then these two. A value that is one
 * TEXT or BYTES sends its bytes beside the head, so that large ones are copied once, into what the host moves.
 *
 * A FUTURE or a FOREIGN value does not travel, nor does what is nested deeper than ANYL_WIRE_DEPTH: E_TYPE. An error's
 * foreign part stays at home, the rest of the error goes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WIRE_H
#define ANYL_WIRE_H

#include "value.h"

#define ANYL_WIRE_DEPTH 64u
#define ANYL_WIRE_MOST ((size_t)1 << 30) /* bytes of a head; a lone TEXT or BYTES may be as large as memory allows */

typedef struct anyl_wire_record {
    uint32_t kind, flags;
    uint64_t n; /* the bits of a scalar; bytes; items */
} anyl_wire_record;

typedef struct anyl_wire_error {
    int32_t os_code;
    uint32_t parts; /* its cause, its children */
} anyl_wire_error;

typedef struct anyl_wire {
    const void *head, *body; /* the body is the value's own */
    size_t head_size, body_size;
    anyl_wire_record record; /* most heads are no more, */
    anyl_wire_error bare;    /* or this behind it */
} anyl_wire;

/* Can it be packed, if there is memory? E_TYPE: of what is in it not all travels. E_NOMEM: it is too much. */
anyloop_status anyl_wire_travels(const anyloop_value *value);
anyloop_status anyl_wire_pack(const anyloop_allocator *allocator, const anyloop_value *value, anyl_wire *out);
void anyl_wire_free(const anyloop_allocator *allocator, anyl_wire *wire);

/* Takes the body, on failure too. E_INVALID: no such form. */
anyloop_status anyl_wire_unpack(const anyloop_allocator *allocator, const void *head, size_t head_size,
                                anyloop_value body, anyloop_value *out);

#endif
