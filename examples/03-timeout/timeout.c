/* timeout.c -- time limits and cancellation: who is cancelled sees it at its await, cleans up, and ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct download { anyloop_coro co; const char *name; int64_t takes; };

ANYLOOP_ASYNC(download)
{
    ANYLOOP_BEGIN;
    printf("%s: begins\n", my->name);
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->takes));
    printf("%s: complete\n", my->name);
    ANYLOOP_FINALLY;
    printf("%s: closed\n", my->name);
    ANYLOOP_END;
}

struct app { anyloop_coro co; anyloop_task *task; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;

    /* Not longer than 20 ms: then it is cancelled, and the error is a timeout. */
    ANYLOOP_TRY(anyloop_wait_for(my->co.loop,
                                 ANYLOOP_CORO(my->co.loop, download, .name = "slow", .takes = ANYLOOP_SECONDS(60)),
                                 ANYLOOP_MS(20)));
    printf("wait_for: %s\n", anyloop_status_name(anyloop_error_code(ANYLOOP_AWAITED)));

    /* Anybody who has the task may cancel it. */
    my->task = ANYLOOP_TASK(my->co.loop, download, .name = "unwanted", .takes = ANYLOOP_SECONDS(60));
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    anyloop_future_cancel(my->task, ANYLOOP_VALUE(anyloop_static_text("changed my mind")));
    ANYLOOP_TRY(my->task);
    if (ANYLOOP_OUTCOME == ANYLOOP_CANCELLED)
        printf("cancelled: %s\n", anyloop_error_text(ANYLOOP_AWAITED, NULL));

    /* A shield takes the cancellation; what is behind it goes on. The task is awaited twice, so it is retained once. */
    my->task = ANYLOOP_TASK(my->co.loop, download, .name = "precious", .takes = ANYLOOP_MS(40));
    ANYLOOP_TRY(anyloop_wait_for(my->co.loop, anyloop_shield(my->co.loop, anyloop_future_retain(my->task)),
                                 ANYLOOP_MS(20)));
    printf("wait_for: %s\n", anyloop_status_name(anyloop_error_code(ANYLOOP_AWAITED)));
    ANYLOOP_AWAIT(my->task);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_status status = anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL);

    if (status != ANYLOOP_OK)
        fprintf(stderr, "timeout: %s\n", anyloop_status_text(status));
    return status != ANYLOOP_OK;
}
