/* A loop's life: making, running, stopping, interrupting, closing; what it reports.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* ---- running */

static void stop_loop(void *loop)
{
    anyloop_loop_stop(loop);
}

static void a25_a_future_of_another_loop_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *other = loop_with(0);
    anyloop_future *future = future_new(other);
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_OTHER_LOOP);
    assert_int_equal(anyloop_run(loop, anyloop_future_retain(future), NULL), ANYLOOP_E_OTHER_LOOP);
    assert_int_equal(anyloop_loop_is_closed(loop), 0);
    anyloop_future_release(future);
    assert_ok(anyloop_loop_close(other));
    anyloop_loop_release(other);
    loop_end(loop);
}

static anyloop_loop *other_loop;

static void run_others(void *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_int_equal(anyloop_loop_run_forever(other_loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_run(other_loop, anyloop_sleep(other_loop, 1), NULL), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_shutdown(other_loop, 0), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_set_event_loop(other_loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &info), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_wait(loop, ANYLOOP_NEVER), ANYLOOP_E_RUNNING);
    note("asked");
}

static void a27_no_other_loop_runs_inside_a_running_one(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    other_loop = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    assert_ok(anyloop_loop_call_soon(loop, run_others, loop, NULL, NULL));
    turn(loop);
    assert_trace("asked");
    run_to(other_loop, anyloop_sleep(other_loop, 1), ANYLOOP_OK); /* and now it does */
    assert_ok(anyloop_loop_close(other_loop));
    anyloop_loop_release(other_loop);
    loop_end(loop);
}

static void interrupt_loop(void *loop)
{
    assert_ok(anyloop_loop_interrupt(loop, ANYLOOP_E_FOREIGN_MAX));
}

/* The future completes while nobody runs for it: that stops nothing. */
static void a28_an_interrupt_from_a_callback_leaves_no_stop_behind(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_loop_call_soon(loop, interrupt_loop, loop, NULL, NULL));
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), ANYLOOP_E_FOREIGN_MAX);
    assert_ok(anyloop_future_set_result(future, NULL));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(5), note, "later", NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(6), stop_loop, loop, NULL, NULL));
    assert_ok(anyloop_loop_run_forever(loop));
    assert_trace("later");
    anyloop_future_release(future);
    loop_end(loop);
}

struct interrupter {
    anyloop_coro co;
};

ANYLOOP_ASYNC(interrupter)
{
    ANYLOOP_BEGIN;
    assert_ok(anyloop_loop_interrupt(my->co.loop, ANYLOOP_E_FOREIGN_MAX));
    ANYLOOP_YIELD;
    ANYLOOP_RETURN(anyloop_int(7));
    ANYLOOP_END;
}

static void a29_an_interrupt_from_a_task_leaves_no_stop_behind_and_the_task_goes_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, interrupter);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_FOREIGN_MAX);
    assert_int_equal(anyloop_future_state(task), ANYLOOP_PENDING);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(1), stop_loop, loop, NULL, NULL));
    assert_ok(anyloop_loop_run_forever(loop));
    assert_int_equal(anyloop_loop_time(loop), HOUR + ANYLOOP_MS(1));
    assert_int_equal(result_of(task), 7);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a30_an_interrupt_ends_the_run_at_once_and_keeps_the_rest_for_the_next(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, note, "before", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, interrupt_loop, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "after", NULL, NULL));
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_FOREIGN_MAX);
    assert_trace("before");
    assert_int_equal(anyloop_loop_is_closed(loop), 0);
    assert_int_equal(anyloop_loop_is_running(loop), 0);
    assert_ok(anyloop_loop_call_soon(loop, note, "new", NULL, NULL));
    turn(loop);
    assert_trace("after new");
    loop_end(loop);
}

static void only_a_running_loop_is_interrupted_and_only_by_an_error(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_int_equal(anyloop_loop_interrupt(loop, ANYLOOP_E_USER), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_loop_interrupt(loop, ANYLOOP_OK), ANYLOOP_E_INVALID);
    turn(loop);
    loop_end(loop);
}

static void close_it(void *loop)
{
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_runner_close(loop), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_shutdown(loop, ANYLOOP_FOREVER), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_is_closed(loop), 0);
    note("refused");
}

static void a33_a_running_loop_cannot_be_closed(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, close_it, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "goes on", NULL, NULL));
    turn(loop);
    assert_trace("refused goes on");
    loop_end(loop);
}

static void check_running(void *loop)
{
    assert_ptr_equal(anyloop_get_running_loop(), loop);
    assert_ptr_equal(anyloop_get_event_loop(), loop);
    assert_int_equal(anyloop_loop_is_running(loop), 1);
    assert_null(anyloop_current_task(loop));
    note("inside");
}

static void *see_no_loop(void *found)
{
    *(anyloop_loop **)found = anyloop_get_running_loop();
    return NULL;
}

static void look_from_elsewhere(void *found)
{
    thread_join(thread_start(see_no_loop, found));
}

static void a41_the_running_loop_is_the_threads_own_and_there_is_none_outside(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *found = loop;
    assert_null(anyloop_get_running_loop());
    assert_ok(anyloop_loop_call_soon(loop, check_running, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, look_from_elsewhere, &found, NULL, NULL));
    turn(loop);
    assert_trace("inside");
    assert_null(found);
    assert_null(anyloop_get_running_loop());
    assert_int_equal(anyloop_loop_is_running(loop), 0);
    loop_end(loop);
}

/* ---- the thread's own loop */

static void *use_own_loop(void *loops)
{
    anyloop_loop **seen = loops;
    anyloop_loop *loop = anyloop_get_event_loop(), *other = NULL;
    seen[0] = anyloop_get_event_loop() == loop ? loop : NULL;
    if (anyloop_new_event_loop(NULL, &other) == ANYLOOP_OK && anyloop_set_event_loop(other) == ANYLOOP_OK)
        seen[1] = anyloop_get_event_loop() == other ? other : NULL;
    anyloop_loop_close(other);
    seen[2] = anyloop_get_event_loop(); /* closed, and still the thread's */
    anyloop_loop_release(other);
    anyloop_set_event_loop(NULL);
    loop = anyloop_get_event_loop();
    seen[3] = anyloop_loop_is_closed(loop) ? NULL : loop;
    anyloop_loop_set_log(loop, hear, NULL);
    return NULL; /* without closing it */
}

static pthread_key_t last_words;

/* The system's destructors come in any order, and in rounds: by now the thread's loop may be gone. */
static void use_a_loop_at_the_end(void *ran)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_loop_set_log(loop, hear, NULL);
    anyloop_future *sleep = anyloop_sleep(loop, 1);
    *(int *)ran += anyloop_loop_run_until_complete(loop, sleep) == ANYLOOP_OK;
    anyloop_future_release(sleep);
}

static void *leave_last_words(void *ran)
{
    anyloop_loop_set_log(anyloop_get_event_loop(), hear, NULL);
    pthread_setspecific(last_words, ran);
    return NULL;
}

static void a_thread_may_use_its_loop_while_it_ends(void **state)
{
    (void)state;
    int ran = 0;
    begin();
    assert_int_equal(pthread_key_create(&last_words, use_a_loop_at_the_end), 0);
    thread_join(thread_start(leave_last_words, &ran));
    assert_int_equal(pthread_key_delete(last_words), 0);
    assert_int_equal(ran, 1);
    assert_said("the thread ends and its loop was not closed");
}

static void a_thread_has_one_loop_until_another_is_set_and_its_end_closes_it(void **state)
{
    (void)state;
    anyloop_loop *seen[4] = {NULL};
    begin();
    thread_join(thread_start(use_own_loop, seen));
    assert_non_null(seen[0]);
    assert_non_null(seen[1]);
    assert_ptr_equal(seen[2], seen[1]);
    assert_non_null(seen[3]);
    assert_said("the thread ends and its loop was not closed");
}

/* ---- closing */

static void done_run(void *user_data, anyloop_future *future)
{
    (void)future;
    tally_run(user_data);
}

static void what_is_queued_is_dropped_by_the_close_and_does_not_run(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally soon = {0}, later = {0}, posted = {0}, done = {0};
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_loop_call_soon(loop, tally_run, &soon, tally_drop, NULL));
    assert_ok(anyloop_loop_call_later(loop, 1, tally_run, &later, tally_drop, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, tally_run, &posted, tally_drop));
    assert_ok(anyloop_future_add_done_callback(future, done_run, &done, tally_drop));
    assert_ok(anyloop_loop_close(loop));
    assert_tally(&soon, 0, 1);
    assert_tally(&later, 0, 1);
    assert_tally(&posted, 0, 1);
    anyloop_future_release(future);
    assert_tally(&done, 0, 1);
    loop_end(loop);
}

static void a31_a_closed_loop_can_be_closed_again_and_stopped_but_not_run(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_close(loop));
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_CLOSED);
    assert_ok(anyloop_loop_stop(loop));
    loop_end(loop);
}

static void the_last_release_closes_an_open_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally soon = {0};
    assert_ok(anyloop_loop_call_soon(loop, tally_run, &soon, tally_drop, NULL));
    anyloop_loop_release(anyloop_loop_retain(loop));
    assert_tally(&soon, 0, 0);
    anyloop_loop_release(loop);
    assert_tally(&soon, 0, 1);
    assert_int_equal(memory.blocks, 0);
}

static void what_outlives_the_loop_can_be_let_go_afterwards(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_handle *handle = NULL;
    assert_ok(anyloop_loop_call_later(loop, 1, note, "never", NULL, &handle));
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    anyloop_handle_release(handle);
    assert_trace("");
    assert_int_equal(memory.blocks, 0);
}

/* ---- what is reported */

static int fail_with_boom(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_value error = error_of(ANYLOOP_E_USER, "boom");
    const anyloop_exception exception = {
        .struct_size = sizeof exception, .message = "a callback failed", .error = &error, .future = future};
    anyloop_status status = anyloop_loop_call_exception_handler(loop, &exception);
    anyloop_value_release(&error);
    return status;
}

/* What a binding does when a callback raised. */
static void failing(void *loop)
{
    assert_ok(fail_with_boom(loop, NULL));
}

static void a43_an_error_in_a_callback_is_logged_and_the_loop_goes_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, failing, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "next", NULL, NULL));
    turn(loop);
    assert_said("a callback failed: ANYLOOP_E_USER: boom\n");
    assert_ok(anyloop_loop_call_later(loop, 5, failing, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, 5, stop_loop, loop, NULL, NULL));
    assert_ok(anyloop_loop_run_forever(loop));
    assert_said("a callback failed: ANYLOOP_E_USER: boom\n");
    assert_trace("next");
    loop_end(loop);
}

struct heard {
    anyloop_loop *loop;
    anyloop_future *future;
    anyloop_status answer;
    int times, dropped;
};

static anyloop_status hear_exception(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    struct heard *heard = user_data;
    heard->times++;
    assert_ptr_equal(loop, heard->loop);
    assert_string_equal(exception->message, "a callback failed");
    assert_ptr_equal(exception->future, heard->future);
    assert_int_equal(anyloop_error_code(exception->error), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(exception->error, NULL), "boom");
    return heard->answer;
}

static void drop_heard(void *user_data)
{
    ((struct heard *)user_data)->dropped++;
}

static void a44_a_handler_of_ones_own_hears_everything_and_null_restores_the_default(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    struct heard heard = {.loop = loop, .future = future_new(loop)};
    assert_ok(anyloop_loop_set_exception_handler(loop, hear_exception, &heard, drop_heard));
    assert_ok(fail_with_boom(loop, heard.future));
    assert_int_equal(heard.times, 1);
    assert_string_equal(said.text, "");
    assert_int_equal(heard.dropped, 0);
    assert_ok(anyloop_loop_set_exception_handler(loop, NULL, NULL, NULL));
    assert_int_equal(heard.dropped, 1);
    assert_ok(fail_with_boom(loop, heard.future));
    assert_said("a callback failed: ANYLOOP_E_USER: boom");
    assert_int_equal(heard.times, 1);
    anyloop_future_release(heard.future);
    loop_end(loop);
}

static void a45_a_handler_that_fails_is_reported_with_what_it_should_have_heard(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    struct heard heard = {.loop = loop, .answer = ANYLOOP_E_USER};
    assert_ok(anyloop_loop_set_exception_handler(loop, hear_exception, &heard, NULL));
    assert_ok(anyloop_loop_call_soon(loop, failing, loop, NULL, NULL));
    turn(loop);
    assert_int_equal(heard.times, 1);
    assert_said("unhandled error in the exception handler\na callback failed: ANYLOOP_E_USER: boom\n");
    loop_end(loop);
}

static void without_a_log_a_loop_is_silent(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_set_log(loop, NULL, NULL));
    assert_ok(fail_with_boom(loop, NULL));
    loop_end(loop);
}

/* ---- programs */

struct sleeper {
    anyloop_coro co;
    int64_t delay;
    const char *cleanup;
    anyloop_status raise; /* in the cleanup */
    int respawns;
};

/* Sleeps; leaves a trace when it ends, and may begin another of its kind then. */
ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->delay));
    ANYLOOP_RETURN(anyloop_int(my->delay));
    ANYLOOP_FINALLY;
    if (my->cleanup)
        note((void *)(uintptr_t)my->cleanup);
    if (my->respawns)
        ANYLOOP_SPAWN(my->co.loop, sleeper, .delay = my->delay, .cleanup = my->cleanup, .respawns = my->respawns - 1);
    if (my->raise)
        ANYLOOP_RAISE(my->raise, "in the cleanup");
    ANYLOOP_END;
}

static void run_inside(void *loop)
{
    assert_int_equal(anyloop_run(loop, ANYLOOP_CORO(loop, sleeper, .cleanup = "never"), NULL), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_is_closed(loop), 0);
    note("refused");
}

static void i02_no_run_begins_inside_another(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value out = anyloop_none();
    assert_ok(anyloop_loop_call_soon(loop, run_inside, loop, NULL, NULL));
    assert_ok(anyloop_run(loop, ANYLOOP_CORO(loop, sleeper, .delay = 3), &out));
    assert_int_equal(anyloop_to_int(&out), 3);
    assert_trace("refused");
    assert_int_equal(anyloop_run(loop, ANYLOOP_CORO(loop, sleeper), &out), ANYLOOP_E_CLOSED);
    loop_end(loop);
}

struct heard_end {
    int times;
    char name[32];
    anyloop_status code;
};

static anyloop_status hear_end(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    struct heard_end *heard = user_data;
    (void)loop;
    heard->times++;
    assert_string_equal(exception->message, "a task failed while its run was being cleaned up");
    snprintf(heard->name, sizeof heard->name, "%s", anyloop_task_name(exception->future));
    heard->code = anyloop_error_code(exception->error);
    return ANYLOOP_OK;
}

struct leaver {
    anyloop_coro co;
};

ANYLOOP_ASYNC(leaver)
{
    ANYLOOP_BEGIN;
    ANYLOOP_SPAWN(my->co.loop, sleeper, .delay = ANYLOOP_FOREVER, .cleanup = "quiet");
    ANYLOOP_SPAWN(my->co.loop, sleeper, .delay = ANYLOOP_FOREVER, .cleanup = "loud", .raise = ANYLOOP_E_USER);
    ANYLOOP_YIELD;
    ANYLOOP_RETURN(anyloop_int(1));
    ANYLOOP_END;
}

static void i04_the_errors_of_what_a_run_left_over_are_reported(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    struct heard_end heard = {0};
    assert_ok(anyloop_loop_set_exception_handler(loop, hear_end, &heard, NULL));
    assert_ok(anyloop_run(loop, ANYLOOP_CORO(loop, leaver), NULL));
    assert_trace("quiet loud");
    assert_int_equal(heard.times, 1);
    assert_string_equal(heard.name, "sleeper");
    assert_int_equal(heard.code, ANYLOOP_E_USER);
    loop_end(loop);
}

static void a_run_hands_out_the_error_too_and_closes_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value out = anyloop_none();
    assert_int_equal(anyloop_run(loop, ANYLOOP_CORO(loop, sleeper, .raise = ANYLOOP_E_USER), &out), ANYLOOP_E_USER);
    assert_int_equal(anyloop_error_code(&out), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(&out, NULL), "in the cleanup");
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    anyloop_value_release(&out);
    loop_end(loop);
}

static void a_run_that_was_stopped_gives_no_value_and_closes_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value out = anyloop_int(5);
    assert_ok(anyloop_loop_call_later(loop, 1, stop_loop, loop, NULL, NULL));
    assert_int_equal(anyloop_run(loop, ANYLOOP_CORO(loop, sleeper, .delay = 2, .cleanup = "cleanup"), &out),
                     ANYLOOP_E_STOPPED);
    assert_int_equal(out.kind, ANYLOOP_NONE);
    assert_trace("cleanup");
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    loop_end(loop);
}

static void a_shutdown_cancels_what_its_own_cancelling_began_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    ANYLOOP_SPAWN(loop, sleeper, .delay = ANYLOOP_FOREVER, .cleanup = "one", .respawns = 2);
    turn(loop);
    assert_ok(anyloop_loop_shutdown(loop, ANYLOOP_FOREVER));
    assert_trace("one one one");
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
    assert_int_equal(anyloop_loop_shutdown(loop, ANYLOOP_FOREVER), ANYLOOP_E_CLOSED);
    loop_end(loop);
}

struct stubborn {
    anyloop_coro co;
};

ANYLOOP_ASYNC(stubborn)
{
    ANYLOOP_BEGIN;
    for (;;)
        ANYLOOP_TRY(anyloop_sleep(my->co.loop, ANYLOOP_MS(100)));
    ANYLOOP_FINALLY;
    note("closed");
    ANYLOOP_END;
}

static void a_shutdown_whose_time_is_up_sends_the_close_event(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    ANYLOOP_SPAWN(loop, stubborn);
    turn(loop);
    assert_int_equal(anyloop_loop_shutdown(loop, ANYLOOP_SECONDS(1)), ANYLOOP_E_TIMED_OUT);
    assert_trace("closed");
    assert_int_equal(anyloop_loop_is_closed(loop), 1);
    loop_end(loop);
}

static void hear_done(void *loop, anyloop_future *future)
{
    note(result_of(future) == 4 ? "done" : "wrong");
    anyloop_loop_stop(loop);
}

static void start_returns_and_the_callback_hears_of_the_end(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_start(loop, ANYLOOP_CORO(loop, sleeper, .delay = 4), hear_done, loop, NULL));
    assert_trace("");
    assert_ok(anyloop_loop_run_forever(loop));
    assert_trace("done");
    loop_end(loop);
}

static void two_loops_of_one_thread_run_in_turn(void **state)
{
    (void)state;
    anyloop_loop *one = loop_new(), *two = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    ANYLOOP_SPAWN(one, sleeper, .delay = 10, .cleanup = "one");
    ANYLOOP_SPAWN(two, sleeper, .delay = 5, .cleanup = "two");
    run_to(one, anyloop_sleep(one, 7), ANYLOOP_OK);
    run_to(two, anyloop_sleep(two, 7), ANYLOOP_OK);
    assert_trace("two");
    run_to(one, anyloop_sleep(one, 7), ANYLOOP_OK);
    assert_trace("one");
    assert_int_equal(anyloop_loop_time(one), HOUR + 14);
    assert_int_equal(anyloop_loop_time(two), HOUR + 7);
    assert_ok(anyloop_loop_close(two));
    anyloop_loop_release(two);
    loop_end(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a25_a_future_of_another_loop_is_refused),
        cmocka_unit_test(a27_no_other_loop_runs_inside_a_running_one),
        cmocka_unit_test(a28_an_interrupt_from_a_callback_leaves_no_stop_behind),
        cmocka_unit_test(a29_an_interrupt_from_a_task_leaves_no_stop_behind_and_the_task_goes_on),
        cmocka_unit_test(a30_an_interrupt_ends_the_run_at_once_and_keeps_the_rest_for_the_next),
        cmocka_unit_test(only_a_running_loop_is_interrupted_and_only_by_an_error),
        cmocka_unit_test(a33_a_running_loop_cannot_be_closed),
        cmocka_unit_test_of_threads(a41_the_running_loop_is_the_threads_own_and_there_is_none_outside),
        cmocka_unit_test_of_threads(a_thread_may_use_its_loop_while_it_ends),
        cmocka_unit_test_of_threads(a_thread_has_one_loop_until_another_is_set_and_its_end_closes_it),
        cmocka_unit_test(what_is_queued_is_dropped_by_the_close_and_does_not_run),
        cmocka_unit_test(a31_a_closed_loop_can_be_closed_again_and_stopped_but_not_run),
        cmocka_unit_test(the_last_release_closes_an_open_loop),
        cmocka_unit_test(what_outlives_the_loop_can_be_let_go_afterwards),
        cmocka_unit_test(a43_an_error_in_a_callback_is_logged_and_the_loop_goes_on),
        cmocka_unit_test(a44_a_handler_of_ones_own_hears_everything_and_null_restores_the_default),
        cmocka_unit_test(a45_a_handler_that_fails_is_reported_with_what_it_should_have_heard),
        cmocka_unit_test(without_a_log_a_loop_is_silent),
        cmocka_unit_test(i02_no_run_begins_inside_another),
        cmocka_unit_test(i04_the_errors_of_what_a_run_left_over_are_reported),
        cmocka_unit_test(a_run_hands_out_the_error_too_and_closes_the_loop),
        cmocka_unit_test(a_run_that_was_stopped_gives_no_value_and_closes_the_loop),
        cmocka_unit_test(a_shutdown_cancels_what_its_own_cancelling_began_too),
        cmocka_unit_test(a_shutdown_whose_time_is_up_sends_the_close_event),
        cmocka_unit_test(start_returns_and_the_callback_hears_of_the_end),
        cmocka_unit_test(two_loops_of_one_thread_run_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
