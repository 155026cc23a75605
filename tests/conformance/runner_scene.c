/* runner_scene.c -- loading a scenario, naming things, letting go of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECOND INT64_C(1000000)

static _Noreturn void give_up(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

static const char *read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        give_up(path, "cannot be opened");
    size_t size = 0, capacity = 4096;
    char *text = arena_allocate(arena, capacity + 1);
    for (size_t got; (got = fread(text + size, 1, capacity - size, file)) > 0;) {
        size += got;
        if (size == capacity) {
            char *larger = arena_allocate(arena, 2 * capacity + 1);
            text = memcpy(larger, text, capacity);
            capacity *= 2;
        }
    }
    if (ferror(file))
        give_up(path, "cannot be read");
    fclose(file);
    return text;
}

/* Nobody traces errors that nobody looked at. */
static anyloop_status hear_nothing(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)user_data, (void)loop, (void)exception;
    return ANYLOOP_OK;
}

void program_read(struct program *program, const char *path)
{
    *program = (struct program){.coros = NULL};
    const char *error = "no scenario";
    const struct json *document = json_parse(&program->arena, read_file(&program->arena, path), &error);
    if (!document || json_member(document, "script")->kind != JSON_LIST)
        give_up(path, error);
    program->coros = json_member(document, "coros");
    program->script = json_member(document, "script");
}

void program_free(struct program *program)
{
    arena_free(&program->arena);
}

anyloop_status scene_open(struct scene *scene, const struct program *program, const anyloop_allocator *allocator)
{
    *scene = (struct scene){.program = program};
    anyloop_loop_options options = {.struct_size = sizeof options,
                                    .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK,
                                    .virtual_start = SCENE_START,
                                    .allocator = allocator,
                                    .shuffle_seed = program->shuffle_seed};
    anyloop_status status = anyloop_new_event_loop(&options, &scene->loop);
    if (status != ANYLOOP_OK)
        return status;
    anyloop_set_event_loop(scene->loop);
    anyloop_loop_set_exception_handler(scene->loop, hear_nothing, NULL, NULL);
    anyloop_loop_set_log(scene->loop, NULL, NULL);
    return ANYLOOP_OK;
}

/* ---- names */

static void release(const struct object *object)
{
    switch (object->kind) {
    case NOTHING:
    case VARIABLE:
        break;
    case FUTURE:
        anyloop_future_release(object->future);
        break;
    case TIMER:
        anyloop_handle_release(object->timer);
        break;
    case CONTEXT_VARIABLE:
        anyloop_contextvar_release(object->context_variable);
        break;
    case LOCK:
        anyloop_lock_release(object->lock);
        break;
    case SEMAPHORE:
        anyloop_semaphore_release(object->semaphore);
        break;
    case EVENT:
        anyloop_event_release(object->event);
        break;
    case QUEUE:
        anyloop_queue_release(object->queue);
        break;
    case CONDITION:
        anyloop_condition_release(object->condition);
        break;
    case BARRIER:
        anyloop_barrier_release(object->barrier);
        break;
    case TIMEOUT:
        anyloop_timeout_scope_release(object->timeout);
        break;
    case ITERATION:
        anyloop_completions_release(object->iteration);
        break;
    }
}

static void release_all(struct table *table)
{
    for (struct entry *entry = table->first; entry; entry = entry->next)
        release(&entry->object);
}

/* What was accepted to be called, could have been in the last turn and was not. */
static const char *lost(const struct scene *scene)
{
    for (const struct note *note = scene->notes; note; note = note->next) {
        if (note->soon)
            return "a callback that was ready never ran";
        const struct object *handle = note->handle ? find(&scene->handles, note->handle) : NULL;
        if (note->heard && handle && handle->future == note->heard_on &&
            anyloop_future_state(handle->future) != ANYLOOP_PENDING)
            return "a done callback never ran";
    }
    return NULL;
}

/* Where tasks go on, each turn may bring what waits for the next one. What is lost stays so, however many there are. */
const char *scene_settle(struct scene *scene)
{
    const char *wrong = NULL;
    for (int turns = 0; turns < 2 || (wrong && turns < 1000); turns++) {
        anyloop_loop_stop(scene->loop);
        if (anyloop_loop_run_forever(scene->loop) != ANYLOOP_OK)
            return "the loop does not turn any more";
        wrong = lost(scene);
    }
    return wrong;
}

static const char *balance(const struct scene *scene)
{
    if (scene->lent != scene->given_back)
        return "a frame or a predicate was not dropped once";
    for (const struct note *note = scene->notes; note; note = note->next)
        if (note->dropped != note->given || note->ran > note->given)
            return "a callback was not dropped once, or ran again";
    return NULL;
}

const char *scene_close(struct scene *scene)
{
    if (scene->on_close && !anyloop_loop_is_closed(scene->loop))
        scene->on_close(scene);
    const char *wrong = anyloop_loop_close(scene->loop) == ANYLOOP_OK ? NULL : "the loop does not close";
    release_all(&scene->handles);
    release_all(&scene->things);
    release_all(&scene->timers);
    release_all(&scene->context_variables);
    release_all(&scene->tasks);
    release_all(&scene->iterations);
    anyloop_set_event_loop(NULL);
    anyloop_loop_release(scene->loop);
    if (wrong == NULL)
        wrong = balance(scene);
    arena_free(&scene->arena);
    return wrong;
}

struct object *find(const struct table *table, const char *name)
{
    for (struct entry *entry = table->first; entry; entry = entry->next)
        if (strcmp(entry->name, name) == 0)
            return &entry->object;
    return NULL;
}

static struct object *append(struct scene *scene, struct table *table, const char *name)
{
    struct entry **last = &table->first;
    while (*last)
        last = &(*last)->next;
    *last = arena_allocate(&scene->arena, sizeof **last);
    (*last)->name = name;
    return &(*last)->object;
}

/* The callbacks of the future that a name stood for are not its any more. */
static void stop_hearing(struct scene *scene, const char *handle)
{
    for (struct note *note = scene->notes; note; note = note->next)
        if (note->handle && strcmp(note->handle, handle) == 0) {
            note->heard = 0;
            note->heard_on = NULL;
        }
}

anyloop_status keep(struct scene *scene, struct table *table, const char *name, anyloop_status status,
                    struct object object)
{
    if (status != ANYLOOP_OK)
        return status;
    struct object *place = find(table, name);
    if (!place)
        place = append(scene, table, name);
    struct object before = *place;
    *place = object;
    if (table == &scene->handles)
        stop_hearing(scene, name);
    release(&before);
    return ANYLOOP_OK;
}

anyloop_status keep_future(struct scene *scene, const char *name, anyloop_future *future)
{
    anyloop_status status = anyloop_future_loop(future) ? ANYLOOP_OK : anyloop_future_error_code(future);
    return keep(scene, &scene->handles, name, status, (struct object){.kind = FUTURE, .future = future});
}

anyloop_future *future_of(const struct here *here, const char *name)
{
    return find(&here->scene->handles, name)->future;
}

anyloop_future **futures_of(const struct here *here, const struct json *names, size_t *count)
{
    *count = json_count(names);
    anyloop_future **futures = arena_allocate(&here->scene->arena, *count * sizeof *futures);
    size_t i = 0;
    for (const struct json *name = names->first; name; name = name->next)
        futures[i++] = anyloop_future_retain(future_of(here, name->text));
    return futures;
}

void hold(struct scene *scene, struct table *table, struct object object)
{
    *append(scene, table, NULL) = object;
}

bool is_adopted(const struct scene *scene, const anyloop_task *task)
{
    const struct entry *entry = scene->tasks.first;
    while (entry && entry->object.future != task)
        entry = entry->next;
    return entry != NULL;
}

void adopt(struct scene *scene, anyloop_task *task)
{
    if (!is_adopted(scene, task))
        hold(scene, &scene->tasks, (struct object){.kind = FUTURE, .future = anyloop_future_retain(task)});
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

struct note *note_of(const struct here *here, const char *handle, const char *text)
{
    struct scene *scene = here->scene;
    for (struct note *note = scene->notes; note; note = note->next)
        if (same(note->handle, handle) && same(note->text, text))
            return note;
    struct note *note = arena_allocate(&scene->arena, sizeof *note);
    *note = (struct note){.next = scene->notes, .here = {scene, "loop", NULL}, .handle = handle, .text = text};
    return scene->notes = note;
}

struct note *given(struct note *note)
{
    note->given++;
    return note;
}

void note_runs(struct note *note)
{
    note->ran++;
}

void note_dropped(void *note)
{
    ((struct note *)note)->dropped++;
}

/* ---- values and times */

static anyloop_value list_of(const struct json *json)
{
    size_t count = json_count(json), i = 0;
    struct arena scratch = {NULL};
    anyloop_value *items = arena_allocate(&scratch, count * sizeof *items);
    for (const struct json *item = json->first; item; item = item->next)
        items[i++] = value_of(item);
    anyloop_value list = anyloop_none();
    anyloop_value_list(NULL, items, count, &list);
    arena_free(&scratch);
    return list;
}

anyloop_value value_of(const struct json *json)
{
    switch (json->kind) {
    case JSON_BOOL:
        return anyloop_bool(json->number != 0);
    case JSON_NUMBER:
        return anyloop_int(json->number);
    case JSON_TEXT:
        return anyloop_static_text(json->text);
    case JSON_LIST:
        return list_of(json);
    case JSON_NULL:
    case JSON_OBJECT:
        break;
    }
    return anyloop_none();
}

int64_t delay_of(const struct json *ms)
{
    return ms->kind == JSON_NULL ? ANYLOOP_FOREVER : ms->number * MILLISECOND;
}

uint64_t deadline_of(uint64_t start, const struct json *ms)
{
    return ms->kind == JSON_NULL ? ANYLOOP_NEVER : start + (uint64_t)(ms->number * MILLISECOND);
}
