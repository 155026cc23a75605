/* queue.c -- a bounded queue, one producer and three workers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct worker { anyloop_coro co; anyloop_queue *queue; int id; int64_t number; };

ANYLOOP_ASYNC(worker)
{
    ANYLOOP_BEGIN;
    for (;;) {
        ANYLOOP_TRY(anyloop_queue_get(my->queue));
        if (anyloop_error_code(ANYLOOP_AWAITED) == ANYLOOP_E_SHUTDOWN)
            break; /* no more items, ever */
        if (ANYLOOP_OUTCOME != ANYLOOP_RESULT)
            ANYLOOP_RERAISE;
        my->number = anyloop_to_int(ANYLOOP_AWAITED);
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
        printf("worker %d: item %lld\n", my->id, (long long)my->number);
        anyloop_queue_task_done(my->queue);
    }
    printf("worker %d: done\n", my->id);
    ANYLOOP_END;
}

enum { WORKERS = 3, ITEMS = 7 };

struct app { anyloop_coro co; anyloop_queue *queue; anyloop_task *workers[WORKERS]; int64_t number; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    if (anyloop_queue_new(my->co.loop, 2, ANYLOOP_QUEUE_FIFO, &my->queue) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "no queue");
    for (int i = 0; i < WORKERS; i++)
        my->workers[i] = ANYLOOP_TASK(my->co.loop, worker, .queue = my->queue, .id = i + 1);

    for (my->number = 1; my->number <= ITEMS; my->number++) /* waits while two items are in the queue */
        ANYLOOP_AWAIT(anyloop_queue_put(my->queue, ANYLOOP_VALUE(anyloop_int(my->number)), 0));
    ANYLOOP_AWAIT(anyloop_queue_join(my->queue));
    puts("all items are dealt with");

    anyloop_queue_shutdown(my->queue, 0);
    ANYLOOP_AWAIT(anyloop_gather(my->co.loop, my->workers, WORKERS, 0));
    ANYLOOP_FINALLY;
    anyloop_queue_release(my->queue);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_status status = anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL);

    if (status != ANYLOOP_OK)
        fprintf(stderr, "queue: %s\n", anyloop_status_text(status));
    return status != ANYLOOP_OK;
}
