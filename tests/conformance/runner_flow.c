/* runner_flow.c -- coroutines: running steps, and the steps that hold steps.
 *
 * Each list of steps is run by a coroutine, and so is each step that holds steps, so that the interpreter nests as the
 * scenario does and its stack is the task's await stack. What such a coroutine returns is NONE, or a LIST of the one value that a
 * `return` step inside gave, which goes on up to the coroutine of the scenario.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_ops.h"

/* A reference of our own to a borrowed value. */
static anyloop_value kept(const anyloop_value *value)
{
    anyloop_value_retain(value);
    return *value;
}

/* ---- a list of steps */

struct body {
    anyloop_coro co;
    struct here here;
    const struct json *step;
    const struct op *op;
};

ANYLOOP_ASYNC(body)
{
    anyloop_status status;
    ANYLOOP_BEGIN;
    for (; my->step; my->step = my->step->next) {
        my->op = op_of(my->step);
        if (!is_possible(&my->here, my->op, my->step))
            continue;
        if (my->op->act) {
            status = my->op->act(&my->here, my->step);
            if (status != ANYLOOP_OK)
                ANYLOOP_RAISE(status, NULL);
            continue;
        }
        if (my->here.scene->on_await)
            my->here.scene->on_await(my->here.scene, my->co.task);
        ANYLOOP_AWAIT(my->op->begin(&my->here, my->step));
        if (my->op->end)
            my->op->end(&my->here, my->step, ANYLOOP_AWAITED);
        if (my->op->holds_steps && ANYLOOP_AWAITED->kind == ANYLOOP_LIST)
            ANYLOOP_RETURN(kept(ANYLOOP_AWAITED));
    }
    ANYLOOP_END;
}

static anyloop_future *body_of(const struct here *here, const struct json *steps)
{
    return ANYLOOP_CORO(here->scene->loop, body, .here = *here, .step = steps->first);
}

/* ---- a coroutine of the scenario */

struct coro {
    anyloop_coro co;
    struct here here;
    const struct json *steps;
    const char *handle; /* to be made when the first step runs; NULL: none */
};

static void begin_coro(struct coro *my)
{
    if (my->handle) {
        anyloop_task_set_name(my->co.task, my->handle);
        keep_future(my->here.scene, my->handle, anyloop_future_retain(my->co.task));
    }
    adopt(my->here.scene, my->co.task);
    trace(&my->here, "start");
}

static const anyloop_value *returned(const anyloop_value *value)
{
    static const anyloop_value none = {.kind = ANYLOOP_NONE};
    const anyloop_value *items = anyloop_to_list(value, NULL);
    return items ? items : &none;
}

ANYLOOP_ASYNC(coro)
{
    ANYLOOP_BEGIN;
    begin_coro(my);
    ANYLOOP_TRY(body_of(&my->here, my->steps));
    if (ANYLOOP_OUTCOME == ANYLOOP_RESULT) {
        trace(&my->here, "end %s", word_of(&my->here, returned(ANYLOOP_AWAITED)));
        ANYLOOP_RETURN(kept(returned(ANYLOOP_AWAITED)));
    }
    trace(&my->here, "end %s%s", ANYLOOP_OUTCOME == ANYLOOP_CANCELLED ? "" : "!", error_of(&my->here, ANYLOOP_AWAITED));
    ANYLOOP_RERAISE;
    ANYLOOP_END;
}

static void frame_dropped(void *frame)
{
    ((struct coro *)frame)->here.scene->given_back++;
}

/* Without a name: a task that the library makes of it is not the scenario's. */
anyloop_future *main_of(const struct here *here, const char *name, const char *handle)
{
    struct coro frame = {.here = *here, .steps = json_member(here->scene->program->coros, name), .handle = handle};
    anyloop_coroutine_options options = {.struct_size = sizeof options,
                                         .step = coro_step,
                                         .frame = &frame,
                                         .frame_size = sizeof frame,
                                         .drop = frame_dropped};
    here->scene->lent++;
    return anyloop_coroutine_create_with(here->scene->loop, &options);
}

anyloop_future *coro_of(const struct here *here, const char *name)
{
    return main_of(here, name, NULL);
}

/* ---- try */

struct attempt {
    anyloop_coro co;
    struct here here;
    const struct json *body, *on_error, *on_cancel, *final;
    const struct json *handler;
};

ANYLOOP_ASYNC(attempt)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(body_of(&my->here, my->body));
    if (ANYLOOP_OUTCOME == ANYLOOP_RESULT)
        ANYLOOP_RETURN(kept(ANYLOOP_AWAITED));
    my->handler = ANYLOOP_OUTCOME == ANYLOOP_CANCELLED ? my->on_cancel : my->on_error;
    if (my->handler->kind == JSON_NULL)
        ANYLOOP_RERAISE;
    trace(&my->here, "caught %s%s", my->handler == my->on_cancel ? "" : "!", error_of(&my->here, ANYLOOP_AWAITED));
    ANYLOOP_AWAIT(body_of(&my->here, my->handler));
    ANYLOOP_RETURN(kept(ANYLOOP_AWAITED));
    ANYLOOP_FINALLY;
    if (my->final->kind == JSON_LIST)
        ANYLOOP_AWAIT(body_of(&my->here, my->final));
    ANYLOOP_END;
}

static anyloop_future *begin_try(const struct here *here, const struct json *step)
{
    return ANYLOOP_CORO(here->scene->loop, attempt, .here = *here, .body = json_at(step, 1),
                        .on_error = json_at(step, 2), .on_cancel = json_at(step, 3), .final = json_at(step, 4));
}

/* ---- repeat */

struct repetition {
    anyloop_coro co;
    struct here here;
    int64_t left;
    const struct json *steps;
};

ANYLOOP_ASYNC(repetition)
{
    ANYLOOP_BEGIN;
    for (; my->left > 0; my->left--) {
        ANYLOOP_AWAIT(body_of(&my->here, my->steps));
        if (ANYLOOP_AWAITED->kind == ANYLOOP_LIST)
            ANYLOOP_RETURN(kept(ANYLOOP_AWAITED));
    }
    ANYLOOP_END;
}

static anyloop_future *begin_repeat(const struct here *here, const struct json *step)
{
    return ANYLOOP_CORO(here->scene->loop, repetition, .here = *here, .left = json_at(step, 1)->number,
                        .steps = json_at(step, 2));
}

/* ---- as_completed, each_completed */

struct iteration {
    anyloop_coro co;
    struct here here;
    const struct json *step;
    anyloop_future *(*next)(anyloop_completions *completions);
    anyloop_future **futures;         /* as they were named at the start; held by `completions` */
    anyloop_completions *completions; /* held by the scene */
};

/* asyncio's iteration stays behind when it is left, with its timer and its callbacks: the scene holds it. */
static anyloop_status begin_iteration(struct iteration *my)
{
    size_t count;
    struct scene *scene = my->here.scene;
    my->futures = futures_of(&my->here, json_at(my->step, 1), &count);
    anyloop_status status = anyloop_as_completed(scene->loop, my->futures, count, delay_of(json_at(my->step, 2)),
                                                 &my->completions);
    if (status == ANYLOOP_OK)
        hold(scene, &scene->iterations, (struct object){.kind = ITERATION, .iteration = my->completions});
    return status;
}

static bool is_over(const anyloop_task *task)
{
    return anyloop_task_outcome(task) == ANYLOOP_FAILED &&
           anyloop_error_code(anyloop_task_awaited(task)) == ANYLOOP_E_END;
}

/* The plain iteration gives errors like results; the one over futures has none but its timeout. Without memory the next
 * one could not be asked for, and would not be the next time either. */
static bool is_raised(const struct iteration *my)
{
    uint32_t outcome = anyloop_task_outcome(my->co.task);
    bool asked = anyloop_error_code(anyloop_task_awaited(my->co.task)) != ANYLOOP_E_NOMEM;
    return outcome == ANYLOOP_CANCELLED ||
           (outcome == ANYLOOP_FAILED && (my->next == anyloop_completions_next_future || !asked));
}

/* The first of the names that a future had when the step began. */
static const char *first_name(const struct iteration *my, const anyloop_future *future)
{
    const struct json *name = json_at(my->step, 1)->first;
    for (size_t i = 0; name->next && my->futures[i] != future; i++)
        name = name->next;
    return name->text;
}

static void trace_item(const struct iteration *my, const anyloop_value *item)
{
    const anyloop_future *future = anyloop_to_future(item);
    trace(&my->here, "%s %s", text_at(my->step, 0), future ? first_name(my, future) : word_of(&my->here, item));
}

ANYLOOP_ASYNC(iteration)
{
    anyloop_status status;
    ANYLOOP_BEGIN;
    status = begin_iteration(my);
    if (status != ANYLOOP_OK)
        ANYLOOP_RAISE(status, NULL);
    for (;;) {
        ANYLOOP_TRY(my->next(my->completions));
        if (is_over(my->co.task))
            break;
        if (is_raised(my))
            ANYLOOP_RERAISE;
        trace_item(my, ANYLOOP_AWAITED);
        ANYLOOP_AWAIT(body_of(&my->here, json_at(my->step, 3)));
        if (ANYLOOP_AWAITED->kind == ANYLOOP_LIST)
            ANYLOOP_RETURN(kept(ANYLOOP_AWAITED));
    }
    ANYLOOP_END;
}

static anyloop_future *begin_as_completed(const struct here *here, const struct json *step)
{
    return ANYLOOP_CORO(here->scene->loop, iteration, .here = *here, .step = step, .next = anyloop_completions_next);
}

static anyloop_future *begin_each_completed(const struct here *here, const struct json *step)
{
    return ANYLOOP_CORO(here->scene->loop, iteration, .here = *here, .step = step,
                        .next = anyloop_completions_next_future);
}

/* ---- timeouts and groups around steps */

static anyloop_future *run_in_timeout(const struct here *here, const struct json *step, uint64_t deadline)
{
    struct object made = {.kind = TIMEOUT};
    anyloop_status status = anyloop_timeout_scope_new(here->scene->loop, deadline, &made.timeout);
    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    anyloop_future *running = anyloop_timeout_scope_run(made.timeout, body_of(here, json_at(step, 2)));
    const char *name = text_at(step, 3);
    if (name)
        keep(here->scene, &here->scene->things, name, ANYLOOP_OK, made);
    else
        anyloop_timeout_scope_release(made.timeout);
    return running;
}

static anyloop_future *begin_timeout(const struct here *here, const struct json *step)
{
    anyloop_loop *loop = here->scene->loop;
    if (text_at(step, 3))
        return run_in_timeout(here, step, deadline_of(anyloop_loop_time(loop), json_at(step, 1)));
    return anyloop_timeout(loop, delay_of(json_at(step, 1)), body_of(here, json_at(step, 2)));
}

static anyloop_future *begin_timeout_at(const struct here *here, const struct json *step)
{
    return run_in_timeout(here, step, deadline_of(SCENE_START, json_at(step, 1)));
}

static void end_timeout(const struct here *here, const struct json *step, const anyloop_value *value)
{
    (void)value;
    trace(here, "%s passed", text_at(step, 0));
}

static anyloop_future *begin_group(const struct here *here, const struct json *step)
{
    struct here inside = *here;
    anyloop_status status = anyloop_group_new(here->scene->loop, &inside.group);
    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    anyloop_future *running = anyloop_group_run(inside.group, body_of(&inside, json_at(step, 1)));
    anyloop_group_release(inside.group); /* which the operation holds while its body runs */
    return running;
}

static void end_group(const struct here *here, const struct json *step, const anyloop_value *value)
{
    (void)step, (void)value;
    trace(here, "group ok");
}

const struct op flow_ops[] = {
    {"as_completed", NEEDS_HANDLES, .begin = begin_as_completed, .holds_steps = true},
    {"each_completed", NEEDS_HANDLES, .begin = begin_each_completed, .holds_steps = true},
    {"timeout", .begin = begin_timeout, .end = end_timeout, .holds_steps = true},
    {"timeout_at", .begin = begin_timeout_at, .end = end_timeout, .holds_steps = true},
    {"group", .begin = begin_group, .end = end_group, .holds_steps = true},
    {"try", .begin = begin_try, .holds_steps = true},
    {"repeat", .begin = begin_repeat, .holds_steps = true},
    {.name = NULL},
};
