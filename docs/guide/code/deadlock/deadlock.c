/* deadlock.c -- two tasks that wait for each other: the run ends and says who waits, for what, and where.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

struct clerk { anyloop_coro co; anyloop_future *form; anyloop_future *stamp; };

ANYLOOP_ASYNC(clerk)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_future_retain(my->form));
    anyloop_future_set_result(my->stamp, NULL);
    ANYLOOP_END;
}

struct office { anyloop_coro co; anyloop_future *one, *two; anyloop_task *clerks[2]; };

ANYLOOP_ASYNC(office)
{
    ANYLOOP_BEGIN;
    if (anyloop_future_new(my->co.loop, &my->one) != ANYLOOP_OK ||
        anyloop_future_new(my->co.loop, &my->two) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, NULL);
    my->clerks[0] = ANYLOOP_TASK(my->co.loop, clerk, .form = my->one, .stamp = my->two);
    my->clerks[1] = ANYLOOP_TASK(my->co.loop, clerk, .form = my->two, .stamp = my->one);
    ANYLOOP_AWAIT(anyloop_gather(my->co.loop, my->clerks, 2, 0));
    ANYLOOP_FINALLY;
    anyloop_future_release(my->one);
    anyloop_future_release(my->two);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    return anyloop_run(loop, ANYLOOP_CORO(loop, office), NULL) != ANYLOOP_E_DEADLOCK;
}
