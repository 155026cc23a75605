/* loops.c -- a coroutine of another thread's loop, awaited in this one: asyncio's run_coroutine_threadsafe.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <pthread.h>
#include <stdio.h>

struct bake { anyloop_coro co; };

ANYLOOP_ASYNC(bake)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    ANYLOOP_RETURN(anyloop_static_text("a pizza"));
    ANYLOOP_END;
}

static void drop_promise(void *promise)
{
    anyloop_promise_release(promise);
}

/* On the bakery's thread, as what follows: however the task ends, so ends the promise's future. */
static void deliver(void *promise, anyloop_future *task)
{
    if (anyloop_future_state(task) == ANYLOOP_RESULT) {
        anyloop_value_retain(anyloop_future_result(task));
        anyloop_promise_set_result(promise, anyloop_future_result(task));
    } else {
        const anyloop_value *error = anyloop_future_error(task);
        anyloop_value_retain(error);
        anyloop_promise_set_error(promise, error);
    }
}

static void take_order(void *promise)
{
    anyloop_task *task = ANYLOOP_TASK(anyloop_get_running_loop(), bake);
    anyloop_future_add_done_callback(task, deliver, anyloop_promise_retain(promise), drop_promise);
    anyloop_future_release(task);
}

/* On the customer's thread. */
static anyloop_future *order(anyloop_loop *loop, anyloop_loop *bakery)
{
    anyloop_promise *promise;
    anyloop_future *future;
    anyloop_status status = anyloop_promise_new(loop, &promise, &future);

    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    /* When it is refused the promise is dropped, and the future fails with ANYLOOP_E_ABANDONED. */
    anyloop_loop_call_soon_threadsafe(bakery, take_order, promise, drop_promise);
    return future;
}

/* The thread makes the loop its own. The hold says that there will be orders. */
static void *run_bakery(void *loop)
{
    if (anyloop_set_event_loop(loop) == ANYLOOP_OK && anyloop_loop_hold(loop) == ANYLOOP_OK)
        anyloop_loop_run_forever(loop);
    anyloop_loop_close(loop);
    return NULL;
}

static void go_home(void *loop)
{
    anyloop_loop_stop(loop);
}

struct customer { anyloop_coro co; anyloop_loop *bakery; };

ANYLOOP_ASYNC(customer)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(order(my->co.loop, my->bakery));
    ANYLOOP_RETURN_AWAITED;
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop(), *bakery;
    anyloop_value result = anyloop_none();
    pthread_t thread;

    if (anyloop_new_event_loop(NULL, &bakery) != ANYLOOP_OK ||
        pthread_create(&thread, NULL, run_bakery, bakery) != 0)
        return 1;
    anyloop_status status = anyloop_run(loop, ANYLOOP_CORO(loop, customer, .bakery = bakery), &result);
    if (status == ANYLOOP_OK)
        printf("the customer has %s\n", anyloop_to_bytes(&result, NULL));
    anyloop_value_release(&result);

    anyloop_loop_call_soon_threadsafe(bakery, go_home, bakery, NULL);
    pthread_join(thread, NULL);
    anyloop_loop_release(bakery);
    return status != ANYLOOP_OK;
}
