/* runner_tasks.c -- steps on the loop, futures, tasks and variables that never wait; a script may use them too.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_ops.h"

#include <stdlib.h>
#include <string.h>

static anyloop_loop *loop_of(const struct here *here)
{
    return here->scene->loop;
}

static anyloop_status do_log(const struct here *here, const struct json *step)
{
    trace(here, "log %s", text_at(step, 1));
    return ANYLOOP_OK;
}

/* ---- making tasks and futures */

static anyloop_status make_task(const struct here *here, const struct json *step, uint32_t flags)
{
    struct here inside = {here->scene, text_at(step, 2), NULL};
    anyloop_task_options options = {.struct_size = sizeof options, .flags = flags, .name = inside.who};
    anyloop_task *task = anyloop_create_task(loop_of(here), coro_of(&inside, text_at(step, 1)), &options);
    anyloop_status status = keep_future(here->scene, inside.who, task);
    if (status == ANYLOOP_OK)
        adopt(here->scene, task);
    return status;
}

static anyloop_status do_spawn(const struct here *here, const struct json *step)
{
    return make_task(here, step, 0);
}

static anyloop_status do_eager(const struct here *here, const struct json *step)
{
    return make_task(here, step, ANYLOOP_TASK_EAGER);
}

static anyloop_status do_group_spawn(const struct here *here, const struct json *step)
{
    struct here inside = {here->scene, text_at(step, 2), NULL};
    anyloop_task_options options = {.struct_size = sizeof options, .name = inside.who};
    anyloop_task *task = anyloop_group_create_task(here->group, coro_of(&inside, text_at(step, 1)), &options);
    anyloop_status status = keep_future(here->scene, inside.who, task);
    if (status == ANYLOOP_E_STATE) {
        trace(here, "group_spawn %s refused", inside.who);
        return ANYLOOP_OK;
    }
    if (status == ANYLOOP_OK)
        adopt(here->scene, task);
    return status;
}

static anyloop_status do_future(const struct here *here, const struct json *step)
{
    anyloop_future *future = NULL;
    anyloop_status status = anyloop_future_new(loop_of(here), &future);
    return status == ANYLOOP_OK ? keep_future(here->scene, text_at(step, 1), future) : status;
}

static anyloop_status do_gather(const struct here *here, const struct json *step)
{
    size_t count;
    anyloop_future **futures = futures_of(here, json_at(step, 1), &count);
    uint32_t flags = json_at(step, 2)->number ? ANYLOOP_RETURN_EXCEPTIONS : 0;
    return keep_future(here->scene, text_at(step, 3), anyloop_gather(loop_of(here), futures, count, flags));
}

static anyloop_status do_shield(const struct here *here, const struct json *step)
{
    anyloop_future *inner = anyloop_future_retain(future_of(here, text_at(step, 1)));
    return keep_future(here->scene, text_at(step, 2), anyloop_shield(loop_of(here), inner));
}

/* ---- futures */

static anyloop_status do_set(const struct here *here, const struct json *step)
{
    anyloop_value value = value_of(json_at(step, 2));
    return trace_verdict(here, step, anyloop_future_set_result(future_of(here, text_at(step, 1)), &value));
}

static anyloop_status do_fail(const struct here *here, const struct json *step)
{
    const char *message = text_at(step, 2);
    anyloop_value error;
    anyloop_value_error(loop_of(here), ANYLOOP_E_USER, message, strlen(message), &error);
    return trace_verdict(here, step, anyloop_future_set_error(future_of(here, text_at(step, 1)), &error));
}

static anyloop_status do_cancel(const struct here *here, const struct json *step)
{
    const char *handle = text_at(step, 1), *message = text_at(step, 2);
    anyloop_value reason = message ? anyloop_static_text(message) : anyloop_none();
    int32_t accepted = anyloop_future_cancel(future_of(here, handle), message ? &reason : NULL);
    if (accepted < 0)
        return accepted;
    trace(here, "cancel %s %s", handle, accepted ? "true" : "false");
    return ANYLOOP_OK;
}

static anyloop_status do_state(const struct here *here, const struct json *step)
{
    const char *handle = text_at(step, 1);
    trace(here, "state %s %s", handle, state_of(here, future_of(here, handle)));
    return ANYLOOP_OK;
}

static void note_hears(struct note *note, const anyloop_future *future)
{
    note_runs(note);
    if (note->heard_on == future)
        note->heard--;
}

/* Adds a done callback to the future of the note's handle. */
static anyloop_status listen(const struct here *here, struct note *note, anyloop_done_fn callback)
{
    anyloop_future *future = future_of(here, note->handle);
    anyloop_status status = anyloop_future_add_done_callback(future, callback, given(note), note_dropped);
    if (status == ANYLOOP_OK) {
        note->heard++;
        note->heard_on = future;
    }
    return status;
}

static void on_done(void *user_data, anyloop_future *future)
{
    struct note *note = user_data;
    note_hears(note, future);
    trace(&note->here, "callback %s %s %s", note->text, note->handle, state_of(&note->here, future));
}

static anyloop_status do_callback(const struct here *here, const struct json *step)
{
    struct note *note = note_of(here, text_at(step, 1), text_at(step, 2));
    return listen(here, note, on_done);
}

static anyloop_status do_uncallback(const struct here *here, const struct json *step)
{
    struct note *note = note_of(here, text_at(step, 1), text_at(step, 2));
    uint32_t removed = anyloop_future_remove_done_callback(future_of(here, note->handle), on_done, note);
    if (note->heard_on == future_of(here, note->handle))
        note->heard -= removed;
    trace(here, "uncallback %s %s %u", note->handle, note->text, (unsigned)removed);
    return ANYLOOP_OK;
}

/* ---- the loop */

static anyloop_status schedule(const struct here *here, struct note *note, anyloop_callback_fn callback)
{
    anyloop_status status = anyloop_loop_call_soon(loop_of(here), callback, given(note), note_dropped, NULL);
    note->soon += status == ANYLOOP_OK;
    return status;
}

static void on_soon(void *user_data)
{
    struct note *note = user_data;
    note_runs(note);
    note->soon--;
    trace(&note->here, "soon %s", note->text);
}

static anyloop_status do_soon(const struct here *here, const struct json *step)
{
    return schedule(here, note_of(here, NULL, text_at(step, 1)), on_soon);
}

static void on_later(void *user_data)
{
    struct note *note = user_data;
    note_runs(note);
    trace(&note->here, "later %s", note->text);
}

static anyloop_status do_later(const struct here *here, const struct json *step)
{
    struct object timer = {.kind = TIMER};
    struct note *note = note_of(here, NULL, text_at(step, 2));
    anyloop_status status = anyloop_loop_call_later(loop_of(here), delay_of(json_at(step, 1)), on_later, given(note),
                                                    note_dropped, &timer.timer);
    return keep(here->scene, &here->scene->timers, text_at(step, 3), status, timer);
}

static anyloop_status do_unlater(const struct here *here, const struct json *step)
{
    return anyloop_handle_cancel(find(&here->scene->timers, text_at(step, 1))->timer);
}

static anyloop_status do_stop(const struct here *here, const struct json *step)
{
    (void)step;
    return anyloop_loop_stop(loop_of(here));
}

static void on_stop(void *user_data)
{
    struct note *note = user_data;
    note_runs(note);
    anyloop_loop_stop(note->here.scene->loop);
}

static anyloop_status do_stop_later(const struct here *here, const struct json *step)
{
    return anyloop_loop_call_later(loop_of(here), delay_of(json_at(step, 1)), on_stop, given(note_of(here, NULL, NULL)),
                                   note_dropped, NULL);
}

static anyloop_status do_nested(const struct here *here, const struct json *step)
{
    const char *handle = text_at(step, 1);
    anyloop_status status = anyloop_loop_run_until_complete(loop_of(here), future_of(here, handle));
    trace(here, "nested %s %s", handle, status == ANYLOOP_E_RUNNING ? "refused" : anyloop_status_name(status));
    return ANYLOOP_OK;
}

/* ---- tasks */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static anyloop_status do_tasks(const struct here *here, const struct json *step)
{
    (void)step;
    size_t capacity = anyloop_all_tasks(loop_of(here), NULL, 0), count = 0;
    struct arena *arena = &here->scene->arena;
    anyloop_task **tasks = arena_allocate(arena, capacity * sizeof *tasks);
    const char **names = arena_allocate(arena, capacity * sizeof *names);
    anyloop_all_tasks(loop_of(here), tasks, capacity);
    for (size_t i = 0; i < capacity; i++)
        if (is_adopted(here->scene, tasks[i]))
            names[count++] = anyloop_task_name(tasks[i]);
    qsort(names, count, sizeof *names, compare_names);
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = text_of(here, "%s,%s", list, names[i]);
    trace(here, "tasks %s", bracketed(here, list));
    return ANYLOOP_OK;
}

static anyloop_status do_current(const struct here *here, const struct json *step)
{
    (void)step;
    anyloop_task *task = anyloop_current_task(loop_of(here));
    trace(here, "current %s", task ? anyloop_task_name(task) : "none");
    return ANYLOOP_OK;
}

static anyloop_status do_name(const struct here *here, const struct json *step)
{
    const char *handle = text_at(step, 1), *name = anyloop_task_name(future_of(here, handle));
    trace(here, "name %s %s", handle, name ? name : "refused");
    return ANYLOOP_OK;
}

static anyloop_status do_rename(const struct here *here, const struct json *step)
{
    anyloop_status status = anyloop_task_set_name(future_of(here, text_at(step, 1)), text_at(step, 2));
    return status == ANYLOOP_OK ? status : trace_verdict(here, step, status);
}

static anyloop_status do_cancel_self(const struct here *here, const struct json *step)
{
    (void)step;
    int32_t accepted = anyloop_future_cancel(anyloop_current_task(loop_of(here)), NULL);
    trace(here, "cancel_self %s", accepted == 1 ? "true" : "false");
    return ANYLOOP_OK;
}

static anyloop_status do_cancelling(const struct here *here, const struct json *step)
{
    (void)step;
    trace(here, "cancelling %u", (unsigned)anyloop_task_cancelling(anyloop_current_task(loop_of(here))));
    return ANYLOOP_OK;
}

static anyloop_status do_uncancel(const struct here *here, const struct json *step)
{
    (void)step;
    trace(here, "uncancel %u", (unsigned)anyloop_task_uncancel(anyloop_current_task(loop_of(here))));
    return ANYLOOP_OK;
}

/* ---- variables */

static anyloop_status do_var(const struct here *here, const struct json *step)
{
    struct object variable = {.kind = VARIABLE, .variable = json_at(step, 2)->number};
    return keep(here->scene, &here->scene->variables, text_at(step, 1), ANYLOOP_OK, variable);
}

static anyloop_status do_add(const struct here *here, const struct json *step)
{
    struct object *object = find(&here->scene->variables, text_at(step, 1));
    object->variable += json_at(step, 2)->number;
    trace(here, "add %s %lld", text_at(step, 1), (long long)object->variable);
    return ANYLOOP_OK;
}

/* Context variables need no making. */
static anyloop_status context_variable_of(const struct here *here, const char *name, anyloop_contextvar **out)
{
    struct table *table = &here->scene->context_variables;
    anyloop_status status = ANYLOOP_OK;
    if (!find(table, name)) {
        struct object made = {.kind = CONTEXT_VARIABLE};
        status = anyloop_contextvar_new(name, &made.context_variable);
        status = keep(here->scene, table, name, status, made);
    }
    if (status == ANYLOOP_OK)
        *out = find(table, name)->context_variable;
    return status;
}

/* The word for what the variable holds in the current context. */
static const char *context_word(const struct here *here, const char *name)
{
    anyloop_contextvar *variable;
    anyloop_value value = anyloop_none();
    if (context_variable_of(here, name, &variable) == ANYLOOP_OK)
        anyloop_contextvar_get(loop_of(here), variable, &value);
    const char *word = word_of(here, &value);
    anyloop_value_release(&value);
    return word;
}

static anyloop_status do_ctx_set(const struct here *here, const struct json *step)
{
    anyloop_contextvar *variable;
    anyloop_status status = context_variable_of(here, text_at(step, 1), &variable);
    if (status != ANYLOOP_OK)
        return status;
    anyloop_value value = value_of(json_at(step, 2));
    return anyloop_contextvar_set(loop_of(here), variable, &value);
}

static anyloop_status do_ctx_get(const struct here *here, const struct json *step)
{
    trace(here, "ctx_get %s %s", text_at(step, 1), context_word(here, text_at(step, 1)));
    return ANYLOOP_OK;
}

static void on_ctx_soon(void *user_data)
{
    struct note *note = user_data;
    note_runs(note);
    note->soon--;
    trace(&note->here, "ctx_soon %s %s", note->text, context_word(&note->here, note->text));
}

static anyloop_status do_ctx_soon(const struct here *here, const struct json *step)
{
    struct note *note = note_of(here, NULL, text_at(step, 1));
    return schedule(here, note, on_ctx_soon);
}

static void on_ctx_done(void *user_data, anyloop_future *future)
{
    struct note *note = user_data;
    note_hears(note, future);
    trace(&note->here, "ctx_callback %s %s %s", note->handle, note->text, context_word(&note->here, note->text));
}

static anyloop_status do_ctx_callback(const struct here *here, const struct json *step)
{
    struct note *note = note_of(here, text_at(step, 1), text_at(step, 2));
    return listen(here, note, on_ctx_done);
}

const struct op task_ops[] = {
    {"log", .act = do_log},
    {"spawn", .act = do_spawn},
    {"eager", .act = do_eager},
    {"group_spawn", .act = do_group_spawn},
    {"future", .act = do_future},
    {"gather", NEEDS_HANDLES, .act = do_gather},
    {"shield", NEEDS_HANDLE, .act = do_shield},
    {"set", NEEDS_HANDLE, .act = do_set},
    {"fail", NEEDS_HANDLE, .act = do_fail},
    {"cancel", NEEDS_HANDLE, .act = do_cancel},
    {"state", NEEDS_HANDLE, .act = do_state},
    {"callback", NEEDS_HANDLE, .act = do_callback},
    {"uncallback", NEEDS_HANDLE, .act = do_uncallback},
    {"soon", .act = do_soon},
    {"later", .act = do_later},
    {"unlater", NEEDS_TIMER, .act = do_unlater},
    {"stop", .act = do_stop},
    {"stop_later", .act = do_stop_later},
    {"nested", NEEDS_HANDLE, .act = do_nested},
    {"tasks", .act = do_tasks},
    {"current", .act = do_current},
    {"name", NEEDS_HANDLE, .act = do_name},
    {"rename", NEEDS_HANDLE, .act = do_rename},
    {"cancel_self", .act = do_cancel_self},
    {"cancelling", .act = do_cancelling},
    {"uncancel", .act = do_uncancel},
    {"var", .act = do_var},
    {"add", NEEDS_VARIABLE, .act = do_add},
    {"ctx_set", .act = do_ctx_set},
    {"ctx_get", .act = do_ctx_get},
    {"ctx_soon", .act = do_ctx_soon},
    {"ctx_callback", NEEDS_HANDLE, .act = do_ctx_callback},
    {.name = NULL},
};
