/* Promises and wakers: what other threads hold. Also how a thread asks for a coroutine, waits for it, or gives it up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* A promise, its future, and what a thread did with it. */
typedef struct pair {
    anyloop_loop *loop;
    anyloop_promise *promise;
    anyloop_future *future;
    anyloop_status status;
} pair;

static pair pair_new(anyloop_loop *loop)
{
    pair made = {.loop = loop};
    assert_ok(anyloop_promise_new(loop, &made.promise, &made.future));
    return made;
}

static void pair_release(pair *self)
{
    anyloop_promise_release(self->promise);
    anyloop_future_release(self->future);
}

static void *keep_with_7(void *pointer)
{
    pair *self = pointer;
    anyloop_value value = anyloop_int(7);
    self->status = anyloop_promise_set_result(self->promise, &value);
    return NULL;
}

static void *keep_with_error(void *pointer)
{
    pair *self = pointer;
    anyloop_value error = anyloop_none();
    anyloop_value_error(NULL, ANYLOOP_E_USER, "boom", 4, &error);
    self->status = anyloop_promise_set_error(self->promise, &error);
    return NULL;
}

/* ---- promises */

static void b16_a_threads_result_arrives_through_a_promise(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    pair self = pair_new(loop);
    pthread_t thread = thread_start(keep_with_7, &self);
    assert_ok(anyloop_loop_run_until_complete(loop, self.future));
    assert_int_equal(result_of(self.future), 7);
    thread_join(thread);
    assert_ok(self.status);
    pair_release(&self);
    loop_end(loop);
}

static void b16_a_threads_error_arrives_through_a_promise(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    pair self = pair_new(loop);
    pthread_t thread = thread_start(keep_with_error, &self);
    assert_int_equal(anyloop_loop_run_until_complete(loop, self.future), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(anyloop_future_error(self.future), NULL), "boom");
    thread_join(thread);
    pair_release(&self);
    loop_end(loop);
}

/* The thread hears of it in the only way there is: its result is not wanted. */
static void b17_a_future_that_the_loop_cancelled_takes_no_result_from_the_thread(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    assert_int_equal(anyloop_future_cancel(self.future, NULL), 1);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_CANCELLED);
    self.status = anyloop_promise_set_result(self.promise, &value);
    assert_true(self.status == ANYLOOP_OK || self.status == ANYLOOP_E_STATE); /* too late to tell, or told */
    turn(loop);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_CANCELLED);
    pair_release(&self);
    loop_end(loop);
}

static void b18_a_result_kept_before_the_cancellation_is_dropped_when_it_arrives_late(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    assert_ok(anyloop_promise_set_result(self.promise, &value));
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_PENDING); /* it comes by mail */
    assert_int_equal(anyloop_future_cancel(self.future, NULL), 1);
    turn(loop);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_CANCELLED);
    assert_int_equal(dropped, 1);
    pair_release(&self);
    loop_end(loop);
}

static void of_two_results_the_first_wins(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    int dropped = 0;
    anyloop_value late = counted(&dropped), error = error_of(ANYLOOP_E_USER, "late");
    keep_with_7(&self);
    assert_ok(self.status);
    assert_int_equal(anyloop_promise_set_result(self.promise, &late), ANYLOOP_E_STATE);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_promise_set_error(self.promise, &error), ANYLOOP_E_STATE);
    turn(loop);
    assert_int_equal(result_of(self.future), 7);
    pair_release(&self);
    loop_end(loop);
}

static void a_promise_that_nobody_keeps_fails_its_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    anyloop_promise_release(anyloop_promise_retain(self.promise));
    turn(loop);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_PENDING);
    anyloop_promise_release(self.promise);
    assert_int_equal(anyloop_loop_run_until_complete(loop, self.future), ANYLOOP_E_ABANDONED);
    anyloop_future_release(self.future);
    loop_end(loop);
}

static void a_promise_can_cancel_its_future_with_a_reason(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    anyloop_value error = error_of(ANYLOOP_E_CANCELLED, "changed my mind");
    assert_ok(anyloop_promise_set_error(self.promise, &error));
    assert_int_equal(anyloop_loop_run_until_complete(loop, self.future), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_CANCELLED);
    assert_string_equal(anyloop_error_text(anyloop_future_error(self.future), NULL), "changed my mind");
    pair_release(&self);
    loop_end(loop);
}

static void a_promise_takes_only_what_may_leave_its_thread(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    anyloop_value value = anyloop_none(), number = anyloop_int(1);
    assert_ok(anyloop_value_future(self.future, &value));
    assert_int_equal(anyloop_promise_set_result(self.promise, &value), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_promise_set_error(self.promise, &number), ANYLOOP_E_TYPE);
    keep_with_7(&self); /* and it is still open */
    turn(loop);
    assert_int_equal(result_of(self.future), 7);
    pair_release(&self);
    loop_end(loop);
}

static void nobody_but_the_promise_completes_its_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    anyloop_value error = error_of(ANYLOOP_E_USER, NULL);
    assert_int_equal(anyloop_future_set_result(self.future, NULL), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_future_set_error(self.future, &error), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_PENDING);
    keep_with_7(&self);
    pair_release(&self);
    turn(loop);
    loop_end(loop);
}

static void a_promise_outlives_its_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_promise_set_result(self.promise, &value), ANYLOOP_E_CLOSED);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_future_state(self.future), ANYLOOP_PENDING);
    anyloop_future_release(self.future);
    anyloop_loop_release(loop);
    keep_with_7(&self);
    assert_int_equal(self.status, ANYLOOP_E_CLOSED);
    anyloop_promise_release(self.promise);
    assert_int_equal(memory.blocks, 0);
}

static void a_result_that_was_on_its_way_is_dropped_by_the_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    pair self = pair_new(loop);
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    assert_ok(anyloop_promise_set_result(self.promise, &value));
    assert_ok(anyloop_loop_close(loop));
    pair_release(&self);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

/* ---- wakers */

struct parker {
    anyloop_coro co;
    anyloop_waker **out;
    int times, i;
};

ANYLOOP_ASYNC(parker)
{
    ANYLOOP_BEGIN;
    if (my->out)
        assert_ok(anyloop_task_waker(my->co.task, my->out));
    for (my->i = 0; my->i < my->times; my->i++) {
        note("parks");
        ANYLOOP_PARK;
        note("woken");
    }
    ANYLOOP_RETURN(anyloop_int(my->i));
    ANYLOOP_FINALLY;
    note("ends");
    ANYLOOP_END;
}

static void a_waker_wakes_a_parked_task_once_for_many_wakes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .out = &waker, .times = 2);
    turns(loop, 3);
    assert_trace("parks");
    anyloop_waker_wake(waker);
    anyloop_waker_wake(waker);
    anyloop_waker_wake(waker);
    assert_trace("");
    turns(loop, 3);
    assert_trace("woken parks");
    anyloop_waker_wake(waker);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_trace("woken ends");
    anyloop_waker_release(waker);
    anyloop_future_release(task);
    loop_end(loop);
}

struct early {
    anyloop_coro co;
    anyloop_waker *waker;
};

/* The wake comes before the park: the park does not wait. */
ANYLOOP_ASYNC(early)
{
    ANYLOOP_BEGIN;
    assert_ok(anyloop_task_waker(my->co.task, &my->waker));
    anyloop_waker_wake(my->waker);
    ANYLOOP_YIELD; /* the wake arrives while the task is not parked */
    ANYLOOP_PARK;
    ANYLOOP_RETURN(anyloop_int(1));
    ANYLOOP_FINALLY;
    anyloop_waker_release(my->waker);
    ANYLOOP_END;
}

static void a_wake_that_comes_before_the_park_is_not_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, early);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_waker_cancels_on_a_later_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .out = &waker, .times = 1);
    turn(loop);
    anyloop_waker_cancel(anyloop_waker_retain(waker));
    anyloop_waker_cancel(waker);
    assert_int_equal(anyloop_task_cancelling(task), 0);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_task_cancelling(task), 1); /* two requests between two turns are one */
    assert_trace("parks ends");
    anyloop_waker_release(waker);
    anyloop_waker_release(waker);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_waker_outlives_its_task_and_its_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    run_to(loop, ANYLOOP_TASK(loop, parker, .out = &waker), ANYLOOP_OK);
    anyloop_waker_wake(waker);
    anyloop_waker_cancel(waker);
    turn(loop);
    assert_trace("ends");
    assert_ok(anyloop_loop_close(loop));
    anyloop_waker_wake(waker);
    anyloop_loop_release(loop);
    anyloop_waker_wake(waker);
    anyloop_waker_cancel(waker);
    anyloop_waker_release(waker);
    assert_int_equal(memory.blocks, 0);
}

static void a_parked_task_hears_of_the_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    ANYLOOP_SPAWN(loop, parker, .out = &waker, .times = 1);
    turn(loop);
    assert_ok(anyloop_loop_close(loop));
    assert_trace("parks ends");
    anyloop_waker_release(waker);
    loop_end(loop);
}

/* ---- a thread asks for a coroutine: asyncio's run_coroutine_threadsafe, by the means that there are */

struct request {
    anyloop_loop *loop;
    int64_t add;
    anyloop_status raise;
    int forever;
    anyloop_waker *waker;       /* to cancel the task by, once it was started */
    gate started, ended;
    anyloop_task *task;
    anyloop_status status;      /* how it ended */
    int64_t sum;
};

struct adder {
    anyloop_coro co;
    struct request *request;
};

ANYLOOP_ASYNC(adder)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    if (my->request->forever)
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    if (my->request->raise)
        ANYLOOP_RAISE(my->request->raise, "Fail!");
    ANYLOOP_RETURN(anyloop_int(1 + my->request->add));
    ANYLOOP_END;
}

static void tell_the_thread(void *pointer, anyloop_future *future)
{
    struct request *request = pointer;
    request->status = anyloop_future_error_code(future);
    if (request->status == ANYLOOP_OK)
        request->sum = anyloop_to_int(anyloop_future_result(future));
    else
        (void)anyloop_future_error(future);
    gate_open(&request->ended);
    anyloop_loop_stop(request->loop);
}

static void serve(void *pointer)
{
    struct request *request = pointer;
    request->task = ANYLOOP_TASK(request->loop, adder, .request = request);
    assert_ok(anyloop_task_waker(request->task, &request->waker));
    assert_ok(anyloop_future_add_done_callback(request->task, tell_the_thread, request, NULL));
    gate_open(&request->started);
}

static void *ask_and_wait(void *pointer)
{
    struct request *request = pointer;
    anyloop_loop_call_soon_threadsafe(request->loop, serve, request, NULL);
    gate_wait(&request->ended, 1);
    return NULL;
}

static void *ask_and_give_up(void *pointer)
{
    struct request *request = pointer;
    anyloop_loop_call_soon_threadsafe(request->loop, serve, request, NULL);
    gate_wait(&request->started, 1);
    anyloop_waker_cancel(request->waker);
    gate_wait(&request->ended, 1);
    return NULL;
}

static void ask(struct request *request, void *(*run)(void *))
{
    anyloop_loop *loop = loop_real();
    request->loop = loop;
    request->started = request->ended = (gate)GATE;
    assert_ok(anyloop_loop_hold(loop)); /* for the thread, until it has posted */
    pthread_t thread = thread_start(run, request);
    assert_ok(anyloop_loop_run_forever(loop));
    assert_ok(anyloop_loop_unhold(loop));
    thread_join(thread);
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
    anyloop_waker_release(request->waker);
    anyloop_future_release(request->task);
    loop_end(loop);
}

static void b20_a_coroutine_started_for_a_thread_gives_it_the_result(void **state)
{
    (void)state;
    struct request request = {.add = 2};
    ask(&request, ask_and_wait);
    assert_ok(request.status);
    assert_int_equal(request.sum, 3);
}

static void b21_or_the_error(void **state)
{
    (void)state;
    struct request request = {.raise = ANYLOOP_E_USER};
    ask(&request, ask_and_wait);
    assert_int_equal(request.status, ANYLOOP_E_USER);
}

static void b22_a_thread_that_gives_up_cancels_the_task_and_none_is_left(void **state)
{
    (void)state;
    struct request request = {.forever = 1};
    ask(&request, ask_and_give_up);
    assert_int_equal(request.status, ANYLOOP_E_CANCELLED);
}

static void cancel_requested(void *pointer)
{
    struct request *request = pointer;
    assert_int_equal(anyloop_future_cancel(request->task, NULL), 1);
}

static void *ask_and_wait_for_the_cancellation(void *pointer)
{
    struct request *request = pointer;
    anyloop_loop_call_soon_threadsafe(request->loop, serve, request, NULL);
    anyloop_loop_call_soon_threadsafe(request->loop, cancel_requested, request, NULL);
    gate_wait(&request->ended, 1);
    return NULL;
}

static void b23_a_task_that_is_cancelled_on_the_loop_is_cancelled_for_the_thread_too(void **state)
{
    (void)state;
    struct request request = {.forever = 1};
    ask(&request, ask_and_wait_for_the_cancellation);
    assert_int_equal(request.status, ANYLOOP_E_CANCELLED);
}

static void cancel_by_waker(void *pointer)
{
    anyloop_waker_cancel(((struct request *)pointer)->waker);
}

static void *ask_and_cancel_on_the_loop(void *pointer)
{
    struct request *request = pointer;
    anyloop_loop_call_soon_threadsafe(request->loop, serve, request, NULL);
    anyloop_loop_call_soon_threadsafe(request->loop, cancel_by_waker, request, NULL);
    gate_wait(&request->ended, 1);
    return NULL;
}

static void b25_the_threads_side_used_on_the_loops_own_thread_cancels_too(void **state)
{
    (void)state;
    struct request request = {.forever = 1};
    ask(&request, ask_and_cancel_on_the_loop);
    assert_int_equal(request.status, ANYLOOP_E_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b16_a_threads_result_arrives_through_a_promise),
        cmocka_unit_test(b16_a_threads_error_arrives_through_a_promise),
        cmocka_unit_test(b17_a_future_that_the_loop_cancelled_takes_no_result_from_the_thread),
        cmocka_unit_test(b18_a_result_kept_before_the_cancellation_is_dropped_when_it_arrives_late),
        cmocka_unit_test(of_two_results_the_first_wins),
        cmocka_unit_test(a_promise_that_nobody_keeps_fails_its_future),
        cmocka_unit_test(a_promise_can_cancel_its_future_with_a_reason),
        cmocka_unit_test(a_promise_takes_only_what_may_leave_its_thread),
        cmocka_unit_test(nobody_but_the_promise_completes_its_future),
        cmocka_unit_test(a_promise_outlives_its_loop),
        cmocka_unit_test(a_result_that_was_on_its_way_is_dropped_by_the_close),
        cmocka_unit_test(a_waker_wakes_a_parked_task_once_for_many_wakes),
        cmocka_unit_test(a_wake_that_comes_before_the_park_is_not_lost),
        cmocka_unit_test(a_waker_cancels_on_a_later_turn),
        cmocka_unit_test(a_waker_outlives_its_task_and_its_loop),
        cmocka_unit_test(a_parked_task_hears_of_the_close),
        cmocka_unit_test(b20_a_coroutine_started_for_a_thread_gives_it_the_result),
        cmocka_unit_test(b21_or_the_error),
        cmocka_unit_test(b22_a_thread_that_gives_up_cancels_the_task_and_none_is_left),
        cmocka_unit_test(b23_a_task_that_is_cancelled_on_the_loop_is_cancelled_for_the_thread_too),
        cmocka_unit_test(b25_the_threads_side_used_on_the_loops_own_thread_cancels_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
