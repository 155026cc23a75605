/* future.h -- something that will have a result, and who waits for it.
 *
 * Owns:          the result, and a list of nodes that become ready when it is there.
 * Must not know: what completes it; whether a node is a task, an operation or a user's callback.
 * Threads:       the loop's. A release from elsewhere travels by the mailbox's second lane; after the close any thread
 *                may release, one at a time.
 * Law:           no recursion as deep as futures hold futures: what nobody holds goes onto the loop's list and is taken
 *                apart one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_FUTURE_H
#define ANYL_FUTURE_H

#include "loop.h"
#include "value.h"

#include <anyloop/future.h>

/* Hears of one future after another. */
typedef void (*anyl_each_fn)(void *to, anyloop_future *future);

typedef struct anyl_future_class {
    anyl_owner_class owner; /* first: a future is what keeps a FUTURE value alive */
    uint32_t kind;
    bool settable;                               /* by anyone */
    bool loose;                                  /* after the close its awaiters hold it no more: unwind.c */
    bool fans;                                   /* cancelling it is cancelling its children: task.h */
    void (*cancelled)(anyloop_future *future);   /* hears that it was cancelled, by whom ever; NULL: nobody cares */
    void (*destroy)(anyloop_future *future);     /* gives back what it holds beside its result, and its memory */
    const char *(*name)(anyloop_future *future); /* NULL: has none */
    void (*each)(anyloop_future *future, anyl_each_fn tell, void *to); /* of a pending one: tells what it waits for */
    const char *words;                           /* for reports: "a job"; NULL: by its kind */
} anyl_future_class;

struct anyloop_future {
    anyl_owner owner;     /* its class */
    anyloop_loop *loop;   /* NULL: a constant, which nobody counts */
    uint32_t refs;
    uint8_t state;        /* ANYLOOP_PENDING ... ANYLOOP_CANCELLED */
    uint8_t flags;
    uint8_t outcome;      /* task.h */
    uint8_t plain;        /* it is done, and its end is to give back so many ANYL_ALIGN of memory; 0: ask its class */
    anyl_node *last;      /* who waits: a ring, given by its last node; NULL: nobody */
    anyl_link link;       /* in the mailbox, or among the dead */
    atomic_uint released; /* by other threads, not counted yet */
    uint32_t task_flags;  /* task.h */
    anyloop_value value;  /* the result or the error; of a cancellation an error too */
};

enum {
    ANYL_FUTURE_UNRETRIEVED = 1,    /* its error was not looked at */
    ANYL_FUTURE_REASON_ONCE = 2,    /* its reason is told to the first who asks */
    ANYL_FUTURE_REASON_TAKEN = 4,   /* and somebody has asked */
    ANYL_FUTURE_USER_CALLBACKS = 8, /* there are users' callbacks in the ring */
    ANYL_FUTURE_MARKED = 32,        /* by anyl_watch_mark */
    ANYL_FUTURE_ORPHANED = 16,      /* somebody waited, but went when the loop closed */
    ANYL_FUTURE_KEPT = 64,          /* when nobody holds it, its `destroy` may still let it live: watch.h */
    ANYL_FUTURE_LOST = 128          /* one of those that would complete it is gone, and was never done */
};

extern const anyl_future_class anyl_future_bare;

/* The owner's part of each class. */
void anyl_future_owner_retain(anyl_owner *owner);
void anyl_future_owner_release(anyl_owner *owner, anyl_block **dead);
#define ANYL_FUTURE_OWNER {anyl_future_owner_retain, anyl_future_owner_release}

static inline const anyl_future_class *anyl_future_class_of(const anyloop_future *future)
{
    return (const anyl_future_class *)(const void *)future->owner.class;
}

static inline void anyl_future_set_class(anyloop_future *future, const anyl_future_class *class)
{
    future->owner.class = &class->owner;
}

/* Pending, held once. */
ANYL_HOT void anyl_future_init_held(anyloop_future *future, anyloop_loop *loop, const anyl_future_class *class,
                                    uint32_t refs, uint32_t task_flags)
{
    anyl_future_set_class(future, class);
    future->loop = loop;
    future->refs = refs;
    future->state = ANYLOOP_PENDING;
    future->flags = 0;
    future->outcome = ANYLOOP_RESULT;
    future->plain = 0;
    future->task_flags = task_flags;
    future->last = NULL;
    atomic_init(&future->released, 0);
    future->value = anyl_value_none();
}

static inline void anyl_future_init(anyloop_future *future, anyloop_loop *loop, const anyl_future_class *class)
{
    anyl_future_init_held(future, loop, class, 1, 0);
}

/* A future of its own class in `size` bytes, the rest of which is zero; NULL: no memory. */
anyloop_future *anyl_future_new(anyloop_loop *loop, const anyl_future_class *class, size_t size);

/* One that anybody may complete. NULL: no memory. */
ANYL_HOT anyloop_future *anyl_future_new_bare(anyloop_loop *loop)
{
    anyloop_future *future = anyl_object_alloc_quickly(loop, sizeof *future);
    if (ANYL_UNLIKELY(future == NULL))
        return anyl_future_new(loop, &anyl_future_bare, sizeof *future);
    anyl_future_init(future, loop, &anyl_future_bare);
    return future;
}

/* The constant future of a code. */
anyloop_future *anyl_failed(anyloop_status code);
/* The same for an error that may have a text, or a code that is the user's own. Takes it. */
anyloop_future *anyl_future_failed(anyloop_loop *loop, anyloop_value error);

static inline bool anyl_future_done(const anyloop_future *future)
{
    return future->state != ANYLOOP_PENDING;
}

/* ---- counting */

/* Nobody holds it any more. */
void anyl_future_reap(anyloop_future *future);

/* It has its result, and is nothing but that and its `size` bytes. */
static inline void anyl_future_set_plain(anyloop_future *future, size_t size)
{
    if (ANYL_SHORT_WAYS && future->value.owner == 0 && size <= ANYL_SLAB_LARGEST && !future->loop->aside)
        future->plain = (uint8_t)(ANYL_ALIGNED(size) / ANYL_ALIGN);
}

anyloop_future *anyl_future_retain_slow(anyloop_future *future);
void anyl_future_release_slow(anyloop_future *future);
/* From a thread that may not be the loop's. */
void anyl_future_release_threadsafe(anyloop_future *future);
/* From the mailbox. */
void anyl_future_released(anyloop_loop *loop, anyl_link *link);

static inline anyloop_future *anyl_future_retain(anyloop_future *future)
{
    if (ANYL_UNLIKELY(future->loop == NULL || future->loop->closed))
        return anyl_future_retain_slow(future);
    future->refs++;
    return future;
}

/* Nobody holds it, and it is plain. */
ANYL_HOT void anyl_future_give_back(anyloop_future *future, anyloop_loop *loop)
{
    anyl_slab_put(&loop->slab, future, future->plain);
    loop->live--;
}

/* One hold less, on an open loop. */
ANYL_HOT void anyl_future_count_down(anyloop_future *future, anyloop_loop *loop)
{
    if (--future->refs != 0)
        return;
    if (ANYL_LIKELY(ANYL_SHORT_WAYS && future->plain != 0))
        anyl_future_give_back(future, loop);
    else
        anyl_future_reap(future);
}

static inline void anyl_future_release(anyloop_future *future)
{
    if (ANYL_UNLIKELY(future->loop == NULL || future->loop->closed))
        anyl_future_release_slow(future);
    else
        anyl_future_count_down(future, future->loop);
}

/* The same for one of `loop`, which is open, or a constant. */
ANYL_HOT void anyl_future_release_quickly(anyloop_future *future, anyloop_loop *loop)
{
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || future->plain == 0))
        anyl_future_release(future);
    else if (--future->refs == 0)
        anyl_future_give_back(future, loop);
}

/* ---- who waits */

/* Wait: `node` becomes ready on `loop` when the future is done, at once if it is. The future is not kept. */
static inline void anyl_future_listen(anyloop_future *future, anyloop_loop *loop, anyl_node *node)
{
    if (ANYL_UNLIKELY(anyl_future_done(future))) {
        anyl_loop_ready(loop, node);
        return;
    }
    node->next = node;
    if (ANYL_UNLIKELY(future->last != NULL)) {
        node->next = future->last->next;
        future->last->next = node;
    }
    future->last = node;
}
/* The `run` of a watch's node, and of one that does not hold its future, which has ANYL_FUTURE_USER_CALLBACKS. When that
 * is done, the node gets a hold and is as any other; when it goes before, the node hears so at once, by ANYL_DROP. */
void anyl_watch_run(anyl_node *node, anyloop_loop *loop, uint32_t how);
void anyl_watch_weakly(anyl_node *node, anyloop_loop *loop, uint32_t how);
/* Wait no more. False: `node` is not in the ring. */
bool anyl_future_unlisten(anyloop_future *future, anyl_node *node);

/* A user's callback; takes user_data in every case. */
anyloop_status anyl_future_add_callback(anyloop_future *future, anyloop_loop *loop, anyloop_done_fn done,
                                        void *user_data, anyloop_drop_fn drop);
/* The future, which is done, stays until the last of its users' callbacks has run. */
void anyl_future_hold_for_callbacks(anyloop_future *future);
uint32_t anyl_future_remove_callbacks(anyloop_future *future, anyloop_done_fn done, void *user_data);

/* A value that holds its own reference. */
static inline anyloop_value anyl_future_value(anyloop_future *future)
{
    anyl_future_retain(future);
    return (anyloop_value){.kind = ANYLOOP_FUTURE,
                           .flags = ANYLOOP_VALUE_LOCAL,
                           .bits = (uintptr_t)future,
                           .owner = (uintptr_t)&future->owner};
}

/* ---- completing a pending future. ANYLOOP_E_CLOSED: it is done, but the loop is closed and somebody waited. */

anyloop_status anyl_future_complete(anyloop_future *future, uint32_t state, anyloop_value value);

/* The same for a bare one that gets its result, when nothing is special about it. False: nothing was done. */
ANYL_HOT bool anyl_future_complete_quickly(anyloop_future *future, const anyloop_value *value)
{
    anyl_node *last = future->last;
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || future->owner.class != &anyl_future_bare.owner ||
                      (future->state | future->flags) != 0 || future->loop->no_short_way))
        return false;
    if (value)
        future->value = *value;
    future->state = ANYLOOP_RESULT;
    if (future->value.owner == 0)
        future->plain = sizeof *future / ANYL_ALIGN;
    if (last) {
        future->last = NULL;
        anyl_nodes_push_all(&future->loop->ready, last);
    }
    return true;
}

static inline anyloop_status anyl_future_set_result(anyloop_future *future, anyloop_value value)
{
    return anyl_future_complete(future, ANYLOOP_RESULT, value);
}

/* An error, or with the code ANYLOOP_E_CANCELLED still an error, as asyncio's set_exception(CancelledError()). */
static inline anyloop_status anyl_future_set_error(anyloop_future *future, anyloop_value error)
{
    return anyl_future_complete(future, ANYLOOP_FAILED, error);
}

/* Cancelled here and now, for a TEXT, an ERROR or no reason. */
static inline anyloop_status anyl_future_set_cancelled(anyloop_future *future, anyloop_value reason)
{
    return anyl_future_complete(future, ANYLOOP_CANCELLED, anyl_error_as(&reason, ANYLOOP_E_CANCELLED));
}

/* The same with the value that is there already. */
anyloop_status anyl_future_end(anyloop_future *future, uint32_t state);

/* As the done future `from` ended; `from` counts as looked at. */
anyloop_status anyl_future_complete_as(anyloop_future *future, anyloop_future *from);

/* ---- looking at a done future */

/* The error, which counts as looked at from now on. NULL: none. */
const anyloop_value *anyl_future_error(anyloop_future *future);
/* ANYLOOP_RESULT, ANYLOOP_FAILED, or ANYLOOP_CANCELLED also for an error with that code; and its value, looked at. */
uint32_t anyl_future_outcome(anyloop_future *future, const anyloop_value **value);

#endif
