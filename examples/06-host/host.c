/* host.c -- anyloop as a guest: the program has its own poll loop, and turns the event loop when something happened.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct ticker { anyloop_coro co; int out; char tick; };

ANYLOOP_ASYNC(ticker)
{
    ANYLOOP_BEGIN;
    for (my->tick = '1'; my->tick <= '3'; my->tick++) {
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
        printf("anyloop: writes %c\n", my->tick);
        if (write(my->out, &my->tick, 1) != 1)
            ANYLOOP_RAISE(ANYLOOP_E_OS, "cannot write");
    }
    ANYLOOP_END;
}

static void finished(void *user_data, anyloop_future *future)
{
    int *running = user_data;
    printf("anyloop: %s\n", anyloop_status_name(anyloop_future_error_code(future)));
    *running = 0;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    int running = 1;
    int ends[2];
    int32_t fd;

    if (pipe(ends) != 0 || anyloop_loop_fd(loop, &fd) != ANYLOOP_OK)
        return 1;
    if (anyloop_start(loop, ANYLOOP_CORO(loop, ticker, .out = ends[1]), finished, &running, NULL) != ANYLOOP_OK)
        return 1;

    /* One descriptor stands for all that the loop waits for: timers, jobs, threads. The host's own are beside it. */
    struct pollfd watched[] = {{.fd = fd, .events = POLLIN}, {.fd = ends[0], .events = POLLIN}};
    anyloop_turn_info info = {.struct_size = sizeof info};
    while (anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK && running) {
        if (poll(watched, 2, -1) < 0)
            break;
        char tick;
        if (watched[1].revents & POLLIN && read(ends[0], &tick, 1) == 1)
            printf("host: reads %c\n", tick);
    }

    anyloop_loop_close(loop);
    close(ends[0]);
    close(ends[1]);
    return running;
}
