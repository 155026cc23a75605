/* api_future.c -- future.h and promise.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "life.h"
#include "promise.h"

void anyl_api_release(anyloop_future *future)
{
    if (future == NULL)
        return;
    if (future->loop == NULL || anyl_api_here(future->loop))
        anyl_future_release(future);
    else
        anyl_future_release_threadsafe(future);
}

/* For what looks at or changes a future: constants may be touched anywhere. */
static anyloop_status check(const anyloop_future *future)
{
    if (future == NULL)
        return ANYLOOP_E_INVALID;
    return future->loop == NULL || anyl_api_here(future->loop) ? ANYLOOP_OK : anyl_api_elsewhere(future->loop);
}

/* ---- making */

anyloop_status anyloop_future_new(anyloop_loop *loop, anyloop_future **out)
{
    anyloop_status status = out ? anyl_api_check(loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return status;
    anyloop_future *future = anyl_future_new_bare(loop);
    if (future == NULL)
        return ANYLOOP_E_NOMEM;
    *out = future;
    return ANYLOOP_OK;
}

anyloop_future *anyloop_failed(anyloop_status code)
{
    return anyl_failed(code);
}

anyloop_future *anyloop_ensure_future(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_status status = future ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && future->loop && future->loop != loop)
        status = ANYLOOP_E_OTHER_LOOP;
    if (status == ANYLOOP_OK)
        status = anyl_ensure_future(loop, future);
    if (status == ANYLOOP_OK)
        return future;
    anyl_api_release(future);
    return anyl_failed(status);
}

/* ---- completing */

ANYL_ASIDE anyloop_status complete(anyloop_future *future, uint32_t state, const anyloop_value *value)
{
    anyloop_status status = check(future);
    if (status == ANYLOOP_OK && anyl_future_done(future) && anyl_future_class_of(future)->settable)
        status = ANYLOOP_E_STATE;
    if (status == ANYLOOP_OK && !anyl_future_class_of(future)->settable)
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK && state == ANYLOOP_FAILED && (value == NULL || value->kind != ANYLOOP_ERROR))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK)
        return anyl_future_complete(future, state, anyl_value_take(value));
    anyl_api_release_value(value);
    return status;
}

anyloop_status anyloop_future_set_result(anyloop_future *future, const anyloop_value *value)
{
    if (ANYL_LIKELY(future && future->loop && anyl_api_here(future->loop) &&
                    anyl_future_complete_quickly(future, value)))
        return ANYLOOP_OK;
    return complete(future, ANYLOOP_RESULT, value);
}

anyloop_status anyloop_future_set_error(anyloop_future *future, const anyloop_value *error)
{
    return complete(future, ANYLOOP_FAILED, error);
}

/* A task keeps the reason in two words. */
static anyloop_status check_reason(const anyloop_value *reason)
{
    if (reason->kind == ANYLOOP_NONE)
        return reason->owner ? ANYLOOP_E_INVALID : ANYLOOP_OK;
    if (reason->kind != ANYLOOP_TEXT && reason->kind != ANYLOOP_ERROR)
        return ANYLOOP_E_TYPE;
    bool fits = reason->owner ? anyl_error_in_owner(reason) : reason->size <= UINT32_MAX;
    return fits ? ANYLOOP_OK : ANYLOOP_E_INVALID;
}

ANYL_ASIDE int32_t cancel(anyloop_future *future, const anyloop_value *reason)
{
    anyloop_status status = check(future);
    if (status == ANYLOOP_OK && reason)
        status = check_reason(reason);
    if (status != ANYLOOP_OK) {
        anyl_api_release_value(reason);
        return status;
    }
    anyloop_loop *loop = future->loop;
    if (loop)
        anyl_life_retain(loop); /* users' code on the way may let go of it */
    anyloop_value taken = reason && reason->kind ? *reason : anyl_value_none();
    int32_t accepted = anyl_cancel(future, &taken);
    anyl_value_release(&taken);
    if (loop)
        anyl_life_release(loop);
    return accepted;
}

int32_t anyloop_future_cancel(anyloop_future *future, const anyloop_value *reason)
{
    if (ANYL_LIKELY(reason == NULL && future && anyl_task_sleeps(future) && anyl_api_here(future->loop)))
        return anyl_sleep_cancel(anyl_task_of(future), NULL);
    return cancel(future, reason);
}

/* ---- looking */

uint32_t anyloop_future_state(const anyloop_future *future)
{
    return future ? future->state : ANYLOOP_PENDING;
}

uint32_t anyloop_future_kind(const anyloop_future *future)
{
    if (future == NULL)
        return ANYLOOP_KIND_FUTURE;
    bool operation = anyl_is_coroutine(future) && (future->task_flags & ANYL_TASK_OPERATION);
    return operation ? ANYLOOP_KIND_OPERATION : anyl_future_class_of(future)->kind;
}

const anyloop_value *anyloop_future_result(const anyloop_future *future)
{
    return future && future->state == ANYLOOP_RESULT ? &future->value : NULL;
}

const anyloop_value *anyloop_future_error(anyloop_future *future)
{
    return check(future) == ANYLOOP_OK ? anyl_future_error(future) : NULL;
}

anyloop_status anyloop_future_error_code(const anyloop_future *future)
{
    return future && future->state >= ANYLOOP_FAILED ? anyl_error_code(&future->value) : ANYLOOP_OK;
}

anyloop_loop *anyloop_future_loop(const anyloop_future *future)
{
    return future ? future->loop : NULL;
}

/* ---- callbacks */

static anyloop_loop *thread_loop(void)
{
    anyloop_loop *loop = anyl_port_running();
    return loop ? loop : anyl_port_thread_slot();
}

anyloop_status anyloop_future_add_done_callback(anyloop_future *future, anyloop_done_fn done, void *user_data,
                                                anyloop_drop_fn drop)
{
    anyloop_status status = check(future);
    anyloop_loop *loop = status != ANYLOOP_OK ? NULL : future->loop ? future->loop : thread_loop();
    if (status == ANYLOOP_OK && loop == NULL)
        status = ANYLOOP_E_STATE;
    if (status == ANYLOOP_OK && anyl_is_coroutine(future))
        status = loop->closing ? ANYLOOP_E_CLOSED : anyl_may_ensure_future(future);
    if (status == ANYLOOP_OK) {
        status = anyl_future_add_callback(future, loop, done, user_data, drop);
        return status == ANYLOOP_OK ? anyl_ensure_future(loop, future) : status;
    }
    if (drop)
        drop(user_data);
    return status;
}

uint32_t anyloop_future_remove_done_callback(anyloop_future *future, anyloop_done_fn done, void *user_data)
{
    return check(future) == ANYLOOP_OK ? anyl_future_remove_callbacks(future, done, user_data) : 0;
}

/* ---- counting */

anyloop_future *anyloop_future_retain(anyloop_future *future)
{
    return future ? anyl_future_retain(future) : NULL;
}

void anyloop_future_release(anyloop_future *future)
{
    anyl_api_release(future);
}

void anyloop_future_release_threadsafe(anyloop_future *future)
{
    if (future)
        anyl_future_release_threadsafe(future);
}

/* ---- promise.h */

anyloop_status anyloop_promise_new(anyloop_loop *loop, anyloop_promise **out, anyloop_future **future)
{
    anyloop_status status = out && future ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK ? anyl_promise_new(loop, out, future) : status;
}

static anyloop_status keep(anyloop_promise *promise, uint32_t state, const anyloop_value *value)
{
    anyloop_status status = promise ? ANYLOOP_OK : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && value && anyl_value_local(value))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK && state == ANYLOOP_FAILED && (value == NULL || value->kind != ANYLOOP_ERROR))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK)
        return anyl_promise_keep(promise, state, anyl_value_take(value));
    anyl_api_release_value(value);
    return status;
}

anyloop_status anyloop_promise_set_result(anyloop_promise *promise, const anyloop_value *value)
{
    return keep(promise, ANYLOOP_RESULT, value);
}

anyloop_status anyloop_promise_set_error(anyloop_promise *promise, const anyloop_value *error)
{
    return keep(promise, ANYLOOP_FAILED, error);
}

anyloop_promise *anyloop_promise_retain(anyloop_promise *promise)
{
    if (promise)
        anyl_promise_retain(promise);
    return promise;
}

void anyloop_promise_release(anyloop_promise *promise)
{
    if (promise)
        anyl_promise_release(promise);
}

anyloop_status anyloop_task_waker(anyloop_task *task, anyloop_waker **out)
{
    anyloop_status status = out ? check(task) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && !anyl_is_task(task))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK && task->loop->closing)
        status = ANYLOOP_E_CLOSED;
    return status == ANYLOOP_OK ? anyl_waker_new(anyl_task_of(task), out) : status;
}

void anyloop_waker_wake(anyloop_waker *waker)
{
    if (waker)
        anyl_waker_wake(waker);
}

void anyloop_waker_cancel(anyloop_waker *waker)
{
    if (waker)
        anyl_waker_cancel(waker);
}

anyloop_waker *anyloop_waker_retain(anyloop_waker *waker)
{
    if (waker)
        anyl_waker_retain(waker);
    return waker;
}

void anyloop_waker_release(anyloop_waker *waker)
{
    if (waker)
        anyl_waker_release(waker);
}
