/* timeout.h -- a limit in time around a part of a task: CPython's timeouts.Timeout; and wait_for, which is built on it.
 *
 * Owns:          the scope's timer, and which task it is in.
 * Must not know: what the body is.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_TIMEOUT_H
#define ANYL_TIMEOUT_H

#include "task.h"

#include <anyloop/compose.h>

anyloop_timeout_scope *anyl_timeout_new(anyloop_loop *loop, uint64_t deadline);
void anyl_timeout_release(anyloop_timeout_scope *scope);
anyloop_loop *anyl_timeout_loop(const anyloop_timeout_scope *scope);
anyloop_status anyl_timeout_reschedule(anyloop_timeout_scope *scope, uint64_t deadline);
uint64_t anyl_timeout_when(const anyloop_timeout_scope *scope);
bool anyl_timeout_expired(const anyloop_timeout_scope *scope);

/* Takes the body, on failure too. NULL: no memory. */
anyl_task *anyl_timeout_run(anyloop_timeout_scope *scope, anyloop_future *body);
anyl_task *anyl_wait_for(anyloop_loop *loop, anyloop_future *future, int64_t timeout);

#endif
