/* value.h -- the counted owners behind values, and the detail of errors.
 *
 * Owns:          blocks: a count, an end, and what a value points at.
 * Must not know: futures. A future is an owner too, by beginning with an owner's class.
 * Threads:       any, but for values marked ANYLOOP_VALUE_LOCAL.
 * Law:           no recursion as deep as values are nested: what dies is put on a list and taken apart one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_VALUE_H
#define ANYL_VALUE_H

#include "alloc.h"

#include <anyloop/value.h>

typedef struct anyl_owner anyl_owner;
typedef struct anyl_block anyl_block;

typedef struct anyl_owner_class {
    void (*retain)(anyl_owner *owner);
    void (*release)(anyl_owner *owner, anyl_block **dead); /* a block that nobody holds goes onto `dead` */
} anyl_owner_class;

struct anyl_owner {
    const anyl_owner_class *class;
};

extern const anyl_owner_class anyl_block_class;
/* NONE, for who wants to point at one. */
extern const anyloop_value anyl_value_nothing;

void anyl_value_release_owner(anyl_owner *owner);

static inline anyl_owner *anyl_value_owner(const anyloop_value *value)
{
    return (anyl_owner *)(uintptr_t)value->owner;
}

static inline void anyl_value_retain(const anyloop_value *value)
{
    if (value->owner)
        anyl_value_owner(value)->class->retain(anyl_value_owner(value));
}

/* The same value with a reference of its own. */
static inline anyloop_value anyl_value_share(const anyloop_value *value)
{
    anyl_value_retain(value);
    return *value;
}

static inline void anyl_value_release(anyloop_value *value)
{
    anyl_owner *owner = anyl_value_owner(value);
    memset(value, 0, sizeof *value); /* first: a drop may look here */
    if (owner)
        anyl_value_release_owner(owner);
}

/* The same for a value that goes with its object. */
static inline void anyl_value_drop(const anyloop_value *value)
{
    if (ANYL_UNLIKELY(value->owner != 0))
        anyl_value_release_owner(anyl_value_owner(value));
}

static inline anyloop_value anyl_value_none(void)
{
    return (anyloop_value){0};
}

static inline anyloop_value anyl_value_int(int64_t number)
{
    return (anyloop_value){.kind = ANYLOOP_INT, .bits = (uint64_t)number};
}

/* The value that was handed over; NULL is NONE. */
static inline anyloop_value anyl_value_take(const anyloop_value *value)
{
    return value ? *value : anyl_value_none();
}

static inline bool anyl_value_local(const anyloop_value *value)
{
    return value->kind != ANYLOOP_ERROR && (value->flags & ANYLOOP_VALUE_LOCAL) != 0;
}

/* An error that is its code alone. */
static inline anyloop_value anyl_error_bare(anyloop_status code)
{
    return (anyloop_value){.kind = ANYLOOP_ERROR, .flags = (uint32_t)code};
}

/* The same in place of what is there. */
static inline void anyl_error_put(anyloop_value *value, anyloop_status code)
{
    anyl_value_release(value);
    value->kind = ANYLOOP_ERROR;
    value->flags = (uint32_t)code;
}

/* The same text or detail under another code; costs nothing. A TEXT becomes an error with that text. */
static inline anyloop_value anyl_error_as(const anyloop_value *taken, anyloop_status code)
{
    anyloop_value error = *taken;
    error.kind = ANYLOOP_ERROR;
    error.flags = (uint32_t)code;
    return error;
}

static inline anyloop_status anyl_error_code(const anyloop_value *value)
{
    return value->kind == ANYLOOP_ERROR ? (anyloop_status)value->flags : ANYLOOP_OK;
}

/* Without `data` its bytes are still to be written. */
anyloop_status anyl_value_copy(const anyloop_allocator *allocator, uint32_t kind, const void *data, size_t size,
                               anyloop_value *out);
/* An empty list with room for `capacity` items; anyl_value_list_push fills it before it is given away. */
anyloop_status anyl_value_list(const anyloop_allocator *allocator, size_t capacity, anyloop_value *out);
/* Takes the item. */
void anyl_value_list_push(anyloop_value *list, const anyloop_value *item);
/* The same for all at once: the room of an empty list, and what was put there. */
anyloop_value *anyl_value_list_room(const anyloop_value *list);
/* Has any of them an owner? Is any LOCAL? */
void anyl_value_list_fill(anyloop_value *list, size_t count, bool owners, bool local);
anyloop_status anyl_value_foreign(const anyloop_allocator *allocator, void *pointer, anyloop_drop_fn drop,
                                  anyloop_value *out);
/* Cannot fail: without memory for the text it is the code. */
anyloop_value anyl_error_text(const anyloop_allocator *allocator, anyloop_status code, const char *text, size_t size);
anyloop_status anyl_error_with(const anyloop_allocator *allocator, const anyloop_error_options *options,
                               anyloop_value *out);
/* Can it be told from its owner alone? Not a part of a text, nor what lies in memory that is not the library's. */
bool anyl_error_in_owner(const anyloop_value *text_or_error);
/* The error of that code which such an owner stands for; takes a reference. */
anyloop_value anyl_error_of(anyl_owner *owner, anyloop_status code);
const char *anyl_error_get_text(const anyloop_value *error, size_t *size);
int32_t anyl_error_os_code(const anyloop_value *error);
const anyloop_value *anyl_error_foreign(const anyloop_value *error);
const anyloop_value *anyl_error_cause(const anyloop_value *error);
const anyloop_value *anyl_error_children(const anyloop_value *error);

uint64_t anyl_runtime_id(void);

#endif
