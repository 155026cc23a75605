/* A loop with a shuffle seed: what the rules leave open comes in another order, what they decide does not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

enum { SEEDS = 200 };

static anyloop_loop *loop_seeded(uint64_t seed)
{
    const anyloop_loop_options options = {.struct_size = sizeof options,
                                          .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK,
                                          .virtual_start = (uint64_t)HOUR,
                                          .allocator = &counted_memory,
                                          .shuffle_seed = seed};
    anyloop_loop *loop = NULL;
    begin();
    assert_ok(anyloop_new_event_loop(&options, &loop));
    assert_ok(anyloop_loop_set_log(loop, hear, NULL));
    return loop;
}

/* What was noted, taken away. */
static void take_trace(char text[sizeof trace.text])
{
    memcpy(text, trace.text, sizeof trace.text);
    trace.text[0] = 0;
}

/* How many different texts a program leaves under many seeds. Under the same seed it must leave the same. */
static int different_traces(void (*program)(anyloop_loop *loop), const char *without_seed)
{
    static char texts[SEEDS][sizeof trace.text];
    char again[sizeof trace.text];
    int count = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        anyloop_loop *loop = loop_seeded(seed);
        program(loop);
        take_trace(texts[count]);
        loop_end(loop);
        loop = loop_seeded(seed);
        program(loop);
        take_trace(again);
        loop_end(loop);
        assert_string_equal(texts[count], again);
        if (seed == 0)
            assert_string_equal(again, without_seed);
        int known = 0;
        while (strcmp(texts[known], again) != 0)
            known++;
        count += known == count;
    }
    return count;
}

/* ---- mail */

enum { MOST_SENDERS = 24 };

struct sender {
    anyloop_loop *loop;
    gate *turns;
    int turn; /* it sends when so many have been opened */
    char texts[2][8];
    anyloop_promise *promise; /* kept after that; NULL: none */
    anyloop_waker *waker;     /* woken after that; NULL: none */
};

static void *send(void *pointer)
{
    struct sender *self = pointer;
    gate_wait(self->turns, self->turn);
    for (size_t i = 0; i < LENGTH(self->texts); i++)
        anyloop_loop_call_soon_threadsafe(self->loop, note, self->texts[i], NULL);
    if (self->promise) {
        anyloop_promise_set_result(self->promise, NULL);
        anyloop_promise_release(self->promise);
    }
    if (self->waker) {
        anyloop_waker_wake(self->waker);
        anyloop_waker_release(self->waker);
    }
    gate_open(self->turns);
    return NULL;
}

/* One after the other, so that what the loop finds is the same each time, and all alive, so that each is another. */
static void send_all(anyloop_loop *loop, struct sender *senders, int count)
{
    gate turns = GATE;
    pthread_t threads[MOST_SENDERS];
    for (int i = 0; i < count; i++) {
        senders[i].loop = loop;
        senders[i].turns = &turns;
        senders[i].turn = i + 1;
        threads[i] = thread_start(send, &senders[i]);
    }
    gate_open(&turns);
    for (int i = 0; i < count; i++)
        thread_join(threads[i]);
}

static void send_from_two_threads(anyloop_loop *loop)
{
    struct sender senders[] = {{.texts = {"a1", "a2"}}, {.texts = {"b1", "b2"}}};
    send_all(loop, senders, LENGTH(senders));
    turn(loop);
    assert_true(strstr(trace.text, "a1") < strstr(trace.text, "a2"));
    assert_true(strstr(trace.text, "b1") < strstr(trace.text, "b2"));
}

static void messages_of_two_threads_lie_between_each_other_in_every_way_and_keep_each_threads_order(void **state)
{
    (void)state;
    assert_int_equal(different_traces(send_from_two_threads, "a1 a2 b1 b2 "), 6);
}

static void keep_promise(void *text, anyloop_future *future)
{
    (void)future;
    note(text);
}

static void send_promises(anyloop_loop *loop)
{
    struct sender senders[] = {{.texts = {"a1", "a2"}}, {.texts = {"b1", "b2"}}};
    anyloop_future *futures[2];
    static const char *const kept[] = {"a3", "b3"};
    for (int i = 0; i < 2; i++) {
        assert_ok(anyloop_promise_new(loop, &senders[i].promise, &futures[i]));
        assert_ok(anyloop_future_add_done_callback(futures[i], keep_promise, (void *)(uintptr_t)kept[i], NULL));
    }
    send_all(loop, senders, LENGTH(senders));
    turns(loop, 2); /* a done callback has a turn of its own */
    assert_true(strstr(trace.text, "a2") < strstr(trace.text, "a3"));
    assert_true(strstr(trace.text, "b2") < strstr(trace.text, "b3"));
    for (int i = 0; i < 2; i++)
        anyloop_future_release(futures[i]);
}

static void promises_of_two_threads_are_kept_in_either_order(void **state)
{
    (void)state;
    assert_int_equal(different_traces(send_promises, "a1 a2 b1 b2 a3 b3 "), 12);
}

/* More senders than a shuffle tells apart. */
static void send_from_many_threads(anyloop_loop *loop)
{
    static struct sender senders[MOST_SENDERS];
    for (int i = 0; i < MOST_SENDERS; i++) {
        senders[i] = (struct sender){.loop = loop};
        for (int k = 0; k < 2; k++)
            memcpy(senders[i].texts[k], (char[]){(char)('a' + i), (char)('1' + k), '\0'}, 3);
    }
    send_all(loop, senders, MOST_SENDERS);
    turn(loop);
    for (int i = 0; i < MOST_SENDERS; i++) {
        const char *first = strstr(trace.text, senders[i].texts[0]), *second = strstr(trace.text, senders[i].texts[1]);
        assert_non_null(first);
        assert_true(first < second);
    }
}

static void of_many_threads_each_keeps_its_order_and_nothing_is_lost(void **state)
{
    (void)state;
    static char texts[2][sizeof trace.text];
    for (uint64_t seed = 1; seed < 20; seed++) {
        anyloop_loop *loop = loop_seeded(seed);
        send_from_many_threads(loop);
        take_trace(texts[seed % 2]);
        loop_end(loop);
        assert_int_equal(strlen(texts[seed % 2]), 2 * MOST_SENDERS * strlen("a1 "));
        if (seed > 1)
            assert_string_not_equal(texts[0], texts[1]);
    }
}

struct parked { anyloop_coro co; const char *text; };

ANYLOOP_ASYNC(parked)
{
    ANYLOOP_BEGIN;
    ANYLOOP_PARK;
    note((void *)(uintptr_t)my->text);
    ANYLOOP_END;
}

static void send_wakes(anyloop_loop *loop)
{
    struct sender senders[] = {{.texts = {"a1", "a2"}}, {.texts = {"b1", "b2"}}};
    static const char *const woken[] = {"a3", "b3"};
    anyloop_task *tasks[2];
    for (int i = 0; i < 2; i++)
        tasks[i] = ANYLOOP_TASK(loop, parked, .text = woken[i]);
    turn(loop);
    for (int i = 0; i < 2; i++)
        assert_ok(anyloop_task_waker(tasks[i], &senders[i].waker));
    send_all(loop, senders, LENGTH(senders));
    turns(loop, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(anyloop_future_state(tasks[i]), ANYLOOP_RESULT);
        anyloop_future_release(tasks[i]);
    }
}

static void wakes_of_two_threads_arrive_in_every_way(void **state)
{
    (void)state;
    assert_int_equal(different_traces(send_wakes, "a1 a2 a3 b1 b2 b3 "), 20); /* 6 over 3 */
}

/* ---- what has its order stays in it */

static void schedule(anyloop_loop *loop)
{
    assert_ok(anyloop_loop_call_later(loop, 5, note, "later5", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "soon1", NULL, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, "posted1", NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "soon2", NULL, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, "posted2", NULL));
    assert_ok(anyloop_loop_call_later(loop, 3, note, "later3", NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, 5, note, "later5too", NULL, NULL));
    run_to(loop, anyloop_sleep(loop, 9), ANYLOOP_OK);
}

static void what_one_thread_schedules_keeps_its_order_under_every_seed(void **state)
{
    (void)state;
    assert_int_equal(different_traces(schedule, "soon1 soon2 posted1 posted2 later3 later5 later5too "), 1);
}

/* ---- the inline executor */

static void work(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value out = *in;
    anyloop_value_retain(&out);
    anyloop_job_return(job, &out);
}

static void note_result(void *user_data, anyloop_future *future)
{
    static const char *const names[] = {"a", "b", "c"};
    (void)user_data;
    note((void *)(uintptr_t)names[result_of(future)]);
}

static anyloop_future *submit(anyloop_loop *loop, anyloop_executor *executor, int number)
{
    anyloop_value in = anyloop_int(number);
    return anyloop_run_in_executor(loop, executor, work, &in);
}

static anyloop_executor *inline_new(void)
{
    anyloop_executor *executor = NULL;
    assert_ok(anyloop_inline_executor_new(&executor));
    return executor;
}

static void run_three_jobs(anyloop_loop *loop)
{
    anyloop_executor *executor = inline_new();
    anyloop_future *futures[3];
    for (int i = 0; i < 3; i++) {
        futures[i] = submit(loop, executor, i);
        assert_ok(anyloop_future_add_done_callback(futures[i], note_result, NULL, NULL));
    }
    run_to(loop, anyloop_gather(loop, futures, 3, 0), ANYLOOP_OK); /* each is waited for, none is a deadlock */
    anyloop_executor_release(executor);
}

static void inline_jobs_come_home_in_every_order(void **state)
{
    (void)state;
    assert_int_equal(different_traces(run_three_jobs, "a b c "), 6);
}

static void begin_second_job(void *pointer)
{
    anyloop_executor *executor = pointer;
    anyloop_future *second = submit(anyloop_get_running_loop(), executor, 1);
    assert_ok(anyloop_future_add_done_callback(second, note_result, NULL, NULL));
    anyloop_future_release(second);
}

/* The second is begun a turn after the first. */
static void run_jobs_one_turn_apart(anyloop_loop *loop)
{
    anyloop_executor *executor = inline_new();
    anyloop_future *first = submit(loop, executor, 0);
    assert_ok(anyloop_future_add_done_callback(first, note_result, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, begin_second_job, executor, NULL, NULL));
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK); /* the clock stands still while jobs are on their way */
    anyloop_future_release(first);
    anyloop_executor_release(executor);
}

static void a_job_may_overtake_one_that_was_begun_turns_before(void **state)
{
    (void)state;
    assert_int_equal(different_traces(run_jobs_one_turn_apart, "a b "), 2);
}

static void an_inline_job_is_done_at_once_without_a_seed_and_in_a_turn_with_one(void **state)
{
    (void)state;
    anyloop_executor *executor = inline_new();
    for (uint64_t seed = 0; seed < 2; seed++) {
        anyloop_loop *loop = loop_seeded(seed);
        anyloop_future *future = submit(loop, executor, 7);
        assert_int_equal(anyloop_future_state(future), seed ? ANYLOOP_PENDING : ANYLOOP_RESULT);
        assert_ok(anyloop_loop_run_until_complete(loop, future));
        assert_int_equal(result_of(future), 7);
        anyloop_future_release(future);
        loop_end(loop);
    }
    anyloop_executor_release(executor);
}

static int dropped;

static void give(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value out = counted(&dropped);
    (void)in;
    anyloop_job_return(job, &out);
}

static void a_job_on_its_way_home_is_cancelled_and_its_outcome_dropped_once(void **state)
{
    (void)state;
    anyloop_executor *executor = inline_new();
    for (uint64_t seed = 1; seed < 20; seed++) {
        dropped = 0;
        anyloop_loop *loop = loop_seeded(seed);
        anyloop_future *future = anyloop_run_in_executor(loop, executor, give, NULL);
        assert_int_equal(anyloop_future_cancel(future, NULL), 1);
        assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_CANCELLED);
        anyloop_future_release(future);
        loop_end(loop);
        assert_int_equal(dropped, 1);
    }
    anyloop_executor_release(executor);
}

static void a_close_drops_what_is_on_its_way_home(void **state)
{
    (void)state;
    anyloop_executor *executor = inline_new();
    for (uint64_t seed = 1; seed < 20; seed++) {
        dropped = 0;
        anyloop_loop *loop = loop_seeded(seed);
        for (int i = 0; i < 3; i++)
            anyloop_future_release(anyloop_run_in_executor(loop, executor, give, NULL));
        loop_end(loop);
        assert_int_equal(dropped, 3);
    }
    anyloop_executor_release(executor);
}

/* ---- threads that really run */

enum { POSTS = 2000 };

struct poster {
    anyloop_loop *loop;
    anyloop_promise *over;
    int next; /* the loop's: which number it expects */
    struct post { struct poster *poster; int number; } posts[POSTS];
};

static void arrive(void *pointer)
{
    struct post *post = pointer;
    assert_int_equal(post->number, post->poster->next);
    post->poster->next++;
}

static void *post_many(void *pointer)
{
    struct poster *self = pointer;
    for (int i = 0; i < POSTS; i++) {
        self->posts[i] = (struct post){self, i};
        anyloop_loop_call_soon_threadsafe(self->loop, arrive, &self->posts[i], NULL);
    }
    anyloop_promise_set_result(self->over, NULL);
    anyloop_promise_release(self->over);
    return NULL;
}

static void each_of_several_busy_threads_keeps_its_order(void **state)
{
    (void)state;
    static struct poster posters[3];
    pthread_t threads[LENGTH(posters)];
    anyloop_future *over[LENGTH(posters)];
    anyloop_loop *loop = loop_seeded(11);
    for (size_t i = 0; i < LENGTH(posters); i++) {
        posters[i] = (struct poster){.loop = loop};
        assert_ok(anyloop_promise_new(loop, &posters[i].over, &over[i]));
        threads[i] = thread_start(post_many, &posters[i]);
    }
    run_to(loop, anyloop_gather(loop, over, LENGTH(posters), 0), ANYLOOP_OK);
    for (size_t i = 0; i < LENGTH(posters); i++) {
        thread_join(threads[i]);
        assert_int_equal(posters[i].next, POSTS); /* the promise came after them all */
    }
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_of_threads(messages_of_two_threads_lie_between_each_other_in_every_way_and_keep_each_threads_order),
        cmocka_unit_test_of_threads(promises_of_two_threads_are_kept_in_either_order),
        cmocka_unit_test_of_threads(of_many_threads_each_keeps_its_order_and_nothing_is_lost),
        cmocka_unit_test_of_threads(wakes_of_two_threads_arrive_in_every_way),
        cmocka_unit_test(what_one_thread_schedules_keeps_its_order_under_every_seed),
        cmocka_unit_test(inline_jobs_come_home_in_every_order),
        cmocka_unit_test(a_job_may_overtake_one_that_was_begun_turns_before),
        cmocka_unit_test(an_inline_job_is_done_at_once_without_a_seed_and_in_a_turn_with_one),
        cmocka_unit_test(a_job_on_its_way_home_is_cancelled_and_its_outcome_dropped_once),
        cmocka_unit_test(a_close_drops_what_is_on_its_way_home),
        cmocka_unit_test_of_threads(each_of_several_busy_threads_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
