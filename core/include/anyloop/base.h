/* base.h -- what every other header of anyloop stands on.
 *
 * The conventions of the whole interface, said once:
 *
 * Pointers are not NULL unless "May be NULL." is written. Every function checks what it is given: a bad argument is
 * a status or a failed future, never a crash, and nothing is lost. (What cannot be checked is a handle that was let go of,
 * or cast from another type. `await` takes: a task that is awaited twice is retained once before.)
 *
 * Objects are opaque and counted. A handle that you were given is yours to release; a handle that you are shown
 * ("borrowed") is not. `await`, the combinators and whatever is said to *take* its argument consume the reference,
 * on failure too. A value that is handed over is taken, on failure too. Everything else borrows. `\owns` says what is
 * taken, copied, retained or given; what it does not name is borrowed.
 *
 * Two classes of handles. Loop-thread handles (future, task, handle, lock, queue, ...) are plain memory: use them on
 * the loop's thread only. Released on another thread they stay for ever, and that is logged; futures and tasks alone
 * travel home. Any-thread handles (loop, promise, waker, job, executor, context, the owners of values) may be used and
 * released anywhere. `\thread loop` means the thread of the loop that the object belongs to; `any` means any thread,
 * even one that anyloop did not start, but no signal handler; `blocks` is said where a call may wait.
 *
 * Time is in nanoseconds of a monotonic clock. A `deadline` is a point in time (uint64_t), a `delay` or `timeout` is a
 * length (int64_t).
 *
 * Text is UTF-8 with a length. Names are NUL-terminated.
 *
 * A callback is a function, a user_data that anyloop never looks at, and a drop for it (may be NULL). The callback runs
 * at most once, from a turn of the loop, never inside the call that registered it; the drop runs exactly once: after
 * the callback, or instead of it. A callback registered as NULL is *pulled*, see host.h: its integer comes back as an
 * event in place of the drop, which runs only when the registration is refused.
 *
 * Failing leaves outputs untouched.
 *
 * "S-33" and the like in these pages is a rule of asyncio's: see docs/guide/09-rules.md.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_BASE_H
#define ANYLOOP_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#error "anyloop does not run on Windows before 1.0"
#elif defined(__GNUC__)
#define ANYLOOP_API __attribute__((visibility("default")))
/* Gives a reference: use it or lose it. */
#define ANYLOOP_OWNED __attribute__((warn_unused_result))
#else
#define ANYLOOP_API
#define ANYLOOP_OWNED
#endif

#ifdef __cplusplus
#define ANYLOOP_BEGIN_DECLS extern "C" {
#define ANYLOOP_END_DECLS }
#else
#define ANYLOOP_BEGIN_DECLS
#define ANYLOOP_END_DECLS
#endif

/* 0, or a negative number that means the same on every system and for ever: see status.h. */
typedef int32_t anyloop_status;

/* The handles, each with its class. */
typedef struct anyloop_loop anyloop_loop;                     /* any: an event loop */
typedef struct anyloop_handle anyloop_handle;                 /* loop: a callback or timer, to cancel it by */
typedef struct anyloop_future anyloop_future;                 /* loop: something that will have a result */
/* A task is a future that steps a coroutine; no casts. */
typedef anyloop_future anyloop_task;
typedef struct anyloop_promise anyloop_promise;               /* any: completes a future */
typedef struct anyloop_waker anyloop_waker;                   /* any: wakes or cancels a task */
typedef struct anyloop_context anyloop_context;               /* any: what variables hold */
typedef struct anyloop_contextvar anyloop_contextvar;         /* any: a variable */
typedef struct anyloop_timeout_scope anyloop_timeout_scope;   /* loop: a limit in time */
typedef struct anyloop_group anyloop_group;                   /* loop: tasks that end together */
typedef struct anyloop_completions anyloop_completions;       /* loop: an iteration over what is done */
typedef struct anyloop_lock anyloop_lock;                     /* loop: one at a time */
typedef struct anyloop_event anyloop_event;                   /* loop: a flag to wait for */
typedef struct anyloop_condition anyloop_condition;           /* loop: a lock and news of what it guards */
typedef struct anyloop_semaphore anyloop_semaphore;           /* loop: so many at a time */
typedef struct anyloop_barrier anyloop_barrier;               /* loop: where so many meet */
typedef struct anyloop_queue anyloop_queue;                   /* loop: values from task to task */
typedef struct anyloop_executor anyloop_executor;             /* any: where jobs run */
typedef struct anyloop_job anyloop_job;                       /* any: a function that an executor runs */

/* Frees a user_data. */
typedef void (*anyloop_drop_fn)(void *user_data);
/* A plain callback of the loop. */
typedef void (*anyloop_callback_fn)(void *user_data);
/* Hears that `future`, borrowed, is done. */
typedef void (*anyloop_done_fn)(void *user_data, anyloop_future *future);

/* "No delay", "no timeout": wait for ever. */
#define ANYLOOP_FOREVER INT64_MAX
/* "No deadline". */
#define ANYLOOP_NEVER UINT64_MAX

#endif
