/* slab.h -- objects of a loop, from chunks that live as long as the loop's memory.
 *
 * Owns:          chunks; a free list for each size, in steps of 16 bytes.
 * Must not know: what the objects are.
 * Threads:       one at a time.
 * Why not malloc: a task's life is an allocation and a free; popping a free list is a tenth of malloc's price. Under a
 *                sanitizer every object comes from the allocator alone, so that each use after its end is seen; with
 *                ANYL_SLAB_POISON AddressSanitizer watches the free lists instead.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_SLAB_H
#define ANYL_SLAB_H

#include "alloc.h"

#define ANYL_SLAB_LARGEST 512u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ANYL_SLAB_BYPASS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ANYL_SLAB_BYPASS 1
#endif
#endif
#if !defined(ANYL_SLAB_BYPASS) || defined(ANYL_SLAB_POISON)
#undef ANYL_SLAB_BYPASS
#define ANYL_SLAB_BYPASS 0
#endif

#ifdef ANYL_SLAB_POISON
void __asan_poison_memory_region(void const volatile *address, size_t size);
void __asan_unpoison_memory_region(void const volatile *address, size_t size);
#endif

typedef struct anyl_slab_free {
    struct anyl_slab_free *next;
} anyl_slab_free;

typedef struct anyl_slab {
    anyl_slab_free *free[ANYL_SLAB_LARGEST / ANYL_ALIGN + 1]; /* by size / 16 */
    struct anyl_slab_chunk *chunks;                           /* the newest first */
    char *fresh, *end;                                        /* of the newest chunk, what was never used */
    anyloop_allocator allocator;
} anyl_slab;

void anyl_slab_init(anyl_slab *slab, const anyloop_allocator *allocator);
/* Gives every chunk back. Objects larger than ANYL_SLAB_LARGEST must be gone. */
void anyl_slab_deinit(anyl_slab *slab);
void *anyl_slab_refill(anyl_slab *slab, size_t size);

/* Nobody has the object from now on. */
ANYL_HOT void anyl_slab_hide(void *object, size_t size)
{
#ifdef ANYL_SLAB_POISON
    __asan_poison_memory_region(object, size);
#else
    (void)object, (void)size;
#endif
}

/* Somebody has it again, and what he left there before is spoilt. */
ANYL_HOT void anyl_slab_show(void *object, size_t size)
{
#ifdef ANYL_SLAB_POISON
    __asan_unpoison_memory_region(object, size);
    memset((char *)object + sizeof(anyl_slab_free), 0xa5, size - sizeof(anyl_slab_free));
#else
    (void)object, (void)size;
#endif
}

/* One that was given back; NULL: there is none. */
ANYL_HOT void *anyl_slab_take(anyl_slab *slab, size_t size)
{
    size_t place = ANYL_ALIGNED(size) / ANYL_ALIGN;
    if (ANYL_SLAB_BYPASS || ANYL_UNLIKELY(place > ANYL_SLAB_LARGEST / ANYL_ALIGN))
        return NULL;
    anyl_slab_free *object = slab->free[place];
    if (ANYL_LIKELY(object != NULL)) {
        anyl_slab_show(object, place * ANYL_ALIGN);
        slab->free[place] = object->next;
    }
    return object;
}

/* 16-aligned, not zeroed; NULL: no memory. */
static inline void *anyl_slab_alloc(anyl_slab *slab, size_t size)
{
    void *object = anyl_slab_take(slab, size);
    return ANYL_LIKELY(object != NULL) ? object : anyl_slab_refill(slab, ANYL_ALIGNED(size));
}

/* Gives back what is no larger than ANYL_SLAB_LARGEST; `units`: its size in ANYL_ALIGN, rounded up. */
ANYL_HOT void anyl_slab_put(anyl_slab *slab, void *pointer, size_t units)
{
    anyl_slab_free *object = pointer;
    if (ANYL_SLAB_BYPASS) {
        anyl_free(&slab->allocator, pointer, units * ANYL_ALIGN);
        return;
    }
    object->next = slab->free[units];
    slab->free[units] = object;
    anyl_slab_hide(object, units * ANYL_ALIGN);
}

static inline void anyl_slab_release(anyl_slab *slab, void *pointer, size_t size)
{
    size = ANYL_ALIGNED(size);
    if (ANYL_LIKELY(size <= ANYL_SLAB_LARGEST))
        anyl_slab_put(slab, pointer, size / ANYL_ALIGN);
    else
        anyl_free(&slab->allocator, pointer, size);
}

#endif
