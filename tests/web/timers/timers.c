/* timers.c -- 10,000 callbacks at points in time and 10,000 sleeps, set in disorder: none early, none lost, in order.
 *
 * `timers start` leaves the turns to the host; else they are a run's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

enum { TIMERS = 10000, STRIDE = 7919 }; /* without a common divisor */

static anyloop_loop *loop;
static uint64_t base;
static int called, slept, early, disorder;

static uint64_t point(int number)
{
    return base + (uint64_t)number * 100000; /* 1 s in all */
}

static void call(void *user_data)
{
    const int number = (int)(intptr_t)user_data;
    early += anyloop_loop_time(loop) < point(number);
    disorder += number != called++;
}

struct sleeper { anyloop_coro co; int number; uint64_t end; };

ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    my->end = point(my->number);
    {
        const uint64_t now = anyloop_loop_time(loop);
        my->end = my->end > now ? my->end : now;
        ANYLOOP_AWAIT(anyloop_sleep(loop, (int64_t)(my->end - now)));
    }
    early += anyloop_loop_time(loop) < my->end;
    slept++;
    ANYLOOP_END;
}

struct app { anyloop_coro co; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    base = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(300);
    for (int i = 0, number = 0; i < TIMERS; i++, number = (number + STRIDE) % TIMERS) {
        anyloop_loop_call_at(loop, point(number), call, (void *)(intptr_t)number, NULL, NULL);
        ANYLOOP_SPAWN(loop, sleeper, .number = number);
    }
    while (called < TIMERS || slept < TIMERS)
        ANYLOOP_AWAIT(anyloop_sleep(loop, ANYLOOP_MS(50)));
    printf("%d called, %d slept, %d early, %d out of order\n", called, slept, early, disorder);
    ANYLOOP_END;
}

static void stop(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    anyloop_loop_stop(loop);
}

int main(int argc, char **argv)
{
    loop = anyloop_get_event_loop();
    if (argc > 1 && strcmp(argv[1], "start") == 0)
        return anyloop_start(loop, ANYLOOP_CORO(loop, app), stop, NULL, NULL) != ANYLOOP_OK;
    return anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL) != ANYLOOP_OK;
}
