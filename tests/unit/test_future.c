/* Futures: completing, asking, done callbacks, unseen errors, references.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static void note_done(void *text, anyloop_future *future)
{
    assert_int_not_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    note(text);
}

static void add(anyloop_future *future, const char *text)
{
    assert_ok(anyloop_future_add_done_callback(future, note_done, (void *)(uintptr_t)text, NULL));
}

static void set_int(anyloop_future *future, int64_t number)
{
    anyloop_value value = anyloop_int(number);
    assert_ok(anyloop_future_set_result(future, &value));
}

static void set_error(anyloop_future *future, anyloop_status code, const char *text)
{
    anyloop_value error = error_of(code, text);
    assert_ok(anyloop_future_set_error(future, &error));
}

/* ---- what it says */

static void a_pending_future_has_neither_result_nor_error(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    assert_int_equal(anyloop_future_kind(future), ANYLOOP_KIND_FUTURE);
    assert_ptr_equal(anyloop_future_loop(future), loop);
    assert_null(anyloop_future_result(future));
    assert_null(anyloop_future_error(future));
    assert_int_equal(anyloop_future_error_code(future), ANYLOOP_OK);
    anyloop_future_release(future);
    loop_end(loop);
}

static void the_kinds_are_told_apart(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise = NULL;
    anyloop_future *futures[4] = {anyloop_sleep(loop, 1), anyloop_gather(loop, NULL, 0, 0),
                                  anyloop_failed(ANYLOOP_E_FULL)};
    assert_ok(anyloop_promise_new(loop, &promise, &futures[3]));
    assert_int_equal(anyloop_future_kind(futures[0]), ANYLOOP_KIND_OPERATION);
    assert_int_equal(anyloop_future_kind(futures[1]), ANYLOOP_KIND_FUTURE);
    assert_int_equal(anyloop_future_kind(futures[2]), ANYLOOP_KIND_OPERATION);
    assert_int_equal(anyloop_future_kind(futures[3]), ANYLOOP_KIND_OPERATION);
    futures[0] = anyloop_ensure_future(loop, futures[0]);
    assert_int_equal(anyloop_future_kind(futures[0]), ANYLOOP_KIND_TASK);
    for (size_t i = 0; i < LENGTH(futures); i++)
        anyloop_future_release(futures[i]);
    anyloop_promise_release(promise);
    loop_end(loop);
}

static void a_result_that_comes_too_late_is_refused_and_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    int dropped = 0;
    anyloop_value first = counted(&dropped), second = counted(&dropped), error = error_of(ANYLOOP_E_USER, "late");
    assert_ok(anyloop_future_set_result(future, &first));
    assert_int_equal(anyloop_future_set_result(future, &second), ANYLOOP_E_STATE);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_future_set_error(future, &error), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_future_cancel(future, NULL), 0);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    anyloop_future_release(future);
    assert_int_equal(dropped, 2);
    loop_end(loop);
}

static void a_cancelled_future_tells_the_reason(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_value reason = anyloop_static_text("enough");
    assert_int_equal(anyloop_future_cancel(future, &reason), 1);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_CANCELLED);
    assert_int_equal(anyloop_future_error_code(future), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_error_code(anyloop_future_error(future)), ANYLOOP_E_CANCELLED);
    assert_string_equal(anyloop_error_text(anyloop_future_error(future), NULL), "enough");
    assert_null(anyloop_future_result(future));
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_constant_future_is_one_object_that_nobody_changes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *failed = anyloop_failed(ANYLOOP_E_FULL);
    assert_ptr_equal(anyloop_failed(ANYLOOP_E_FULL), failed);
    assert_ptr_equal(anyloop_future_retain(failed), failed);
    anyloop_future_release(failed);
    anyloop_future_release(failed);
    anyloop_future_release(failed);
    anyloop_future_release_threadsafe(failed);
    assert_int_equal(anyloop_future_cancel(failed, NULL), 0);
    assert_null(anyloop_future_loop(failed));
    assert_int_equal(anyloop_future_error_code(failed), ANYLOOP_E_FULL);
    assert_int_equal(anyloop_future_set_result(failed, NULL), ANYLOOP_E_TYPE);
    assert_failed(anyloop_failed(5), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_run_until_complete(loop, failed), ANYLOOP_E_FULL);
    loop_end(loop);
}

/* ---- callbacks */

static void hear_constant(void *loop, anyloop_future *future)
{
    assert_int_equal(anyloop_future_error_code(future), ANYLOOP_E_FULL);
    assert_ptr_equal(anyloop_get_running_loop(), loop);
    note("heard");
}

static void a_callback_of_a_constant_future_runs_on_the_threads_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_set_event_loop(loop));
    assert_ok(anyloop_future_add_done_callback(anyloop_failed(ANYLOOP_E_FULL), hear_constant, loop, NULL));
    turn(loop);
    assert_trace("heard");
    assert_ok(anyloop_set_event_loop(NULL));
    loop_end(loop);
}

static anyloop_future *mutated;

static void mutate(void *text, anyloop_future *future)
{
    assert_ptr_equal(future, mutated);
    note(text);
    add(future, "added");
    assert_int_equal(anyloop_future_remove_done_callback(future, note_done, (void *)(uintptr_t)"removed"), 0);
}

/* The list was taken when the future was done: what comes and goes from then on changes nothing of it. */
static void c09_callbacks_may_come_and_go_while_the_future_completes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    static char stays[] = "removed";
    mutated = future_new(loop);
    assert_ok(anyloop_future_add_done_callback(mutated, mutate, "first", NULL));
    assert_ok(anyloop_future_add_done_callback(mutated, note_done, stays, NULL));
    assert_ok(anyloop_future_add_done_callback(mutated, mutate, "last", NULL));
    set_int(mutated, 1);
    assert_int_equal(anyloop_future_remove_done_callback(mutated, note_done, stays), 0);
    turn(loop);
    assert_trace("first removed last");
    turn(loop);
    assert_trace("added added");
    anyloop_future_release(mutated);
    loop_end(loop);
}

static void release_it(void *text, anyloop_future *future)
{
    note(text);
    anyloop_future_release(future);
}

static void a_callback_may_let_go_of_its_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_future_add_done_callback(future, release_it, "released", NULL));
    add(future, "still there");
    set_int(future, 1);
    turn(loop);
    assert_trace("released still there");
    loop_end(loop);
}

static void removing_counts_and_drops_on_the_next_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    tally thrice = {0}, once = {0};
    for (int i = 0; i < 3; i++)
        assert_ok(anyloop_future_add_done_callback(future, tally_done, &thrice, tally_drop));
    assert_ok(anyloop_future_add_done_callback(future, tally_done, &once, tally_drop));
    assert_int_equal(anyloop_future_remove_done_callback(future, tally_done, &thrice), 3);
    assert_int_equal(anyloop_future_remove_done_callback(future, tally_done, &thrice), 0);
    assert_tally(&thrice, 0, 0);
    turn(loop);
    assert_tally(&thrice, 0, 3);
    set_int(future, 1);
    assert_tally(&once, 0, 0);
    turn(loop);
    assert_tally(&once, 1, 1);
    anyloop_future_release(future);
    loop_end(loop);
    assert_tally(&thrice, 0, 3);
}

static void callbacks_of_a_future_that_nobody_completes_are_dropped_with_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    tally never = {0};
    assert_ok(anyloop_future_add_done_callback(future, tally_done, &never, tally_drop));
    anyloop_future_release(future);
    turn(loop);
    assert_tally(&never, 0, 1);
    loop_end(loop);
}

/* ---- a closed loop */

static void on_a_closed_loop_a_future_completes_and_nobody_hears_of_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *waited = future_new(loop), *cancelled = future_new(loop), *alone = future_new(loop);
    tally never = {0};
    assert_ok(anyloop_future_add_done_callback(waited, tally_done, &never, tally_drop));
    assert_ok(anyloop_future_add_done_callback(cancelled, tally_done, &never, tally_drop));
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_future_set_result(waited, NULL), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_future_state(waited), ANYLOOP_RESULT);
    assert_int_equal(anyloop_future_cancel(cancelled, NULL), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_future_state(cancelled), ANYLOOP_CANCELLED);
    set_int(alone, 3);
    assert_int_equal(anyloop_future_add_done_callback(alone, tally_done, &never, tally_drop), ANYLOOP_E_CLOSED);
    anyloop_future_release(waited);
    anyloop_future_release(cancelled);
    anyloop_future_release(alone);
    assert_tally(&never, 0, 3);
    anyloop_future *late = future_new(loop);
    set_int(late, 4);
    assert_int_equal(result_of(late), 4);
    anyloop_future_release(late);
    loop_end(loop);
}

struct waiter {
    anyloop_coro co;
    anyloop_future *future; /* borrowed */
};

ANYLOOP_ASYNC(waiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_future_retain(my->future));
    ANYLOOP_END;
}

static void release_dropped(void *task)
{
    anyloop_future_release(task);
}

static void what_is_dropped_on_a_closed_loop_may_let_go_of_others_that_waited(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    tally never = {0};
    anyloop_task *tasks[2];
    for (size_t i = 0; i < LENGTH(tasks); i++) {
        tasks[i] = ANYLOOP_TASK(loop, waiter, .future = future);
        assert_ok(anyloop_future_add_done_callback(future, note_done, tasks[i], release_dropped));
    }
    turn(loop);
    assert_ok(anyloop_future_add_done_callback(future, tally_done, &never, tally_drop));
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_future_set_result(future, NULL), ANYLOOP_E_CLOSED);
    assert_tally(&never, 0, 1);
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- errors that nobody looked at */

static int reports;

static anyloop_status count_report(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)user_data, (void)loop;
    reports++;
    assert_string_equal(exception->message, "Future exception was never retrieved");
    assert_string_equal(anyloop_error_text(exception->error, NULL), "unseen");
    return ANYLOOP_OK;
}

static anyloop_loop *reporting_loop(void)
{
    anyloop_loop *loop = loop_new();
    reports = 0;
    assert_ok(anyloop_loop_set_exception_handler(loop, count_report, NULL, NULL));
    return loop;
}

static void c15_an_error_that_nobody_looked_at_is_reported_once_at_the_last_release(void **state)
{
    (void)state;
    anyloop_loop *loop = reporting_loop();
    anyloop_future *future = future_new(loop);
    set_error(future, ANYLOOP_E_USER, "unseen");
    anyloop_future_release(anyloop_future_retain(future));
    turn(loop);
    assert_int_equal(anyloop_future_error_code(future), ANYLOOP_E_USER); /* not a look */
    assert_int_equal(reports, 0);
    anyloop_future_release(future);
    assert_int_equal(reports, 1);
    turn(loop);
    assert_int_equal(reports, 1);
    loop_end(loop);
}

static void c16_an_error_that_was_looked_at_is_not_reported_nor_is_a_result(void **state)
{
    (void)state;
    anyloop_loop *loop = reporting_loop();
    anyloop_future *futures[5];
    for (size_t i = 0; i < LENGTH(futures); i++)
        futures[i] = future_new(loop);
    set_int(futures[1], 1);
    set_error(futures[2], ANYLOOP_E_USER, "seen");
    assert_non_null(anyloop_future_error(futures[2]));
    set_error(futures[3], ANYLOOP_E_USER, "seen by a run");
    assert_int_equal(anyloop_loop_run_until_complete(loop, futures[3]), ANYLOOP_E_USER);
    set_error(futures[4], ANYLOOP_E_USER, "and asked to cancel");
    assert_int_equal(anyloop_future_cancel(futures[4], NULL), 0);
    for (size_t i = 0; i < LENGTH(futures); i++)
        anyloop_future_release(futures[i]);
    turn(loop);
    assert_int_equal(reports, 0);
    loop_end(loop);
}

/* ---- references */

static void *release_elsewhere(void *future)
{
    anyloop_future_release(future);
    return NULL;
}

static void *release_threadsafe(void *future)
{
    anyloop_future_release_threadsafe(future);
    return NULL;
}

static void another_threads_release_reaches_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_future *futures[] = {future_new(loop), future_new(loop)};
    for (int i = 0; i < 2; i++) {
        anyloop_value value = counted(&dropped);
        assert_ok(anyloop_future_set_result(futures[i], &value));
    }
    thread_join(thread_start(release_elsewhere, futures[0]));
    thread_join(thread_start(release_threadsafe, futures[1]));
    assert_int_equal(dropped, 0);
    turn(loop);
    assert_int_equal(dropped, 2);
    loop_end(loop);
}

static void a_finalizer_may_release_after_the_loop_was_closed_and_let_go(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_int_not_equal(memory.blocks, 0);
    thread_join(thread_start(release_threadsafe, future));
    assert_int_equal(memory.blocks, 0);
}

static void releasing_the_last_of_a_long_chain_takes_no_stack(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    for (int i = 0; i < 200000; i++) {
        anyloop_future *next = future_new(loop);
        anyloop_value value = anyloop_none();
        assert_ok(anyloop_value_future(future, &value));
        anyloop_future_release(future);
        assert_ok(anyloop_future_set_result(next, &value));
        future = next;
    }
    anyloop_future_release(future);
    turn(loop);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pending_future_has_neither_result_nor_error),
        cmocka_unit_test(the_kinds_are_told_apart),
        cmocka_unit_test(a_result_that_comes_too_late_is_refused_and_dropped),
        cmocka_unit_test(a_cancelled_future_tells_the_reason),
        cmocka_unit_test(a_constant_future_is_one_object_that_nobody_changes),
        cmocka_unit_test(a_callback_of_a_constant_future_runs_on_the_threads_loop),
        cmocka_unit_test(c09_callbacks_may_come_and_go_while_the_future_completes),
        cmocka_unit_test(a_callback_may_let_go_of_its_future),
        cmocka_unit_test(removing_counts_and_drops_on_the_next_turn),
        cmocka_unit_test(callbacks_of_a_future_that_nobody_completes_are_dropped_with_it),
        cmocka_unit_test(on_a_closed_loop_a_future_completes_and_nobody_hears_of_it),
        cmocka_unit_test(what_is_dropped_on_a_closed_loop_may_let_go_of_others_that_waited),
        cmocka_unit_test(c15_an_error_that_nobody_looked_at_is_reported_once_at_the_last_release),
        cmocka_unit_test(c16_an_error_that_was_looked_at_is_not_reported_nor_is_a_result),
        cmocka_unit_test_of_threads(another_threads_release_reaches_the_loop),
        cmocka_unit_test_of_threads(a_finalizer_may_release_after_the_loop_was_closed_and_let_go),
        cmocka_unit_test(releasing_the_last_of_a_long_chain_takes_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
