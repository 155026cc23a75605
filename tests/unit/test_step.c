/* What is special about a step: users' code that runs while a task suspends or ends, sleeps that are cancelled, the close.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* ---- a drop of what was awaited, while the task gives its answer */

/* Awaits `first`, whose result's drop is `dropped`, then answers `answer` once, then returns. */
struct answerer {
    anyloop_future *first;
    int32_t answer;
    int steps;
};

static anyloop_future *never;
static anyloop_loop *here;

static int32_t answerer_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct answerer *my = frame;
    if (event == ANYLOOP_EVENT_START)
        return anyloop_task_await(task, my->first, "first") == ANYLOOP_PENDING ? ANYLOOP_STEP_AWAIT
                                                                             : ANYLOOP_STEP_RETURN;
    return my->steps++ == 0 ? my->answer : ANYLOOP_STEP_RETURN;
}

static void await_never(void *user_data)
{
    (void)user_data;
    note("drop");
    anyloop_task *task = anyloop_current_task(here);
    if (task) {
        (void)anyloop_task_await(task, anyloop_future_retain(never), "drop");
        (void)anyloop_task_await(task, anyloop_sleep(here, ANYLOOP_SECONDS(1)), "drop");
    }
}

static void done(void *user_data, anyloop_future *future)
{
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    note(user_data);
}

static void hear_of_the_end(void *user_data)
{
    (void)user_data;
    note("drop");
    assert_ok(anyloop_future_add_done_callback(anyloop_current_task(here), done, "done", NULL));
}

/* Runs it to its end, with a value of that drop as the result of what it awaits. */
static void answer_with(int32_t answer, anyloop_drop_fn drop)
{
    anyloop_loop *loop = here = loop_new();
    anyloop_future *first = future_new(loop);
    never = future_new(loop);
    struct answerer frame = {.first = anyloop_future_retain(first), .answer = answer};
    anyloop_task *task = anyloop_task_create(loop, "answerer", answerer_step, &frame, sizeof frame);
    turn(loop);
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_value_foreign(loop, loop, drop, &value));
    assert_ok(anyloop_future_set_result(first, &value));
    anyloop_future_release(first);
    run_to(loop, task, ANYLOOP_OK);
    turn(loop);
    anyloop_future_release(never);
    loop_end(loop);
}

static void a_drop_may_not_await_while_its_task_suspends_or_ends(void **state)
{
    (void)state;
    answer_with(ANYLOOP_STEP_RETURN, await_never);
    assert_trace("drop");
    answer_with(ANYLOOP_STEP_YIELD, await_never);
    assert_trace("drop");
}

static void a_done_callback_that_a_drop_adds_while_the_task_ends_hears_of_the_task(void **state)
{
    (void)state;
    answer_with(ANYLOOP_STEP_RETURN, hear_of_the_end);
    assert_trace("drop done");
}

/* ---- sleeps that are cancelled: the text that the sleeper hears, and the one that its gather ends with (as in CPython) */

struct sleeper { anyloop_coro co; int64_t first; int naps; };

ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    for (; my->naps; my->naps--, my->first = ANYLOOP_SECONDS(3600)) {
        ANYLOOP_TRY(anyloop_sleep(my->co.loop, my->first));
        if (ANYLOOP_OUTCOME == ANYLOOP_CANCELLED)
            note((void *)(uintptr_t)anyloop_error_text(ANYLOOP_AWAITED, NULL));
    }
    ANYLOOP_END;
}

static int32_t cancel(anyloop_future *future, const char *text)
{
    anyloop_value reason = anyloop_none();
    if (text == NULL)
        return anyloop_future_cancel(future, NULL);
    assert_ok(anyloop_value_text(anyloop_future_loop(future), text, strlen(text), &reason));
    return anyloop_future_cancel(future, &reason);
}

static void assert_ends_with(anyloop_loop *loop, anyloop_future *gather, const char *text)
{
    assert_int_equal(anyloop_loop_run_until_complete(loop, gather), ANYLOOP_E_CANCELLED);
    assert_string_equal(anyloop_error_text(anyloop_future_error(gather), NULL), text);
    anyloop_future_release(gather);
    loop_end(loop);
}

static void cancel_twice(const char *first, const char *second, const char *ends_with)
{
    anyloop_loop *loop = loop_new();
    anyloop_future *child = ANYLOOP_TASK(loop, sleeper, .first = ANYLOOP_SECONDS(3600), .naps = 1);
    anyloop_future *gather = anyloop_gather(loop, &child, 1, 0);
    turn(loop);
    assert_int_equal(cancel(gather, first), 1);
    assert_int_equal(cancel(gather, second), 1);
    assert_ends_with(loop, gather, ends_with);
}

static void a_sleeper_cancelled_twice_hears_the_first_reason_and_its_gather_tells_the_second(void **state)
{
    (void)state;
    cancel_twice("one", "two", "two");
    assert_trace("one");
    cancel_twice("one", NULL, "");
    assert_trace("one");
    cancel_twice(NULL, "two", "two");
    assert_trace("");
}

static void the_reason_of_a_sleeps_cancellation_is_not_the_tasks(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *child = ANYLOOP_TASK(loop, sleeper, .first = 0, .naps = 2), *held = anyloop_future_retain(child);
    anyloop_future *gather = anyloop_gather(loop, &child, 1, 0);
    turn(loop);
    assert_int_equal(cancel(held, "task"), 1); /* it is ready: the task's own */
    turns(loop, 2);
    assert_int_equal(cancel(gather, "sleep"), 1);
    anyloop_future_release(held);
    assert_ends_with(loop, gather, "task");
    assert_trace("task sleep");
}

static void cancel_one(void *task)
{
    assert_int_equal(cancel(task, "late"), 1);
}

static void a_sleep_may_be_cancelled_in_the_turn_in_which_it_is_due(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *task = ANYLOOP_TASK(loop, sleeper, .first = ANYLOOP_MS(2), .naps = 1);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(2), cancel_one, task, NULL, NULL)); /* before the sleep's */
    run_to(loop, task, ANYLOOP_OK);
    assert_trace("late");
    loop_end(loop);
}

/* ---- the close */

static int32_t park_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task;
    return event == ANYLOOP_EVENT_CLOSE ? ANYLOOP_STEP_CANCELLED : ANYLOOP_STEP_PARK;
}

static int32_t wait_step(void *frame, anyloop_task *task, uint32_t event)
{
    anyloop_future **awaited = frame;
    if (event != ANYLOOP_EVENT_START)
        return ANYLOOP_STEP_CANCELLED;
    (void)anyloop_task_await(task, *awaited, "awaited");
    return ANYLOOP_STEP_AWAIT;
}

/* 2^60 ways lead down to the leaf. */
static void gathers_that_hold_each_other_twice_are_closed_at_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *gather = anyloop_task_create(loop, "leaf", park_step, NULL, 0);
    for (int i = 0; i < 60; i++) {
        anyloop_future *twice[] = {gather, anyloop_future_retain(gather)};
        gather = anyloop_gather(loop, twice, 2, 0);
    }
    anyloop_future_release(anyloop_task_create(loop, "waits", wait_step, &gather, sizeof gather));
    turns(loop, 2);
    loop_end(loop);
}

static anyloop_future *pulled(anyloop_loop *loop)
{
    anyloop_coroutine_options options = {.struct_size = sizeof options};
    return anyloop_coroutine_create_with(loop, &options);
}

/* The step that the next turn hands out. */
static anyloop_task *pull(anyloop_loop *loop)
{
    anyloop_turn_event events[4];
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_ok(anyloop_loop_turn(loop, 0, events, 4, &info));
    assert_int_equal(info.events, 1);
    assert_int_equal(events[0].kind, ANYLOOP_TURN_STEP);
    return (anyloop_task *)(uintptr_t)events[0].object;
}

static void a_close_that_the_host_gives_up_half_way_forgets_nothing(void **state)
{
    (void)state;
    begin();
    anyloop_loop *loop = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    anyloop_future_release(anyloop_create_task(loop, pulled(loop), NULL));
    anyloop_task *task = pull(loop);
    assert_int_equal(anyloop_task_await(task, pulled(loop), "inner"), ANYLOOP_PENDING);
    assert_ok(anyloop_task_stepped(task, ANYLOOP_STEP_AWAIT));
    task = pull(loop);
    assert_int_equal(anyloop_task_await(task, anyloop_sleep(loop, ANYLOOP_SECONDS(1)), "sleep"), ANYLOOP_PENDING);
    assert_ok(anyloop_task_stepped(task, ANYLOOP_STEP_AWAIT));
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_AGAIN);
    task = pull(loop); /* the inner one's close event; the outer one's is not waited for any more */
    assert_ok(anyloop_task_stepped(task, ANYLOOP_STEP_CANCELLED));
    anyloop_loop_release(loop);
    assert_int_equal(memory.blocks, 0);
}

/* ---- a virtual clock and threads */

static void no_work(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

struct employer { anyloop_coro co; };

ANYLOOP_ASYNC(employer)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, no_work, NULL));
    ANYLOOP_END;
}

/* However late the threads are, no time passes while their end is waited for. */
static void a_virtual_clock_stands_still_until_the_pools_threads_are_gone(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        anyloop_loop *loop = loop_new();
        uint64_t before = anyloop_loop_time(loop);
        assert_ok(anyloop_run(loop, ANYLOOP_CORO(loop, employer), NULL));
        assert_int_equal(anyloop_loop_time(loop), before);
        loop_end(loop);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_drop_may_not_await_while_its_task_suspends_or_ends),
        cmocka_unit_test(a_done_callback_that_a_drop_adds_while_the_task_ends_hears_of_the_task),
        cmocka_unit_test(a_sleeper_cancelled_twice_hears_the_first_reason_and_its_gather_tells_the_second),
        cmocka_unit_test(the_reason_of_a_sleeps_cancellation_is_not_the_tasks),
        cmocka_unit_test(a_sleep_may_be_cancelled_in_the_turn_in_which_it_is_due),
        cmocka_unit_test(gathers_that_hold_each_other_twice_are_closed_at_once),
        cmocka_unit_test(a_close_that_the_host_gives_up_half_way_forgets_nothing),
        cmocka_unit_test_of_threads(a_virtual_clock_stands_still_until_the_pools_threads_are_gone),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
