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

void scene_open(struct scene *scene, const char *path)
{
    *scene = (struct scene){.loop = NULL};
    const char *error = "no scenario";
    const struct json *document = json_parse(&scene->arena, read_file(&scene->arena, path), &error);
    if (!document || json_member(document, "script")->kind != JSON_LIST)
        give_up(path, error);
    scene->coros = json_member(document, "coros");
    scene->script = json_member(document, "script");

    anyloop_loop_options options = {
        .struct_size = sizeof options, .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK, .virtual_start = SCENE_START};
    anyloop_status status = anyloop_new_event_loop(&options, &scene->loop);
    if (status != ANYLOOP_OK)
        give_up(path, anyloop_status_text(status));
    anyloop_set_event_loop(scene->loop);
    anyloop_loop_set_exception_handler(scene->loop, hear_nothing, NULL, NULL);
    anyloop_loop_set_log(scene->loop, NULL, NULL);
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

void scene_close(struct scene *scene)
{
    anyloop_loop_close(scene->loop);
    release_all(&scene->handles);
    release_all(&scene->things);
    release_all(&scene->timers);
    release_all(&scene->context_variables);
    release_all(&scene->tasks);
    release_all(&scene->iterations);
    anyloop_set_event_loop(NULL);
    anyloop_loop_release(scene->loop);
    arena_free(&scene->arena);
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
    *note = (struct note){scene->notes, {scene, "loop", NULL}, handle, text};
    return scene->notes = note;
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
