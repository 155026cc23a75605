/* wakes.c -- the page's own events wake a run that is suspended in it; in Node, whose thread the run has, nobody could.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>
#include <emscripten.h>

#include <stdio.h>

static anyloop_loop *loop;
static anyloop_promise *promise;
static anyloop_future *bare;
static int busy;

/* clang-format off */
EM_JS(void, later, (int ms), { setTimeout(function () { _event(); }, ms); })
EM_JS(void, count_events, (void), {
    Module.count = 0;
    Module.timer = setInterval(function () { Module.count++; }, 10);
})
EM_JS(int, counted, (void), { clearInterval(Module.timer); return Module.count; })
/* clang-format on */

EMSCRIPTEN_KEEPALIVE void event(void)
{
    anyloop_promise_set_result(promise, NULL);
    anyloop_future_set_result(bare, NULL);
}

static void work(void *user_data)
{
    uint64_t end = anyloop_loop_time(loop) + 2000000;
    (void)user_data;
    while (anyloop_loop_time(loop) < end) {
    }
    if (++busy < 250)
        anyloop_loop_call_at(loop, end - 1000000, work, NULL, NULL, NULL); /* due already */
    else
        anyloop_loop_stop(loop);
}

static void run(const char *what, anyloop_future *future)
{
    printf("%s: %s\n", what, anyloop_status_name(anyloop_loop_run_until_complete(loop, future)));
}

int main(void)
{
    anyloop_future *kept;
    loop = anyloop_get_event_loop();
    anyloop_loop_set_log(loop, NULL, NULL);
    anyloop_promise_new(loop, &promise, &kept);
    anyloop_future_new(loop, &bare);
    later(20);
    run("a promise", kept);
    anyloop_handle *far;
    anyloop_loop_call_later(loop, ANYLOOP_FOREVER / 2, work, NULL, NULL, &far); /* or it would be a deadlock */
    if (anyloop_future_state(bare) == ANYLOOP_PENDING && anyloop_future_state(kept) == ANYLOOP_PENDING)
        anyloop_future_set_result(bare, NULL); /* Node */
    run("a future", bare);
    anyloop_handle_cancel(far);
    anyloop_handle_release(far);

    count_events();
    anyloop_loop_call_soon(loop, work, NULL, NULL, NULL);
    anyloop_loop_run_forever(loop);
    int events = counted();
    printf("timers that fall behind: %s\n", events > 10 ? "the page has turns" : "the host waits");

    anyloop_future_release(kept);
    anyloop_future_release(bare);
    anyloop_promise_release(promise);
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    return 0;
}
