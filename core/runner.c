/* runner.c -- run, clean up, close.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner.h"

#include "executor.h"
#include "gather.h"
#include "handle.h"
#include "life.h"
#include "run.h"

#define EXECUTOR_TIMEOUT INT64_C(300000000000) /* ns: asyncio's THREAD_JOIN_TIMEOUT */

/* What asyncio tells of a task that failed while it was being cancelled. */
static void report_failures(anyloop_loop *loop, anyloop_future *const *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tasks[i]->state != ANYLOOP_FAILED)
            continue;
        anyloop_exception exception = {.struct_size = sizeof exception,
                                       .message = "a task failed while its run was being cleaned up",
                                       .error = anyl_future_error(tasks[i]),
                                       .future = tasks[i]};
        anyl_loop_report(loop, &exception, anyl_task_name(anyl_task_of(tasks[i])));
    }
}

static size_t count_tasks(const anyloop_loop *loop)
{
    size_t count = 0;
    for (const anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        count++;
    return count;
}

/* asyncio's _cancel_all_tasks. */
static anyloop_status cancel_all(anyloop_loop *loop)
{
    size_t count = count_tasks(loop), size = count * sizeof(anyloop_future *);
    if (count == 0)
        return ANYLOOP_OK;
    anyloop_future **tasks = anyl_object_alloc(loop, size);
    if (tasks == NULL)
        return ANYLOOP_E_NOMEM;
    size_t at = 0;
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        tasks[at++] = anyl_future_retain(&ANYL_OWNER_OF(link, anyl_task, link)->future);
    for (size_t i = 0; i < count; i++)
        anyl_cancel(tasks[i], &anyl_value_nothing);
    for (size_t i = 0; i < count; i++)
        anyl_future_retain(tasks[i]); /* for the gather */
    anyloop_future *gather = anyl_gather(loop, tasks, count, ANYLOOP_RETURN_EXCEPTIONS);
    anyloop_status status = ANYLOOP_E_NOMEM;
    if (gather) {
        status = anyl_run_until_complete(loop, gather);
        anyl_future_release(gather);
    }
    if (status == ANYLOOP_OK)
        report_failures(loop, tasks, count);
    for (size_t i = 0; i < count; i++)
        anyl_future_release(tasks[i]);
    anyl_object_free(loop, tasks, size);
    return status;
}

static anyloop_status run_operation(anyloop_loop *loop, anyl_task *operation)
{
    if (operation == NULL)
        return ANYLOOP_E_NOMEM;
    anyloop_status status = anyl_run_until_complete(loop, &operation->future);
    anyl_future_release(&operation->future);
    return status;
}

static int32_t nothing_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    return ANYLOOP_STEP_RETURN;
}

/* asyncio's shutdown_asyncgens, which has nothing to do here: a task of one step, whose turn other tasks may notice. */
static const anyl_operation shutdown_generators = {"shutdown_asyncgens", nothing_step, NULL, 0};

anyloop_status anyl_runner_close(anyloop_loop *loop)
{
    anyloop_status status = cancel_all(loop);
    if (status == ANYLOOP_OK)
        status = run_operation(loop, anyl_operation_new(loop, &shutdown_generators));
    if (status == ANYLOOP_OK)
        status = run_operation(loop, anyl_executor_shutdown_default(loop, EXECUTOR_TIMEOUT));
    anyloop_status closed = anyl_life_close(loop, loop->close_timeout);
    return status != ANYLOOP_OK ? status : closed;
}

anyloop_status anyl_runner_run(anyloop_loop *loop, anyloop_future *future, anyloop_value *out)
{
    anyloop_status status = anyl_run_until_complete(loop, future);
    if (out && anyl_future_done(future)) {
        const anyloop_value *value =
            future->state == ANYLOOP_RESULT ? &future->value : anyl_future_error(future);
        anyl_value_retain(value);
        *out = *value;
    } else if (out) {
        *out = anyl_value_none();
    }
    anyl_future_release(future);
    anyloop_status closed = anyl_runner_close(loop);
    return closed != ANYLOOP_OK ? closed : status; /* as an exception that leaves a `finally` */
}

/* ---- shutdown */

struct limit {
    anyloop_loop *loop;
    bool over;
};

static void limit_reached(void *user_data)
{
    struct limit *limit = user_data;
    limit->over = true;
    anyl_loop_stop(limit->loop);
}

static int64_t time_left(const anyloop_loop *loop, uint64_t deadline)
{
    uint64_t now = anyl_loop_now(loop);
    if (deadline == ANYLOOP_NEVER)
        return ANYLOOP_FOREVER;
    return deadline <= now ? 0 : deadline - now > INT64_MAX - 1 ? INT64_MAX - 1 : (int64_t)(deadline - now);
}

anyloop_status anyl_runner_shutdown(anyloop_loop *loop, int64_t timeout)
{
    struct limit limit = {loop, false};
    anyloop_handle *timer = NULL;
    uint64_t deadline = anyl_deadline(anyl_loop_now(loop), timeout);
    anyloop_status status = ANYLOOP_OK;
    if (deadline != ANYLOOP_NEVER)
        status = anyl_call_at(loop, deadline, limit_reached, &limit, &timer);
    while (status == ANYLOOP_OK && !anyl_list_empty(&loop->tasks))
        status = cancel_all(loop);
    if (status == ANYLOOP_OK)
        status = run_operation(loop, anyl_executor_shutdown_default(loop, time_left(loop, deadline)));
    anyl_handle_end(&timer);
    if (limit.over && status == ANYLOOP_E_STOPPED)
        status = ANYLOOP_E_TIMED_OUT;
    int64_t left = time_left(loop, deadline);
    anyloop_status closed = anyl_life_close(loop, left < loop->close_timeout ? left : loop->close_timeout);
    return status != ANYLOOP_OK ? status : closed;
}
