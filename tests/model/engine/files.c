/* files.c -- the three descriptors of a poller that somebody watches: an eventfd, a timerfd, and the epoll over both.
 *
 * There is one of each. The kernel hands nothing over but the counter: it orders no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { ALL_FD = 900, WAKE_FD, TIME_FD, FILES = 3 };

static struct {
    bool open[FILES];
    uint64_t counter, due; /* due: 0, never */
} files;

static int open_file(int fd)
{
    if (files.open[fd - ALL_FD])
        model_fail("a second descriptor of one kind: the model has no such");
    files.open[fd - ALL_FD] = true;
    return fd;
}

static void check_open(int fd)
{
    if (fd < ALL_FD || fd >= ALL_FD + FILES || !files.open[fd - ALL_FD])
        model_fail("descriptor %d is not open", fd);
}

int __wrap_epoll_create1(int flags)
{
    (void)flags;
    return open_file(ALL_FD);
}

int __wrap_eventfd(unsigned int count, int flags)
{
    (void)flags;
    files.counter = count;
    return open_file(WAKE_FD);
}

int __wrap_timerfd_create(int clock, int flags)
{
    (void)clock, (void)flags;
    return open_file(TIME_FD);
}

int __wrap_epoll_ctl(int all, int operation, int fd, struct epoll_event *event)
{
    (void)operation, (void)event;
    check_open(all);
    check_open(fd);
    return 0;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    (void)flags, (void)before;
    check_open(fd);
    files.due = (uint64_t)when->it_value.tv_sec * 1000000000u + (uint64_t)when->it_value.tv_nsec;
    return 0;
}

int __wrap_close(int fd)
{
    check_open(fd);
    files.open[fd - ALL_FD] = false;
    return 0;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    (void)bytes;
    model_point();
    check_open(fd);
    files.counter++;
    model_log("write fd", __builtin_return_address(0), NULL, files.counter, 0, false);
    model_unblock(&files);
    return (ssize_t)size;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    (void)bytes;
    model_point();
    check_open(fd);
    bool empty = files.counter == 0;
    model_log("read fd", __builtin_return_address(0), NULL, files.counter, 0, false);
    files.counter = 0;
    if (!empty)
        return (ssize_t)size;
    errno = EAGAIN;
    return -1;
}

/* Of the epoll's descriptor, without a limit of time: how a host waits. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (count != 1 || fds->fd != ALL_FD || timeout != -1)
        model_fail("poll: the model has no such");
    model_point();
    check_open(ALL_FD);
    model_log("poll", __builtin_return_address(0), NULL, files.counter, 0, false);
    while (files.counter == 0 && (files.due == 0 || files.due > model->time))
        model_block(&files, files.due ? files.due : UINT64_MAX);
    fds->revents = POLLIN;
    return 1;
}
