/* executor.h -- blocking functions, elsewhere.
 *
 * A job is a function and its input value; its result is a value. One signature serves threads, worker processes, Web
 * Workers and whatever a binding runs jobs on. A job that was accepted completes exactly once. Cancelling its future
 * while it is queued takes it out of the queue; while it runs, the future is cancelled at once, the job is asked to
 * stop (`anyloop_job_stopping`), and what it still returns is dropped.
 *
 * Signals are blocked on the threads of the default executor, and so in a child that a job forks, which has that thread
 * alone: it goes on to exec or to _exit, and does not return from the job.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_EXECUTOR_H
#define ANYLOOP_EXECUTOR_H

#include <anyloop/context.h>
#include <anyloop/future.h>

ANYLOOP_BEGIN_DECLS

/* What a job does. `in` is borrowed until it returns. It says what came of it by `anyloop_job_return` or
 * `anyloop_job_raise`; saying nothing is the result NONE. */
typedef void (*anyloop_job_fn)(anyloop_job *job, const anyloop_value *in);

/* A job that may leave the process: a static table of them ends with {NULL, NULL}. Never grows. */
typedef struct anyloop_job_type {
    const char *name;        /* the same in every process */
    anyloop_job_fn function; /* what it does */
} anyloop_job_type;

/* Serve jobs if this copy of the program was started as a worker; the first thing that `main` does. A program has one
 * table, the one that was given last.
 *
 * \param argc  main's, by address.
 * \param argv  main's.
 * \param jobs  the jobs that a worker may be asked for.
 * \returns 1 in a worker: return from `main`; on the web it serves its jobs after that. 0: go on.
 * \thread  any, may block in a worker
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_worker_main(int32_t *argc, char **argv, const anyloop_job_type *jobs);

/* Run a function in an executor. Submits at once.
 *
 * \param loop      the loop.
 * \param executor  May be NULL: the loop's default one, made on first use: a pool of workers where there are some, on the
 *                  web, else of threads.
 * \param function  the job.
 * \param in        its input, taken, on failure too. May be NULL: NONE.
 * \returns a future; failed with ANYLOOP_E_FULL, ANYLOOP_E_SHUTDOWN, ANYLOOP_E_TYPE for an input that holds a future,
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_NOT_SUPPORTED without threads, ANYLOOP_E_OS, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID; with whatever the `submit` of an executor of your own refused it with.
 * \thread  loop
 * \owns    takes `in`; gives the future.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_run_in_executor(anyloop_loop *loop, anyloop_executor *executor,
                                                                 anyloop_job_fn function, const anyloop_value *in);

/* The same, but an operation that waits for a place in a full queue, and then for the job. Cancelled while it waits for
 * a place, the job never starts.
 *
 * \param loop      the loop.
 * \param executor  May be NULL: the loop's default one.
 * \param function  the job.
 * \param in        its input, taken, on failure too. May be NULL: NONE.
 * \returns an operation with the job's result; otherwise as `anyloop_run_in_executor`, never ANYLOOP_E_FULL.
 * \thread  loop
 * \owns    takes `in`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_run_in_executor_when_free(anyloop_loop *loop,
                                                                           anyloop_executor *executor,
                                                                           anyloop_job_fn function,
                                                                           const anyloop_value *in);

/* Submit a job now or not at all: the form for those who want to do something else when the queue is full.
 *
 * \param loop      the loop.
 * \param executor  May be NULL: the loop's default one.
 * \param function  the job.
 * \param in        its input, taken, on failure too. May be NULL: NONE.
 * \param out       the future.
 * \returns ANYLOOP_OK, else the codes of `anyloop_run_in_executor`.
 * \thread  loop
 * \owns    takes `in`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_try_run_in_executor(anyloop_loop *loop, anyloop_executor *executor,
                                                       anyloop_job_fn function, const anyloop_value *in,
                                                       anyloop_future **out);

/* Set what the job returns.
 *
 * \param job    the job.
 * \param value  taken. May be NULL: NONE. One that holds a future fails the job with ANYLOOP_E_TYPE.
 * \thread  any, by whoever runs the job
 * \owns    takes `value`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_job_return(anyloop_job *job, const anyloop_value *value);

/* Set what the job fails with, as a code and a copied text.
 *
 * \param job   the job.
 * \param code  negative.
 * \param text  ends in NUL. May be NULL.
 * \thread  any, by whoever runs the job
 * \owns    copies `text`; without memory for it the error is its code.
 * \since   0.1
 */
ANYLOOP_API void anyloop_job_raise(anyloop_job *job, anyloop_status code, const char *text);

/* Set what the job fails with, as a ready error.
 *
 * \param job    the job.
 * \param error  an ERROR value, taken; anything else is told as ANYLOOP_E_TYPE.
 * \thread  any, by whoever runs the job
 * \owns    takes `error`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_job_raise_error(anyloop_job *job, const anyloop_value *error);

/* Say whether the job is asked to stop: its future was cancelled, or its executor is being shut down with
 * ANYLOOP_CANCEL_QUEUED, as a loop's close does.
 *
 * \param job  the job.
 * \returns 1 or 0.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_job_stopping(const anyloop_job *job);

/* Give the context in which the job was submitted, as asyncio's to_thread hands it over.
 *
 * \param job  the job.
 * \returns the context, borrowed from the job; NULL for the empty one.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_context *anyloop_job_context(const anyloop_job *job);

/* Options of a thread pool. Begin with `{.struct_size = sizeof(anyloop_thread_pool_options)}`; zero is the default
 * everywhere. */
typedef struct anyloop_thread_pool_options {
    uint32_t struct_size;
    uint32_t max_workers; /* 0: processors + 4, at most 32. Threads start as jobs need them */
    uint64_t queue_size;  /* jobs that may wait; 0: no limit */
    uint64_t stack_size;  /* bytes for each thread; 0: 512 KiB */
    const char *name;     /* copied: what the threads are called, with a number behind; NULL: "anyloop" */
} anyloop_thread_pool_options;

/* Make a pool of threads. It may serve many loops. On a platform without threads its first job says so.
 *
 * \param options  May be NULL: the defaults.
 * \param out      the executor; shut it down, then release it.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_thread_pool_new(const anyloop_thread_pool_options *options, anyloop_executor **out);

/* Options of a worker pool. Begin with `{.struct_size = sizeof(anyloop_worker_pool_options)}`; zero is the default
 * everywhere. */
typedef struct anyloop_worker_pool_options {
    uint32_t struct_size;
    uint32_t max_workers; /* 0: one for each processor, at most 8. Workers start as jobs need them; at most 65535 */
    uint64_t queue_size;  /* jobs that may wait; 0: no limit */
    const char *name;     /* copied: what the workers are called, with a number behind; NULL: "anyloop" */
} anyloop_worker_pool_options;

/* Make a pool of workers: copies of this program, each with a memory of its own, that serve the jobs of the table which
 * `anyloop_worker_main` was given: Web Workers in a page, worker_threads in Node. They need no special headers.
 *
 * A job's input and result travel as bytes: FUTURE and FOREIGN values do not, nor does what is nested deeper than 64
 * lists or errors, ANYLOOP_E_TYPE; nor more than 1 GiB, ANYLOOP_E_NOMEM, but for one TEXT or BYTES alone. A job that is
 * not in the table fails with ANYLOOP_E_NOT_FOUND. The job sees no context, and `anyloop_job_stopping` says 0: cancelling a job
 * that runs ends its worker, and another takes its place. A worker that traps or dies costs the job that it ran, which
 * fails with ANYLOOP_E_ABANDONED and a text that says of what; a program that cannot be loaded into a worker fails
 * those that wait with ANYLOOP_E_OS and the reason.
 *
 * \param options  May be NULL: the defaults.
 * \param out      the executor; shut it down, then release it.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_SUPPORTED where there are none: natively, in this version, and inside a worker;
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_worker_pool_new(const anyloop_worker_pool_options *options, anyloop_executor **out);

/* Make an executor that runs each job inside the submitting call: for tests and for programs that chose it. The future
 * it gives is done; on a loop with a shuffle seed it is not, and is done in one of the next turns.
 *
 * \param out  the executor.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_inline_executor_new(anyloop_executor **out);

/* An executor of your own. `submit` gets the job and must see to it that `anyloop_job_run`, or `anyloop_job_finish`,
 * is called for it exactly once, on any thread; anything but ANYLOOP_OK refuses the job, and nothing may be called
 * then. All may be called on the threads of several loops. */
typedef struct anyloop_executor_methods {
    uint32_t struct_size;
    uint32_t reserved;                                            /* 0 */
    anyloop_status (*submit)(void *user_data, anyloop_job *job);  /* take the job, or refuse it */
    void (*cancel)(void *user_data, anyloop_job *job);            /* a hint: its future was cancelled; NULL: none */
    anyloop_status (*shutdown)(void *user_data, int64_t timeout); /* stop accepting, wait; NULL: none */
} anyloop_executor_methods;

/* Make an executor of your own functions.
 *
 * \param methods    copied.
 * \param user_data  handed to them. May be NULL.
 * \param drop       frees `user_data`, once, with the executor or when this fails. May be NULL.
 * \param out        the executor.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `user_data`, through `drop`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_executor_new(const anyloop_executor_methods *methods, void *user_data,
                                                anyloop_drop_fn drop, anyloop_executor **out);

/* Run a job's function here and now and send its outcome home: for executors of your own. A job that was cancelled
 * while it waited is only finished.
 *
 * \param job  the job, as `submit` got it.
 * \thread  any
 * \owns    takes `job`: your claim on it ends.
 * \since   0.1
 */
ANYLOOP_API void anyloop_job_run(anyloop_job *job);

/* Say that a job is over whose outcome was set by `anyloop_job_return` or `anyloop_job_raise`: for executors that run
 * the work elsewhere.
 *
 * \param job  the job, as `submit` got it.
 * \thread  any
 * \owns    takes `job`: your claim on it ends.
 * \since   0.1
 */
ANYLOOP_API void anyloop_job_finish(anyloop_job *job);

/* Give the function and the input of a job: what an executor needs that sends jobs elsewhere.
 *
 * \param job       the job.
 * \param function  gets the function. May be NULL.
 * \returns the input, borrowed from the job.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_job_input(const anyloop_job *job, anyloop_job_fn *function);

enum {
    /* shutdown: jobs that have not started are cancelled instead of run, and running ones are asked to stop; those of a
     * pool of workers cannot be asked: they end with their workers when the time is over */
    ANYLOOP_CANCEL_QUEUED = 1
};

/* Shut an executor down: it accepts nothing more; wait for its jobs. Calling again waits again.
 *
 * \param executor  the executor.
 * \param flags     0 or ANYLOOP_CANCEL_QUEUED.
 * \param timeout   ns to wait; 0: not at all; ANYLOOP_FOREVER: to the end.
 * \returns ANYLOOP_OK when no job is left and every thread is gone; ANYLOOP_E_TIMED_OUT, at once where this thread cannot
 *          wait; ANYLOOP_E_INVALID; of an
 *          executor of your own what its `shutdown` gave, ANYLOOP_OK without one.
 * \thread  any, blocks; not from one of its own jobs
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_executor_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout);

/* Make `executor` the one that NULL means, instead of the lazy pool. An executor that was set is never shut
 * down by the loop.
 *
 * \param loop      the loop.
 * \param executor  retained.
 * \returns ANYLOOP_OK, ANYLOOP_E_CLOSED, ANYLOOP_E_STATE when a default was used or set already, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_set_default_executor(anyloop_loop *loop, anyloop_executor *executor);

/* Shut the loop's own pool down while the loop goes on: running and queued jobs are waited for, new ones refused
 * (S-65).
 *
 * \param loop     the loop.
 * \param timeout  ns from the await; ANYLOOP_FOREVER: none.
 * \returns an operation with the result NONE; it fails with ANYLOOP_E_TIMED_OUT; failed with ANYLOOP_E_NOMEM,
 *          ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_shutdown_default_executor(anyloop_loop *loop, int64_t timeout);

/* Hold an executor once more.
 *
 * \param executor  the executor.
 * \returns `executor`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_executor *anyloop_executor_retain(anyloop_executor *executor);

/* Let go of an executor. A pool that was not shut down finishes what it accepted, then its threads or workers end.
 *
 * \param executor  May be NULL.
 * \thread  any
 * \owns    takes `executor`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_executor_release(anyloop_executor *executor);

ANYLOOP_END_DECLS
#endif
