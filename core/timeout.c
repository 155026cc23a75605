/* timeout.c -- scopes in time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "timeout.h"

#include "handle.h"
#include "wait.h"

struct anyloop_timeout_scope {
    anyloop_loop *loop;
    uint32_t refs;
    enum { CREATED, ENTERED, EXPIRING, EXPIRED, EXITED } state;
    uint32_t cancelling; /* of the task when it was entered */
    anyl_task *task;     /* while it is in use */
    anyloop_handle *timer;
    uint64_t when;
};

anyloop_timeout_scope *anyl_timeout_new(anyloop_loop *loop, uint64_t deadline)
{
    anyloop_timeout_scope *scope = anyl_object_alloc(loop, sizeof *scope);
    if (scope)
        *scope = (anyloop_timeout_scope){.loop = loop, .refs = 1, .state = CREATED, .when = deadline};
    return scope;
}

void anyl_timeout_release(anyloop_timeout_scope *scope)
{
    if (--scope->refs == 0)
        anyl_object_free(scope->loop, scope, sizeof *scope);
}

anyloop_loop *anyl_timeout_loop(const anyloop_timeout_scope *scope)
{
    return scope->loop;
}

uint64_t anyl_timeout_when(const anyloop_timeout_scope *scope)
{
    return scope->when;
}

bool anyl_timeout_expired(const anyloop_timeout_scope *scope)
{
    return scope->state == EXPIRING || scope->state == EXPIRED;
}

static void on_timeout(void *user_data)
{
    anyloop_timeout_scope *scope = user_data;
    anyl_cancel(&scope->task->future, &anyl_value_nothing);
    scope->state = EXPIRING;
    anyl_handle_end(&scope->timer);
}

anyloop_status anyl_timeout_reschedule(anyloop_timeout_scope *scope, uint64_t deadline)
{
    if (scope->state != ENTERED)
        return ANYLOOP_E_STATE;
    anyloop_handle *timer = NULL;
    anyloop_status status = ANYLOOP_OK;
    if (deadline <= anyl_loop_now(scope->loop))
        status = anyl_call_soon(scope->loop, on_timeout, scope, &timer);
    else if (deadline != ANYLOOP_NEVER)
        status = anyl_call_at(scope->loop, deadline, on_timeout, scope, &timer);
    if (status != ANYLOOP_OK)
        return status;
    scope->when = deadline;
    anyl_handle_end(&scope->timer);
    scope->timer = timer;
    return ANYLOOP_OK;
}

/* ---- running a body in a scope */

struct timeout_frame {
    anyloop_timeout_scope *scope;
    anyloop_future *body; /* until it is awaited */
    bool entered;
};

static int32_t leave_scope(struct timeout_frame *my, anyl_task *task)
{
    anyloop_timeout_scope *scope = my->scope;
    my->entered = false;
    anyl_handle_end(&scope->timer);
    if (scope->state == EXPIRING) {
        scope->state = EXPIRED;
        if (anyl_task_uncancel(task) <= scope->cancelling && anyl_task_outcome(task) == ANYLOOP_CANCELLED)
            return anyl_raise_code(task, ANYLOOP_E_TIMED_OUT);
    } else {
        scope->state = EXITED;
    }
    return anyl_pass_on(task);
}

static int32_t timeout_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct timeout_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (event == ANYLOOP_EVENT_START) {
        anyloop_timeout_scope *scope = my->scope;
        if (scope->state != CREATED)
            return anyl_raise_code(task, ANYLOOP_E_STATE);
        scope->state = ENTERED;
        scope->task = task;
        scope->cancelling = task->cancels;
        my->entered = true;
        anyloop_status status = anyl_timeout_reschedule(scope, scope->when);
        if (status != ANYLOOP_OK)
            return anyl_raise_code(task, status);
        anyloop_future *body = my->body;
        my->body = NULL;
        if (anyl_task_await(task, body, NULL) == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
    }
    return leave_scope(my, task);
}

static void timeout_drop(void *frame)
{
    struct timeout_frame *my = frame;
    if (my->scope == NULL)
        return;
    if (my->entered) {
        anyl_handle_end(&my->scope->timer);
        my->scope->state = EXITED;
    }
    anyl_timeout_release(my->scope);
    if (my->body)
        anyl_future_release(my->body);
}

static const anyl_operation timeout_operation = {"timeout", timeout_step, timeout_drop, sizeof(struct timeout_frame)};

anyl_task *anyl_timeout_run(anyloop_timeout_scope *scope, anyloop_future *body)
{
    anyl_task *operation = anyl_operation_new(scope->loop, &timeout_operation);
    if (operation == NULL) {
        anyl_future_release(body);
        return NULL;
    }
    struct timeout_frame *my = anyl_task_frame(operation);
    scope->refs++;
    my->scope = scope;
    my->body = body;
    return operation;
}

/* ---- wait_for */

struct wait_for_frame {
    anyloop_future *future; /* until it is awaited */
    int64_t timeout;
};

static int32_t wait_for_await(anyl_task *task, anyl_task *operation)
{
    if (operation == NULL)
        return anyl_raise_code(task, ANYLOOP_E_NOMEM);
    anyl_task_await(task, &operation->future, NULL);
    return ANYLOOP_STEP_AWAIT;
}

/* A coroutine gets a task that is cancelled before it starts. */
static int32_t wait_for_no_time(anyl_task *task, anyloop_future *future)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_status status = anyl_ensure_future(loop, future);
    if (status != ANYLOOP_OK) {
        anyl_future_release(future);
        return anyl_raise_code(task, status);
    }
    if (!anyl_future_done(future))
        return wait_for_await(task, anyl_wait_no_longer(loop, future));
    anyl_task_await(task, future, NULL);
    return anyl_pass_on(task);
}

static int32_t wait_for_in_scope(anyl_task *task, anyloop_future *future, int64_t timeout)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_timeout_scope *scope = anyl_timeout_new(loop, anyl_deadline(anyl_loop_now(loop), timeout));
    if (scope == NULL) {
        anyl_future_release(future);
        return wait_for_await(task, NULL);
    }
    anyl_task *operation = anyl_timeout_run(scope, future);
    anyl_timeout_release(scope);
    return wait_for_await(task, operation);
}

static int32_t wait_for_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct wait_for_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (event != ANYLOOP_EVENT_START)
        return anyl_pass_on(task);
    anyloop_future *future = my->future;
    my->future = NULL;
    return my->timeout <= 0 ? wait_for_no_time(task, future) : wait_for_in_scope(task, future, my->timeout);
}

static void wait_for_drop(void *frame)
{
    struct wait_for_frame *my = frame;
    if (my->future)
        anyl_future_release(my->future);
}

static const anyl_operation wait_for_operation = {"wait_for", wait_for_step, wait_for_drop,
                                                  sizeof(struct wait_for_frame)};

anyl_task *anyl_wait_for(anyloop_loop *loop, anyloop_future *future, int64_t timeout)
{
    anyl_task *operation = anyl_operation_new(loop, &wait_for_operation);
    if (operation == NULL) {
        anyl_future_release(future);
        return NULL;
    }
    struct wait_for_frame *my = anyl_task_frame(operation);
    my->future = future;
    my->timeout = timeout;
    return operation;
}
