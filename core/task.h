/* task.h -- coroutines, the tasks that step them, and cancelling.
 *
 * Owns:          one object for both: a coroutine that is given to somebody who needs a task becomes one in place, so
 *                that its handle stays good. The frame lies behind it and never moves.
 * Must not know: what is awaited, beyond "a future"; who drives the loop.
 * Threads:       the loop's.
 *
 * The await stack is a ring: a task's `top` is the coroutine that runs, whose `top` is the one below it, and so down to
 * the task itself. Awaiting a coroutine pushes it and runs it in the same step: depth costs nothing, and a wake-up goes
 * to the top at once. A coroutine that ended is what its awaiter `awaited`: its result stays readable there until the
 * next await.
 *
 *     state of a task    its node is in         `awaited`
 *     scheduled          the ready queue        NULL, or done
 *     waiting            the future's ring      pending
 *     sleeping           nowhere                NULL; its timer is armed, or due
 *     parked             nowhere                NULL
 *     in a step          nowhere                what it awaited last
 *
 * A task that sleeps is as small as one that waits: a sleep that it awaits leaves its timer in the task and is gone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_TASK_H
#define ANYL_TASK_H

#include "future.h"

#include <anyloop/task.h>

typedef struct anyl_task anyl_task;

/* Why something was cancelled, in two words: a static text, or, with a flag of the task's, the owner of a value. */
typedef struct anyl_reason {
    uintptr_t text;
    uint32_t size; /* of a static text */
} anyl_reason;

struct anyl_task {
    anyloop_future future; /* the flags below are in its task_flags, how the last await ended in its outcome */
    anyl_node node;
    anyl_task *top;
    anyloop_step_fn step; /* NULL: pulled */
    const char *name;
    anyl_list link; /* among the loop's tasks */
    uint32_t size;    /* of it all */
    uint32_t number;  /* the N of Task-N; 0: it has a name */
    /* all zero at first */
    anyloop_future *awaited;
    const char *where; /* of the await it is at */
    anyloop_context *context; /* while it does not run */
    uintptr_t reason; /* of its last cancelling: a static text, or, with ANYL_TASK_REASON_OWNED, a value's owner */
    uint32_t reason_size; /* of that text */
    uint32_t cancels;
    union {
        anyl_timer timer;
        anyl_reason sleep_reason; /* of a sleep that was cancelled before it was due, until the task hears of it */
        anyl_task *closed;        /* once the loop is, and has disarmed the timer: what was on its stack */
    };
};

/* Tells of what a coroutine with that frame waits for beside what its task awaits. `waits`: that is still pending. */
typedef void (*anyl_frame_each_fn)(const void *frame, bool waits, anyl_each_fn tell, void *to);

/* Behind the frame, with ANYL_TASK_EXTRA. */
typedef struct anyl_extra {
    anyloop_drop_fn drop;
    union {
        uint64_t user_data;      /* of a pulled one */
        anyl_frame_each_fn each; /* of an operation that sets it; else NULL */
    };
} anyl_extra;

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
    ANYL_TASK_LOOSE = 16384,       /* closed: what it awaited is not held any more, see unwind.c */
    ANYL_TASK_EXTRA = 32768,       /* it has a drop or user_data */
    ANYL_TASK_REASON_OWNED = 65536,
    ANYL_TASK_LIES_DOWN = 131072,  /* in a step: it is to sleep */
    ANYL_TASK_SLEEPS = 262144,
    ANYL_TASK_SLEEP_CANCELLED = 524288, /* it slept, and hears of the cancellation next */
    ANYL_TASK_STRANDED = 1048576,  /* closed: what it awaited is gone, and could not have been cancelled any more */
    ANYL_TASK_SLEEP_REASON_OWNED = 2097152,
    ANYL_TASK_SLEPT_OUT = 4194304  /* it was due when it was cancelled: the reason is with the task's own */
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

/* Does it sleep for an await of its own, whose coroutine is gone? */
bool anyl_sleep_in_task(const anyl_task *task);

static inline bool anyl_task_sleeps(const anyloop_future *future)
{
    return anyl_is_task(future) && (future->task_flags & ANYL_TASK_SLEEPS);
}

static inline void *anyl_task_frame(anyl_task *task)
{
    return (char *)task + ANYL_ALIGNED(sizeof(anyl_task));
}

static inline anyl_extra *anyl_task_extra(anyl_task *task)
{
    return (anyl_extra *)(void *)((char *)task + task->size - sizeof(anyl_extra));
}

/* Of a coroutine: neither awaited nor cancelled yet. */
static inline bool anyl_task_is_fresh(const anyl_task *coroutine)
{
    return (coroutine->future.task_flags & ANYL_TASK_STACKED) == 0 && !anyl_future_done(&coroutine->future);
}

/* Down the await stack; NULL: that was the task itself. */
static inline anyl_task *anyl_task_below(const anyl_task *task, const anyl_task *coroutine)
{
    return coroutine == task ? NULL : coroutine->top;
}

/* ---- making */

/* The coroutine is over; its frame is dropped. */
void anyl_coroutine_end(anyl_task *coroutine);
/* The same without its own doing: a pulled one's integer goes back to the host. */
void anyl_coroutine_abandon(anyl_task *coroutine);

/* Copies the frame; NULL: all zero. NULL: no memory. */
anyl_task *anyl_coroutine_new(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                              size_t size);
/* The same with a drop, or with the user_data of a pulled one. */
anyl_task *anyl_coroutine_new_with(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                   size_t size, anyl_extra extra);
/* It becomes a task and is scheduled; gives it back. */
anyloop_task *anyl_task_start(anyl_task *coroutine, anyloop_context *context);
/* Both at once: makes a task. */
anyl_task *anyl_task_new(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame, size_t size);
/* The same, and its first step runs here and now, if a step or callback of the loop is running. */
void anyl_task_start_eager(anyl_task *coroutine, anyloop_context *context);
/* Takes `future`: a coroutine becomes a task; anything else stays what it is. ANYLOOP_E_STATE: it was awaited. */
anyloop_status anyl_ensure_future(anyloop_loop *loop, anyloop_future *future);
/* Will it? Asked before what may find no memory: after that a coroutine is to be what it was. */
static inline anyloop_status anyl_may_ensure_future(const anyloop_future *future)
{
    return anyl_is_coroutine(future) && (future->task_flags & ANYL_TASK_STACKED) ? ANYLOOP_E_STATE : ANYLOOP_OK;
}

/* ---- the library's own coroutines */

typedef struct anyl_operation {
    const char *name; /* for reports */
    anyloop_step_fn step;
    anyloop_drop_fn drop; /* of its frame; NULL: there is nothing to drop */
    size_t frame_size;
} anyl_operation;

/* Its frame is zero, and is dropped once. NULL: no memory. */
anyl_task *anyl_operation_new(anyloop_loop *loop, const anyl_operation *operation);
/* The same without a drop: its frame, a few words, is copied. */
anyl_task *anyl_operation_new_small(anyloop_loop *loop, const anyl_operation *operation, const void *frame);
/* asyncio's sleep. NULL: no memory. */
anyl_task *anyl_sleep(anyloop_loop *loop, int64_t delay);

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

/* The same for a pending future that is no coroutine, when nothing is special. False: nothing was done. */
ANYL_HOT bool anyl_task_await_quickly(anyl_task *task, anyloop_future *future, const char *where)
{
    uint32_t begun = ANYL_TASK_CLOSING | ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_LIES_DOWN;
    anyl_task *top = task->top;
    anyloop_future *before = task->awaited;
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || (task->future.task_flags & begun) ||
                      (top->future.task_flags & ANYL_TASK_ENDED) || future->loop != task->future.loop ||
                      future->state != ANYLOOP_PENDING || anyl_is_coroutine(future) || future == &task->future))
        return false;
    top->where = where;
    task->awaited = future;
    task->future.task_flags |= ANYL_TASK_AWAITS;
    if (before)
        anyl_future_release_quickly(before, task->future.loop); /* another await is refused already */
    return true;
}

void anyl_task_return(anyl_task *task, anyloop_value value);

/* The same when nothing was set before, and no await was begun. False: nothing was done. */
ANYL_HOT bool anyl_task_return_quickly(anyl_task *task, const anyloop_value *value)
{
    anyl_task *running = task->top;
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || (task->future.task_flags & ANYL_TASK_PUSHED) || running->future.value.owner ||
                      (running->future.task_flags & ANYL_TASK_RAISED)))
        return false;
    running->future.value = *value;
    return true;
}

/* With the code ANYLOOP_E_CANCELLED it ends cancelled. */
void anyl_task_raise(anyl_task *task, anyloop_value error);
/* How the last await failed or was cancelled; the answer of the step. */
int32_t anyl_task_reraise(anyl_task *task);
/* Sleep: the answer to give is then ANYLOOP_STEP_AWAIT. A delay of 0 or less is one pass through the ready queue.
 * ANYLOOP_E_NOMEM. */
anyloop_status anyl_task_sleep(anyl_task *task, int64_t delay);
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

/* What most have to say; without a copy of it. */
int32_t anyl_return_none(anyl_task *task);
int32_t anyl_return_true(anyl_task *task);
int32_t anyl_raise_code(anyl_task *task, anyloop_status code);

/* As a future ended, which `outcome` and `value` are of: its result, error or cancellation. */
int32_t anyl_end_as(anyl_task *task, uint32_t outcome, const anyloop_value *value);
/* As the last await ended. */
int32_t anyl_pass_on(anyl_task *task);

static inline uint32_t anyl_task_outcome(const anyl_task *task)
{
    return task->future.outcome;
}

/* The value of the last await. */
static inline const anyloop_value *anyl_task_seen(const anyl_task *task)
{
    if (task->awaited && ANYL_LIKELY(task->future.outcome != ANYLOOP_CLOSED))
        return &task->awaited->value;
    return task->future.outcome == ANYLOOP_CANCELLED || task->future.outcome == ANYLOOP_FAILED
               ? &task->future.loop->received
               : &anyl_value_nothing;
}

/* ---- from outside */

/* Tell the host of the step that could not be told before. */
void anyl_task_tell_asked(anyloop_loop *loop);
/* The loop closes: no answer is waited for any more. */
void anyl_task_withdraw_asked(anyloop_loop *loop);
/* It closes: no task is stepped from now on, wherever its node may be. They are unwound one by one. */
void anyl_task_run_no_more(anyloop_loop *loop);
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

/* Why it was cancelled last, as far as the task was to hear of that itself: an error with a reference of its own. */
anyloop_value anyl_task_reason(const anyl_task *task);
/* 1, 0 or a status, as anyloop_future_cancel. The reason is borrowed: TEXT, ERROR or NONE. */
int32_t anyl_cancel(anyloop_future *future, const anyloop_value *reason);
/* The same for a task that sleeps; `reason` may be NULL. Nothing is further down. */
int32_t anyl_sleep_cancel(anyl_task *task, const anyloop_value *reason);
/* Of a closed loop: would its cancelling find somebody who can no longer hear of it? */
bool anyl_cancel_strands(const anyloop_future *future);
uint32_t anyl_task_uncancel(anyl_task *task);

#endif
