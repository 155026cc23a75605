/* runner_scene.h -- a scenario while it runs: its document, its loop, and what its names stand for.
 *
 * Owns:           the arena, the loop, a reference to every object that has a name, the books of what was given away
 *                 to be called or dropped; scene_close gives all of it back.
 * Must not know:  what the steps do.
 * Why one kind of entry: the five tables of the format differ only in what an entry holds, and everything held is let
 *                 go in the same two places, when its name is taken by another and at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RUNNER_SCENE_H
#define RUNNER_SCENE_H

#include "json.h"

#include <anyloop.h>
#include <stdbool.h>

enum object_kind {
    NOTHING,
    FUTURE,
    TIMER,
    VARIABLE,
    CONTEXT_VARIABLE,
    LOCK,
    SEMAPHORE,
    EVENT,
    QUEUE,
    CONDITION,
    BARRIER,
    TIMEOUT,
    ITERATION
};

struct object {
    enum object_kind kind;
    union {
        anyloop_future *future;
        anyloop_handle *timer;
        int64_t variable;
        anyloop_contextvar *context_variable;
        anyloop_lock *lock;
        anyloop_semaphore *semaphore;
        anyloop_event *event;
        anyloop_queue *queue;
        anyloop_condition *condition;
        anyloop_barrier *barrier;
        anyloop_timeout_scope *timeout;
        anyloop_completions *iteration;
    };
};

struct entry {
    struct entry *next;
    const char *name;
    struct object object;
};

/* In the order in which the names were first used. */
struct table {
    struct entry *first;
};

/* What a scenario file says. */
struct program {
    struct arena arena;
    const struct json *coros, *script;
    uint64_t shuffle_seed; /* of its loops; 0: none */
};

struct scene {
    const struct program *program;
    struct arena arena;
    anyloop_loop *loop;
    struct table handles, things, timers, variables, context_variables;
    struct table tasks, iterations; /* all that the scenario made, without names */
    struct note *notes;
    unsigned lent, given_back; /* frames of the scenario's coroutines, and predicates */
    bool silent;               /* no trace */
    /* Told before each await of the scenario's, and before the loop closes; NULL: nobody is. */
    void (*on_await)(struct scene *scene, anyloop_task *task);
    void (*on_close)(struct scene *scene);
};

/* Where a step stands. */
struct here {
    struct scene *scene;
    const char *who;
    anyloop_group *group; /* the innermost one around, borrowed; NULL: none */
};

/* What a callback of the loop needs to know; there is one for each handle and text, so that it can be removed by them. */
struct note {
    struct note *next;
    struct here here;
    const char *handle; /* NULL: none */
    const char *text;
    unsigned given, ran, dropped;
    unsigned soon;  /* given to call_soon, and neither run nor taken back yet */
    unsigned heard; /* the same of done callbacks */
    const anyloop_future *heard_on; /* the future that they were given to; only compared */
};

/* Reads a scenario file. Ends the program if there is no file or no scenario in it. */
void program_read(struct program *program, const char *path);
void program_free(struct program *program);

/* Makes a scene of a program. Its loop takes memory from `allocator`, NULL: malloc. Fails when there is none for it. */
anyloop_status scene_open(struct scene *scene, const struct program *program, const anyloop_allocator *allocator);
/* Before the close: turns the loop until all that was accepted and can be called has been. NULL, or what is wrong. */
const char *scene_settle(struct scene *scene);
/* Closes the loop and gives everything back. NULL, or what the books then say is wrong. */
const char *scene_close(struct scene *scene);

/* The entry of a name, NULL when there is none. */
struct object *find(const struct table *table, const char *name);

/* Makes `name` stand for `object`, which is taken, if `status` says that there is one; gives `status` back. */
anyloop_status keep(struct scene *scene, struct table *table, const char *name, anyloop_status status,
                    struct object object);
/* The same for a handle. A refusal, which has no loop, is no handle. */
anyloop_status keep_future(struct scene *scene, const char *name, anyloop_future *future);

/* The future of a handle that is there, borrowed. */
anyloop_future *future_of(const struct here *here, const char *name);
/* The futures of a list of handles that are there, retained. */
anyloop_future **futures_of(const struct here *here, const struct json *names, size_t *count);

/* Holds an object without a name, which is taken, until the end. */
void hold(struct scene *scene, struct table *table, struct object object);

/* Remembers a task as the scenario's, not the library's own. */
void adopt(struct scene *scene, anyloop_task *task);
bool is_adopted(const struct scene *scene, const anyloop_task *task);

struct note *note_of(const struct here *here, const char *handle, const char *text);
/* Writes a note down as given away, with note_dropped as its drop; and as run. */
struct note *given(struct note *note);
void note_runs(struct note *note);
void note_dropped(void *note);

/* The value that a document speaks of. It borrows texts from the document. */
anyloop_value value_of(const struct json *json);
/* Of whole milliseconds, and null for without end. */
int64_t delay_of(const struct json *ms);
uint64_t deadline_of(uint64_t start, const struct json *ms);

/* Loops start at an hour, so that a time before the start can be told. */
#define SCENE_START (UINT64_C(3600) * 1000000000)

static inline const char *text_at(const struct json *step, size_t index)
{
    return json_at(step, index)->text;
}

#endif
