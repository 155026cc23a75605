/* gather.c -- gather and gather_pending.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gather.h"

#include "watch.h"

struct gather {
    anyl_fan fan;
    anyl_watch *watch;
    anyloop_value list; /* with room for all */
    bool return_exceptions;
    anyloop_future *children[];
};

static void gather_destroy(anyloop_future *future)
{
    struct gather *gather = (struct gather *)(void *)future;
    if (anyl_watch_outlives(gather->watch))
        return;
    anyl_watch_end(gather->watch);
    anyl_value_release(&gather->list);
    anyl_object_free(future->loop, gather, sizeof *gather + gather->fan.count * sizeof(anyloop_future *));
}

static void gather_each(anyloop_future *future, anyl_each_fn tell, void *to)
{
    const struct gather *gather = (const struct gather *)(const void *)future;
    for (size_t i = 0; i < gather->fan.count; i++)
        tell(to, gather->children[i]);
}

static const anyl_future_class gather_class = {.owner = ANYL_FUTURE_OWNER,
                                               .kind = ANYLOOP_KIND_FUTURE,
                                               .settable = true,
                                               .fans = true,
                                               .loose = true,
                                               .destroy = gather_destroy,
                                               .each = gather_each,
                                               .words = "a gather"};

/* A child's place in the list. A cancelled one's error has the reason that it still tells to everybody. */
static const anyloop_value *error_of(anyloop_future *child)
{
    if (child->flags & ANYL_FUTURE_REASON_ONCE)
        return &anyl_failed(ANYLOOP_E_CANCELLED)->value;
    return child->state == ANYLOOP_FAILED ? anyl_future_error(child) : &child->value;
}

/* The error of a gather that was cancelled: its last child's cancellation, also when that child had refused it. */
static anyloop_value cancellation_of(anyloop_future *child)
{
    if (child->state == ANYLOOP_CANCELLED)
        return anyl_value_share(anyl_future_error(child));
    return anyl_is_task(child) ? anyl_task_reason(anyl_task_of(child)) : anyl_error_bare(ANYLOOP_E_CANCELLED);
}

static void all_heard(struct gather *gather)
{
    anyloop_future *outer = &gather->fan.future;
    anyloop_value *items = anyl_value_list_room(&gather->list);
    bool owners = false, local = false;
    for (size_t i = 0; i < gather->fan.count; i++) {
        anyloop_future *child = gather->children[i];
        items[i] = ANYL_LIKELY(child->state == ANYLOOP_RESULT) ? child->value : *error_of(child);
        if (ANYL_UNLIKELY(items[i].owner)) {
            anyl_value_retain(&items[i]);
            owners = true;
            local |= anyl_value_local(&items[i]);
        }
    }
    anyl_value_list_fill(&gather->list, gather->fan.count, owners, local);
    if (!gather->fan.requested) {
        outer->value = gather->list;
        memset(&gather->list, 0, sizeof gather->list);
        anyl_future_end(outer, ANYLOOP_RESULT);
        return;
    }
    anyl_value_release(&gather->list);
    anyl_future_set_error(outer, cancellation_of(gather->children[gather->fan.count - 1]));
}

static void child_done(void *owner, anyloop_future *child)
{
    struct gather *gather = owner;
    anyloop_future *outer = &gather->fan.future;
    gather->watch->left--;
    if (anyl_future_done(outer)) {
        if (child->state == ANYLOOP_FAILED)
            anyl_future_error(child); /* counts as looked at */
    } else if (!gather->return_exceptions && child->state != ANYLOOP_RESULT) {
        const anyloop_value *error = anyl_future_error(child);
        anyl_value_retain(error);
        anyl_future_set_error(outer, *error);
    } else if (gather->watch->left == 0 && !(outer->flags & ANYL_FUTURE_LOST)) {
        all_heard(gather);
    }
    if (gather->watch->left == 0)
        anyl_watch_keep_no_more(gather->watch);
}

anyloop_status anyl_gather_check(const anyloop_loop *loop, anyloop_future *const *futures, size_t count)
{
    if (futures == NULL && count)
        return ANYLOOP_E_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL)
            return ANYLOOP_E_INVALID;
        if (ANYL_UNLIKELY(futures[i]->loop != loop) && futures[i]->loop)
            return ANYLOOP_E_OTHER_LOOP;
        if (anyl_is_coroutine(futures[i]) && (futures[i]->task_flags & ANYL_TASK_STACKED))
            return ANYLOOP_E_STATE;
    }
    return ANYLOOP_OK;
}

static struct gather *gather_new(anyloop_loop *loop, size_t count)
{
    if (count > SIZE_MAX / 4 / sizeof(anyl_watched))
        return NULL;
    size_t size = sizeof(struct gather) + count * sizeof(anyloop_future *);
    struct gather *gather = anyl_object_alloc(loop, size);
    if (gather == NULL)
        return NULL;
    memset(gather, 0, sizeof *gather);
    anyl_future_init(&gather->fan.future, loop, &gather_class);
    gather->fan.children = gather->children;
    gather->fan.count = count;
    gather->watch = anyl_watch_new(loop, count, child_done, gather);
    if (gather->watch && anyl_value_list(&loop->slab.allocator, count, &gather->list) == ANYLOOP_OK)
        return gather;
    if (gather->watch)
        anyl_watch_end(gather->watch);
    anyl_object_free(loop, gather, size);
    return NULL;
}

anyloop_future *anyl_gather(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t flags)
{
    struct gather *gather = gather_new(loop, count);
    if (gather == NULL) {
        for (size_t i = 0; i < count; i++)
            anyl_future_release(futures[i]);
        return NULL;
    }
    anyl_watch *watch = gather->watch;
    anyloop_future *outer = &gather->fan.future;
    gather->return_exceptions = (flags & ANYLOOP_RETURN_EXCEPTIONS) != 0;
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        anyloop_future *child = gather->children[i] = futures[i];
        if (ANYL_UNLIKELY(anyl_is_coroutine(child)))
            anyl_ensure_future(loop, child);
        if (ANYL_UNLIKELY(anyl_future_done(child))) {
            anyl_watch_add(watch, child);
            done++;
        } else if (ANYL_UNLIKELY(anyl_watch_is_last(watch, child))) {
            anyl_future_release(child); /* it is there already */
        } else {
            anyl_watch_listen(watch, anyl_watch_add(watch, child));
        }
    }
    watch->left = watch->count;
    if (done < watch->count && !anyl_future_done(futures[count - 1]))
        watch->final = futures[count - 1];
    /* those that were done before are heard of now, so that a gather of them alone is done at once */
    for (size_t i = 0; done && i < watch->count; i++)
        if (!watch->items[i].waits)
            child_done(gather, watch->items[i].future);
    if (count == 0)
        all_heard(gather);
    if (gather->watch->left)
        anyl_watch_keep(watch, outer);
    return outer;
}

anyloop_future *anyl_gather_pending(anyloop_loop *loop, uint32_t flags)
{
    size_t count = 0;
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        count++;
    anyloop_future **tasks = anyl_object_alloc(loop, (count + 1) * sizeof(anyloop_future *));
    if (tasks == NULL)
        return NULL;
    size_t found = 0;
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        anyloop_future *task = &ANYL_OWNER_OF(link, anyl_task, link)->future;
        if (task != loop->current)
            tasks[found++] = anyl_future_retain(task);
    }
    anyloop_future *gather = anyl_gather(loop, tasks, found, flags);
    anyl_object_free(loop, tasks, (count + 1) * sizeof(anyloop_future *));
    return gather;
}
