/* look.h -- tasks to look at, and what is seen of them, for the cases about that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TEST_LOOK_H
#define ANYLOOP_TEST_LOOK_H

#include "test.h"

/* ---- who is looked at */

struct waiter {
    anyloop_coro co;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(waiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->awaited);
    ANYLOOP_RETURN_AWAITED;
    ANYLOOP_END;
}

struct parker {
    anyloop_coro co;
};

ANYLOOP_ASYNC(parker)
{
    ANYLOOP_BEGIN;
    ANYLOOP_PARK;
    ANYLOOP_END;
}

static inline anyloop_task *named(anyloop_loop *loop, const char *name, anyloop_future *coroutine)
{
    const anyloop_task_options options = {.struct_size = sizeof options, .name = name};
    return anyloop_create_task(loop, coroutine, &options);
}

static inline anyloop_task *waits(anyloop_loop *loop, const char *name, anyloop_future *awaited)
{
    return named(loop, name, ANYLOOP_CORO(loop, waiter, .awaited = awaited));
}

static inline void spawn_waits(anyloop_loop *loop, const char *name, anyloop_future *awaited)
{
    anyloop_future_release(waits(loop, name, awaited));
}

/* ---- what is seen */

static char seen[4096];

static inline void see(const char *format, ...)
{
    size_t used = strlen(seen);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(seen + used, sizeof seen - used, format, arguments);
    va_end(arguments);
}

static inline void assert_seen(const char *expected)
{
    assert_string_equal(seen, expected);
    seen[0] = 0;
}

/* "NAME STATE: WHAT IT AWAITS <AWAITED BY" */
static inline anyloop_status describe(void *user_data, const anyloop_task_info *info)
{
    static const char *const states[] = {"ready", "running", "waiting", "parked"};
    (void)user_data;
    assert_int_equal(info->struct_size, sizeof *info);
    assert_int_equal(info->id, (uintptr_t)info->task);
    see("%s %s", info->name, states[info->state]);
    if (info->awaits)
        see(": %s", info->awaits);
    for (uint64_t i = 0; i < info->awaited_by_count; i++)
        see(" <%s", anyloop_task_name(info->awaited_by[i]));
    if (info->ring)
        see(" ring");
    see("\n");
    return ANYLOOP_OK;
}

static inline void assert_tasks(anyloop_loop *loop, const char *expected)
{
    seen[0] = 0;
    assert_ok(anyloop_loop_visit_tasks(loop, describe, NULL));
    assert_seen(expected);
}

/* Without the places, which are lines of these files. */
static inline void see_text(void *user_data, const char *text, size_t size)
{
    (void)user_data;
    assert_int_equal(text[size - 1], '\n');
    const char *at = strstr(text, " at ");
    see("%.*s\n", (int)(at ? at - text : (ptrdiff_t)size - 1), text);
}

static inline void assert_tree(anyloop_loop *loop, const char *expected)
{
    seen[0] = 0;
    assert_ok(anyloop_loop_format_tree(loop, see_text, NULL));
    assert_seen(expected);
}

static inline anyloop_status count_tasks(void *counter, const anyloop_task_info *info)
{
    (void)info;
    ++*(uint32_t *)counter;
    return ANYLOOP_OK;
}

#endif
