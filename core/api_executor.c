/* api_executor.c -- the exported functions of executor.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "executor.h"
#include "pool.h"
#include "workers.h"

int32_t anyloop_worker_main(int32_t *argc, char **argv, const anyloop_job_type *jobs)
{
    (void)argc, (void)argv;
    return anyl_workers_serve(jobs);
}

/* ---- running */

static anyloop_status api_check_run(const anyloop_loop *loop, anyloop_job_fn function, const anyloop_value *in)
{
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && function == NULL)
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && in && anyl_value_local(in))
        status = ANYLOOP_E_TYPE;
    return status;
}

anyloop_status anyloop_try_run_in_executor(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                           const anyloop_value *in, anyloop_future **out)
{
    anyloop_value value = anyl_value_take(in);
    anyloop_status status = out ? api_check_run(loop, function, in) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        return anyl_executor_run(loop, executor, function, value, false, out);
    anyl_value_release(&value);
    return status;
}

anyloop_future *anyloop_run_in_executor(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                        const anyloop_value *in)
{
    anyloop_future *future;
    anyloop_status status = anyloop_try_run_in_executor(loop, executor, function, in, &future);
    return status == ANYLOOP_OK ? future : anyl_future_failed(loop, anyl_executor_refusal(loop, executor, status));
}

anyloop_future *anyloop_run_in_executor_when_free(anyloop_loop *loop, anyloop_executor *executor,
                                                  anyloop_job_fn function, const anyloop_value *in)
{
    anyloop_value value = anyl_value_take(in);
    anyloop_status status = api_check_run(loop, function, in);
    if (status == ANYLOOP_OK)
        return anyl_api_operation(anyl_executor_run_when_free(loop, executor, function, value));
    anyl_value_release(&value);
    return anyl_failed(status);
}

/* ---- jobs */

static void api_end_job(anyloop_job *job, uint32_t end, anyloop_value outcome)
{
    if (job)
        anyl_job_end(job, end, outcome);
    else
        anyl_value_release(&outcome);
}

void anyloop_job_return(anyloop_job *job, const anyloop_value *value)
{
    anyloop_value outcome = anyl_value_take(value);
    uint32_t end = ANYLOOP_RESULT;
    if (anyl_value_local(&outcome)) {
        anyl_error_put(&outcome, ANYLOOP_E_TYPE);
        end = ANYLOOP_FAILED;
    }
    api_end_job(job, end, outcome);
}

void anyloop_job_raise(anyloop_job *job, anyloop_status code, const char *text)
{
    if (job == NULL)
        return;
    if (code >= ANYLOOP_OK)
        code = ANYLOOP_E_INVALID;
    anyl_job_end(job, ANYLOOP_FAILED, anyl_error_text(anyl_job_allocator(job), code, text, text ? strlen(text) : 0));
}

void anyloop_job_raise_error(anyloop_job *job, const anyloop_value *error)
{
    anyloop_value outcome = anyl_value_take(error);
    if (outcome.kind != ANYLOOP_ERROR)
        anyl_error_put(&outcome, ANYLOOP_E_TYPE);
    api_end_job(job, ANYLOOP_FAILED, outcome);
}

int32_t anyloop_job_stopping(const anyloop_job *job)
{
    return job != NULL && anyl_job_stopping(job);
}

anyloop_context *anyloop_job_context(const anyloop_job *job)
{
    return job ? job->context : NULL;
}

void anyloop_job_run(anyloop_job *job)
{
    if (job == NULL)
        return;
    anyl_job_call(job);
    anyl_job_finish(job);
}

void anyloop_job_finish(anyloop_job *job)
{
    if (job)
        anyl_job_finish(job);
}

const anyloop_value *anyloop_job_input(const anyloop_job *job, anyloop_job_fn *function)
{
    if (job == NULL)
        return NULL;
    if (function)
        *function = job->function;
    return &job->in;
}

/* ---- executors */

anyloop_status anyloop_thread_pool_new(const anyloop_thread_pool_options *options, anyloop_executor **out)
{
    static const anyloop_thread_pool_options usual = {.struct_size = sizeof usual};
    if (options == NULL)
        options = &usual;
    if (out == NULL || options->struct_size != sizeof *options)
        return ANYLOOP_E_INVALID;
    return anyl_pool_new(&anyl_alloc_default, options, out);
}

anyloop_status anyloop_worker_pool_new(const anyloop_worker_pool_options *options, anyloop_executor **out)
{
    static const anyloop_worker_pool_options usual = {.struct_size = sizeof usual};
    if (options == NULL)
        options = &usual;
    if (out == NULL || options->struct_size != sizeof *options)
        return ANYLOOP_E_INVALID;
    return anyl_workers_new(&anyl_alloc_default, options, out);
}

anyloop_status anyloop_inline_executor_new(anyloop_executor **out)
{
    if (out == NULL)
        return ANYLOOP_E_INVALID;
    anyloop_executor *executor = anyl_executor_inline_new();
    if (executor == NULL)
        return ANYLOOP_E_NOMEM;
    *out = executor;
    return ANYLOOP_OK;
}

anyloop_status anyloop_executor_new(const anyloop_executor_methods *methods, void *user_data, anyloop_drop_fn drop,
                                    anyloop_executor **out)
{
    if (out == NULL || methods == NULL || methods->struct_size != sizeof *methods || methods->reserved ||
        methods->submit == NULL) {
        if (drop)
            drop(user_data);
        return ANYLOOP_E_INVALID;
    }
    return anyl_executor_foreign_new(methods, user_data, drop, out);
}

anyloop_status anyloop_executor_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    if (executor == NULL || (flags & ~(uint32_t)ANYLOOP_CANCEL_QUEUED))
        return ANYLOOP_E_INVALID;
    return anyl_executor_shutdown(executor, flags, timeout);
}

anyloop_status anyloop_loop_set_default_executor(anyloop_loop *loop, anyloop_executor *executor)
{
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && executor == NULL)
        status = ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK ? anyl_executor_set_default(loop, executor) : status;
}

anyloop_future *anyloop_shutdown_default_executor(anyloop_loop *loop, int64_t timeout)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_executor_shutdown_default(loop, timeout))
                                : anyl_failed(status);
}

anyloop_executor *anyloop_executor_retain(anyloop_executor *executor)
{
    return executor ? anyl_executor_retain(executor) : NULL;
}

void anyloop_executor_release(anyloop_executor *executor)
{
    if (executor)
        anyl_executor_release(executor);
}
