/* promise.h -- what other threads hold of a loop: a promise completes a future, a waker wakes a task.
 *
 * Owns:          one block for each, shared by two sides: the users' handles, on any thread, and the loop's, which
 *                leads to the future and is given up when the message has come, or when the loop closes. The side that
 *                goes last frees it, so that neither outlives the other's memory.
 * Must not know: who waits for the future.
 * Threads:       each function says.
 *
 *     field           who writes                      who reads            under what
 *     handles         anybody with a handle           the same             read-modify-write
 *     sides           each side, once                 the same             read-modify-write
 *     state           whoever keeps; a waker's both   both                 read-modify-write: one wins
 *     value           the one who won                 the loop             the mailbox's push hands it over
 *     future, link    the loop                        the loop             its thread
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_PROMISE_H
#define ANYL_PROMISE_H

#include "task.h"

#include <anyloop/promise.h>

/* ---- on the loop's thread */

anyloop_status anyl_promise_new(anyloop_loop *loop, anyloop_promise **out, anyloop_future **future);
anyloop_status anyl_waker_new(anyl_task *task, anyloop_waker **out);
/* The loop closes, and its mailbox is closed: give up its side of all that is still held outside. */
void anyl_promise_sever(anyloop_loop *loop);

/* ---- on any thread */

/* Takes the value. ANYLOOP_E_STATE: another was first. */
anyloop_status anyl_promise_keep(anyloop_promise *promise, uint32_t state, anyloop_value value);
void anyl_promise_retain(anyloop_promise *promise);
void anyl_promise_release(anyloop_promise *promise);

void anyl_waker_wake(anyloop_waker *waker);
void anyl_waker_cancel(anyloop_waker *waker);
void anyl_waker_retain(anyloop_waker *waker);
void anyl_waker_release(anyloop_waker *waker);

#endif
