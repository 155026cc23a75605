/* histogram.h -- how often a time was how long.
 *
 * Owns: nothing; the counters lie in the figures. What the buckets are, inspect.h of the interface says.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_HISTOGRAM_H
#define ANYL_HISTOGRAM_H

#include "base.h"

#include <anyloop/inspect.h>

static inline uint32_t anyl_histogram_bucket(uint64_t time)
{
    if (time < 1024)
        return 0;
    uint32_t bucket = 54u - (uint32_t)__builtin_clzll(time); /* 1024 has 53 leading zeros */
    return bucket < ANYLOOP_HISTOGRAM_SIZE ? bucket : ANYLOOP_HISTOGRAM_SIZE - 1;
}

static inline void anyl_histogram_add(uint64_t histogram[ANYLOOP_HISTOGRAM_SIZE], uint64_t *most, uint64_t time)
{
    histogram[anyl_histogram_bucket(time)]++;
    if (time > *most)
        *most = time;
}

#endif
