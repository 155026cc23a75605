/* coro.h: FINALLY on every way out, TRY, CALL, RERAISE, what lives in a frame, and what is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* ---- FINALLY */

enum way { FALLS, RETURNS, RAISES, AWAITS_ERROR, RERAISES, SLEEPS, YIELDS, PARKS, CALLS_ERROR };

struct raiser {
    anyloop_coro co;
    int yields;
};

ANYLOOP_ASYNC(raiser)
{
    ANYLOOP_BEGIN;
    while (my->yields-- > 0)
        ANYLOOP_YIELD;
    ANYLOOP_RAISE(ANYLOOP_E_USER, "raised");
    ANYLOOP_FINALLY;
    note("inner");
    ANYLOOP_END;
}

struct leaver {
    anyloop_coro co;
    enum way way;
    anyloop_waker **waker;
    struct raiser sub;
};

ANYLOOP_ASYNC(leaver)
{
    ANYLOOP_BEGIN;
    if (my->way == RETURNS)
        ANYLOOP_RETURN(anyloop_int(1));
    if (my->way == RAISES)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "raised");
    if (my->way == AWAITS_ERROR)
        ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, raiser, .yields = 1));
    if (my->way == RERAISES) {
        ANYLOOP_TRY(ANYLOOP_CORO(my->co.loop, raiser));
        note("tried");
        ANYLOOP_RERAISE;
    }
    if (my->way == CALLS_ERROR) {
        my->sub.yields = 1;
        ANYLOOP_CALL(raiser, my->sub);
    }
    if (my->way == SLEEPS)
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    while (my->way == YIELDS)
        ANYLOOP_YIELD;
    if (my->way == PARKS) {
        assert_ok(anyloop_task_waker(my->co.task, my->waker));
        ANYLOOP_PARK;
    }
    note("body");
    ANYLOOP_FINALLY;
    note("finally");
    ANYLOOP_END;
}

/* Ends as `state`, by itself or after a cancellation. */
static void leaves(enum way way, int cancelled, uint32_t expected, const char *expected_trace)
{
    anyloop_loop *loop = loop_new();
    anyloop_waker *waker = NULL;
    anyloop_task *task = ANYLOOP_TASK(loop, leaver, .way = way, .waker = &waker);
    turns(loop, 2);
    if (cancelled)
        assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    turns(loop, 2);
    assert_int_equal(anyloop_future_state(task), expected);
    if (expected == ANYLOOP_FAILED)
        assert_string_equal(anyloop_error_text(anyloop_future_error(task), NULL), "raised");
    assert_trace(expected_trace);
    anyloop_future_release(task);
    anyloop_waker_release(waker);
    loop_end(loop);
    assert_trace(""); /* not once more at the close */
}

static void finally_runs_once_on_every_way_out(void **state)
{
    (void)state;
    leaves(FALLS, 0, ANYLOOP_RESULT, "body finally");
    leaves(RETURNS, 0, ANYLOOP_RESULT, "finally");
    leaves(RAISES, 0, ANYLOOP_FAILED, "finally");
    leaves(AWAITS_ERROR, 0, ANYLOOP_FAILED, "inner finally");
    leaves(RERAISES, 0, ANYLOOP_FAILED, "inner tried finally");
    leaves(CALLS_ERROR, 0, ANYLOOP_FAILED, "inner finally");
}

static void finally_runs_once_when_an_await_a_yield_or_a_park_is_cancelled(void **state)
{
    (void)state;
    leaves(SLEEPS, 1, ANYLOOP_CANCELLED, "finally");
    leaves(YIELDS, 1, ANYLOOP_CANCELLED, "finally");
    leaves(PARKS, 1, ANYLOOP_CANCELLED, "finally");
}

static void finally_runs_once_when_the_loop_closes(void **state)
{
    (void)state;
    const enum way ways[] = {SLEEPS, YIELDS, PARKS};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        anyloop_loop *loop = loop_new();
        anyloop_waker *waker = NULL;
        anyloop_task *task = ANYLOOP_TASK(loop, leaver, .way = ways[i], .waker = &waker);
        turns(loop, 2);
        assert_ok(anyloop_loop_close(loop));
        assert_trace("finally");
        assert_int_equal(anyloop_future_state(task), ANYLOOP_PENDING);
        anyloop_future_release(task);
        anyloop_waker_release(waker);
        loop_end(loop);
    }
}

static void what_was_never_started_has_nothing_to_clean_up(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future_release(ANYLOOP_CORO(loop, leaver)); /* never awaited */
    anyloop_task *task = ANYLOOP_TASK(loop, leaver);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    ANYLOOP_SPAWN(loop, leaver); /* still in the queue at the close */
    loop_end(loop);
    assert_trace("");
}

/* ---- what FINALLY may do */

struct cleaner {
    anyloop_coro co;
    int raises, returns;
};

ANYLOOP_ASYNC(cleaner)
{
    ANYLOOP_BEGIN;
    if (my->raises)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "first");
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    ANYLOOP_FINALLY;
    note("cleans");
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
    note("cleaned");
    if (my->returns)
        ANYLOOP_RETURN(anyloop_int(7));
    if (my->raises > 1)
        ANYLOOP_RAISE(ANYLOOP_E_FULL, "second");
    ANYLOOP_END;
}

static void a_cleanup_may_await_and_the_outcome_stays(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, ANYLOOP_CORO(loop, cleaner, .raises = 1), ANYLOOP_E_USER);
    assert_trace("cleans cleaned");
    anyloop_task *task = ANYLOOP_TASK(loop, cleaner);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("cleans cleaned");
    loop_end(loop);
}

static void leaving_from_a_cleanup_replaces_the_outcome(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, cleaner, .raises = 1, .returns = 1);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 7);
    anyloop_future_release(task);
    run_to(loop, ANYLOOP_CORO(loop, cleaner, .raises = 2), ANYLOOP_E_FULL);
    assert_trace("cleans cleaned cleans cleaned");
    loop_end(loop);
}

static void a_cancelled_cleanup_ends_there(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, cleaner, .raises = 1);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("cleans");
    loop_end(loop);
}

static void a_cleanup_at_the_close_stops_at_its_first_await(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    ANYLOOP_SPAWN(loop, cleaner);
    turn(loop);
    loop_end(loop);
    assert_trace("cleans");
}

/* ---- TRY */

struct trier {
    anyloop_coro co;
    anyloop_future *awaited;
    int fallen;
};

ANYLOOP_ASYNC(trier)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_future_retain(my->awaited));
    switch (ANYLOOP_OUTCOME) { /* with no await inside it */
    case ANYLOOP_RESULT:
        note("result");
        break;
    case ANYLOOP_FAILED:
        note(anyloop_error_code(ANYLOOP_AWAITED) == ANYLOOP_E_USER ? "failed" : "?");
        break;
    case ANYLOOP_CANCELLED:
        note(anyloop_error_text(ANYLOOP_AWAITED, NULL)[0] == 'w' ? "cancelled" : "?");
        break;
    }
    ANYLOOP_YIELD;
    assert_int_equal(ANYLOOP_OUTCOME, ANYLOOP_RESULT); /* of the yield */
    assert_int_equal(ANYLOOP_AWAITED->kind, ANYLOOP_NONE);
    ANYLOOP_RETURN(anyloop_int(1));
    ANYLOOP_END;
}

static void try_goes_on_with_every_outcome(void **state)
{
    (void)state;
    for (int outcome = 0; outcome < 3; outcome++) {
        anyloop_loop *loop = loop_new();
        anyloop_future *future = future_new(loop);
        anyloop_task *task = ANYLOOP_TASK(loop, trier, .awaited = future);
        turn(loop);
        anyloop_value value = outcome == 1 ? error_of(ANYLOOP_E_USER, "why") : anyloop_static_text("why");
        if (outcome == 0)
            assert_ok(anyloop_future_set_result(future, &value));
        else if (outcome == 1)
            assert_ok(anyloop_future_set_error(future, &value));
        else
            assert_int_equal(anyloop_future_cancel(task, &value), 1); /* and refuses it */
        assert_ok(anyloop_loop_run_until_complete(loop, task));
        assert_int_equal(result_of(task), 1);
        assert_trace(outcome == 0 ? "result" : outcome == 1 ? "failed" : "cancelled");
        anyloop_future_release(task);
        anyloop_future_release(future);
        loop_end(loop);
    }
}

static void try_leaves_when_the_loop_closes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    ANYLOOP_SPAWN(loop, trier, .awaited = future);
    turn(loop);
    assert_ok(anyloop_loop_close(loop));
    anyloop_future_release(future);
    loop_end(loop);
    assert_trace("");
}

/* ---- CALL */

struct adder {
    anyloop_coro co;
    int from, to, i, sum;
};

ANYLOOP_ASYNC(adder)
{
    ANYLOOP_BEGIN;
    for (my->i = my->from, my->sum = 0; my->i < my->to; my->i++) {
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
        my->sum += my->i;
    }
    ANYLOOP_FINALLY;
    note("sub");
    ANYLOOP_END;
}

struct caller {
    anyloop_coro co;
    int round, sum;
    struct adder sub;
};

ANYLOOP_ASYNC(caller)
{
    ANYLOOP_BEGIN;
    for (my->round = 0; my->round < 3; my->round++) {
        my->sub.from = my->round;
        my->sub.to = my->round + 2;
        ANYLOOP_CALL(adder, my->sub);
        my->sum += my->sub.sum;
    }
    ANYLOOP_RETURN(anyloop_int(my->sum));
    ANYLOOP_FINALLY;
    note("caller");
    ANYLOOP_END;
}

static void a_call_runs_inside_the_caller_and_can_be_repeated(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, caller);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 0 + 1 + 1 + 2 + 2 + 3);
    assert_trace("sub sub sub caller");
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_cancellation_and_the_close_go_through_a_call_from_the_inside(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, caller);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("sub caller");
    ANYLOOP_SPAWN(loop, caller);
    turn(loop);
    loop_end(loop);
    assert_trace("sub caller");
}

/* ---- frames */

struct framed {
    anyloop_coro co;
    int n;
    _Alignas(max_align_t) char text[16];
    struct framed *self;
};

ANYLOOP_ASYNC(framed)
{
    ANYLOOP_BEGIN;
    assert_int_equal((uintptr_t)my % _Alignof(struct framed), 0);
    my->self = my;
    for (my->n = 0; my->n < 5; my->n++) {
        int local; /* without an initialiser, used between two awaits only */
        local = my->n;
        my->text[local] = (char)('a' + local);
        ANYLOOP_YIELD;
        assert_ptr_equal(my->self, my); /* it never moves */
    }
    assert_string_equal(my->text, "abcdefgh");
    ANYLOOP_END;
}

static void a_frame_is_copied_stays_in_its_place_and_keeps_its_members(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    struct framed frame = {.text = "_____fgh"};
    anyloop_task *task = anyloop_task_create(loop, "framed", framed_step, &frame, sizeof frame);
    memset(&frame, 'x', sizeof frame);
    assert_string_equal(anyloop_task_name(task), "framed");
    run_to(loop, task, ANYLOOP_OK);
    loop_end(loop);
}

struct plain {
    anyloop_coro co;
};

ANYLOOP_ASYNC(plain)
{
    ANYLOOP_BEGIN;
    assert_ptr_equal(anyloop_current_task(my->co.loop), my->co.task);
    ANYLOOP_END;
}

static void a_coroutine_without_arguments_a_finally_or_a_return_gives_none(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, plain);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(anyloop_future_result(task)->kind, ANYLOOP_NONE);
    anyloop_future_release(task);
    loop_end(loop);
}

struct passer {
    anyloop_coro co;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(passer)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->awaited);
    ANYLOOP_RETURN_AWAITED;
    ANYLOOP_END;
}

static void what_was_awaited_can_be_returned(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_future *future = future_new(loop);
    anyloop_task *task = ANYLOOP_TASK(loop, passer, .awaited = future);
    turn(loop);
    const anyloop_value value = counted(&dropped);
    assert_ok(anyloop_future_set_result(future, &value)); /* the task holds it alone */
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_ptr_equal(anyloop_to_pointer(anyloop_future_result(task)), &dropped);
    assert_int_equal(dropped, 0);
    anyloop_future_release(task);
    assert_int_equal(dropped, 1);
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
    int64_t digits;
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
        my->digits = my->digits * 100 + anyloop_to_int(&items[i]);
    ANYLOOP_RETURN(anyloop_int(my->digits));
    ANYLOOP_END;
}

static void tasks_coroutines_and_gathers_are_made_in_a_line(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, gatherer);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 302000);
    assert_int_equal(anyloop_loop_time(loop), HOUR + 30);
    anyloop_future_release(task);
    loop_end(loop);
}

static void what_a_value_is_asked_for_is_answered_by_its_kind_only(void **state)
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

/* ---- misuse */

struct switcher {
    anyloop_coro co;
    int which;
};

ANYLOOP_ASYNC(switcher)
{
    ANYLOOP_BEGIN;
    switch (my->which) {
    case 0:
        ANYLOOP_YIELD;
        note("never");
    }
    ANYLOOP_FINALLY;
    note("finally");
    ANYLOOP_END;
}

static void an_await_inside_a_switch_is_an_error_that_says_so(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, switcher);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_STATE);
    assert_non_null(strstr(anyloop_error_text(anyloop_future_error(task), NULL), "switch"));
    assert_trace("");
    anyloop_future_release(task);
    loop_end(loop);
}

static int32_t answer;

static int32_t answering_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    return answer;
}

/* Of a step that is written by hand. */
static void an_answer_that_is_none_fails_the_task(void **state)
{
    (void)state;
    const int32_t answers[] = {-1, 3, 15, ANYLOOP_STEP_AWAIT /* without one */, 19, INT32_MAX, INT32_MIN,
                               ANYLOOP_STEP_RAISE /* nothing */};
    anyloop_loop *loop = loop_new();
    for (size_t i = 0; i < LENGTH(answers); i++) {
        answer = answers[i];
        run_to(loop, anyloop_coroutine_create(loop, NULL, answering_step, NULL, 0), ANYLOOP_E_INVALID);
    }
    loop_end(loop);
}

struct late_part { anyloop_coro co; };

ANYLOOP_ASYNC(late_part)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    ANYLOOP_RETURN(anyloop_int(3));
    ANYLOOP_END;
}

struct calls_late { anyloop_coro co; struct late_part part; int raises; uint32_t *leaving; };

ANYLOOP_ASYNC(calls_late)
{
    ANYLOOP_BEGIN;
    if (my->raises)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "mine");
    ANYLOOP_RETURN(anyloop_int(7));
    ANYLOOP_FINALLY;
    ANYLOOP_CALL(late_part, my->part);
    *my->leaving = ANYLOOP_LEAVING;
    ANYLOOP_END;
}

static void what_a_cleanup_calls_does_not_change_how_it_is_left(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    uint32_t leaving = 0;
    anyloop_task *task = ANYLOOP_TASK(loop, calls_late, .raises = 1, .leaving = &leaving);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(anyloop_future_error(task), NULL), "mine");
    assert_int_equal(leaving, ANYLOOP_FAILED);
    anyloop_future_release(task);
    task = ANYLOOP_TASK(loop, calls_late, .leaving = &leaving);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 7);
    assert_int_equal(leaving, ANYLOOP_RESULT);
    anyloop_future_release(task);
    loop_end(loop);
}

struct returns { anyloop_coro co; };

ANYLOOP_ASYNC(returns)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    return ANYLOOP_STEP_RETURN;
    ANYLOOP_END;
}

static void a_plain_return_is_told(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, ANYLOOP_TASK(loop, returns), ANYLOOP_E_STATE);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(what_a_cleanup_calls_does_not_change_how_it_is_left),
        cmocka_unit_test(a_plain_return_is_told),
        cmocka_unit_test(finally_runs_once_on_every_way_out),
        cmocka_unit_test(finally_runs_once_when_an_await_a_yield_or_a_park_is_cancelled),
        cmocka_unit_test(finally_runs_once_when_the_loop_closes),
        cmocka_unit_test(what_was_never_started_has_nothing_to_clean_up),
        cmocka_unit_test(a_cleanup_may_await_and_the_outcome_stays),
        cmocka_unit_test(leaving_from_a_cleanup_replaces_the_outcome),
        cmocka_unit_test(a_cancelled_cleanup_ends_there),
        cmocka_unit_test(a_cleanup_at_the_close_stops_at_its_first_await),
        cmocka_unit_test(try_goes_on_with_every_outcome),
        cmocka_unit_test(try_leaves_when_the_loop_closes),
        cmocka_unit_test(a_call_runs_inside_the_caller_and_can_be_repeated),
        cmocka_unit_test(a_cancellation_and_the_close_go_through_a_call_from_the_inside),
        cmocka_unit_test(a_frame_is_copied_stays_in_its_place_and_keeps_its_members),
        cmocka_unit_test(a_coroutine_without_arguments_a_finally_or_a_return_gives_none),
        cmocka_unit_test(what_was_awaited_can_be_returned),
        cmocka_unit_test(tasks_coroutines_and_gathers_are_made_in_a_line),
        cmocka_unit_test(what_a_value_is_asked_for_is_answered_by_its_kind_only),
        cmocka_unit_test(an_await_inside_a_switch_is_an_error_that_says_so),
        cmocka_unit_test(an_answer_that_is_none_fails_the_task),
    };
    return cmocka_run_group_tests_name("coro", cases, NULL, NULL);
}
