/* run.h -- turns, and the one room that blocks: turn, wait, repeat.
 *
 * Must not know: what runs.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_RUN_H
#define ANYL_RUN_H

#include "loop.h"

/* As the functions of loop.h and host.h; the loop is open, the thread is its own. */
anyloop_status anyl_run_forever(anyloop_loop *loop);
anyloop_status anyl_run_until_complete(anyloop_loop *loop, anyloop_future *future);
anyloop_status anyl_run_turn(anyloop_loop *loop, uint64_t budget, anyloop_turn_event *events, uint32_t capacity,
                             anyloop_turn_info *info);
anyloop_status anyl_run_wait(anyloop_loop *loop, uint64_t deadline);
anyloop_status anyl_run_fd(anyloop_loop *loop, int32_t *out);

/* Where the thread has an event loop of the system's, and nobody else hosts this loop: that turns it from now on, until
 * it is stopped or closed. */
void anyl_run_hosted(anyloop_loop *loop);

#endif
