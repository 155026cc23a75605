/* mailbox.h -- how other threads reach a loop: messages, and the wake that a sleeping loop needs.
 *
 * Owns:          a small counted block that outlives the loop, for as long as anybody may still want to post.
 * Must not know: what messages mean; how to wake: it is given a function.
 * Threads:       push, wake, hold: any. The rest: the loop's.
 *
 * Two lanes of intrusive links, each a stack that producers push onto with one compare-exchange and that the loop takes
 * whole with one exchange and reverses: producers never wait for each other's stores, "was it closed" and "take all"
 * cost nothing extra, and order within a producer is kept. (Rejected: a queue with a stub node, where a stalled
 * producer hides all that come after.)
 *
 * Sleeping. `state` holds ASLEEP and, above it, how many wakes are under way. The loop says ASLEEP, then looks at the
 * lanes once more; a producer pushes, then looks at ASLEEP: sequential consistency makes one of them see the other, so
 * no wake-up is lost. Whoever takes ASLEEP away calls `wake`: one call for each sleep, and none while the loop is
 * awake. Closing waits until no call is under way, so that what `wake` uses may go.
 *
 * Shuffling. What one thread sends arrives in its order; how the letters of several threads lie between each other is
 * nobody's promise. With a seed each batch is mixed anew: from the piles of its senders, each in its order, one letter
 * at a time is drawn. A letter without a sender has no place to keep: it may also wait for a later batch.
 *
 *     field   who writes                who reads       under what
 *     lanes   producers, the loop       both            compare-exchange, exchange
 *     state   producers, the loop       both            read-modify-write
 *     wake    the loop, while awake     producers       ASLEEP hands it over
 *     seed    its maker, first          both            never changes
 *     shuffle its maker, first          the loop        never changes
 *     drawn   the loop                  the loop        its thread
 *     sender  the producer              the loop        the push hands it over
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_MAILBOX_H
#define ANYL_MAILBOX_H

#include "alloc.h"

typedef struct anyl_link {
    struct anyl_link *next;
} anyl_link;

/* What the lane of mail holds. */
typedef struct anyl_letter {
    anyl_link link;
    uintptr_t sender; /* with a seed: the thread whose order it keeps; 0: nobody's */
} anyl_letter;

enum { ANYL_LANE_MAIL = 0, ANYL_LANE_RELEASED = 1, ANYL_LANES = 2 };

typedef struct anyl_mailbox anyl_mailbox;
struct anyl_mailbox {
    atomic_uint refs;
    atomic_uint state;
    _Atomic(anyl_link *) lanes[ANYL_LANES];
    atomic_uint holds; /* of anyloop_loop_hold */
    void (*wake)(void *user_data);
    void *wake_data;
    uint64_t seed;  /* 0: letters are taken as they came */
    uint64_t drawn; /* from it, so far */
    anyl_link *(*shuffle)(anyl_mailbox *mailbox, anyl_link *letters); /* with a seed */
    anyloop_allocator allocator;
};

anyl_mailbox *anyl_mailbox_new(const anyloop_allocator *allocator);
void anyl_mailbox_retain(anyl_mailbox *mailbox);
void anyl_mailbox_release(anyl_mailbox *mailbox);

/* False: the loop is closed, the link stays the caller's. */
bool anyl_mailbox_push(anyl_mailbox *mailbox, uint32_t lane, anyl_link *link);
/* The same for mail of this thread. */
bool anyl_mailbox_post(anyl_mailbox *mailbox, anyl_letter *letter);
/* Wake the loop if it sleeps. */
void anyl_mailbox_wake(anyl_mailbox *mailbox);

/* Before any other thread knows the mailbox; not 0. */
void anyl_mailbox_set_seed(anyl_mailbox *mailbox, uint64_t seed);

/* What was pushed, first come first or shuffled; NULL: nothing. */
anyl_link *anyl_mailbox_take(anyl_mailbox *mailbox, uint32_t lane);
/* False: there is something to take, the loop must not sleep. */
bool anyl_mailbox_sleep(anyl_mailbox *mailbox);
/* True when somebody woke it. */
bool anyl_mailbox_rouse(anyl_mailbox *mailbox);
/* While awake. */
void anyl_mailbox_set_wake(anyl_mailbox *mailbox, void (*wake)(void *), void *wake_data);
/* Refuse from now on, and wait for wakes under way. What the lanes held before is given by `last`. */
void anyl_mailbox_close(anyl_mailbox *mailbox, anyl_link *last[ANYL_LANES]);

/* Any thread. False: closed. */
bool anyl_mailbox_hold(anyl_mailbox *mailbox);
/* Any thread; wakes. False: there was none. */
bool anyl_mailbox_unhold(anyl_mailbox *mailbox);

static inline bool anyl_mailbox_empty(anyl_mailbox *mailbox)
{
    uintptr_t mail = (uintptr_t)atomic_load_explicit(&mailbox->lanes[ANYL_LANE_MAIL], memory_order_relaxed);
    uintptr_t released = (uintptr_t)atomic_load_explicit(&mailbox->lanes[ANYL_LANE_RELEASED], memory_order_relaxed);
    return (mail | released) == 0;
}

#endif
