/* port.c -- what a program can rely on under WASI, where there is one thread and the host's sleeps are not exact.
 *
 * It stands between the library and the host's sleep (it is linked with --wrap), to count and to spoil it.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* clock_nanosleep */
#include <anyloop.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *running;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "FAILED %s, line %d: %s\n", running, __LINE__, #condition);                                \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* ---- the host's sleep */

static struct {
    int calls, refuse, early;
} host;

int __real_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left);

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    struct timespec half = {.tv_nsec = (long)((time->tv_sec * 1000000000 + time->tv_nsec) / 2)};
    host.calls++;
    CHECK(flags == 0);                                          /* a span: node:wasi hangs on a point of time */
    CHECK(time->tv_nsec % 1000000 == 0 && time->tv_sec >= 0);   /* and cuts it to whole ms */
    CHECK(time->tv_sec <= 24 * 3600 && (time->tv_sec || time->tv_nsec));
    if (host.refuse)
        return ENOTSUP;
    return __real_clock_nanosleep(clock, flags, host.early ? &half : time, left);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- sleeping */

static const int64_t spans[] = {1, 1000, 200000, 999999, 1000001, 1500000, 7300000, 30000000};

static void a_sleep_is_never_over_early(anyloop_loop *loop)
{
    for (int round = 0; round < 8; round++) {
        for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
            anyloop_future *sleep = anyloop_sleep(loop, spans[i]);
            uint64_t before = now(); /* the deadline is set when the sleep first runs: not before this */
            CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_OK);
            CHECK(now() - before >= (uint64_t)spans[i]);
            anyloop_future_release(sleep);
        }
    }
}

static void a_wait_is_never_over_early(anyloop_loop *loop)
{
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        uint64_t deadline = anyloop_loop_time(loop) + (uint64_t)spans[i];
        CHECK(anyloop_loop_wait(loop, deadline) == ANYLOOP_OK);
        CHECK(anyloop_loop_time(loop) >= deadline);
    }
}

static void a_host_that_wakes_early_is_asked_again(anyloop_loop *loop)
{
    host.early = 1;
    a_wait_is_never_over_early(loop);
    CHECK(host.calls > (int)(sizeof spans / sizeof *spans));
}

static void an_idle_run_sleeps(anyloop_loop *loop)
{
    anyloop_loop_figures before = {.struct_size = sizeof before}, after = before;
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_MS(300));
    CHECK(anyloop_loop_get_figures(loop, &before) == ANYLOOP_OK);
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_OK);
    CHECK(anyloop_loop_get_figures(loop, &after) == ANYLOOP_OK);
    CHECK(host.calls >= 1 && host.calls <= 3);
    CHECK(after.turns - before.turns <= 4);
    anyloop_future_release(sleep);
}

static void a_host_that_cannot_sleep_is_an_error(anyloop_loop *loop)
{
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_MS(10));
    host.refuse = 1;
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_E_OS);
    host.refuse = 0;
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_OK);
    anyloop_future_release(sleep);
}

static void a_far_deadline_is_slept_to_in_pieces(anyloop_loop *loop)
{
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_FOREVER - 1);
    host.refuse = 1; /* the length was looked at before */
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_E_OS);
    CHECK(host.calls == 1);
    host.refuse = 0;
    anyloop_future_cancel(sleep, NULL);
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_E_CANCELLED);
    anyloop_future_release(sleep);
}

/* ---- nobody can wake */

static void a_future_that_nobody_completes_is_a_deadlock(anyloop_loop *loop)
{
    anyloop_future *future;
    CHECK(anyloop_loop_set_log(loop, NULL, NULL) == ANYLOOP_OK); /* the report */
    CHECK(anyloop_future_new(loop, &future) == ANYLOOP_OK);
    CHECK(anyloop_loop_run_until_complete(loop, future) == ANYLOOP_E_DEADLOCK);
    anyloop_future_release(future);
}

/* Only another thread could keep it now. */
static void a_promise_that_is_still_held_is_a_deadlock_too(anyloop_loop *loop)
{
    anyloop_promise *promise;
    anyloop_future *future;
    CHECK(anyloop_promise_new(loop, &promise, &future) == ANYLOOP_OK);
    CHECK(anyloop_loop_run_until_complete(loop, future) == ANYLOOP_E_DEADLOCK);
    anyloop_promise_set_result(promise, NULL);
    CHECK(anyloop_loop_run_until_complete(loop, future) == ANYLOOP_OK); /* what came before the wait is not lost */
    CHECK(host.calls == 0);
    anyloop_promise_release(promise);
    anyloop_future_release(future);
}

static void there_is_no_descriptor_for_hosts(anyloop_loop *loop)
{
    int32_t fd = 7;
    CHECK(anyloop_loop_fd(loop, &fd) == ANYLOOP_E_NOT_SUPPORTED && fd == 7);
}

/* ---- executors */

static void twice(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value value = anyloop_int(2 * anyloop_to_int(in));
    anyloop_job_return(job, &value);
}

static void check_hint(anyloop_loop *loop, anyloop_future *job)
{
    CHECK(anyloop_loop_run_until_complete(loop, job) == ANYLOOP_E_NOT_SUPPORTED);
    const char *text = anyloop_error_text(anyloop_future_error(job), NULL);
    CHECK(strstr(text, "no threads here") && strstr(text, "anyloop_inline_executor_new"));
    anyloop_future_release(job);
}

static void the_default_executor_says_what_to_do_instead(anyloop_loop *loop)
{
    anyloop_future *job = NULL;
    CHECK(anyloop_try_run_in_executor(loop, NULL, twice, NULL, &job) == ANYLOOP_E_NOT_SUPPORTED && job == NULL);
    check_hint(loop, anyloop_run_in_executor(loop, NULL, twice, NULL));
    check_hint(loop, anyloop_run_in_executor_when_free(loop, NULL, twice, NULL));
    anyloop_executor *executor;
    CHECK(anyloop_inline_executor_new(&executor) == ANYLOOP_OK);
    CHECK(anyloop_loop_set_default_executor(loop, executor) == ANYLOOP_OK); /* it is not too late */
    anyloop_executor_release(executor);
}

static anyloop_status refuse(void *user_data, anyloop_job *job)
{
    (void)user_data, (void)job;
    return ANYLOOP_E_NOT_SUPPORTED;
}

static void an_executor_of_ones_own_refuses_in_its_own_words(anyloop_loop *loop)
{
    static const anyloop_executor_methods methods = {.struct_size = sizeof methods, .submit = refuse};
    anyloop_executor *executor;
    CHECK(anyloop_executor_new(&methods, NULL, NULL, &executor) == ANYLOOP_OK);
    CHECK(anyloop_loop_set_default_executor(loop, executor) == ANYLOOP_OK);
    anyloop_executor_release(executor);
    anyloop_future *job = anyloop_run_in_executor(loop, NULL, twice, NULL);
    CHECK(anyloop_error_code(anyloop_future_error(job)) == ANYLOOP_E_NOT_SUPPORTED);
    CHECK(*anyloop_error_text(anyloop_future_error(job), NULL) == '\0');
    anyloop_future_release(job);
}

struct program {
    anyloop_coro co;
};

ANYLOOP_ASYNC(program)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, twice, ANYLOOP_VALUE(anyloop_int(21))));
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static void an_inline_executor_runs_the_jobs(anyloop_loop *loop)
{
    anyloop_executor *executor;
    anyloop_value result = anyloop_none();
    CHECK(anyloop_inline_executor_new(&executor) == ANYLOOP_OK);
    CHECK(anyloop_loop_set_default_executor(loop, executor) == ANYLOOP_OK);
    anyloop_executor_release(executor);
    CHECK(anyloop_run(loop, ANYLOOP_CORO(loop, program), &result) == ANYLOOP_OK);
    CHECK(anyloop_to_int(&result) == 42);
    anyloop_value_release(&result);
}

/* ---- memory */

/* A loop that does a little of everything: a job that nobody takes too. */
static void use_a_loop(void)
{
    anyloop_loop *loop;
    CHECK(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    anyloop_future *job = anyloop_run_in_executor(loop, NULL, twice, NULL);
    CHECK(anyloop_error_code(anyloop_future_error(job)) == ANYLOOP_E_NOT_SUPPORTED);
    anyloop_future_release(job);
    anyloop_future *sleep = anyloop_sleep(loop, 0);
    CHECK(anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_OK);
    anyloop_future_release(sleep);
    CHECK(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
}

/* So many that what each left behind would be seen from 7 bytes on: a page has 64 KiB. */
static void ten_thousand_loops_leave_the_memory_as_it_was(anyloop_loop *loop)
{
    (void)loop;
    for (int i = 0; i < 10; i++)
        use_a_loop();
    size_t pages = __builtin_wasm_memory_size(0);
    for (int i = 0; i < 10000; i++)
        use_a_loop();
    CHECK(__builtin_wasm_memory_size(0) == pages);
}

/* ---- all of them */

#define CASE(name) {#name, name}

static const struct {
    const char *name;
    void (*run)(anyloop_loop *loop);
} cases[] = {
    CASE(a_sleep_is_never_over_early),
    CASE(a_wait_is_never_over_early),
    CASE(a_host_that_wakes_early_is_asked_again),
    CASE(an_idle_run_sleeps),
    CASE(a_host_that_cannot_sleep_is_an_error),
    CASE(a_far_deadline_is_slept_to_in_pieces),
    CASE(a_future_that_nobody_completes_is_a_deadlock),
    CASE(a_promise_that_is_still_held_is_a_deadlock_too),
    CASE(there_is_no_descriptor_for_hosts),
    CASE(the_default_executor_says_what_to_do_instead),
    CASE(an_executor_of_ones_own_refuses_in_its_own_words),
    CASE(an_inline_executor_runs_the_jobs),
    CASE(ten_thousand_loops_leave_the_memory_as_it_was),
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        running = cases[i].name;
        memset(&host, 0, sizeof host);
        anyloop_loop *loop;
        CHECK(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
        cases[i].run(loop);
        CHECK(anyloop_loop_close(loop) == ANYLOOP_OK);
        anyloop_loop_release(loop);
        printf("ok %s\n", running);
    }
    return 0;
}
