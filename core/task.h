/* task.h -- coroutines, the tasks that step them, and cancelling.
 *
 * Owns:          one object for both: a coroutine that is given to somebody who needs a task becomes one in place, so
 *                that its handle stays good. The frame lies behind it and never moves.
 * Must not know: what is awaited, beyond "a future"; who drives the loop.
 * Threads:       the loop's.
 *
 * The await stack. A task's `top` is the coroutine that runs; `below` leads down to the task itself. Awaiting a
 * coroutine pushes it and runs it in the same step: depth costs nothing, and a wake-up goes to the top at once. A
 * coroutine that ended is what its awaiter `awaited`: its result stays readable there until the next await.
 *
 *     state of a task    its node is in         `awaited`
 *     scheduled          the ready queue        NULL, or done
 *     waiting            the future's ring      pending
 *     parked             nowhere                NULL
 *     in a step          nowhere                what it awaited last
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_TASK_H
#define ANYL_TASK_H

#include "future.h"

#include <anyloop/task.h>

typedef struct anyl_task anyl_task;

struct anyl_task {
    anyloop_future future; /* flags below are in its task_flags, the N of Task-N in its number */
    anyl_node node;
    anyloop_future *awaited;
    const anyloop_value *seen; /* the value of the last await */
    anyl_task *top, *below; /* of a task that was closed, `below` is what was on its stack */
    anyloop_step_fn step; /* NULL: pulled */
    anyloop_drop_fn drop;
    const char *where; /* of the await it is at */
    uint64_t user_data;
    anyloop_context *context; /* while it does not run */
    const char *name;
    anyl_list link; /* among the loop's tasks */
    size_t size;    /* of it all */
    uint32_t cancels;
    uint32_t outcome;       /* of the last await */
    anyloop_value reason;   /* of the cancellation to come; an error */
    anyloop_value received; /* of the one that came */
};

enum {
    ANYL_TASK_OPERATION = 1,       /* the library's own coroutine */
    ANYL_TASK_NAME_OWNED = 2,
    ANYL_TASK_STARTED = 4,         /* the coroutine had its first step */
    ANYL_TASK_ENDED = 8,           /* it will have no more, and its frame is dropped */
    ANYL_TASK_STACKED = 16,        /* it was awaited: it is on a stack, or was */
    ANYL_TASK_RAISED = 32,         /* what it will end with is an error */
    ANYL_TASK_MUST_CANCEL = 64,    /* CPython's _must_cancel */
    ANYL_TASK_AWAITS = 128,        /* in a step: `awaited` is to be waited for */
    ANYL_TASK_PUSHED = 256,        /* in a step: a coroutine was pushed */
    ANYL_TASK_PARKED = 512,
    ANYL_TASK_WOKEN = 1024,        /* a wake came while it was not parked */
    ANYL_TASK_VISITED = 2048,      /* by the cancelling under way */
    ANYL_TASK_CLOSING = 4096,      /* the loop is: awaits are refused */
    ANYL_TASK_CLOSE_TOLD = 8192,   /* the host has had the close event */
    ANYL_TASK_LOOSE = 16384        /* closed: what it awaited is not held any more, see unwind.c */
};

enum { ANYL_TASK_NAME_ROOM = 32 };

extern const anyl_future_class anyl_coroutine_class, anyl_task_class;

static inline bool anyl_is_task(const anyloop_future *future)
{
    return future->owner.class == &anyl_task_class.owner;
}

static inline bool anyl_is_coroutine(const anyloop_future *future)
{
    return future->owner.class == &anyl_coroutine_class.owner;
}

static inline anyl_task *anyl_task_of(anyloop_future *future)
{
    return (anyl_task *)(void *)future;
}

static inline void *anyl_task_frame(anyl_task *task)
{
    return (char *)task + ANYL_ALIGNED(sizeof(anyl_task));
}

/* ---- making */

/* The coroutine is over; its frame is dropped. */
void anyl_coroutine_end(anyl_task *coroutine);
/* The same without its own doing: a pulled one's integer goes back to the host. */
void anyl_coroutine_abandon(anyl_task *coroutine);

/* What is in its frame is up to the caller. NULL: no memory. */
anyl_task *anyl_coroutine_new(anyloop_loop *loop, anyloop_step_fn step, size_t size);
/* Copies the frame; NULL: all zero. */
static inline void anyl_coroutine_fill(anyl_task *coroutine, const void *frame, size_t size)
{
    if (size && frame)
        memcpy(anyl_task_frame(coroutine), frame, size);
    else if (size)
        memset(anyl_task_frame(coroutine), 0, size);
}
/* It becomes a task and is scheduled. */
void anyl_task_start(anyl_task *coroutine, anyloop_context *context);
/* The same, and its first step runs here and now, if a step or callback of the loop is running. */
void anyl_task_start_eager(anyl_task *coroutine, anyloop_context *context);
/* Takes `future`: a coroutine becomes a task; anything else stays what it is. ANYLOOP_E_STATE: it was awaited. */
anyloop_status anyl_ensure_future(anyloop_loop *loop, anyloop_future *future);

/* ---- the library's own coroutines */

typedef struct anyl_operation {
    const char *name; /* for reports */
    anyloop_step_fn step;
    void (*drop)(void *frame); /* NULL: nothing to drop */
    size_t frame_size;
} anyl_operation;

/* Its frame is zero, and is dropped once. NULL: no memory. */
anyl_task *anyl_operation_new(anyloop_loop *loop, const anyl_operation *operation);

/* A future inside the frame of an operation, which waits for it and for nothing else at that time. */
typedef struct anyl_waiter {
    anyloop_future future;
    anyl_list link; /* in the queue that the operation waits in */
} anyl_waiter;

/* Make it pending, for the first time in a zero frame or again. */
void anyl_waiter_arm(anyl_waiter *waiter, anyloop_loop *loop);
/* With its frame. */
void anyl_waiter_end(anyl_waiter *waiter);
/* Await it: the answer of the step. */
int32_t anyl_waiter_await(anyl_waiter *waiter, anyl_task *task);
/* Release it, if it still waits. */
anyloop_status anyl_waiter_release(anyl_waiter *waiter);

/* ---- inside a step */

/* Takes `future`; as anyloop_task_await. */
int32_t anyl_task_await(anyl_task *task, anyloop_future *future, const char *where);
void anyl_task_return(anyl_task *task, anyloop_value value);
/* With the code ANYLOOP_E_CANCELLED it ends cancelled. */
void anyl_task_raise(anyl_task *task, anyloop_value error);
/* As the last await failed or was cancelled; the answer of the step. */
int32_t anyl_task_reraise(anyl_task *task);
/* What the step answered. False: no answer of this task is due. */
bool anyl_task_stepped(anyl_task *task, int32_t answer);

static inline int32_t anyl_return(anyl_task *task, anyloop_value value)
{
    anyl_task_return(task, value);
    return ANYLOOP_STEP_RETURN;
}

static inline int32_t anyl_raise(anyl_task *task, anyloop_value error)
{
    anyl_task_raise(task, error);
    return ANYLOOP_STEP_RAISE;
}

/* As the last await ended: its result, error or cancellation. */
int32_t anyl_pass_on(anyl_task *task);

/* ---- from outside */

/* Tell the host of the step that could not be told before. */
void anyl_task_tell_asked(anyloop_loop *loop);
/* The loop closes: no answer is waited for any more. */
void anyl_task_withdraw_asked(anyloop_loop *loop);
/* Go on after a park; once is enough. */
void anyl_task_wake(anyl_task *task);
/* The close event to all its coroutines. False: the host must be asked; again after its answer. */
bool anyl_task_close(anyl_task *task);
/* The same after the host's answer. */
bool anyl_task_close_on(anyl_task *task);
/* NUL-terminated. */
const char *anyl_task_name(anyl_task *task);
/* The same without memory, put together in `buffer` where it is a number. */
const char *anyl_task_name_in(const anyl_task *task, char buffer[ANYL_TASK_NAME_ROOM]);
/* Takes `name`, which anyl_alloc_text made. */
void anyl_task_set_name(anyl_task *task, const char *name);

/* ---- cancelling */

/* A future whose cancelling is that of its children: a gather. */
typedef struct anyl_fan {
    anyloop_future future;
    anyloop_future **children; /* one may be there twice */
    size_t count;
    bool requested; /* a cancellation was asked and accepted */
    /* while it is being cancelled */
    bool visited, any;
    size_t at;
    struct anyl_fan *up;
    anyl_task *first, *last;
} anyl_fan;

/* 1, 0 or a status, as anyloop_future_cancel. Takes the reason: TEXT, ERROR or NONE. */
int32_t anyl_cancel(anyloop_future *future, anyloop_value reason);
uint32_t anyl_task_uncancel(anyl_task *task);

#endif
