/* Executors: thread pools, the inline one, foreign ones; a job's life from its submission until it comes home, or does
 * not.
 *
 * What a job must wait for is a gate. What happens on another thread is judged on the one that runs the cases.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static anyloop_executor *pool_new(uint32_t max_workers, uint64_t queue_size)
{
    anyloop_thread_pool_options options = {
        .struct_size = sizeof options, .max_workers = max_workers, .queue_size = queue_size};
    anyloop_executor *pool = NULL;
    assert_ok(anyloop_thread_pool_new(&options, &pool));
    return pool;
}

static void pool_end(anyloop_executor *pool)
{
    assert_ok(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER));
    anyloop_executor_release(pool);
}

/* A loop of the real clock whose close waits for running jobs for so long; negative: not at all. */
static anyloop_loop *loop_that_waits(int64_t close_timeout)
{
    const anyloop_loop_options options = {
        .struct_size = sizeof options, .allocator = &counted_memory, .close_timeout = close_timeout};
    anyloop_loop *loop = NULL;
    begin();
    assert_ok(anyloop_new_event_loop(&options, &loop));
    assert_ok(anyloop_loop_set_log(loop, hear, NULL));
    return loop;
}

/* After the last of them was done on its thread, what it held may still be on its way back. */
static void wait_until_all_memory_is_back(void)
{
    while (atomic_load(&memory.blocks))
        sched_yield();
}

static void count_atomically(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

static anyloop_value counted_anywhere(atomic_int *counter)
{
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_value_foreign(NULL, counter, count_atomically, &value));
    return value;
}

/* ---- jobs */

static void twice(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value out = anyloop_int(2 * anyloop_to_int(in));
    anyloop_job_return(job, &out);
}

static void fails(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_job_raise(job, ANYLOOP_E_USER, "no luck");
}

static void tell_thread(anyloop_job *job, const anyloop_value *in)
{
    *(pthread_t *)anyloop_to_pointer(in) = pthread_self();
    anyloop_job_return(job, NULL);
}

static void must_not_run(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    abort();
}

/* One that is in the hands of the case: it says that it runs, and runs until it may end. */
struct held {
    gate running, may_end, ended;
    atomic_int stopping, dropped; /* was it asked to stop? */
};

#define HELD {.running = GATE, .may_end = GATE, .ended = GATE}

static void hold_on(anyloop_job *job, const anyloop_value *in)
{
    struct held *held = anyloop_to_pointer(in);
    gate_open(&held->running);
    gate_wait(&held->may_end, 1);
    atomic_store(&held->stopping, anyloop_job_stopping(job));
    anyloop_value out = anyloop_int(7);
    anyloop_job_return(job, &out);
    gate_open(&held->ended);
}

static void drop_held(void *held)
{
    atomic_fetch_add(&((struct held *)held)->dropped, 1);
}

static anyloop_future *submit_held(anyloop_loop *loop, anyloop_executor *executor, struct held *held)
{
    anyloop_value in;
    assert_ok(anyloop_value_foreign(NULL, held, drop_held, &in));
    return anyloop_run_in_executor(loop, executor, hold_on, &in);
}

static anyloop_future *submit(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function, int64_t number)
{
    anyloop_value in = anyloop_int(number);
    return anyloop_run_in_executor(loop, executor, function, &in);
}

/* ---- there and back */

static void b08_a_job_runs_on_another_thread_and_its_result_comes_home(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    pthread_t thread = pthread_self();
    anyloop_value where;
    assert_ok(anyloop_value_foreign(loop, &thread, NULL, &where));
    run_to(loop, anyloop_run_in_executor(loop, NULL, tell_thread, &where), ANYLOOP_OK);
    assert_false(pthread_equal(thread, pthread_self()));
    anyloop_future *future = submit(loop, NULL, twice, 21);
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(result_of(future), 42);
    anyloop_future_release(future);
    loop_end(loop);
}

static int errors_reported;

static anyloop_status count_error(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)user_data;
    errors_reported += strcmp(anyloop_error_text(exception->error, NULL), "no luck") == 0;
    anyloop_loop_stop(loop);
    return ANYLOOP_OK;
}

static void b11_a_jobs_error_is_its_futures_and_is_reported_once_when_nobody_looks(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    errors_reported = 0;
    assert_ok(anyloop_loop_set_exception_handler(loop, count_error, NULL, NULL));
    anyloop_future *future = submit(loop, NULL, fails, 0);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(anyloop_future_error(future), NULL), "no luck");
    anyloop_future_release(future);
    assert_int_equal(errors_reported, 0);
    anyloop_future_release(submit(loop, NULL, fails, 0));
    assert_ok(anyloop_loop_run_forever(loop));
    assert_int_equal(errors_reported, 1);
    loop_end(loop);
}

static void a_job_that_says_nothing_returns_none_and_what_it_cannot_return_fails_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *inline_one;
    assert_ok(anyloop_inline_executor_new(&inline_one));
    anyloop_future *future = anyloop_run_in_executor(loop, inline_one, anyloop_job_raise_error, NULL);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_TYPE); /* its input, NONE, is no error */
    anyloop_future_release(future);
    anyloop_value local;
    anyloop_future *bare = future_new(loop);
    assert_ok(anyloop_value_future(bare, &local));
    assert_failed(anyloop_run_in_executor(loop, inline_one, twice, &local), ANYLOOP_E_TYPE);
    anyloop_future_release(bare);
    assert_failed(anyloop_run_in_executor(loop, inline_one, NULL, NULL), ANYLOOP_E_INVALID);
    anyloop_executor_release(inline_one);
    loop_end(loop);
}

/* ---- cancelling */

static void b10_a_running_job_runs_to_its_end_though_cancelled_and_a_queued_one_never_begins(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 0);
    struct held held = HELD;
    anyloop_future *running = submit_held(loop, pool, &held), *queued = submit(loop, pool, must_not_run, 0);
    gate_wait(&held.running, 1);
    assert_int_equal(anyloop_future_cancel(running, NULL), 1);
    assert_int_equal(anyloop_future_cancel(queued, NULL), 1);
    assert_int_equal(anyloop_loop_run_until_complete(loop, running), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_loop_run_until_complete(loop, queued), ANYLOOP_E_CANCELLED);
    gate_open(&held.may_end);
    gate_wait(&held.ended, 1);
    pool_end(pool);
    turns(loop, 2);
    assert_int_equal(anyloop_future_state(running), ANYLOOP_CANCELLED);
    assert_int_equal(held.dropped, 1);
    anyloop_future_release(running);
    anyloop_future_release(queued);
    loop_end(loop);
}

static void b17_cancelling_the_loops_side_is_seen_by_the_job(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(2, 0);
    struct held held = HELD, other = HELD;
    anyloop_future *future = submit_held(loop, pool, &held), *untouched = submit_held(loop, pool, &other);
    gate_wait(&held.running, 1);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    gate_open(&held.may_end);
    gate_open(&other.may_end);
    assert_ok(anyloop_loop_run_until_complete(loop, untouched));
    pool_end(pool);
    assert_int_equal(held.stopping, 1);
    assert_int_equal(other.stopping, 0);
    anyloop_future_release(future);
    anyloop_future_release(untouched);
    loop_end(loop);
}

static void cancelling_a_queued_job_gives_its_input_back_at_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 0);
    struct held held = HELD;
    atomic_int dropped = 0;
    anyloop_future *running = submit_held(loop, pool, &held);
    anyloop_value in = counted_anywhere(&dropped);
    anyloop_future *queued = anyloop_run_in_executor(loop, pool, must_not_run, &in);
    assert_int_equal(anyloop_future_cancel(queued, NULL), 1);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_future_cancel(queued, NULL), 0);
    anyloop_future_release(queued);
    gate_open(&held.may_end);
    run_to(loop, running, ANYLOOP_OK);
    pool_end(pool);
    loop_end(loop);
}

/* ---- closing */

static void must_not_hear(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    abort();
}

static void b09_a_cancelled_job_that_ends_after_the_close_reaches_nobody(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_that_waits(-1);
    struct held held = HELD;
    anyloop_future *future = submit_held(loop, NULL, &held);
    int dropped = 0;
    gate_wait(&held.running, 1);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    assert_ok(anyloop_future_add_done_callback(future, must_not_hear, &dropped, count));
    anyloop_future_release(future);
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_TIMED_OUT);
    assert_int_equal(dropped, 1);
    anyloop_loop_release(loop);
    gate_open(&held.may_end);
    gate_wait(&held.ended, 1);
    wait_until_all_memory_is_back();
    assert_int_equal(held.dropped, 1);
}

static void b12_a_close_without_patience_returns_at_once_and_a_late_result_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_that_waits(-1);
    struct held held = HELD;
    anyloop_future *future = submit_held(loop, NULL, &held);
    int dropped = 0;
    assert_ok(anyloop_future_add_done_callback(future, must_not_hear, &dropped, count));
    gate_wait(&held.running, 1);
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_TIMED_OUT); /* with patience it would wait for ever */
    anyloop_loop_release(loop);
    gate_open(&held.may_end);
    gate_wait(&held.ended, 1);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    assert_int_equal(dropped, 1);
    wait_until_all_memory_is_back();
    assert_int_equal(held.stopping, 1);
    assert_int_equal(held.dropped, 1);
}

static void until_asked_to_stop(anyloop_job *job, const anyloop_value *in)
{
    struct held *held = anyloop_to_pointer(in);
    gate_open(&held->running);
    while (!anyloop_job_stopping(job))
        sched_yield();
    gate_open(&held->ended);
}

static void a_close_cancels_what_is_queued_asks_what_runs_to_stop_and_waits_for_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_that_waits(ANYLOOP_FOREVER);
    struct held held = HELD;
    atomic_int dropped = 0;
    for (int i = 0; i < 100; i++) { /* a default pool has 32 threads at most */
        anyloop_value in;
        assert_ok(anyloop_value_foreign(NULL, &held, drop_held, &in));
        anyloop_future_release(anyloop_run_in_executor(loop, NULL, until_asked_to_stop, &in));
    }
    for (int i = 0; i < 100; i++) {
        anyloop_value in = counted_anywhere(&dropped);
        anyloop_future_release(anyloop_run_in_executor(loop, NULL, must_not_run, &in));
    }
    gate_wait(&held.running, 1);
    loop_end(loop);
    assert_int_equal(held.ended.opened, held.running.opened);
    assert_int_equal(held.dropped, 100);
    assert_int_equal(dropped, 100);
}

static void a_closed_loop_takes_no_jobs(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    atomic_int dropped = 0;
    anyloop_value in = counted_anywhere(&dropped);
    assert_ok(anyloop_loop_close(loop));
    assert_failed(anyloop_run_in_executor(loop, NULL, must_not_run, &in), ANYLOOP_E_CLOSED);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

/* ---- shutting down */

static void add_one(anyloop_job *job, const anyloop_value *in)
{
    (void)job;
    atomic_fetch_add((atomic_int *)anyloop_to_pointer(in), 1);
}

static void b13_a_shutdown_waits_for_the_jobs_there_are_then_jobs_are_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    struct held held = HELD;
    atomic_int ran = 0;
    anyloop_future *first = submit_held(loop, NULL, &held);
    for (int i = 0; i < 100; i++) {
        anyloop_value in;
        assert_ok(anyloop_value_foreign(NULL, &ran, NULL, &in));
        anyloop_future_release(anyloop_run_in_executor(loop, NULL, add_one, &in));
    }
    anyloop_future *down = anyloop_ensure_future(loop, anyloop_shutdown_default_executor(loop, ANYLOOP_FOREVER));
    turns(loop, 3);
    assert_int_equal(anyloop_future_state(down), ANYLOOP_PENDING);
    assert_failed(submit(loop, NULL, must_not_run, 0), ANYLOOP_E_SHUTDOWN);
    gate_open(&held.may_end);
    run_to(loop, down, ANYLOOP_OK);
    assert_int_equal(held.ended.opened, 1);
    assert_int_equal(ran, 100);
    run_to(loop, first, ANYLOOP_OK);
    assert_failed(submit(loop, NULL, must_not_run, 0), ANYLOOP_E_SHUTDOWN);
    loop_end(loop);
}

static void a_pools_shutdown_waits_for_its_jobs_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 0);
    anyloop_future *futures[3];
    for (int i = 0; i < 3; i++)
        futures[i] = submit(loop, pool, twice, i);
    assert_ok(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER));
    assert_failed(submit(loop, pool, must_not_run, 0), ANYLOOP_E_SHUTDOWN);
    run_to(loop, anyloop_run_in_executor_when_free(loop, pool, must_not_run, NULL), ANYLOOP_E_SHUTDOWN);
    assert_ok(anyloop_executor_shutdown(pool, 0, 0));
    assert_int_equal(anyloop_executor_shutdown(pool, 4, 0), ANYLOOP_E_INVALID);
    for (int i = 0; i < 3; i++) {
        assert_ok(anyloop_loop_run_until_complete(loop, futures[i]));
        assert_int_equal(result_of(futures[i]), 2 * i);
        anyloop_future_release(futures[i]);
    }
    anyloop_executor_release(pool);
    loop_end(loop);
}

static void a_shutdown_may_cancel_what_is_queued(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 0);
    struct held held = HELD;
    anyloop_future *running = submit_held(loop, pool, &held), *queued = submit(loop, pool, must_not_run, 0);
    gate_wait(&held.running, 1);
    assert_int_equal(anyloop_executor_shutdown(pool, ANYLOOP_CANCEL_QUEUED, 0), ANYLOOP_E_TIMED_OUT);
    run_to(loop, queued, ANYLOOP_E_CANCELLED);
    gate_open(&held.may_end);
    assert_ok(anyloop_loop_run_until_complete(loop, running));
    assert_int_equal(result_of(running), 7); /* asked to stop, it went on: its result counts */
    assert_int_equal(held.stopping, 1);
    anyloop_future_release(running);
    pool_end(pool);
    loop_end(loop);
}

static void b14_a_shutdown_with_a_limit_gives_up_on_a_job_that_is_stuck_and_says_so(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    struct held held = HELD;
    anyloop_future *stuck = submit_held(loop, NULL, &held);
    gate_wait(&held.running, 1);
    run_to(loop, anyloop_shutdown_default_executor(loop, ANYLOOP_MS(1)), ANYLOOP_E_TIMED_OUT);
    run_to(loop, anyloop_shutdown_default_executor(loop, 0), ANYLOOP_E_TIMED_OUT);
    assert_int_equal(anyloop_future_state(stuck), ANYLOOP_PENDING);
    gate_open(&held.may_end);
    run_to(loop, anyloop_shutdown_default_executor(loop, ANYLOOP_FOREVER), ANYLOOP_OK);
    run_to(loop, stuck, ANYLOOP_OK);
    loop_end(loop);
}

static void a_pool_that_was_only_released_finishes_what_it_accepted(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(2, 0);
    anyloop_future *futures[20];
    for (int i = 0; i < 20; i++)
        futures[i] = submit(loop, pool, twice, i);
    anyloop_executor_release(pool);
    for (int i = 0; i < 20; i++) {
        assert_ok(anyloop_loop_run_until_complete(loop, futures[i]));
        assert_int_equal(result_of(futures[i]), 2 * i);
        anyloop_future_release(futures[i]);
    }
    loop_end(loop);
}

/* ---- contexts */

static anyloop_contextvar *whose;
static gate ten_run = GATE;

static void look_into_context(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_value found;
    gate_open(&ten_run);
    gate_wait(&ten_run, 10);
    if (anyloop_context_get(anyloop_job_context(job), whose, &found) == ANYLOOP_OK)
        anyloop_job_return(job, &found);
}

static void set_whose(anyloop_loop *loop, int64_t number)
{
    anyloop_value value = anyloop_int(number);
    assert_ok(anyloop_contextvar_set(loop, whose, &value));
}

struct caller {
    anyloop_coro co;
    anyloop_executor *pool;
    int number;
};

ANYLOOP_ASYNC(caller)
{
    ANYLOOP_BEGIN;
    set_whose(my->co.loop, my->number);
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, my->pool, look_into_context, NULL));
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static void b26_a_blocking_function_runs_in_the_context_of_its_caller_ten_at_a_time_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(10, 0);
    anyloop_future *callers[10];
    assert_ok(anyloop_contextvar_new("whose", &whose));
    for (int i = 0; i < 10; i++)
        callers[i] = ANYLOOP_TASK(loop, caller, .pool = pool, .number = 100 + i);
    for (int i = 0; i < 10; i++) {
        assert_ok(anyloop_loop_run_until_complete(loop, callers[i]));
        assert_int_equal(result_of(callers[i]), 100 + i);
        anyloop_future_release(callers[i]);
    }
    anyloop_contextvar_release(whose);
    pool_end(pool);
    loop_end(loop);
}

/* ---- full queues */

static void a_full_queue_refuses_or_makes_wait_until_there_is_a_place(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 1);
    struct held held = HELD;
    atomic_int dropped = 0;
    anyloop_value in = counted_anywhere(&dropped), number = anyloop_int(5);
    anyloop_future *out = NULL, *running = submit_held(loop, pool, &held), *queued = submit(loop, pool, twice, 4);
    assert_int_equal(anyloop_try_run_in_executor(loop, pool, must_not_run, &in, &out), ANYLOOP_E_FULL);
    assert_null(out);
    assert_int_equal(dropped, 1);
    assert_failed(submit(loop, pool, must_not_run, 0), ANYLOOP_E_FULL);
    anyloop_future *patient =
        anyloop_ensure_future(loop, anyloop_run_in_executor_when_free(loop, pool, twice, &number));
    turns(loop, 2);
    assert_int_equal(anyloop_future_state(patient), ANYLOOP_PENDING);
    gate_open(&held.may_end);
    assert_ok(anyloop_loop_run_until_complete(loop, patient));
    assert_int_equal(result_of(patient), 10);
    assert_int_equal(result_of(queued), 8);
    anyloop_future_release(running);
    anyloop_future_release(queued);
    anyloop_future_release(patient);
    pool_end(pool);
    loop_end(loop);
}

static void cancelled_while_it_waits_for_a_place_a_job_never_begins(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 1);
    struct held held = HELD;
    anyloop_future *running = submit_held(loop, pool, &held), *queued = submit(loop, pool, twice, 4);
    anyloop_future *patient =
        anyloop_ensure_future(loop, anyloop_run_in_executor_when_free(loop, pool, must_not_run, NULL));
    turns(loop, 2);
    assert_int_equal(anyloop_future_cancel(patient, NULL), 1);
    run_to(loop, patient, ANYLOOP_E_CANCELLED);
    gate_open(&held.may_end);
    run_to(loop, running, ANYLOOP_OK);
    run_to(loop, queued, ANYLOOP_OK);
    pool_end(pool);
    loop_end(loop);
}

static void who_has_an_outcome_finds_its_place_free_again(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 1);
    for (int i = 0; i < 1000; i++) {
        anyloop_future *first = submit(loop, pool, twice, i), *second = submit(loop, pool, twice, i);
        run_to(loop, first, ANYLOOP_OK);
        run_to(loop, second, ANYLOOP_OK);
    }
    pool_end(pool);
    loop_end(loop);
}

/* ---- the default executor */

static void the_default_executor_is_set_once_and_before_its_first_use(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *inline_one;
    assert_ok(anyloop_inline_executor_new(&inline_one));
    assert_ok(anyloop_loop_set_default_executor(loop, inline_one));
    assert_int_equal(anyloop_loop_set_default_executor(loop, inline_one), ANYLOOP_E_STATE);
    anyloop_future *future = submit(loop, NULL, twice, 3);
    assert_int_equal(result_of(future), 6); /* at once: it is that one */
    anyloop_future_release(future);
    loop_end(loop);
    loop = loop_real();
    run_to(loop, submit(loop, NULL, twice, 3), ANYLOOP_OK);
    assert_int_equal(anyloop_loop_set_default_executor(loop, inline_one), ANYLOOP_E_STATE);
    anyloop_executor_release(inline_one);
    loop_end(loop);
}

static void an_executor_that_was_set_is_not_shut_down_by_the_close(void **state)
{
    (void)state;
    anyloop_executor *pool = pool_new(1, 0);
    for (int i = 0; i < 2; i++) {
        anyloop_loop *loop = loop_real();
        assert_ok(anyloop_loop_set_default_executor(loop, pool));
        run_to(loop, submit(loop, NULL, twice, 3), ANYLOOP_OK);
        run_to(loop, anyloop_shutdown_default_executor(loop, ANYLOOP_FOREVER), ANYLOOP_OK);
        run_to(loop, submit(loop, pool, twice, 3), ANYLOOP_OK);
        loop_end(loop);
    }
    pool_end(pool);
}

/* ---- the inline one */

static anyloop_loop *closed_inside;

static void close_the_loop(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    assert_ok(anyloop_loop_close(closed_inside));
}

static void an_inline_job_may_close_its_loop(void **state)
{
    (void)state;
    anyloop_executor *inline_one;
    anyloop_loop *loop = closed_inside = loop_real();
    atomic_int dropped = 0;
    anyloop_value in = counted_anywhere(&dropped);
    assert_ok(anyloop_inline_executor_new(&inline_one));
    anyloop_future *future = anyloop_run_in_executor(loop, inline_one, close_the_loop, &in);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    assert_int_equal(dropped, 1);
    anyloop_future_release(future);
    anyloop_executor_release(inline_one);
    loop_end(loop);
}

/* ---- foreign ones: this one keeps the job until the case has decided */

static anyloop_job *kept;
static anyloop_status submit_answer;
static int hints;

static anyloop_status keep_job(void *user_data, anyloop_job *job)
{
    (void)user_data;
    kept = job;
    return submit_answer;
}

static void hint(void *user_data, anyloop_job *job)
{
    (void)user_data;
    hints += job == kept && anyloop_job_stopping(job);
}

static anyloop_status refuse_to_shut_down(void *user_data, int64_t timeout)
{
    (void)user_data;
    return timeout == ANYLOOP_MS(3) ? ANYLOOP_E_TIMED_OUT : ANYLOOP_OK;
}

static anyloop_executor *keeper_new(int *dropped)
{
    const anyloop_executor_methods methods = {sizeof methods, 0, keep_job, hint, refuse_to_shut_down};
    anyloop_executor *keeper = NULL;
    submit_answer = ANYLOOP_OK;
    hints = 0;
    assert_ok(anyloop_executor_new(&methods, dropped, count, &keeper));
    return keeper;
}

static void a_foreign_executor_runs_a_job_or_answers_for_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int dropped = 0;
    anyloop_executor *keeper = keeper_new(&dropped);
    anyloop_job_fn function = NULL;
    anyloop_value answer = anyloop_int(9);
    anyloop_future *future = submit(loop, keeper, twice, 4);
    assert_int_equal(anyloop_to_int(anyloop_job_input(kept, &function)), 4);
    assert_true(function == twice);
    anyloop_job_run(kept);
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(result_of(future), 8);
    anyloop_future_release(future);
    future = submit(loop, keeper, must_not_run, 4);
    anyloop_job_return(kept, &answer);
    anyloop_job_finish(kept);
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(result_of(future), 9);
    anyloop_future_release(future);
    assert_int_equal(anyloop_executor_shutdown(keeper, 0, ANYLOOP_MS(3)), ANYLOOP_E_TIMED_OUT);
    assert_failed(submit(loop, keeper, twice, 4), ANYLOOP_E_SHUTDOWN);
    anyloop_executor_release(keeper);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

static void a_foreign_executor_may_refuse_a_job_and_is_asked_again_by_who_waits(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int dropped = 0;
    anyloop_executor *keeper = keeper_new(&dropped);
    anyloop_value number = anyloop_int(4);
    submit_answer = ANYLOOP_E_FULL;
    assert_failed(submit(loop, keeper, must_not_run, 0), ANYLOOP_E_FULL);
    anyloop_future *patient =
        anyloop_ensure_future(loop, anyloop_run_in_executor_when_free(loop, keeper, twice, &number));
    turns(loop, 2);
    submit_answer = ANYLOOP_OK;
    kept = NULL;
    while (kept == NULL)
        run_to(loop, anyloop_sleep(loop, ANYLOOP_MS(1)), ANYLOOP_OK);
    anyloop_job_run(kept);
    assert_ok(anyloop_loop_run_until_complete(loop, patient));
    assert_int_equal(result_of(patient), 8);
    anyloop_future_release(patient);
    anyloop_executor_release(keeper);
    loop_end(loop);
}

static void a_foreign_executor_hears_of_a_cancellation_and_a_job_that_had_not_begun_is_only_finished(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int dropped = 0;
    atomic_int input = 0, output = 0;
    anyloop_executor *keeper = keeper_new(&dropped);
    anyloop_value in = counted_anywhere(&input), out;
    anyloop_future *future = anyloop_run_in_executor(loop, keeper, must_not_run, &in);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    assert_int_equal(hints, 1);
    anyloop_job_run(kept);
    assert_int_equal(input, 1);
    anyloop_future_release(future);

    in = counted_anywhere(&input); /* and one whose answer is under way */
    out = counted_anywhere(&output);
    future = anyloop_run_in_executor(loop, keeper, must_not_run, &in);
    anyloop_job_return(kept, &out);
    anyloop_job_finish(kept);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    turns(loop, 2);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    assert_int_equal(input, 2);
    assert_int_equal(output, 1);
    anyloop_future_release(future);
    anyloop_executor_release(keeper);
    loop_end(loop);
}

static void *finish_job(void *job)
{
    anyloop_job_finish(job);
    return NULL;
}

static void a_job_outlives_its_loop_and_is_finished_by_another_thread(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int dropped = 0;
    atomic_int input = 0, output = 0;
    anyloop_executor *keeper = keeper_new(&dropped);
    anyloop_value in = counted_anywhere(&input), out = counted_anywhere(&output);
    anyloop_future_release(anyloop_run_in_executor(loop, keeper, must_not_run, &in));
    anyloop_executor_release(keeper);
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_int_equal(dropped, 0); /* the job holds its executor */
    anyloop_job_return(kept, &out);
    thread_join(thread_start(finish_job, kept));
    assert_int_equal(input, 1);
    assert_int_equal(output, 1);
    assert_int_equal(dropped, 1);
    assert_int_equal(memory.blocks, 0);
}

static void methods_that_make_no_executor_are_refused(void **state)
{
    (void)state;
    int dropped = 0;
    anyloop_executor *out = NULL;
    anyloop_executor_methods methods = {sizeof methods - 1, 0, keep_job, NULL, NULL};
    assert_int_equal(anyloop_executor_new(&methods, &dropped, count, &out), ANYLOOP_E_INVALID);
    methods = (anyloop_executor_methods){sizeof methods, 1, keep_job, NULL, NULL};
    assert_int_equal(anyloop_executor_new(&methods, &dropped, count, &out), ANYLOOP_E_INVALID);
    methods = (anyloop_executor_methods){sizeof methods, 0, NULL, NULL, NULL};
    assert_int_equal(anyloop_executor_new(&methods, &dropped, count, &out), ANYLOOP_E_INVALID);
    anyloop_thread_pool_options options = {.struct_size = 1};
    assert_int_equal(anyloop_thread_pool_new(&options, &out), ANYLOOP_E_INVALID);
    assert_int_equal(dropped, 3);
    assert_null(out);
}

static void where_threads_are_the_workers_there_is_no_pool_of_others(void **state)
{
    (void)state;
    anyloop_executor *out = NULL;
    const anyloop_worker_pool_options workers = {.struct_size = sizeof workers};
    assert_int_equal(anyloop_worker_pool_new(&workers, &out), ANYLOOP_E_NOT_SUPPORTED);
    assert_null(out);
}

static void a_pool_of_workers_is_refused_what_a_pool_of_threads_is(void **state)
{
    (void)state;
    anyloop_executor *out = NULL;
    const anyloop_worker_pool_options workers = {.struct_size = sizeof workers};
    assert_int_equal(anyloop_worker_pool_new(&workers, NULL), ANYLOOP_E_INVALID);
    const anyloop_worker_pool_options grown = {.struct_size = sizeof workers + 8};
    assert_int_equal(anyloop_worker_pool_new(&grown, &out), ANYLOOP_E_INVALID);
}

/* ---- several loops, and forks */

static void *run_jobs(void *argument)
{
    anyloop_executor *pool = argument;
    anyloop_loop *loop = loop_with(0);
    intptr_t right = 0;
    for (int i = 0; i < 200; i++) {
        anyloop_future *future = submit(loop, pool, twice, i);
        right += anyloop_loop_run_until_complete(loop, future) == ANYLOOP_OK &&
                 anyloop_to_int(anyloop_future_result(future)) == 2 * i;
        anyloop_future_release(future);
    }
    anyloop_loop_close(loop);
    anyloop_loop_release(loop);
    return (void *)right;
}

static void a_pool_serves_loops_of_several_threads(void **state)
{
    (void)state;
    anyloop_executor *pool = pool_new(2, 0);
    pthread_t threads[3];
    begin();
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(run_jobs, pool);
    for (int i = 0; i < 3; i++) {
        void *right;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_int_equal((intptr_t)right, 200);
    }
    pool_end(pool);
    assert_int_equal(memory.blocks, 0);
}

/* The pools' threads are not there in the child: nothing may wait for them. */
static int wrong_in_child(anyloop_loop *loop, anyloop_executor *pool, anyloop_future *running)
{
    anyloop_future *out = NULL;
    alarm(20);
    if (anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER) != ANYLOOP_OK)
        return 1;
    if (anyloop_try_run_in_executor(anyloop_get_event_loop(), pool, must_not_run, NULL, &out) != ANYLOOP_E_SHUTDOWN)
        return 2;
    if (anyloop_try_run_in_executor(loop, NULL, must_not_run, NULL, &out) != ANYLOOP_E_FORKED)
        return 3;
    if (anyloop_future_cancel(running, NULL) != ANYLOOP_E_FORKED)
        return 4;
    anyloop_future_release(running);
    anyloop_executor_release(pool);
    return anyloop_loop_close(loop) == ANYLOOP_OK ? 0 : 5;
}

static void a_child_process_waits_for_no_thread_of_its_parents_pools(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool = pool_new(1, 0);
    struct held held = HELD, other = HELD;
    anyloop_future *running = submit_held(loop, pool, &held), *by_default = submit_held(loop, NULL, &other);
    gate_wait(&held.running, 1);
    gate_wait(&other.running, 1);
    pid_t child = fork();
    if (child == 0)
        _exit(wrong_in_child(loop, pool, running));
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    gate_open(&held.may_end);
    gate_open(&other.may_end);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    run_to(loop, running, ANYLOOP_OK);
    run_to(loop, by_default, ANYLOOP_OK);
    pool_end(pool);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_of_threads(b08_a_job_runs_on_another_thread_and_its_result_comes_home),
        cmocka_unit_test_of_threads(b11_a_jobs_error_is_its_futures_and_is_reported_once_when_nobody_looks),
        cmocka_unit_test(a_job_that_says_nothing_returns_none_and_what_it_cannot_return_fails_it),
        cmocka_unit_test_of_threads(b10_a_running_job_runs_to_its_end_though_cancelled_and_a_queued_one_never_begins),
        cmocka_unit_test_of_threads(b17_cancelling_the_loops_side_is_seen_by_the_job),
        cmocka_unit_test_of_threads(cancelling_a_queued_job_gives_its_input_back_at_once),
        cmocka_unit_test_of_threads(b09_a_cancelled_job_that_ends_after_the_close_reaches_nobody),
        cmocka_unit_test_of_threads(b12_a_close_without_patience_returns_at_once_and_a_late_result_is_dropped),
        cmocka_unit_test_of_threads(a_close_cancels_what_is_queued_asks_what_runs_to_stop_and_waits_for_it),
        cmocka_unit_test(a_closed_loop_takes_no_jobs),
        cmocka_unit_test_of_threads(b13_a_shutdown_waits_for_the_jobs_there_are_then_jobs_are_refused),
        cmocka_unit_test_of_threads(a_pools_shutdown_waits_for_its_jobs_too),
        cmocka_unit_test_of_threads(a_shutdown_may_cancel_what_is_queued),
        cmocka_unit_test_of_threads(b14_a_shutdown_with_a_limit_gives_up_on_a_job_that_is_stuck_and_says_so),
        cmocka_unit_test_of_threads(a_pool_that_was_only_released_finishes_what_it_accepted),
        cmocka_unit_test_of_threads(b26_a_blocking_function_runs_in_the_context_of_its_caller_ten_at_a_time_too),
        cmocka_unit_test_of_threads(a_full_queue_refuses_or_makes_wait_until_there_is_a_place),
        cmocka_unit_test_of_threads(cancelled_while_it_waits_for_a_place_a_job_never_begins),
        cmocka_unit_test_of_threads(who_has_an_outcome_finds_its_place_free_again),
        cmocka_unit_test_of_threads(the_default_executor_is_set_once_and_before_its_first_use),
        cmocka_unit_test_of_threads(an_executor_that_was_set_is_not_shut_down_by_the_close),
        cmocka_unit_test(an_inline_job_may_close_its_loop),
        cmocka_unit_test(a_foreign_executor_runs_a_job_or_answers_for_it),
        cmocka_unit_test(a_foreign_executor_may_refuse_a_job_and_is_asked_again_by_who_waits),
        cmocka_unit_test(a_foreign_executor_hears_of_a_cancellation_and_a_job_that_had_not_begun_is_only_finished),
        cmocka_unit_test_of_threads(a_job_outlives_its_loop_and_is_finished_by_another_thread),
        cmocka_unit_test(methods_that_make_no_executor_are_refused),
        cmocka_unit_test_of_threads(where_threads_are_the_workers_there_is_no_pool_of_others),
        cmocka_unit_test(a_pool_of_workers_is_refused_what_a_pool_of_threads_is),
        cmocka_unit_test_of_threads(a_pool_serves_loops_of_several_threads),
        cmocka_unit_test_of_threads(a_child_process_waits_for_no_thread_of_its_parents_pools),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
