/* group.c -- tasks that end together: when one fails the others are cancelled, and all errors arrive as one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct service { anyloop_coro co; const char *name; int64_t lives; };

ANYLOOP_ASYNC(service)
{
    ANYLOOP_BEGIN;
    printf("%s: up\n", my->name);
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->lives));
    ANYLOOP_RAISE(ANYLOOP_E_USER, "connection lost");
    ANYLOOP_FINALLY;
    printf("%s: down\n", my->name);
    ANYLOOP_END;
}

/* What runs inside the group, and makes its tasks: the body of Python's `async with TaskGroup()`. */
struct start { anyloop_coro co; anyloop_group *group; };

ANYLOOP_ASYNC(start)
{
    ANYLOOP_BEGIN;
    anyloop_future_release(anyloop_group_create_task(
        my->group, ANYLOOP_CORO(my->co.loop, service, .name = "database", .lives = ANYLOOP_MS(20)), NULL));
    anyloop_future_release(anyloop_group_create_task(
        my->group, ANYLOOP_CORO(my->co.loop, service, .name = "web", .lives = ANYLOOP_SECONDS(60)), NULL));
    puts("all started");
    ANYLOOP_END;
}

struct app { anyloop_coro co; anyloop_group *group; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    if (anyloop_group_new(my->co.loop, &my->group) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "no group");
    ANYLOOP_TRY(anyloop_group_run(my->group, ANYLOOP_CORO(my->co.loop, start, .group = my->group)));
    if (anyloop_error_code(ANYLOOP_AWAITED) != ANYLOOP_E_GROUP)
        ANYLOOP_RERAISE;
    printf("%s\n", anyloop_status_text(anyloop_error_code(ANYLOOP_AWAITED)));
    { /* locals have { } of their own, with no await between them */
        size_t count;
        const anyloop_value *errors = anyloop_to_list(anyloop_error_children(ANYLOOP_AWAITED), &count);
        for (size_t i = 0; i < count; i++)
            printf("  %s\n", anyloop_error_text(&errors[i], NULL));
    }
    ANYLOOP_FINALLY;
    anyloop_group_release(my->group);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_status status = anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL);

    if (status != ANYLOOP_OK)
        fprintf(stderr, "group: %s\n", anyloop_status_text(status));
    return status != ANYLOOP_OK;
}
