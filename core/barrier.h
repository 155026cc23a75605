/* barrier.h -- tasks that wait for each other: CPython's Barrier.
 *
 * Owns:          a condition, the state, the count of those inside.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_BARRIER_H
#define ANYL_BARRIER_H

#include "task.h"

#include <anyloop/sync.h>

anyloop_barrier *anyl_barrier_new(anyloop_loop *loop, uint32_t parties);
void anyl_barrier_release(anyloop_barrier *barrier);
anyloop_loop *anyl_barrier_loop(const anyloop_barrier *barrier);
uint32_t anyl_barrier_n_waiting(const anyloop_barrier *barrier);
bool anyl_barrier_broken(const anyloop_barrier *barrier);
anyl_task *anyl_barrier_wait(anyloop_barrier *barrier);
anyl_task *anyl_barrier_reset(anyloop_barrier *barrier);
anyl_task *anyl_barrier_abort(anyloop_barrier *barrier);

#endif
