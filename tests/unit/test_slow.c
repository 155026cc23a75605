/* Slow steps and callbacks, and how late timers are, on the simulated port: time passes when a step says so.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "port/sim/sim.h"

#define MS 1000000u

/* Works for so long, then awaits, and works again. */
struct worker {
    anyloop_coro co;
    uint64_t first, second;
    anyloop_future *awaited;
};

static int work_line;

ANYLOOP_ASYNC(worker)
{
    ANYLOOP_BEGIN;
    anyl_sim_advance(my->first);
    work_line = __LINE__ + 1;
    ANYLOOP_AWAIT(my->awaited);
    anyl_sim_advance(my->second);
    ANYLOOP_END;
}

static void work(void *milliseconds)
{
    anyl_sim_advance(*(uint64_t *)milliseconds * MS);
}

static char told[1024];

/* "NAME DURATION ms FROM TO", and places as -, < (the worker's await) or ? */
static const char *place(const char *where)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%s:%d", __FILE__, work_line);
    return where == NULL ? "-" : strcmp(where, expected) == 0 ? "<" : "?";
}

static void tell(void *user_data, anyloop_loop *loop, const anyloop_slow_callback *slow)
{
    size_t used = strlen(told);
    assert_non_null(loop);
    assert_int_equal(slow->struct_size, sizeof *slow);
    assert_true((slow->task == NULL) == (slow->name == NULL));
    if (user_data)
        ++*(int *)user_data;
    snprintf(told + used, sizeof told - used, "%s %d %s%s,", slow->name ? slow->name : "callback",
             (int)(slow->duration / MS), place(slow->from), place(slow->to));
}

static void assert_told(const char *expected)
{
    assert_string_equal(told, expected);
    told[0] = 0;
}

static anyloop_loop *loop_watched(int64_t duration)
{
    anyloop_loop *loop = loop_real();
    told[0] = 0;
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, duration, tell, NULL, NULL));
    return loop;
}

static anyloop_task *works(anyloop_loop *loop, uint64_t first, uint64_t second)
{
    return ANYLOOP_TASK(loop, worker, .first = first * MS, .second = second * MS, .awaited = anyloop_sleep(loop, 1));
}

/* ---- slow callbacks */

static void a_slow_step_is_told_with_the_tasks_name_and_from_where_to_where(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(ANYLOOP_MS(100));
    run_to(loop, works(loop, 150, 200), ANYLOOP_OK);
    assert_told("worker 150 -<,worker 200 <-,");
    loop_end(loop);
}

static void a_step_that_takes_less_is_not_told(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(ANYLOOP_MS(100));
    run_to(loop, works(loop, 99, 100), ANYLOOP_OK);
    assert_told("worker 100 <-,");
    loop_end(loop);
}

static void a_slow_callback_has_no_name(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(ANYLOOP_MS(100));
    uint64_t soon = 120, later = 130;
    assert_ok(anyloop_loop_call_soon(loop, work, &soon, NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(500), work, &later, NULL, NULL));
    run_to(loop, anyloop_sleep(loop, ANYLOOP_MS(600)), ANYLOOP_OK);
    assert_told("callback 120 --,callback 130 --,");
    loop_end(loop);
}

static void a_nested_coroutine_is_told_by_its_innermost_place(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(ANYLOOP_MS(100));
    anyloop_future *inner = ANYLOOP_CORO(loop, worker, .second = 200 * MS, .awaited = anyloop_sleep(loop, 1));
    run_to(loop, ANYLOOP_TASK(loop, worker, .first = 100 * MS, .awaited = inner), ANYLOOP_OK);
    assert_told("worker 100 -<,worker 200 <-,");
    loop_end(loop);
}

static void an_unnamed_task_is_told_by_its_number(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(0);
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
    assert_non_null(strstr(told, "Task-1 0 --,"));
    told[0] = 0;
    loop_end(loop);
}

static void without_a_handler_it_is_a_warning_in_the_log(void **state)
{
    (void)state;
    char expected[512];
    uint64_t soon = 120;
    anyloop_loop *loop = loop_real();
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, ANYLOOP_MS(100), NULL, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, work, &soon, NULL, NULL));
    run_to(loop, works(loop, 0, 2500), ANYLOOP_OK);
    snprintf(expected, sizeof expected, "slow: a callback ran for 120 ms\nslow: task worker ran for 2.5 s from %s:%d\n",
             __FILE__, work_line);
    assert_string_equal(said.text, expected);
    assert_said("slow");
    loop_end(loop);
}

static void time_is_the_real_one_where_the_loops_clock_is_virtual(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, ANYLOOP_MS(100), tell, NULL, NULL));
    run_to(loop, ANYLOOP_TASK(loop, worker, .first = 150 * MS, .awaited = anyloop_sleep(loop, ANYLOOP_SECONDS(9))),
           ANYLOOP_OK);
    assert_told("worker 150 -<,");
    loop_end(loop);
}

static void a_turn_with_a_budget_tells_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_watched(ANYLOOP_MS(100));
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_task *one = works(loop, 150, 0), *two = works(loop, 150, 0);
    assert_ok(anyloop_loop_turn(loop, 100 * MS, NULL, 0, &info));
    assert_int_equal(info.interrupted, 1);
    assert_told("worker 150 -<,");
    assert_ok(anyloop_loop_turn(loop, 100 * MS, NULL, 0, &info));
    assert_told("worker 150 -<,");
    run_to(loop, one, ANYLOOP_OK);
    run_to(loop, two, ANYLOOP_OK);
    loop_end(loop);
}

static void watching_changes_no_order(void **state)
{
    (void)state;
    for (int watched = 0; watched < 2; watched++) {
        anyloop_loop *loop = loop_watched(watched ? 0 : ANYLOOP_FOREVER);
        assert_ok(anyloop_loop_call_soon(loop, note, "a", note, NULL));
        assert_ok(anyloop_loop_call_soon(loop, note, "b", note, NULL));
        turn(loop);
        assert_trace("a a b b");
        assert_told(watched ? "callback 0 --,callback 0 --," : "");
        loop_end(loop);
    }
}

static void switch_off(void *loop)
{
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, ANYLOOP_FOREVER, NULL, NULL, NULL));
}

static void what_is_switched_off_in_a_callback_is_off_at_once(void **state)
{
    (void)state;
    uint64_t soon = 120;
    anyloop_loop *loop = loop_watched(0);
    assert_ok(anyloop_loop_call_soon(loop, work, &soon, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, switch_off, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, work, &soon, NULL, NULL));
    turn(loop);
    assert_told("callback 120 --,");
    loop_end(loop);
}

static void a_handler_is_dropped_once_when_another_comes_and_with_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    tally one = {0, 0}, two = {0, 0}, refused = {0, 0};
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, 0, tell, &one, tally_drop));
    assert_int_equal(anyloop_loop_set_slow_callback_handler(loop, -1, tell, &refused, tally_drop), ANYLOOP_E_INVALID);
    assert_tally(&refused, 0, 1);
    assert_tally(&one, 0, 0);
    assert_ok(anyloop_loop_set_slow_callback_handler(loop, ANYLOOP_FOREVER, tell, &two, tally_drop));
    assert_tally(&one, 0, 1);
    assert_tally(&two, 0, 0);
    loop_end(loop);
    assert_tally(&one, 0, 1);
    assert_tally(&two, 0, 1);
}

/* ---- lag */

static uint64_t lags_of(const anyloop_loop_figures *figures)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ANYLOOP_HISTOGRAM_SIZE; i++)
        sum += figures->lag[i];
    return sum;
}

static void a_turn_that_finds_a_timer_due_counts_by_how_late_it_is(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_loop_figures figures = {.struct_size = sizeof figures};
    uint64_t before = 3;
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
    assert_ok(anyloop_loop_get_figures(loop, &figures));
    assert_int_equal(figures.lag[0], 1); /* the simulated port is never late by itself */
    assert_int_equal(figures.lag_most, 0);

    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(1), note, "late", NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(2), note, "less", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, work, &before, NULL, NULL));
    turns(loop, 2);
    assert_trace("late less");
    assert_ok(anyloop_loop_get_figures(loop, &figures));
    assert_int_equal(figures.lag_most, 2 * MS);
    assert_int_equal(figures.lag[11], 1); /* 2^20 ns to 2^21 */
    assert_int_equal(lags_of(&figures), 2);
    loop_end(loop);
}

static void a_lag_goes_where_the_header_says(void **state)
{
    (void)state;
    static const struct {
        uint64_t lag;
        uint32_t bucket;
    } rows[] = {{0, 0},    {1023, 0},        {1024, 1},        {2047, 1},
                {2048, 2}, {4294967295, 22}, {4294967296, 23}, {1ull << 40, 23}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        anyloop_loop *loop = loop_real();
        anyloop_loop_figures figures = {.struct_size = sizeof figures};
        assert_ok(anyloop_loop_call_later(loop, 0, note, "due", NULL, NULL));
        anyl_sim_advance(rows[i].lag);
        turn(loop);
        assert_trace("due");
        assert_ok(anyloop_loop_get_figures(loop, &figures));
        assert_int_equal(figures.lag_most, rows[i].lag);
        assert_int_equal(figures.lag[rows[i].bucket], 1);
        assert_int_equal(lags_of(&figures), 1);
        loop_end(loop);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_slow_step_is_told_with_the_tasks_name_and_from_where_to_where),
        cmocka_unit_test(a_step_that_takes_less_is_not_told),
        cmocka_unit_test(a_slow_callback_has_no_name),
        cmocka_unit_test(a_nested_coroutine_is_told_by_its_innermost_place),
        cmocka_unit_test(an_unnamed_task_is_told_by_its_number),
        cmocka_unit_test(without_a_handler_it_is_a_warning_in_the_log),
        cmocka_unit_test(time_is_the_real_one_where_the_loops_clock_is_virtual),
        cmocka_unit_test(a_turn_with_a_budget_tells_too),
        cmocka_unit_test(watching_changes_no_order),
        cmocka_unit_test(what_is_switched_off_in_a_callback_is_off_at_once),
        cmocka_unit_test(a_handler_is_dropped_once_when_another_comes_and_with_the_loop),
        cmocka_unit_test(a_turn_that_finds_a_timer_due_counts_by_how_late_it_is),
        cmocka_unit_test(a_lag_goes_where_the_header_says),
    };
    return cmocka_run_group_tests_name("slow", cases, NULL, NULL);
}
