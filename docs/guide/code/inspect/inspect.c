/* inspect.c -- three tasks that will never be done: looked at while they wait, and reported at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct guest { anyloop_coro co; anyloop_task **before; };

ANYLOOP_ASYNC(guest)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_future_retain(*my->before)); /* after you */
    ANYLOOP_END;
}

static void write_line(void *file, const char *text, size_t size)
{
    fwrite(text, 1, size, file);
}

static void look(void *loop)
{
    anyloop_loop_format_tree(loop, write_line, stderr);
}

struct party { anyloop_coro co; anyloop_task *guests[2]; };

ANYLOOP_ASYNC(party)
{
    ANYLOOP_BEGIN;
    my->guests[0] = ANYLOOP_TASK(my->co.loop, guest, .before = &my->guests[1]);
    my->guests[1] = ANYLOOP_TASK(my->co.loop, guest, .before = &my->guests[0]);
    anyloop_task_set_name(my->guests[0], "Ann");
    anyloop_task_set_name(my->guests[1], "Bob");
    anyloop_loop_call_soon(my->co.loop, look, my->co.loop, NULL, NULL); /* behind their first steps */
    ANYLOOP_AWAIT(anyloop_gather(my->co.loop, my->guests, 2, 0));
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    return anyloop_run(loop, ANYLOOP_CORO(loop, party), NULL) != ANYLOOP_E_DEADLOCK;
}
