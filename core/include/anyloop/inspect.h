/* inspect.h -- what a loop is doing: its tasks, who awaits whom, steps that take too long, figures.
 *
 * As data: `anyloop_loop_visit_tasks` tells of each task. As text: `anyloop_loop_format_tree`, in the taste of
 * asyncio's call graphs, and `anyloop_loop_stall_report` (loop.h). A loop pays for what is switched on: the handler of
 * slow callbacks, and ANYLOOP_LOOP_DEBUG (loop.h), without which no task has an age.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_INSPECT_H
#define ANYLOOP_INSPECT_H

#include <anyloop/executor.h>
#include <anyloop/loop.h>

ANYLOOP_BEGIN_DECLS

/* ---- tasks */

enum {
    ANYLOOP_TASK_READY = 0,   /* its step comes: it was never stepped, or what it awaited is done */
    ANYLOOP_TASK_RUNNING = 1, /* its step runs: the current task */
    ANYLOOP_TASK_WAITING = 2, /* it awaits something that is pending */
    ANYLOOP_TASK_PARKED = 3   /* a waker must wake it */
};

/* What a visitor is told of a task. Everything here is borrowed until the visitor returns. */
typedef struct anyloop_task_info {
    uint32_t struct_size; /* as the library has it: a later one may tell more */
    uint32_t state;       /* ANYLOOP_TASK_... */
    uint64_t id;          /* tells living tasks apart, as Python's id(): its address */
    anyloop_task *task;      /* itself */
    const char *name;        /* as `anyloop_task_name` */
    int64_t age;             /* ns since its coroutine was made; -1 without ANYLOOP_LOOP_DEBUG */
    const char *awaits;      /* "sleep", "lock.acquire", "a future", "a task", "a gather", "a job" ...; NULL: nothing */
    anyloop_future *awaited; /* that future, task or gather; NULL: nothing, or something inside the library */
    uint64_t depth;          /* coroutines on its await stack: see `anyloop_task_get_stack` */
    anyloop_task *const *awaited_by; /* tasks that wait for it: await it, or a gather or shield of it, or wait for it */
    uint64_t awaited_by_count;       /* how many */
    uint32_t ring;       /* tasks with the same number wait for each other, in a ring; 0: it is in none */
    uint32_t cancelling; /* as `anyloop_task_cancelling` */
} anyloop_task_info;

/* Hears of a task. Anything but ANYLOOP_OK ends the visit. */
typedef anyloop_status (*anyloop_visit_fn)(void *user_data, const anyloop_task_info *info);

/* Tell of each task that is not done, in the order of their making.
 *
 * The visit is of the moment when it begins: what is made meanwhile is not visited, what ended meanwhile is passed
 * over, and who waits for whom is told as it was then. So the visitor may do what it likes: spawn, cancel, release,
 * visit again. If it closes the loop, the visit ends with ANYLOOP_E_CLOSED.
 *
 * \param loop       the loop.
 * \param visitor    hears of each.
 * \param user_data  handed to `visitor`. May be NULL.
 * \returns ANYLOOP_OK; what the visitor returned, when that was something else; ANYLOOP_E_NOMEM, before any task was
 *          told of; ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_visit_tasks(anyloop_loop *loop, anyloop_visit_fn visitor, void *user_data);

/* A coroutine on an await stack. Never grows. */
typedef struct anyloop_task_frame {
    const char *name;   /* static, or borrowed from the task; NULL: none */
    const char *where;  /* of the await that it is at, or was at last; static; NULL: none yet, or not told */
    uint32_t operation; /* 1: one of the library's own, such as "sleep" */
    uint32_t reserved;
} anyloop_task_frame;

/* List the coroutines on a task's await stack, the innermost first, as asyncio's get_stack does of one.
 *
 * \param task      the task.
 * \param frames    gets up to `capacity` of them. May be NULL when `capacity` is 0.
 * \param capacity  of `frames`, in items.
 * \returns how many frames there are; 0 when it is done, or no task.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API size_t anyloop_task_get_stack(const anyloop_task *task, anyloop_task_frame *frames, size_t capacity);

/* Takes text: whole lines, each with its newline. May call nothing of the loop. */
typedef void (*anyloop_write_fn)(void *user_data, const char *text, size_t size);

/* Write all tasks as a tree: below each task those that it waits for, as asyncio's pstree. A task that several wait for
 * is told once, and named for the others; rings of tasks that wait for each other are named at the end.
 *
 * \param loop       the loop.
 * \param write      gets the text, line by line.
 * \param user_data  handed to `write`. May be NULL.
 * \returns ANYLOOP_OK; ANYLOOP_E_NOMEM, and nothing was written; ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_format_tree(anyloop_loop *loop, anyloop_write_fn write, void *user_data);

/* ---- slow callbacks */

/* What a handler is told of a step, or of a callback, that took long. Borrowed. */
typedef struct anyloop_slow_callback {
    uint32_t struct_size;
    uint32_t reserved;
    anyloop_task *task; /* NULL: a callback, not a task's step */
    const char *name;   /* the task's; NULL: a callback */
    int64_t duration;   /* ns of real time */
    const char *from;   /* "file:line" of the await that the step went on from; NULL: from the coroutine's beginning */
    const char *to;     /* of the await that it came to; NULL: the task is done, or that await does not say */
} anyloop_slow_callback;

/* Hears of a slow step or callback, from a turn, right after it. */
typedef void (*anyloop_slow_callback_fn)(void *user_data, anyloop_loop *loop, const anyloop_slow_callback *slow);

/* Tell of each task's step, and each callback, that keeps the loop for `duration` or longer: asyncio's
 * slow_callback_duration. Off at first, and then it costs nothing; on, the clock is read at every step. Takes effect
 * with the next step or callback. What a host runs itself, a pulled step, is not measured; an eager first step counts for the step
 * that made the task.
 *
 * \param loop       the loop.
 * \param duration   ns of real time, also where the loop's clock is virtual; ANYLOOP_FOREVER: off.
 * \param handler    May be NULL: a line to the log.
 * \param user_data  handed to `handler`. May be NULL.
 * \param drop       frees `user_data`, once: when this is set anew, or with the loop. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID for a negative duration; after an error
 *          `drop` has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_set_slow_callback_handler(anyloop_loop *loop, int64_t duration,
                                                                  anyloop_slow_callback_fn handler, void *user_data,
                                                                  anyloop_drop_fn drop);

/* ---- figures */

enum {
    /* Of times, by powers of two: the first counts what is below 1024 ns, the one of index i > 0 what is at least
     * 2^(9 + i) ns and below the double of that, the last all that is at least 2^32 ns. */
    ANYLOOP_HISTOGRAM_SIZE = 24
};

/* A loop's figures since its making. Begin with `{.struct_size = sizeof(anyloop_loop_figures)}`. */
typedef struct anyloop_loop_figures {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t turns;      /* begun */
    uint64_t ready_most; /* the most steps and callbacks that one turn ran: the ready queue's high water */
    uint64_t tasks;      /* that are not done, now */
    uint64_t timers;     /* set and not due yet, now */
    uint64_t jobs;       /* in executors, now */
    uint64_t lag_most;   /* ns, the most that a timer was late */
    /* Turns that found timers due, by how late the first of these was: the loop was busy, or the system late. */
    uint64_t lag[ANYLOOP_HISTOGRAM_SIZE];
} anyloop_loop_figures;

/* Read a loop's figures. Of two readings the differences are the figures of the time between.
 *
 * \param loop     the loop, may be closed.
 * \param figures  gets them.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID for a wrong struct size too.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_get_figures(const anyloop_loop *loop, anyloop_loop_figures *figures);

/* An executor's figures since its making. Begin with `{.struct_size = sizeof(anyloop_executor_figures)}`. */
typedef struct anyloop_executor_figures {
    uint32_t struct_size;
    uint32_t max_workers; /* as the pool was made with */
    uint32_t workers;     /* threads or workers, now */
    uint32_t running;     /* of them, those that run a job, now */
    uint64_t queued;      /* jobs that wait, now */
    uint64_t queued_most; /* the most that waited at once */
    uint64_t done;        /* jobs that are dealt with */
    uint64_t cancelled;   /* jobs that were taken out of the queue */
    uint64_t wait_total;  /* ns that the jobs dealt with had waited in the queue */
    uint64_t wait_most;   /* the longest of these */
    uint64_t wait[ANYLOOP_HISTOGRAM_SIZE]; /* the same jobs, by how long they had waited */
} anyloop_executor_figures;

/* Read the figures of a pool of threads or workers: all of one moment.
 *
 * \param executor  the pool.
 * \param figures   gets them.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_SUPPORTED for an executor of another kind, ANYLOOP_E_FORKED in a forked child for
 *          its parent's pool, ANYLOOP_E_INVALID for a wrong struct size too.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_executor_get_figures(anyloop_executor *executor, anyloop_executor_figures *figures);

/* Give the executor that NULL means: the one that was set, or the loop's own pool once a job has needed it.
 *
 * \param loop  the loop.
 * \returns the executor, borrowed from the loop; NULL: there is none yet, or no more.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_executor *anyloop_loop_default_executor(const anyloop_loop *loop);

ANYLOOP_END_DECLS
#endif
