/* coro.h: coroutines as straight-line C.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static void set_int(anyloop_future *future, int64_t number)
{
    anyloop_value value = anyloop_int(number);
    assert_ok(anyloop_future_set_result(future, &value));
}

static void set_error(anyloop_future *future)
{
    anyloop_value error = error_of(ANYLOOP_E_USER, "boom");
    assert_ok(anyloop_future_set_error(future, &error));
}

/* ---- ways out */

enum way { FALLS_OUT, RETURNS, RAISES, AWAITS };

struct leaver {
    anyloop_coro co;
    enum way way;
    anyloop_future *future;
    int awaits_in_cleanup;
};

ANYLOOP_ASYNC(leaver)
{
    ANYLOOP_BEGIN;
    if (my->way == RETURNS)
        ANYLOOP_RETURN(anyloop_int(1));
    if (my->way == RAISES)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "raised");
    if (my->way == AWAITS)
        ANYLOOP_AWAIT(anyloop_future_retain(my->future));
    ANYLOOP_FINALLY;
    note("cleanup");
    if (my->awaits_in_cleanup) {
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 5));
        note("slept");
    }
    ANYLOOP_END;
}

static anyloop_task *leave(anyloop_loop *loop, enum way way, anyloop_future *future, int awaits, anyloop_status status)
{
    anyloop_task *task = ANYLOOP_TASK(loop, leaver, .way = way, .future = future, .awaits_in_cleanup = awaits);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), status);
    return task;
}

static void finally_runs_once_on_every_way_out_and_keeps_the_outcome(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *good = future_new(loop), *bad = future_new(loop), *off = future_new(loop);
    set_int(good, 2);
    set_error(bad);
    anyloop_future_cancel(off, NULL);
    for (int awaits = 0; awaits < 2; awaits++) {
        anyloop_task *tasks[] = {
            leave(loop, FALLS_OUT, NULL, awaits, ANYLOOP_OK),      leave(loop, RETURNS, NULL, awaits, ANYLOOP_OK),
            leave(loop, RAISES, NULL, awaits, ANYLOOP_E_USER),     leave(loop, AWAITS, good, awaits, ANYLOOP_OK),
            leave(loop, AWAITS, bad, awaits, ANYLOOP_E_USER),      leave(loop, AWAITS, off, awaits, ANYLOOP_E_CANCELLED),
        };
        assert_int_equal(anyloop_future_result(tasks[0])->kind, ANYLOOP_NONE);
        assert_int_equal(result_of(tasks[1]), 1);
        assert_string_equal(anyloop_error_text(anyloop_future_error(tasks[2]), NULL), "raised");
        assert_int_equal(anyloop_future_result(tasks[3])->kind, ANYLOOP_NONE);
        assert_string_equal(anyloop_error_text(anyloop_future_error(tasks[4]), NULL), "boom");
        assert_int_equal(anyloop_future_state(tasks[5]), ANYLOOP_CANCELLED);
        for (size_t i = 0; i < LENGTH(tasks); i++)
            anyloop_future_release(tasks[i]);
        assert_trace(awaits ? "cleanup slept cleanup slept cleanup slept cleanup slept cleanup slept cleanup slept"
                            : "cleanup cleanup cleanup cleanup cleanup cleanup");
    }
    anyloop_future_release(good);
    anyloop_future_release(bad);
    anyloop_future_release(off);
    loop_end(loop);
}

static void a_cancellation_in_finally_ends_it_there(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, leaver, .way = RAISES, .awaits_in_cleanup = 1);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
    assert_trace("cleanup");
    anyloop_future_release(task);
    loop_end(loop);
}

struct replacer {
    anyloop_coro co;
};

ANYLOOP_ASYNC(replacer)
{
    ANYLOOP_BEGIN;
    ANYLOOP_RAISE(ANYLOOP_E_USER, "first");
    ANYLOOP_FINALLY;
    ANYLOOP_RETURN(anyloop_int(9));
    ANYLOOP_END;
}

static void a_return_in_finally_replaces_what_was_raised(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, replacer);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 9);
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- looking at outcomes */

struct trier {
    anyloop_coro co;
    anyloop_future *futures[3];
    int i, reraise;
};

ANYLOOP_ASYNC(trier)
{
    ANYLOOP_BEGIN;
    for (my->i = 0; my->i < 3; my->i++) {
        ANYLOOP_TRY(anyloop_future_retain(my->futures[my->i]));
        note(ANYLOOP_OUTCOME == ANYLOOP_RESULT ? "result" : ANYLOOP_OUTCOME == ANYLOOP_FAILED ? "failed" : "cancelled");
    }
    if (my->reraise)
        ANYLOOP_RERAISE;
    ANYLOOP_RETURN(anyloop_int(anyloop_error_code(ANYLOOP_AWAITED)));
    ANYLOOP_END;
}

static void try_goes_on_with_any_outcome_and_reraise_passes_it_on_whole(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *futures[] = {future_new(loop), future_new(loop), future_new(loop)};
    anyloop_value reason = anyloop_static_text("enough");
    set_int(futures[0], 1);
    set_error(futures[1]);
    anyloop_future_cancel(futures[2], &reason);
    anyloop_task *calm = ANYLOOP_TASK(loop, trier, .futures = {futures[0], futures[1], futures[2]});
    anyloop_task *cancelled = ANYLOOP_TASK(loop, trier, .futures = {futures[0], futures[1], futures[2]}, .reraise = 1);
    anyloop_task *failed = ANYLOOP_TASK(loop, trier, .futures = {futures[0], futures[2], futures[1]}, .reraise = 1);
    assert_ok(anyloop_loop_run_until_complete(loop, calm));
    assert_int_equal(result_of(calm), ANYLOOP_E_CANCELLED);
    assert_trace("result failed cancelled result failed cancelled result cancelled failed");
    assert_int_equal(anyloop_loop_run_until_complete(loop, cancelled), ANYLOOP_E_CANCELLED);
    assert_string_equal(anyloop_error_text(anyloop_future_error(cancelled), NULL), "enough");
    assert_int_equal(anyloop_loop_run_until_complete(loop, failed), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(anyloop_future_error(failed), NULL), "boom");
    anyloop_future_release(calm);
    anyloop_future_release(cancelled);
    anyloop_future_release(failed);
    for (int i = 0; i < 3; i++)
        anyloop_future_release(futures[i]);
    loop_end(loop);
}

struct refuser {
    anyloop_coro co;
};

ANYLOOP_ASYNC(refuser)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    assert_int_equal(ANYLOOP_OUTCOME, ANYLOOP_CANCELLED);
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 5));
    ANYLOOP_RETURN(anyloop_int(5));
    ANYLOOP_END;
}

static void a_cancellation_can_be_refused_by_going_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, refuser);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 5);
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- parts of a coroutine */

struct part {
    anyloop_coro co;
    int64_t n, sum; /* argument, result */
    int raise;
};

ANYLOOP_ASYNC(part)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->n));
    if (my->raise)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "part");
    my->sum += my->n;
    ANYLOOP_YIELD;
    ANYLOOP_FINALLY;
    note("part ends");
    ANYLOOP_END;
}

struct whole {
    anyloop_coro co;
    int raise;
    struct part part;
};

ANYLOOP_ASYNC(whole)
{
    ANYLOOP_BEGIN;
    my->part.n = 2;
    ANYLOOP_CALL(part, my->part);
    my->part.n = 3;
    my->part.raise = my->raise;
    ANYLOOP_CALL(part, my->part); /* the same frame again */
    ANYLOOP_RETURN(anyloop_int(my->part.sum));
    ANYLOOP_FINALLY;
    note("whole ends");
    ANYLOOP_END;
}

static void a_called_part_runs_inside_and_its_errors_pass_through(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, whole);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 5);
    anyloop_future_release(task);
    assert_trace("part ends part ends whole ends");
    run_to(loop, ANYLOOP_TASK(loop, whole, .raise = 1), ANYLOOP_E_USER);
    assert_trace("part ends part ends whole ends");
    task = ANYLOOP_TASK(loop, whole);
    turn(loop);
    anyloop_future_cancel(task, NULL);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("part ends whole ends");
    ANYLOOP_SPAWN(loop, whole);
    turn(loop);
    loop_end(loop); /* the close event reaches the part too */
    assert_trace("part ends whole ends");
}

struct switcher {
    anyloop_coro co;
    int on;
};

/* What the manual forbids. */
ANYLOOP_ASYNC(switcher)
{
    ANYLOOP_BEGIN;
    switch (my->on) {
    case 0:
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
    default:
        break;
    }
    ANYLOOP_RETURN(anyloop_int(1));
    ANYLOOP_END;
}

static void an_await_inside_a_switch_is_told_and_not_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, switcher);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_STATE);
    assert_string_equal(anyloop_error_text(anyloop_future_error(task), NULL),
                        "cannot resume: an await inside a switch statement");
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- making */

struct worker {
    anyloop_coro co;
    int64_t n;
};

ANYLOOP_ASYNC(worker)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->n));
    ANYLOOP_RETURN(anyloop_int(my->n));
    ANYLOOP_END;
}

struct gatherer {
    anyloop_coro co;
    int64_t sum;
};

ANYLOOP_ASYNC(gatherer)
{
    const anyloop_value *items;
    size_t size;
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(ANYLOOP_GATHER(my->co.loop, ANYLOOP_TASK(my->co.loop, worker, .n = 30),
                                 ANYLOOP_CORO(my->co.loop, worker, .n = 20), ANYLOOP_TASK(my->co.loop, worker)));
    items = anyloop_to_list(ANYLOOP_AWAITED, &size);
    for (size_t i = 0; i < size; i++)
        my->sum = my->sum * 100 + anyloop_to_int(&items[i]);
    ANYLOOP_RETURN(anyloop_int(my->sum));
    ANYLOOP_END;
}

static void tasks_coroutines_and_gathers_are_made_in_a_line(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, gatherer);
    assert_string_equal(anyloop_task_name(task), "gatherer");
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 302000);
    assert_int_equal(anyloop_loop_time(loop), HOUR + 30);
    anyloop_future_release(task);
    loop_end(loop);
}

static void the_values_answers_are_for_their_kind_only(void **state)
{
    (void)state;
    const anyloop_value text = anyloop_static_text("text"), number = anyloop_int(3), truth = anyloop_bool(7);
    size_t size = 9;
    assert_int_equal(anyloop_to_int(&text), 0);
    assert_int_equal(anyloop_to_int(&truth), 1);
    assert_true(anyloop_to_float(&number) == 0);
    assert_null(anyloop_to_bytes(&number, &size));
    assert_int_equal(size, 0);
    assert_null(anyloop_to_list(&text, NULL));
    assert_null(anyloop_to_future(&number));
    assert_null(anyloop_to_pointer(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finally_runs_once_on_every_way_out_and_keeps_the_outcome),
        cmocka_unit_test(a_cancellation_in_finally_ends_it_there),
        cmocka_unit_test(a_return_in_finally_replaces_what_was_raised),
        cmocka_unit_test(try_goes_on_with_any_outcome_and_reraise_passes_it_on_whole),
        cmocka_unit_test(a_cancellation_can_be_refused_by_going_on),
        cmocka_unit_test(a_called_part_runs_inside_and_its_errors_pass_through),
        cmocka_unit_test(an_await_inside_a_switch_is_told_and_not_lost),
        cmocka_unit_test(tasks_coroutines_and_gathers_are_made_in_a_line),
        cmocka_unit_test(the_values_answers_are_for_their_kind_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
