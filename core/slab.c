/* slab.c -- the slow path: new chunks, and what is too large for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "slab.h"

/* The first chunk is small, since most loops are; then they double, up to a size that malloc takes from the system. */
#define SLAB_FIRST 4096u
#define SLAB_MOST 131072u

struct anyl_slab_chunk {
    struct anyl_slab_chunk *next;
    size_t size;
};

_Static_assert(sizeof(struct anyl_slab_chunk) <= ANYL_ALIGN, "what follows a chunk's head is aligned");

void anyl_slab_init(anyl_slab *slab, const anyloop_allocator *allocator)
{
    memset(slab, 0, sizeof *slab);
    slab->allocator = *allocator;
}

void anyl_slab_deinit(anyl_slab *slab)
{
    while (slab->chunks) {
        struct anyl_slab_chunk *chunk = slab->chunks;
        size_t size = chunk->size;
        slab->chunks = chunk->next;
        anyl_slab_show(chunk, size);
        anyl_free(&slab->allocator, chunk, size);
    }
}

void *anyl_slab_refill(anyl_slab *slab, size_t size)
{
    if (ANYL_SLAB_BYPASS || size > ANYL_SLAB_LARGEST)
        return anyl_alloc(&slab->allocator, size);
    if ((size_t)(slab->end - slab->fresh) < size) {
        size_t bytes = slab->chunks ? slab->chunks->size * 2 : SLAB_FIRST;
        struct anyl_slab_chunk *chunk;
        if (bytes > SLAB_MOST)
            bytes = SLAB_MOST;
        chunk = anyl_alloc(&slab->allocator, bytes);
        if (chunk == NULL)
            return NULL;
        chunk->next = slab->chunks;
        chunk->size = bytes;
        slab->chunks = chunk;
        slab->fresh = (char *)chunk + ANYL_ALIGN;
        slab->end = (char *)chunk + bytes;
    }
    slab->fresh += size;
    return slab->fresh - size;
}
