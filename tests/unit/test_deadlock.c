/* What keeps a run from ending as a deadlock, and what the report says of one that does.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static int64_t await_line; /* of the last await that a case's coroutine began */

struct waiter {
    anyloop_coro co;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(waiter)
{
    ANYLOOP_BEGIN;
    await_line = __LINE__ + 1;
    ANYLOOP_AWAIT(my->awaited);
    ANYLOOP_RETURN_AWAITED;
    ANYLOOP_FINALLY;
    note("finally");
    ANYLOOP_END;
}

/* A turn's word, which needs no other thread to be proved. */
static uint32_t deadlocked(anyloop_loop *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    do
        assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    while (info.next_deadline == 0);
    return info.deadlock;
}

static void assert_deadlock(anyloop_loop *loop, anyloop_future *future)
{
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_DEADLOCK);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    assert_said("deadlock: nothing is ready");
}

/* ---- what comes from outside */

/* What a thread does once the run has begun. */
struct outside {
    gate begun;
    void (*act)(void *object);
    void *object;
};

static void open_gate(void *closed)
{
    gate_open(closed);
}

static void *act_outside(void *argument)
{
    struct outside *self = argument;
    gate_wait(&self->begun, 1);
    self->act(self->object);
    return NULL;
}

/* Runs `future`, taken, until `act` of another thread has had its effect. */
static void run_with(anyloop_loop *loop, anyloop_future *future, void (*act)(void *object), void *object,
                     anyloop_status expected)
{
    struct outside outside = {.begun = GATE, .act = act, .object = object};
    pthread_t thread = thread_start(act_outside, &outside);
    assert_ok(anyloop_loop_call_soon(loop, open_gate, &outside.begun, NULL, NULL));
    run_to(loop, future, expected);
    thread_join(thread);
}

static void a_timer_is_waited_for(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = anyloop_sleep(loop, ANYLOOP_MS(5)));
    assert_int_equal(deadlocked(loop), 0);
    run_to(loop, task, ANYLOOP_OK);
    assert_trace("finally");
    loop_end(loop);
}

static void a_timer_that_was_cancelled_or_never_comes_is_not(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *handle;
    assert_ok(anyloop_loop_call_later(loop, 1, note, "cancelled", NULL, &handle));
    assert_int_equal(deadlocked(loop), 0);
    assert_ok(anyloop_handle_cancel(handle));
    anyloop_handle_release(handle);
    assert_int_equal(deadlocked(loop), 1);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_FOREVER, note, "never", NULL, NULL));
    assert_ok(anyloop_loop_call_at(loop, ANYLOOP_NEVER, note, "never", NULL, NULL));
    assert_int_equal(deadlocked(loop), 1);
    loop_end(loop);
}

static void keep(void *promise)
{
    const anyloop_value value = anyloop_int(7);
    assert_ok(anyloop_promise_set_result(promise, &value));
}

static void an_open_promise_is_waited_for(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise;
    anyloop_future *future;
    assert_ok(anyloop_promise_new(loop, &promise, &future));
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = future);
    assert_int_equal(deadlocked(loop), 0);
    run_with(loop, task, keep, promise, ANYLOOP_OK);
    assert_int_equal(deadlocked(loop), 1); /* a kept one is over, held or not */
    anyloop_promise_release(promise);
    assert_trace("finally");
    loop_end(loop);
}

static void let_go_of_promise(void *promise)
{
    anyloop_promise_release(promise);
}

static void a_promise_that_is_let_go_ends_the_wait_with_an_error(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise;
    anyloop_future *future;
    assert_ok(anyloop_promise_new(loop, &promise, &future));
    run_with(loop, future, let_go_of_promise, promise, ANYLOOP_E_ABANDONED);
    assert_int_equal(deadlocked(loop), 1);
    loop_end(loop);
}

struct parker {
    anyloop_coro co;
    anyloop_waker **waker; /* NULL: nobody can wake it */
    anyloop_future *before;
};

ANYLOOP_ASYNC(parker)
{
    ANYLOOP_BEGIN;
    if (my->before)
        ANYLOOP_AWAIT(my->before);
    if (my->waker)
        assert_ok(anyloop_task_waker(my->co.task, my->waker));
    ANYLOOP_PARK;
    ANYLOOP_END;
}

static void wake(void *waker)
{
    anyloop_waker_wake(waker);
}

static void a_waker_that_is_held_is_waited_for(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .waker = &waker);
    assert_int_equal(deadlocked(loop), 0);
    run_with(loop, task, wake, waker, ANYLOOP_OK);
    anyloop_waker_release(waker);
    assert_int_equal(deadlocked(loop), 1);
    loop_end(loop);
}

static void let_go_of_waker(void *waker)
{
    anyloop_waker_release(waker);
}

static void letting_go_of_the_last_waker_wakes_the_run_to_see_the_deadlock(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .waker = &waker);
    assert_int_equal(deadlocked(loop), 0);
    run_with(loop, anyloop_future_retain(task), let_go_of_waker, waker, ANYLOOP_E_DEADLOCK);
    assert_said("task parker is parked: a waker must wake it\n");
    anyloop_future_release(task);
    loop_end(loop);
}

static void stop(void *loop)
{
    assert_ok(anyloop_loop_stop(loop));
}

static void stop_from_outside(void *loop)
{
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, stop, loop, NULL));
}

static void unhold(void *loop)
{
    assert_ok(anyloop_loop_unhold(loop));
}

static void a_hold_is_waited_for_and_wakes_the_run_when_it_goes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_int_equal(deadlocked(loop), 1);
    assert_ok(anyloop_loop_hold(loop));
    assert_ok(anyloop_loop_hold(loop));
    assert_int_equal(deadlocked(loop), 0);
    run_with(loop, anyloop_future_retain(future), stop_from_outside, loop, ANYLOOP_E_STOPPED);
    assert_ok(anyloop_loop_unhold(loop));
    assert_int_equal(deadlocked(loop), 0); /* the other one */
    run_with(loop, future, unhold, loop, ANYLOOP_E_DEADLOCK);
    assert_said("deadlock");
    assert_int_equal(anyloop_loop_unhold(loop), ANYLOOP_E_STATE);
    loop_end(loop);
}

static void wait_at_gate(anyloop_job *job, const anyloop_value *in)
{
    const anyloop_value value = anyloop_int(7);
    gate_wait(anyloop_to_pointer(in), 1);
    anyloop_job_return(job, &value);
}

static void a_job_is_waited_for(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    gate closed = GATE;
    anyloop_value in;
    assert_ok(anyloop_value_foreign(loop, &closed, NULL, &in));
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = anyloop_run_in_executor(loop, NULL, wait_at_gate, &in));
    assert_int_equal(deadlocked(loop), 0);
    run_with(loop, task, open_gate, &closed, ANYLOOP_OK);
    assert_int_equal(deadlocked(loop), 1);
    assert_trace("finally");
    loop_end(loop);
}

/* ---- afterwards */

static void a_deadlocked_run_can_go_on_when_its_program_helps_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = anyloop_future_retain(future));
    assert_deadlock(loop, task);
    assert_deadlock(loop, task);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_said("task waiter awaits a future");
    assert_ok(anyloop_future_set_result(future, NULL));
    run_to(loop, task, ANYLOOP_OK);
    assert_trace("finally");
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_program_that_deadlocks_is_cleaned_up_and_says_so(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value out = {.kind = 77};
    anyloop_future *future = future_new(loop);
    assert_int_equal(anyloop_run(loop, ANYLOOP_CORO(loop, waiter, .awaited = future), &out), ANYLOOP_E_DEADLOCK);
    assert_int_equal(out.kind, ANYLOOP_NONE);
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    assert_said("task waiter awaits a future");
    assert_trace("finally");
    loop_end(loop);
}

/* ---- the report */

/* The whole report of `loop`, which must be said by the log as well. */
static void assert_report(anyloop_loop *loop, const char *format, ...)
{
    char expected[1024], report[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    size_t size = anyloop_loop_stall_report(loop, report, sizeof report);
    assert_string_equal(report, expected);
    assert_int_equal(size, strlen(expected));
    assert_said(expected);
}

/* A task `waiter` of `future`, taken, that the report says to await `what`. */
static void assert_awaits(anyloop_loop *loop, anyloop_future *future, const char *what)
{
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = future);
    turn(loop);
    assert_report(loop, "task waiter awaits %s at %s:%d\n", what, __FILE__, (int)await_line);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("finally");
}

static void it_names_what_a_task_awaits_and_where(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_lock *lock;
    anyloop_event *event;
    anyloop_semaphore *semaphore;
    anyloop_queue *queue;
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_event_new(loop, &event));
    assert_ok(anyloop_semaphore_new(loop, 0, 0, &semaphore));
    assert_ok(anyloop_queue_new(loop, 1, ANYLOOP_QUEUE_FIFO, &queue));
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);

    assert_awaits(loop, future_new(loop), "a future");
    assert_awaits(loop, anyloop_lock_acquire(lock), "lock.acquire");
    assert_awaits(loop, anyloop_event_wait(event), "event.wait");
    assert_awaits(loop, anyloop_semaphore_acquire(semaphore), "semaphore.acquire");
    assert_awaits(loop, anyloop_queue_get(queue), "queue.get");
    assert_ok(anyloop_queue_put_nowait(queue, NULL, 0));
    assert_awaits(loop, anyloop_queue_put(queue, NULL, 0), "queue.put");
    assert_awaits(loop, anyloop_queue_join(queue), "queue.join");
    assert_awaits(loop, anyloop_sleep(loop, ANYLOOP_FOREVER), "sleep");
    assert_awaits(loop, anyloop_wait(loop, &future, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER), "wait");
    assert_awaits(loop, anyloop_timeout(loop, ANYLOOP_FOREVER, future_new(loop)), "timeout");
    future = future_new(loop);
    assert_awaits(loop, ANYLOOP_GATHER(loop, anyloop_future_retain(future), future), "a gather");

    anyloop_lock_release(lock);
    anyloop_event_release(event);
    anyloop_semaphore_release(semaphore);
    anyloop_queue_release(queue);
    loop_end(loop);
}

static void it_names_each_task_and_the_task_that_it_awaits(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    const anyloop_task_options options = {.struct_size = sizeof options, .name = "boss"};
    anyloop_future *future = future_new(loop);
    anyloop_task *task = ANYLOOP_TASK(loop, waiter, .awaited = future);
    anyloop_future_release(
        anyloop_create_task(loop, ANYLOOP_CORO(loop, waiter, .awaited = anyloop_future_retain(task)), &options));
    turn(loop);
    assert_report(loop,
                  "task waiter awaits a future at %s:%d\n"
                  "task boss awaits task waiter at %s:%d\n",
                  __FILE__, (int)await_line, __FILE__, (int)await_line);
    anyloop_future_release(task);
    loop_end(loop);
    assert_trace("finally finally");
}

struct outer {
    anyloop_coro co;
    anyloop_future *awaited;
};

static int outer_line, park_caller_line;

ANYLOOP_ASYNC(outer)
{
    ANYLOOP_BEGIN;
    outer_line = __LINE__ + 1;
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, waiter, .awaited = my->awaited));
    ANYLOOP_END;
}

static void it_follows_nested_coroutines_from_the_inside(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue;
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    ANYLOOP_SPAWN(loop, outer, .awaited = anyloop_queue_get(queue));
    turn(loop);
    assert_report(loop, "task outer awaits queue.get at %s:%d in waiter, awaited at %s:%d\n", __FILE__, (int)await_line,
                  __FILE__, outer_line);
    anyloop_queue_release(queue);
    loop_end(loop);
    assert_trace("finally");
}

struct park_caller {
    anyloop_coro co;
};

ANYLOOP_ASYNC(park_caller)
{
    ANYLOOP_BEGIN;
    park_caller_line = __LINE__ + 1;
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, parker, .before = anyloop_sleep(my->co.loop, 1)));
    ANYLOOP_END;
}

/* The place of the await before is not where it is now. */
static void it_names_who_awaits_a_coroutine_that_is_parked_for_ever(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    ANYLOOP_SPAWN(loop, parker, .before = anyloop_sleep(loop, 1));
    ANYLOOP_SPAWN(loop, park_caller);
    turn(loop);
    assert_report(loop,
                  "task parker is parked: a waker must wake it\n"
                  "task park_caller is parked: a waker must wake it, awaited at %s:%d\n",
                  __FILE__, park_caller_line);
    loop_end(loop);
}

static void it_names_the_operation_that_a_task_is_made_of(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    const anyloop_task_options options = {.struct_size = sizeof options, .name = "mine"};
    anyloop_queue *queue;
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    anyloop_future_release(anyloop_ensure_future(loop, anyloop_queue_get(queue)));
    anyloop_future_release(anyloop_create_task(loop, anyloop_queue_get(queue), &options));
    turn(loop);
    for (int twice = 0; twice < 2; twice++)
        assert_report(loop, "task Task-1 awaits queue.get\n"
                            "task mine awaits an operation\n");
    anyloop_queue_release(queue);
    loop_end(loop);
}

static void it_says_what_does_not_wait(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    char report[64];
    ANYLOOP_SPAWN(loop, waiter, .awaited = anyloop_sleep(loop, 0));
    anyloop_loop_stall_report(loop, report, sizeof report);
    assert_string_equal(report, "task waiter is ready\n");
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
    assert_trace("finally");
    assert_int_equal(anyloop_loop_stall_report(loop, report, sizeof report), 0);
    assert_string_equal(report, "");
    loop_end(loop);
}

static void it_gives_what_fits_and_says_what_it_needs(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    char report[64] = "untouched";
    const char *whole = "task waiter is ready\n";
    ANYLOOP_SPAWN(loop, waiter, .awaited = anyloop_sleep(loop, 0));
    assert_int_equal(anyloop_loop_stall_report(loop, NULL, 0), strlen(whole));
    assert_int_equal(anyloop_loop_stall_report(loop, NULL, 10), 0); /* a bad argument */
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        memset(report, 'x', sizeof report);
        assert_int_equal(anyloop_loop_stall_report(loop, report, size), strlen(whole));
        assert_memory_equal(report, whole, size - 1);
        assert_int_equal(report[size - 1], 0);
        assert_int_equal(report[size], 'x');
    }
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
    assert_trace("finally");
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_timer_is_waited_for),
        cmocka_unit_test(a_timer_that_was_cancelled_or_never_comes_is_not),
        cmocka_unit_test_of_threads(an_open_promise_is_waited_for),
        cmocka_unit_test_of_threads(a_promise_that_is_let_go_ends_the_wait_with_an_error),
        cmocka_unit_test_of_threads(a_waker_that_is_held_is_waited_for),
        cmocka_unit_test_of_threads(letting_go_of_the_last_waker_wakes_the_run_to_see_the_deadlock),
        cmocka_unit_test_of_threads(a_hold_is_waited_for_and_wakes_the_run_when_it_goes),
        cmocka_unit_test_of_threads(a_job_is_waited_for),
        cmocka_unit_test(a_deadlocked_run_can_go_on_when_its_program_helps_it),
        cmocka_unit_test(a_program_that_deadlocks_is_cleaned_up_and_says_so),
        cmocka_unit_test(it_names_what_a_task_awaits_and_where),
        cmocka_unit_test(it_names_each_task_and_the_task_that_it_awaits),
        cmocka_unit_test(it_follows_nested_coroutines_from_the_inside),
        cmocka_unit_test(it_names_who_awaits_a_coroutine_that_is_parked_for_ever),
        cmocka_unit_test(it_names_the_operation_that_a_task_is_made_of),
        cmocka_unit_test(it_says_what_does_not_wait),
        cmocka_unit_test(it_gives_what_fits_and_says_what_it_needs),
    };
    return cmocka_run_group_tests_name("deadlock", cases, NULL, NULL);
}
