/* api_compose.c -- compose.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "completions.h"
#include "gather.h"
#include "group.h"
#include "shield.h"
#include "timeout.h"
#include "wait.h"

anyloop_future *anyloop_sleep(anyloop_loop *loop, int64_t delay)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_sleep(loop, delay)) : anyl_failed(status);
}

/* ---- many */

static void release_all(anyloop_future *const *futures, size_t count)
{
    for (size_t i = 0; futures && i < count; i++)
        anyl_api_release(futures[i]);
}

static anyloop_status check_many(const anyloop_loop *loop, anyloop_future *const *futures, size_t count)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK ? anyl_gather_check(loop, futures, count) : status;
}

static anyloop_future *or_no_memory(anyloop_future *future)
{
    return future ? future : anyl_failed(ANYLOOP_E_NOMEM);
}

anyloop_future *anyloop_gather(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t flags)
{
    anyloop_status status = check_many(loop, futures, count);
    if (status == ANYLOOP_OK && (flags & ~(uint32_t)ANYLOOP_RETURN_EXCEPTIONS))
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        return or_no_memory(anyl_gather(loop, futures, count, flags));
    release_all(futures, count);
    return anyl_failed(status);
}

anyloop_future *anyloop_gather_pending(anyloop_loop *loop, uint32_t flags)
{
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && (flags & ~(uint32_t)ANYLOOP_RETURN_EXCEPTIONS))
        status = ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK ? or_no_memory(anyl_gather_pending(loop, flags)) : anyl_failed(status);
}

anyloop_future *anyloop_wait(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t return_when,
                             int64_t timeout)
{
    anyloop_status status = check_many(loop, futures, count);
    if (status == ANYLOOP_OK &&
        (count == 0 || return_when < ANYLOOP_FIRST_COMPLETED || return_when > ANYLOOP_ALL_COMPLETED))
        status = ANYLOOP_E_INVALID;
    for (size_t i = 0; status == ANYLOOP_OK && i < count; i++)
        if (anyl_is_coroutine(futures[i]))
            status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK)
        return anyl_api_operation(anyl_wait(loop, futures, count, return_when, timeout));
    release_all(futures, count);
    return anyl_failed(status);
}

anyloop_status anyloop_as_completed(anyloop_loop *loop, anyloop_future *const *futures, size_t count, int64_t timeout,
                                    anyloop_completions **out)
{
    anyloop_status status = check_many(loop, futures, count);
    if (status == ANYLOOP_OK && out == NULL)
        status = ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK) {
        release_all(futures, count);
        return status;
    }
    anyloop_completions *completions = anyl_completions_new(loop, futures, count, timeout);
    if (completions == NULL)
        return ANYLOOP_E_NOMEM;
    *out = completions;
    return ANYLOOP_OK;
}

static anyloop_future *next(anyloop_completions *completions, bool resolve)
{
    anyloop_status status = anyl_api_open(completions ? anyl_completions_loop(completions) : NULL);
    if (status == ANYLOOP_OK && anyl_completions_left(completions) == 0)
        status = ANYLOOP_E_END;
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_completions_next(completions, resolve))
                                : anyl_failed(status);
}

anyloop_future *anyloop_completions_next(anyloop_completions *completions)
{
    return next(completions, true);
}

anyloop_future *anyloop_completions_next_future(anyloop_completions *completions)
{
    return next(completions, false);
}

void anyloop_completions_release(anyloop_completions *completions)
{
    if (completions && anyl_api_may_release(anyl_completions_loop(completions)))
        anyl_completions_release(completions);
}

/* ---- one */

/* What is run around one future, which is taken. */
static anyloop_status check_one(const anyloop_loop *loop, const anyloop_future *future)
{
    anyloop_status status = future ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK && future->loop && future->loop != loop ? ANYLOOP_E_OTHER_LOOP : status;
}

static anyloop_future *refuse_one(anyloop_status status, anyloop_future *future)
{
    anyl_api_release(future);
    return anyl_failed(status);
}

anyloop_future *anyloop_wait_for(anyloop_loop *loop, anyloop_future *future, int64_t timeout)
{
    anyloop_status status = check_one(loop, future);
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_wait_for(loop, future, timeout))
                                : refuse_one(status, future);
}

anyloop_future *anyloop_shield(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_status status = check_one(loop, future);
    if (status == ANYLOOP_OK)
        status = anyl_may_ensure_future(future);
    return status == ANYLOOP_OK ? or_no_memory(anyl_shield(loop, future)) : refuse_one(status, future);
}

/* ---- timeouts */

anyloop_status anyloop_timeout_scope_new(anyloop_loop *loop, uint64_t deadline, anyloop_timeout_scope **out)
{
    anyloop_status status = out ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return status;
    anyloop_timeout_scope *scope = anyl_timeout_new(loop, deadline);
    if (scope == NULL)
        return ANYLOOP_E_NOMEM;
    *out = scope;
    return ANYLOOP_OK;
}

anyloop_future *anyloop_timeout_scope_run(anyloop_timeout_scope *scope, anyloop_future *body)
{
    anyloop_status status = check_one(scope ? anyl_timeout_loop(scope) : NULL, body);
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_timeout_run(scope, body)) : refuse_one(status, body);
}

anyloop_future *anyloop_timeout(anyloop_loop *loop, int64_t delay, anyloop_future *body)
{
    anyloop_timeout_scope *scope = NULL;
    anyloop_status status = check_one(loop, body);
    if (status == ANYLOOP_OK)
        status = anyloop_timeout_scope_new(loop, anyl_deadline(anyl_loop_now(loop), delay), &scope);
    if (status != ANYLOOP_OK)
        return refuse_one(status, body);
    anyloop_future *operation = anyloop_timeout_scope_run(scope, body);
    anyl_timeout_release(scope);
    return operation;
}

anyloop_status anyloop_timeout_scope_reschedule(anyloop_timeout_scope *scope, uint64_t deadline)
{
    anyloop_status status = anyl_api_open(scope ? anyl_timeout_loop(scope) : NULL);
    return status == ANYLOOP_OK ? anyl_timeout_reschedule(scope, deadline) : status;
}

uint64_t anyloop_timeout_scope_when(const anyloop_timeout_scope *scope)
{
    return scope ? anyl_timeout_when(scope) : ANYLOOP_NEVER;
}

int32_t anyloop_timeout_scope_expired(const anyloop_timeout_scope *scope)
{
    return scope && anyl_timeout_expired(scope);
}

void anyloop_timeout_scope_release(anyloop_timeout_scope *scope)
{
    if (scope && anyl_api_may_release(anyl_timeout_loop(scope)))
        anyl_timeout_release(scope);
}

/* ---- groups */

anyloop_status anyloop_group_new(anyloop_loop *loop, anyloop_group **out)
{
    anyloop_status status = out ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return status;
    anyloop_group *group = anyl_group_new(loop);
    if (group == NULL)
        return ANYLOOP_E_NOMEM;
    *out = group;
    return ANYLOOP_OK;
}

anyloop_future *anyloop_group_run(anyloop_group *group, anyloop_future *body)
{
    anyloop_status status = check_one(group ? anyl_group_loop(group) : NULL, body);
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_group_run(group, body)) : refuse_one(status, body);
}

anyloop_task *anyloop_group_create_task(anyloop_group *group, anyloop_future *coroutine,
                                        const anyloop_task_options *options)
{
    anyloop_status status = group && coroutine ? anyl_api_open(anyl_group_loop(group)) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        status = anyl_group_check(group);
    if (status == ANYLOOP_OK)
        status = anyl_api_prepare_task(anyl_group_loop(group), coroutine, options);
    if (status == ANYLOOP_OK && !anyl_is_coroutine(coroutine))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK)
        status = anyl_group_adopt(group, anyl_task_of(coroutine));
    if (status != ANYLOOP_OK)
        return refuse_one(status, coroutine);
    anyl_api_start_task(anyl_task_of(coroutine), options);
    return coroutine;
}

void anyloop_group_release(anyloop_group *group)
{
    if (group && anyl_api_may_release(anyl_group_loop(group)))
        anyl_group_release(group);
}
