/* promises.c -- a promise of JavaScript that is settled inside a turn is continued after the turn, and before the next.
 *
 * A turn that takes long is finished in another macrotask, and promises are continued in between: one that did is tried again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <emscripten/emscripten.h>
#include <stdio.h>

enum { LONG = 4000000 }; /* ns: half of what a turn may take */

static anyloop_loop *loop;
static char order[64];
static size_t events;
static uint64_t began;

static void note(const char *what)
{
    events += (size_t)snprintf(order + events, sizeof order - events, "%s%s", events ? " " : "", what);
}

EMSCRIPTEN_KEEPALIVE void continued(int number)
{
    note((const char *[]){"a", "b", "c"}[number]);
}

EM_JS(void, settle, (int number), { Promise.resolve(number).then(_continued); })

static void first(void *user_data);

static void next_turn(void *user_data)
{
    (void)user_data;
    note("next");
    if (anyloop_loop_time(loop) - began >= LONG) {
        anyloop_loop_call_soon(loop, first, NULL, NULL, NULL);
        return;
    }
    puts(order);
    anyloop_loop_stop(loop);
}

static void callback(void *user_data)
{
    const int number = (int)(intptr_t)user_data;
    note((const char *[]){"A", "B", "C"}[number]);
    settle(number);
    if (number == 0)
        anyloop_loop_call_soon(loop, next_turn, NULL, NULL, NULL);
}

/* Their turn is the next. */
static void first(void *user_data)
{
    (void)user_data;
    events = 0;
    began = anyloop_loop_time(loop);
    for (int i = 0; i < 3; i++)
        anyloop_loop_call_soon(loop, callback, (void *)(intptr_t)i, NULL, NULL);
}

static void started(void *user_data, anyloop_future *future)
{
    (void)future;
    first(user_data);
}

int main(void)
{
    loop = anyloop_get_event_loop();
    return anyloop_start(loop, anyloop_sleep(loop, 0), started, NULL, NULL) != ANYLOOP_OK;
}
