/* Callbacks and timers: when they run, what cancels them, that each drop runs once, and that other threads are refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* ---- cancelling */

static void a02_a_cancelled_callback_is_passed_over_and_its_neighbours_run(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *handle = NULL;
    assert_ok(anyloop_loop_call_soon(loop, note, "10", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "100", NULL, &handle));
    assert_ok(anyloop_loop_call_soon(loop, note, "1", NULL, NULL));
    assert_int_equal(anyloop_handle_cancelled(handle), 0);
    assert_ok(anyloop_handle_cancel(handle));
    assert_int_equal(anyloop_handle_cancelled(handle), 1);
    turn(loop);
    assert_trace("10 1");
    anyloop_handle_release(handle);
    loop_end(loop);
}

/* Were the cancelled timer still there, the turn would be due at its time. */
static void a04_a_cancelled_timer_joins_no_queue(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *handle = NULL;
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_ok(anyloop_loop_call_later(loop, 5, note, "never", NULL, &handle));
    assert_ok(anyloop_handle_cancel(handle));
    assert_ok(anyloop_handle_cancel(handle));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    assert_int_equal(info.next_deadline, ANYLOOP_NEVER);
    assert_int_equal(info.deadlock, 1);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_said("deadlock");
    assert_int_equal(anyloop_loop_time(loop), HOUR);
    assert_trace("");
    anyloop_handle_release(handle);
    loop_end(loop);
}

static anyloop_handle *own;

static void cancel_own(void *text)
{
    assert_ok(anyloop_handle_cancel(own));
    note(text);
}

static void cancelling_too_late_does_nothing(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, cancel_own, "whole", note, &own));
    turn(loop);
    assert_trace("whole whole"); /* the callback and its drop */
    assert_ok(anyloop_handle_cancel(own));
    assert_int_equal(anyloop_handle_cancelled(own), 0);
    anyloop_handle_release(own);
    loop_end(loop);
}

static void releasing_a_handle_does_not_cancel(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *handle = NULL;
    assert_ok(anyloop_loop_call_later(loop, 5, note, "timer", NULL, &handle));
    anyloop_handle_release(handle);
    run_to(loop, anyloop_sleep(loop, 5), ANYLOOP_OK);
    assert_trace("timer");
    loop_end(loop);
}

/* ---- drops */

static void a_drop_runs_once_after_the_callback_or_instead_of_it_on_the_next_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally ran = {0}, soon = {0}, later = {0};
    anyloop_handle *handles[2];
    assert_ok(anyloop_loop_call_soon(loop, tally_run, &ran, tally_drop, NULL));
    assert_ok(anyloop_loop_call_soon(loop, tally_run, &soon, tally_drop, &handles[0]));
    assert_ok(anyloop_loop_call_later(loop, 5, tally_run, &later, tally_drop, &handles[1]));
    assert_ok(anyloop_handle_cancel(handles[0]));
    assert_ok(anyloop_handle_cancel(handles[1]));
    assert_tally(&soon, 0, 0);
    assert_tally(&later, 0, 0);
    turn(loop);
    assert_tally(&ran, 1, 1);
    assert_tally(&soon, 0, 1);
    assert_tally(&later, 0, 1);
    turn(loop);
    anyloop_handle_release(handles[0]);
    anyloop_handle_release(handles[1]);
    loop_end(loop);
    assert_tally(&ran, 1, 1);
    assert_tally(&soon, 0, 1);
    assert_tally(&later, 0, 1);
}

static void a_cancelled_callbacks_drop_does_not_wait_for_another_turn_to_be_due(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally later = {0};
    anyloop_handle *handle = NULL;
    assert_ok(anyloop_loop_call_later(loop, 5, tally_run, &later, tally_drop, &handle));
    assert_ok(anyloop_handle_cancel(handle));
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_said("deadlock");
    assert_tally(&later, 0, 1);
    anyloop_handle_release(handle);
    loop_end(loop);
}

static void a_refused_callback_is_dropped_at_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally refused = {0};
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_loop_call_soon(loop, tally_run, &refused, tally_drop, NULL), ANYLOOP_E_CLOSED);
    assert_tally(&refused, 0, 1);
    assert_int_equal(anyloop_loop_call_later(loop, 1, tally_run, &refused, tally_drop, NULL), ANYLOOP_E_CLOSED);
    assert_tally(&refused, 0, 2);
    assert_int_equal(anyloop_loop_call_at(loop, 1, tally_run, &refused, tally_drop, NULL), ANYLOOP_E_CLOSED);
    assert_tally(&refused, 0, 3);
    assert_int_equal(anyloop_loop_call_soon_threadsafe(loop, tally_run, &refused, tally_drop), ANYLOOP_E_CLOSED);
    assert_tally(&refused, 0, 4);
    loop_end(loop);
}

/* ---- time */

static void note_time(void *loop)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)(anyloop_loop_time(loop) - (uint64_t)HOUR));
    note(text);
}

static void a08_a_deadline_is_met_to_the_ns_and_never_is_never(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_handle *at = NULL, *never = NULL, *soon = NULL;
    assert_ok(anyloop_loop_call_at(loop, HOUR + 7, note_time, loop, NULL, &at));
    assert_ok(anyloop_loop_call_at(loop, 3, note_time, loop, NULL, NULL)); /* long past */
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_FOREVER, note, "never", NULL, &never));
    assert_ok(anyloop_loop_call_at(loop, ANYLOOP_NEVER, note, "never", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note_time, loop, NULL, &soon));
    assert_int_equal(anyloop_handle_when(at), HOUR + 7);
    assert_int_equal(anyloop_handle_when(never), ANYLOOP_NEVER);
    assert_int_equal(anyloop_handle_when(soon), ANYLOOP_NEVER);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK); /* a timer for never keeps nobody waiting */
    assert_said("deadlock");
    assert_trace("0 0 7");
    assert_ok(anyloop_handle_cancel(never));
    anyloop_handle_release(at);
    anyloop_handle_release(never);
    anyloop_handle_release(soon);
    loop_end(loop);
}

struct napper {
    anyloop_coro co;
    int64_t delay;
};

ANYLOOP_ASYNC(napper)
{
    ANYLOOP_BEGIN;
    for (my->delay = ANYLOOP_MS(10); my->delay > 0; my->delay /= 10)
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->delay));
    ANYLOOP_END;
}

/* Sleeps of 10 ms, 1 ms ... 1 ns: two turns each, one for the timer and one for the task, and two around them. */
static void a12_short_sleeps_do_not_spin(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_task *task = ANYLOOP_TASK(loop, napper);
    anyloop_turn_info info = {.struct_size = sizeof info};
    int turned = 0;
    while (anyloop_future_state(task) == ANYLOOP_PENDING) {
        if (info.next_deadline)
            assert_ok(anyloop_loop_wait(loop, info.next_deadline));
        assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
        turned++;
    }
    assert_in_range(turned, 9, 20);
    anyloop_future_release(task);
    loop_end(loop);
}

struct slow_starter {
    anyloop_coro co;
    uint64_t begun;
};

ANYLOOP_ASYNC(slow_starter)
{
    ANYLOOP_BEGIN;
    my->begun = anyloop_loop_time(my->co.loop);
    while (anyloop_loop_time(my->co.loop) < my->begun + (uint64_t)ANYLOOP_MS(3))
        ;
    my->begun = anyloop_loop_time(my->co.loop);
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(3)));
    ANYLOOP_RETURN(anyloop_int((int64_t)(anyloop_loop_time(my->co.loop) - my->begun)));
    ANYLOOP_END;
}

static void a15_a_long_step_does_not_shorten_the_sleep_behind_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    anyloop_task *task = ANYLOOP_TASK(loop, slow_starter);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_true(result_of(task) >= ANYLOOP_MS(3));
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- other threads */

struct elsewhere {
    anyloop_loop *loop;
    anyloop_status statuses[8];
    tally refused;
    anyloop_handle *handle;
};

static void *call_everything(void *pointer)
{
    struct elsewhere *self = pointer;
    anyloop_status *status = self->statuses;
    *status++ = anyloop_loop_call_soon(self->loop, tally_run, &self->refused, tally_drop, NULL);
    *status++ = anyloop_loop_call_later(self->loop, 1, tally_run, &self->refused, tally_drop, NULL);
    *status++ = anyloop_loop_call_at(self->loop, 1, tally_run, &self->refused, tally_drop, NULL);
    *status++ = anyloop_handle_cancel(self->handle);
    *status++ = anyloop_loop_stop(self->loop);
    *status++ = anyloop_loop_run_forever(self->loop);
    *status++ = anyloop_loop_close(self->loop);
    *status++ = anyloop_loop_set_log(self->loop, NULL, NULL);
    return NULL;
}

static void a47_another_threads_call_soon_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    struct elsewhere self = {.loop = loop};
    assert_ok(anyloop_loop_call_soon(loop, note, "still there", NULL, &self.handle));
    thread_join(thread_start(call_everything, &self));
    for (size_t i = 0; i < LENGTH(self.statuses); i++)
        assert_int_equal(self.statuses[i], ANYLOOP_E_THREAD);
    assert_tally(&self.refused, 0, 3);
    turn(loop);
    assert_trace("still there");
    anyloop_handle_release(self.handle);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_a_cancelled_callback_is_passed_over_and_its_neighbours_run),
        cmocka_unit_test(a04_a_cancelled_timer_joins_no_queue),
        cmocka_unit_test(cancelling_too_late_does_nothing),
        cmocka_unit_test(releasing_a_handle_does_not_cancel),
        cmocka_unit_test(a_drop_runs_once_after_the_callback_or_instead_of_it_on_the_next_turn),
        cmocka_unit_test(a_cancelled_callbacks_drop_does_not_wait_for_another_turn_to_be_due),
        cmocka_unit_test(a_refused_callback_is_dropped_at_once),
        cmocka_unit_test(a08_a_deadline_is_met_to_the_ns_and_never_is_never),
        cmocka_unit_test(a12_short_sleeps_do_not_spin),
        cmocka_unit_test_of_clock(a15_a_long_step_does_not_shorten_the_sleep_behind_it),
        cmocka_unit_test_of_threads(a47_another_threads_call_soon_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
