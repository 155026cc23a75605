/* wasi.c -- sleeping under WASI.
 *
 * Must not know: who sleeps.
 * Threads:       there is one; what else there is to a port stands in single/, flag/ and libc/.
 * Why:           only a span can be slept for in every runtime: node:wasi hangs on a point of time. It also cuts spans to
 *                whole milliseconds and ends them up to one early, so they are rounded up to that, and the clock has the
 *                last word. The price is up to a millisecond that the more exact runtimes would not need.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* clock_nanosleep; before the first system header of the translation unit */
#endif

#include "../flag/flag.h"

#include <errno.h>
#include <time.h>

#ifdef _REENTRANT
#error "anyloop does not know of WASI's threads: compile without -pthread, for wasm32-wasi or wasm32-wasip1"
#endif

#define WASI_MS UINT64_C(1000000)
#define WASI_MOST (24u * 3600u * 1000u * WASI_MS) /* at a time: a day in ms fits wherever a runtime keeps it */

/* To the end: there is nobody whose wake could be missed meanwhile. */
anyloop_status anyl_flag_sleep(uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return ANYLOOP_E_DEADLOCK;
    for (uint64_t now = anyl_port_now(); now < deadline; now = anyl_port_now()) {
        uint64_t left = deadline - now < WASI_MOST ? (deadline - now + WASI_MS - 1) / WASI_MS * WASI_MS : WASI_MOST;
        struct timespec span = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
        int error = clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
        if (error != 0 && error != EINTR)
            return ANYLOOP_E_OS; /* a runtime that cannot sleep */
    }
    return ANYLOOP_OK;
}

void anyl_flag_rouse(void)
{
}

bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        anyl_port_condition_wait(condition, mutex);
    return anyl_flag_sleep(deadline) != ANYLOOP_OK;
}
