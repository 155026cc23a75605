/* poller.c -- how a loop sleeps where there is no more than POSIX: in poll, on a pipe.
 *
 * Owns:          the pipe.
 * Must not know: who sleeps, and what a wake means.
 * Threads:       wake: any. The rest: the loop's.
 * Why:           nothing of Linux: no futex, eventfd, timerfd, epoll, and no ppoll or pipe2 either, which macOS lacks.
 *                The price is two descriptors for each loop, a write and a read more for each wake of a sleeping loop,
 *                and deadlines that are rounded up to the millisecond, since nothing may be over early.
 * For hosts:     none of this is readable when a deadline has passed, so there is no descriptor that would keep its
 *                word, and anyl_poller_fd says so. (Rejected: one that tells of wakes alone. A host that sleeps on it
 *                would be late without a hint why.)
 *
 * One word says all, as on Linux:
 *
 *     WOKEN    a waker, while it is not set      a wake came and was not yet forgotten
 *     ASLEEP   the loop, around its wait         who sets WOKEN must write to the pipe
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as everywhere in the library; before the first system header of the translation unit */
#endif

#include "../port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define PIPE_WOKEN 1u
#define PIPE_ASLEEP 2u

struct anyl_poller {
    atomic_uint state;
    int ends[2];    /* to read from, to write to */
    uint32_t forks; /* there were when they were made */
    anyloop_allocator allocator;
};

/* Neither end may block. */
static bool pipe_prepare(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool pipe_open(int ends[2])
{
    if (pipe(ends) != 0)
        return false;
    if (pipe_prepare(ends[0]) && pipe_prepare(ends[1]))
        return true;
    close(ends[0]);
    close(ends[1]);
    return false;
}

anyloop_status anyl_poller_new(const anyloop_allocator *allocator, anyl_poller **out)
{
    anyl_poller *poller = anyl_alloc(allocator, sizeof *poller);
    if (poller == NULL)
        return ANYLOOP_E_NOMEM;
    if (!pipe_open(poller->ends)) {
        anyl_free(allocator, poller, sizeof *poller);
        return ANYLOOP_E_OS;
    }
    atomic_init(&poller->state, 0);
    poller->forks = anyl_port_forks();
    poller->allocator = *allocator;
    *out = poller;
    return ANYLOOP_OK;
}

void anyl_poller_free(anyl_poller *poller)
{
    close(poller->ends[0]);
    close(poller->ends[1]);
    anyloop_allocator allocator = poller->allocator;
    anyl_free(&allocator, poller, sizeof *poller);
}

/* A full pipe is readable, so EAGAIN is as good. A forked child has its parent's pipe: what it would wake is the
 * parent. */
static void pipe_raise(const anyl_poller *poller)
{
    if (poller->forks != anyl_port_forks())
        return;
    while (write(poller->ends[1], "", 1) < 0 && errno == EINTR)
        ;
}

void anyl_poller_wake(anyl_poller *poller)
{
    uint32_t before = atomic_fetch_or(&poller->state, PIPE_WOKEN);
    if (!(before & PIPE_WOKEN) && (before & PIPE_ASLEEP))
        pipe_raise(poller);
}

/* A waker that is late with its byte ends the next wait for no reason; that wait takes the byte. */
void anyl_poller_clear(anyl_poller *poller)
{
    atomic_store(&poller->state, 0);
}

static void pipe_drain(int fd)
{
    char bytes[64];
    ssize_t got;
    do
        got = read(fd, bytes, sizeof bytes);
    while (got == (ssize_t)sizeof bytes || (got < 0 && errno == EINTR));
}

/* Milliseconds, rounded up; -1 is for ever. A far deadline may be over early: the loop looks and waits again. */
static int pipe_timeout(uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return -1;
    uint64_t now = anyl_port_now();
    uint64_t left = deadline > now ? deadline - now : 0;
    uint64_t ms = left / 1000000u + (left % 1000000u != 0);
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

anyloop_status anyl_poller_wait(anyl_poller *poller, uint64_t deadline)
{
    struct pollfd item = {.fd = poller->ends[0], .events = POLLIN};
    anyloop_status status = ANYLOOP_OK;
    if (!(atomic_fetch_or(&poller->state, PIPE_ASLEEP) & PIPE_WOKEN)) {
        int ready = poll(&item, 1, pipe_timeout(deadline));
        if (ready > 0)
            pipe_drain(item.fd);
        else if (ready < 0 && errno != EINTR)
            status = ANYLOOP_E_OS;
    }
    anyl_poller_clear(poller);
    return status;
}

/* ---- for hosts */

anyloop_status anyl_poller_fd(anyl_poller *poller, int32_t *out)
{
    (void)poller, (void)out;
    return ANYLOOP_E_NOT_SUPPORTED;
}

void anyl_poller_arm(anyl_poller *poller, uint64_t deadline)
{
    (void)poller, (void)deadline;
}
