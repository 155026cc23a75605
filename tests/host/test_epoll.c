/* A guest of an epoll loop: by the descriptor, and by wakes through an eventfd of the host's own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

enum { TIMER, ANYLOOP };

typedef struct epoll {
    int set, timer, woken; /* woken: an eventfd */
    int running;
} epoll;

static void watch(const epoll *host, int fd, uint32_t which)
{
    assert_int_equal(
        epoll_ctl(host->set, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = which}), 0);
}

static void begin_epoll(guest *self)
{
    epoll *host = self->host = calloc(1, sizeof *host);
    assert_non_null(host);
    *host = (epoll){.set = epoll_create1(EPOLL_CLOEXEC),
                    .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                    .woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    watch(host, host->timer, TIMER);
}

static void end_epoll(guest *self)
{
    epoll *host = self->host;
    close(host->set);
    close(host->timer);
    close(host->woken);
    free(host);
}

static void leave_epoll(guest *self)
{
    ((epoll *)self->host)->running = 0;
}

static void after_ms(guest *self, int ms)
{
    const struct itimerspec when = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}};
    assert_int_equal(timerfd_settime(((epoll *)self->host)->timer, 0, &when, NULL), 0);
}

static int take(int fd)
{
    uint64_t count;
    return read(fd, &count, sizeof count) == (ssize_t)sizeof count;
}

/* True: a turn is due. */
static int wait_for_events(guest *self, int timeout)
{
    epoll *host = self->host;
    struct epoll_event events[2];
    int count = epoll_wait(host->set, events, 2, timeout), due = count == 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == ANYLOOP)
            due = 1;
        else if (take(host->timer))
            self->later(self);
    }
    return due;
}

#ifndef ANYLOOP_POLLER_POLL

static void begin_descriptor(guest *self)
{
    int32_t fd;
    begin_epoll(self);
    assert_ok(anyloop_loop_fd(self->loop, &fd));
    watch(self->host, fd, ANYLOOP);
}

static void run_descriptor(guest *self)
{
    epoll *host = self->host;
    for (host->running = 1; host->running;)
        if (wait_for_events(self, -1))
            take_turn(self);
}

#endif

static void wake(void *pointer)
{
    uint64_t one = 1;
    ssize_t written = write(((epoll *)pointer)->woken, &one, sizeof one);
    assert_int_equal(written, sizeof one);
}

static void begin_wake(guest *self)
{
    begin_epoll(self);
    epoll *host = self->host;
    watch(host, host->woken, ANYLOOP);
    assert_ok(anyloop_loop_set_host(self->loop, wake, host, NULL));
}

static void run_wake(guest *self)
{
    epoll *host = self->host;
    take_turn(self); /* the first one comes by itself */
    for (host->running = 1; host->running;)
        if (wait_for_events(self, sleep_ms(self))) {
            take(host->woken);
            take_turn(self);
        }
}

int main(int argc, char **argv)
{
    static const way ways[] = {
#ifndef ANYLOOP_POLLER_POLL
        {"epoll-descriptor", begin_descriptor, run_descriptor, leave_epoll, after_ms, end_epoll},
#endif
        {"epoll-wake", begin_wake, run_wake, leave_epoll, after_ms, end_epoll},
    };
    return host_main(argc, argv, ways, LENGTH(ways));
}
