/* anyloop.c -- the workloads of one thread, written as somebody writes who wants them fast: through the public
 * interface, tasks as plain step functions without the macros of coro.h.
 *
 * Each has the shape of its namesake in floor.c. README.md says what an operation of each row is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <anyloop.h>

#include <stdlib.h>

#define HOUR ANYLOOP_SECONDS(3600)

static anyloop_loop *loop;

/* What the last await came to as the task's own end: here that is a run gone wrong. */
static int32_t pass_on(anyloop_task *task)
{
    anyloop_task_reraise(task);
    return ANYLOOP_STEP_RAISE;
}

/* Nothing that is awaited here is done already, so READY says that it could not be made. */
static int32_t await(anyloop_task *task, anyloop_future *future)
{
    return anyloop_task_await(task, future, NULL) == ANYLOOP_PENDING ? ANYLOOP_STEP_AWAIT : pass_on(task);
}

/* The time until `future`, taken, has its result. */
static uint64_t run(anyloop_future *future)
{
    uint64_t start = row_clock();
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    uint64_t time = row_clock() - start;
    row_check(status == ANYLOOP_OK, anyloop_status_name(status));
    anyloop_future_release(future);
    return time;
}

/* ---- W1: a task that returns at once, awaited */

static int32_t nop_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    return ANYLOOP_STEP_RETURN;
}

static int32_t serial_step(void *frame, anyloop_task *task, uint32_t event)
{
    uint64_t *left = frame;
    (void)event;
    if (anyloop_task_outcome(task) != ANYLOOP_RESULT)
        return pass_on(task);
    if (*left == 0)
        return ANYLOOP_STEP_RETURN;
    --*left;
    return await(task, anyloop_task_create(loop, NULL, nop_step, NULL, 0));
}

static uint64_t w1(uint64_t operations, uint64_t size)
{
    (void)size;
    return run(anyloop_task_create(loop, NULL, serial_step, &operations, sizeof operations));
}

/* ---- W2: tasks that yield once and end, all alive together; the last of a batch wakes the parent */

struct group {
    uint64_t alive;
    anyloop_future *empty;
};

static void leave(struct group *group)
{
    if (--group->alive == 0)
        anyloop_future_set_result(group->empty, NULL);
}

struct member {
    struct group *group;
    uint64_t yields;
};

static int32_t member_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct member *my = frame;
    (void)task, (void)event;
    if (my->yields) {
        my->yields--;
        return ANYLOOP_STEP_YIELD;
    }
    leave(my->group);
    return ANYLOOP_STEP_RETURN;
}

static void fill(struct group *group, uint64_t members, uint64_t yields)
{
    struct member member = {group, yields};
    row_check(anyloop_future_new(loop, &group->empty) == ANYLOOP_OK, "no future");
    group->alive = members;
    for (uint64_t i = 0; i < members; i++)
        anyloop_future_release(anyloop_task_create(loop, NULL, member_step, &member, sizeof member));
}

struct batches {
    uint64_t left, size;
    struct group group;
};

static int32_t batches_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct batches *my = frame;
    (void)event;
    if (anyloop_task_outcome(task) != ANYLOOP_RESULT)
        return pass_on(task);
    if (my->left == 0)
        return ANYLOOP_STEP_RETURN;
    my->left -= my->size;
    fill(&my->group, my->size, 1);
    return await(task, my->group.empty);
}

static uint64_t w2(uint64_t operations, uint64_t size)
{
    row_check(operations % size == 0, "whole batches only");
    struct batches batches = {.left = operations, .size = size};
    return run(anyloop_task_create(loop, NULL, batches_step, &batches, sizeof batches));
}

/* ---- W3: yield */

static uint64_t w3(uint64_t operations, uint64_t tasks)
{
    struct group group;
    fill(&group, tasks, operations / tasks);
    return run(group.empty);
}

/* ---- W4: one task makes a future and awaits it, the other resolves it. The resolver yields, so that there is one
 * pass through the ready queue for each of them. */

struct exchange {
    anyloop_future *wanted; /* borrowed from the await of it */
    uint64_t left;
    anyloop_value number; /* of the last answer: an INT */
    int64_t sum;
    int over;
};

static int32_t resolver_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct exchange *exchange = *(struct exchange **)frame;
    (void)task, (void)event;
    if (exchange->wanted) {
        exchange->number.bits++;
        anyloop_future_set_result(exchange->wanted, &exchange->number);
        exchange->wanted = NULL;
    }
    return exchange->over ? ANYLOOP_STEP_RETURN : ANYLOOP_STEP_YIELD;
}

static int32_t asker_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct exchange *exchange = *(struct exchange **)frame;
    if (event != ANYLOOP_EVENT_START) {
        const anyloop_value *number = anyloop_task_awaited(task);
        if (number->kind != ANYLOOP_INT)
            return pass_on(task);
        exchange->sum += anyloop_to_int(number);
    }
    if (exchange->left == 0) {
        exchange->over = 1;
        return ANYLOOP_STEP_RETURN;
    }
    exchange->left--;
    if (anyloop_future_new(loop, &exchange->wanted) != ANYLOOP_OK)
        return ANYLOOP_STEP_RAISE;
    return await(task, exchange->wanted);
}

static uint64_t w4(uint64_t operations, uint64_t size)
{
    (void)size;
    struct exchange exchange = {.left = operations, .number = anyloop_int(0)}, *shared = &exchange;
    anyloop_task *asker = anyloop_task_create(loop, NULL, asker_step, &shared, sizeof shared);
    anyloop_task *resolver = anyloop_task_create(loop, NULL, resolver_step, &shared, sizeof shared);
    uint64_t time = run(asker);
    run(resolver);
    row_check((uint64_t)exchange.sum == operations * (operations + 1) / 2, "another sum");
    return time;
}

/* ---- W5: gather of children that yield once; their results are read in order */

static int32_t child_step(void *frame, anyloop_task *task, uint32_t event)
{
    int64_t *number = frame;
    if (event == ANYLOOP_EVENT_START)
        return ANYLOOP_STEP_YIELD;
    static anyloop_value result = {.kind = ANYLOOP_INT};
    result.bits = (uint64_t)*number;
    anyloop_task_return(task, &result);
    return ANYLOOP_STEP_RETURN;
}

static int32_t raising_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame;
    if (event == ANYLOOP_EVENT_START)
        return ANYLOOP_STEP_YIELD;
    anyloop_task_raise(task, ANYLOOP_E_INVALID, NULL);
    return ANYLOOP_STEP_RAISE;
}

struct gatherer {
    uint64_t left, size;
    uint32_t flags; /* of the gather; with ANYLOOP_RETURN_EXCEPTIONS the last child raises */
    anyloop_future **children;
};

static void read_in_order(const struct gatherer *my, const anyloop_value *list)
{
    size_t count;
    const anyloop_value *items = anyloop_to_list(list, &count);
    uint64_t results = my->flags ? my->size - 1 : my->size, right = 0;
    for (uint64_t i = 0; i < results; i++)
        right += anyloop_to_int(&items[i]) == (int64_t)i;
    row_check(count == my->size && right == results, "results out of order");
    row_check(my->flags == 0 || anyloop_error_code(&items[results]) == ANYLOOP_E_INVALID, "no error");
}

static int32_t gatherer_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct gatherer *my = frame;
    if (anyloop_task_outcome(task) != ANYLOOP_RESULT)
        return pass_on(task);
    if (event != ANYLOOP_EVENT_START)
        read_in_order(my, anyloop_task_awaited(task));
    if (my->left == 0)
        return ANYLOOP_STEP_RETURN;
    my->left -= my->size;
    uint64_t results = my->flags ? my->size - 1 : my->size;
    anyloop_future **children = my->children;
    for (uint64_t i = 0; i < results; i++)
        children[i] = anyloop_task_create(loop, NULL, child_step, &i, sizeof i);
    if (results < my->size)
        children[results] = anyloop_task_create(loop, NULL, raising_step, NULL, 0);
    return await(task, anyloop_gather(loop, my->children, (size_t)my->size, my->flags));
}

static uint64_t gathers(uint64_t operations, uint64_t size, uint32_t flags)
{
    row_check(operations % size == 0, "whole gathers only");
    struct gatherer gatherer = {.left = operations, .size = size, .flags = flags};
    gatherer.children = malloc((size_t)size * sizeof *gatherer.children);
    row_check(gatherer.children != NULL, "no memory");
    uint64_t time = run(anyloop_task_create(loop, NULL, gatherer_step, &gatherer, sizeof gatherer));
    free(gatherer.children);
    return time;
}

static uint64_t w5(uint64_t operations, uint64_t size)
{
    return gathers(operations, size, 0);
}

static uint64_t w5_raises(uint64_t operations, uint64_t size)
{
    return gathers(operations, size, ANYLOOP_RETURN_EXCEPTIONS);
}

/* ---- W6: a task that sleeps for an hour is let park, cancelled, awaited */

struct canceller {
    uint64_t left;
    anyloop_task *sleeper;
};

static int32_t canceller_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct canceller *my = frame;
    if (my->sleeper) {
        anyloop_task *sleeper = my->sleeper;
        my->sleeper = NULL;
        anyloop_future_cancel(sleeper, NULL);
        return await(task, sleeper);
    }
    if (event != ANYLOOP_EVENT_START && anyloop_task_outcome(task) != ANYLOOP_CANCELLED)
        return pass_on(task);
    if (my->left == 0)
        return ANYLOOP_STEP_RETURN;
    my->left--;
    my->sleeper = anyloop_create_task(loop, anyloop_sleep(loop, HOUR), NULL);
    return ANYLOOP_STEP_YIELD;
}

static uint64_t w6(uint64_t operations, uint64_t size)
{
    (void)size;
    struct canceller canceller = {.left = operations};
    return run(anyloop_task_create(loop, NULL, canceller_step, &canceller, sizeof canceller));
}

/* ---- W8: a timer of 30 s set and cancelled, beside 10000 others that are due in 1 to 61 s */

enum { OTHERS = 10000 };

static void nothing(void *user_data)
{
    (void)user_data;
}

static anyloop_handle *set_at(uint64_t now, uint64_t delay)
{
    anyloop_handle *handle = NULL;
    anyloop_loop_call_at(loop, now + delay, nothing, NULL, NULL, &handle);
    return handle;
}

static anyloop_handle *set_later(uint64_t now, uint64_t delay)
{
    anyloop_handle *handle = NULL;
    (void)now;
    anyloop_loop_call_later(loop, (int64_t)delay, nothing, NULL, NULL, &handle);
    return handle;
}

static void unset(anyloop_handle *handle)
{
    anyloop_handle_cancel(handle);
    anyloop_handle_release(handle);
}

static inline uint64_t churn(uint64_t operations, anyloop_handle *(*set)(uint64_t now, uint64_t delay))
{
    static anyloop_handle *others[OTHERS];
    uint64_t now = anyloop_loop_time(loop);
    for (uint64_t i = 0; i < OTHERS; i++)
        others[i] = set(now, row_delay(i));
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++)
        unset(set(now, 30000000000 + i % 1024 * 1000000));
    uint64_t time = row_clock() - start;
    for (size_t i = 0; i < OTHERS; i++)
        unset(others[i]);
    return time;
}

static uint64_t w8_at(uint64_t operations, uint64_t size)
{
    (void)size;
    return churn(operations, set_at);
}

static uint64_t w8_later(uint64_t operations, uint64_t size)
{
    (void)size;
    return churn(operations, set_later);
}

/* ---- W9: a callback that posts the next */

static void chain(void *user_data)
{
    uint64_t *left = user_data;
    if (--*left)
        anyloop_loop_call_soon(loop, chain, left, NULL, NULL);
    else
        anyloop_loop_stop(loop);
}

static uint64_t w9(uint64_t operations, uint64_t size)
{
    (void)size;
    row_check(anyloop_loop_call_soon(loop, chain, &operations, NULL, NULL) == ANYLOOP_OK, "no callback");
    uint64_t start = row_clock();
    row_check(anyloop_loop_run_forever(loop) == ANYLOOP_OK, "not stopped");
    return row_clock() - start;
}

/* ---- W14: a turn that a host asks for */

static uint64_t w14(uint64_t operations, uint64_t due)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        if (due)
            anyloop_loop_call_soon(loop, nothing, NULL, NULL, NULL);
        anyloop_loop_turn(loop, 0, NULL, 0, &info);
    }
    return row_clock() - start;
}

static uint64_t w14_timer(uint64_t operations, uint64_t size)
{
    (void)size;
    anyloop_handle *far = set_later(0, HOUR);
    uint64_t time = w14(operations, 0);
    unset(far);
    return time;
}

static const struct row rows[] = {
    {"W1", 2000000, 200000, w1, 0},
    {"W2 k=1000", 2000000, 200000, w2, 1000},
    {"W2 k=100000", 2000000, 200000, w2, 100000},
    {"W2 k=1000000", 2000000, 1000000, w2, 1000000},
    {"W3 k=2", 10000000, 1000000, w3, 2},
    {"W3 k=1000", 10000000, 1000000, w3, 1000},
    {"W4", 2000000, 200000, w4, 0},
    {"W5 n=10", 2000000, 200000, w5, 10},
    {"W5 n=1000", 2000000, 200000, w5, 1000},
    {"W5 n=100000", 2000000, 200000, w5, 100000},
    {"W5 n=1000,raises", 2000000, 200000, w5_raises, 1000},
    {"W6", 1000000, 100000, w6, 0},
    {"W8 call_at", 5000000, 500000, w8_at, 0},
    {"W8 call_later", 5000000, 500000, w8_later, 0},
    {"W9", 10000000, 1000000, w9, 0},
    {"W14 nothing", 10000000, 1000000, w14, 0},
    {"W14 timer", 5000000, 500000, w14_timer, 0},
    {"W14 due", 5000000, 500000, w14, 1},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    row_check(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK, "no loop");
    int status = row_main(argc, argv, rows);
    row_check(anyloop_loop_close(loop) == ANYLOOP_OK, "the loop does not close");
    anyloop_loop_release(loop);
    return status;
}
