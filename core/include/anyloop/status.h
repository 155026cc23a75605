/* status.h -- the codes, fixed for ever.
 *
 * Every code below may also be the code of an error value (value.h). Codes at or below ANYLOOP_E_FOREIGN_MAX are free
 * for the user and for bindings: anyloop carries them and never makes them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_STATUS_H
#define ANYLOOP_STATUS_H

#include <anyloop/base.h>

ANYLOOP_BEGIN_DECLS

enum {
    ANYLOOP_OK = 0,                /* done */
    ANYLOOP_E_NOMEM = -1,          /* no memory; the request had no effect */
    ANYLOOP_E_STATE = -2,          /* already done or awaited, or not begun: asyncio's InvalidStateError */
    ANYLOOP_E_CLOSED = -3,         /* the loop is closed */
    ANYLOOP_E_CANCELLED = -4,      /* a cancellation, where it is told as an error */
    ANYLOOP_E_TIMED_OUT = -5,      /* asyncio's TimeoutError */
    ANYLOOP_E_USER = -6,           /* an error of the program's own */
    ANYLOOP_E_DEADLOCK = -7,       /* nothing is ready, no timer is set, nobody outside can wake the loop */
    ANYLOOP_E_STOPPED = -8,        /* the loop was stopped before the future was done */
    ANYLOOP_E_INVALID = -9,        /* an argument is missing, malformed or out of range */
    ANYLOOP_E_THREAD = -10,        /* not on the loop's thread */
    ANYLOOP_E_RUNNING = -11,       /* a loop is running in this thread */
    ANYLOOP_E_AGAIN = -12,         /* not yet: turn the loop and ask again */
    ANYLOOP_E_FULL = -13,          /* asyncio's QueueFull; also an executor's queue */
    ANYLOOP_E_EMPTY = -14,         /* asyncio's QueueEmpty */
    ANYLOOP_E_SHUTDOWN = -15,      /* asyncio's QueueShutDown; also an executor's */
    ANYLOOP_E_BROKEN = -16,        /* asyncio's BrokenBarrierError */
    ANYLOOP_E_NOT_HELD = -17,      /* the lock is not held */
    ANYLOOP_E_SELF_AWAIT = -18,    /* a task that awaits itself */
    ANYLOOP_E_OTHER_LOOP = -19,    /* the object belongs to another loop */
    ANYLOOP_E_ABANDONED = -20,     /* nobody is left to complete it: the promise was let go of, or the worker died */
    ANYLOOP_E_GROUP = -21,         /* errors of a task group; the children say which */
    ANYLOOP_E_WOULD_BLOCK = -22,   /* this host cannot block here */
    ANYLOOP_E_NOT_SUPPORTED = -23, /* not on this platform, or not for this kind of object */
    ANYLOOP_E_TYPE = -24,          /* a value that cannot go there */
    ANYLOOP_E_NOT_FOUND = -25,     /* no value, or nothing of that name */
    ANYLOOP_E_END = -26,           /* the iteration is over */
    ANYLOOP_E_OS = -27,            /* the system refused; the error's os_code says how */
    ANYLOOP_E_VERSION = -28,       /* header and library do not fit */
    ANYLOOP_E_FORKED = -29,        /* the loop is that of the process which this one was forked from */
    ANYLOOP_E_FOREIGN_MAX = -1000  /* from here down: the user's and the bindings' own */
};

/* Give the name of a code, such as "ANYLOOP_E_CLOSED".
 *
 * \param status  any number.
 * \returns a static text, "ANYLOOP_E_?" for a number that is no code.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const char *anyloop_status_name(anyloop_status status);

/* Give one English sentence without a full stop that says what a code means.
 *
 * \param status  any number.
 * \returns a static text.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const char *anyloop_status_text(anyloop_status status);

ANYLOOP_END_DECLS
#endif
