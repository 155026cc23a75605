/* executor.c -- the inline executor, foreign ones, and running a job when there is room.
 *
 * SPDX-License-Identifier: MIT
 */
#include "executor.h"


anyloop_status anyl_executor_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    atomic_store_explicit(&executor->shut, true, memory_order_release);
    if (flags & ANYLOOP_CANCEL_QUEUED)
        atomic_store_explicit(&executor->hurries, true, memory_order_release);
    return executor->class->shutdown(executor, flags, timeout);
}

/* ---- inline */

static anyloop_status inline_submit(anyloop_executor *executor, anyloop_job *job, bool patient)
{
    (void)executor, (void)patient;
    anyl_job_call(job);
    anyl_job_arrive(job);
    return ANYLOOP_OK;
}

static void inline_cancel(anyloop_executor *executor, anyloop_job *job)
{
    (void)executor, (void)job;
}

static anyloop_status inline_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    (void)executor, (void)flags, (void)timeout;
    return ANYLOOP_OK;
}

static void inline_destroy(anyloop_executor *executor)
{
    anyl_free(&anyl_alloc_default, executor, sizeof *executor);
}

static const anyl_executor_class inline_class = {.submit = inline_submit,
                                                 .cancel = inline_cancel,
                                                 .shutdown = inline_shutdown,
                                                 .destroy = inline_destroy};

anyloop_executor *anyl_executor_inline_new(void)
{
    anyloop_executor *executor = anyl_alloc(&anyl_alloc_default, sizeof *executor);
    if (executor)
        anyl_executor_init(executor, &inline_class);
    return executor;
}

/* ---- foreign */

typedef struct foreign_executor {
    anyloop_executor executor;
    anyloop_executor_methods methods;
    void *user_data;
    anyloop_drop_fn drop;
} foreign_executor;

static foreign_executor *foreign_of(anyloop_executor *executor)
{
    return ANYL_OWNER_OF(executor, foreign_executor, executor);
}

static anyloop_status foreign_submit(anyloop_executor *executor, anyloop_job *job, bool patient)
{
    foreign_executor *foreign = foreign_of(executor);
    (void)patient;
    anyloop_status status = foreign->methods.submit(foreign->user_data, job);
    return status > ANYLOOP_OK ? ANYLOOP_E_INVALID : status;
}

static void foreign_cancel(anyloop_executor *executor, anyloop_job *job)
{
    foreign_executor *foreign = foreign_of(executor);
    if (foreign->methods.cancel)
        foreign->methods.cancel(foreign->user_data, job);
}

static anyloop_status foreign_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    foreign_executor *foreign = foreign_of(executor);
    (void)flags;
    return foreign->methods.shutdown ? foreign->methods.shutdown(foreign->user_data, timeout) : ANYLOOP_OK;
}

static void foreign_destroy(anyloop_executor *executor)
{
    foreign_executor *foreign = foreign_of(executor);
    if (foreign->drop)
        foreign->drop(foreign->user_data);
    anyl_free(&anyl_alloc_default, foreign, sizeof *foreign);
}

static const anyl_executor_class foreign_class = {.submit = foreign_submit,
                                                  .cancel = foreign_cancel,
                                                  .shutdown = foreign_shutdown,
                                                  .destroy = foreign_destroy};

anyloop_status anyl_executor_foreign_new(const anyloop_executor_methods *methods, void *user_data, anyloop_drop_fn drop,
                                         anyloop_executor **out)
{
    foreign_executor *foreign = anyl_alloc(&anyl_alloc_default, sizeof *foreign);
    if (foreign == NULL) {
        if (drop)
            drop(user_data);
        return ANYLOOP_E_NOMEM;
    }
    anyl_executor_init(&foreign->executor, &foreign_class);
    foreign->methods = *methods;
    foreign->user_data = user_data;
    foreign->drop = drop;
    *out = &foreign->executor;
    return ANYLOOP_OK;
}

/* ---- running when there is room */

/* A pool takes a patient job at once. A foreign executor that is full has no way to say when it is not: it is asked
 * again, first soon, then less often. (Rejected: to ask whenever one of its jobs is over; that is told before the
 * executor itself can count it as over.) In ns. */
#define ASK_AGAIN_FIRST INT64_C(1000000)
#define ASK_AGAIN_LAST INT64_C(64000000)

struct when_free_frame {
    anyloop_executor *executor; /* NULL: the default one */
    anyloop_job_fn function;
    anyloop_value in;
    int64_t pause;
    bool submitted;
};

static int32_t when_free_await(anyl_task *task, anyloop_future *future)
{
    return anyl_task_await(task, future, NULL) == ANYLOOP_PENDING ? ANYLOOP_STEP_AWAIT : anyl_pass_on(task);
}

static int32_t when_free_pause(struct when_free_frame *my, anyl_task *task)
{
    my->pause = my->pause == 0 ? ASK_AGAIN_FIRST : my->pause < ASK_AGAIN_LAST ? my->pause * 2 : ASK_AGAIN_LAST;
    anyl_task *sleep = anyl_sleep(task->future.loop, my->pause);
    return sleep ? when_free_await(task, &sleep->future) : anyl_raise_code(task, ANYLOOP_E_NOMEM);
}

static int32_t when_free_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct when_free_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (my->submitted || event == ANYLOOP_EVENT_CANCELLED)
        return anyl_pass_on(task);
    anyloop_future *future = NULL;
    anyl_value_retain(&my->in);
    anyloop_status status = anyl_executor_run(running->loop, my->executor, my->function, my->in, true, &future);
    if (status == ANYLOOP_E_FULL)
        return when_free_pause(my, task);
    if (status != ANYLOOP_OK)
        return anyl_raise(task, anyl_executor_refusal(running->loop, my->executor, status));
    my->submitted = true;
    anyl_value_release(&my->in);
    return when_free_await(task, future);
}

static void when_free_drop(void *frame)
{
    struct when_free_frame *my = frame;
    anyl_value_release(&my->in);
    if (my->executor)
        anyl_executor_release(my->executor);
}

static const anyl_operation when_free_operation = {"run_in_executor_when_free", when_free_step, when_free_drop,
                                                   sizeof(struct when_free_frame)};

anyl_task *anyl_executor_run_when_free(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                       anyloop_value in)
{
    anyl_task *operation = anyl_operation_new(loop, &when_free_operation);
    if (operation == NULL) {
        anyl_value_release(&in);
        return NULL;
    }
    struct when_free_frame *my = anyl_task_frame(operation);
    my->executor = executor ? anyl_executor_retain(executor) : NULL;
    my->function = function;
    my->in = in;
    return operation;
}
