/* runner_sync.c -- steps on locks, semaphores, events, conditions, barriers, queues and named timeouts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_ops.h"

#include <string.h>

static struct object *thing_of(const struct here *here, const struct json *step)
{
    return find(&here->scene->things, text_at(step, 1));
}

static anyloop_status keep_thing(const struct here *here, const struct json *step, anyloop_status status,
                                 struct object object)
{
    return keep(here->scene, &here->scene->things, text_at(step, 1), status, object);
}

/* ---- locks and semaphores */

static anyloop_status do_lock(const struct here *here, const struct json *step)
{
    struct object made = {.kind = LOCK};
    return keep_thing(here, step, anyloop_lock_new(here->scene->loop, &made.lock), made);
}

static anyloop_status do_semaphore(const struct here *here, const struct json *step)
{
    struct object made = {.kind = SEMAPHORE};
    uint32_t value = (uint32_t)json_at(step, 2)->number;
    uint32_t flags = text_at(step, 3) ? ANYLOOP_SEMAPHORE_BOUNDED : 0;
    return keep_thing(here, step, anyloop_semaphore_new(here->scene->loop, value, flags, &made.semaphore), made);
}

/* A condition is asked for its lock. */
static anyloop_lock *lock_of(const struct object *thing)
{
    return thing->kind == CONDITION ? anyloop_condition_lock(thing->condition) : thing->lock;
}

static anyloop_future *begin_acquire(const struct here *here, const struct json *step)
{
    const struct object *thing = thing_of(here, step);
    return thing->kind == SEMAPHORE ? anyloop_semaphore_acquire(thing->semaphore)
                                    : anyloop_lock_acquire(lock_of(thing));
}

static anyloop_status do_release(const struct here *here, const struct json *step)
{
    const struct object *thing = thing_of(here, step);
    return trace_verdict(here, step,
                         thing->kind == SEMAPHORE ? anyloop_semaphore_post(thing->semaphore)
                                                  : anyloop_lock_unlock(lock_of(thing)));
}

static anyloop_status do_locked(const struct here *here, const struct json *step)
{
    const struct object *thing = thing_of(here, step);
    int32_t locked = thing->kind == SEMAPHORE ? anyloop_semaphore_locked(thing->semaphore)
                                              : anyloop_lock_locked(lock_of(thing));
    trace(here, "locked %s %s", text_at(step, 1), locked ? "true" : "false");
    return ANYLOOP_OK;
}

/* ---- events */

static anyloop_status do_event(const struct here *here, const struct json *step)
{
    struct object made = {.kind = EVENT};
    return keep_thing(here, step, anyloop_event_new(here->scene->loop, &made.event), made);
}

static anyloop_status do_event_set(const struct here *here, const struct json *step)
{
    return anyloop_event_set(thing_of(here, step)->event);
}

static anyloop_status do_event_clear(const struct here *here, const struct json *step)
{
    return anyloop_event_clear(thing_of(here, step)->event);
}

static anyloop_future *begin_event_wait(const struct here *here, const struct json *step)
{
    return anyloop_event_wait(thing_of(here, step)->event);
}

/* ---- conditions */

static anyloop_status do_condition(const struct here *here, const struct json *step)
{
    struct object made = {.kind = CONDITION};
    const char *other = text_at(step, 2);
    anyloop_lock *lock = other ? find(&here->scene->things, other)->lock : NULL;
    return keep_thing(here, step, anyloop_condition_new(here->scene->loop, lock, &made.condition), made);
}

static anyloop_future *begin_cond_wait(const struct here *here, const struct json *step)
{
    return anyloop_condition_wait(thing_of(here, step)->condition);
}

struct at_least {
    struct scene *scene;
    const struct object *variable;
    int64_t bound;
};

static int32_t is_at_least(void *user_data)
{
    const struct at_least *condition = user_data;
    return condition->variable->variable >= condition->bound;
}

static void predicate_dropped(void *condition)
{
    ((struct at_least *)condition)->scene->given_back++;
}

static anyloop_future *begin_cond_wait_for(const struct here *here, const struct json *step)
{
    here->scene->lent++;
    struct at_least *condition = arena_allocate(&here->scene->arena, sizeof *condition);
    *condition = (struct at_least){here->scene, find(&here->scene->variables, text_at(step, 2)),
                                   json_at(step, 3)->number};
    return anyloop_condition_wait_for(thing_of(here, step)->condition, is_at_least, condition, predicate_dropped);
}

static void end_cond_wait_for(const struct here *here, const struct json *step, const anyloop_value *value)
{
    (void)value;
    int64_t variable = find(&here->scene->variables, text_at(step, 2))->variable;
    trace(here, "cond_wait_for %s %lld", text_at(step, 1), (long long)variable);
}

static anyloop_status do_notify(const struct here *here, const struct json *step)
{
    size_t count = (size_t)json_at(step, 2)->number;
    return trace_verdict(here, step, anyloop_condition_notify(thing_of(here, step)->condition, count));
}

static anyloop_status do_notify_all(const struct here *here, const struct json *step)
{
    return trace_verdict(here, step, anyloop_condition_notify(thing_of(here, step)->condition, SIZE_MAX));
}

/* ---- barriers */

static anyloop_status do_barrier(const struct here *here, const struct json *step)
{
    struct object made = {.kind = BARRIER};
    uint32_t parties = (uint32_t)json_at(step, 2)->number;
    return keep_thing(here, step, anyloop_barrier_new(here->scene->loop, parties, &made.barrier), made);
}

static anyloop_future *begin_barrier_wait(const struct here *here, const struct json *step)
{
    return anyloop_barrier_wait(thing_of(here, step)->barrier);
}

static anyloop_future *begin_barrier_reset(const struct here *here, const struct json *step)
{
    return anyloop_barrier_reset(thing_of(here, step)->barrier);
}

static anyloop_future *begin_barrier_abort(const struct here *here, const struct json *step)
{
    return anyloop_barrier_abort(thing_of(here, step)->barrier);
}

static anyloop_status do_barrier_state(const struct here *here, const struct json *step)
{
    const anyloop_barrier *barrier = thing_of(here, step)->barrier;
    trace(here, "barrier_state %s %u %s", text_at(step, 1), (unsigned)anyloop_barrier_n_waiting(barrier),
          anyloop_barrier_broken(barrier) ? "true" : "false");
    return ANYLOOP_OK;
}

/* ---- queues */

static uint32_t order_of(const char *kind)
{
    if (kind && strcmp(kind, "lifo") == 0)
        return ANYLOOP_QUEUE_LIFO;
    return kind && strcmp(kind, "priority") == 0 ? ANYLOOP_QUEUE_PRIORITY : ANYLOOP_QUEUE_FIFO;
}

static anyloop_status do_queue(const struct here *here, const struct json *step)
{
    struct object made = {.kind = QUEUE};
    size_t maxsize = (size_t)json_at(step, 2)->number;
    uint32_t order = order_of(text_at(step, 3));
    return keep_thing(here, step, anyloop_queue_new(here->scene->loop, maxsize, order, &made.queue), made);
}

/* The items of a priority queue are [priority, anything]. */
static int64_t priority_of(const struct json *item)
{
    return json_at(item, 0)->number;
}

static anyloop_future *begin_put(const struct here *here, const struct json *step)
{
    anyloop_value item = value_of(json_at(step, 2));
    return anyloop_queue_put(thing_of(here, step)->queue, &item, priority_of(json_at(step, 2)));
}

static void end_put(const struct here *here, const struct json *step, const anyloop_value *value)
{
    (void)value;
    trace(here, "put %s %s", text_at(step, 1), word_of_json(here, json_at(step, 2)));
}

static anyloop_future *begin_get(const struct here *here, const struct json *step)
{
    return anyloop_queue_get(thing_of(here, step)->queue);
}

/* Logs what a queue said at once. A closed loop is the caller's to log. */
static anyloop_status trace_at_once(const struct here *here, const struct json *step, anyloop_status status,
                                    const char *item)
{
    const char *word = status == ANYLOOP_OK           ? item
                       : status == ANYLOOP_E_FULL     ? "!full"
                       : status == ANYLOOP_E_EMPTY    ? "!empty"
                       : status == ANYLOOP_E_SHUTDOWN ? "!shutdown"
                                                      : NULL;
    if (!word)
        return status;
    trace(here, "%s %s %s", text_at(step, 0), text_at(step, 1), word);
    return ANYLOOP_OK;
}

static anyloop_status do_put_nowait(const struct here *here, const struct json *step)
{
    const struct json *json = json_at(step, 2);
    anyloop_value item = value_of(json);
    anyloop_status status = anyloop_queue_put_nowait(thing_of(here, step)->queue, &item, priority_of(json));
    return trace_at_once(here, step, status, word_of_json(here, json));
}

static anyloop_status do_get_nowait(const struct here *here, const struct json *step)
{
    anyloop_value item = anyloop_none();
    anyloop_status status = anyloop_queue_get_nowait(thing_of(here, step)->queue, &item);
    status = trace_at_once(here, step, status, word_of(here, &item));
    anyloop_value_release(&item);
    return status;
}

static anyloop_status do_task_done(const struct here *here, const struct json *step)
{
    return trace_verdict(here, step, anyloop_queue_task_done(thing_of(here, step)->queue));
}

static anyloop_future *begin_join(const struct here *here, const struct json *step)
{
    return anyloop_queue_join(thing_of(here, step)->queue);
}

static anyloop_status do_qsize(const struct here *here, const struct json *step)
{
    trace(here, "qsize %s %zu", text_at(step, 1), anyloop_queue_qsize(thing_of(here, step)->queue));
    return ANYLOOP_OK;
}

static anyloop_status do_shutdown(const struct here *here, const struct json *step)
{
    return anyloop_queue_shutdown(thing_of(here, step)->queue, json_at(step, 2)->number != 0);
}

/* ---- named timeouts */

static anyloop_status do_reschedule(const struct here *here, const struct json *step)
{
    uint64_t deadline = deadline_of(anyloop_loop_time(here->scene->loop), json_at(step, 2));
    return trace_verdict(here, step, anyloop_timeout_scope_reschedule(thing_of(here, step)->timeout, deadline));
}

static anyloop_status do_expired(const struct here *here, const struct json *step)
{
    int32_t expired = anyloop_timeout_scope_expired(thing_of(here, step)->timeout);
    trace(here, "expired %s %s", text_at(step, 1), expired ? "true" : "false");
    return ANYLOOP_OK;
}

static anyloop_status do_when(const struct here *here, const struct json *step)
{
    uint64_t when = anyloop_timeout_scope_when(thing_of(here, step)->timeout);
    if (when == ANYLOOP_NEVER)
        trace(here, "when %s none", text_at(step, 1));
    else
        trace(here, "when %s %lld", text_at(step, 1), (long long)ms_of(when));
    return ANYLOOP_OK;
}

const struct op sync_ops[] = {
    {"lock", .act = do_lock},
    {"semaphore", .act = do_semaphore},
    {"acquire", NEEDS_THING, .begin = begin_acquire, .end = end_name},
    {"release", NEEDS_THING, .act = do_release},
    {"locked", NEEDS_THING, .act = do_locked},
    {"event", .act = do_event},
    {"event_set", NEEDS_THING, .act = do_event_set},
    {"event_clear", NEEDS_THING, .act = do_event_clear},
    {"event_wait", NEEDS_THING, .begin = begin_event_wait, .end = end_name},
    {"condition", NEEDS_OTHER_THING, .act = do_condition},
    {"cond_wait", NEEDS_THING, .begin = begin_cond_wait, .end = end_name},
    {"cond_wait_for", NEEDS_THING_VARIABLE, .begin = begin_cond_wait_for, .end = end_cond_wait_for},
    {"notify", NEEDS_THING, .act = do_notify},
    {"notify_all", NEEDS_THING, .act = do_notify_all},
    {"barrier", .act = do_barrier},
    {"barrier_wait", NEEDS_THING, .begin = begin_barrier_wait, .end = end_value},
    {"barrier_reset", NEEDS_THING, .begin = begin_barrier_reset, .end = end_name},
    {"barrier_abort", NEEDS_THING, .begin = begin_barrier_abort, .end = end_name},
    {"barrier_state", NEEDS_THING, .act = do_barrier_state},
    {"queue", .act = do_queue},
    {"put", NEEDS_THING, .begin = begin_put, .end = end_put},
    {"get", NEEDS_THING, .begin = begin_get, .end = end_value},
    {"put_nowait", NEEDS_THING, .act = do_put_nowait},
    {"get_nowait", NEEDS_THING, .act = do_get_nowait},
    {"task_done", NEEDS_THING, .act = do_task_done},
    {"join", NEEDS_THING, .begin = begin_join, .end = end_name},
    {"qsize", NEEDS_THING, .act = do_qsize},
    {"shutdown", NEEDS_THING, .act = do_shutdown},
    {"reschedule", NEEDS_THING, .act = do_reschedule},
    {"expired", NEEDS_THING, .act = do_expired},
    {"when", NEEDS_THING, .act = do_when},
    {.name = NULL},
};
