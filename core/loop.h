/* loop.h -- the ready queue, the timers, the mailbox's messages, and one turn over them.
 *
 * Owns:          what is ready, what is due when, the loop's memory.
 * Must not know: the port (it is given `now` and, through the mailbox, `wake`); futures, tasks, executors, though it has
 *                fields that are theirs alone. It never sleeps.
 * Threads:       the loop's, but for the mailbox and the count of holders.
 * Why:           split from the wait, one turn is the same code for a browser, a host's loop, a game frame and a test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_LOOP_H
#define ANYL_LOOP_H

#include "context.h"
#include "heap.h"
#include "histogram.h"
#include "list.h"
#include "mailbox.h"
#include "slab.h"

#include <anyloop/host.h>
#include <anyloop/loop.h>

/* Something that waits for its place: in the ready queue, or in a future's list of done callbacks, which becomes a
 * part of the ready queue as it is. */
typedef struct anyl_node {
    struct anyl_node *next;
    void (*run)(struct anyl_node *node, anyloop_loop *loop, uint32_t how);
} anyl_node;

enum {
    ANYL_RUN = 0,
    ANYL_DROP = 1 /* it will never run: the loop is closing */
};

typedef struct anyl_queue_of_nodes {
    anyl_node *first, **end;
} anyl_nodes;

/* A message from another thread. `how` is ANYL_DROP when the loop closed first. */
typedef struct anyl_mail {
    anyl_letter letter;
    void (*deliver)(struct anyl_mail *mail, anyloop_loop *loop, uint32_t how);
} anyl_mail;

typedef struct anyl_timer {
    anyl_node node; /* what becomes ready */
    anyl_heap_item item;
} anyl_timer;

/* What waits for its mail: with the loop's close it is dropped, as what is ready or has a timer. */
typedef struct anyl_absent {
    anyl_node node; /* what becomes ready */
    anyl_list link;
} anyl_absent;

struct anyloop_loop {
    /* the turn */
    anyl_nodes ready;
    anyl_node *batch;       /* what is left of this turn's */
    anyloop_task *current;  /* whose step runs */
    anyloop_context **current_context; /* the running task's or callback's, else the loop's own */
    anyloop_context *context;          /* the loop's own */
    anyloop_value received;            /* what the running step is told, if no awaited future keeps it: task.h */
    union {
        struct {
            bool guest_outside; /* a guest between turns: what is added must wake the host */
            bool closing; /* for ever: everything is refused; while `closed` is not set, tasks are being unwound */
            bool aside;   /* objects are closed ones, or have stamps */
            bool always_false;
        };
        uint32_t no_short_way; /* not 0: any of them */
    };
    bool turning, running, stopping;
    bool closes;          /* a close is under way further up the stack */
    bool dropping;        /* and runs drops, one after the other */
    uint32_t cancels;     /* cancellations under way further up the stack */
    atomic_bool is_closing; /* `closing`, for other threads */
    atomic_bool busy;     /* runs or turns, for other threads */
    bool blocked;         /* the batch goes no further now: no room, a step is asked for, an interrupt */
    bool attention;       /* turns are not short: blocked, stopping, drops or run_timed want to be looked at */
    bool closed;
    bool deaf;            /* closed to the end, or without asking the host: no event is told any more */
    bool virtual_clock, unpinned;
    uint64_t virtual_now;
    uint64_t (*now)(void);
    void (*run_timed)(anyl_node *node, anyloop_loop *loop); /* in place of `node->run`; NULL: nobody wants to know */
    bool stamps;          /* each object has the time of its making before it */
    atomic_uintptr_t thread;
    anyl_heap timers;
    anyl_mailbox *mailbox;
    anyl_slab slab;

    /* pulling */
    anyloop_turn_event *events;
    uint32_t events_capacity, events_count;
    anyloop_task *asked;     /* its step was, or is to be, handed out */
    uint32_t asked_event;
    uint64_t asked_user_data;
    bool asked_told;         /* handed out; the answer is due */
    struct interrupted *interrupted_step; /* by pulled eager tasks: pull.c */
    bool events_out;         /* the last turn gave some: it is over when the host has dealt with them */
    bool callback_told;      /* a pulled callback's context is current until the next turn */
    anyloop_context *lent_context; /* that one */
    anyloop_status interrupt;
    anyl_nodes drops;        /* drops that are due on the next turn */
    anyl_nodes late_drops;   /* those that other drops brought, while the loop closes */
    anyl_nodes told;         /* what events of this turn point at: let go of on the next one */
    uint32_t outside;        /* promises, wakers and jobs that may still wake the loop */
    uint32_t jobs;           /* of them, jobs: a virtual clock stands still for them */
    anyl_list outsiders;     /* of them, promises and wakers: promise.h */
    anyl_list absent;        /* of them, jobs */
    anyl_list tasks;         /* not done, in the order of their making */
    anyl_list watches;       /* that keep what they complete: watch.h */
    uint32_t task_number;

    /* memory: `refs` counts handles of the loop, and one for all that lives: its objects, and while it is open itself */
    atomic_uint refs, handles;
    uint64_t live;
    atomic_flag closed_lock; /* after the close objects may be released from any thread */
    bool reaping;
    anyl_link *reaped;       /* futures that nobody holds, to be taken apart one by one */
    void (*released)(anyloop_loop *loop, anyl_link *link); /* takes the second lane's links */
    void (*destroy)(anyloop_loop *loop); /* the room that made the loop takes it apart */

    /* figures: inspect.h of the interface */
    uint64_t turns, ready_most, lag_most;
    uint64_t lag[ANYLOOP_HISTOGRAM_SIZE];

    /* words */
    anyloop_exception_fn exception_handler;
    void *exception_data;
    anyloop_drop_fn exception_drop;
    anyloop_log_fn log;
    void *log_data;
    int64_t slow_duration; /* INT64_MAX: off */
    anyloop_slow_callback_fn slow_handler;
    void *slow_data;
    anyloop_drop_fn slow_drop;

    /* upper floors' own */
    anyloop_executor *executor;
    bool executor_ours, executor_shut;
    int64_t close_timeout;
    struct anyl_poller *poller;
    anyloop_wake_fn host_wake;
    void *host_data;
    anyloop_drop_fn host_drop;
    bool guest, has_fd, own_slot;
    bool hosted; /* a guest of the system's event loop */
    uint32_t forks;
};

_Static_assert(offsetof(anyloop_loop, always_false) == offsetof(anyloop_loop, no_short_way) + 3, "one word in all");

anyloop_status anyl_loop_init(anyloop_loop *loop, const anyloop_allocator *allocator);
/* After the last handle and the last object. */
void anyl_loop_deinit(anyloop_loop *loop);

static inline uint64_t anyl_loop_now(const anyloop_loop *loop)
{
    return loop->virtual_clock ? loop->virtual_now : loop->now();
}

static inline anyloop_context *anyl_loop_context(const anyloop_loop *loop)
{
    return *loop->current_context;
}

/* ---- what is ready */

static inline void anyl_nodes_init(anyl_nodes *nodes)
{
    nodes->first = NULL;
    nodes->end = &nodes->first;
}

static inline void anyl_nodes_push(anyl_nodes *nodes, anyl_node *node)
{
    node->next = NULL;
    *nodes->end = node;
    nodes->end = &node->next;
}

static inline anyl_node *anyl_nodes_pop(anyl_nodes *nodes)
{
    anyl_node *node = nodes->first;
    if (node != NULL && (nodes->first = node->next) == NULL)
        nodes->end = &nodes->first;
    return node;
}

/* A circular list, given by its last node, as futures keep it. */
static inline void anyl_nodes_push_all(anyl_nodes *nodes, anyl_node *last)
{
    anyl_node *first = last->next;
    last->next = NULL;
    *nodes->end = first;
    nodes->end = &last->next;
}

/* Ask the host for a turn; only a guest between turns does. */
void anyl_loop_poke(anyloop_loop *loop);

static inline void anyl_loop_ready(anyloop_loop *loop, anyl_node *node)
{
    anyl_nodes_push(&loop->ready, node);
    if (ANYL_UNLIKELY(loop->guest_outside))
        anyl_loop_poke(loop);
}

static inline void anyl_loop_ready_all(anyloop_loop *loop, anyl_node *last)
{
    anyl_nodes_push_all(&loop->ready, last);
    if (ANYL_UNLIKELY(loop->guest_outside))
        anyl_loop_poke(loop);
}

/* Its ANYL_DROP comes on the next turn; now, if the loop is closing. */
void anyl_loop_drop_later(anyloop_loop *loop, anyl_node *node);

/* The batch goes no further now. */
static inline void anyl_loop_block(anyloop_loop *loop)
{
    loop->blocked = loop->attention = true;
}

/* The run ends with this turn. */
static inline void anyl_loop_stop(anyloop_loop *loop)
{
    loop->stopping = loop->attention = true;
}

/* It could not run now: it is the first to run when the turn goes on. */
void anyl_loop_again(anyloop_loop *loop, anyl_node *node);
/* The turn is over: what is left of its batch is the first of the next one. */
void anyl_loop_end_batch(anyloop_loop *loop);

/* ---- timers */

/* The timer's place must be free. Fails only without memory. */
anyloop_status anyl_loop_arm(anyloop_loop *loop, anyl_timer *timer, uint64_t deadline);

static inline bool anyl_timer_armed(const anyl_timer *timer)
{
    return timer->item.place != 0;
}

static inline void anyl_loop_disarm(anyloop_loop *loop, anyl_timer *timer)
{
    if (anyl_timer_armed(timer))
        anyl_heap_remove(&loop->timers, &timer->item);
}

/* ---- the turn */

/* Everything that is ready, and nothing that becomes ready by it; a batch that was cut short goes on first.
 * `deadline` on the loop's clock ends it early; UINT64_MAX: nothing does. */
void anyl_loop_turn(anyloop_loop *loop, uint64_t deadline);
/* Turn after turn, while something is ready, nothing blocks and nobody stops the loop. At least one. */
void anyl_loop_turns(anyloop_loop *loop);
/* The drops that are due, as far as they can be told. */
void anyl_loop_run_drops(anyloop_loop *loop);
/* Take what other threads sent, and hand it over. */
void anyl_loop_take_mail(anyloop_loop *loop, uint32_t how);
/* Hand messages over. */
void anyl_loop_deliver(anyloop_loop *loop, anyl_link *links[ANYL_LANES], uint32_t how);

static inline bool anyl_loop_has_ready(const anyloop_loop *loop)
{
    return loop->batch != NULL || loop->ready.first != NULL || loop->drops.first != NULL;
}

/* Nobody outside is left who could wake the loop. */
bool anyl_loop_alone(anyloop_loop *loop);

/* ---- pulling */

static inline bool anyl_loop_can_tell(const anyloop_loop *loop)
{
    return loop->events_count < loop->events_capacity;
}

/* The same for what runs in `context`: while events of another context are out, it waits. */
static inline bool anyl_loop_can_tell_in(const anyloop_loop *loop, const anyloop_context *context)
{
    return anyl_loop_can_tell(loop) && (loop->events_count == 0 || context == anyl_loop_context(loop));
}

void anyl_loop_tell(anyloop_loop *loop, uint32_t kind, uint64_t user_data, const void *object, uint32_t detail);
/* Give an integer back. False: there is no room now; `node` waits among the drops. */
bool anyl_loop_tell_drop(anyloop_loop *loop, anyl_node *node, uint64_t user_data);
/* While the host deals with the pulled callback that is told next, `context`, which is taken, is current. */
void anyl_loop_lend_context(anyloop_loop *loop, anyloop_context *context);
void anyl_loop_end_loan(anyloop_loop *loop);
/* The host has seen the events. */
void anyl_loop_forget_told(anyloop_loop *loop);

/* ---- memory */

/* A counted thing of the loop, in `size` bytes; NULL: no memory. */
void *anyl_object_alloc_aside(anyloop_loop *loop, size_t size);
void anyl_object_free_aside(anyloop_loop *loop, void *pointer, size_t size);
/* When it was made, on the loop's clock. False: the loop does not stamp its objects. */
bool anyl_object_made(const anyloop_loop *loop, const void *pointer, uint64_t *when);
void anyl_loop_release(anyloop_loop *loop);
/* Closed: no new object keeps it. */
void anyl_loop_set_closed(anyloop_loop *loop);

static inline void anyl_loop_retain(anyloop_loop *loop)
{
    atomic_fetch_add_explicit(&loop->refs, 1, memory_order_relaxed);
}

ANYL_HOT void *anyl_object_alloc(anyloop_loop *loop, size_t size)
{
    if (ANYL_UNLIKELY(loop->aside))
        return anyl_object_alloc_aside(loop, size);
    void *pointer = anyl_slab_alloc(&loop->slab, size);
    if (ANYL_LIKELY(pointer != NULL))
        loop->live++;
    return pointer;
}

/* The same without a call: NULL also when there is none at hand, or no short way. */
ANYL_HOT void *anyl_object_alloc_quickly(anyloop_loop *loop, size_t size)
{
    void *pointer = !ANYL_SHORT_WAYS || loop->no_short_way ? NULL : anyl_slab_take(&loop->slab, size);
    if (ANYL_LIKELY(pointer != NULL))
        loop->live++;
    return pointer;
}

ANYL_HOT void anyl_object_free(anyloop_loop *loop, void *pointer, size_t size)
{
    if (ANYL_UNLIKELY(loop->aside)) {
        anyl_object_free_aside(loop, pointer, size);
        return;
    }
    anyl_slab_release(&loop->slab, pointer, size);
    loop->live--;
}

void anyl_loop_lock(anyloop_loop *loop);
void anyl_loop_unlock(anyloop_loop *loop);

/* ---- words */

void anyl_loop_log(anyloop_loop *loop, uint32_t level, const char *text);
/* To the exception handler. `name` is the task's; NULL: none. */
void anyl_loop_report(anyloop_loop *loop, const anyloop_exception *exception, const char *name);

#endif
