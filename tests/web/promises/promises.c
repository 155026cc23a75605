/* promises.c -- a promise of JavaScript that is settled inside a turn is continued after the turn, and before the next.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <emscripten/emscripten.h>
#include <stdio.h>

static anyloop_loop *loop;

EM_JS(void, settle, (int number), {
    Promise.resolve().then(function () { out('continuation of ' + number); });
})

static void second_turn(void *user_data)
{
    (void)user_data;
    printf("the next turn\n");
    anyloop_loop_stop(loop);
}

static void callback(void *user_data)
{
    const int number = (int)(intptr_t)user_data;
    printf("callback %d\n", number);
    settle(number);
    if (number == 1)
        anyloop_loop_call_soon(loop, second_turn, NULL, NULL, NULL);
}

struct app { anyloop_coro co; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    for (int i = 1; i <= 3; i++)
        anyloop_loop_call_soon(loop, callback, (void *)(intptr_t)i, NULL, NULL);
    settle(0);
    printf("the first turn\n");
    ANYLOOP_END;
}

static void ended(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    printf("callback 4\n"); /* of the same turn */
}

int main(void)
{
    loop = anyloop_get_event_loop();
    return anyloop_start(loop, ANYLOOP_CORO(loop, app), ended, NULL, NULL) != ANYLOOP_OK;
}
