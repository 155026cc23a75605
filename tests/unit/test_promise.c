/* Promises and wakers: who wins, what arrives when, what is too late, what outlives what.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <stdbool.h>

/* ---- another thread's part; it is judged after the join */

struct keeper {
    anyloop_promise *promise;
    anyloop_value value; /* an error: kept as one */
    bool only_release;
    anyloop_status status;
};

static void *keep(void *argument)
{
    struct keeper *keeper = argument;
    if (!keeper->only_release)
        keeper->status = keeper->value.kind == ANYLOOP_ERROR
                             ? anyloop_promise_set_error(keeper->promise, &keeper->value)
                             : anyloop_promise_set_result(keeper->promise, &keeper->value);
    anyloop_promise_release(keeper->promise);
    return NULL;
}

static anyloop_promise *promise_new(anyloop_loop *loop, anyloop_future **future)
{
    anyloop_promise *promise = NULL;
    assert_ok(anyloop_promise_new(loop, &promise, future));
    return promise;
}

static void note_done(void *text, anyloop_future *future)
{
    (void)future;
    note(text);
}

/* ---- keeping */

static void b16_a_result_of_a_thread_arrives_through_a_promise_and_wakes_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = anyloop_int(42)};
    pthread_t thread = thread_start(keep, &keeper);
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    thread_join(thread);
    assert_ok(keeper.status);
    assert_int_equal(result_of(future), 42);
    anyloop_future_release(future);
    loop_end(loop);
}

static void an_error_of_a_thread_arrives_whole(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = error_of(ANYLOOP_E_USER, "far away")};
    pthread_t thread = thread_start(keep, &keeper);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_USER);
    thread_join(thread);
    assert_string_equal(anyloop_error_text(anyloop_future_error(future), NULL), "far away");
    anyloop_future_release(future);
    loop_end(loop);
}

static void an_error_with_the_code_cancelled_cancels_the_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = error_of(ANYLOOP_E_CANCELLED, "why")};
    keep(&keeper);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    assert_string_equal(anyloop_error_text(anyloop_future_error(future), NULL), "why");
    anyloop_future_release(future);
    loop_end(loop);
}

/* As asyncio's call_soon_threadsafe(future.set_result): behind what is ready, and the callbacks one turn later. */
static void a_kept_promise_is_a_result_in_the_next_turn_and_its_callbacks_run_in_the_one_after(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future)};
    assert_ok(anyloop_future_add_done_callback(future, note_done, "done", NULL));
    keep(&keeper);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    turn(loop);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    assert_trace("");
    turn(loop);
    assert_trace("done");
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_promise_is_kept_once_and_what_came_second_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future;
    anyloop_promise *promise = promise_new(loop, &future);
    int first = 0, second = 0;
    anyloop_value value = counted(&first), late = counted(&second), error = error_of(ANYLOOP_E_USER, "late");
    assert_ok(anyloop_promise_set_result(promise, &value));
    assert_int_equal(anyloop_promise_set_result(promise, &late), ANYLOOP_E_STATE);
    assert_int_equal(second, 1);
    turn(loop);
    assert_int_equal(anyloop_promise_set_error(promise, &error), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    assert_int_equal(first, 0);
    anyloop_future_release(future);
    assert_int_equal(first, 1);
    anyloop_promise_release(promise);
    loop_end(loop);
}

static void what_cannot_be_sent_is_refused_and_leaves_the_promise_open(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future;
    anyloop_promise *promise = promise_new(loop, &future);
    anyloop_value local, number = anyloop_int(1);
    assert_ok(anyloop_value_future(future, &local));
    assert_int_equal(anyloop_promise_set_result(promise, &local), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_promise_set_error(promise, &number), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_promise_set_error(promise, NULL), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_promise_set_result(NULL, &number), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_promise_new(loop, NULL, &future), ANYLOOP_E_INVALID);
    assert_ok(anyloop_promise_set_result(promise, NULL));
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(anyloop_future_result(future)->kind, ANYLOOP_NONE);
    anyloop_promise_release(promise);
    anyloop_future_release(future);
    loop_end(loop);
}

static void nobody_but_the_promise_completes_its_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = anyloop_int(7)};
    anyloop_value error = error_of(ANYLOOP_E_USER, NULL);
    assert_int_equal(anyloop_future_set_result(future, NULL), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_future_set_error(future, &error), ANYLOOP_E_TYPE);
    keep(&keeper);
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(result_of(future), 7);
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_future_that_the_loop_cancelled_takes_no_result(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = counted(&gone)};
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    thread_join(thread_start(keep, &keeper));
    turn(loop);
    assert_int_equal(gone, 1);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- not keeping */

static void a_promise_that_nobody_can_keep_any_more_fails_its_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .only_release = true};
    anyloop_promise_retain(keeper.promise);
    thread_join(thread_start(keep, &keeper));
    turn(loop);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING); /* there is another holder */
    pthread_t thread = thread_start(keep, &keeper);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_ABANDONED);
    thread_join(thread);
    anyloop_future_release(future);
    loop_end(loop);
}

static void nobody_need_wait_for_a_promise(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = counted(&gone)};
    anyloop_future_release(future);
    thread_join(thread_start(keep, &keeper));
    assert_ok(keeper.status);
    turn(loop);
    assert_int_equal(gone, 1);
    loop_end(loop);
}

static void b18_a_promise_kept_before_the_cancellation_came_is_too_late_and_its_value_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = counted(&gone)};
    thread_join(thread_start(keep, &keeper));
    assert_ok(keeper.status);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_CANCELLED);
    turn(loop);
    assert_int_equal(gone, 1);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    anyloop_future_release(future);
    loop_end(loop);
}

static void an_open_promise_keeps_a_run_from_ending_and_a_kept_one_does_not(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future)};
    anyloop_promise *again = anyloop_promise_retain(keeper.promise);
    pthread_t thread = thread_start(keep, &keeper);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    thread_join(thread);
    anyloop_promise_release(again);
    anyloop_future_release(future);
    assert_said("");
    loop_end(loop);
}

/* ---- racing */

#define RACERS 4
#define RACES 500

struct race {
    anyloop_promise *promises[RACES];
    gate start;
};

struct racer {
    struct race *race;
    int number;
    int won[RACES];
    anyloop_status wrong;
};

static void *run_race(void *argument)
{
    struct racer *racer = argument;
    gate_wait(&racer->race->start, 1);
    for (int i = 0; i < RACES; i++) {
        anyloop_value value = anyloop_int(racer->number);
        anyloop_status status = anyloop_promise_set_result(racer->race->promises[i], &value);
        racer->won[i] = status == ANYLOOP_OK;
        if (status != ANYLOOP_OK && status != ANYLOOP_E_STATE)
            racer->wrong = status;
        anyloop_promise_release(racer->race->promises[i]);
    }
    return NULL;
}

static void of_many_that_race_to_keep_a_promise_one_wins_and_its_value_arrives(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    struct race race = {.start = GATE};
    struct racer racers[RACERS] = {0};
    anyloop_future *futures[RACES];
    pthread_t threads[RACERS];
    for (int i = 0; i < RACES; i++) {
        race.promises[i] = promise_new(loop, &futures[i]);
        for (int k = 1; k < RACERS; k++)
            anyloop_promise_retain(race.promises[i]);
    }
    for (int k = 0; k < RACERS; k++) {
        racers[k].race = &race;
        racers[k].number = k;
        threads[k] = thread_start(run_race, &racers[k]);
    }
    gate_open(&race.start);
    for (int i = 0; i < RACES; i++)
        assert_ok(anyloop_loop_run_until_complete(loop, futures[i]));
    for (int k = 0; k < RACERS; k++) {
        thread_join(threads[k]);
        assert_ok(racers[k].wrong);
    }
    for (int i = 0; i < RACES; i++) {
        int winners = 0;
        for (int k = 0; k < RACERS; k++)
            winners += racers[k].won[i];
        assert_int_equal(winners, 1);
        assert_true(racers[result_of(futures[i])].won[i]);
        anyloop_future_release(futures[i]);
    }
    loop_end(loop);
}

/* ---- after the close */

static void a_promise_outlives_its_loop_and_is_told_that_it_is_too_late(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future, *unheard;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = counted(&gone)};
    struct keeper silent = {.promise = promise_new(loop, &unheard), .only_release = true};
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    anyloop_future_release(unheard);
    anyloop_loop_release(loop);
    thread_join(thread_start(keep, &keeper));
    thread_join(thread_start(keep, &silent));
    assert_int_equal(keeper.status, ANYLOOP_E_CLOSED);
    assert_int_equal(gone, 1);
    assert_int_equal(memory.blocks, 0);
}

static void what_was_kept_and_had_no_turn_before_the_close_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future;
    struct keeper keeper = {.promise = promise_new(loop, &future), .value = counted(&gone)};
    keep(&keeper);
    assert_ok(keeper.status);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(gone, 1);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_closed_loop_makes_no_promises(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise = NULL;
    anyloop_future *future = NULL;
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_promise_new(loop, &promise, &future), ANYLOOP_E_CLOSED);
    assert_null(promise);
    assert_null(future);
    loop_end(loop);
}

/* ---- wakers */

struct parker {
    anyloop_coro co;
    int parks, *woken;
};

ANYLOOP_ASYNC(parker)
{
    ANYLOOP_BEGIN;
    for (; my->parks; my->parks--) {
        ANYLOOP_PARK;
        ++*my->woken;
    }
    ANYLOOP_END;
}

static anyloop_waker *waker_of(anyloop_task *task)
{
    anyloop_waker *waker = NULL;
    assert_ok(anyloop_task_waker(task, &waker));
    return waker;
}

static void *wake(void *waker)
{
    anyloop_waker_wake(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static void *cancel(void *waker)
{
    anyloop_waker_cancel(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static void *let_go(void *waker)
{
    anyloop_waker_release(waker);
    return NULL;
}

static void another_thread_wakes_a_parked_task(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 1, .woken = &woken);
    anyloop_waker *waker = waker_of(task);
    turn(loop);
    pthread_t thread = thread_start(wake, waker);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    thread_join(thread);
    assert_int_equal(woken, 1);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_wake_that_comes_before_the_park_is_kept_for_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 1, .woken = &woken);
    thread_join(thread_start(wake, waker_of(task)));
    run_to(loop, task, ANYLOOP_OK);
    assert_int_equal(woken, 1);
    loop_end(loop);
}

static void wakes_between_two_steps_are_one(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 2, .woken = &woken);
    anyloop_waker *waker = waker_of(task), *second = waker_of(task);
    turn(loop);
    anyloop_waker_wake(waker);
    thread_join(thread_start(wake, second));
    anyloop_waker_wake(waker);
    turns(loop, 3);
    assert_int_equal(woken, 1);
    anyloop_waker_wake(waker);
    run_to(loop, task, ANYLOOP_OK);
    assert_int_equal(woken, 2);
    anyloop_waker_release(waker);
    loop_end(loop);
}

static void another_thread_cancels_a_parked_task(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 1, .woken = &woken);
    anyloop_waker *waker = waker_of(task);
    turn(loop);
    pthread_t thread = thread_start(cancel, waker);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
    thread_join(thread);
    assert_int_equal(woken, 0);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_run_waits_while_a_waker_is_held_and_no_longer(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 1, .woken = &woken);
    anyloop_waker *waker = anyloop_waker_retain(waker_of(task));
    anyloop_waker_release(waker);
    pthread_t thread = thread_start(let_go, waker);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_DEADLOCK);
    thread_join(thread);
    assert_said("parker");
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_waker_outlives_its_task(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int woken = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 0, .woken = &woken);
    anyloop_waker *waker = waker_of(task);
    run_to(loop, task, ANYLOOP_OK);
    anyloop_waker_cancel(waker);
    thread_join(thread_start(wake, waker));
    turn(loop);
    loop_end(loop);
}

static void a_waker_outlives_its_loop(void **state)
{
    (void)state;
    void *(*const last_words[])(void *) = {wake, cancel, let_go};
    for (int i = 0; i < 3; i++) {
        anyloop_loop *loop = loop_new();
        int woken = 0;
        anyloop_task *task = ANYLOOP_TASK(loop, parker, .parks = 1, .woken = &woken);
        anyloop_waker *waker = waker_of(task);
        turn(loop);
        if (i == 0)
            anyloop_waker_wake(waker); /* is under way when the loop closes */
        assert_ok(anyloop_loop_close(loop));
        anyloop_future_release(task);
        anyloop_loop_release(loop);
        thread_join(thread_start(last_words[i], waker));
        assert_int_equal(woken, 0);
        assert_int_equal(memory.blocks, 0);
    }
}

static void only_a_task_has_wakers(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_waker *waker = NULL;
    assert_int_equal(anyloop_task_waker(future, &waker), ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_task_waker(NULL, &waker), ANYLOOP_E_INVALID);
    assert_null(waker);
    anyloop_future_release(future);
    loop_end(loop);
}

/* All 24 orders in which four promises can be kept: a gather gives its results in its own. */
static void in_whatever_order_promises_are_kept_a_gather_keeps_its_own(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    for (int order = 0; order < 24; order++) {
        anyloop_promise *promises[4];
        anyloop_future *futures[4];
        for (int i = 0; i < 4; i++)
            assert_ok(anyloop_promise_new(loop, &promises[i], &futures[i]));
        anyloop_future *all = anyloop_gather(loop, futures, 4, 0);
        for (int left = 4, choice = order; left > 0; choice /= left, left--) {
            int which = choice % left;
            for (int i = 0; i < 4; i++)
                if (promises[i] && which-- == 0) {
                    anyloop_value value = anyloop_int(i);
                    assert_ok(anyloop_promise_set_result(promises[i], &value));
                    anyloop_promise_release(promises[i]);
                    promises[i] = NULL;
                }
            turns(loop, order % 2); /* one by one, or all in one batch */
        }
        assert_ok(anyloop_loop_run_until_complete(loop, all));
        size_t count;
        const anyloop_value *results = anyloop_to_list(anyloop_future_result(all), &count);
        assert_int_equal(count, 4);
        for (int i = 0; i < 4; i++)
            assert_int_equal(anyloop_to_int(&results[i]), i);
        anyloop_future_release(all);
    }
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_of_threads(b16_a_result_of_a_thread_arrives_through_a_promise_and_wakes_the_loop),
        cmocka_unit_test_of_threads(an_error_of_a_thread_arrives_whole),
        cmocka_unit_test(an_error_with_the_code_cancelled_cancels_the_future),
        cmocka_unit_test(a_kept_promise_is_a_result_in_the_next_turn_and_its_callbacks_run_in_the_one_after),
        cmocka_unit_test(a_promise_is_kept_once_and_what_came_second_is_dropped),
        cmocka_unit_test(what_cannot_be_sent_is_refused_and_leaves_the_promise_open),
        cmocka_unit_test(nobody_but_the_promise_completes_its_future),
        cmocka_unit_test_of_threads(a_future_that_the_loop_cancelled_takes_no_result),
        cmocka_unit_test_of_threads(a_promise_that_nobody_can_keep_any_more_fails_its_future),
        cmocka_unit_test_of_threads(nobody_need_wait_for_a_promise),
        cmocka_unit_test_of_threads(b18_a_promise_kept_before_the_cancellation_came_is_too_late_and_its_value_is_dropped),
        cmocka_unit_test_of_threads(an_open_promise_keeps_a_run_from_ending_and_a_kept_one_does_not),
        cmocka_unit_test_of_threads(of_many_that_race_to_keep_a_promise_one_wins_and_its_value_arrives),
        cmocka_unit_test_of_threads(a_promise_outlives_its_loop_and_is_told_that_it_is_too_late),
        cmocka_unit_test(what_was_kept_and_had_no_turn_before_the_close_is_dropped),
        cmocka_unit_test(a_closed_loop_makes_no_promises),
        cmocka_unit_test_of_threads(another_thread_wakes_a_parked_task),
        cmocka_unit_test_of_threads(a_wake_that_comes_before_the_park_is_kept_for_it),
        cmocka_unit_test_of_threads(wakes_between_two_steps_are_one),
        cmocka_unit_test_of_threads(another_thread_cancels_a_parked_task),
        cmocka_unit_test_of_threads(a_run_waits_while_a_waker_is_held_and_no_longer),
        cmocka_unit_test_of_threads(a_waker_outlives_its_task),
        cmocka_unit_test_of_threads(a_waker_outlives_its_loop),
        cmocka_unit_test(only_a_task_has_wakers),
        cmocka_unit_test(in_whatever_order_promises_are_kept_a_gather_keeps_its_own),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
