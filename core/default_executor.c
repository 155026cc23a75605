/* default_executor.c -- the executor that NULL means: a pool of workers or threads made on first use, or one that was set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "executor.h"

#include "pool.h"
#include "port/port.h"
#include "timeout.h"
#include "workers.h"

static anyloop_status default_new(const anyloop_allocator *allocator, anyloop_executor **out)
{
    static const anyloop_worker_pool_options workers = {.struct_size = sizeof workers};
    static const anyloop_thread_pool_options threads = {.struct_size = sizeof threads};
    return anyl_port_threads() ? anyl_pool_new(allocator, &threads, out) : anyl_workers_new(allocator, &workers, out);
}

/* Borrowed. */
static anyloop_status default_executor(anyloop_loop *loop, anyloop_executor **out)
{
    if (loop->executor_shut)
        return ANYLOOP_E_SHUTDOWN;
    if (loop->executor == NULL) {
        anyloop_status status = default_new(&loop->slab.allocator, &loop->executor);
        if (status != ANYLOOP_OK)
            return status;
        loop->executor_ours = true;
    }
    *out = loop->executor;
    return ANYLOOP_OK;
}

anyloop_status anyl_executor_run(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                 anyloop_value in, bool patient, anyloop_future **out)
{
    anyloop_status status = executor ? ANYLOOP_OK : default_executor(loop, &executor);
    if (status != ANYLOOP_OK) {
        anyl_value_release(&in);
        return status;
    }
    return anyl_job_submit(loop, executor, function, in, patient, out);
}

anyloop_value anyl_executor_refusal(const anyloop_loop *loop, const anyloop_executor *executor, anyloop_status status)
{
    static const char hint[] = "no threads here: make an inline executor, anyloop_inline_executor_new, and set it as "
                               "the loop's default";
    anyloop_value error = anyl_error_bare(status);
    if (status == ANYLOOP_E_NOT_SUPPORTED && executor == NULL && loop->executor == NULL) {
        error.bits = (uintptr_t)hint;
        error.size = sizeof hint - 1;
    }
    return error;
}

anyloop_status anyl_executor_set_default(anyloop_loop *loop, anyloop_executor *executor)
{
    if (loop->executor || loop->executor_shut)
        return ANYLOOP_E_STATE;
    loop->executor = anyl_executor_retain(executor);
    return ANYLOOP_OK;
}

anyloop_status anyl_executor_close_default(anyloop_loop *loop, int64_t timeout)
{
    anyloop_executor *executor = loop->executor;
    anyloop_status status = ANYLOOP_OK;
    loop->executor_shut = true;
    if (executor == NULL)
        return ANYLOOP_OK;
    loop->executor = NULL;
    if (loop->executor_ours) {
        status = anyl_executor_shutdown(executor, ANYLOOP_CANCEL_QUEUED, timeout);
        if (status == ANYLOOP_E_TIMED_OUT && !executor->class->busy(executor))
            status = ANYLOOP_OK; /* idle threads, on their way out */
    }
    anyl_executor_release(executor);
    return status;
}

/* ---- shutting it down while the loop goes on */

struct join_frame {
    anyloop_executor *executor;
    anyl_joiner joiner;
    int64_t timeout;
    anyloop_loop *joins; /* it counts as a job there: a virtual clock stands still for threads that end, too */
};

/* `async with timeout(...): await` the thread's word that it was the last. */
static int32_t join_await(struct join_frame *my, anyl_task *task, anyloop_future *gone)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_timeout_scope *scope = anyl_timeout_new(loop, anyl_deadline(anyl_loop_now(loop), my->timeout));
    if (scope == NULL) {
        anyl_future_release(gone);
        return anyl_raise_code(task, ANYLOOP_E_NOMEM);
    }
    anyl_task *operation = anyl_timeout_run(scope, gone);
    anyl_timeout_release(scope);
    if (operation == NULL)
        return anyl_raise_code(task, ANYLOOP_E_NOMEM);
    anyl_task_await(task, &operation->future, NULL);
    return ANYLOOP_STEP_AWAIT;
}

static void no_longer_joins(struct join_frame *my)
{
    if (my->joins)
        my->joins->jobs--;
    my->joins = NULL;
}

static int32_t join_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct join_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_loop *loop = running->loop;
    anyloop_future *gone;
    if (event != ANYLOOP_EVENT_START) {
        no_longer_joins(my);
        return anyl_pass_on(task);
    }
    loop->executor_shut = true;
    if (loop->executor == NULL || !loop->executor_ours)
        return anyl_return_none(task);
    anyl_executor_shutdown(loop->executor, 0, 0);
    if (anyl_promise_new(loop, &my->joiner.promise, &gone) != ANYLOOP_OK)
        return anyl_raise_code(task, ANYLOOP_E_NOMEM);
    my->executor = anyl_executor_retain(loop->executor);
    if (my->executor->class->join(my->executor, &my->joiner)) {
        my->joins = loop;
        loop->jobs++;
        return join_await(my, task, gone);
    }
    anyl_future_release(gone);
    return anyl_return_none(task);
}

static void join_drop(void *frame)
{
    struct join_frame *my = frame;
    no_longer_joins(my);
    if (my->executor == NULL)
        return;
    my->executor->class->join_end(my->executor, &my->joiner);
    anyl_promise_keep(my->joiner.promise, ANYLOOP_RESULT, anyl_value_none()); /* if nobody did: not abandoned */
    anyl_promise_release(my->joiner.promise);
    anyl_executor_release(my->executor);
}

static const anyl_operation join_operation = {"shutdown_default_executor", join_step, join_drop,
                                              sizeof(struct join_frame)};

anyl_task *anyl_executor_shutdown_default(anyloop_loop *loop, int64_t timeout)
{
    anyl_task *operation = anyl_operation_new(loop, &join_operation);
    if (operation)
        ((struct join_frame *)anyl_task_frame(operation))->timeout = timeout;
    return operation;
}
