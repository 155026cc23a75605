/* watch.h -- hear of many futures, and stop hearing at any moment.
 *
 * Owns:          one reference to each future, as long as somebody holds what it completes, and a node in each one's ring.
 * Must not know: what for.
 * Threads:       the loop's.
 * Why its own block: a node that is in the ready queue already cannot be taken out. A watch that ends then stays until
 *                those nodes have had their turn, and its owner need not.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WATCH_H
#define ANYL_WATCH_H

#include "future.h"

typedef struct anyl_watch anyl_watch;

/* A future is done. May end the watch. */
typedef void (*anyl_watch_fn)(void *owner, anyloop_future *future);

typedef struct anyl_watched {
    anyl_node node;
    anyl_watch *watch;
    anyloop_future *future; /* held, unless it is watched weakly */
    bool waits;             /* its node is in the ring or in the ready queue */
} anyl_watched;

struct anyl_watch {
    anyloop_loop *loop;
    anyl_watch_fn heard; /* NULL: it has ended */
    void *owner;
    anyloop_future *kept; /* by anyl_watch_keep */
    anyl_list link;       /* among the loop's that keep */
    size_t left;          /* the owner's: of the futures, how many were not heard of */
    const anyloop_future *final; /* while this one is pending, results of others only count; NULL: none */
    size_t count, capacity, queued;
    anyl_watched items[];
};

/* NULL: no memory. */
anyl_watch *anyl_watch_new(anyloop_loop *loop, size_t capacity, anyl_watch_fn heard, void *owner);

/* Takes the future; there must be room. Nothing is heard yet. */
static inline anyl_watched *anyl_watch_add(anyl_watch *watch, anyloop_future *future)
{
    anyl_watched *item = &watch->items[watch->count++];
    item->node.run = anyl_watch_run;
    item->watch = watch;
    item->future = future;
    item->waits = false;
    return item;
}

/* Hear of the item from now on: of a future that is done, on the next turn. */
static inline void anyl_watch_listen(anyl_watch *watch, anyl_watched *item)
{
    item->waits = true;
    anyl_future_listen(item->future, watch->loop, &item->node);
}

/* Was the watch the last to begin to hear of the pending future? */
static inline bool anyl_watch_is_last(const anyl_watch *watch, const anyloop_future *future)
{
    return future->last && future->last->run == anyl_watch_run &&
           ANYL_OWNER_OF(future->last, anyl_watched, node)->watch == watch;
}

/* A future has its result, and `last` is who waits for it. If that is a watch that only counts now, it has counted:
 * nobody could see what would come of the node's place in the ready queue. */
ANYL_HOT bool anyl_watch_counts(anyl_node *last)
{
    if (last->run != anyl_watch_run || last->next != last)
        return false;
    anyl_watched *item = ANYL_OWNER_OF(last, anyl_watched, node);
    anyl_watch *watch = item->watch;
    if (watch->final == NULL || watch->final->state != ANYLOOP_PENDING)
        return false;
    item->waits = false;
    watch->left--;
    return true;
}

/* Hear of nothing any more, and let go of the futures. */
void anyl_watch_end(anyl_watch *watch);

/* Tell of the futures that it still hears of. */
void anyl_watch_each(const anyl_watch *watch, anyl_each_fn tell, void *to);

/* Let `outer`, which the watch completes, live on when nobody holds it: it is to hear of all, as long as there is
 * somebody who can complete one. `left` counts. Until anyl_watch_keep_no_more, or the loop's close. */
void anyl_watch_keep(anyl_watch *watch, anyloop_future *outer);
/* Nobody holds what the watch completes. False: it is not kept. True: its futures hold it from now on, and it holds
 * those no more that only others can complete. */
bool anyl_watch_outlives(anyl_watch *watch);
/* May end the watch, with its owner. */
void anyl_watch_keep_no_more(anyl_watch *watch);
/* For what waits inside a task's frame: at the loop's close the futures are let go of. */
void anyl_watch_until_close(anyl_watch *watch);
/* The loop closes. */
void anyl_watch_let_go(anyloop_loop *loop);

/* Is `future` new among those given to this function? Ask for each, then unmark each. A constant is always new. */
static inline bool anyl_watch_mark(anyloop_future *future)
{
    bool new = (future->flags & ANYL_FUTURE_MARKED) == 0;
    if (ANYL_LIKELY(future->loop != NULL))
        future->flags |= ANYL_FUTURE_MARKED;
    return new;
}

static inline void anyl_watch_unmark(anyloop_future *future)
{
    if (ANYL_LIKELY(future->loop != NULL))
        future->flags &= (uint8_t)~ANYL_FUTURE_MARKED;
}

#endif
