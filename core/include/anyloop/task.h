/* task.h -- coroutines and the tasks that step them.
 *
 * A coroutine is a step function and a frame that the core copies and never moves. It is lazy. Awaited by a task it
 * goes onto that task's await stack and runs in the same step, to any depth at constant cost; given to gather, to a
 * done callback or to a run function it becomes a task first, and its handle is that task's from then on.
 *
 * The step protocol. `step(frame, task, event)` is called with
 *
 *     ANYLOOP_EVENT_START      the first time
 *     ANYLOOP_EVENT_RESUMED    what it awaited is done, or its yield or park is over; see `anyloop_task_outcome`
 *     ANYLOOP_EVENT_CANCELLED  the same, and the outcome is a cancellation: clean up and end, or refuse and go on
 *     ANYLOOP_EVENT_CLOSE      the loop is closing: clean up; awaits are refused; whatever it answers, this is its end
 *
 * and answers with
 *
 *     ANYLOOP_STEP_RETURN      ended with the value given to `anyloop_task_return`, else NONE
 *     ANYLOOP_STEP_RAISE       ended with the error given to `anyloop_task_raise` and its kin
 *     ANYLOOP_STEP_CANCELLED   ended cancelled
 *     ANYLOOP_STEP_AWAIT       suspended: `anyloop_task_await` said ANYLOOP_PENDING
 *     ANYLOOP_STEP_YIELD       suspended until the next turn
 *     ANYLOOP_STEP_PARK        suspended until a waker (promise.h) wakes it or it is cancelled
 *
 * Any other answer fails the task. An error with the code ANYLOOP_E_CANCELLED, raised or awaited, is a cancellation. C
 * writes this protocol with the macros of coro.h; a host that is not called back steps by pulling, see host.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TASK_H
#define ANYLOOP_TASK_H

#include <anyloop/future.h>

ANYLOOP_BEGIN_DECLS

/* Why a step runs: see above. */
enum {
    ANYLOOP_EVENT_START = 0,
    ANYLOOP_EVENT_RESUMED = 1,
    ANYLOOP_EVENT_CANCELLED = 2,
    ANYLOOP_EVENT_CLOSE = 3
};

/* What a step answers: see above. */
enum {
    ANYLOOP_STEP_RETURN = 0,
    ANYLOOP_STEP_RAISE = 1,
    ANYLOOP_STEP_CANCELLED = 2,
    ANYLOOP_STEP_AWAIT = 16,
    ANYLOOP_STEP_YIELD = 17,
    ANYLOOP_STEP_PARK = 18
};

/* The step of a coroutine. `frame` is its own memory, `task` the task that runs it, borrowed. */
typedef int32_t (*anyloop_step_fn)(void *frame, anyloop_task *task, uint32_t event);

/* Make a coroutine.
 *
 * \param loop   the loop.
 * \param name   a static text, not copied. May be NULL: the task gets a name of its own.
 * \param step   its step.
 * \param frame  copied. May be NULL: all zero.
 * \param size   of the frame, in bytes.
 * \returns the coroutine; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    copies `frame`; gives the coroutine.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_coroutine_create(anyloop_loop *loop, const char *name,
                                                                  anyloop_step_fn step, const void *frame, size_t size);

/* Make a task of a new coroutine. Its first step runs on the next turn, after what is ready already.
 *
 * \param loop   the loop.
 * \param name   a static text, not copied. May be NULL: a name of its own.
 * \param step   its step.
 * \param frame  copied. May be NULL: all zero.
 * \param size   of the frame, in bytes.
 * \returns the task; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    copies `frame`; gives the task. The loop holds the task until it is done: release the handle as soon as
 *          you like.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_task *anyloop_task_create(anyloop_loop *loop, const char *name, anyloop_step_fn step,
                                                           const void *frame, size_t size);

/* Everything that a coroutine can be made of. Begin with `{.struct_size = sizeof(anyloop_coroutine_options)}`. */
typedef struct anyloop_coroutine_options {
    uint32_t struct_size;
    uint32_t reserved;     /* 0 */
    const char *name;      /* copied; NULL: none */
    anyloop_step_fn step;  /* NULL: pulled (host.h) */
    const void *frame;     /* copied; NULL: all zero */
    uint64_t frame_size;   /* bytes */
    anyloop_drop_fn drop;  /* called once with the frame when the coroutine ends or is dropped, started or not */
    uint64_t user_data;    /* pulled: what the events carry */
} anyloop_coroutine_options;

/* Make a coroutine with a drop, with a name to copy, or one that is pulled.
 *
 * \param loop     the loop.
 * \param options  what it is made of.
 * \returns the coroutine; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; the frame
 *          is dropped then.
 * \thread  loop
 * \owns    copies the frame, gives the coroutine. With a wrong `struct_size` nothing is read, and nothing is dropped.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_coroutine_create_with(anyloop_loop *loop,
                                                                       const anyloop_coroutine_options *options);

/* How a task is made. Begin with `{.struct_size = sizeof(anyloop_task_options)}`. */
typedef struct anyloop_task_options {
    uint32_t struct_size;
    uint32_t flags;           /* ANYLOOP_TASK_... */
    const char *name;         /* copied; NULL: the coroutine's */
    anyloop_context *context; /* borrowed: run in a copy of this one; NULL: of the current one */
} anyloop_task_options;

enum {
    /* The first step runs inside this call when a step of this loop is running (asyncio's eager_start); else on the
     * next turn. */
    ANYLOOP_TASK_EAGER = 1
};

/* Make a task of a coroutine, as asyncio's create_task.
 *
 * \param loop       the loop.
 * \param coroutine  taken. One that is a task already is given back as it is.
 * \param options    May be NULL: the defaults.
 * \returns the task; failed with ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_NOMEM, ANYLOOP_E_STATE when it was
 *          awaited or cancelled already, ANYLOOP_E_TYPE when it is no coroutine, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `coroutine`; gives the task.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_task *anyloop_create_task(anyloop_loop *loop, anyloop_future *coroutine,
                                                           const anyloop_task_options *options);

/* Await something from a step of the task.
 *
 * \param task    the running task.
 * \param future  taken. Anything: a future, a task, a coroutine, an operation.
 * \param where   a static text, "file:line", for reports. May be NULL.
 * \returns ANYLOOP_PENDING: answer ANYLOOP_STEP_AWAIT now. ANYLOOP_READY: it is done, look at the outcome and go on.
 *          What cannot be awaited (itself, another loop's, a coroutine twice) is an outcome too: ANYLOOP_FAILED. While
 *          the loop closes: ANYLOOP_READY with the outcome ANYLOOP_CLOSED.
 * \thread  loop, inside a step
 * \owns    takes `future`.
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_task_await(anyloop_task *task, anyloop_future *future, const char *where);

enum { ANYLOOP_READY = 1 }; /* ANYLOOP_PENDING is 0 */

/* Say how the last await of the task ended: ANYLOOP_RESULT, ANYLOOP_FAILED, ANYLOOP_CANCELLED, or ANYLOOP_CLOSED.
 *
 * \param task  the running task.
 * \returns the outcome; ANYLOOP_RESULT before the first await and after a yield or park.
 * \thread  loop, inside a step
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_task_outcome(const anyloop_task *task);

/* Give the value of the last await: its result or its error. A cancellation's reason is the error's text.
 *
 * \param task  the running task.
 * \returns the value, borrowed until the task's next await.
 * \thread  loop, inside a step
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_task_awaited(const anyloop_task *task);

/* Set what the running coroutine returns. Takes effect with ANYLOOP_STEP_RETURN.
 *
 * \param task   the running task.
 * \param value  taken. May be NULL: NONE.
 * \thread  loop, inside a step
 * \owns    takes `value`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_task_return(anyloop_task *task, const anyloop_value *value);

/* Set what the running coroutine raises, as a code and a copied text. Takes effect with ANYLOOP_STEP_RAISE.
 *
 * \param task  the running task.
 * \param code  negative.
 * \param text  ends in NUL. May be NULL.
 * \thread  loop, inside a step
 * \owns    copies `text`; without memory for it the error is its code.
 * \since   0.1
 */
ANYLOOP_API void anyloop_task_raise(anyloop_task *task, anyloop_status code, const char *text);

/* Set what the running coroutine raises, as a ready error. With the code ANYLOOP_E_CANCELLED it ends cancelled, for
 * this reason.
 *
 * \param task   the running task.
 * \param error  an ERROR value, taken; anything else is told as ANYLOOP_E_TYPE.
 * \thread  loop, inside a step
 * \owns    takes `error`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_task_raise_error(anyloop_task *task, const anyloop_value *error);

/* Set what the running coroutine raises to what its last await failed or was cancelled with, whole.
 *
 * \param task  the running task.
 * \thread  loop, inside a step
 * \since   0.1
 */
ANYLOOP_API void anyloop_task_reraise(anyloop_task *task);

/* Give the loop of a task.
 *
 * \param task  the task.
 * \returns the loop, borrowed.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_loop *anyloop_task_loop(const anyloop_task *task);

/* Give the name of a task: the one it was given, else "Task-N".
 *
 * \param task  the task, done or not.
 * \returns the name, borrowed until it is changed; NULL when it is no task.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API const char *anyloop_task_name(anyloop_task *task);

/* Change the name of a task.
 *
 * \param task  the task.
 * \param name  copied.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_TYPE when it is no task, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_task_set_name(anyloop_task *task, const char *name);

/* Give the number of cancellations that were asked of the task and not taken back.
 *
 * \param task  the task.
 * \returns the count; 0 when it is no task.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_task_cancelling(const anyloop_task *task);

/* Take one request for cancellation back. At none a request that was not delivered is gone too.
 *
 * \param task  the task.
 * \returns what is left; 0 when it is no task.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_task_uncancel(anyloop_task *task);

ANYLOOP_END_DECLS
#endif
