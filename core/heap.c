/* heap.c -- sift up, sift down.
 *
 * SPDX-License-Identifier: MIT
 */
#include "heap.h"

#define HEAP_CHILDREN 4u
#define HEAP_FIRST 16u

static bool before(const anyl_heap_entry *a, const anyl_heap_entry *b)
{
    return a->key < b->key || (a->key == b->key && a->order < b->order);
}

static void put(anyl_heap *heap, uint32_t index, const anyl_heap_entry *entry)
{
    heap->entries[index] = *entry;
    entry->item->place = index + 1;
}

static void sift_up(anyl_heap *heap, uint32_t index, const anyl_heap_entry *entry)
{
    while (index > 0) {
        uint32_t parent = (index - 1) / HEAP_CHILDREN;
        if (!before(entry, &heap->entries[parent]))
            break;
        put(heap, index, &heap->entries[parent]);
        index = parent;
    }
    put(heap, index, entry);
}

static void sift_down(anyl_heap *heap, uint32_t index, const anyl_heap_entry *entry)
{
    for (;;) {
        uint32_t first = index * HEAP_CHILDREN + 1, end = first + HEAP_CHILDREN, least = first;
        if (first >= heap->count)
            break;
        if (end > heap->count)
            end = heap->count;
        for (uint32_t child = first + 1; child < end; child++)
            if (before(&heap->entries[child], &heap->entries[least]))
                least = child;
        if (!before(&heap->entries[least], entry))
            break;
        put(heap, index, &heap->entries[least]);
        index = least;
    }
    put(heap, index, entry);
}

void anyl_heap_deinit(anyl_heap *heap, const anyloop_allocator *allocator)
{
    anyl_free(allocator, heap->entries, heap->capacity * sizeof *heap->entries);
    memset(heap, 0, sizeof *heap);
}

bool anyl_heap_grow(anyl_heap *heap, const anyloop_allocator *allocator)
{
    if (heap->capacity > (UINT32_MAX / 2 - 1) / HEAP_CHILDREN)
        return false;
    uint32_t capacity = heap->capacity ? heap->capacity * 2 : HEAP_FIRST;
    anyl_heap_entry *entries = anyl_alloc(allocator, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    if (heap->count)
        memcpy(entries, heap->entries, heap->count * sizeof *entries);
    anyl_free(allocator, heap->entries, heap->capacity * sizeof *entries);
    heap->entries = entries;
    heap->capacity = capacity;
    return true;
}

void anyl_heap_insert(anyl_heap *heap, anyl_heap_item *item, uint64_t key)
{
    const anyl_heap_entry entry = {key, heap->order++, item};
    sift_up(heap, heap->count++, &entry);
}

void anyl_heap_remove(anyl_heap *heap, anyl_heap_item *item)
{
    uint32_t index = item->place - 1;
    anyl_heap_entry last = heap->entries[--heap->count];
    item->place = 0;
    if (index == heap->count)
        return;
    if (index > 0 && before(&last, &heap->entries[(index - 1) / HEAP_CHILDREN]))
        sift_up(heap, index, &last);
    else
        sift_down(heap, index, &last);
}
