/* alive.c -- what keeps Node alive after main: `alive timer`, `alive job`, each for 400 ms; `alive nothing`.
 *
 * No loop is stopped or closed, and no pool is shut down.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <emscripten/emscripten.h>
#include <stdio.h>

static void take_long(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    for (const double end = emscripten_get_now() + 400; emscripten_get_now() < end;)
        ;
}

static const anyloop_job_type jobs[] = {{"take_long", take_long}, {NULL, NULL}};

static void say(void *user_data, anyloop_future *future)
{
    printf("%s: %s\n", (const char *)user_data, anyloop_status_name(anyloop_future_error_code(future)));
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    static const char timer[] = "timer", job[] = "job", nothing[] = "nothing";
    const char *what = argc > 1 ? argv[1] : timer;
    anyloop_loop *loop = anyloop_get_event_loop();
    if (strcmp(what, job) == 0)
        return anyloop_start(loop, anyloop_run_in_executor(loop, NULL, take_long, NULL), say, (void *)job, NULL);
    if (strcmp(what, nothing) == 0)
        return anyloop_start(loop, anyloop_sleep(loop, ANYLOOP_FOREVER), say, (void *)nothing, NULL);
    return anyloop_start(loop, anyloop_sleep(loop, ANYLOOP_MS(400)), say, (void *)timer, NULL);
}
