/* errors.c -- raise, catch, clean up: an error travels up through the awaits, and FINALLY runs on every way out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct fetch { anyloop_coro co; int page; int64_t takes; };

ANYLOOP_ASYNC(fetch)
{
    ANYLOOP_BEGIN;
    printf("page %d: open\n", my->page);
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->takes));
    if (my->page == 3)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "no such page");
    ANYLOOP_RETURN(anyloop_int(100 * my->page));
    ANYLOOP_FINALLY;
    ANYLOOP_TRY(anyloop_sleep(my->co.loop, ANYLOOP_MS(1))); /* cleaning up may await */
    printf("page %d: closed\n", my->page);
    ANYLOOP_END;
}

struct app { anyloop_coro co; int page; int64_t words; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;

    /* TRY looks at the outcome instead of leaving with it: Python's try and except. */
    for (my->page = 1; my->page <= 3; my->page++) {
        ANYLOOP_TRY(ANYLOOP_CORO(my->co.loop, fetch, .page = my->page));
        if (ANYLOOP_OUTCOME == ANYLOOP_RESULT)
            my->words += anyloop_to_int(ANYLOOP_AWAITED);
        else
            printf("caught: %s\n", anyloop_error_text(ANYLOOP_AWAITED, NULL));
    }
    printf("%lld words\n", (long long)my->words);

    /* AWAIT leaves with the first child's error. The other child goes on, until the end of the program cancels it. */
    ANYLOOP_AWAIT(ANYLOOP_GATHER(my->co.loop,
                                 ANYLOOP_TASK(my->co.loop, fetch, .page = 3),
                                 ANYLOOP_TASK(my->co.loop, fetch, .page = 4, .takes = ANYLOOP_SECONDS(60))));
    puts("not reached");
    ANYLOOP_FINALLY;
    puts("app: closed");
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_value result = anyloop_none();
    anyloop_status status = anyloop_run(loop, ANYLOOP_CORO(loop, app), &result);

    printf("the program ended with %s: %s\n", anyloop_status_name(status), anyloop_error_text(&result, NULL));
    anyloop_value_release(&result);
    return status != ANYLOOP_E_USER;
}
