/* api_loop.c -- loop.h and host.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "handle.h"
#include "inspect.h"
#include "life.h"
#include "run.h"
#include "runner.h"

/* After a refusal: nothing is kept. */
static anyloop_status refuse(anyloop_status status, anyloop_drop_fn drop, void *user_data)
{
    if (status != ANYLOOP_OK && drop)
        drop(user_data);
    return status;
}

anyloop_status anyl_api_elsewhere(const anyloop_loop *loop)
{
    return anyl_life_forked(loop) ? ANYLOOP_E_FORKED : ANYLOOP_E_THREAD;
}

/* In a forked child anything may be let go: there is nobody to disturb. */
bool anyl_api_may_release(anyloop_loop *loop)
{
    if (anyl_api_here(loop) || anyl_life_forked(loop))
        return true;
    anyl_loop_log(loop, ANYLOOP_LOG_ERROR, "released on another thread than its loop's: it stays for ever");
    return false;
}

/* ---- making and closing */

anyloop_loop *anyloop_get_event_loop(void)
{
    return anyl_life_get();
}

anyloop_status anyloop_set_event_loop(anyloop_loop *loop)
{
    return anyl_life_set(loop);
}

anyloop_loop *anyloop_get_running_loop(void)
{
    return anyl_port_running();
}

anyloop_status anyloop_new_event_loop(const anyloop_loop_options *options, anyloop_loop **out)
{
    const anyloop_loop_options defaults = {.struct_size = sizeof defaults};
    const uint32_t known = ANYLOOP_LOOP_VIRTUAL_CLOCK | ANYLOOP_LOOP_UNPINNED | ANYLOOP_LOOP_DEBUG;
    if (options == NULL)
        options = &defaults;
    if (out == NULL || options->struct_size != sizeof *options || (options->flags & ~known))
        return ANYLOOP_E_INVALID;
    const anyloop_allocator *allocator = options->allocator;
    if (allocator && (allocator->allocate == NULL || allocator->release == NULL))
        return ANYLOOP_E_INVALID;
    return anyl_life_new(options, out);
}

anyloop_loop *anyloop_loop_retain(anyloop_loop *loop)
{
    if (loop)
        anyl_life_retain(loop);
    return loop;
}

void anyloop_loop_release(anyloop_loop *loop)
{
    if (loop)
        anyl_life_release(loop);
}

anyloop_status anyloop_loop_close(anyloop_loop *loop)
{
    anyloop_status status = anyl_api_check(loop);
    return status == ANYLOOP_OK || status == ANYLOOP_E_FORKED ? anyl_life_close(loop, loop->close_timeout) : status;
}

int32_t anyloop_loop_is_closed(const anyloop_loop *loop)
{
    return loop && atomic_load_explicit(&loop->is_closing, memory_order_acquire);
}

/* ---- running */

/* May `future` be run on `loop`? */
static anyloop_status check_future(const anyloop_loop *loop, const anyloop_future *future)
{
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && future == NULL)
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && future->loop && future->loop != loop)
        status = ANYLOOP_E_OTHER_LOOP;
    return status;
}

anyloop_status anyloop_loop_run_until_complete(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_status status = check_future(loop, future);
    return status == ANYLOOP_OK ? anyl_run_until_complete(loop, future) : status;
}

anyloop_status anyloop_loop_run_forever(anyloop_loop *loop)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK ? anyl_run_forever(loop) : status;
}

anyloop_status anyloop_loop_stop(anyloop_loop *loop)
{
    anyloop_status status = anyl_api_check(loop);
    if (status != ANYLOOP_OK)
        return status;
    anyl_loop_stop(loop);
    if (loop->guest_outside)
        anyl_loop_poke(loop);
    return ANYLOOP_OK;
}

anyloop_status anyloop_loop_interrupt(anyloop_loop *loop, anyloop_status with)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK && with >= 0)
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && !loop->turning && !loop->events_out)
        status = ANYLOOP_E_STATE;
    if (status == ANYLOOP_OK) {
        loop->interrupt = with;
        anyl_loop_block(loop);
    }
    return status;
}

int32_t anyloop_loop_is_running(const anyloop_loop *loop)
{
    return loop && (loop->turning || loop->events_out);
}

static anyloop_status check_runner(const anyloop_loop *loop)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK && (loop->turning || loop->asked || anyl_port_running()) ? ANYLOOP_E_RUNNING : status;
}

anyloop_status anyloop_run(anyloop_loop *loop, anyloop_future *coroutine, anyloop_value *out)
{
    anyloop_status status = check_runner(loop);
    if (status == ANYLOOP_OK)
        status = check_future(loop, coroutine);
    if (status == ANYLOOP_OK)
        return anyl_runner_run(loop, coroutine, out);
    anyl_api_release(coroutine);
    return status;
}

anyloop_status anyloop_start(anyloop_loop *loop, anyloop_future *coroutine, anyloop_done_fn done, void *user_data,
                             anyloop_drop_fn drop)
{
    anyloop_status status = check_future(loop, coroutine);
    if (status == ANYLOOP_OK)
        status = anyl_may_ensure_future(coroutine);
    status = status == ANYLOOP_OK ? anyl_future_add_callback(coroutine, loop, done, user_data, drop)
                                  : refuse(status, drop, user_data);
    if (status == ANYLOOP_OK)
        anyl_ensure_future(loop, coroutine);
    anyl_api_release(coroutine);
    if (status == ANYLOOP_OK)
        anyl_run_hosted(loop);
    return status;
}

anyloop_status anyloop_runner_close(anyloop_loop *loop)
{
    anyloop_status status = check_runner(loop);
    return status == ANYLOOP_OK ? anyl_runner_close(loop) : status;
}

anyloop_status anyloop_loop_shutdown(anyloop_loop *loop, int64_t timeout)
{
    anyloop_status status = check_runner(loop);
    return status == ANYLOOP_OK ? anyl_runner_shutdown(loop, timeout) : status;
}

/* ---- callbacks */

anyloop_status anyloop_loop_call_soon(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                      anyloop_drop_fn drop, anyloop_handle **out)
{
    anyloop_status status = anyl_api_check(loop);
    return status == ANYLOOP_OK ? anyl_handle_new(loop, NULL, callback, user_data, drop, out)
                                : refuse(status, drop, user_data);
}

anyloop_status anyloop_loop_call_at(anyloop_loop *loop, uint64_t deadline, anyloop_callback_fn callback,
                                    void *user_data, anyloop_drop_fn drop, anyloop_handle **out)
{
    anyloop_status status = anyl_api_check(loop);
    return status == ANYLOOP_OK ? anyl_handle_new(loop, &deadline, callback, user_data, drop, out)
                                : refuse(status, drop, user_data);
}

anyloop_status anyloop_loop_call_later(anyloop_loop *loop, int64_t delay, anyloop_callback_fn callback,
                                       void *user_data, anyloop_drop_fn drop, anyloop_handle **out)
{
    uint64_t now = loop && anyl_api_here(loop) ? anyl_loop_now(loop) : 0;
    return anyloop_loop_call_at(loop, anyl_deadline(now, delay), callback, user_data, drop, out);
}

anyloop_status anyloop_loop_call_soon_threadsafe(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                                 anyloop_drop_fn drop)
{
    if (loop == NULL || anyl_life_forked(loop))
        return refuse(loop ? ANYLOOP_E_FORKED : ANYLOOP_E_INVALID, drop, user_data);
    return anyl_call_soon_threadsafe(loop, callback, user_data, drop);
}

anyloop_status anyloop_handle_cancel(anyloop_handle *handle)
{
    anyloop_status status = anyl_api_check(handle ? handle->loop : NULL);
    if (status == ANYLOOP_OK)
        anyl_handle_cancel(handle);
    return status;
}

int32_t anyloop_handle_cancelled(const anyloop_handle *handle)
{
    return handle && handle->cancelled;
}

uint64_t anyloop_handle_when(const anyloop_handle *handle)
{
    return handle && handle->is_timer ? handle->when : ANYLOOP_NEVER;
}

void anyloop_handle_release(anyloop_handle *handle)
{
    if (handle && anyl_api_may_release(handle->loop))
        anyl_handle_release(handle);
}

uint64_t anyloop_loop_time(const anyloop_loop *loop)
{
    return loop ? anyl_loop_now(loop) : 0;
}

/* ---- errors and words */

anyloop_status anyloop_loop_set_exception_handler(anyloop_loop *loop, anyloop_exception_fn handler, void *user_data,
                                                  anyloop_drop_fn drop)
{
    anyloop_status status = anyl_api_check(loop);
    if (status != ANYLOOP_OK)
        return refuse(status, drop, user_data);
    anyloop_drop_fn drop_before = loop->exception_drop;
    void *data_before = loop->exception_data;
    loop->exception_handler = handler;
    loop->exception_data = user_data;
    loop->exception_drop = drop;
    if (drop_before)
        drop_before(data_before);
    return ANYLOOP_OK;
}

anyloop_status anyloop_loop_call_exception_handler(anyloop_loop *loop, const anyloop_exception *exception)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK && (exception == NULL || exception->struct_size != sizeof *exception))
        status = ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return status;
    anyloop_future *future = exception->future;
    anyl_loop_report(loop, exception, future && anyl_is_task(future) ? anyl_task_name(anyl_task_of(future)) : NULL);
    return ANYLOOP_OK;
}

anyloop_status anyloop_loop_set_log(anyloop_loop *loop, anyloop_log_fn log, void *user_data)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK) {
        loop->log = log;
        loop->log_data = user_data;
    }
    return status;
}

anyloop_status anyloop_loop_hold(anyloop_loop *loop)
{
    if (loop == NULL)
        return ANYLOOP_E_INVALID;
    return anyl_mailbox_hold(loop->mailbox) ? ANYLOOP_OK : ANYLOOP_E_CLOSED;
}

anyloop_status anyloop_loop_unhold(anyloop_loop *loop)
{
    if (loop == NULL)
        return ANYLOOP_E_INVALID;
    return anyl_mailbox_unhold(loop->mailbox) ? ANYLOOP_OK : ANYLOOP_E_STATE;
}

size_t anyloop_loop_stall_report(anyloop_loop *loop, char *buffer, size_t size)
{
    if (buffer && size)
        buffer[0] = 0;
    bool open = anyl_api_open(loop) == ANYLOOP_OK && (buffer || size == 0);
    return open ? anyl_inspect_tasks(loop, buffer, size) : 0;
}

anyloop_task *anyloop_current_task(const anyloop_loop *loop)
{
    return loop && anyl_api_here(loop) ? loop->current : NULL;
}

size_t anyloop_all_tasks(const anyloop_loop *loop, anyloop_task **tasks, size_t capacity)
{
    size_t count = 0;
    if (anyl_api_check(loop) != ANYLOOP_OK)
        return 0;
    for (const anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        if (tasks && count < capacity)
            tasks[count] = &ANYL_OWNER_OF(link, anyl_task, link)->future;
        count++;
    }
    return count;
}

/* ---- host.h */

anyloop_status anyloop_loop_turn(anyloop_loop *loop, uint64_t budget, anyloop_turn_event *events, uint32_t capacity,
                                 anyloop_turn_info *info)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK && (info == NULL || info->struct_size != sizeof *info || (events == NULL && capacity)))
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && loop->deaf)
        status = ANYLOOP_E_CLOSED;
    return status == ANYLOOP_OK ? anyl_run_turn(loop, budget, events, capacity, info) : status;
}

anyloop_status anyloop_loop_wait(anyloop_loop *loop, uint64_t deadline)
{
    anyloop_status status = anyl_api_open(loop);
    return status == ANYLOOP_OK ? anyl_run_wait(loop, deadline) : status;
}

anyloop_status anyloop_loop_set_host(anyloop_loop *loop, anyloop_wake_fn wake, void *user_data, anyloop_drop_fn drop)
{
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && (loop->running || loop->turning))
        status = ANYLOOP_E_RUNNING;
    if (status != ANYLOOP_OK)
        return refuse(status, drop, user_data);
    anyl_life_set_host(loop, wake, user_data, drop);
    return ANYLOOP_OK;
}

anyloop_status anyloop_loop_fd(anyloop_loop *loop, int32_t *out)
{
    anyloop_status status = out ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && (loop->running || loop->turning))
        status = ANYLOOP_E_RUNNING;
    return status == ANYLOOP_OK ? anyl_run_fd(loop, out) : status;
}

anyloop_status anyloop_task_stepped(anyloop_task *task, int32_t result)
{
    anyloop_status status = task && anyl_is_task(task) ? anyl_api_check(task->loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return status;
    anyloop_loop *loop = task->loop;
    anyl_life_retain(loop); /* users' code in it may let go of the loop */
    bool due = anyl_task_stepped(anyl_task_of(task), result);
    anyl_life_release(loop);
    return due ? ANYLOOP_OK : ANYLOOP_E_STATE;
}
