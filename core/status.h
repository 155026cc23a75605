/* status.h -- names and texts of the codes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_STATUS_H
#define ANYL_STATUS_H

#include "base.h"

/* The codes are 0, -1, ... down to this one. */
/* Every code: how it is told. */
#define ANYL_STATUS_LIST(ROW) \
    ROW(ANYLOOP_OK, "success") \
    ROW(ANYLOOP_E_NOMEM, "no memory") \
    ROW(ANYLOOP_E_STATE, "too late or too early: already done or awaited, or not begun") \
    ROW(ANYLOOP_E_CLOSED, "the loop is closed") \
    ROW(ANYLOOP_E_CANCELLED, "cancelled") \
    ROW(ANYLOOP_E_TIMED_OUT, "timed out") \
    ROW(ANYLOOP_E_USER, "an error of the program") \
    ROW(ANYLOOP_E_DEADLOCK, "deadlock: nothing is ready, no timer is set, nobody outside can wake the loop") \
    ROW(ANYLOOP_E_STOPPED, "the loop was stopped before the future was done") \
    ROW(ANYLOOP_E_INVALID, "an argument is missing, malformed or out of range") \
    ROW(ANYLOOP_E_THREAD, "not on the loop's thread") \
    ROW(ANYLOOP_E_RUNNING, "a loop is running in this thread") \
    ROW(ANYLOOP_E_AGAIN, "not yet: turn the loop and ask again") \
    ROW(ANYLOOP_E_FULL, "the queue is full") \
    ROW(ANYLOOP_E_EMPTY, "the queue is empty") \
    ROW(ANYLOOP_E_SHUTDOWN, "the queue or executor is shut down") \
    ROW(ANYLOOP_E_BROKEN, "the barrier is broken") \
    ROW(ANYLOOP_E_NOT_HELD, "the lock is not held") \
    ROW(ANYLOOP_E_SELF_AWAIT, "a task cannot await itself") \
    ROW(ANYLOOP_E_OTHER_LOOP, "the object belongs to another loop") \
    ROW(ANYLOOP_E_ABANDONED, "nobody is left to complete it: the promise was let go of, or the worker died") \
    ROW(ANYLOOP_E_GROUP, "errors in a task group") \
    ROW(ANYLOOP_E_WOULD_BLOCK, "this host cannot block here; a page can with -sASYNCIFY, or use anyloop_start") \
    ROW(ANYLOOP_E_NOT_SUPPORTED, "not supported on this platform or by this object") \
    ROW(ANYLOOP_E_TYPE, "a value or object of the wrong kind") \
    ROW(ANYLOOP_E_NOT_FOUND, "no value, or nothing of that name") \
    ROW(ANYLOOP_E_END, "the iteration is over") \
    ROW(ANYLOOP_E_OS, "the system refused") \
    ROW(ANYLOOP_E_VERSION, "header and library do not fit") \
    ROW(ANYLOOP_E_FORKED, "the loop belongs to the parent process")

#define ANYL_STATUS_LAST ANYLOOP_E_FORKED

const char *anyl_status_name(anyloop_status status);
const char *anyl_status_text(anyloop_status status);

#endif
