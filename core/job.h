/* job.h -- a blocking function's way to an executor, and its outcome's way home.
 *
 * Owns:          one block for each job, shared by two sides; the side that goes last frees it. The executor's side
 *                goes from the submit until the job is over and its message, if one was sent, has arrived. The loop's
 *                side leads to the future, and goes when that is done, or when the loop closes: so a job never holds
 *                the loop's memory longer than the loop wants it. The executor's side holds the mailbox until it has
 *                sent the message.
 * Must not know: how an executor runs a job.
 * Threads:       each function says.
 *
 *     field                 who writes                        who reads         under what
 *     state                 STARTED: who runs it; STOP: loop  both              read-modify-write
 *     sides                 each side, once                   the same          read-modify-write
 *     in, context, outcome  who runs it                       then the loop     the mailbox's push hands them over
 *     link, waits_since     the executor                      the executor      the executor's lock
 *     future, home          the loop                          the loop          its thread
 *
 * A job begins by setting STARTED, a cancellation sets STOP: whichever is first decides whether the function runs.
 * What is over after STOP sends no message.
 *
 * `loop->outside` counts the jobs whose future is still pending. A cancelled one wakes nobody any more, even while it
 * runs: it does not keep a run from being a deadlock. Its message, when it was on the way already, is thrown away on
 * arrival.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_JOB_H
#define ANYL_JOB_H

#include "future.h"
#include "histogram.h"

#include <anyloop/executor.h>
#include <anyloop/inspect.h>
#include <anyloop/promise.h>

/* ---- what runs jobs, as far as a job knows */

/* Somebody who waits, on a loop, for an executor that was shut down to be gone. */
typedef struct anyl_joiner {
    anyl_list link;
    anyloop_promise *promise; /* is kept then */
} anyl_joiner;

typedef struct anyl_executor_class {
    /* The loop's thread. After ANYLOOP_OK the executor has its side of the job. `patient`: also when it is full. */
    anyloop_status (*submit)(anyloop_executor *executor, anyloop_job *job, bool patient);
    /* The future was cancelled. The loop's thread, while the loop still has its side. */
    void (*cancel)(anyloop_executor *executor, anyloop_job *job);
    anyloop_status (*shutdown)(anyloop_executor *executor, uint32_t flags, int64_t timeout);
    /* Nobody holds it, no job is left. */
    void (*destroy)(anyloop_executor *executor);
    /* Any thread; the size was checked. NULL: it keeps none. */
    anyloop_status (*figures)(anyloop_executor *executor, anyloop_executor_figures *figures);
    /* Of an executor that a loop may have of its own. False: it is gone, or it is the parent process's. */
    bool (*join)(anyloop_executor *executor, anyl_joiner *joiner);
    void (*join_end)(anyloop_executor *executor, anyl_joiner *joiner);
    /* Are jobs queued or running? */
    bool (*busy)(anyloop_executor *executor);
} anyl_executor_class;

struct anyloop_executor {
    const anyl_executor_class *class;
    atomic_uint refs; /* handles and jobs */
    atomic_bool shut; /* it takes no jobs any more */
    atomic_bool hurries; /* and those that run are asked to stop */
};

static inline void anyl_executor_init(anyloop_executor *executor, const anyl_executor_class *class)
{
    executor->class = class;
    atomic_init(&executor->refs, 1);
    atomic_init(&executor->shut, false);
    atomic_init(&executor->hurries, false);
}

static inline anyloop_executor *anyl_executor_retain(anyloop_executor *executor)
{
    atomic_fetch_add_explicit(&executor->refs, 1, memory_order_relaxed);
    return executor;
}

static inline void anyl_executor_release(anyloop_executor *executor)
{
    if (atomic_fetch_sub_explicit(&executor->refs, 1, memory_order_acq_rel) == 1)
        executor->class->destroy(executor);
}

/* ---- what pools have in common */

/* How many jobs may be queued or run. */
static inline uint64_t anyl_pool_places(uint64_t queue_size, uint32_t max_workers)
{
    return queue_size == 0 || queue_size > UINT64_MAX - max_workers ? UINT64_MAX : queue_size + max_workers;
}

/* As in the figures. */
typedef struct anyl_pool_counts {
    uint64_t queued_most, done, cancelled, wait_total, wait_most;
    uint64_t wait[ANYLOOP_HISTOGRAM_SIZE];
} anyl_pool_counts;

static inline void anyl_pool_count_queued(anyl_pool_counts *counts, uint64_t queued)
{
    if (queued > counts->queued_most)
        counts->queued_most = queued;
}

static inline void anyl_pool_count_done(anyl_pool_counts *counts, uint64_t waited)
{
    counts->done++;
    counts->wait_total += waited;
    anyl_histogram_add(counts->wait, &counts->wait_most, waited);
}

static inline void anyl_pool_tell_counts(const anyl_pool_counts *counts, anyloop_executor_figures *figures)
{
    figures->queued_most = counts->queued_most;
    figures->done = counts->done;
    figures->cancelled = counts->cancelled;
    figures->wait_total = counts->wait_total;
    figures->wait_most = counts->wait_most;
    memcpy(figures->wait, counts->wait, sizeof figures->wait);
}

/* ---- jobs */

struct anyloop_job {
    anyl_mail mail;
    anyl_absent home;
    anyl_list link; /* in the executor's queue */
    uint64_t waits_since; /* in that queue; the executor's own, as are the next two */
    void *place;
    uint32_t ticket;
    atomic_uint state, sides;
    uint32_t end; /* ANYLOOP_RESULT, FAILED or CANCELLED */
    bool arrived; /* the mail: the executor's side is the loop's to give up */
    anyloop_job_fn function;
    anyloop_value in, outcome;
    anyloop_context *context;
    anyloop_executor *executor;
    anyl_mailbox *mailbox; /* the executor's side's; the loop's side has its loop's */
    anyloop_future *future; /* NULL: the loop's side has gone */
};

/* The loop's thread. Takes `in`, on failure too. */
anyloop_status anyl_job_submit(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                               anyloop_value in, bool patient, anyloop_future **out);
/* For a submit that ran the job inside itself: the future is done when it returns. On a loop with a shuffle seed the
 * outcome comes by mail, as if threads had run the jobs: sooner or later than those of others. */
void anyl_job_arrive(anyloop_job *job);

/* ---- who runs it, on any thread */

/* Run the function, unless the job was cancelled first. */
void anyl_job_call(anyloop_job *job);
/* Takes the value, or the error. */
void anyl_job_end(anyloop_job *job, uint32_t end, anyloop_value outcome);
/* Failed with that code alone; with ANYLOOP_E_CANCELLED it is cancelled. */
void anyl_job_end_code(anyloop_job *job, anyloop_status code);
/* The job is over: send its outcome home. Ends the executor's side. */
void anyl_job_finish(anyloop_job *job);

static inline const anyloop_allocator *anyl_job_allocator(const anyloop_job *job)
{
    return &job->mailbox->allocator;
}

bool anyl_job_stopping(const anyloop_job *job);

#endif
