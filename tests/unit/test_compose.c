/* What the scenarios cannot say of gather, wait, timeouts, groups and completions: other loops, wrong use, memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

struct worker {
    anyloop_coro co;
    int64_t delay, result;
    anyloop_status raise;
};

ANYLOOP_ASYNC(worker)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, my->delay));
    if (my->raise)
        ANYLOOP_RAISE(my->raise, "worker");
    ANYLOOP_RETURN(anyloop_int(my->result));
    ANYLOOP_END;
}

struct awaiter {
    anyloop_coro co;
    anyloop_future *future; /* taken */
    uint32_t *outcome;
};

ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(my->future);
    if (my->outcome)
        *my->outcome = ANYLOOP_OUTCOME;
    if (ANYLOOP_OUTCOME != ANYLOOP_RESULT)
        ANYLOOP_RERAISE;
    anyloop_value_retain(ANYLOOP_AWAITED);
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

/* Awaits what is taken and gives the status; 0 with the result, an integer, in `result`. */
static anyloop_status await_in_task(anyloop_loop *loop, anyloop_future *future, int64_t *result)
{
    anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .future = future);
    anyloop_status status = anyloop_loop_run_until_complete(loop, task);
    if (status == ANYLOOP_OK && result)
        *result = result_of(task);
    anyloop_future_release(task);
    return status;
}

/* ---- gather */

static void e07_children_of_two_loops_are_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *other = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    anyloop_future *mine = future_new(loop), *theirs = future_new(other);
    anyloop_future *both[] = {anyloop_future_retain(mine), anyloop_future_retain(theirs)};
    assert_failed(anyloop_gather(loop, both, 2, 0), ANYLOOP_E_OTHER_LOOP);
    both[0] = ANYLOOP_CORO(loop, worker), both[1] = ANYLOOP_CORO(other, worker);
    assert_failed(anyloop_gather(loop, both, 2, ANYLOOP_RETURN_EXCEPTIONS), ANYLOOP_E_OTHER_LOOP);
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0); /* none was begun */
    both[0] = anyloop_future_retain(mine), both[1] = anyloop_future_retain(theirs);
    assert_failed(anyloop_wait(loop, both, 2, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER), ANYLOOP_E_OTHER_LOOP);
    assert_failed(anyloop_wait_for(loop, anyloop_future_retain(theirs), 1), ANYLOOP_E_OTHER_LOOP);
    assert_failed(anyloop_shield(loop, anyloop_future_retain(theirs)), ANYLOOP_E_OTHER_LOOP);
    assert_int_equal(anyloop_future_state(mine), ANYLOOP_PENDING);
    anyloop_future_release(mine);
    anyloop_future_release(theirs);
    assert_ok(anyloop_loop_close(other));
    anyloop_loop_release(other);
    loop_end(loop);
}

static void an_error_of_a_gather_that_ended_before_it_counts_as_looked_at(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *children[] = {ANYLOOP_TASK(loop, worker, .delay = 1, .raise = ANYLOOP_E_USER),
                                  ANYLOOP_TASK(loop, worker, .delay = 2, .raise = ANYLOOP_E_FULL)};
    run_to(loop, anyloop_gather(loop, children, 2, 0), ANYLOOP_E_USER); /* and lets go of it */
    run_to(loop, anyloop_sleep(loop, 5), ANYLOOP_OK);
    loop_end(loop); /* nothing was reported */
}

struct collector {
    anyloop_coro co;
    size_t size;
};

ANYLOOP_ASYNC(collector)
{
    ANYLOOP_BEGIN;
    ANYLOOP_SPAWN(my->co.loop, worker, .delay = 3, .result = 3);
    ANYLOOP_SPAWN(my->co.loop, worker, .delay = 1, .raise = ANYLOOP_E_USER);
    ANYLOOP_AWAIT(anyloop_gather_pending(my->co.loop, ANYLOOP_RETURN_EXCEPTIONS));
    anyloop_to_list(ANYLOOP_AWAITED, &my->size);
    ANYLOOP_RETURN(anyloop_int((int64_t)my->size));
    ANYLOOP_END;
}

static void gather_pending_takes_every_task_but_the_current_one(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, collector);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 2);
    assert_int_equal(anyloop_loop_time(loop), HOUR + 3);
    anyloop_future_release(task);
    anyloop_future *none = anyloop_gather_pending(loop, 0);
    assert_int_equal(anyloop_future_state(none), ANYLOOP_RESULT);
    anyloop_future_release(none);
    loop_end(loop);
}

static void a_gather_keeps_what_its_children_keep_for_everybody(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    anyloop_future *child = future_new(loop), *twice[] = {anyloop_future_retain(child), anyloop_future_retain(child)};
    anyloop_future *gather = anyloop_gather(loop, twice, 2, 0);
    assert_ok(anyloop_future_set_result(child, &value));
    assert_ok(anyloop_loop_run_until_complete(loop, gather));
    anyloop_future_release(child);
    assert_int_equal(dropped, 0);
    const anyloop_value *items = anyloop_to_list(anyloop_future_result(gather), NULL);
    assert_ptr_equal(anyloop_to_pointer(&items[1]), &dropped);
    anyloop_future_release(gather);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

/* ---- a gather or a shield that nobody holds */

/* `outer`, which is taken, is let go of; `ends` hears how it ends. */
static void let_go(anyloop_future *outer, tally *ends)
{
    assert_ok(anyloop_future_add_done_callback(outer, tally_done, ends, tally_drop));
    anyloop_future_release(outer);
}

static anyloop_future *gather_of(anyloop_loop *loop, anyloop_future *a, anyloop_future *b, uint32_t flags)
{
    anyloop_future *both[] = {anyloop_future_retain(a), anyloop_future_retain(b)};
    return anyloop_gather(loop, both, 2, flags);
}

static void what_nobody_can_complete_goes_with_the_last_who_could(void **state)
{
    (void)state;
    for (int order = 0; order < 6; order++) {
        anyloop_loop *loop = loop_new();
        tally ends = {0};
        anyloop_future *a = future_new(loop), *b = future_new(loop);
        anyloop_future *inner = order < 3 ? gather_of(loop, a, b, 0) : anyloop_future_retain(a);
        anyloop_future *shield = anyloop_shield(loop, anyloop_future_retain(inner));
        anyloop_future *outer = gather_of(loop, shield, b, ANYLOOP_RETURN_EXCEPTIONS);
        anyloop_future *of[] = {outer, a, b, inner, shield};
        assert_ok(anyloop_future_add_done_callback(outer, tally_done, &ends, tally_drop));
        for (size_t i = 0; i < LENGTH(of); i++) {
            assert_tally(&ends, 0, 0);
            anyloop_future_release(of[order % 2 ? LENGTH(of) - 1 - i : (i + (size_t)order) % LENGTH(of)]);
            turn(loop);
        }
        assert_tally(&ends, 0, 1);
        loop_end(loop);
    }
}

static void it_ends_as_long_as_somebody_can_complete_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *a = future_new(loop), *b = future_new(loop);
    tally gathered = {0}, shielded = {0}, lost = {0}, failed = {0};
    anyloop_future *shield = anyloop_shield(loop, anyloop_future_retain(b)), *alone = future_new(loop);
    let_go(gather_of(loop, a, shield, 0), &gathered);
    let_go(shield, &shielded);
    let_go(gather_of(loop, b, alone, 0), &lost);
    anyloop_future *refused = future_new(loop);
    let_go(gather_of(loop, refused, alone, 0), &failed);
    anyloop_future_release(alone);
    assert_ok(anyloop_future_set_result(a, NULL));
    anyloop_future_release(a); /* done, and held by nobody but the gather that has not heard of it */
    turn(loop);
    assert_tally(&gathered, 0, 0);
    assert_ok(anyloop_future_set_result(b, NULL));
    anyloop_future_release(b);
    assert_int_equal(anyloop_future_cancel(refused, NULL), 1);
    anyloop_future_release(refused);
    for (int i = 0; i < 4; i++)
        turn(loop);
    assert_tally(&shielded, 1, 1);
    assert_tally(&gathered, 1, 1);
    assert_tally(&lost, 0, 1);
    assert_tally(&failed, 1, 1);
    assert_said("Future exception was never retrieved: ANYLOOP_E_CANCELLED");
    loop_end(loop);
}

static void at_the_close_it_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *a = future_new(loop), *b = future_new(loop);
    tally ends = {0};
    let_go(gather_of(loop, a, b, 0), &ends);
    anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .future = gather_of(loop, a, b, 0));
    turn(loop);
    let_go(gather_of(loop, a, task, 0), &ends);
    anyloop_future_release(task);
    assert_ok(anyloop_future_set_result(a, NULL));
    assert_ok(anyloop_loop_close(loop));
    assert_tally(&ends, 0, 2);
    anyloop_future_release(a);
    assert_int_equal(anyloop_future_set_result(b, NULL), ANYLOOP_E_CLOSED);
    anyloop_future_release(b);
    loop_end(loop);
}

/* ---- wait */

static void e20_waiting_for_nothing_or_in_no_known_way_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop), *one[1];
    assert_failed(anyloop_wait(loop, NULL, 0, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER), ANYLOOP_E_INVALID);
    const uint32_t modes[] = {0, 4, 77};
    for (size_t i = 0; i < LENGTH(modes); i++) {
        one[0] = anyloop_future_retain(future);
        assert_failed(anyloop_wait(loop, one, 1, modes[i], ANYLOOP_FOREVER), ANYLOOP_E_INVALID);
    }
    one[0] = ANYLOOP_CORO(loop, worker);
    assert_failed(anyloop_wait(loop, one, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER), ANYLOOP_E_TYPE);
    one[0] = anyloop_future_retain(future);
    assert_failed(anyloop_gather(loop, one, 1, 2), ANYLOOP_E_INVALID);
    anyloop_future_release(future);
    loop_end(loop);
}

static void wait_gives_two_lists_of_futures_without_doubles(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *a = future_new(loop), *b = future_new(loop);
    anyloop_future *all[] = {anyloop_future_retain(a), anyloop_future_retain(b), anyloop_future_retain(a)};
    assert_ok(anyloop_future_set_result(a, NULL));
    anyloop_task *task =
        ANYLOOP_TASK(loop, awaiter, .future = anyloop_wait(loop, all, 3, ANYLOOP_FIRST_COMPLETED, ANYLOOP_FOREVER));
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    size_t done, pending;
    const anyloop_value *sets = anyloop_to_list(anyloop_future_result(task), NULL);
    assert_ptr_equal(anyloop_to_future(&anyloop_to_list(&sets[0], &done)[0]), a);
    assert_ptr_equal(anyloop_to_future(&anyloop_to_list(&sets[1], &pending)[0]), b);
    assert_int_equal(done, 1);
    assert_int_equal(pending, 1);
    anyloop_future_release(task);
    anyloop_future_release(a);
    anyloop_future_release(b);
    loop_end(loop);
}

static void an_operation_that_nobody_awaits_lets_go_of_what_it_took(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *one[] = {future_new(loop)};
    anyloop_future_release(anyloop_wait(loop, one, 1, ANYLOOP_ALL_COMPLETED, 5));
    anyloop_future_release(anyloop_wait_for(loop, ANYLOOP_CORO(loop, worker), 5));
    anyloop_future_release(anyloop_timeout(loop, 5, ANYLOOP_CORO(loop, worker)));
    anyloop_future_release(anyloop_sleep(loop, 5));
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK); /* they set no timer */
    assert_said("deadlock");
    loop_end(loop);
}

/* ---- time limits */

static anyloop_timeout_scope *inner, *outer;

static void block_for_5_ms(void *loop)
{
    uint64_t end = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(5);
    while (anyloop_loop_time(loop) < end)
        ;
}

struct busy {
    anyloop_coro co;
};

/* Both deadlines pass while the loop is blocked: only the outer one converts. */
ANYLOOP_ASYNC(busy)
{
    ANYLOOP_BEGIN;
    assert_ok(anyloop_loop_call_soon(my->co.loop, block_for_5_ms, my->co.loop, NULL, NULL));
    ANYLOOP_TRY(anyloop_timeout_scope_run(inner, anyloop_sleep(my->co.loop, ANYLOOP_SECONDS(3600))));
    note(ANYLOOP_OUTCOME == ANYLOOP_CANCELLED ? "inner cancelled" : "inner converted");
    ANYLOOP_RERAISE;
    ANYLOOP_END;
}

static void f18_nested_timeouts_are_both_honoured_though_the_loop_was_blocked(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    uint64_t now = anyloop_loop_time(loop);
    assert_ok(anyloop_timeout_scope_new(loop, now + (uint64_t)ANYLOOP_MS(2), &inner));
    assert_ok(anyloop_timeout_scope_new(loop, now + (uint64_t)ANYLOOP_MS(1), &outer));
    assert_int_equal(await_in_task(loop, anyloop_timeout_scope_run(outer, ANYLOOP_CORO(loop, busy)), NULL),
                     ANYLOOP_E_TIMED_OUT);
    assert_trace("inner cancelled");
    assert_int_equal(anyloop_timeout_scope_expired(outer), 1);
    assert_int_equal(anyloop_timeout_scope_when(outer), now + (uint64_t)ANYLOOP_MS(1));
    anyloop_timeout_scope_release(inner);
    anyloop_timeout_scope_release(outer);
    loop_end(loop);
}

static void a_scope_is_used_once_and_moved_only_while_it_is_in_use(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_timeout_scope *scope = NULL;
    int64_t result = 0;
    assert_ok(anyloop_timeout_scope_new(loop, ANYLOOP_NEVER, &scope));
    assert_int_equal(anyloop_timeout_scope_reschedule(scope, 5), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_timeout_scope_when(scope), ANYLOOP_NEVER);
    assert_ok(await_in_task(loop, anyloop_timeout_scope_run(scope, ANYLOOP_CORO(loop, worker, .result = 4)), &result));
    assert_int_equal(result, 4);
    assert_int_equal(anyloop_timeout_scope_reschedule(scope, 5), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_timeout_scope_expired(scope), 0);
    assert_int_equal(await_in_task(loop, anyloop_timeout_scope_run(scope, ANYLOOP_CORO(loop, worker)), NULL),
                     ANYLOOP_E_STATE);
    anyloop_timeout_scope_release(scope);
    loop_end(loop);
}

struct mover {
    anyloop_coro co;
    anyloop_timeout_scope *scope;
    uint64_t to;
};

ANYLOOP_ASYNC(mover)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 5));
    assert_ok(anyloop_timeout_scope_reschedule(my->scope, my->to));
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 20));
    ANYLOOP_END;
}

static anyloop_status move_to(anyloop_loop *loop, uint64_t to)
{
    anyloop_timeout_scope *scope = NULL;
    assert_ok(anyloop_timeout_scope_new(loop, anyloop_loop_time(loop) + 10, &scope));
    anyloop_future *body = ANYLOOP_CORO(loop, mover, .scope = scope, .to = to);
    anyloop_status status = await_in_task(loop, anyloop_timeout_scope_run(scope, body), NULL);
    assert_int_equal(anyloop_timeout_scope_when(scope), to);
    assert_int_equal(anyloop_timeout_scope_expired(scope), status == ANYLOOP_E_TIMED_OUT);
    anyloop_timeout_scope_release(scope);
    return status;
}

static void a_moved_deadline_counts(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(move_to(loop, HOUR + 30));
    assert_int_equal(anyloop_loop_time(loop), HOUR + 25);
    assert_ok(move_to(loop, ANYLOOP_NEVER));
    assert_int_equal(move_to(loop, HOUR + 60), ANYLOOP_E_TIMED_OUT);
    assert_int_equal(anyloop_loop_time(loop), HOUR + 60);
    assert_int_equal(move_to(loop, 1), ANYLOOP_E_TIMED_OUT); /* long past */
    assert_int_equal(anyloop_loop_time(loop), HOUR + 65);
    loop_end(loop);
}

/* ---- groups */

struct growing {
    anyloop_coro co;
    anyloop_group *group;
    size_t before;
    int i;
};

/* A thousand children that end while the group is open: what they took is given back. */
ANYLOOP_ASYNC(growing)
{
    ANYLOOP_BEGIN;
    for (my->i = 0; my->i < 1000; my->i++) {
        if (my->i == 10)
            my->before = memory.blocks;
        anyloop_future_release(
            anyloop_group_create_task(my->group, ANYLOOP_CORO(my->co.loop, worker, .result = 1), NULL));
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
    }
    assert_true(memory.blocks <= my->before + 2);
    ANYLOOP_END;
}

static void g12_a_child_that_ended_is_let_go_by_its_group(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_group *group = NULL;
    assert_ok(anyloop_group_new(loop, &group));
    assert_ok(await_in_task(loop, anyloop_group_run(group, ANYLOOP_CORO(loop, growing, .group = group)), NULL));
    anyloop_group_release(group);
    loop_end(loop);
}

static void assert_refuses(anyloop_loop *loop, anyloop_group *group)
{
    assert_failed(anyloop_group_create_task(group, ANYLOOP_CORO(loop, worker), NULL), ANYLOOP_E_STATE);
}

struct entered {
    anyloop_coro co;
    anyloop_group *group;
};

ANYLOOP_ASYNC(entered)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_group_run(my->group, anyloop_sleep(my->co.loop, 1)));
    assert_int_equal(anyloop_error_code(ANYLOOP_AWAITED), ANYLOOP_E_STATE);
    anyloop_future_release(anyloop_group_create_task(my->group, ANYLOOP_CORO(my->co.loop, worker), NULL));
    assert_failed(anyloop_group_create_task(my->group, future_new(my->co.loop), NULL), ANYLOOP_E_TYPE);
    ANYLOOP_RETURN(anyloop_int(1));
    ANYLOOP_END;
}

static void g15_a_group_refuses_before_it_is_entered_twice_and_after_it_was_left(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_group *group = NULL;
    int64_t result = 0;
    assert_ok(anyloop_group_new(loop, &group));
    assert_refuses(loop, group);
    assert_ok(await_in_task(loop, anyloop_group_run(group, ANYLOOP_CORO(loop, entered, .group = group)), &result));
    assert_int_equal(result, 1);
    assert_refuses(loop, group);
    assert_int_equal(await_in_task(loop, anyloop_group_run(group, ANYLOOP_CORO(loop, worker)), NULL), ANYLOOP_E_STATE);
    anyloop_group_release(group);
    loop_end(loop);
}

struct two_failing {
    anyloop_coro co;
    anyloop_group *group;
};

ANYLOOP_ASYNC(two_failing)
{
    ANYLOOP_BEGIN;
    anyloop_future_release(anyloop_group_create_task(
        my->group, ANYLOOP_CORO(my->co.loop, worker, .delay = 1, .raise = ANYLOOP_E_FULL), NULL));
    anyloop_future_release(anyloop_group_create_task(
        my->group, ANYLOOP_CORO(my->co.loop, worker, .delay = 1, .raise = ANYLOOP_E_EMPTY), NULL));
    ANYLOOP_END;
}

static void a_groups_error_has_the_others_as_its_children(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_group *group = NULL;
    assert_ok(anyloop_group_new(loop, &group));
    anyloop_future *body = ANYLOOP_CORO(loop, two_failing, .group = group);
    anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .future = anyloop_group_run(group, body));
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_GROUP);
    size_t size = 0;
    const anyloop_value *errors = anyloop_to_list(anyloop_error_children(anyloop_future_error(task)), &size);
    assert_int_equal(size, 2);
    assert_int_equal(anyloop_error_code(&errors[0]), ANYLOOP_E_FULL);
    assert_int_equal(anyloop_error_code(&errors[1]), ANYLOOP_E_EMPTY);
    assert_string_equal(anyloop_error_text(&errors[1], NULL), "worker");
    anyloop_future_release(task);
    anyloop_group_release(group);
    loop_end(loop);
}

/* ---- completions */

static void completions_say_when_all_were_given(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_completions *completions = NULL;
    anyloop_future *all[] = {ANYLOOP_CORO(loop, worker, .delay = 2, .result = 2),
                             ANYLOOP_CORO(loop, worker, .delay = 1, .result = 1)};
    int64_t result = 0;
    assert_ok(anyloop_as_completed(loop, all, 2, ANYLOOP_FOREVER, &completions));
    assert_ok(await_in_task(loop, anyloop_completions_next(completions), &result));
    assert_int_equal(result, 1);
    assert_ok(await_in_task(loop, anyloop_completions_next(completions), &result));
    assert_int_equal(result, 2);
    assert_failed(anyloop_completions_next(completions), ANYLOOP_E_END);
    assert_failed(anyloop_completions_next_future(completions), ANYLOOP_E_END);
    anyloop_completions_release(completions);
    assert_ok(anyloop_as_completed(loop, NULL, 0, 5, &completions));
    assert_failed(anyloop_completions_next(completions), ANYLOOP_E_END);
    anyloop_completions_release(completions);
    loop_end(loop);
}

static void completions_that_are_let_go_leave_no_timer_and_no_error(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_completions *completions = NULL;
    anyloop_future *future = future_new(loop), *one[] = {anyloop_future_retain(future)};
    assert_ok(anyloop_as_completed(loop, one, 1, ANYLOOP_SECONDS(9), &completions));
    anyloop_completions_release(completions);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_said("deadlock");
    assert_int_equal(anyloop_loop_time(loop), HOUR);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- shield */

static void a_shield_of_what_is_done_is_that_itself(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_future_set_result(future, NULL));
    anyloop_future *shield = anyloop_shield(loop, anyloop_future_retain(future));
    assert_ptr_equal(shield, future);
    anyloop_future_release(shield);
    anyloop_future_release(future);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e07_children_of_two_loops_are_refused),
        cmocka_unit_test(an_error_of_a_gather_that_ended_before_it_counts_as_looked_at),
        cmocka_unit_test(gather_pending_takes_every_task_but_the_current_one),
        cmocka_unit_test(a_gather_keeps_what_its_children_keep_for_everybody),
        cmocka_unit_test(what_nobody_can_complete_goes_with_the_last_who_could),
        cmocka_unit_test(it_ends_as_long_as_somebody_can_complete_it),
        cmocka_unit_test(at_the_close_it_is_dropped),
        cmocka_unit_test(e20_waiting_for_nothing_or_in_no_known_way_is_refused),
        cmocka_unit_test(wait_gives_two_lists_of_futures_without_doubles),
        cmocka_unit_test(an_operation_that_nobody_awaits_lets_go_of_what_it_took),
        cmocka_unit_test_of_clock(f18_nested_timeouts_are_both_honoured_though_the_loop_was_blocked),
        cmocka_unit_test(a_scope_is_used_once_and_moved_only_while_it_is_in_use),
        cmocka_unit_test(a_moved_deadline_counts),
        cmocka_unit_test(g12_a_child_that_ended_is_let_go_by_its_group),
        cmocka_unit_test(g15_a_group_refuses_before_it_is_entered_twice_and_after_it_was_left),
        cmocka_unit_test(a_groups_error_has_the_others_as_its_children),
        cmocka_unit_test(completions_say_when_all_were_given),
        cmocka_unit_test(completions_that_are_let_go_leave_no_timer_and_no_error),
        cmocka_unit_test(a_shield_of_what_is_done_is_that_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
