/* workers.c -- what a worker pool promises, line by line: the expected output is beside it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static anyloop_loop *loop;
static anyloop_executor *pool;

/* ---- jobs */

static void echo(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

static void twice(anyloop_job *job, const anyloop_value *in)
{
    const anyloop_value result = anyloop_int(anyloop_to_int(in) * 2);
    anyloop_job_return(job, &result);
}

static void refuse(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_job_raise(job, ANYLOOP_E_USER, "this job says no");
}

static void trap(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    __builtin_trap();
}

static void leave(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    exit(3);
}

static void hang(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    for (volatile int forever = 1; forever;)
        ;
}

/* Statics are the copy's own. */
static void count(anyloop_job *job, const anyloop_value *in)
{
    static int64_t calls;
    (void)in;
    const anyloop_value result = anyloop_int(++calls);
    anyloop_job_return(job, &result);
}

/* Where nobody looks for it. */
static void unnamed(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

static const anyloop_job_type jobs[] = {{"echo", echo}, {"twice", twice}, {"refuse", refuse}, {"trap", trap},
                                        {"leave", leave}, {"hang", hang}, {"count", count}, {NULL, NULL}};

/* ---- saying what came of them */

static void say(const char *what, anyloop_future *future)
{
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    const anyloop_value *result = anyloop_future_result(future);
    const anyloop_value *error = anyloop_future_error(future);
    printf("%s: ", what);
    if (result && result->kind == ANYLOOP_INT)
        printf("%lld\n", (long long)anyloop_to_int(result));
    else if (result && (result->kind == ANYLOOP_TEXT || result->kind == ANYLOOP_BYTES))
        printf("%llu bytes, kind %u\n", (unsigned long long)result->size, result->kind);
    else if (result)
        printf("kind %u, size %llu\n", result->kind, (unsigned long long)result->size);
    else if (error)
        printf("%s: %s\n", anyloop_status_name(status), anyloop_error_text(error, NULL));
    else
        printf("%s\n", anyloop_status_name(status));
    anyloop_future_release(future);
}

static anyloop_future *run(anyloop_job_fn job, anyloop_value in)
{
    return anyloop_run_in_executor(loop, pool, job, &in);
}

static void open_pool(uint32_t workers, uint64_t queue_size)
{
    const anyloop_worker_pool_options options = {
        .struct_size = sizeof options, .max_workers = workers, .queue_size = queue_size, .name = "test"};
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        exit(1);
}

static void close_pool(void)
{
    printf("shutdown: %s\n", anyloop_status_name(anyloop_executor_shutdown(pool, ANYLOOP_CANCEL_QUEUED, ANYLOOP_FOREVER)));
    anyloop_executor_release(pool);
}

/* ---- the facts */

static void values(void)
{
    anyloop_value value, items[3];
    say("none", run(echo, (anyloop_value){0}));
    say("int", run(echo, anyloop_int(INT64_MIN)));
    anyloop_value_text(loop, "grün", 5, &value);
    say("text", run(echo, value));
    char *large = calloc(1, 1000000);
    anyloop_value_bytes(loop, large, 1000000, &value);
    free(large);
    say("bytes", run(echo, value));
    for (int i = 0; i < 3; i++)
        anyloop_value_text(loop, "item", 4, &items[i]);
    anyloop_value_list(loop, items, 3, &value);
    say("list", run(echo, value));
    say("error", run(refuse, anyloop_int(0)));
    anyloop_value_foreign(loop, &value, NULL, &value);
    say("foreign", run(echo, value));
    say("not in the table", run(unnamed, anyloop_int(0)));
}

/* Bytes of every value, alone and in a list, by all the ways that their number chooses; twice, as some of what they travel in
 * is used again. */
static void sizes(void)
{
    static const size_t tried[] = {0, 1, 16, 256, 257, 16384, 16385, 65536, 40000, 20000, 65537, 1048577, 65536};
    static unsigned char bytes[1048577];
    size_t count = sizeof tried / sizeof *tried, right = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i % 257);
    for (size_t i = 0; i < 4 * count; i++) {
        size_t size = tried[i / 2 % count];
        bool listed = i % 2;
        anyloop_value value, list;
        anyloop_value_bytes(loop, bytes, size, &value);
        if (listed)
            anyloop_value_list(loop, &value, 1, &list);
        anyloop_future *echoed = run(echo, listed ? list : value);
        anyloop_loop_run_until_complete(loop, echoed);
        const anyloop_value *result = anyloop_future_result(echoed);
        if (result && listed)
            result = anyloop_to_list(result, &(size_t){0});
        right += result && result->kind == ANYLOOP_BYTES && result->size == size &&
                 (size == 0 || memcmp((const void *)(uintptr_t)result->bits, bytes, size) == 0);
        anyloop_future_release(echoed);
        bytes[0]++; /* what is left from before is to be seen */
    }
    printf("sizes: %zu of %zu\n", right, 4 * count);
}

static void deaths(void)
{
    say("before", run(count, anyloop_int(0)));
    anyloop_future *trapped = run(trap, anyloop_int(0)), *behind = run(twice, anyloop_int(21));
    anyloop_status status = anyloop_loop_run_until_complete(loop, trapped);
    printf("trap: %s\n", anyloop_status_name(status));
    anyloop_future_release(trapped);
    say("behind it", behind);
    say("after", run(count, anyloop_int(0)));
    anyloop_future *left = run(leave, anyloop_int(0));
    printf("exit: %s\n", anyloop_status_name(anyloop_loop_run_until_complete(loop, left)));
    anyloop_future_release(left);
    say("after", run(count, anyloop_int(0)));
}

static void cancels(void)
{
    anyloop_future *hung = run(hang, anyloop_int(0)), *queued = run(twice, anyloop_int(1)),
                   *other = run(twice, anyloop_int(2));
    anyloop_future *limited = anyloop_wait_for(loop, anyloop_future_retain(hung), ANYLOOP_MS(200));
    anyloop_future_cancel(queued, NULL);
    say("hung", limited);
    say("queued", queued);
    say("other", other);
    anyloop_future_release(hung);
}

static void burst(void)
{
    enum { JOBS = 5000 };
    static anyloop_future *futures[JOBS];
    int64_t sum = 0;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < JOBS; i++)
            futures[i] = run(twice, anyloop_int(i));
        /* in the second round, when they are known to be short: one in seven, wherever it is */
        for (int i = 0; round && i < JOBS; i += 7)
            anyloop_future_cancel(futures[i], NULL);
        for (int i = 0; i < JOBS; i++) {
            if (anyloop_loop_run_until_complete(loop, futures[i]) == ANYLOOP_OK)
                sum += anyloop_to_int(anyloop_future_result(futures[i]));
            anyloop_future_release(futures[i]);
        }
        printf("burst: %lld\n", (long long)sum);
    }
}

static void full(void)
{
    anyloop_future *futures[4];
    for (int i = 0; i < 4; i++)
        futures[i] = run(twice, anyloop_int(i));
    for (int i = 0; i < 4; i++)
        say("of one worker and two places", futures[i]);
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    loop = anyloop_get_event_loop();
    open_pool(2, 0);
    values();
    sizes();
    close_pool();
    open_pool(1, 0);
    deaths();
    cancels();
    burst();
    close_pool();
    open_pool(1, 2);
    full();
    close_pool();
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    return 0;
}
