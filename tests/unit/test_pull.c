/* Steps and callbacks that the host runs: their events, its answers, the integers that come back, the close in turns.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

/* Turns, and waits, until there are events. */
static void pull_some(host *self)
{
    do {
        pull(self);
        if (self->info.events == 0 && self->info.next_deadline != 0)
            assert_ok(anyloop_loop_wait(self->loop, self->info.next_deadline));
    } while (self->info.events == 0);
}

static void answer(host *self, int32_t result)
{
    if (result < ANYLOOP_STEP_AWAIT)
        self->back[self->stepped]++;
    assert_ok(anyloop_task_stepped(self->task, result));
}

static void answer_await(host *self, anyloop_future *future)
{
    assert_int_equal(anyloop_task_await(self->task, future, "test_host.c"), ANYLOOP_PENDING);
    answer(self, ANYLOOP_STEP_AWAIT);
}

static void answer_return(host *self, int64_t number)
{
    const anyloop_value value = anyloop_int(number);
    anyloop_task_return(self->task, &value);
    answer(self, ANYLOOP_STEP_RETURN);
}

static void *integer(uintptr_t number)
{
    return (void *)number;
}

static anyloop_future *pulled(anyloop_loop *loop, uint64_t number)
{
    const anyloop_coroutine_options options = {.struct_size = sizeof options, .user_data = number};
    return anyloop_coroutine_create_with(loop, &options);
}

static anyloop_task *pulled_task(anyloop_loop *loop, uint64_t number)
{
    return anyloop_create_task(loop, pulled(loop, number), NULL);
}

static void pull_soon(anyloop_loop *loop, uintptr_t number)
{
    assert_ok(anyloop_loop_call_soon(loop, NULL, integer(number), NULL, NULL));
}

/* ---- pulled callbacks */

static void pulled_callbacks_come_in_the_order_in_which_they_would_have_run(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(1), NULL));
    pull_soon(loop, 2);
    assert_ok(anyloop_loop_call_at(loop, HOUR, NULL, integer(3), NULL, NULL));
    assert_ok(anyloop_future_set_result(future, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, NULL, integer(4), NULL));
    for (int i = 0; i < 4; i++) /* however many at a time: in contexts of their own they may come apart */
        pull(&self);
    assert_trace("call2 done1 call4 call3");
    for (int i = 1; i <= 4; i++)
        assert_int_equal(self.back[i], 1);
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_turn_with_full_events_goes_on_before_anything_new(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 2);
    pull_soon(loop, 1);
    pull_soon(loop, 2);
    pull_soon(loop, 3);
    expect(&self, "call1 call2");
    assert_int_equal(self.info.interrupted, 1);
    assert_int_equal(self.info.next_deadline, 0);
    pull_soon(loop, 4);
    assert_ok(anyloop_loop_call_at(loop, 1, NULL, integer(5), NULL, NULL));
    expect(&self, "call3");
    assert_int_equal(self.info.interrupted, 0);
    assert_int_equal(self.info.next_deadline, 0); /* the host deals with an event first */
    expect(&self, "call4 call5");
    expect(&self, "");
    assert_int_equal(self.info.next_deadline, ANYLOOP_NEVER);
    loop_end(loop);
}

static void one_at_a_time_pulled_and_called_ones_take_turns(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    pull_soon(loop, 1);
    assert_ok(anyloop_loop_call_soon(loop, note, "called", NULL, NULL));
    pull_soon(loop, 2);
    expect(&self, "call1");
    expect(&self, "called call2");
    loop_end(loop);
}

static void a_done_event_has_the_future_and_its_state(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(1), NULL));
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    anyloop_future_release(future); /* the event's loan is enough until the next turn */
    expect(&self, "done1");
    assert_int_equal(self.events[0].detail, ANYLOOP_CANCELLED);
    assert_ptr_equal((void *)(uintptr_t)self.events[0].object, future);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    loop_end(loop);
}

static void what_is_pulled_without_room_is_refused_and_not_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    pull_soon(loop, 1);
    anyloop_task *task = pulled_task(loop, 2);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &self.info), ANYLOOP_E_WOULD_BLOCK);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_WOULD_BLOCK);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_WOULD_BLOCK);
    pull_some(&self);
    while (self.task == NULL)
        pull(&self);
    assert_trace("call1 start2");
    answer_return(&self, 1);
    run_to(loop, task, ANYLOOP_OK);
    loop_end(loop);
}

static void a_pulled_event_is_dealt_with_in_its_own_context(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_contextvar *var = NULL;
    anyloop_value value = anyloop_int(1);
    assert_ok(anyloop_contextvar_new("var", &var));
    assert_ok(anyloop_contextvar_set(loop, var, &value));
    pull_soon(loop, 1);
    anyloop_task *task = pulled_task(loop, 2);
    value = anyloop_int(2);
    assert_ok(anyloop_contextvar_set(loop, var, &value));
    expect(&self, "call1");
    assert_ok(anyloop_contextvar_get(loop, var, &value));
    assert_int_equal(anyloop_to_int(&value), 1);
    expect(&self, "start2");
    assert_ok(anyloop_contextvar_get(loop, var, &value));
    assert_int_equal(anyloop_to_int(&value), 1);
    value = anyloop_int(3);
    assert_ok(anyloop_contextvar_set(loop, var, &value)); /* the task's own */
    answer_return(&self, 0);
    assert_ok(anyloop_contextvar_get(loop, var, &value));
    assert_int_equal(anyloop_to_int(&value), 2);
    anyloop_future_release(task);
    anyloop_contextvar_release(var);
    loop_end(loop);
}

/* ---- pulled steps */

static void a_pulled_coroutine_sleeps_yields_and_returns(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    assert_ptr_equal(self.task, task);
    assert_ptr_equal(anyloop_current_task(loop), task);
    assert_int_equal(self.info.interrupted, 1);
    answer_await(&self, anyloop_sleep(loop, ANYLOOP_MS(3)));
    assert_null(anyloop_current_task(loop));
    pull_some(&self);
    assert_trace("resume1");
    assert_int_equal(anyloop_loop_time(loop), HOUR + ANYLOOP_MS(3));
    assert_int_equal(anyloop_task_outcome(task), ANYLOOP_RESULT);
    pull_soon(loop, 2);
    answer(&self, ANYLOOP_STEP_YIELD);
    expect(&self, "call2");
    expect(&self, "resume1");
    answer_return(&self, 7);
    assert_int_equal(result_of(task), 7);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_pulled_coroutine_parks_until_its_waker_comes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_waker *waker = NULL;
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    assert_ok(anyloop_task_waker(task, &waker));
    answer(&self, ANYLOOP_STEP_PARK);
    expect(&self, "");
    assert_int_equal(self.info.deadlock, 0);
    anyloop_waker_wake(waker);
    anyloop_waker_release(waker);
    pull_some(&self);
    assert_trace("resume1");
    answer_return(&self, 0);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_pulled_coroutine_hears_of_its_cancellation(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    answer_await(&self, anyloop_sleep(loop, ANYLOOP_FOREVER));
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    pull_some(&self);
    assert_trace("cancel1");
    assert_int_equal(anyloop_task_outcome(task), ANYLOOP_CANCELLED);
    answer(&self, ANYLOOP_STEP_CANCELLED);
    assert_int_equal(anyloop_future_state(task), ANYLOOP_CANCELLED);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_pulled_coroutine_raises_and_what_is_no_answer_fails_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *raising = pulled_task(loop, 1), *wrong = pulled_task(loop, 2);
    expect(&self, "start1");
    anyloop_task_raise(raising, ANYLOOP_E_USER, "on purpose");
    answer(&self, ANYLOOP_STEP_RAISE);
    expect(&self, "start2");
    answer(&self, 5);
    assert_failed(raising, ANYLOOP_E_USER);
    assert_failed(wrong, ANYLOOP_E_INVALID);
    loop_end(loop);
}

/* The await stack, a step of which is one place in the batch. */
static void coroutines_inside_a_step_are_stepped_before_the_batch_goes_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    pull_soon(loop, 3);
    expect(&self, "start1");
    answer_await(&self, pulled(loop, 2));
    pull_soon(loop, 4);
    expect(&self, "start2");
    assert_ptr_equal(self.task, task);
    answer_return(&self, 5);
    expect(&self, "resume1");
    assert_int_equal(anyloop_to_int(anyloop_task_awaited(task)), 5);
    answer_return(&self, 6);
    expect(&self, "call3");
    expect(&self, "call4");
    assert_int_equal(result_of(task), 6);
    anyloop_future_release(task);
    loop_end(loop);
}

struct outer {
    anyloop_coro co;
    anyloop_future *inner;
};

ANYLOOP_ASYNC(outer)
{
    ANYLOOP_BEGIN;
    note("outer");
    ANYLOOP_AWAIT(my->inner);
    ANYLOOP_RETURN(anyloop_int(anyloop_to_int(ANYLOOP_AWAITED) + 1));
    ANYLOOP_END;
}

static void pulled_and_c_coroutines_await_each_other(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_future *inmost = pulled(loop, 2);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    answer_await(&self, ANYLOOP_CORO(loop, outer, .inner = inmost));
    expect(&self, "outer start2");
    answer_return(&self, 40);
    expect(&self, "resume1");
    assert_int_equal(anyloop_to_int(anyloop_task_awaited(task)), 41);
    answer_return(&self, 0);
    anyloop_future_release(task);
    loop_end(loop);
}

static void until_a_step_is_answered_the_loop_goes_no_further(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1), *other = pulled_task(loop, 2);
    assert_int_equal(anyloop_task_stepped(task, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE);
    expect(&self, "start1");
    assert_int_equal(anyloop_loop_turn(loop, 0, self.events, 8, &self.info), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_run_until_complete(loop, other), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_is_closed(loop), 0);
    assert_int_equal(anyloop_task_stepped(other, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_task_stepped(NULL, ANYLOOP_STEP_RETURN), ANYLOOP_E_INVALID);
    answer_return(&self, 1);
    assert_int_equal(anyloop_task_stepped(task, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE);
    expect(&self, "start2");
    answer_return(&self, 2);
    assert_int_equal(result_of(task), 1);
    assert_int_equal(result_of(other), 2);
    anyloop_future_release(task);
    anyloop_future_release(other);
    loop_end(loop);
}

/* ---- integers that come back */

static void what_is_cancelled_before_it_was_used_comes_back_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    anyloop_handle *handles[2];
    anyloop_future *future = future_new(loop);
    anyloop_task *task = pulled_task(loop, 1);
    assert_ok(anyloop_loop_call_soon(loop, NULL, integer(2), NULL, &handles[0]));
    assert_ok(anyloop_loop_call_later(loop, 5, NULL, integer(3), NULL, &handles[1]));
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(4), NULL));
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(4), NULL));
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(5), NULL));
    anyloop_future_release(pulled(loop, 6)); /* never awaited */
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    for (int i = 0; i < 2; i++) {
        assert_ok(anyloop_handle_cancel(handles[i]));
        anyloop_handle_release(handles[i]);
    }
    assert_int_equal(anyloop_future_remove_done_callback(future, NULL, integer(4)), 2);
    anyloop_future_release(future); /* which takes 5 with it */
    for (int i = 0; i < 16; i++) {
        pull(&self);
        assert_null(self.task);
        assert_true(self.info.events == 0 || self.events[0].kind == ANYLOOP_TURN_DROP);
    }
    for (int i = 1; i <= 6; i++)
        assert_int_equal(self.back[i], i == 4 ? 2 : 1);
    assert_int_equal(self.info.deadlock, 1);
    assert_int_equal(anyloop_future_state(task), ANYLOOP_CANCELLED);
    anyloop_future_release(task);
    trace.text[0] = 0;
    loop_end(loop);
}

/* ---- stop and interrupt, from what the host does about an event */

static void a_stop_by_the_host_is_told_after_the_batch_and_nothing_new_runs(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    pull_soon(loop, 1);
    pull_soon(loop, 2);
    expect(&self, "call1");
    assert_ok(anyloop_loop_stop(loop));
    pull_soon(loop, 3);
    expect(&self, "call2");
    assert_int_equal(self.info.stopped, 0); /* the turn is not over before the host has dealt with it */
    expect(&self, "");
    assert_int_equal(self.info.stopped, 1);
    expect(&self, "call3");
    assert_int_equal(self.info.stopped, 0); /* said once */
    loop_end(loop);
}

static void a_stop_at_the_last_event_ends_that_turn_and_no_other(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    assert_ok(anyloop_loop_stop(loop));
    answer(&self, ANYLOOP_STEP_YIELD);
    expect(&self, "");
    assert_int_equal(self.info.stopped, 1);
    expect(&self, "resume1");
    answer_return(&self, 0);
    pull(&self);
    assert_int_equal(self.info.stopped, 0);
    anyloop_future_release(task);
    loop_end(loop);
}

static void an_interrupt_by_a_step_is_told_by_the_next_turn_which_runs_nothing(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    pull_soon(loop, 2);
    expect(&self, "start1");
    assert_ok(anyloop_loop_interrupt(loop, ANYLOOP_E_FOREIGN_MAX));
    answer_return(&self, 0);
    expect(&self, "");
    assert_int_equal(self.info.status, ANYLOOP_E_FOREIGN_MAX);
    expect(&self, "call2");
    assert_int_equal(self.info.status, ANYLOOP_OK);
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- closing in turns */

static void a_close_hands_every_integer_back_once(uint32_t capacity)
{
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, capacity);
    anyloop_future *future = future_new(loop), *never_awaited = pulled(loop, 7);
    anyloop_task *task = pulled_task(loop, 1), *not_begun;
    expect(&self, "start1");
    answer_await(&self, pulled(loop, 2));
    expect(&self, "start2");
    answer_await(&self, anyloop_sleep(loop, ANYLOOP_FOREVER));
    not_begun = pulled_task(loop, 3);
    pull_soon(loop, 4);
    assert_ok(anyloop_loop_call_later(loop, 5, NULL, integer(5), NULL, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, NULL, integer(6), NULL));
    assert_ok(anyloop_future_add_done_callback(future, NULL, integer(8), NULL));
    assert_ok(anyloop_future_add_done_callback(task, NULL, integer(9), NULL));

    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_AGAIN);
    anyloop_future_release(future);
    anyloop_future_release(never_awaited);
    anyloop_future_release(task);
    assert_int_equal(anyloop_loop_call_soon(loop, NULL, integer(10), NULL, NULL), ANYLOOP_E_CLOSED);
    int closes = 0;
    for (int turned = 0; anyloop_loop_close(loop) == ANYLOOP_E_AGAIN; turned++) {
        assert_true(turned < 32);
        pull(&self);
        if (self.task == NULL)
            continue;
        assert_int_equal(self.events[self.info.events - 1].detail, ANYLOOP_EVENT_CLOSE);
        assert_int_equal(self.stepped, closes++ ? 1 : 2); /* the inner one first */
        assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_AGAIN);
        assert_int_equal(anyloop_task_await(self.task, anyloop_sleep(loop, 0), NULL), ANYLOOP_READY);
        assert_int_equal(anyloop_task_outcome(self.task), ANYLOOP_CLOSED);
        self.back[self.stepped]++;
        assert_ok(anyloop_task_stepped(self.task, closes == 1 ? ANYLOOP_STEP_YIELD : ANYLOOP_STEP_RETURN));
    }
    assert_int_equal(closes, 2);
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    for (int i = 1; i <= 10; i++)
        assert_int_equal(self.back[i], i < 10);
    assert_int_equal(anyloop_future_state(not_begun), ANYLOOP_PENDING);
    anyloop_future_release(not_begun);
    assert_int_equal(anyloop_loop_turn(loop, 0, self.events, 1, &self.info), ANYLOOP_E_CLOSED);
    trace.text[0] = 0;
    loop_end(loop);
}

static void a_close_hands_every_integer_back_once_event_by_event(void **state)
{
    (void)state;
    a_close_hands_every_integer_back_once(1);
}

static void a_close_hands_every_integer_back_once_many_at_a_time(void **state)
{
    (void)state;
    a_close_hands_every_integer_back_once(8);
}

static void a_close_amid_a_batch_gives_the_rest_back(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    pull_soon(loop, 1);
    pull_soon(loop, 2);
    anyloop_task *task = pulled_task(loop, 3);
    expect(&self, "call1");
    while (anyloop_loop_close(loop) == ANYLOOP_E_AGAIN)
        pull(&self);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(self.back[i], 1);
    assert_int_equal(anyloop_future_state(task), ANYLOOP_PENDING);
    anyloop_future_release(task);
    trace.text[0] = 0;
    loop_end(loop);
}

static void *post_late(void *loop)
{
    static anyloop_status status;
    status = anyloop_loop_call_soon_threadsafe(loop, NULL, integer(2), NULL);
    return &status;
}

static void what_another_thread_posts_during_a_close_comes_back_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    void *status;
    anyloop_future_release(pulled_task(loop, 1));
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_AGAIN);
    assert_int_equal(pthread_join(thread_start(post_late, loop), &status), 0);
    assert_ok(*(anyloop_status *)status);
    while (anyloop_loop_close(loop) == ANYLOOP_E_AGAIN)
        pull(&self);
    assert_trace("drop1 drop2");
    assert_int_equal(pthread_join(thread_start(post_late, loop), &status), 0);
    assert_int_equal(*(anyloop_status *)status, ANYLOOP_E_CLOSED);
    loop_end(loop);
}

static void a_close_that_has_nothing_to_hand_back_is_done_at_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 1);
    anyloop_future_release(pulled_task(loop, 1));
    pull(&self);
    answer_return(&self, 0);
    assert_ok(anyloop_loop_close(loop));
    assert_trace("start1");
    loop_end(loop);
}

/* ---- eager tasks */

static anyloop_task *eager_task(anyloop_loop *loop, anyloop_future *coroutine)
{
    const anyloop_task_options options = {.struct_size = sizeof options, .flags = ANYLOOP_TASK_EAGER};
    return anyloop_create_task(loop, coroutine, &options);
}

static void a_pulled_eager_task_is_current_from_its_making_to_its_first_rest(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    anyloop_task *eager = eager_task(loop, pulled(loop, 2));
    assert_ptr_equal(anyloop_current_task(loop), eager);
    assert_int_equal(anyloop_task_stepped(task, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_loop_turn(loop, 0, self.events, 8, &self.info), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_task_await(eager, anyloop_sleep(loop, 5), NULL), ANYLOOP_PENDING);
    assert_ok(anyloop_task_stepped(eager, ANYLOOP_STEP_AWAIT));
    assert_ptr_equal(anyloop_current_task(loop), task);
    answer_return(&self, 1);
    pull_some(&self);
    assert_trace("resume2");
    answer_return(&self, 2);
    assert_int_equal(result_of(eager), 2);
    anyloop_future_release(eager);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_pulled_eager_task_that_goes_on_is_turned_for_before_anything_else(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    pull_soon(loop, 4);
    expect(&self, "start1");
    anyloop_task *eager = eager_task(loop, pulled(loop, 2));
    assert_int_equal(anyloop_task_await(eager, pulled(loop, 3), NULL), ANYLOOP_PENDING);
    assert_ok(anyloop_task_stepped(eager, ANYLOOP_STEP_AWAIT));
    host inner = host_of(loop, 8);
    assert_ptr_equal(anyloop_current_task(loop), eager);
    expect(&inner, "start3");
    assert_ptr_equal(inner.task, eager);
    answer_return(&inner, 0);
    expect(&inner, "resume2");
    answer_return(&inner, 9);
    assert_ptr_equal(anyloop_current_task(loop), task);
    assert_int_equal(result_of(eager), 9);
    answer_return(&self, 0);
    expect(&self, "call4");
    anyloop_future_release(eager);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_pulled_eager_task_may_be_made_while_the_host_deals_with_a_callback(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    pull_soon(loop, 1);
    expect(&self, "call1");
    anyloop_task *eager = eager_task(loop, pulled(loop, 2));
    assert_ptr_equal(anyloop_current_task(loop), eager);
    assert_int_equal(anyloop_task_await(eager, anyloop_sleep(loop, 5), NULL), ANYLOOP_PENDING);
    assert_ok(anyloop_task_stepped(eager, ANYLOOP_STEP_AWAIT));
    assert_null(anyloop_current_task(loop));
    pull_some(&self);
    assert_trace("resume2");
    answer_return(&self, 0);
    anyloop_future_release(eager);
    loop_end(loop);
}

static void no_close_begins_while_a_pulled_eager_step_is_out(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    pull_soon(loop, 1);
    expect(&self, "call1");
    anyloop_task *eager = eager_task(loop, pulled(loop, 2));
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_RUNNING);
    assert_ok(anyloop_task_stepped(eager, ANYLOOP_STEP_RETURN));
    anyloop_future_release(eager);
    loop_end(loop);
}

static int32_t let_go_step(void *frame, anyloop_task *task, uint32_t event)
{
    anyloop_loop **loop = frame;
    (void)task, (void)event;
    anyloop_loop_release(*loop);
    return ANYLOOP_STEP_RETURN;
}

static void an_eager_step_in_c_may_let_go_of_the_last_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *task = pulled_task(loop, 1);
    expect(&self, "start1");
    anyloop_task *eager = eager_task(loop, anyloop_coroutine_create(loop, "eager", let_go_step, &loop, sizeof loop));
    assert_int_equal(anyloop_future_state(eager), ANYLOOP_RESULT);
    assert_int_equal(anyloop_task_stepped(task, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE); /* its loop is closed */
    anyloop_future_release(eager);
    anyloop_future_release(task);
    assert_int_equal(memory.blocks, 0);
}

static void outside_every_step_an_eager_task_waits_for_its_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 8);
    anyloop_task *eager = eager_task(loop, pulled(loop, 1));
    assert_null(anyloop_current_task(loop));
    assert_int_equal(anyloop_task_stepped(eager, ANYLOOP_STEP_RETURN), ANYLOOP_E_STATE);
    expect(&self, "start1");
    answer_return(&self, 0);
    anyloop_future_release(eager);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pulled_callbacks_come_in_the_order_in_which_they_would_have_run),
        cmocka_unit_test(a_turn_with_full_events_goes_on_before_anything_new),
        cmocka_unit_test(one_at_a_time_pulled_and_called_ones_take_turns),
        cmocka_unit_test(a_done_event_has_the_future_and_its_state),
        cmocka_unit_test(what_is_pulled_without_room_is_refused_and_not_lost),
        cmocka_unit_test(a_pulled_event_is_dealt_with_in_its_own_context),
        cmocka_unit_test(a_pulled_coroutine_sleeps_yields_and_returns),
        cmocka_unit_test(a_pulled_coroutine_parks_until_its_waker_comes),
        cmocka_unit_test(a_pulled_coroutine_hears_of_its_cancellation),
        cmocka_unit_test(a_pulled_coroutine_raises_and_what_is_no_answer_fails_it),
        cmocka_unit_test(coroutines_inside_a_step_are_stepped_before_the_batch_goes_on),
        cmocka_unit_test(pulled_and_c_coroutines_await_each_other),
        cmocka_unit_test(until_a_step_is_answered_the_loop_goes_no_further),
        cmocka_unit_test(what_is_cancelled_before_it_was_used_comes_back_once),
        cmocka_unit_test(a_stop_by_the_host_is_told_after_the_batch_and_nothing_new_runs),
        cmocka_unit_test(a_stop_at_the_last_event_ends_that_turn_and_no_other),
        cmocka_unit_test(an_interrupt_by_a_step_is_told_by_the_next_turn_which_runs_nothing),
        cmocka_unit_test(a_close_hands_every_integer_back_once_event_by_event),
        cmocka_unit_test(a_close_hands_every_integer_back_once_many_at_a_time),
        cmocka_unit_test(a_close_amid_a_batch_gives_the_rest_back),
        cmocka_unit_test_of_threads(what_another_thread_posts_during_a_close_comes_back_too),
        cmocka_unit_test(a_close_that_has_nothing_to_hand_back_is_done_at_once),
        cmocka_unit_test(a_pulled_eager_task_is_current_from_its_making_to_its_first_rest),
        cmocka_unit_test(a_pulled_eager_task_that_goes_on_is_turned_for_before_anything_else),
        cmocka_unit_test(a_pulled_eager_task_may_be_made_while_the_host_deals_with_a_callback),
        cmocka_unit_test(no_close_begins_while_a_pulled_eager_step_is_out),
        cmocka_unit_test(an_eager_step_in_c_may_let_go_of_the_last_handle),
        cmocka_unit_test(outside_every_step_an_eager_task_waits_for_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
