/* epoll.c -- a server with an epoll loop of its own: anyloop is one more descriptor there, and gets 2 ms at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { CLIENTS, ANYLOOP };

struct server { int clients, served; };

/* Blocks, so it belongs in the executor. */
static void square(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value result = anyloop_int(anyloop_to_int(in) * anyloop_to_int(in));
    anyloop_job_return(job, &result);
}

struct request { anyloop_coro co; struct server *server; int number; };

ANYLOOP_ASYNC(request)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, square, ANYLOOP_VALUE(anyloop_int(my->number))));
    printf("anyloop: the square of %d is %lld\n", my->number, (long long)anyloop_to_int(ANYLOOP_AWAITED));
    my->server->served++;
    ANYLOOP_END;
}

/* Between two turns the host may use the loop as it likes: what it adds makes the descriptor readable. */
static void read_request(anyloop_loop *loop, struct server *server)
{
    char digit;
    if (read(server->clients, &digit, 1) != 1)
        return;
    printf("epoll: a request, %c\n", digit);
    ANYLOOP_SPAWN(loop, request, .server = server, .number = digit - '0');
}

static int watch(int set, int fd, uint32_t which)
{
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = which}) == 0;
}

/* Until the third request is served. Returns 1 if it went well. */
static int serve(int set, anyloop_loop *loop, struct server *server, int client)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    struct epoll_event events[2];
    for (int asked = 0; server->served < 3;) {
        if (asked == server->served && write(client, &"789"[asked++], 1) != 1) /* the client's next request */
            return 0;
        int count = epoll_wait(set, events, 2, -1); /* no timeout: the deadlines are in the descriptor */
        for (int i = 0; i < count; i++)
            if (events[i].data.u32 == CLIENTS)
                read_request(loop, server);
            else if (anyloop_loop_turn(loop, ANYLOOP_MS(2), NULL, 0, &info) != ANYLOOP_OK)
                return 0; /* over its budget a turn is no error: the descriptor stays readable until it has gone on */
    }
    return 1;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    int set = epoll_create1(EPOLL_CLOEXEC), ends[2];
    struct server server = {0};
    int32_t fd;

    if (set < 0 || pipe(ends) != 0 || anyloop_loop_fd(loop, &fd) != ANYLOOP_OK)
        return 1;
    server.clients = ends[0];
    int fine = watch(set, server.clients, CLIENTS) && watch(set, fd, ANYLOOP) && serve(set, loop, &server, ends[1]);

    close(set);
    anyloop_loop_close(loop);
    close(ends[0]);
    close(ends[1]);
    return !fine;
}
