/* poller.c -- how a loop sleeps where there is one thread: a flag, and the port's sleep.
 *
 * Owns:          the flag.
 * Must not know: how long a sleep really takes.
 * Threads:       there is one.
 * Why:           who would wake a loop is the thread that sleeps, so a wake comes before the wait, or from inside the
 *                sleep, when a host that has something to say ends it.
 * For hosts:     nothing here is a descriptor.
 *
 * SPDX-License-Identifier: MIT
 */
#include "flag.h"

struct anyl_poller {
    bool woken;
    anyloop_allocator allocator;
};

anyloop_status anyl_poller_new(const anyloop_allocator *allocator, anyl_poller **out)
{
    anyl_poller *poller = anyl_alloc(allocator, sizeof *poller);
    if (poller == NULL)
        return ANYLOOP_E_NOMEM;
    poller->woken = false;
    poller->allocator = *allocator;
    *out = poller;
    return ANYLOOP_OK;
}

void anyl_poller_free(anyl_poller *poller)
{
    anyloop_allocator allocator = poller->allocator;
    anyl_free(&allocator, poller, sizeof *poller);
}

anyloop_status anyl_poller_wait(anyl_poller *poller, uint64_t deadline)
{
    anyloop_status status = poller->woken ? ANYLOOP_OK : anyl_flag_sleep(deadline);
    poller->woken = false;
    return status;
}

void anyl_poller_wake(anyl_poller *poller)
{
    poller->woken = true;
    anyl_flag_rouse();
}

void anyl_poller_clear(anyl_poller *poller)
{
    poller->woken = false;
}

anyloop_status anyl_poller_fd(anyl_poller *poller, int32_t *out)
{
    (void)poller;
    (void)out;
    return ANYLOOP_E_NOT_SUPPORTED;
}

void anyl_poller_arm(anyl_poller *poller, uint64_t deadline)
{
    (void)poller;
    (void)deadline;
}
