/* mailbox.c -- push, take, sleep, wake, close.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mailbox.h"

#include "port/port.h"

#define ASLEEP 1u
#define ONE_WAKE 2u

static anyl_link closed_lane; /* its address in a lane: refuse */

anyl_mailbox *anyl_mailbox_new(const anyloop_allocator *allocator)
{
    anyl_mailbox *mailbox = anyl_alloc(allocator, sizeof *mailbox);
    if (mailbox == NULL)
        return NULL;
    memset(mailbox, 0, sizeof *mailbox);
    atomic_init(&mailbox->refs, 1);
    atomic_init(&mailbox->state, 0);
    atomic_init(&mailbox->holds, 0);
    for (uint32_t lane = 0; lane < ANYL_LANES; lane++)
        atomic_init(&mailbox->lanes[lane], NULL);
    mailbox->allocator = *allocator;
    return mailbox;
}

void anyl_mailbox_retain(anyl_mailbox *mailbox)
{
    atomic_fetch_add_explicit(&mailbox->refs, 1, memory_order_relaxed);
}

void anyl_mailbox_release(anyl_mailbox *mailbox)
{
    if (atomic_fetch_sub_explicit(&mailbox->refs, 1, memory_order_acq_rel) != 1)
        return;
    anyloop_allocator allocator = mailbox->allocator;
    anyl_free(&allocator, mailbox, sizeof *mailbox);
}

void anyl_mailbox_wake(anyl_mailbox *mailbox)
{
    uint32_t state = atomic_load(&mailbox->state);
    while (state & ASLEEP)
        if (atomic_compare_exchange_weak(&mailbox->state, &state, (state & ~ASLEEP) + ONE_WAKE)) {
            mailbox->wake(mailbox->wake_data);
            atomic_fetch_sub_explicit(&mailbox->state, ONE_WAKE, memory_order_release);
            return;
        }
}

bool anyl_mailbox_push(anyl_mailbox *mailbox, uint32_t lane, anyl_link *link)
{
    _Atomic(anyl_link *) *top = &mailbox->lanes[lane];
    anyl_link *seen = atomic_load_explicit(top, memory_order_acquire);
    do {
        if (seen == &closed_lane)
            return false;
        link->next = seen;
        /* sequentially consistent: the wake below looks at `state` */
    } while (!atomic_compare_exchange_weak(top, &seen, link));
    anyl_mailbox_wake(mailbox);
    return true;
}

bool anyl_mailbox_post(anyl_mailbox *mailbox, anyl_letter *letter)
{
    if (ANYL_UNLIKELY(mailbox->seed))
        letter->sender = anyl_port_thread_self();
    return anyl_mailbox_push(mailbox, ANYL_LANE_MAIL, &letter->link);
}

static anyl_link *reversed(anyl_link *link)
{
    anyl_link *first = NULL;
    while (link) {
        anyl_link *next = link->next;
        link->next = first;
        first = link;
        link = next;
    }
    return first;
}

/* ---- shuffling */

#define PILES 16u /* of so many senders each has its own; the rest share the last one, and lie as they came */

struct pile {
    uintptr_t sender;
    anyl_link *first, **end;
};

/* One of 0 to n - 1. (splitmix64, whose every seed is a good one.) */
static uint32_t draw(anyl_mailbox *mailbox, uint32_t n)
{
    uint64_t bits = mailbox->drawn += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    return (uint32_t)(((bits >> 32) * n) >> 32);
}

/* Piles are told apart by who came first, not by the threads' numbers: those differ from run to run. */
static struct pile *pile_of(struct pile piles[PILES], uint32_t *count, uintptr_t sender)
{
    for (uint32_t i = 0; i < *count; i++)
        if (piles[i].sender == sender)
            return &piles[i];
    if (*count == PILES)
        return &piles[PILES - 1];
    struct pile *pile = &piles[(*count)++];
    *pile = (struct pile){.sender = sender, .end = &pile->first};
    return pile;
}

static void pile_add(struct pile *pile, anyl_link *link, bool in_front)
{
    if (in_front && pile->first) {
        link->next = pile->first;
        pile->first = link;
        return;
    }
    link->next = NULL;
    *pile->end = link;
    pile->end = &link->next;
}

static anyl_link *from_piles(anyl_mailbox *mailbox, struct pile piles[PILES], uint32_t count)
{
    anyl_link *first = NULL, **end = &first;
    while (count) {
        struct pile *pile = &piles[draw(mailbox, count)];
        *end = pile->first;
        end = &pile->first->next;
        pile->first = *end;
        if (pile->first == NULL)
            *pile = piles[--count];
    }
    *end = NULL;
    return first;
}

static anyl_link *shuffled(anyl_mailbox *mailbox, anyl_link *link)
{
    struct pile piles[PILES];
    uint32_t count = 0;
    for (anyl_link *next; link; link = next) {
        uintptr_t sender = ANYL_OWNER_OF(link, anyl_letter, link)->sender;
        next = link->next;
        if (sender == 0 && draw(mailbox, 2))
            anyl_mailbox_push(mailbox, ANYL_LANE_MAIL, link); /* open: the loop's thread alone closes it */
        else
            pile_add(pile_of(piles, &count, sender), link, sender == 0 && draw(mailbox, 2));
    }
    return from_piles(mailbox, piles, count);
}

void anyl_mailbox_set_seed(anyl_mailbox *mailbox, uint64_t seed)
{
    mailbox->seed = mailbox->drawn = seed;
    mailbox->shuffle = shuffled;
}

/* ---- the loop's side */

anyl_link *anyl_mailbox_take(anyl_mailbox *mailbox, uint32_t lane)
{
    if (atomic_load_explicit(&mailbox->lanes[lane], memory_order_relaxed) == NULL)
        return NULL;
    anyl_link *first = reversed(atomic_exchange_explicit(&mailbox->lanes[lane], NULL, memory_order_acquire));
    return ANYL_UNLIKELY(mailbox->seed) && lane == ANYL_LANE_MAIL ? mailbox->shuffle(mailbox, first) : first;
}

bool anyl_mailbox_sleep(anyl_mailbox *mailbox)
{
    atomic_fetch_or(&mailbox->state, ASLEEP);
    for (uint32_t lane = 0; lane < ANYL_LANES; lane++)
        if (atomic_load(&mailbox->lanes[lane]) != NULL) {
            anyl_mailbox_rouse(mailbox);
            return false;
        }
    return true;
}

bool anyl_mailbox_rouse(anyl_mailbox *mailbox)
{
    return (atomic_fetch_and(&mailbox->state, ~ASLEEP) & ASLEEP) == 0;
}

void anyl_mailbox_set_wake(anyl_mailbox *mailbox, void (*wake)(void *), void *wake_data)
{
    while (atomic_load_explicit(&mailbox->state, memory_order_acquire) >= ONE_WAKE)
        anyl_port_yield();
    mailbox->wake = wake;
    mailbox->wake_data = wake_data;
}

void anyl_mailbox_close(anyl_mailbox *mailbox, anyl_link *last[ANYL_LANES])
{
    anyl_mailbox_rouse(mailbox);
    for (uint32_t lane = 0; lane < ANYL_LANES; lane++)
        last[lane] = reversed(atomic_exchange(&mailbox->lanes[lane], &closed_lane));
    while (atomic_load_explicit(&mailbox->state, memory_order_acquire) >= ONE_WAKE)
        anyl_port_yield();
}

bool anyl_mailbox_hold(anyl_mailbox *mailbox)
{
    if (atomic_load(&mailbox->lanes[ANYL_LANE_MAIL]) == &closed_lane)
        return false;
    atomic_fetch_add(&mailbox->holds, 1);
    return true;
}

bool anyl_mailbox_unhold(anyl_mailbox *mailbox)
{
    uint32_t holds = atomic_load(&mailbox->holds);
    do {
        if (holds == 0)
            return false;
    } while (!atomic_compare_exchange_weak(&mailbox->holds, &holds, holds - 1));
    anyl_mailbox_wake(mailbox);
    return true;
}
