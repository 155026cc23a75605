/* Much of everything: sizes that overflow, a million timers, a hundred thousand callbacks, depth on a small stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#define SMALL_STACK ((size_t)512 * 1024) /* their frames are larger, and they keep things there themselves */
#else
#define SMALL_STACK ((size_t)64 * 1024)
#endif

enum { MANY = 100000 };

static void sizes_that_overflow_find_no_memory_and_nothing_is_read(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 64};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        anyloop_value value = anyloop_int(3);
        assert_int_equal(anyloop_value_bytes(loop, "", sizes[i], &value), ANYLOOP_E_NOMEM);
        assert_int_equal(anyloop_value_text(loop, "", sizes[i], &value), ANYLOOP_E_NOMEM);
        assert_int_equal(value.kind, ANYLOOP_INT);
    }
    loop_end(loop);
}

/* ---- timers */

static void never(void *user_data)
{
    (void)user_data;
    fail_msg("a cancelled timer ran");
}

static void a_million_timers_that_are_cancelled_leave_nothing_behind(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *alive[1000];
    size_t blocks = 0;
    for (int i = 0; i < 1000000; i++) {
        int place = i % (int)LENGTH(alive);
        if (i >= (int)LENGTH(alive)) {
            assert_ok(anyloop_handle_cancel(alive[place]));
            anyloop_handle_release(alive[place]);
        }
        assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(1 + i * 7 % 1000), never, NULL, NULL, &alive[place]));
        if (place == 0)
            turn(loop); /* what was cancelled is let go */
        if (i == 10 * (int)LENGTH(alive))
            blocks = memory.blocks;
        if (i % 1000 == 0 && blocks)
            assert_in_range(memory.blocks, 1, 2 * blocks);
    }
    for (size_t i = 0; i < LENGTH(alive); i++) {
        assert_ok(anyloop_handle_cancel(alive[i]));
        anyloop_handle_release(alive[i]);
    }
    loop_end(loop);
}

/* ---- callbacks */

static int heard;

static void hear_one(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    heard++;
}

static void add_many(void *other, anyloop_future *future)
{
    (void)future;
    for (int i = 0; i < MANY; i++)
        assert_ok(anyloop_future_add_done_callback(other, hear_one, NULL, NULL));
    assert_ok(anyloop_future_set_result(other, NULL));
}

static void a_callback_may_add_a_hundred_thousand_others(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *first = future_new(loop), *second = future_new(loop);
    heard = 0;
    assert_ok(anyloop_future_add_done_callback(first, add_many, second, NULL));
    assert_ok(anyloop_future_set_result(first, NULL));
    turns(loop, 2);
    assert_int_equal(heard, MANY);
    anyloop_future_release(first);
    anyloop_future_release(second);
    loop_end(loop);
}

/* ---- depth, on a thread with a small stack; what is wrong there is said by a number */

struct digger {
    anyloop_coro co;
    int depth;
};

ANYLOOP_ASYNC(digger)
{
    ANYLOOP_BEGIN;
    if (my->depth == 0)
        ANYLOOP_YIELD;
    else
        ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, digger, .depth = my->depth - 1));
    ANYLOOP_END;
}

struct waiter {
    anyloop_coro co;
    anyloop_future *future;
};

ANYLOOP_ASYNC(waiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->future);
    ANYLOOP_END;
}

static void pass_on(void *next, anyloop_future *future)
{
    (void)future;
    anyloop_future_set_result(next, NULL);
    anyloop_future_release(next);
}

/* Each future's callback completes the next one. */
static bool chain_of_callbacks(anyloop_loop *loop)
{
    anyloop_future *first = NULL, *future, *next = NULL;
    anyloop_future_new(loop, &first);
    future = anyloop_future_retain(first);
    for (int i = 0; i < MANY; i++) {
        anyloop_future_new(loop, &next);
        anyloop_future_add_done_callback(future, pass_on, anyloop_future_retain(next), NULL);
        anyloop_future_release(future);
        future = next;
    }
    anyloop_future_set_result(first, NULL);
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    anyloop_future_release(first);
    anyloop_future_release(future);
    return status == ANYLOOP_OK;
}

/* A gather of a gather of a gather ..., completed, or cancelled from the outside. */
static bool nest_of_gathers(anyloop_loop *loop, bool cancelled)
{
    anyloop_future *inner = NULL, *outer;
    anyloop_future_new(loop, &inner);
    outer = anyloop_future_retain(inner);
    for (int i = 0; i < MANY / 10; i++)
        outer = anyloop_gather(loop, &outer, 1, 0);
    if (cancelled)
        anyloop_future_cancel(outer, NULL);
    else
        anyloop_future_set_result(inner, NULL);
    anyloop_status status = anyloop_loop_run_until_complete(loop, outer);
    anyloop_future_release(inner);
    anyloop_future_release(outer);
    return status == (cancelled ? ANYLOOP_E_CANCELLED : ANYLOOP_OK);
}

/* A task that awaits a task that awaits a task ... */
static bool line_of_tasks(anyloop_loop *loop, bool cancelled)
{
    anyloop_future *inner = NULL, *outer;
    anyloop_future_new(loop, &inner);
    outer = anyloop_future_retain(inner);
    for (int i = 0; i < MANY / 10; i++)
        outer = ANYLOOP_TASK(loop, waiter, .future = outer);
    for (int i = 0; i < 2; i++) {
        anyloop_loop_stop(loop);
        anyloop_loop_run_forever(loop);
    }
    if (cancelled)
        anyloop_future_cancel(outer, NULL);
    else
        anyloop_future_set_result(inner, NULL);
    anyloop_status status = anyloop_loop_run_until_complete(loop, outer);
    anyloop_future_release(inner);
    anyloop_future_release(outer);
    return status == (cancelled ? ANYLOOP_E_CANCELLED : ANYLOOP_OK);
}

static bool await_stack(anyloop_loop *loop)
{
    anyloop_future *task = ANYLOOP_TASK(loop, digger, .depth = MANY);
    anyloop_status status = anyloop_loop_run_until_complete(loop, task);
    anyloop_future_release(task);
    ANYLOOP_SPAWN(loop, digger, .depth = MANY); /* for the close */
    anyloop_loop_stop(loop);
    anyloop_loop_run_forever(loop);
    return status == ANYLOOP_OK;
}

static void *go_deep(void *wrong)
{
    const anyloop_loop_options options = {.struct_size = sizeof options, .allocator = &counted_memory};
    anyloop_loop *loop = NULL;
    if (anyloop_new_event_loop(&options, &loop) != ANYLOOP_OK) {
        *(int *)wrong = 1;
        return NULL;
    }
    *(int *)wrong = !chain_of_callbacks(loop)       ? 2
                    : !nest_of_gathers(loop, false) ? 3
                    : !nest_of_gathers(loop, true)  ? 4
                    : !line_of_tasks(loop, false)   ? 5
                    : !line_of_tasks(loop, true)    ? 6
                    : !await_stack(loop)            ? 7
                                                    : 0;
    if (anyloop_loop_close(loop) != ANYLOOP_OK)
        *(int *)wrong = 8;
    anyloop_loop_release(loop);
    return NULL;
}

static void depth_takes_no_stack(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    pthread_t thread;
    int wrong = -1;
    begin();
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, go_deep, &wrong), 0);
    thread_join(thread);
    pthread_attr_destroy(&attributes);
    assert_int_equal(wrong, 0);
    assert_int_equal(memory.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(sizes_that_overflow_find_no_memory_and_nothing_is_read),
        cmocka_unit_test(a_million_timers_that_are_cancelled_leave_nothing_behind),
        cmocka_unit_test(a_callback_may_add_a_hundred_thousand_others),
        cmocka_unit_test_of_threads(depth_takes_no_stack),
    };
    return cmocka_run_group_tests_name("limits", cases, NULL, NULL);
}
