/* runner_script.c -- the script: what stands outside the loop and runs it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_script.h"

#include "runner_ops.h"

/* How a run ended that did not come to its end; NULL if it did. */
static const char *cut_short(anyloop_status status)
{
    switch (status) {
    case ANYLOOP_E_STOPPED:
        return "stopped";
    case ANYLOOP_E_DEADLOCK:
        return "deadlock";
    case ANYLOOP_E_CLOSED:
        return "closed";
    default:
        return NULL;
    }
}

/* What came of a run to the end. The reason of a cancellation is told once, so it is asked for only here. */
static const char *outcome_of(const struct here *here, anyloop_future *future, anyloop_status status)
{
    const anyloop_value *result = anyloop_future_result(future);
    const anyloop_value *outcome = result ? result : anyloop_future_error(future);
    return outcome ? word_of(here, outcome) : anyloop_status_name(status);
}

static anyloop_status do_run(const struct here *here, const struct json *step)
{
    const char *handle = text_at(step, 1);
    anyloop_future *future = anyloop_future_retain(future_of(here, handle)); /* the run may replace the handle */
    anyloop_status status = anyloop_loop_run_until_complete(here->scene->loop, future);
    const char *word = cut_short(status);
    trace(here, "run %s %s", handle, word ? word : outcome_of(here, future, status));
    anyloop_future_release(future);
    return ANYLOOP_OK;
}

static anyloop_status do_forever(const struct here *here, const struct json *step)
{
    (void)step;
    const char *word = cut_short(anyloop_loop_run_forever(here->scene->loop));
    trace(here, "forever %s", word ? word : "stopped");
    return ANYLOOP_OK;
}

static anyloop_status do_main(const struct here *here, const struct json *step)
{
    const char *coro = text_at(step, 1), *handle = text_at(step, 2);
    struct here inside = {here->scene, handle, NULL};
    anyloop_value outcome = anyloop_none();
    const char *word = cut_short(anyloop_run(here->scene->loop, main_of(&inside, coro, handle), &outcome));
    trace(here, "main %s %s", coro, word ? word : word_of(here, &outcome));
    anyloop_value_release(&outcome);
    return ANYLOOP_OK;
}

static anyloop_status do_finish(const struct here *here, const struct json *step)
{
    (void)step;
    const char *word = cut_short(anyloop_runner_close(here->scene->loop));
    trace(here, "finish %s", word ? word : anyloop_loop_is_closed(here->scene->loop) ? "true" : "false");
    return ANYLOOP_OK;
}

static anyloop_status do_cancel_all(const struct here *here, const struct json *step)
{
    (void)step;
    for (const struct entry *entry = here->scene->handles.first; entry; entry = entry->next) {
        if (anyloop_future_kind(entry->object.future) != ANYLOOP_KIND_TASK)
            continue;
        int32_t accepted = anyloop_future_cancel(entry->object.future, NULL);
        if (accepted < 0)
            return accepted;
    }
    return ANYLOOP_OK;
}

static anyloop_status do_close(const struct here *here, const struct json *step)
{
    (void)step;
    if (here->scene->on_close && !anyloop_loop_is_closed(here->scene->loop))
        here->scene->on_close(here->scene);
    anyloop_loop_close(here->scene->loop);
    trace(here, "close %s", anyloop_loop_is_closed(here->scene->loop) ? "true" : "false");
    return ANYLOOP_OK;
}

const struct op script_ops[] = {
    {"run", NEEDS_HANDLE, .act = do_run},
    {"forever", .act = do_forever},
    {"main", .act = do_main},
    {"finish", .act = do_finish},
    {"cancel_all", .act = do_cancel_all},
    {"close", .act = do_close},
    {.name = NULL},
};

/* What the library refused. */
static void trace_refusal(const struct here *here, const struct json *step, anyloop_status status)
{
    const char *why = cut_short(status);
    const struct json *argument = step->first->next;
    trace(here, "%s%s%s %s", text_at(step, 0), argument ? " " : "", argument ? word_of_json(here, argument) : "",
          why ? why : anyloop_status_name(status));
}

void run_script(struct scene *scene)
{
    struct here here = {scene, "script", NULL};
    for (const struct json *step = scene->program->script->first; step; step = step->next) {
        const struct op *op = op_of(step);
        if (!is_possible(&here, op, step))
            continue;
        anyloop_status status = op->act(&here, step);
        if (status != ANYLOOP_OK)
            trace_refusal(&here, step, status);
    }
}
