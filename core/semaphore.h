/* semaphore.h -- units that tasks take and give back: CPython's Semaphore and BoundedSemaphore.
 *
 * Owns:          the queue of those who wait.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_SEMAPHORE_H
#define ANYL_SEMAPHORE_H

#include "task.h"

#include <anyloop/sync.h>

anyloop_semaphore *anyl_semaphore_new(anyloop_loop *loop, uint32_t value, bool bounded);
void anyl_semaphore_release(anyloop_semaphore *semaphore);
anyloop_loop *anyl_semaphore_loop(const anyloop_semaphore *semaphore);
bool anyl_semaphore_locked(const anyloop_semaphore *semaphore);
anyloop_status anyl_semaphore_post(anyloop_semaphore *semaphore);
anyl_task *anyl_semaphore_acquire(anyloop_semaphore *semaphore);

#endif
