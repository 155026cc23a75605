/* heap.h -- a priority queue with the key cached beside the pointer; ties leave first in, first out.
 *
 * Owns:          its array.
 * Must not know: what a key means: a deadline, a priority.
 * Threads:       one at a time.
 * Why an array of four children: cancel is as common as fire, so removal must be cheap; four cached keys fill a cache
 *                line and a half, and the walk is half as deep as with two. A wheel loses the order of equal keys.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_HEAP_H
#define ANYL_HEAP_H

#include "alloc.h"

/* Lives in the object. */
typedef struct anyl_heap_item {
    uint32_t place; /* 1 + its index; 0: in no heap */
} anyl_heap_item;

typedef struct anyl_heap_entry {
    uint64_t key, order;
    anyl_heap_item *item;
} anyl_heap_entry;

typedef struct anyl_heap {
    anyl_heap_entry *entries;
    uint32_t count, capacity;
    uint64_t order; /* of the next insertion */
} anyl_heap;

void anyl_heap_deinit(anyl_heap *heap, const anyloop_allocator *allocator);
bool anyl_heap_grow(anyl_heap *heap, const anyloop_allocator *allocator);
/* Makes room for one more, so that the next insertion cannot fail. */
static inline bool anyl_heap_reserve(anyl_heap *heap, const anyloop_allocator *allocator)
{
    return ANYL_LIKELY(heap->count < heap->capacity) || anyl_heap_grow(heap, allocator);
}
/* There must be room. */
void anyl_heap_insert(anyl_heap *heap, anyl_heap_item *item, uint64_t key);
void anyl_heap_remove(anyl_heap *heap, anyl_heap_item *item);

/* NULL when empty. */
static inline anyl_heap_item *anyl_heap_first(const anyl_heap *heap)
{
    return heap->count ? heap->entries[0].item : NULL;
}

/* UINT64_MAX when empty. */
static inline uint64_t anyl_heap_first_key(const anyl_heap *heap)
{
    return heap->count ? heap->entries[0].key : UINT64_MAX;
}

#endif
