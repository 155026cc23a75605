/* value.h -- what futures, jobs and queues carry from one language to another.
 *
 * A value is 32 bytes, the same on 32 and 64 bits. It is a small record that may point at something shared: then
 * `owner` counts it. Values are immutable once given away; copying one is copying the 32 bytes and
 * `anyloop_value_retain`.
 *
 *     kind      bits                      size              owner
 *     NONE      0                         0                 0
 *     BOOL      0 or 1                    0                 0
 *     INT       an int64_t                0                 0
 *     FLOAT     the bits of a double      0                 0
 *     TEXT      pointer to UTF-8          bytes             counted, 0 for static text
 *     BYTES     pointer                   bytes             counted, 0 for static memory
 *     LIST      pointer to values         items             counted, 0 for the empty list
 *     ERROR     pointer to text or detail bytes, or ~0      counted, 0 for a bare code; the code is in `flags`
 *     FUTURE    the anyloop_future *      0                 the future
 *     FOREIGN   a pointer                 its runtime's id  counted, 0 when nothing keeps it
 *
 * Read an error through the functions below: only they know its detail. TEXT that the library made has a NUL after its
 * end.
 *
 * Owners are counted, not collected. Values cannot lead back to themselves, but a FUTURE in a value can: a future whose
 * result leads to that future, a queue with a FUTURE of a task that waits on that queue. Such a ring stays, and its
 * loop's memory with it, unless the program takes the value out before it lets go of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_VALUE_H
#define ANYLOOP_VALUE_H

#include <anyloop/base.h>
#include <anyloop/status.h>

ANYLOOP_BEGIN_DECLS

#ifdef __cplusplus
#define ANYLOOP_ALIGN8 alignas(8)
#else
#define ANYLOOP_ALIGN8 _Alignas(8)
#endif

/* See above. Never grows. */
typedef struct anyloop_value {
    ANYLOOP_ALIGN8 uint32_t kind; /* ANYLOOP_NONE to ANYLOOP_FOREIGN */
    uint32_t flags;               /* ERROR: the code, as an int32_t; else ANYLOOP_VALUE_LOCAL or 0 */
    uint64_t bits;                /* the value, or where it is */
    uint64_t size;                /* of what `bits` points at */
    uint64_t owner;               /* 0: nothing is counted */
} anyloop_value;

/* Kinds. */
enum {
    ANYLOOP_NONE = 0,
    ANYLOOP_BOOL = 1,
    ANYLOOP_INT = 2,
    ANYLOOP_FLOAT = 3,
    ANYLOOP_TEXT = 4,
    ANYLOOP_BYTES = 5,
    ANYLOOP_LIST = 6,
    ANYLOOP_ERROR = 7,
    ANYLOOP_FUTURE = 8,
    ANYLOOP_FOREIGN = 9
};

/* In `flags`: a future, or a list that holds one. It stays on its loop's thread. */
enum { ANYLOOP_VALUE_LOCAL = 1 };

/* Count one more holder of what `value` points at.
 *
 * \param value  any value.
 * \thread  any; for a value with ANYLOOP_VALUE_LOCAL, loop
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API void anyloop_value_retain(const anyloop_value *value);

/* Count one holder less, free what nobody holds, and make `value` NONE.
 *
 * \param value  any value that you own.
 * \thread  any
 * \owns    takes what `value` holds.
 * \since   0.1
 */
ANYLOOP_API void anyloop_value_release(anyloop_value *value);

/* Make a TEXT value from a copy of `size` bytes.
 *
 * \param loop  whose allocator to use. May be NULL: malloc.
 * \param text  UTF-8, need not end in NUL. May be NULL when `size` is 0.
 * \param size  bytes.
 * \param out   the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    copies `text`; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_text(anyloop_loop *loop, const char *text, size_t size, anyloop_value *out);

/* Make a BYTES value from a copy of `size` bytes.
 *
 * \param loop  whose allocator to use. May be NULL: malloc.
 * \param data  May be NULL when `size` is 0.
 * \param size  bytes.
 * \param out   the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    copies `data`; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_bytes(anyloop_loop *loop, const void *data, size_t size, anyloop_value *out);

/* Make a LIST value of `count` values.
 *
 * \param loop   whose allocator to use. May be NULL: malloc.
 * \param items  taken, on failure too. May be NULL when `count` is 0.
 * \param count  items.
 * \param out    the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    takes what `items` hold; the array itself stays yours; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_list(anyloop_loop *loop, const anyloop_value *items, size_t count,
                                              anyloop_value *out);

/* Make a FOREIGN value: a pointer that only the language that made it understands. It stays in the process.
 *
 * \param loop     whose allocator to use. May be NULL: malloc.
 * \param pointer  what it carries. May be NULL.
 * \param drop     run once when nobody holds the value any more, on whatever thread let go last; when this call fails,
 *                 inside it. May be NULL.
 * \param out      the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `pointer`, through `drop`; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_foreign(anyloop_loop *loop, void *pointer, anyloop_drop_fn drop,
                                                 anyloop_value *out);

/* Make a FUTURE value that holds its own reference.
 *
 * \param future  borrowed.
 * \param out     the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    retains `future`; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_future(anyloop_future *future, anyloop_value *out);

/* What an error says beside its code. Begin with `{.struct_size = sizeof(anyloop_error_options)}`. */
typedef struct anyloop_error_options {
    uint32_t struct_size;
    anyloop_status code;           /* negative */
    int32_t os_code;               /* errno or the like; 0: none */
    uint32_t reserved;             /* 0 */
    const char *text;              /* copied; NULL: none */
    uint64_t text_size;            /* bytes */
    const anyloop_value *foreign;  /* taken: the exception of another language; NULL: none */
    const anyloop_value *cause;    /* taken: the error that led to this one; NULL: none */
    const anyloop_value *children; /* taken: a LIST of errors; NULL: none */
} anyloop_error_options;

/* Make an ERROR value of a code and a copy of a text.
 *
 * \param loop  whose allocator to use. May be NULL: malloc.
 * \param code  negative.
 * \param text  UTF-8. May be NULL: the code alone.
 * \param size  bytes.
 * \param out   the value. Without memory for the text it is the code alone.
 * \returns ANYLOOP_OK, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    copies `text`; gives `out`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_error(anyloop_loop *loop, anyloop_status code, const char *text, size_t size,
                                               anyloop_value *out);

/* Make an ERROR value with everything that an error can carry.
 *
 * \param loop     whose allocator to use. May be NULL: malloc.
 * \param options  what it says; the values in it are taken, on failure too.
 * \param out      the value, yours to give away or release.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_TYPE for a foreign value that holds a future, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    takes the values of `options` and copies its text; gives `out`. With a wrong `struct_size` nothing is read,
 *          and nothing is taken.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_value_error_with(anyloop_loop *loop, const anyloop_error_options *options,
                                                    anyloop_value *out);

/* Give the code of an error.
 *
 * \param error  any value.
 * \returns the code; ANYLOOP_OK for a value that is no error.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_error_code(const anyloop_value *error);

/* Give the text of an error.
 *
 * \param error  any value.
 * \param size   gets the number of bytes. May be NULL.
 * \returns the text, borrowed from the value; "" without one. It ends in NUL when the library copied it.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const char *anyloop_error_text(const anyloop_value *error, size_t *size);

/* Give the system's own code of an error.
 *
 * \param error  any value.
 * \returns the code, 0 without one.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_error_os_code(const anyloop_value *error);

/* Give the foreign payload of an error: the exception of the language that raised it.
 *
 * \param error  any value.
 * \returns the value, borrowed; NULL without one.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_error_foreign(const anyloop_value *error);

/* Give the error that led to an error.
 *
 * \param error  any value.
 * \returns the value, borrowed; NULL without one.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_error_cause(const anyloop_value *error);

/* Give the errors of which an error consists, a task group's for instance.
 *
 * \param error  any value.
 * \returns a LIST value, borrowed; NULL without one.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_error_children(const anyloop_value *error);

ANYLOOP_END_DECLS
#endif
