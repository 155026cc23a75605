/* runner_waits.c -- the other steps that await: handles, time, and the ends of a coroutine.
 *
 * A `return` or `raise` step is an await as well, of a future that is done.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_ops.h"

#include <string.h>

/* ---- handles */

static anyloop_future *begin_await(const struct here *here, const struct json *step)
{
    return anyloop_future_retain(future_of(here, text_at(step, 1)));
}

static anyloop_future *begin_wait_for(const struct here *here, const struct json *step)
{
    anyloop_future *future = anyloop_future_retain(future_of(here, text_at(step, 1)));
    return anyloop_wait_for(here->scene->loop, future, delay_of(json_at(step, 2)));
}

static anyloop_future *begin_call(const struct here *here, const struct json *step)
{
    struct here inside = {here->scene, text_at(step, 2), NULL};
    anyloop_future *coro = coro_of(&inside, text_at(step, 1));
    return anyloop_wait_for(here->scene->loop, coro, delay_of(json_at(step, 3)));
}

static void end_call(const struct here *here, const struct json *step, const anyloop_value *value)
{
    trace(here, "call %s %s", text_at(step, 2), word_of(here, value));
}

static uint32_t return_when(const char *mode)
{
    if (strcmp(mode, "first") == 0)
        return ANYLOOP_FIRST_COMPLETED;
    return strcmp(mode, "error") == 0 ? ANYLOOP_FIRST_EXCEPTION : ANYLOOP_ALL_COMPLETED;
}

static anyloop_future *begin_wait(const struct here *here, const struct json *step)
{
    size_t count;
    anyloop_future **futures = futures_of(here, json_at(step, 1), &count);
    return anyloop_wait(here->scene->loop, futures, count, return_when(text_at(step, 2)), delay_of(json_at(step, 3)));
}

/* Those of `names` that stand for one of `futures` now. */
static const char *names_among(const struct here *here, const struct json *names, const anyloop_value *futures)
{
    size_t count;
    const anyloop_value *items = anyloop_to_list(futures, &count);
    const char *list = "";
    for (const struct json *name = names->first; name; name = name->next)
        for (size_t i = 0; i < count; i++)
            if (anyloop_to_future(&items[i]) == future_of(here, name->text))
                list = text_of(here, "%s,%s", list, name->text);
    return bracketed(here, list);
}

static void end_wait(const struct here *here, const struct json *step, const anyloop_value *value)
{
    const struct json *names = json_at(step, 1);
    const anyloop_value *lists = anyloop_to_list(value, NULL);
    trace(here, "wait %s %s", names_among(here, names, &lists[0]), names_among(here, names, &lists[1]));
}

/* ---- time */

struct pause {
    anyloop_coro co;
};

ANYLOOP_ASYNC(pause)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    ANYLOOP_END;
}

static anyloop_future *begin_yield(const struct here *here, const struct json *step)
{
    (void)step;
    return ANYLOOP_CORO(here->scene->loop, pause);
}

static anyloop_future *begin_sleep(const struct here *here, const struct json *step)
{
    return anyloop_sleep(here->scene->loop, delay_of(json_at(step, 1)));
}

/* ---- ends */

/* An await that gives `value`, or raises it if it is an error; takes it. */
static anyloop_future *done_with(const struct here *here, anyloop_value value)
{
    anyloop_future *future;
    anyloop_status status = anyloop_future_new(here->scene->loop, &future);
    if (status != ANYLOOP_OK) {
        anyloop_value_release(&value);
        return anyloop_failed(status);
    }
    if (value.kind == ANYLOOP_ERROR)
        anyloop_future_set_error(future, &value);
    else
        anyloop_future_set_result(future, &value);
    return future;
}

static anyloop_future *begin_return(const struct here *here, const struct json *step)
{
    anyloop_value value = value_of(json_at(step, 1)), list = anyloop_none();
    anyloop_status status = anyloop_value_list(here->scene->loop, &value, 1, &list);
    return status == ANYLOOP_OK ? done_with(here, list) : anyloop_failed(status);
}

static anyloop_future *begin_raise(const struct here *here, const struct json *step)
{
    const char *message = text_at(step, 1);
    anyloop_value error;
    anyloop_value_error(here->scene->loop, ANYLOOP_E_USER, message, strlen(message), &error);
    return done_with(here, error);
}

static anyloop_future *begin_raise_cancelled(const struct here *here, const struct json *step)
{
    (void)here, (void)step;
    return anyloop_failed(ANYLOOP_E_CANCELLED);
}

const struct op wait_ops[] = {
    {"await", NEEDS_HANDLE, .begin = begin_await, .end = end_value},
    {"wait_for", NEEDS_HANDLE, .begin = begin_wait_for, .end = end_value},
    {"call", .begin = begin_call, .end = end_call},
    {"wait", NEEDS_SOME_HANDLES, .begin = begin_wait, .end = end_wait},
    {"yield", .begin = begin_yield},
    {"sleep", .begin = begin_sleep},
    {"return", .begin = begin_return, .holds_steps = true},
    {"raise", .begin = begin_raise},
    {"raise_cancelled", .begin = begin_raise_cancelled},
    {.name = NULL},
};
