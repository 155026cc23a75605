/* job.c -- submitting, running, coming home.
 *
 * SPDX-License-Identifier: MIT
 */
#include "job.h"

enum { JOB_STARTED = 1, JOB_STOP = 2 };

/* ---- the end of a block */

/* One side goes; with the last one the job. */
static void job_leave(anyloop_job *job)
{
    if (atomic_fetch_sub_explicit(&job->sides, 1, memory_order_acq_rel) != 1)
        return;
    anyl_value_release(&job->in);
    anyl_value_release(&job->outcome);
    anyl_context_release(job->context);
    anyl_executor_release(job->executor);
    anyl_free(anyl_job_allocator(job), job, sizeof *job);
}

/* ---- the future */

typedef struct job_future {
    anyloop_future future;
    anyloop_job *job; /* while the loop has its side */
} job_future;

static job_future *job_future_of(anyloop_future *future)
{
    return ANYL_OWNER_OF(future, job_future, future);
}

/* The loop's side goes. */
static void job_leave_loop(anyloop_job *job, anyloop_loop *loop)
{
    anyloop_future *future = job->future;
    job_future_of(future)->job = NULL;
    job->future = NULL;
    anyl_list_remove(&job->home.link);
    loop->outside--;
    loop->jobs--;
    anyl_future_release(future);
    job_leave(job);
}

static void job_cancelled(anyloop_future *future)
{
    anyloop_job *job = job_future_of(future)->job;
    if (job == NULL)
        return; /* the loop is closed */
    atomic_fetch_or_explicit(&job->state, JOB_STOP, memory_order_acq_rel);
    anyloop_loop *loop = future->loop;
    atomic_fetch_add_explicit(&job->sides, 1, memory_order_relaxed); /* ours, while the executor's own code runs */
    job->executor->class->cancel(job->executor, job);
    if (job->future)
        job_leave_loop(job, loop);
    job_leave(job);
}

static void job_future_destroy(anyloop_future *future)
{
    anyl_object_free(future->loop, future, sizeof(job_future));
}

static const anyl_future_class job_future_class = {.owner = ANYL_FUTURE_OWNER,
                                                   .kind = ANYLOOP_KIND_OPERATION,
                                                   .cancelled = job_cancelled,
                                                   .destroy = job_future_destroy,
                                                   .words = "a job"};

/* ---- coming home */

static void job_complete(anyloop_job *job)
{
    job->future->value = job->outcome;
    memset(&job->outcome, 0, sizeof job->outcome);
    anyl_future_end(job->future, job->end);
}

/* The mail has come and had its turn, or the loop is closing. */
static void job_run_home(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyloop_job *job = ANYL_OWNER_OF(node, anyloop_job, home.node);
    bool arrived = job->arrived;
    if (job->future) {
        if (how == ANYL_RUN)
            job_complete(job);
        job_leave_loop(job, loop);
    }
    if (arrived)
        job_leave(job);
}

/* As asyncio's call_soon_threadsafe: the future is done from the ready queue, its waiters' turn is the next. */
static void job_deliver(anyl_mail *mail, anyloop_loop *loop, uint32_t how)
{
    anyloop_job *job = ANYL_OWNER_OF(mail, anyloop_job, mail);
    job->arrived = true;
    anyl_list_remove(&job->home.link);
    if (how == ANYL_RUN && job->future)
        anyl_nodes_push(&loop->ready, &job->home.node);
    else
        job_run_home(&job->home.node, loop, ANYL_DROP);
}

/* The executor's last word: the outcome goes home by mail, unless nobody waits for it any more. */
static void job_send(anyloop_job *job, bool in_order)
{
    anyl_mailbox *mailbox = job->mailbox; /* posted, the job is the loop's, and may be gone before the push has ended */
    if ((atomic_load_explicit(&job->state, memory_order_acquire) & JOB_STOP) ||
        !(in_order ? anyl_mailbox_post(mailbox, &job->mail.letter)
                   : anyl_mailbox_push(mailbox, ANYL_LANE_MAIL, &job->mail.letter.link)))
        job_leave(job);
    anyl_mailbox_release(mailbox);
}

void anyl_job_arrive(anyloop_job *job)
{
    if (job->mailbox->seed) {
        job_send(job, false);
        return;
    }
    anyl_mailbox *mailbox = job->mailbox;
    job->arrived = true;
    job_run_home(&job->home.node, job->future ? job->future->loop : NULL, ANYL_RUN); /* it may have closed its loop */
    anyl_mailbox_release(mailbox);
}

/* ---- submitting */

static anyloop_job *job_new(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function, anyloop_value in)
{
    anyloop_job *job = anyl_alloc(&loop->slab.allocator, sizeof *job);
    if (job == NULL)
        return NULL;
    memset(job, 0, sizeof *job);
    job->mail.deliver = job_deliver;
    job->home.node.run = job_run_home;
    job->end = ANYLOOP_RESULT;
    job->function = function;
    job->in = in;
    job->context = anyl_context_retain(anyl_loop_context(loop));
    job->executor = anyl_executor_retain(executor);
    job->mailbox = loop->mailbox;
    anyl_mailbox_retain(loop->mailbox);
    atomic_init(&job->state, 0);
    atomic_init(&job->sides, 2);
    anyl_list_init(&job->link);
    return job;
}

/* The job and its future; takes `in`, on failure too. */
static anyloop_job *job_new_home(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                 anyloop_value in)
{
    anyloop_future *future = anyl_future_new(loop, &job_future_class, sizeof(job_future));
    anyloop_job *job = future ? job_new(loop, executor, function, in) : NULL;
    if (job == NULL) {
        anyl_value_release(&in);
        if (future)
            anyl_future_release(future);
        return NULL;
    }
    job_future_of(future)->job = job;
    job->future = future;
    loop->outside++;
    loop->jobs++;
    anyl_list_append(&loop->absent, &job->home.link);
    return job;
}

anyloop_status anyl_job_submit(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                               anyloop_value in, bool patient, anyloop_future **out)
{
    anyloop_status refused = anyl_value_local(&in)                                         ? ANYLOOP_E_TYPE
                             : atomic_load_explicit(&executor->shut, memory_order_acquire) ? ANYLOOP_E_SHUTDOWN
                                                                                           : ANYLOOP_OK;
    if (refused != ANYLOOP_OK) {
        anyl_value_release(&in);
        return refused;
    }
    anyloop_job *job = job_new_home(loop, executor, function, in);
    if (job == NULL)
        return ANYLOOP_E_NOMEM;
    anyloop_future *future = anyl_future_retain(job->future);
    anyloop_status status = executor->class->submit(executor, job, patient);
    if (status == ANYLOOP_OK) {
        *out = future;
        return ANYLOOP_OK;
    }
    if (job->future) /* the executor's own code may have closed the loop */
        job_leave_loop(job, loop);
    anyl_mailbox *mailbox = job->mailbox;
    job_leave(job);
    anyl_mailbox_release(mailbox);
    anyl_future_release(future);
    return status;
}

/* ---- running */

/* What was lent to the function. Its drops run here, while the job still counts as running. */
static void job_give_back(anyloop_job *job)
{
    anyl_value_release(&job->in);
    anyl_context_release(job->context);
    job->context = NULL;
}

void anyl_job_call(anyloop_job *job)
{
    if (!(atomic_fetch_or_explicit(&job->state, JOB_STARTED, memory_order_acq_rel) & JOB_STOP))
        job->function(job, &job->in);
    job_give_back(job);
}

void anyl_job_end(anyloop_job *job, uint32_t end, anyloop_value outcome)
{
    anyl_owner *before = anyl_value_owner(&job->outcome);
    job->end = end;
    job->outcome = outcome;
    if (before)
        anyl_value_release_owner(before);
}

void anyl_job_end_code(anyloop_job *job, anyloop_status code)
{
    job->end = code == ANYLOOP_E_CANCELLED ? ANYLOOP_CANCELLED : ANYLOOP_FAILED;
    anyl_error_put(&job->outcome, code);
}

void anyl_job_finish(anyloop_job *job)
{
    job_give_back(job);
    job_send(job, true);
}

bool anyl_job_stopping(const anyloop_job *job)
{
    return (atomic_load_explicit(&job->state, memory_order_acquire) & JOB_STOP) ||
           atomic_load_explicit(&job->executor->hurries, memory_order_acquire);
}
