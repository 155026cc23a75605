/* The figures of loops and of thread pools.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

static anyloop_loop_figures figures_of(const anyloop_loop *loop)
{
    anyloop_loop_figures figures = {.struct_size = sizeof figures};
    assert_ok(anyloop_loop_get_figures(loop, &figures));
    return figures;
}

static anyloop_executor_figures pool_figures_of(anyloop_executor *pool)
{
    anyloop_executor_figures figures = {.struct_size = sizeof figures};
    assert_ok(anyloop_executor_get_figures(pool, &figures));
    return figures;
}

/* ---- loops */

static void turns_are_counted(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    uint64_t before = figures_of(loop).turns;
    turns(loop, 5);
    assert_int_equal(figures_of(loop).turns - before, 5);
    loop_end(loop);
}

static void the_most_that_a_turn_ran_is_kept(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int ran = 0;
    for (int i = 0; i < 7; i++)
        assert_ok(anyloop_loop_call_soon(loop, count, &ran, NULL, NULL));
    turn(loop);
    for (int i = 0; i < 3; i++)
        assert_ok(anyloop_loop_call_soon(loop, count, &ran, NULL, NULL));
    turn(loop);
    assert_int_equal(figures_of(loop).ready_most, 7);
    loop_end(loop);
}

static void a_turn_that_its_budget_cut_short_goes_on_as_the_same_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_turn_info info = {.struct_size = sizeof info};
    int ran = 0;
    for (int i = 0; i < 3; i++)
        assert_ok(anyloop_loop_call_soon(loop, count, &ran, NULL, NULL));
    for (int i = 0; i < 3; i++)
        assert_ok(anyloop_loop_turn(loop, 1, NULL, 0, &info)); /* of 1 ns */
    assert_int_equal(ran, 3);
    assert_int_equal(figures_of(loop).turns, 1);
    loop_end(loop);
}

static void job_waits(anyloop_job *job, const anyloop_value *in)
{
    (void)job;
    gate_wait(anyloop_to_pointer(in), 1);
}

static anyloop_future *submit_waiting(anyloop_loop *loop, anyloop_executor *executor, gate *closed)
{
    anyloop_value in = anyloop_none();
    assert_ok(anyloop_value_foreign(loop, closed, NULL, &in));
    return anyloop_run_in_executor(loop, executor, job_waits, &in);
}

static void tasks_timers_and_jobs_are_counted_while_they_last(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    gate closed = GATE;
    anyloop_handle *timer;
    anyloop_task *task = anyloop_create_task(loop, anyloop_sleep(loop, ANYLOOP_SECONDS(3600)), NULL);
    anyloop_future *job = submit_waiting(loop, NULL, &closed);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(3600), note, "never", NULL, &timer));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_FOREVER, note, "never", NULL, NULL)); /* is not set to anything */
    turn(loop);
    assert_int_equal(figures_of(loop).tasks, 1);
    assert_int_equal(figures_of(loop).timers, 2);
    assert_int_equal(figures_of(loop).jobs, 1);
    gate_open(&closed);
    run_to(loop, job, ANYLOOP_OK);
    assert_ok(anyloop_handle_cancel(timer));
    anyloop_handle_release(timer);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_int_equal(figures_of(loop).tasks + figures_of(loop).timers + figures_of(loop).jobs, 0);
    loop_end(loop);
}

static void a_virtual_clock_is_never_late(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    for (int i = 0; i < 4; i++)
        run_to(loop, anyloop_sleep(loop, ANYLOOP_SECONDS(i + 1)), ANYLOOP_OK);
    assert_int_equal(figures_of(loop).lag[0], 4);
    assert_int_equal(figures_of(loop).lag_most, 0);
    loop_end(loop);
}

static void a_closed_loop_keeps_its_figures(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    turns(loop, 2);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(figures_of(loop).turns, 2);
    loop_end(loop);
}

static void a_struct_of_another_size_is_refused_and_untouched(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_executor *pool;
    anyloop_loop_figures figures = {.struct_size = sizeof figures - 8, .turns = 77};
    anyloop_executor_figures executor = {.struct_size = sizeof executor + 8, .done = 77};
    assert_ok(anyloop_thread_pool_new(NULL, &pool));
    assert_int_equal(anyloop_loop_get_figures(loop, &figures), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_get_figures(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(figures.turns, 77);
    assert_int_equal(anyloop_executor_get_figures(pool, &executor), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_executor_get_figures(pool, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_executor_get_figures(NULL, &executor), ANYLOOP_E_INVALID);
    assert_int_equal(executor.done, 77);
    anyloop_executor_release(pool);
    loop_end(loop);
}

/* ---- pools */

static uint64_t waits_of(const anyloop_executor_figures *figures)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ANYLOOP_HISTOGRAM_SIZE; i++)
        sum += figures->wait[i];
    return sum;
}

/* Says that it runs, then waits. */
struct meeting {
    gate begun, over;
};

static void job_meets(anyloop_job *job, const anyloop_value *in)
{
    struct meeting *meeting = anyloop_to_pointer(in);
    (void)job;
    gate_open(&meeting->begun);
    gate_wait(&meeting->over, 1);
}

static void a_pool_tells_who_works_and_what_waits(void **state)
{
    (void)state;
    enum { JOBS = 5 };
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool;
    anyloop_future *jobs[JOBS];
    struct meeting meeting = {GATE, GATE};
    const anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 2};
    assert_ok(anyloop_thread_pool_new(&options, &pool));
    assert_int_equal(pool_figures_of(pool).max_workers, 2);
    assert_int_equal(pool_figures_of(pool).workers, 0);
    for (int i = 0; i < JOBS; i++) {
        anyloop_value in = anyloop_none();
        assert_ok(anyloop_value_foreign(loop, &meeting, NULL, &in));
        jobs[i] = anyloop_run_in_executor(loop, pool, job_meets, &in);
    }
    gate_wait(&meeting.begun, 2);
    anyloop_executor_figures figures = pool_figures_of(pool);
    assert_int_equal(figures.workers, 2);
    assert_int_equal(figures.running, 2);
    assert_int_equal(figures.queued, 3);
    assert_in_range(figures.queued_most, 3, JOBS);
    assert_int_equal(figures.done, 0);

    assert_int_equal(anyloop_future_cancel(jobs[JOBS - 1], NULL), 1);
    figures = pool_figures_of(pool);
    assert_int_equal(figures.queued, 2);
    assert_int_equal(figures.cancelled, 1);

    gate_open(&meeting.over);
    for (int i = 0; i < JOBS; i++)
        run_to(loop, jobs[i], i == JOBS - 1 ? ANYLOOP_E_CANCELLED : ANYLOOP_OK);
    assert_ok(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER));
    figures = pool_figures_of(pool);
    assert_int_equal(figures.workers + figures.running + figures.queued, 0);
    assert_int_equal(figures.done, JOBS - 1);
    assert_int_equal(waits_of(&figures), JOBS - 1);
    assert_true(figures.wait_total >= figures.wait_most && figures.wait_most > 0);
    anyloop_executor_release(pool);
    loop_end(loop);
}

static void what_a_shutdown_cancels_is_counted(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_executor *pool;
    struct meeting meeting = {GATE, GATE};
    anyloop_value in = anyloop_none();
    const anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    assert_ok(anyloop_thread_pool_new(&options, &pool));
    assert_ok(anyloop_value_foreign(loop, &meeting, NULL, &in));
    anyloop_future *running = anyloop_run_in_executor(loop, pool, job_meets, &in);
    gate_wait(&meeting.begun, 1);
    anyloop_future *queued[] = {submit_waiting(loop, pool, &meeting.over), submit_waiting(loop, pool, &meeting.over)};
    assert_int_equal(anyloop_executor_shutdown(pool, ANYLOOP_CANCEL_QUEUED, 0), ANYLOOP_E_TIMED_OUT);
    assert_int_equal(pool_figures_of(pool).cancelled, 2);
    assert_int_equal(pool_figures_of(pool).running, 1);
    gate_open(&meeting.over);
    run_to(loop, running, ANYLOOP_OK);
    for (size_t i = 0; i < LENGTH(queued); i++)
        run_to(loop, queued[i], ANYLOOP_E_CANCELLED);
    anyloop_executor_release(pool);
    loop_end(loop);
}

/* Reads while others work: for the sanitizer. */
struct reader {
    anyloop_executor *pool;
    atomic_int stop;
    uint64_t done; /* the last that was seen, which never goes back */
    int fell;
};

static void *read_figures(void *pointer)
{
    struct reader *self = pointer;
    while (!atomic_load(&self->stop)) {
        anyloop_executor_figures figures = {.struct_size = sizeof figures};
        self->fell |= anyloop_executor_get_figures(self->pool, &figures) != ANYLOOP_OK || figures.done < self->done ||
                      waits_of(&figures) != figures.done || figures.running > figures.workers;
        self->done = figures.done;
    }
    return NULL;
}

static void job_nothing(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

static void a_pools_figures_may_be_read_by_any_thread_while_it_works(void **state)
{
    (void)state;
    enum { JOBS = 2000 };
    anyloop_loop *loop = loop_real();
    struct reader reader = {.stop = 0};
    assert_ok(anyloop_thread_pool_new(NULL, &reader.pool));
    pthread_t thread = thread_start(read_figures, &reader);
    anyloop_future **jobs = malloc(JOBS * sizeof *jobs);
    for (int i = 0; i < JOBS; i++)
        jobs[i] = anyloop_run_in_executor(loop, reader.pool, job_nothing, NULL);
    run_to(loop, anyloop_gather(loop, jobs, JOBS, 0), ANYLOOP_OK);
    atomic_store(&reader.stop, 1);
    thread_join(thread);
    free(jobs);
    assert_int_equal(reader.fell, 0);
    assert_ok(anyloop_executor_shutdown(reader.pool, 0, ANYLOOP_FOREVER));
    assert_int_equal(pool_figures_of(reader.pool).done, JOBS);
    anyloop_executor_release(reader.pool);
    loop_end(loop);
}

static void the_default_executor_is_there_once_a_job_needed_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    gate closed = GATE;
    assert_null(anyloop_loop_default_executor(loop));
    assert_null(anyloop_loop_default_executor(NULL));
    anyloop_future *job = submit_waiting(loop, NULL, &closed);
    anyloop_executor_figures figures = pool_figures_of(anyloop_loop_default_executor(loop));
    assert_int_equal(figures.running + figures.queued, 1);
    gate_open(&closed);
    run_to(loop, job, ANYLOOP_OK);
    assert_ok(anyloop_loop_close(loop));
    assert_null(anyloop_loop_default_executor(loop));
    loop_end(loop);
}

static void an_executor_that_is_no_pool_has_none(void **state)
{
    (void)state;
    anyloop_executor *executor;
    anyloop_executor_figures figures = {.struct_size = sizeof figures};
    assert_ok(anyloop_inline_executor_new(&executor));
    assert_int_equal(anyloop_executor_get_figures(executor, &figures), ANYLOOP_E_NOT_SUPPORTED);
    anyloop_executor_release(executor);
}

static void a_forked_child_is_told_nothing_of_its_parents_pool(void **state)
{
    (void)state;
    anyloop_executor *pool;
    anyloop_executor_figures figures = {.struct_size = sizeof figures};
    int said_what = 0;
    assert_ok(anyloop_thread_pool_new(NULL, &pool));
    pid_t child = fork();
    if (child == 0)
        _exit(anyloop_executor_get_figures(pool, &figures) == ANYLOOP_E_FORKED ? 0 : 1);
    assert_int_equal(waitpid(child, &said_what, 0), child);
    assert_int_equal(said_what, 0);
    anyloop_executor_release(pool);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(turns_are_counted),
        cmocka_unit_test(the_most_that_a_turn_ran_is_kept),
        cmocka_unit_test_of_clock(a_turn_that_its_budget_cut_short_goes_on_as_the_same_turn),
        cmocka_unit_test_of_threads(tasks_timers_and_jobs_are_counted_while_they_last),
        cmocka_unit_test(a_virtual_clock_is_never_late),
        cmocka_unit_test(a_closed_loop_keeps_its_figures),
        cmocka_unit_test(a_struct_of_another_size_is_refused_and_untouched),
        cmocka_unit_test_of_threads(a_pool_tells_who_works_and_what_waits),
        cmocka_unit_test_of_threads(what_a_shutdown_cancels_is_counted),
        cmocka_unit_test_of_threads(a_pools_figures_may_be_read_by_any_thread_while_it_works),
        cmocka_unit_test_of_threads(the_default_executor_is_there_once_a_job_needed_it),
        cmocka_unit_test(an_executor_that_is_no_pool_has_none),
        cmocka_unit_test_of_threads(a_forked_child_is_told_nothing_of_its_parents_pool),
    };
    return cmocka_run_group_tests_name("figures", cases, NULL, NULL);
}
