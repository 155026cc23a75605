/* Jobs that are cancelled while they begin and end, calls that are posted while the loop closes, a busy machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../unit/test.h"

#include <sched.h>
#include <stdbool.h>

/* ---- cancelling */

enum { JOBS = 100000, BATCH = 200, ROUND = 10 };

static struct job {
    anyloop_future *future;
    atomic_int ran, dropped;
    bool accepted; /* the cancellation */
} round_of[ROUND * BATCH], *jobs = round_of; /* a late one's end may come while the next batch runs */

static void run_job(anyloop_job *job, const anyloop_value *in)
{
    struct job *self = anyloop_to_pointer(in);
    anyloop_value out = anyloop_int((self - round_of) % BATCH);
    atomic_fetch_add(&self->ran, 1);
    anyloop_job_return(job, &out);
}

static void drop_job(void *self)
{
    atomic_fetch_add(&((struct job *)self)->dropped, 1);
}

static void submit_all(anyloop_loop *loop, anyloop_executor *pool)
{
    for (int i = 0; i < BATCH; i++) {
        anyloop_value in = anyloop_none();
        atomic_store(&jobs[i].ran, 0);
        atomic_store(&jobs[i].dropped, 0);
        assert_ok(anyloop_value_foreign(NULL, &jobs[i], drop_job, &in));
        jobs[i].future = anyloop_run_in_executor(loop, pool, run_job, &in);
    }
}

/* Every second one, while workers take them from the other end. */
static void cancel_some(int batch)
{
    for (int i = BATCH - 1; i >= 0; i--) {
        jobs[i].accepted = (i + batch) % 2 && anyloop_future_cancel(jobs[i].future, NULL) == 1;
        if (i % 16 == 0)
            sched_yield();
    }
}

static void check_all(int *cancelled)
{
    for (int i = 0; i < BATCH; i++) {
        uint32_t ended = anyloop_future_state(jobs[i].future);
        assert_int_equal(ended, jobs[i].accepted ? ANYLOOP_CANCELLED : ANYLOOP_RESULT);
        if (ended == ANYLOOP_RESULT) {
            assert_int_equal(result_of(jobs[i].future), i);
            assert_int_equal(jobs[i].ran, 1);
        }
        assert_in_range(jobs[i].ran, 0, 1);
        *cancelled += jobs[i].accepted;
        anyloop_future_release(jobs[i].future);
    }
}

static void a_job_that_is_cancelled_while_it_begins_and_ends_has_one_end(void **state)
{
    (void)state;
    const anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 3};
    anyloop_executor *pool = NULL;
    anyloop_loop *loop = loop_real();
    int cancelled = 0, cancelled_late = 0;
    for (int batch = 0; batch < JOBS / BATCH; batch++) {
        if (pool == NULL)
            assert_ok(anyloop_thread_pool_new(&options, &pool));
        jobs = &round_of[batch % ROUND * BATCH];
        submit_all(loop, pool);
        cancel_some(batch);
        anyloop_future *all[BATCH];
        for (int i = 0; i < BATCH; i++)
            all[i] = anyloop_future_retain(jobs[i].future);
        run_to(loop, anyloop_gather(loop, all, BATCH, ANYLOOP_RETURN_EXCEPTIONS), ANYLOOP_OK);
        check_all(&cancelled);
        if (batch % ROUND == ROUND - 1) { /* now nobody has a job any more */
            assert_ok(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER));
            anyloop_executor_release(pool);
            pool = NULL;
            for (int i = 0; i < ROUND * BATCH; i++) {
                assert_int_equal(round_of[i].dropped, 1);
                cancelled_late += round_of[i].accepted && round_of[i].ran;
            }
        }
    }
    assert_null(pool);
    print_message("%d jobs, %d cancelled; of these %d ran all the same\n", JOBS, cancelled, cancelled_late);
    loop_end(loop);
}

/* ---- posting to a loop that closes */

enum { LOOPS = 200, POSTERS = 2 };

static struct {
    anyloop_loop *loop;
    atomic_int accepted, refused, ran, dropped;
} closing;

static void posted_runs(void *user_data)
{
    (void)user_data;
    atomic_fetch_add(&closing.ran, 1);
}

static void posted_dropped(void *user_data)
{
    (void)user_data;
    atomic_fetch_add(&closing.dropped, 1);
}

static void *post_until_refused(void *user_data)
{
    (void)user_data;
    while (anyloop_loop_call_soon_threadsafe(closing.loop, posted_runs, NULL, posted_dropped) == ANYLOOP_OK)
        if (atomic_fetch_add(&closing.accepted, 1) > 1000)
            sched_yield(); /* not so many that the close takes long */
    atomic_fetch_add(&closing.refused, 1);
    return NULL;
}

static void what_is_posted_while_a_loop_closes_is_accepted_and_dropped_once_or_refused(void **state)
{
    (void)state;
    int accepted = 0;
    for (int round = 0; round < LOOPS; round++) {
        pthread_t threads[POSTERS];
        atomic_store(&closing.accepted, 0);
        atomic_store(&closing.refused, 0);
        atomic_store(&closing.ran, 0);
        atomic_store(&closing.dropped, 0);
        closing.loop = loop_real();
        for (int i = 0; i < POSTERS; i++)
            threads[i] = thread_start(post_until_refused, NULL);
        for (int i = 0; i < round % 5; i++)
            turn(closing.loop);
        assert_ok(anyloop_loop_close(closing.loop));
        for (int i = 0; i < POSTERS; i++)
            thread_join(threads[i]);
        assert_int_equal(closing.refused, POSTERS);
        assert_int_equal(closing.dropped, closing.accepted + POSTERS);
        assert_in_range(closing.ran, 0, closing.accepted);
        accepted += closing.accepted;
        loop_end(closing.loop);
    }
    print_message("%d loops, %d calls accepted\n", LOOPS, accepted);
}

/* ---- a busy machine */

static atomic_bool calm;

static void *spin(void *user_data)
{
    while (!atomic_load_explicit(&calm, memory_order_relaxed))
        ;
    return user_data;
}

static int order, disorder;
static uint64_t deadlines[100];

static void in_order(void *deadline)
{
    disorder += (uint64_t *)deadline != &deadlines[order];
    order++;
}

static void on_a_busy_machine_timers_are_late_and_nothing_else(void **state)
{
    (void)state;
    pthread_t threads[8];
    anyloop_loop *loop = loop_real();
    anyloop_future *work[20];
    for (size_t i = 0; i < LENGTH(threads); i++)
        threads[i] = thread_start(spin, NULL);
    uint64_t now = anyloop_loop_time(loop);
    for (size_t i = 0; i < LENGTH(deadlines); i++) {
        deadlines[i] = now + (uint64_t)i * 200000;
        assert_ok(anyloop_loop_call_at(loop, deadlines[i], in_order, &deadlines[i], NULL, NULL));
    }
    submit_all(loop, NULL);
    for (size_t i = 0; i < LENGTH(work); i++)
        work[i] = anyloop_future_retain(jobs[i].future);
    run_to(loop, anyloop_gather(loop, work, LENGTH(work), 0), ANYLOOP_OK);
    run_to(loop, anyloop_sleep(loop, ANYLOOP_MS(25)), ANYLOOP_OK);
    assert_true(anyloop_loop_time(loop) >= now + (uint64_t)ANYLOOP_MS(25));
    assert_int_equal(order, LENGTH(deadlines));
    assert_int_equal(disorder, 0);
    atomic_store(&calm, true);
    for (size_t i = 0; i < LENGTH(threads); i++)
        thread_join(threads[i]);
    for (int i = 0; i < BATCH; i++)
        anyloop_future_release(jobs[i].future);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_job_that_is_cancelled_while_it_begins_and_ends_has_one_end),
        cmocka_unit_test(what_is_posted_while_a_loop_closes_is_accepted_and_dropped_once_or_refused),
        cmocka_unit_test(on_a_busy_machine_timers_are_late_and_nothing_else),
    };
    return cmocka_run_group_tests_name("jobs", cases, NULL, NULL);
}
