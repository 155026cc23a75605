/* alloc.h -- the one door to memory.
 *
 * Owns:          nothing: an allocator is the user's, or malloc.
 * Must not know: who allocates.
 * Threads:       any; an allocator is thread-safe by contract.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_ALLOC_H
#define ANYL_ALLOC_H

#include "base.h"

#include <anyloop/loop.h>

/* malloc and free. */
extern const anyloop_allocator anyl_alloc_default;

static inline void *anyl_alloc(const anyloop_allocator *allocator, size_t size)
{
    return allocator->allocate(allocator->user_data, size);
}

static inline void anyl_free(const anyloop_allocator *allocator, void *pointer, size_t size)
{
    if (pointer)
        allocator->release(allocator->user_data, pointer, size);
}

/* A copy of a NUL-terminated text; freed by anyl_free with strlen + 1. */
char *anyl_alloc_text(const anyloop_allocator *allocator, const char *text);

#endif
