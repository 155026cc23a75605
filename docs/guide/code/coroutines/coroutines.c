/* coroutines.c -- three ways to run a coroutine from a coroutine, and what all of them are underneath.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

/* Awaits itself: each call goes onto the await stack of the one task that runs them all. */
struct fibonacci { anyloop_coro co; int n; int64_t before; };

ANYLOOP_ASYNC(fibonacci)
{
    ANYLOOP_BEGIN;
    if (my->n < 2)
        ANYLOOP_RETURN(anyloop_int(my->n));
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, fibonacci, .n = my->n - 2));
    my->before = anyloop_to_int(ANYLOOP_AWAITED);
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, fibonacci, .n = my->n - 1));
    ANYLOOP_RETURN(anyloop_int(my->before + anyloop_to_int(ANYLOOP_AWAITED)));
    ANYLOOP_END;
}

struct greet { anyloop_coro co; const char *name; };

ANYLOOP_ASYNC(greet)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 0));
    printf("hello, %s\n", my->name);
    ANYLOOP_END;
}

/* The same without macros: a step function and a frame. */
struct plain { int64_t nap; };

static int32_t plain_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct plain *my = frame;

    if (event == ANYLOOP_EVENT_CLOSE)
        return ANYLOOP_STEP_RETURN; /* nothing to clean up */
    if (event == ANYLOOP_EVENT_START) {
        anyloop_future *nap = anyloop_sleep(anyloop_task_loop(task), my->nap);
        if (anyloop_task_await(task, nap, "plain_step: the nap") == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
    }
    if (anyloop_task_outcome(task) != ANYLOOP_RESULT) {
        anyloop_task_reraise(task);
        return ANYLOOP_STEP_RAISE;
    }
    puts("hello, plain step");
    return ANYLOOP_STEP_RETURN;
}

struct app { anyloop_coro co; anyloop_task *task; struct greet part; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    /* Awaited, it runs inside this task. */
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, greet, .name = "await stack"));

    /* A task of its own runs beside this one from the next turn on, whether or not anybody awaits it. */
    my->task = ANYLOOP_TASK(my->co.loop, greet, .name = "task");
    ANYLOOP_AWAIT(my->task);

    /* Called, it is a part of this coroutine: its frame lies in this frame, and nothing is allocated. */
    my->part.name = "call";
    ANYLOOP_CALL(greet, my->part);

    ANYLOOP_AWAIT(anyloop_coroutine_create(my->co.loop, "plain", plain_step, &(struct plain){.nap = ANYLOOP_MS(1)},
                                           sizeof(struct plain)));
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, fibonacci, .n = 15));
    printf("fibonacci %lld\n", (long long)anyloop_to_int(ANYLOOP_AWAITED));
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    return anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL) != ANYLOOP_OK;
}
