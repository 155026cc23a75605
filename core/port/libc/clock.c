/* clock.c -- the monotonic clock, as any C library with POSIX's has it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* before the first system header of the translation unit */
#endif

#include "../port.h"

#include <time.h>

/* CLOCK_MONOTONIC, since futexes, conditions, timerfd and WASI's sleeps go by it: a deadline needs no conversion. */
uint64_t anyl_port_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return ns ? ns : 1; /* a time namespace or a sandbox may begin at 0 */
}
