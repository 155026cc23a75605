/* Wrong use of the whole interface: NULL, the wrong thread, a closed loop, another loop's objects, unknown structs,
 * re-entrance. Each is a status or a failed future, and what was given away is dropped exactly once.
 *
 * One table holds a call of every function that can refuse, each made with fresh objects in each wrong situation.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* One of everything, and a count of what was given away and came back. In the NULL case all pointers are NULL. */
struct world {
    anyloop_loop *loop;
    anyloop_future *future;    /* bare, pending, with somebody who waits */
    anyloop_future *coroutine; /* to be given away */
    anyloop_task *task;
    anyloop_handle *handle;
    anyloop_lock *lock;
    anyloop_event *event;
    anyloop_condition *condition;
    anyloop_semaphore *semaphore;
    anyloop_barrier *barrier;
    anyloop_queue *queue;
    anyloop_group *group;
    anyloop_timeout_scope *scope;
    anyloop_completions *completions;
    anyloop_contextvar *var;
    int dropped;
};

static int32_t step_sleep(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame;
    if (event == ANYLOOP_EVENT_START &&
        anyloop_task_await(task, anyloop_sleep(anyloop_task_loop(task), 1), NULL) == ANYLOOP_PENDING)
        return ANYLOOP_STEP_AWAIT;
    return ANYLOOP_STEP_RETURN;
}

struct dropping {
    int *dropped;
};

static void drop_frame(void *frame)
{
    ++*((struct dropping *)frame)->dropped;
}

static anyloop_future *coroutine_new(anyloop_loop *loop, int *dropped)
{
    const struct dropping frame = {dropped};
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .step = step_sleep,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = drop_frame};
    return anyloop_coroutine_create_with(loop, &options);
}

static void world_new(struct world *w, anyloop_loop *loop)
{
    *w = (struct world){.loop = loop, .future = future_new(loop), .coroutine = coroutine_new(loop, &w->dropped)};
    w->task = anyloop_create_task(loop, anyloop_sleep(loop, ANYLOOP_FOREVER), NULL);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_FOREVER, note, "never", NULL, &w->handle));
    assert_ok(anyloop_lock_new(loop, &w->lock));
    assert_ok(anyloop_event_new(loop, &w->event));
    assert_ok(anyloop_condition_new(loop, NULL, &w->condition));
    assert_ok(anyloop_semaphore_new(loop, 0, 0, &w->semaphore));
    assert_ok(anyloop_barrier_new(loop, 2, &w->barrier));
    assert_ok(anyloop_queue_new(loop, 1, ANYLOOP_QUEUE_FIFO, &w->queue));
    assert_ok(anyloop_group_new(loop, &w->group));
    assert_ok(anyloop_timeout_scope_new(loop, ANYLOOP_NEVER, &w->scope));
    anyloop_future *one[] = {anyloop_future_retain(w->future)};
    assert_ok(anyloop_as_completed(loop, one, 1, ANYLOOP_FOREVER, &w->completions));
    assert_ok(anyloop_contextvar_new("var", &w->var));
    run_to(loop, anyloop_lock_acquire(w->lock), ANYLOOP_OK);
    anyloop_future_release(anyloop_ensure_future(loop, anyloop_lock_acquire(w->lock)));
    turn(loop);
}

/* All but the loop and the coroutine, which was given away. */
static void world_release(struct world *w)
{
    anyloop_future_release(w->future);
    anyloop_future_release(w->task);
    anyloop_handle_release(w->handle);
    anyloop_lock_release(w->lock);
    anyloop_event_release(w->event);
    anyloop_condition_release(w->condition);
    anyloop_semaphore_release(w->semaphore);
    anyloop_barrier_release(w->barrier);
    anyloop_queue_release(w->queue);
    anyloop_group_release(w->group);
    anyloop_timeout_scope_release(w->scope);
    anyloop_completions_release(w->completions);
    anyloop_contextvar_release(w->var);
}

/* ---- the calls */

/* The code of what is taken; ANYLOOP_OK unless it has failed. */
static anyloop_status code_of(anyloop_future *future)
{
    anyloop_status code = future ? anyloop_future_error_code(future) : ANYLOOP_E_FOREIGN_MAX;
    anyloop_future_release(future);
    return code;
}

static anyloop_value gift(struct world *w)
{
    return counted(&w->dropped);
}

static anyloop_value gift_of_error(struct world *w)
{
    const anyloop_value foreign = gift(w);
    const anyloop_error_options options = {
        .struct_size = sizeof options, .code = ANYLOOP_E_USER, .foreign = &foreign};
    anyloop_value error = anyloop_none();
    assert_ok(anyloop_value_error_with(NULL, &options, &error));
    return error;
}

static void back(void *w)
{
    ((struct world *)w)->dropped++;
}

static void never(void *w)
{
    (void)w;
    note("ran");
}

static void never_done(void *w, anyloop_future *future)
{
    (void)w, (void)future;
    note("ran");
}

static anyloop_status never_exception(void *w, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)w, (void)loop, (void)exception;
    return ANYLOOP_OK;
}

static int32_t never_predicate(void *w)
{
    (void)w;
    return 1;
}

static void never_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    note("ran");
}

static anyloop_status call_run_until_complete(struct world *w)
{
    return anyloop_loop_run_until_complete(w->loop, w->future);
}

static anyloop_status call_run_forever(struct world *w)
{
    return anyloop_loop_run_forever(w->loop);
}

static anyloop_status call_stop(struct world *w)
{
    return anyloop_loop_stop(w->loop);
}

static anyloop_status call_close(struct world *w)
{
    return anyloop_loop_close(w->loop);
}

static anyloop_status call_run(struct world *w)
{
    return anyloop_run(w->loop, w->coroutine, NULL);
}

static anyloop_status call_start(struct world *w)
{
    return anyloop_start(w->loop, w->coroutine, never_done, w, back);
}

static anyloop_status call_runner_close(struct world *w)
{
    return anyloop_runner_close(w->loop);
}

static anyloop_status call_shutdown(struct world *w)
{
    return anyloop_loop_shutdown(w->loop, 0);
}

static anyloop_status call_soon(struct world *w)
{
    return anyloop_loop_call_soon(w->loop, never, w, back, NULL);
}

static anyloop_status call_later(struct world *w)
{
    return anyloop_loop_call_later(w->loop, 1, never, w, back, NULL);
}

static anyloop_status call_at(struct world *w)
{
    return anyloop_loop_call_at(w->loop, 1, never, w, back, NULL);
}

static anyloop_status call_handle_cancel(struct world *w)
{
    return anyloop_handle_cancel(w->handle);
}

static anyloop_status call_set_exception_handler(struct world *w)
{
    return anyloop_loop_set_exception_handler(w->loop, never_exception, w, back);
}

static anyloop_status call_exception_handler(struct world *w)
{
    const anyloop_exception exception = {.struct_size = sizeof exception, .message = "said"};
    return anyloop_loop_call_exception_handler(w->loop, &exception);
}

static anyloop_status call_set_log(struct world *w)
{
    return anyloop_loop_set_log(w->loop, hear, NULL);
}

static anyloop_status never_visit(void *w, const anyloop_task_info *info)
{
    (void)w, (void)info;
    return ANYLOOP_OK;
}

static void never_write(void *w, const char *text, size_t size)
{
    (void)w, (void)text, (void)size;
}

static void never_slow(void *w, anyloop_loop *loop, const anyloop_slow_callback *slow)
{
    (void)w, (void)loop, (void)slow;
    note("ran");
}

static anyloop_status call_visit_tasks(struct world *w)
{
    return anyloop_loop_visit_tasks(w->loop, never_visit, w);
}

static anyloop_status call_format_tree(struct world *w)
{
    return anyloop_loop_format_tree(w->loop, never_write, w);
}

static anyloop_status call_set_slow_callback_handler(struct world *w)
{
    return anyloop_loop_set_slow_callback_handler(w->loop, ANYLOOP_SECONDS(1), never_slow, w, back);
}

static anyloop_status call_get_figures(struct world *w)
{
    anyloop_loop_figures figures = {.struct_size = sizeof figures};
    return anyloop_loop_get_figures(w->loop, &figures);
}

static anyloop_status call_turn(struct world *w)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    return anyloop_loop_turn(w->loop, 0, NULL, 0, &info);
}

static anyloop_status call_wait_until(struct world *w)
{
    return anyloop_loop_wait(w->loop, 0);
}

static anyloop_status call_set_host(struct world *w)
{
    return anyloop_loop_set_host(w->loop, never, w, back);
}

static anyloop_status call_fd(struct world *w)
{
    int32_t fd;
    return anyloop_loop_fd(w->loop, &fd);
}

static anyloop_status call_future_new(struct world *w)
{
    anyloop_future *future = NULL;
    anyloop_status status = anyloop_future_new(w->loop, &future);
    anyloop_future_release(future);
    return status;
}

static anyloop_status call_ensure_future(struct world *w)
{
    return code_of(anyloop_ensure_future(w->loop, w->coroutine));
}

static anyloop_status call_set_result(struct world *w)
{
    const anyloop_value value = gift(w);
    return anyloop_future_set_result(w->future, &value);
}

static anyloop_status call_set_error(struct world *w)
{
    const anyloop_value error = gift_of_error(w);
    return anyloop_future_set_error(w->future, &error);
}

static anyloop_status call_cancel(struct world *w)
{
    const anyloop_value reason = gift_of_error(w);
    return anyloop_future_cancel(w->future, &reason);
}

static anyloop_status call_add_done_callback(struct world *w)
{
    return anyloop_future_add_done_callback(w->future, never_done, w, back);
}

static anyloop_status call_promise_new(struct world *w)
{
    anyloop_promise *promise = NULL;
    anyloop_future *future = NULL;
    return anyloop_promise_new(w->loop, &promise, &future);
}

static anyloop_status call_task_waker(struct world *w)
{
    anyloop_waker *waker = NULL;
    return anyloop_task_waker(w->task, &waker);
}

static anyloop_status call_task_set_name(struct world *w)
{
    return anyloop_task_set_name(w->task, "name");
}

static anyloop_status call_coroutine_create(struct world *w)
{
    return code_of(anyloop_coroutine_create(w->loop, NULL, step_sleep, NULL, 0));
}

static anyloop_status call_coroutine_create_with(struct world *w)
{
    return code_of(coroutine_new(w->loop, &w->dropped));
}

static anyloop_status call_task_create(struct world *w)
{
    return code_of(anyloop_task_create(w->loop, NULL, step_sleep, NULL, 0));
}

static anyloop_status call_create_task(struct world *w)
{
    return code_of(anyloop_create_task(w->loop, w->coroutine, NULL));
}

static anyloop_status call_task_stepped(struct world *w)
{
    return anyloop_task_stepped(w->task, ANYLOOP_STEP_RETURN);
}

static anyloop_status call_sleep(struct world *w)
{
    return code_of(anyloop_sleep(w->loop, 1));
}

static anyloop_status call_gather(struct world *w)
{
    return code_of(anyloop_gather(w->loop, &w->coroutine, 1, 0));
}

static anyloop_status call_gather_pending(struct world *w)
{
    return code_of(anyloop_gather_pending(w->loop, 0));
}

static anyloop_status call_wait(struct world *w)
{
    return code_of(anyloop_wait(w->loop, &w->coroutine, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER));
}

static anyloop_status call_wait_for(struct world *w)
{
    return code_of(anyloop_wait_for(w->loop, w->coroutine, 1));
}

static anyloop_status call_shield(struct world *w)
{
    return code_of(anyloop_shield(w->loop, w->coroutine));
}

static anyloop_status call_timeout(struct world *w)
{
    return code_of(anyloop_timeout(w->loop, 1, w->coroutine));
}

static anyloop_status call_timeout_scope_new(struct world *w)
{
    anyloop_timeout_scope *scope = NULL;
    return anyloop_timeout_scope_new(w->loop, ANYLOOP_NEVER, &scope);
}

static anyloop_status call_timeout_scope_run(struct world *w)
{
    return code_of(anyloop_timeout_scope_run(w->scope, w->coroutine));
}

static anyloop_status call_reschedule(struct world *w)
{
    return anyloop_timeout_scope_reschedule(w->scope, 1);
}

static anyloop_status call_group_new(struct world *w)
{
    anyloop_group *group = NULL;
    return anyloop_group_new(w->loop, &group);
}

static anyloop_status call_group_run(struct world *w)
{
    return code_of(anyloop_group_run(w->group, w->coroutine));
}

static anyloop_status call_group_create_task(struct world *w)
{
    return code_of(anyloop_group_create_task(w->group, w->coroutine, NULL));
}

static anyloop_status call_as_completed(struct world *w)
{
    anyloop_completions *completions = NULL;
    return anyloop_as_completed(w->loop, &w->coroutine, 1, ANYLOOP_FOREVER, &completions);
}

static anyloop_status call_completions_next(struct world *w)
{
    return code_of(anyloop_completions_next(w->completions));
}

static anyloop_status call_completions_next_future(struct world *w)
{
    return code_of(anyloop_completions_next_future(w->completions));
}

static anyloop_status call_lock_new(struct world *w)
{
    anyloop_lock *lock = NULL;
    return anyloop_lock_new(w->loop, &lock);
}

static anyloop_status call_lock_acquire(struct world *w)
{
    return code_of(anyloop_lock_acquire(w->lock));
}

static anyloop_status call_lock_unlock(struct world *w)
{
    return anyloop_lock_unlock(w->lock);
}

static anyloop_status call_event_new(struct world *w)
{
    anyloop_event *event = NULL;
    return anyloop_event_new(w->loop, &event);
}

static anyloop_status call_event_set(struct world *w)
{
    return anyloop_event_set(w->event);
}

static anyloop_status call_event_clear(struct world *w)
{
    return anyloop_event_clear(w->event);
}

static anyloop_status call_event_wait(struct world *w)
{
    return code_of(anyloop_event_wait(w->event));
}

static anyloop_status call_condition_new(struct world *w)
{
    anyloop_condition *condition = NULL;
    return anyloop_condition_new(w->loop, w->lock, &condition);
}

static anyloop_status call_condition_wait(struct world *w)
{
    return code_of(anyloop_condition_wait(w->condition));
}

static anyloop_status call_condition_wait_for(struct world *w)
{
    return code_of(anyloop_condition_wait_for(w->condition, never_predicate, w, back));
}

static anyloop_status call_condition_notify(struct world *w)
{
    return anyloop_condition_notify(w->condition, 1);
}

static anyloop_status call_semaphore_new(struct world *w)
{
    anyloop_semaphore *semaphore = NULL;
    return anyloop_semaphore_new(w->loop, 1, 0, &semaphore);
}

static anyloop_status call_semaphore_acquire(struct world *w)
{
    return code_of(anyloop_semaphore_acquire(w->semaphore));
}

static anyloop_status call_semaphore_post(struct world *w)
{
    return anyloop_semaphore_post(w->semaphore);
}

static anyloop_status call_barrier_new(struct world *w)
{
    anyloop_barrier *barrier = NULL;
    return anyloop_barrier_new(w->loop, 1, &barrier);
}

static anyloop_status call_barrier_wait(struct world *w)
{
    return code_of(anyloop_barrier_wait(w->barrier));
}

static anyloop_status call_barrier_reset(struct world *w)
{
    return code_of(anyloop_barrier_reset(w->barrier));
}

static anyloop_status call_barrier_abort(struct world *w)
{
    return code_of(anyloop_barrier_abort(w->barrier));
}

static anyloop_status call_queue_new(struct world *w)
{
    anyloop_queue *queue = NULL;
    return anyloop_queue_new(w->loop, 1, ANYLOOP_QUEUE_FIFO, &queue);
}

static anyloop_status call_queue_put(struct world *w)
{
    const anyloop_value value = gift(w);
    return code_of(anyloop_queue_put(w->queue, &value, 0));
}

static anyloop_status call_queue_get(struct world *w)
{
    return code_of(anyloop_queue_get(w->queue));
}

static anyloop_status call_queue_put_nowait(struct world *w)
{
    const anyloop_value value = gift(w);
    return anyloop_queue_put_nowait(w->queue, &value, 0);
}

static anyloop_status call_queue_get_nowait(struct world *w)
{
    anyloop_value out;
    return anyloop_queue_get_nowait(w->queue, &out);
}

static anyloop_status call_queue_task_done(struct world *w)
{
    return anyloop_queue_task_done(w->queue);
}

static anyloop_status call_queue_join(struct world *w)
{
    return code_of(anyloop_queue_join(w->queue));
}

static anyloop_status call_queue_shutdown(struct world *w)
{
    return anyloop_queue_shutdown(w->queue, 1);
}

static anyloop_status call_run_in_executor(struct world *w)
{
    const anyloop_value value = gift(w);
    return code_of(anyloop_run_in_executor(w->loop, NULL, never_job, &value));
}

static anyloop_status call_run_in_executor_when_free(struct world *w)
{
    const anyloop_value value = gift(w);
    return code_of(anyloop_run_in_executor_when_free(w->loop, NULL, never_job, &value));
}

static anyloop_status call_try_run_in_executor(struct world *w)
{
    const anyloop_value value = gift(w);
    anyloop_future *future = NULL;
    return anyloop_try_run_in_executor(w->loop, NULL, never_job, &value, &future);
}

static anyloop_status call_shutdown_default_executor(struct world *w)
{
    return code_of(anyloop_shutdown_default_executor(w->loop, 1));
}

static anyloop_status call_set_default_executor(struct world *w)
{
    anyloop_executor *executor = NULL;
    assert_ok(anyloop_inline_executor_new(&executor));
    anyloop_status status = anyloop_loop_set_default_executor(w->loop, executor);
    anyloop_executor_release(executor);
    return status;
}

static anyloop_status call_contextvar_get(struct world *w)
{
    anyloop_value out;
    return anyloop_contextvar_get(w->loop, w->var, &out);
}

static anyloop_status call_contextvar_set(struct world *w)
{
    const anyloop_value value = gift(w);
    return anyloop_contextvar_set(w->loop, w->var, &value);
}

static anyloop_status call_context_copy(struct world *w)
{
    anyloop_context *context = NULL;
    return anyloop_context_copy(w->loop, &context);
}

enum {
    CORO = 1,   /* gives the coroutine away */
    GIFT = 2,   /* gives a value or a user_data away */
    MIXES = 4,  /* two objects, which must be of one loop */
    CLOSED = 8, /* refused by a closed loop */
    DONE = 16,  /* done on a closed loop, and ANYLOOP_E_CLOSED says that who waited does not hear of it */
};

static const struct call {
    const char *name;
    anyloop_status (*make)(struct world *w);
    int flags;
} calls[] = {
    {"run_until_complete", call_run_until_complete, MIXES | CLOSED},
    {"run_forever", call_run_forever, CLOSED},
    {"stop", call_stop, 0},
    {"close", call_close, 0},
    {"run", call_run, CORO | MIXES | CLOSED},
    {"start", call_start, CORO | GIFT | MIXES | CLOSED},
    {"runner_close", call_runner_close, CLOSED},
    {"shutdown", call_shutdown, CLOSED},
    {"call_soon", call_soon, GIFT | CLOSED},
    {"call_later", call_later, GIFT | CLOSED},
    {"call_at", call_at, GIFT | CLOSED},
    {"handle_cancel", call_handle_cancel, 0},
    {"set_exception_handler", call_set_exception_handler, GIFT},
    {"call_exception_handler", call_exception_handler, 0},
    {"set_log", call_set_log, 0},
    {"visit_tasks", call_visit_tasks, CLOSED},
    {"format_tree", call_format_tree, CLOSED},
    {"set_slow_callback_handler", call_set_slow_callback_handler, GIFT | CLOSED},
    {"get_figures", call_get_figures, 0},
    {"turn", call_turn, CLOSED},
    {"wait_until", call_wait_until, CLOSED},
    {"set_host", call_set_host, GIFT | CLOSED},
    {"fd", call_fd, CLOSED},
    {"future_new", call_future_new, 0},
    {"ensure_future", call_ensure_future, CORO | MIXES | CLOSED},
    {"set_result", call_set_result, GIFT | DONE},
    {"set_error", call_set_error, GIFT | DONE},
    {"cancel", call_cancel, GIFT | DONE},
    {"add_done_callback", call_add_done_callback, GIFT},
    {"promise_new", call_promise_new, CLOSED},
    {"task_waker", call_task_waker, CLOSED},
    {"task_set_name", call_task_set_name, 0},
    {"coroutine_create", call_coroutine_create, CLOSED},
    {"coroutine_create_with", call_coroutine_create_with, GIFT | CLOSED},
    {"task_create", call_task_create, CLOSED},
    {"create_task", call_create_task, CORO | MIXES | CLOSED},
    {"task_stepped", call_task_stepped, 0},
    {"sleep", call_sleep, CLOSED},
    {"gather", call_gather, CORO | MIXES | CLOSED},
    {"gather_pending", call_gather_pending, CLOSED},
    {"wait", call_wait, CORO | MIXES | CLOSED},
    {"wait_for", call_wait_for, CORO | MIXES | CLOSED},
    {"shield", call_shield, CORO | MIXES | CLOSED},
    {"timeout", call_timeout, CORO | MIXES | CLOSED},
    {"timeout_scope_new", call_timeout_scope_new, CLOSED},
    {"timeout_scope_run", call_timeout_scope_run, CORO | MIXES | CLOSED},
    {"reschedule", call_reschedule, CLOSED},
    {"group_new", call_group_new, CLOSED},
    {"group_run", call_group_run, CORO | MIXES | CLOSED},
    {"group_create_task", call_group_create_task, CORO | CLOSED},
    {"as_completed", call_as_completed, CORO | MIXES | CLOSED},
    {"completions_next", call_completions_next, CLOSED},
    {"completions_next_future", call_completions_next_future, CLOSED},
    {"lock_new", call_lock_new, CLOSED},
    {"lock_acquire", call_lock_acquire, CLOSED},
    {"lock_unlock", call_lock_unlock, 0},
    {"event_new", call_event_new, CLOSED},
    {"event_set", call_event_set, 0},
    {"event_clear", call_event_clear, 0},
    {"event_wait", call_event_wait, CLOSED},
    {"condition_new", call_condition_new, MIXES | CLOSED},
    {"condition_wait", call_condition_wait, CLOSED},
    {"condition_wait_for", call_condition_wait_for, GIFT | CLOSED},
    {"condition_notify", call_condition_notify, 0},
    {"semaphore_new", call_semaphore_new, CLOSED},
    {"semaphore_acquire", call_semaphore_acquire, CLOSED},
    {"semaphore_post", call_semaphore_post, 0},
    {"barrier_new", call_barrier_new, CLOSED},
    {"barrier_wait", call_barrier_wait, CLOSED},
    {"barrier_reset", call_barrier_reset, CLOSED},
    {"barrier_abort", call_barrier_abort, CLOSED},
    {"queue_new", call_queue_new, CLOSED},
    {"queue_put", call_queue_put, GIFT | CLOSED},
    {"queue_get", call_queue_get, CLOSED},
    {"queue_put_nowait", call_queue_put_nowait, GIFT},
    {"queue_get_nowait", call_queue_get_nowait, 0},
    {"queue_task_done", call_queue_task_done, 0},
    {"queue_join", call_queue_join, CLOSED},
    {"queue_shutdown", call_queue_shutdown, 0},
    {"run_in_executor", call_run_in_executor, GIFT | CLOSED},
    {"run_in_executor_when_free", call_run_in_executor_when_free, GIFT | CLOSED},
    {"try_run_in_executor", call_try_run_in_executor, GIFT | CLOSED},
    {"shutdown_default_executor", call_shutdown_default_executor, CLOSED},
    {"set_default_executor", call_set_default_executor, CLOSED},
    {"contextvar_get", call_contextvar_get, 0},
    {"contextvar_set", call_contextvar_set, GIFT},
    {"context_copy", call_context_copy, 0},
};

static void assert_refused(const struct call *call, anyloop_status status, anyloop_status expected)
{
    if (status != expected)
        fail_msg("%s answers %s, not %s", call->name, anyloop_status_name(status), anyloop_status_name(expected));
}

static void assert_dropped(const struct call *call, const struct world *w, int expected)
{
    if (w->dropped != expected)
        fail_msg("%s drops %d of %d", call->name, w->dropped, expected);
}

static int given(const struct call *call)
{
    return ((call->flags & CORO) != 0) + ((call->flags & GIFT) != 0);
}

/* ---- the situations */

static void null_is_refused_everywhere_and_what_came_with_it_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(calls); i++) {
        struct world w = {0};
        begin();
        assert_refused(&calls[i], calls[i].make(&w), ANYLOOP_E_INVALID);
        assert_dropped(&calls[i], &w, (calls[i].flags & GIFT) != 0);
        assert_string_equal(trace.text, "");
    }
}

struct errand {
    const struct call *call;
    struct world *w;
    anyloop_status status;
};

static void *run_errand(void *pointer)
{
    struct errand *errand = pointer;
    errand->status = errand->call->make(errand->w);
    return NULL;
}

static void another_thread_is_refused_everywhere_and_what_it_gave_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(calls); i++) {
        struct world w;
        struct errand errand = {&calls[i], &w, ANYLOOP_OK};
        anyloop_loop *loop = loop_new();
        world_new(&w, loop);
        if (!(calls[i].flags & CORO))
            anyloop_future_release(w.coroutine), w.dropped = 0;
        thread_join(thread_start(run_errand, &errand));
        assert_refused(&calls[i], errand.status, ANYLOOP_E_THREAD);
        turns(loop, 2); /* what belongs to the loop goes there */
        assert_dropped(&calls[i], &w, given(&calls[i]));
        assert_string_equal(trace.text, "");
        assert_int_equal(anyloop_loop_is_closed(loop), 0);
        world_release(&w);
        loop_end(loop);
        assert_dropped(&calls[i], &w, given(&calls[i]));
    }
}

static void a_closed_loop_refuses_what_begins_something_and_drops_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(calls); i++) {
        struct world w;
        anyloop_loop *loop = loop_new();
        world_new(&w, loop);
        if (!(calls[i].flags & CORO))
            anyloop_future_release(w.coroutine), w.dropped = 0;
        assert_ok(anyloop_loop_close(loop));
        anyloop_status status = calls[i].make(&w);
        if (calls[i].flags & CLOSED) {
            assert_refused(&calls[i], status, ANYLOOP_E_CLOSED);
            assert_dropped(&calls[i], &w, given(&calls[i]));
        } else if ((status == ANYLOOP_E_CLOSED) != ((calls[i].flags & DONE) != 0)) {
            fail_msg("%s answers %s on a closed loop", calls[i].name, anyloop_status_name(status));
        }
        assert_string_equal(trace.text, "");
        world_release(&w);
        said.text[0] = 0; /* call_exception_handler, and the error of set_error */
        loop_end(loop);
        assert_dropped(&calls[i], &w, given(&calls[i]));
    }
}

/* The objects are one loop's, but what can be given away, and the lock, are another's. */
static void another_loops_object_is_refused_everywhere_and_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(calls); i++) {
        if (!(calls[i].flags & MIXES))
            continue;
        struct world mine, theirs;
        anyloop_loop *loop = loop_new(), *other = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
        world_new(&mine, loop);
        world_new(&theirs, other);
        anyloop_future_release(mine.coroutine);
        if (!(calls[i].flags & CORO))
            anyloop_future_release(theirs.coroutine);
        mine.dropped = theirs.dropped = 0;
        struct world mixed = mine;
        mixed.future = theirs.future, mixed.coroutine = theirs.coroutine, mixed.lock = theirs.lock;
        assert_refused(&calls[i], calls[i].make(&mixed), ANYLOOP_E_OTHER_LOOP);
        turn(loop);
        turn(other);
        assert_int_equal(theirs.dropped, (calls[i].flags & CORO) != 0);
        assert_int_equal(mixed.dropped, (calls[i].flags & GIFT) != 0);
        world_release(&theirs);
        world_release(&mine);
        assert_ok(anyloop_loop_close(other));
        anyloop_loop_release(other);
        loop_end(loop);
    }
}

/* ---- structs of another size */

static void a_struct_of_an_unknown_size_is_refused(void **state)
{
    (void)state;
    const uint32_t off[] = {(uint32_t)-8, 8}; /* an older struct's, a newer one's */
    anyloop_loop *loop = loop_new(), *made = NULL;
    anyloop_executor *executor = NULL;
    anyloop_value out = anyloop_none();
    for (size_t i = 0; i < 3; i++) {
        uint32_t more = i < 2 ? off[i] : 0;
#define SIZE(options) (i < 2 ? (uint32_t)sizeof(options) + more : 0)
        const anyloop_loop_options loops = {.struct_size = SIZE(loops)};
        const anyloop_error_options errors = {.struct_size = SIZE(errors), .code = ANYLOOP_E_USER};
        const anyloop_coroutine_options coroutines = {.struct_size = SIZE(coroutines), .step = step_sleep};
        const anyloop_task_options tasks = {.struct_size = SIZE(tasks)};
        const anyloop_thread_pool_options pools = {.struct_size = SIZE(pools)};
        const anyloop_executor_methods methods = {.struct_size = SIZE(methods)};
        const anyloop_exception exception = {.struct_size = SIZE(exception), .message = "never said"};
        anyloop_turn_info info = {.struct_size = SIZE(info)};
        int dropped = 0;
        assert_int_equal(anyloop_new_event_loop(&loops, &made), ANYLOOP_E_INVALID);
        assert_int_equal(anyloop_value_error_with(loop, &errors, &out), ANYLOOP_E_INVALID);
        assert_failed(anyloop_coroutine_create_with(loop, &coroutines), ANYLOOP_E_INVALID);
        assert_failed(anyloop_create_task(loop, coroutine_new(loop, &dropped), &tasks), ANYLOOP_E_INVALID);
        assert_int_equal(dropped, 1);
        assert_int_equal(anyloop_thread_pool_new(&pools, &executor), ANYLOOP_E_INVALID);
        assert_int_equal(anyloop_executor_new(&methods, &dropped, count, &executor), ANYLOOP_E_INVALID);
        assert_int_equal(dropped, 2);
        assert_int_equal(anyloop_loop_call_exception_handler(loop, &exception), ANYLOOP_E_INVALID);
        assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &info), ANYLOOP_E_INVALID);
#undef SIZE
    }
    assert_null(made);
    assert_null(executor);
    loop_end(loop);
}

/* ---- inside a callback, a drop, a step */

static void try_to_run(void *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_future *future = future_new(loop);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &info), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_wait(loop, 0), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_run(loop, anyloop_sleep(loop, 1), NULL), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_set_host(loop, note, "unused", NULL), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_set_event_loop(loop), ANYLOOP_E_RUNNING);
    anyloop_future_release(future);
    note("refused");
}

static void try_to_run_when_done(void *loop, anyloop_future *future)
{
    (void)future;
    try_to_run(loop);
}

static void do_nothing(void *loop)
{
    (void)loop;
}

static int32_t step_try_to_run(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)event;
    try_to_run(anyloop_task_loop(task));
    return ANYLOOP_STEP_RETURN;
}

static void inside_a_callback_a_drop_or_a_step_no_run_begins_and_no_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_loop_call_soon(loop, try_to_run, loop, try_to_run, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, do_nothing, loop, try_to_run));
    assert_ok(anyloop_future_add_done_callback(future, try_to_run_when_done, loop, NULL));
    assert_ok(anyloop_future_set_result(future, NULL));
    anyloop_future_release(anyloop_task_create(loop, NULL, step_try_to_run, NULL, 0));
    turns(loop, 2);
    assert_trace("refused refused refused refused refused");
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_ok(anyloop_loop_call_soon(loop, try_to_run, loop, NULL, NULL));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info)); /* a turn is as good as a run */
    assert_trace("refused");
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- a task that awaits itself */

struct circle {
    anyloop_coro co;
    anyloop_future *(*around)(anyloop_loop *loop, anyloop_future *self);
};

ANYLOOP_ASYNC(circle)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->around(my->co.loop, anyloop_future_retain(my->co.task)));
    ANYLOOP_FINALLY;
    note("ends");
    ANYLOOP_END;
}

static anyloop_future *by_shield(anyloop_loop *loop, anyloop_future *self)
{
    return anyloop_shield(loop, self);
}

static anyloop_future *by_wait(anyloop_loop *loop, anyloop_future *self)
{
    return anyloop_wait(loop, &self, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER);
}

static anyloop_future *by_wait_for(anyloop_loop *loop, anyloop_future *self)
{
    return anyloop_wait_for(loop, self, ANYLOOP_FOREVER);
}

static anyloop_future *by_timeout(anyloop_loop *loop, anyloop_future *self)
{
    return anyloop_timeout(loop, ANYLOOP_FOREVER, self);
}

static void a_task_that_awaits_itself_inside_an_operation_is_told_or_deadlocks_and_can_be_cancelled(void **state)
{
    (void)state;
    const struct {
        anyloop_future *(*around)(anyloop_loop *loop, anyloop_future *self);
        anyloop_status end;
    } rings[] = {{by_shield, ANYLOOP_E_DEADLOCK},
                 {by_wait, ANYLOOP_E_DEADLOCK},
                 {by_wait_for, ANYLOOP_E_SELF_AWAIT},
                 {by_timeout, ANYLOOP_E_SELF_AWAIT}};
    for (size_t i = 0; i < LENGTH(rings); i++) {
        anyloop_loop *loop = loop_new();
        anyloop_task *task = ANYLOOP_TASK(loop, circle, .around = rings[i].around);
        assert_int_equal(anyloop_loop_run_until_complete(loop, task), rings[i].end);
        if (rings[i].end == ANYLOOP_E_DEADLOCK) {
            assert_said("task circle");
            assert_int_equal(anyloop_future_cancel(task, NULL), 1);
            assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
        }
        assert_trace("ends");
        anyloop_future_release(task);
        loop_end(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_refused_everywhere_and_what_came_with_it_is_dropped),
        cmocka_unit_test_of_threads(another_thread_is_refused_everywhere_and_what_it_gave_is_dropped),
        cmocka_unit_test(a_closed_loop_refuses_what_begins_something_and_drops_it),
        cmocka_unit_test(another_loops_object_is_refused_everywhere_and_dropped),
        cmocka_unit_test(a_struct_of_an_unknown_size_is_refused),
        cmocka_unit_test(inside_a_callback_a_drop_or_a_step_no_run_begins_and_no_close),
        cmocka_unit_test(a_task_that_awaits_itself_inside_an_operation_is_told_or_deadlocks_and_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
