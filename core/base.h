/* base.h -- the few words that every room uses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_BASE_H
#define ANYL_BASE_H

#include <anyloop/base.h>
#include <anyloop/status.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The object that holds `member` at `pointer`. */
#define ANYL_OWNER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#define ANYL_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define ANYL_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Beside the ways that everything can go there are short ones, of what is usual: they do nothing that the others do not.
 * A library that is optimised for size is without them: on the web they were a tenth of it. */
#ifdef __OPTIMIZE_SIZE__
#define ANYL_SHORT_WAYS 0
#define ANYL_INLINE
#else
#define ANYL_SHORT_WAYS 1
#define ANYL_INLINE __attribute__((always_inline))
#endif

/* For the few functions that each step goes through; those that it goes around, which would cost it registers; and
 * those that it ends in. */
#define ANYL_HOT static inline ANYL_INLINE
#define ANYL_COLD __attribute__((noinline, cold))
#define ANYL_APART static __attribute__((noinline))
#define ANYL_ASIDE static ANYL_COLD

/* Rounded up so that any type may follow. */
#define ANYL_ALIGN 16u
#define ANYL_ALIGNED(size) (((size) + (ANYL_ALIGN - 1)) & ~(size_t)(ANYL_ALIGN - 1))

/* `now` and `delay` together, within what a deadline can say. */
static inline uint64_t anyl_deadline(uint64_t now, int64_t delay)
{
    if (delay == INT64_MAX)
        return UINT64_MAX;
    if (delay < 0) {
        uint64_t back = (uint64_t)-(delay + 1) + 1;
        return back > now ? 0 : now - back;
    }
    return (uint64_t)delay > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + (uint64_t)delay;
}

#endif
