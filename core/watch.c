/* watch.c -- nodes in the rings of many futures.
 *
 * SPDX-License-Identifier: MIT
 */
#include "watch.h"

static size_t watch_size(size_t capacity)
{
    return sizeof(anyl_watch) + capacity * sizeof(anyl_watched);
}

static void free_watch(anyl_watch *watch)
{
    anyl_object_free(watch->loop, watch, watch_size(watch->capacity));
}

void anyl_watch_run(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_watched *item = ANYL_OWNER_OF(node, anyl_watched, node);
    anyl_watch *watch = item->watch;
    (void)loop;
    item->waits = false;
    if (watch->heard == NULL) {
        if (--watch->queued == 0)
            free_watch(watch);
    } else if (how == ANYL_RUN) {
        watch->heard(watch->owner, item->future);
    }
}

anyl_watch *anyl_watch_new(anyloop_loop *loop, size_t capacity, anyl_watch_fn heard, void *owner)
{
    if (capacity > SIZE_MAX / 2 / sizeof(anyl_watched))
        return NULL;
    anyl_watch *watch = anyl_object_alloc(loop, watch_size(capacity));
    if (watch == NULL)
        return NULL;
    watch->loop = loop;
    watch->heard = heard;
    watch->owner = owner;
    watch->kept = NULL;
    anyl_list_init(&watch->link);
    watch->count = watch->queued = watch->left = 0;
    watch->final = NULL;
    watch->capacity = capacity;
    return watch;
}

void anyl_watch_end(anyl_watch *watch)
{
    watch->heard = NULL;
    watch->final = NULL;
    anyl_list_remove(&watch->link);
    watch->queued++; /* itself, until all are looked at */
    anyloop_loop *loop = watch->loop;
    for (anyl_watched *item = watch->items, *end = item + watch->count; item < end; item++) {
        if (ANYL_UNLIKELY(item->waits)) {
            if (!anyl_future_unlisten(item->future, &item->node))
                watch->queued++;
            if (item->node.run == anyl_watch_weakly)
                continue;
        }
        if (ANYL_UNLIKELY(loop->closed))
            anyl_future_release(item->future);
        else
            anyl_future_release_quickly(item->future, loop);
    }
    watch->count = 0;
    if (--watch->queued == 0)
        free_watch(watch);
}

void anyl_watch_each(const anyl_watch *watch, anyl_each_fn tell, void *to)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->items[i].waits)
            tell(to, watch->items[i].future);
}

void anyl_watch_keep(anyl_watch *watch, anyloop_future *outer)
{
    watch->kept = outer;
    outer->flags |= ANYL_FUTURE_KEPT;
    anyl_list_append(&watch->loop->watches, &watch->link);
}

void anyl_watch_keep_no_more(anyl_watch *watch)
{
    anyloop_future *outer = watch->kept;
    if (outer == NULL)
        return;
    watch->kept = NULL;
    anyl_list_remove(&watch->link);
    if (outer->flags & ANYL_FUTURE_KEPT)
        outer->flags &= (uint8_t)~ANYL_FUTURE_KEPT;
    else
        anyl_future_release(outer);
}

void anyl_watch_weakly(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_watched *item = ANYL_OWNER_OF(node, anyl_watched, node);
    anyl_watch *watch = item->watch;
    (void)loop, (void)how;
    item->waits = false;
    item->future = anyl_failed(ANYLOOP_E_CANCELLED); /* a constant, which is not counted */
    if (watch->kept == NULL)
        return;
    watch->kept->flags |= ANYL_FUTURE_LOST;
    if (--watch->left == 0)
        anyl_watch_keep_no_more(watch);
}

bool anyl_watch_outlives(anyl_watch *watch)
{
    anyloop_future *outer = watch->kept;
    if (outer == NULL)
        return false;
    outer->flags &= (uint8_t)~ANYL_FUTURE_KEPT;
    outer->refs = 1;
    watch->final = NULL;
    for (anyl_watched *item = watch->items, *end = item + watch->count; item < end; item++) {
        anyloop_future *future = item->future;
        if (watch->loop->closing || anyl_future_done(future) || !anyl_future_class_of(future)->settable)
            continue; /* tasks that wait for it while the loop closes hold it no more: it stays as it is */
        item->node.run = anyl_watch_weakly;
        future->flags |= ANYL_FUTURE_USER_CALLBACKS;
        anyl_future_release(future); /* if it goes, it does so after this one: reaping */
    }
    return true;
}

void anyl_watch_until_close(anyl_watch *watch)
{
    anyl_list_append(&watch->loop->watches, &watch->link);
}

/* Of what waits inside a task that will not go on: the futures may hold that task. */
static void let_go(anyl_watch *watch)
{
    anyl_list_remove(&watch->link);
    watch->queued++; /* its owner may go with the futures */
    while (watch->count) {
        anyl_watched *item = &watch->items[--watch->count];
        if (item->waits && !anyl_future_unlisten(item->future, &item->node))
            watch->queued++;
        anyl_future_release(item->future);
    }
    if (--watch->queued == 0 && watch->heard == NULL)
        free_watch(watch);
}

void anyl_watch_let_go(anyloop_loop *loop)
{
    while (!anyl_list_empty(&loop->watches)) {
        anyl_watch *watch = ANYL_OWNER_OF(loop->watches.next, anyl_watch, link);
        if (watch->kept)
            anyl_watch_keep_no_more(watch);
        else
            let_go(watch);
    }
}
