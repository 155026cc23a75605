/* A million promises, four threads that race to keep each of them, wakers and cancellations among them.
 *
 * A wave of promises at a time. For each there is a task that awaits it and then parks, and a waker of that task. Every
 * racer does to every promise of the wave what its number and the promise's say: keeps it with a result or an error, or
 * only lets go of it; wakes the task; cancels it by the waker. Tasks cancel their neighbours' futures meanwhile. The
 * wave is over when the run ends by itself: nobody is left outside, nothing is ready, no task waits. Then the books
 * must balance.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../unit/test.h"

#include <stdbool.h>

#define PROMISES 1000000
#define WAVE 2000
#define RACERS 4

/* What becomes of the promise with this number. */
static bool nobody_keeps(int number)
{
    return number % 32 == 5;
}

static bool carries_an_owner(int number)
{
    return number % 8 == 0;
}

/* Racer 0 cancels before it keeps, racer 1 after it. */
static bool racer_cancels(int racer, int number)
{
    return (racer == 0 && number % 16 == 1) || (racer == 1 && number % 16 == 9);
}

static bool cancels_its_neighbour(int number)
{
    return number % 16 == 3;
}

/* ---- the wave */

static struct {
    anyloop_promise *promise;
    anyloop_future *future; /* the case's; also for the neighbour */
    anyloop_waker *waker;
    atomic_int wins;
    int winner;      /* written by the winning racer */
    int got;         /* the racer whose value arrived; RACERS: nobody's; -1: not yet */
    uint32_t state;
    int resumed, unparked, ended;
} items[WAVE];

static atomic_int owners; /* alive */
static int cancelled_by_wakers;
static int racers[RACERS] = {0, 1, 2, 3};
static gate waves = GATE; /* opened once for each; once more, and it is over */
static bool over;

static void owner_goes(void *racer)
{
    (void)racer;
    atomic_fetch_sub(&owners, 1);
}

/* ---- the loop's side */

struct awaiter {
    anyloop_coro co;
    int number;
};

static int whose(const anyloop_value *value)
{
    if (value->kind == ANYLOOP_FOREIGN)
        return *(int *)anyloop_to_pointer(value);
    if (anyloop_error_code(value) <= ANYLOOP_E_FOREIGN_MAX)
        return (int)(ANYLOOP_E_FOREIGN_MAX - anyloop_error_code(value));
    return value->kind == ANYLOOP_INT ? (int)anyloop_to_int(value) : RACERS;
}

ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_future_retain(items[my->number].future));
    items[my->number].resumed++;
    items[my->number].state = ANYLOOP_OUTCOME;
    items[my->number].got = whose(ANYLOOP_AWAITED);
    if (cancels_its_neighbour(my->number) && my->number + 1 < WAVE)
        anyloop_future_cancel(items[my->number + 1].future, NULL);
    ANYLOOP_PARK;
    items[my->number].unparked++;
    ANYLOOP_FINALLY;
    items[my->number].ended++;
    ANYLOOP_END;
}

static void wave_make(anyloop_loop *loop)
{
    for (int i = 0; i < WAVE; i++) {
        assert_ok(anyloop_promise_new(loop, &items[i].promise, &items[i].future));
        anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .number = i);
        assert_ok(anyloop_task_waker(task, &items[i].waker));
        anyloop_future_release(task);
        for (int k = 1; k < RACERS; k++) {
            anyloop_promise_retain(items[i].promise);
            anyloop_waker_retain(items[i].waker);
        }
        atomic_init(&items[i].wins, 0);
        items[i].winner = items[i].got = -1;
        items[i].resumed = items[i].unparked = items[i].ended = 0;
    }
    turn(loop); /* cancelled before its first step, a task would run nothing */
}

/* Each promise's outcome must be what its racers can have made of it. */
static void wave_check(uint64_t outcomes[4])
{
    for (int i = 0; i < WAVE; i++) {
        uint32_t state = items[i].state;
        bool cancelled = racer_cancels(0, i) || racer_cancels(1, i);
        assert_int_equal(atomic_load(&items[i].wins), nobody_keeps(i) ? 0 : 1);
        assert_int_equal(items[i].resumed, 1);
        assert_int_equal(items[i].ended, 1);
        if (!cancelled)
            assert_int_equal(items[i].unparked, 1);
        cancelled_by_wakers += cancelled && (state == ANYLOOP_CANCELLED || items[i].unparked == 0);
        if (state == ANYLOOP_CANCELLED)
            assert_true(cancelled || (i > 0 && cancels_its_neighbour(i - 1)));
        else
            assert_int_equal(items[i].got, nobody_keeps(i) ? RACERS : items[i].winner);
        outcomes[state]++;
        anyloop_future_release(items[i].future);
    }
}

/* ---- the racers' */

static anyloop_status keep(int racer, int number)
{
    anyloop_value value;
    if (racer == RACERS - 1) {
        anyloop_value_error(NULL, (anyloop_status)(ANYLOOP_E_FOREIGN_MAX - racer), NULL, 0, &value);
        return anyloop_promise_set_error(items[number].promise, &value);
    }
    value = anyloop_int(racer);
    if (carries_an_owner(number)) {
        atomic_fetch_add(&owners, 1);
        anyloop_value_foreign(NULL, &racers[racer], owner_goes, &value);
    }
    return anyloop_promise_set_result(items[number].promise, &value);
}

static void race_for(int racer, int number)
{
    if (racer == 0 && racer_cancels(racer, number))
        anyloop_waker_cancel(items[number].waker);
    if (number % 2)
        anyloop_waker_wake(items[number].waker);
    if (!nobody_keeps(number) && keep(racer, number) == ANYLOOP_OK) {
        atomic_fetch_add(&items[number].wins, 1);
        items[number].winner = racer;
    }
    if (racer != 0 && racer_cancels(racer, number))
        anyloop_waker_cancel(items[number].waker);
    if (number % 2 == 0)
        anyloop_waker_wake(items[number].waker);
    anyloop_promise_release(items[number].promise);
    anyloop_waker_release(items[number].waker);
}

static void *race(void *argument)
{
    int racer = *(int *)argument;
    for (int wave = 1;; wave++) {
        gate_wait(&waves, wave);
        if (over)
            return NULL;
        for (int i = 0; i < WAVE; i++)
            race_for(racer, i);
    }
}

/* ---- all of it */

static void of_four_that_race_for_each_of_a_million_promises_one_wins_and_nothing_is_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    pthread_t threads[RACERS];
    uint64_t outcomes[4] = {0};
    assert_ok(anyloop_loop_set_log(loop, NULL, NULL)); /* every wave ends as a deadlock: that is no news */
    for (int k = 0; k < RACERS; k++)
        threads[k] = thread_start(race, &racers[k]);
    for (int wave = 0; wave < PROMISES / WAVE; wave++) {
        wave_make(loop);
        gate_open(&waves);
        assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
        assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
        wave_check(outcomes);
        assert_int_equal(owners, 0);
    }
    over = true;
    gate_open(&waves);
    for (int k = 0; k < RACERS; k++)
        thread_join(threads[k]);
    print_message("%d promises: %llu results, %llu errors, %llu cancellations\n", PROMISES,
                  (unsigned long long)outcomes[ANYLOOP_RESULT], (unsigned long long)outcomes[ANYLOOP_FAILED],
                  (unsigned long long)outcomes[ANYLOOP_CANCELLED]);
    for (int outcome = ANYLOOP_RESULT; outcome <= ANYLOOP_CANCELLED; outcome++)
        assert_true(outcomes[outcome] > 0);
    assert_true(cancelled_by_wakers > 0);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(of_four_that_race_for_each_of_a_million_promises_one_wins_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
