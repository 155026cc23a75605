/* A loop's memory: every request for it may fail, and what must never fail asks for none.
 *
 * Each program below runs again and again: its first request finds no memory, its second, and so on until none is left
 * to fail; once with memory coming back after that, once without. Each time all memory must be back and all that was
 * given away dropped once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static atomic_int made, dropped; /* what was given away, what was dropped of it; jobs do so on a thread of the pool */
static int found_no_memory;      /* answers of ANYLOOP_E_NOMEM */

static void drop_one(void *user_data)
{
    (void)user_data;
    dropped++;
}

/* Something to give away. Not of the loop's memory. */
static const anyloop_value *item(void)
{
    static _Thread_local anyloop_value value;
    made++;
    assert_ok(anyloop_value_foreign(NULL, NULL, drop_one, &value));
    return &value;
}

static anyloop_drop_fn drop_of_mine(void)
{
    made++;
    return drop_one;
}

static int fine(anyloop_status status)
{
    if (status != ANYLOOP_OK)
        assert_int_equal(status, ANYLOOP_E_NOMEM);
    found_no_memory += status != ANYLOOP_OK;
    return status == ANYLOOP_OK;
}

/* Runs what is taken to its end. */
static void run_fine(anyloop_loop *loop, anyloop_future *future)
{
    fine(anyloop_loop_run_until_complete(loop, future));
    anyloop_future_release(future);
}

static void nothing(void *user_data)
{
    (void)user_data;
}

static void nothing_done(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
}

static void run_program(void (*program)(anyloop_loop *loop), size_t fail_at, int fail_all)
{
    const anyloop_loop_options options = {.struct_size = sizeof options,
                                          .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK,
                                          .virtual_start = (uint64_t)HOUR,
                                          .allocator = &counted_memory};
    anyloop_loop *loop = NULL;
    begin();
    made = dropped = 0;
    found_no_memory = 0;
    memory.fail_at = fail_at;
    memory.fail_all = fail_all;
    if (fine(anyloop_new_event_loop(&options, &loop))) {
        assert_ok(anyloop_loop_set_log(loop, NULL, NULL));
        program(loop);
        assert_ok(anyloop_loop_close(loop));
        anyloop_loop_release(loop);
    } else {
        assert_null(loop);
    }
    assert_int_equal(memory.blocks, 0);
    assert_int_equal(dropped, made);
}

static void without_memory(void (*program)(anyloop_loop *loop))
{
    for (int fail_all = 0; fail_all < 2; fail_all++) {
        size_t n = 0;
        do
            run_program(program, ++n, fail_all);
        while (memory.asked >= n);
        assert_int_equal(found_no_memory, 0);
        assert_true(n > 3);
    }
}

/* ---- callbacks, values, contexts */

static void callbacks(anyloop_loop *loop)
{
    anyloop_handle *handle = NULL;
    fine(anyloop_loop_call_soon(loop, nothing, NULL, drop_of_mine(), NULL));
    fine(anyloop_loop_call_soon_threadsafe(loop, nothing, NULL, drop_of_mine()));
    for (int i = 0; i < 40; i++) /* more than a heap has at first */
        fine(anyloop_loop_call_later(loop, i, nothing, NULL, drop_of_mine(), NULL));
    if (fine(anyloop_loop_call_at(loop, ANYLOOP_NEVER, nothing, NULL, drop_of_mine(), &handle)))
        assert_ok(anyloop_handle_cancel(handle));
    else
        assert_null(handle);
    anyloop_handle_release(handle);
    turns(loop, 5);
}

static void callbacks_without_memory(void **state)
{
    (void)state;
    without_memory(callbacks);
}

static void values(anyloop_loop *loop)
{
    anyloop_value value = anyloop_none(), items[2] = {*item(), *item()}, error = anyloop_none();
    if (fine(anyloop_value_text(loop, "text", 4, &value)))
        anyloop_value_release(&value);
    if (fine(anyloop_value_bytes(loop, "bytes", 5, &value)))
        anyloop_value_release(&value);
    made++;
    if (fine(anyloop_value_foreign(loop, NULL, drop_one, &value)))
        anyloop_value_release(&value);
    if (fine(anyloop_value_list(loop, items, 2, &value)))
        anyloop_value_release(&value);
    assert_ok(anyloop_value_error(loop, ANYLOOP_E_USER, "text", 4, &error));
    const anyloop_error_options options = {
        .struct_size = sizeof options, .code = ANYLOOP_E_USER, .foreign = item(), .cause = &error};
    if (fine(anyloop_value_error_with(loop, &options, &value)))
        anyloop_value_release(&value);
    assert_int_equal(value.kind, ANYLOOP_NONE);
}

static void values_without_memory(void **state)
{
    (void)state;
    without_memory(values);
}

static void contexts(anyloop_loop *loop)
{
    anyloop_contextvar *first, *second;
    anyloop_context *context;
    anyloop_value value;
    assert_ok(anyloop_contextvar_new("first", &first));
    assert_ok(anyloop_contextvar_new("second", &second));
    for (int i = 0; i < 3; i++) {
        fine(anyloop_contextvar_set(loop, first, item()));
        fine(anyloop_contextvar_set(loop, second, item()));
    }
    assert_ok(anyloop_context_copy(loop, &context));
    if (anyloop_contextvar_get(loop, first, &value) == ANYLOOP_OK)
        anyloop_value_release(&value);
    anyloop_context_release(context);
    anyloop_contextvar_release(first);
    anyloop_contextvar_release(second);
}

static void contexts_without_memory(void **state)
{
    (void)state;
    without_memory(contexts);
}

/* ---- futures and tasks */

static void futures(anyloop_loop *loop)
{
    anyloop_future *future = NULL, *other = NULL;
    if (!fine(anyloop_future_new(loop, &future)))
        return;
    fine(anyloop_future_add_done_callback(future, nothing_done, NULL, drop_of_mine()));
    fine(anyloop_future_add_done_callback(future, nothing_done, future, drop_of_mine()));
    anyloop_future_remove_done_callback(future, nothing_done, future);
    assert_ok(anyloop_future_set_result(future, item()));
    fine(anyloop_future_add_done_callback(future, nothing_done, NULL, drop_of_mine()));
    if (fine(anyloop_future_new(loop, &other))) {
        const anyloop_value error = error_of(ANYLOOP_E_USER, "nobody looks");
        assert_ok(anyloop_future_set_error(other, &error));
        anyloop_future_release(other);
    }
    anyloop_future_release(future);
    turns(loop, 2);
}

static void futures_without_memory(void **state)
{
    (void)state;
    without_memory(futures);
}

struct giver {
    anyloop_coro co;
    int depth;
};

ANYLOOP_ASYNC(giver)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
    if (my->depth > 0) {
        ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, giver, .depth = my->depth - 1));
        ANYLOOP_AWAIT(ANYLOOP_TASK(my->co.loop, giver, .depth = my->depth - 1));
    }
    ANYLOOP_RETURN(*item());
    ANYLOOP_END;
}

static void tasks(anyloop_loop *loop)
{
    static const anyloop_task_options named = {.struct_size = sizeof named, .name = "a name that is copied"};
    anyloop_coroutine_options options = {.struct_size = sizeof options, .name = "giver", .step = giver_step};
    struct giver frame = {.depth = 0};
    options.frame = &frame;
    options.frame_size = sizeof frame;
    options.drop = drop_of_mine();
    anyloop_task *task = anyloop_create_task(loop, anyloop_coroutine_create_with(loop, &options), &named);
    if (fine(anyloop_future_error_code(task))) {
        fine(anyloop_task_set_name(task, "another"));
        assert_non_null(anyloop_task_name(task));
    }
    anyloop_future_release(ANYLOOP_CORO(loop, giver)); /* never awaited */
    run_fine(loop, ANYLOOP_TASK(loop, giver, .depth = 2));
    run_fine(loop, task);
    task = anyloop_create_task(loop, anyloop_sleep(loop, 1), &named);
    anyloop_future_cancel(task, NULL);
    turns(loop, 2);
    anyloop_future_release(task);
    task = anyloop_ensure_future(loop, anyloop_sleep(loop, 1));
    assert_true(anyloop_task_name(task) || found_no_memory + (int)memory.fail_at > 0);
    run_fine(loop, task);
}

static void tasks_without_memory(void **state)
{
    (void)state;
    without_memory(tasks);
}

struct starter {
    anyloop_coro co;
};

ANYLOOP_ASYNC(starter)
{
    static const anyloop_task_options eager = {
        .struct_size = sizeof eager, .flags = ANYLOOP_TASK_EAGER, .name = "eager"};
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_create_task(my->co.loop, ANYLOOP_CORO(my->co.loop, giver), &eager));
    ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "a text that may find no memory itself");
    ANYLOOP_END;
}

static void eager_tasks(anyloop_loop *loop)
{
    run_fine(loop, ANYLOOP_CORO(loop, starter));
    found_no_memory--; /* that one came in every case */
}

static void eager_tasks_without_memory(void **state)
{
    (void)state;
    without_memory(eager_tasks);
}

/* ---- combinators */

static void gathers(anyloop_loop *loop)
{
    run_fine(loop, ANYLOOP_GATHER(loop, ANYLOOP_CORO(loop, giver), anyloop_sleep(loop, 1), ANYLOOP_TASK(loop, giver)));
    ANYLOOP_SPAWN(loop, giver);
    ANYLOOP_SPAWN(loop, giver);
    run_fine(loop, anyloop_gather_pending(loop, ANYLOOP_RETURN_EXCEPTIONS));
    run_fine(loop, anyloop_gather(loop, NULL, 0, 0));
    run_fine(loop, anyloop_shield(loop, ANYLOOP_TASK(loop, giver)));
}

static void gathers_without_memory(void **state)
{
    (void)state;
    without_memory(gathers);
}

static void waits(anyloop_loop *loop)
{
    anyloop_future *futures[] = {ANYLOOP_TASK(loop, giver), ANYLOOP_TASK(loop, giver)};
    run_fine(loop, anyloop_wait(loop, futures, 2, ANYLOOP_FIRST_COMPLETED, 10));
    run_fine(loop, anyloop_wait_for(loop, ANYLOOP_CORO(loop, giver), ANYLOOP_MS(1)));
    run_fine(loop, anyloop_wait_for(loop, ANYLOOP_TASK(loop, giver), ANYLOOP_FOREVER));
    anyloop_future *late = anyloop_ensure_future(loop, anyloop_wait_for(loop, ANYLOOP_TASK(loop, giver), 0));
    anyloop_status status = anyloop_loop_run_until_complete(loop, late);
    if (status != ANYLOOP_E_TIMED_OUT)
        fine(status);
    anyloop_future_release(late);
}

static void waits_without_memory(void **state)
{
    (void)state;
    without_memory(waits);
}

static void timeouts(anyloop_loop *loop)
{
    anyloop_timeout_scope *scope = NULL;
    run_fine(loop, anyloop_timeout(loop, ANYLOOP_MS(1), ANYLOOP_CORO(loop, giver)));
    if (fine(anyloop_timeout_scope_new(loop, ANYLOOP_NEVER, &scope))) {
        anyloop_future *future = anyloop_timeout_scope_run(scope, ANYLOOP_CORO(loop, giver));
        future = anyloop_ensure_future(loop, future);
        turns(loop, 2);
        anyloop_status status = anyloop_timeout_scope_reschedule(scope, (uint64_t)HOUR * 2);
        if (status != ANYLOOP_E_STATE) /* its body may have failed */
            fine(status);
        run_fine(loop, future);
        anyloop_timeout_scope_release(scope);
    }
}

static void timeouts_without_memory(void **state)
{
    (void)state;
    without_memory(timeouts);
}

struct parent {
    anyloop_coro co;
    anyloop_group *group;
};

ANYLOOP_ASYNC(parent)
{
    ANYLOOP_BEGIN;
    anyloop_future_release(anyloop_group_create_task(my->group, ANYLOOP_CORO(my->co.loop, giver), NULL));
    anyloop_future_release(anyloop_group_create_task(my->group, ANYLOOP_CORO(my->co.loop, giver), NULL));
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, giver));
    ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "so that there are errors to tell");
    ANYLOOP_END;
}

static void groups(anyloop_loop *loop)
{
    anyloop_group *group = NULL;
    if (!fine(anyloop_group_new(loop, &group)))
        return;
    anyloop_future *future = anyloop_group_run(group, ANYLOOP_CORO(loop, parent, .group = group));
    future = anyloop_ensure_future(loop, future);
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    if (status != ANYLOOP_E_GROUP)
        fine(status);
    anyloop_future_release(future);
    anyloop_group_release(group);
}

static void groups_without_memory(void **state)
{
    (void)state;
    without_memory(groups);
}

static void iterations(anyloop_loop *loop)
{
    anyloop_future *futures[] = {ANYLOOP_TASK(loop, giver), ANYLOOP_CORO(loop, giver), ANYLOOP_CORO(loop, giver)};
    anyloop_completions *completions = NULL;
    if (!fine(anyloop_as_completed(loop, futures, 3, ANYLOOP_SECONDS(1), &completions))) {
        assert_null(completions);
        return;
    }
    run_fine(loop, anyloop_completions_next(completions));
    run_fine(loop, anyloop_completions_next_future(completions));
    anyloop_completions_release(completions); /* one is left */
}

static void iterations_without_memory(void **state)
{
    (void)state;
    without_memory(iterations);
}

/* ---- locks and queues */

static int32_t holds(void *user_data)
{
    (void)user_data;
    return 1;
}

/* Tasks of `first` and `second`, taken; then `third` lets them go on. */
static void both(anyloop_loop *loop, anyloop_future *first, anyloop_future *second, anyloop_status third)
{
    first = anyloop_ensure_future(loop, first);
    second = anyloop_ensure_future(loop, second);
    turns(loop, 2);
    if (third != ANYLOOP_E_NOT_HELD)
        fine(third);
    anyloop_future_cancel(first, NULL);
    anyloop_future_cancel(second, NULL);
    turns(loop, 4);
    anyloop_future_release(first);
    anyloop_future_release(second);
}

static void locks(anyloop_loop *loop)
{
    anyloop_lock *lock = NULL;
    anyloop_event *event = NULL;
    anyloop_semaphore *semaphore = NULL;
    anyloop_barrier *barrier = NULL;
    if (fine(anyloop_lock_new(loop, &lock)))
        both(loop, anyloop_lock_acquire(lock), anyloop_lock_acquire(lock), anyloop_lock_unlock(lock));
    if (fine(anyloop_event_new(loop, &event)))
        both(loop, anyloop_event_wait(event), anyloop_event_wait(event), anyloop_event_set(event));
    if (fine(anyloop_semaphore_new(loop, 1, 0, &semaphore)))
        both(loop, anyloop_semaphore_acquire(semaphore), anyloop_semaphore_acquire(semaphore),
             anyloop_semaphore_post(semaphore));
    if (fine(anyloop_barrier_new(loop, 2, &barrier))) {
        both(loop, anyloop_barrier_wait(barrier), anyloop_barrier_wait(barrier), ANYLOOP_OK);
        both(loop, anyloop_barrier_reset(barrier), anyloop_barrier_abort(barrier), ANYLOOP_OK);
    }
    anyloop_lock_release(lock);
    anyloop_event_release(event);
    anyloop_semaphore_release(semaphore);
    anyloop_barrier_release(barrier);
}

static void locks_without_memory(void **state)
{
    (void)state;
    without_memory(locks);
}

static void conditions(anyloop_loop *loop)
{
    anyloop_condition *condition = NULL;
    if (!fine(anyloop_condition_new(loop, NULL, &condition)))
        return;
    anyloop_lock *lock = anyloop_condition_lock(condition);
    run_fine(loop, anyloop_lock_acquire(lock));
    anyloop_future *never = anyloop_condition_wait_for(condition, holds, NULL, drop_of_mine());
    anyloop_future_release(never);
    both(loop, anyloop_condition_wait_for(condition, holds, NULL, drop_of_mine()), anyloop_condition_wait(condition),
         anyloop_condition_notify(condition, SIZE_MAX));
    anyloop_condition_release(condition);
}

static void conditions_without_memory(void **state)
{
    (void)state;
    without_memory(conditions);
}

static void queues(anyloop_loop *loop)
{
    for (uint32_t order = ANYLOOP_QUEUE_FIFO; order <= ANYLOOP_QUEUE_PRIORITY; order++) {
        anyloop_queue *queue = NULL;
        anyloop_value value;
        if (!fine(anyloop_queue_new(loop, 40, order, &queue)))
            continue;
        for (int i = 0; i < 39; i++) /* more places than at first */
            fine(anyloop_queue_put_nowait(queue, item(), -i));
        anyloop_future_release(anyloop_queue_put(queue, item(), 0)); /* never awaited */
        both(loop, anyloop_queue_put(queue, item(), 0), anyloop_queue_put(queue, item(), 0), ANYLOOP_OK);
        if (anyloop_queue_get_nowait(queue, &value) == ANYLOOP_OK)
            anyloop_value_release(&value);
        both(loop, anyloop_queue_get(queue), anyloop_queue_join(queue), ANYLOOP_OK);
        assert_ok(anyloop_queue_shutdown(queue, order == ANYLOOP_QUEUE_LIFO));
        anyloop_queue_release(queue);
    }
}

static void queues_without_memory(void **state)
{
    (void)state;
    without_memory(queues);
}

/* ---- other threads, hosts, jobs */

struct parker {
    anyloop_coro co;
    anyloop_waker **waker;
};

ANYLOOP_ASYNC(parker)
{
    ANYLOOP_BEGIN;
    fine(anyloop_task_waker(my->co.task, my->waker));
    if (*my->waker)
        ANYLOOP_PARK;
    ANYLOOP_END;
}

static void promises(anyloop_loop *loop)
{
    anyloop_promise *promise = NULL;
    anyloop_future *future = NULL;
    anyloop_waker *waker = NULL;
    if (fine(anyloop_promise_new(loop, &promise, &future))) {
        assert_ok(anyloop_promise_set_result(promise, item()));
        run_fine(loop, future);
        anyloop_promise_release(promise);
    } else {
        assert_null(promise);
        assert_null(future);
    }
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .waker = &waker);
    turn(loop);
    anyloop_waker_wake(waker);
    run_fine(loop, task);
    anyloop_waker_release(waker);
}

static void promises_without_memory(void **state)
{
    (void)state;
    without_memory(promises);
}

static void return_item(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_job_return(job, item());
}

static void jobs(anyloop_loop *loop)
{
    anyloop_executor *executor;
    anyloop_future *future = NULL;
    assert_ok(anyloop_inline_executor_new(&executor));
    run_fine(loop, anyloop_run_in_executor(loop, executor, return_item, item()));
    run_fine(loop, anyloop_run_in_executor_when_free(loop, executor, return_item, item()));
    if (fine(anyloop_try_run_in_executor(loop, NULL, return_item, item(), &future)))
        run_fine(loop, future);
    else
        assert_null(future);
    run_fine(loop, anyloop_shutdown_default_executor(loop, ANYLOOP_FOREVER));
    anyloop_executor_release(executor);
}

static void jobs_without_memory(void **state)
{
    (void)state;
    without_memory(jobs);
}

/* None on a thread that says so. */
static _Thread_local int no_memory_here;

static void *allocate_elsewhere(void *user_data, size_t size)
{
    return no_memory_here ? NULL : memory_allocate(user_data, size);
}

static void raise_without_memory(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    no_memory_here = 1;
    anyloop_job_raise(job, ANYLOOP_E_USER, "for this text there is no memory");
    no_memory_here = 0;
}

static void a_job_that_finds_no_memory_has_an_end_and_its_thread_takes_the_next(void **state)
{
    (void)state;
    const anyloop_allocator allocator = {allocate_elsewhere, memory_release, NULL};
    const anyloop_loop_options options = {.struct_size = sizeof options, .allocator = &allocator};
    const anyloop_thread_pool_options one = {.struct_size = sizeof one, .max_workers = 1};
    anyloop_loop *loop = NULL;
    anyloop_executor *pool = NULL;
    begin();
    assert_ok(anyloop_new_event_loop(&options, &loop));
    assert_ok(anyloop_thread_pool_new(&one, &pool));
    made = dropped = 0;
    for (int i = 0; i < 3; i++) {
        anyloop_future *future = anyloop_run_in_executor(loop, pool, raise_without_memory, item());
        assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_USER);
        size_t size = 1;
        anyloop_error_text(anyloop_future_error(future), &size);
        assert_int_equal(size, 0);
        anyloop_future_release(future);
        run_to(loop, anyloop_run_in_executor(loop, pool, return_item, item()), ANYLOOP_OK);
    }
    assert_ok(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER));
    anyloop_executor_release(pool);
    loop_end(loop);
    assert_int_equal(dropped, made);
}

/* Every integer comes back once, by a refusal too. */
static void pulled(anyloop_loop *loop)
{
    anyloop_coroutine_options options = {.struct_size = sizeof options, .user_data = 1};
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_turn_event events[2];
    made += 2;
    if (!fine(anyloop_loop_call_soon(loop, NULL, NULL, NULL, NULL)))
        dropped++;
    anyloop_task *task = anyloop_create_task(loop, anyloop_coroutine_create_with(loop, &options), NULL);
    if (!fine(anyloop_future_error_code(task)))
        dropped++;
    do {
        assert_ok(anyloop_loop_turn(loop, 0, events, 2, &info));
        for (uint32_t i = 0; i < info.events; i++) {
            dropped++;
            if (events[i].kind == ANYLOOP_TURN_STEP)
                assert_ok(anyloop_task_stepped(task, ANYLOOP_STEP_RETURN));
        }
    } while (info.next_deadline == 0);
    anyloop_future_release(task);
    assert_ok(anyloop_loop_set_host(loop, nothing, NULL, drop_of_mine()));
}

static void pulling_without_memory(void **state)
{
    (void)state;
    without_memory(pulled);
}

/* ---- programs */

/* examples/01-quickstart, without its words and without its half second of real sleep. */
struct hello {
    anyloop_coro co;
    int64_t delay;
    int stops;
};

ANYLOOP_ASYNC(hello)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->delay));
    if (my->stops)
        assert_ok(anyloop_loop_stop(my->co.loop));
    ANYLOOP_END;
}

static void the_quickstart(anyloop_loop *loop)
{
    ANYLOOP_SPAWN(loop, hello, .delay = ANYLOOP_SECONDS(1), .stops = 1);
    ANYLOOP_SPAWN(loop, hello, .delay = ANYLOOP_MS(1200));
    anyloop_future *job = anyloop_run_in_executor(loop, NULL, return_item, item());
    anyloop_status status = anyloop_loop_run_forever(loop);
    if (status != ANYLOOP_E_DEADLOCK) /* the one that stops the loop was not made, or did not get to it */
        assert_ok(status);
    run_fine(loop, anyloop_gather_pending(loop, ANYLOOP_RETURN_EXCEPTIONS));
    fine(anyloop_future_error_code(job));
    anyloop_future_release(job);
}

static void the_quickstart_without_memory(void **state)
{
    (void)state;
    without_memory(the_quickstart);
}

struct leaver {
    anyloop_coro co;
};

ANYLOOP_ASYNC(leaver)
{
    ANYLOOP_BEGIN;
    ANYLOOP_SPAWN(my->co.loop, giver, .depth = 1);
    ANYLOOP_SPAWN(my->co.loop, giver, .depth = 1);
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, giver));
    ANYLOOP_END;
}

static void a_run(anyloop_loop *loop)
{
    anyloop_value out = anyloop_none();
    fine(anyloop_run(loop, ANYLOOP_CORO(loop, leaver), &out));
    anyloop_value_release(&out);
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
}

static void a_run_without_memory(void **state)
{
    (void)state;
    without_memory(a_run);
}

static void a_shutdown(anyloop_loop *loop)
{
    fine(anyloop_start(loop, ANYLOOP_CORO(loop, leaver), nothing_done, NULL, drop_of_mine()));
    turns(loop, 2);
    fine(anyloop_loop_shutdown(loop, ANYLOOP_FOREVER));
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
}

static void a_shutdown_without_memory(void **state)
{
    (void)state;
    without_memory(a_shutdown);
}

static anyloop_status run_it(anyloop_loop *loop, anyloop_future *coroutine)
{
    return anyloop_loop_run_until_complete(loop, coroutine);
}

static anyloop_status start_it(anyloop_loop *loop, anyloop_future *coroutine)
{
    return anyloop_start(loop, anyloop_future_retain(coroutine), nothing_done, NULL, drop_of_mine());
}

static anyloop_status hear_of_it(anyloop_loop *loop, anyloop_future *coroutine)
{
    (void)loop;
    return anyloop_future_add_done_callback(coroutine, nothing_done, NULL, drop_of_mine());
}

/* Until there is none for one more callback, wherever the loop's objects come from. */
static void use_up_memory(anyloop_future *future)
{
    memory.fail_at = memory.asked + 1;
    memory.fail_all = 1;
    while (anyloop_future_add_done_callback(future, nothing_done, NULL, drop_of_mine()) == ANYLOOP_OK)
        ;
}

static void a_coroutine_whose_run_finds_no_memory_is_not_begun(void **state)
{
    (void)state;
    anyloop_status (*const requests[])(anyloop_loop *, anyloop_future *) = {run_it, start_it, hear_of_it};
    for (size_t i = 0; i < LENGTH(requests); i++) {
        begin();
        made = dropped = 0;
        anyloop_loop *loop = loop_new();
        anyloop_future *other = future_new(loop);
        anyloop_future *coroutine = ANYLOOP_CORO(loop, giver);
        use_up_memory(other);
        int kept = made - dropped;
        assert_int_equal(requests[i](loop, coroutine), ANYLOOP_E_NOMEM);
        assert_int_equal(made - dropped, kept);
        memory.fail_at = 0;
        assert_int_equal(anyloop_future_kind(coroutine), ANYLOOP_KIND_COROUTINE);
        assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
        assert_ok(requests[i](loop, coroutine));
        assert_ok(anyloop_loop_run_until_complete(loop, coroutine));
        anyloop_future_release(coroutine);
        anyloop_future_release(other);
        loop_end(loop);
        assert_int_equal(dropped, made);
    }
}

/* ---- what asks for no memory */

/* From here on nothing is asked for. */
static size_t asked_before;

static void no_more_memory(void)
{
    asked_before = memory.asked;
}

static void assert_nothing_asked(void)
{
    assert_int_equal(memory.asked, asked_before);
}

static void completing_cancelling_and_stopping_ask_for_no_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *futures[4];
    for (size_t i = 0; i < LENGTH(futures); i++) {
        futures[i] = future_new(loop);
        assert_ok(anyloop_future_add_done_callback(futures[i], nothing_done, NULL, NULL));
    }
    const anyloop_value error = error_of(ANYLOOP_E_USER, "text"), reason = anyloop_static_text("why");
    anyloop_future *gather = ANYLOOP_GATHER(loop, ANYLOOP_TASK(loop, giver), future_new(loop));
    anyloop_future *shield = anyloop_shield(loop, future_new(loop));
    anyloop_future *coroutine = ANYLOOP_CORO(loop, giver);
    anyloop_task *task = ANYLOOP_TASK(loop, giver, .depth = 1);
    anyloop_handle *handle;
    assert_ok(anyloop_loop_call_later(loop, 9, nothing, NULL, NULL, &handle));
    turns(loop, 2);
    no_more_memory();
    assert_ok(anyloop_future_set_result(futures[0], NULL));
    assert_ok(anyloop_future_set_error(futures[1], &error));
    assert_int_equal(anyloop_future_cancel(futures[2], &reason), 1);
    assert_int_equal(anyloop_future_remove_done_callback(futures[3], nothing_done, NULL), 1);
    assert_int_equal(anyloop_future_cancel(gather, NULL), 1);
    assert_int_equal(anyloop_future_cancel(shield, NULL), 1);
    assert_int_equal(anyloop_future_cancel(coroutine, NULL), 1);
    assert_int_equal(anyloop_future_cancel(task, &reason), 1);
    assert_ok(anyloop_handle_cancel(handle));
    turns(loop, 4); /* stops, and all that the above has scheduled */
    assert_int_equal(anyloop_future_state(task), ANYLOOP_CANCELLED);
    assert_int_equal(anyloop_error_code(anyloop_future_error(gather)), ANYLOOP_E_CANCELLED);
    assert_non_null(anyloop_future_error(futures[1]));
    for (size_t i = 0; i < LENGTH(futures); i++)
        anyloop_future_release(futures[i]);
    anyloop_future_release(gather);
    anyloop_future_release(shield);
    anyloop_future_release(coroutine);
    anyloop_future_release(task);
    anyloop_handle_release(handle);
    assert_nothing_asked();
    loop_end(loop);
}

static void keeping_a_promise_and_waking_ask_for_no_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promises_of[3];
    anyloop_future *futures_of[3];
    anyloop_waker *wakers[2] = {NULL, NULL};
    anyloop_task *tasks_of[2];
    for (int i = 0; i < 3; i++)
        assert_ok(anyloop_promise_new(loop, &promises_of[i], &futures_of[i]));
    for (int i = 0; i < 2; i++)
        tasks_of[i] = ANYLOOP_TASK(loop, parker, .waker = &wakers[i]);
    const anyloop_value error = error_of(ANYLOOP_E_USER, "text");
    turn(loop);
    no_more_memory();
    assert_ok(anyloop_loop_hold(loop));
    assert_ok(anyloop_promise_set_result(promises_of[0], NULL));
    assert_ok(anyloop_promise_set_error(promises_of[1], &error));
    for (int i = 0; i < 3; i++)
        anyloop_promise_release(promises_of[i]); /* the third is never kept */
    anyloop_waker_wake(wakers[0]);
    anyloop_waker_cancel(wakers[1]);
    turns(loop, 3);
    assert_ok(anyloop_loop_unhold(loop));
    assert_int_equal(anyloop_future_state(tasks_of[0]), ANYLOOP_RESULT);
    assert_int_equal(anyloop_future_state(tasks_of[1]), ANYLOOP_CANCELLED);
    assert_int_equal(anyloop_error_code(anyloop_future_error(futures_of[1])), ANYLOOP_E_USER);
    assert_int_equal(anyloop_error_code(anyloop_future_error(futures_of[2])), ANYLOOP_E_ABANDONED);
    for (int i = 0; i < 3; i++)
        anyloop_future_release_threadsafe(futures_of[i]);
    turn(loop);
    for (int i = 0; i < 2; i++) {
        anyloop_future_release(tasks_of[i]);
        anyloop_waker_release(wakers[i]);
    }
    assert_nothing_asked();
    loop_end(loop);
}

static void letting_waiters_go_on_asks_for_no_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_lock *lock;
    anyloop_event *event;
    anyloop_semaphore *semaphore;
    anyloop_condition *condition;
    anyloop_queue *queue, *other;
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_event_new(loop, &event));
    assert_ok(anyloop_semaphore_new(loop, 0, 0, &semaphore));
    assert_ok(anyloop_condition_new(loop, NULL, &condition));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &other));
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);
    run_to(loop, anyloop_lock_acquire(anyloop_condition_lock(condition)), ANYLOOP_OK);
    assert_ok(anyloop_queue_put_nowait(queue, NULL, 0));
    anyloop_future *all = anyloop_gather(
        loop,
        (anyloop_future *[]){anyloop_lock_acquire(lock), anyloop_event_wait(event),
                             anyloop_semaphore_acquire(semaphore), anyloop_condition_wait(condition),
                             anyloop_queue_join(queue), anyloop_queue_get(other)},
        6, ANYLOOP_RETURN_EXCEPTIONS);
    turn(loop);
    run_to(loop, anyloop_lock_acquire(anyloop_condition_lock(condition)), ANYLOOP_OK);
    no_more_memory();
    assert_ok(anyloop_lock_unlock(lock));
    assert_ok(anyloop_event_set(event));
    assert_ok(anyloop_event_clear(event));
    assert_ok(anyloop_semaphore_post(semaphore));
    assert_ok(anyloop_condition_notify(condition, 1));
    assert_ok(anyloop_lock_unlock(anyloop_condition_lock(condition)));
    assert_ok(anyloop_queue_get_nowait(queue, &value));
    assert_ok(anyloop_queue_task_done(queue));
    assert_ok(anyloop_queue_shutdown(other, 0));
    assert_nothing_asked();
    run_to(loop, all, ANYLOOP_OK); /* they heard of it */
    anyloop_lock_release(lock);
    anyloop_event_release(event);
    anyloop_semaphore_release(semaphore);
    anyloop_condition_release(condition);
    anyloop_queue_release(queue);
    anyloop_queue_release(other);
    loop_end(loop);
}

static void closing_asks_for_no_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue;
    anyloop_promise *promise;
    anyloop_future *future;
    anyloop_waker *waker = NULL;
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    assert_ok(anyloop_promise_new(loop, &promise, &future));
    made = dropped = 0;
    ANYLOOP_SPAWN(loop, parker, .waker = &waker);
    ANYLOOP_SPAWN(loop, giver, .depth = 1);
    anyloop_future_release(
        ANYLOOP_GATHER(loop, anyloop_queue_get(queue), future, anyloop_wait_for(loop, anyloop_queue_get(queue), 9)));
    run_to(loop, anyloop_run_in_executor(loop, NULL, return_item, item()), ANYLOOP_OK);
    assert_ok(anyloop_loop_call_soon(loop, nothing, NULL, drop_of_mine(), NULL));
    assert_ok(anyloop_loop_call_later(loop, 1, nothing, NULL, drop_of_mine(), NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, nothing, NULL, drop_of_mine()));
    no_more_memory();
    assert_ok(anyloop_loop_close(loop));
    assert_nothing_asked();
    anyloop_waker_release(waker);
    anyloop_promise_release(promise);
    anyloop_queue_release(queue);
    assert_nothing_asked();
    loop_end(loop);
    assert_int_equal(dropped, made);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(callbacks_without_memory),
        cmocka_unit_test(values_without_memory),
        cmocka_unit_test(contexts_without_memory),
        cmocka_unit_test(futures_without_memory),
        cmocka_unit_test(tasks_without_memory),
        cmocka_unit_test(eager_tasks_without_memory),
        cmocka_unit_test(gathers_without_memory),
        cmocka_unit_test(waits_without_memory),
        cmocka_unit_test(timeouts_without_memory),
        cmocka_unit_test(groups_without_memory),
        cmocka_unit_test(iterations_without_memory),
        cmocka_unit_test(locks_without_memory),
        cmocka_unit_test(conditions_without_memory),
        cmocka_unit_test(queues_without_memory),
        cmocka_unit_test(promises_without_memory),
        cmocka_unit_test_of_threads(jobs_without_memory),
        cmocka_unit_test_of_threads(a_job_that_finds_no_memory_has_an_end_and_its_thread_takes_the_next),
        cmocka_unit_test(pulling_without_memory),
        cmocka_unit_test_of_threads(the_quickstart_without_memory),
        cmocka_unit_test(a_run_without_memory),
        cmocka_unit_test(a_shutdown_without_memory),
        cmocka_unit_test(a_coroutine_whose_run_finds_no_memory_is_not_begun),
        cmocka_unit_test(completing_cancelling_and_stopping_ask_for_no_memory),
        cmocka_unit_test(keeping_a_promise_and_waking_ask_for_no_memory),
        cmocka_unit_test(letting_waiters_go_on_asks_for_no_memory),
        cmocka_unit_test_of_threads(closing_asks_for_no_memory),
    };
    return cmocka_run_group_tests_name("allocator", cases, NULL, NULL);
}
