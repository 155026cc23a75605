/* Timers under a clock that jumps, goes back, stands still, and under waits that end too soon.
 *
 * Whatever the clock does: each timer runs once, those that are due in the order of their deadlines and at one deadline
 * in the order in which they were set, and none before the clock shows its time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/sim/sim.h"
#include "test.h"

#define TIMERS 200
#define YEAR ANYLOOP_SECONDS(31556952)

struct timer {
    anyloop_loop *loop;
    uint64_t deadline;
    int number, ran;
};

static struct timer timers[TIMERS];
static struct timer *last;   /* the one that ran last */
static int due_before; /* how many ran that were due before one that had run: only a clock that went back does that */

static void run_timer(void *user_data)
{
    struct timer *timer = user_data;
    timer->ran++;
    assert_true(anyloop_loop_time(timer->loop) >= timer->deadline);
    if (last &&
        (timer->deadline < last->deadline || (timer->deadline == last->deadline && timer->number < last->number)))
        due_before++;
    last = timer;
}

/* At deadlines from 1 to 50 s from now, each four times, in no order. */
static anyloop_loop *loop_with_timers(void)
{
    anyl_sim_set((uint64_t)HOUR);
    anyl_sim_wait_short(0);
    anyloop_loop *loop = loop_real();
    last = NULL;
    due_before = 0;
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct timer){.loop = loop, .number = i};
        timers[i].deadline = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_SECONDS(1 + i * 37 % 50);
        assert_ok(anyloop_loop_call_at(loop, timers[i].deadline, run_timer, &timers[i], NULL, NULL));
    }
    return loop;
}

/* Runs until all that is left is a program that cannot end. */
static void run_all(anyloop_loop *loop)
{
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    said.text[0] = 0;
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(timers[i].ran, 1);
    assert_int_equal(due_before, 0);
}

static void jump(void *ns)
{
    anyl_sim_advance(*(uint64_t *)ns);
}

static void after_a_jump_what_is_due_runs_once_and_in_order(void **state)
{
    (void)state;
    uint64_t jumps[] = {(uint64_t)HOUR, 10 * (uint64_t)YEAR, 250 * (uint64_t)YEAR};
    for (size_t i = 0; i < LENGTH(jumps); i++) {
        anyloop_loop *loop = loop_with_timers();
        assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(20) + 1, jump, &jumps[i], NULL, NULL));
        run_all(loop);
        assert_true(anyloop_loop_time(loop) >= (uint64_t)HOUR + jumps[i]);
        loop_end(loop);
    }
}

static void go_back(void *loop)
{
    anyl_sim_set(anyloop_loop_time(loop) - (uint64_t)ANYLOOP_SECONDS(1800));
}

static void when_the_clock_goes_back_no_timer_is_early_and_none_is_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_with_timers();
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(20) + 1, go_back, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(40), go_back, loop, NULL, NULL));
    run_all(loop);
    loop_end(loop);
}

static void a_wait_that_ends_too_soon_makes_no_timer_early(void **state)
{
    (void)state;
    uint64_t shorts[] = {1, (uint64_t)ANYLOOP_MS(1), (uint64_t)ANYLOOP_MS(700)};
    for (size_t i = 0; i < LENGTH(shorts); i++) {
        anyloop_loop *loop = loop_with_timers();
        anyl_sim_wait_short(shorts[i]);
        run_all(loop);
        anyl_sim_wait_short(0);
        loop_end(loop);
    }
}

static void a_deadline_beyond_the_clocks_end_is_its_last_instant(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_with_timers();
    tally never = {0, 0}, late = {0, 0};
    anyl_sim_set(UINT64_MAX - 10);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_FOREVER, tally_run, &never, tally_drop, NULL));
    assert_ok(anyloop_loop_call_later(loop, 100, tally_run, &late, tally_drop, NULL));
    run_all(loop);
    loop_end(loop);
    assert_tally(&never, 0, 1);
    assert_tally(&late, 1, 1);
}

/* ---- what sets itself again */

static int again, others;

static void set_again(void *loop)
{
    if (++again < 1000)
        assert_ok(anyloop_loop_call_later(loop, 0, set_again, loop, NULL, NULL));
}

static void other_again(void *loop)
{
    others++;
    if (again < 1000)
        assert_ok(anyloop_loop_call_soon(loop, other_again, loop, NULL, NULL));
}

static void a_timer_that_sets_itself_for_now_starves_neither_callbacks_nor_mail(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    tally mail = {0, 0};
    again = others = 0;
    assert_ok(anyloop_loop_call_later(loop, 0, set_again, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, other_again, loop, NULL, NULL));
    turns(loop, 10);
    assert_in_range(again, 8, 10);
    assert_in_range(others, 9, 10);
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, tally_run, &mail, tally_drop));
    turns(loop, 2);
    assert_tally(&mail, 1, 1);
    assert_in_range(again, 10, 12);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(after_a_jump_what_is_due_runs_once_and_in_order),
        cmocka_unit_test(when_the_clock_goes_back_no_timer_is_early_and_none_is_lost),
        cmocka_unit_test(a_wait_that_ends_too_soon_makes_no_timer_early),
        cmocka_unit_test(a_deadline_beyond_the_clocks_end_is_its_last_instant),
        cmocka_unit_test(a_timer_that_sets_itself_for_now_starves_neither_callbacks_nor_mail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
