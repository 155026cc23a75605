/* Coroutines and tasks by the step protocol itself: stacks, frames, names, wrong answers, closing, eager starts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* ---- the protocol */

static int32_t step_return_8(void *frame, anyloop_task *task, uint32_t event)
{
    const anyloop_value value = anyloop_int(8);
    (void)frame;
    assert_int_equal(event, ANYLOOP_EVENT_START);
    assert_int_equal(anyloop_task_outcome(task), ANYLOOP_RESULT);
    anyloop_task_return(task, &value);
    return ANYLOOP_STEP_RETURN;
}

static int32_t step_raise(void *frame, anyloop_task *task, uint32_t event)
{
    (void)event;
    anyloop_task_raise(task, *(int32_t *)frame, "why");
    return ANYLOOP_STEP_RAISE;
}

static void raising_the_code_cancelled_is_a_cancellation(void **state)
{
    (void)state;
    const int32_t codes[] = {ANYLOOP_E_CANCELLED, ANYLOOP_E_USER};
    anyloop_loop *loop = loop_new();
    for (int i = 0; i < 2; i++) {
        anyloop_task *task = anyloop_task_create(loop, NULL, step_raise, &codes[i], sizeof codes[i]);
        assert_int_equal(anyloop_loop_run_until_complete(loop, task), codes[i]);
        assert_int_equal(anyloop_future_state(task), i ? ANYLOOP_FAILED : ANYLOOP_CANCELLED);
        assert_string_equal(anyloop_error_text(anyloop_future_error(task), NULL), "why");
        anyloop_future_release(task);
    }
    loop_end(loop);
}

static int32_t step_raise_a_number(void *frame, anyloop_task *task, uint32_t event)
{
    const anyloop_value number = anyloop_int(1);
    (void)frame, (void)event;
    anyloop_task_raise_error(task, &number);
    return ANYLOOP_STEP_RAISE;
}

static void raising_what_is_no_error_is_told(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, anyloop_task_create(loop, NULL, step_raise_a_number, NULL, 0), ANYLOOP_E_TYPE);
    loop_end(loop);
}

static int32_t step_begin_and_forget(void *frame, anyloop_task *task, uint32_t event)
{
    anyloop_future *future = *(anyloop_future **)frame;
    if (event == ANYLOOP_EVENT_START) {
        assert_int_equal(anyloop_task_await(task, anyloop_future_retain(future), "here:1"), ANYLOOP_PENDING);
        return ANYLOOP_STEP_YIELD; /* it does not wait after all */
    }
    assert_int_equal(anyloop_task_outcome(task), ANYLOOP_RESULT);
    assert_int_equal(anyloop_task_await(task, anyloop_future_retain(future), "here:2"), ANYLOOP_PENDING);
    return ANYLOOP_STEP_RETURN;
}

static void an_await_that_the_answer_does_not_mean_is_forgotten(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    run_to(loop, anyloop_task_create(loop, NULL, step_begin_and_forget, &future, sizeof future), ANYLOOP_OK);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- what can be awaited */

struct awaiter {
    anyloop_coro co;
    anyloop_future *future; /* taken */
    uint32_t outcome;
};

ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(my->future);
    my->outcome = ANYLOOP_OUTCOME;
    if (my->outcome != ANYLOOP_RESULT)
        ANYLOOP_RERAISE;
    anyloop_value_retain(ANYLOOP_AWAITED);
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static void d26_a_task_cannot_await_another_loops_future(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *other = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    anyloop_future *foreign = future_new(other);
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = anyloop_future_retain(foreign)), ANYLOOP_E_OTHER_LOOP);
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = anyloop_sleep(other, 1)), ANYLOOP_E_OTHER_LOOP);
    assert_int_equal(anyloop_future_state(foreign), ANYLOOP_PENDING);
    anyloop_future_release(foreign);
    assert_ok(anyloop_loop_close(other));
    anyloop_loop_release(other);
    loop_end(loop);
}

struct self_awaiter {
    anyloop_coro co;
};

ANYLOOP_ASYNC(self_awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_future_retain(my->co.task));
    assert_int_equal(ANYLOOP_OUTCOME, ANYLOOP_FAILED);
    ANYLOOP_RERAISE;
    ANYLOOP_END;
}

static void a_task_cannot_await_itself(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, ANYLOOP_TASK(loop, self_awaiter), ANYLOOP_E_SELF_AWAIT);
    loop_end(loop);
}

static void a_coroutine_is_awaited_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *coroutine = anyloop_coroutine_create(loop, NULL, step_return_8, NULL, 0);
    anyloop_task *first = ANYLOOP_TASK(loop, awaiter, .future = anyloop_future_retain(coroutine));
    anyloop_task *second = ANYLOOP_TASK(loop, awaiter, .future = anyloop_future_retain(coroutine));
    assert_ok(anyloop_loop_run_until_complete(loop, first));
    assert_int_equal(result_of(first), 8);
    assert_int_equal(anyloop_loop_run_until_complete(loop, second), ANYLOOP_E_STATE);
    assert_failed(anyloop_create_task(loop, anyloop_future_retain(coroutine), NULL), ANYLOOP_E_STATE);
    assert_failed(anyloop_ensure_future(loop, anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_future_add_done_callback(coroutine, NULL, NULL, NULL), ANYLOOP_E_STATE);
    anyloop_future_release(coroutine);
    anyloop_future_release(first);
    anyloop_future_release(second);
    loop_end(loop);
}

static void a_failed_future_is_awaited_like_any(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = anyloop_failed(ANYLOOP_E_FULL)), ANYLOOP_E_FULL);
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = anyloop_failed(ANYLOOP_E_CANCELLED)), ANYLOOP_E_CANCELLED);
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = NULL), ANYLOOP_E_INVALID);
    loop_end(loop);
}

struct digger {
    anyloop_coro co;
    int depth, yields;
};

/* Awaits itself `depth` deep, yields at the bottom, counts on the way up. */
ANYLOOP_ASYNC(digger)
{
    ANYLOOP_BEGIN;
    if (my->depth == 0) {
        ANYLOOP_YIELD;
        ANYLOOP_RETURN(anyloop_int(0));
    }
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, digger, .depth = my->depth - 1));
    ANYLOOP_RETURN(anyloop_int(anyloop_to_int(ANYLOOP_AWAITED) + 1));
    ANYLOOP_FINALLY;
    if (my->depth % 10000 == 9999)
        note(".");
    ANYLOOP_END;
}

static void an_await_stack_is_as_deep_as_there_is_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, digger, .depth = 50000);
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(result_of(task), 50000);
    anyloop_future_release(task);
    assert_trace(". . . . .");
    task = ANYLOOP_TASK(loop, digger, .depth = 50000);
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
    anyloop_future_release(task);
    assert_trace(". . . . .");
    ANYLOOP_SPAWN(loop, digger, .depth = 50000);
    turn(loop);
    loop_end(loop); /* the close unwinds it */
    assert_trace(". . . . .");
}

struct chained {
    anyloop_coro co;
    anyloop_task *next;
};

ANYLOOP_ASYNC(chained)
{
    ANYLOOP_BEGIN;
    if (my->next)
        ANYLOOP_AWAIT(my->next);
    else
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    ANYLOOP_END;
}

static void cancelling_a_long_chain_of_tasks_takes_no_stack(void **state)
{
    (void)state;
    enum { TASKS = 100000 };
    anyloop_loop *loop = loop_new();
    anyloop_task *task = NULL;
    for (int i = 0; i < TASKS; i++)
        task = ANYLOOP_TASK(loop, chained, .next = task);
    turns(loop, 3);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_E_CANCELLED);
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- frames */

struct framed {
    int64_t big;
    char odd;
    tally *tally;
};

static void drop_frame(void *frame)
{
    struct framed *framed = frame;
    assert_int_equal(framed->big, 42);
    framed->tally->dropped++;
}

static int32_t step_framed(void *frame, anyloop_task *task, uint32_t event)
{
    struct framed *framed = frame;
    assert_int_equal((uintptr_t)frame % _Alignof(max_align_t), 0);
    if (event == ANYLOOP_EVENT_START) {
        framed->tally->ran++;
        if (anyloop_task_await(task, anyloop_sleep(anyloop_task_loop(task), ANYLOOP_MS(1)), NULL) == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
    }
    return event == ANYLOOP_EVENT_RESUMED ? ANYLOOP_STEP_RETURN : ANYLOOP_STEP_CANCELLED;
}

static anyloop_future *framed_new(anyloop_loop *loop, tally *counts)
{
    const struct framed frame = {42, 'x', counts};
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .step = step_framed,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = drop_frame};
    return anyloop_coroutine_create_with(loop, &options);
}

static void a_frame_is_dropped_once_started_or_not(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally ran = {0}, never = {0}, cancelled = {0}, early = {0}, closed = {0}, unstarted = {0}, refused = {0};
    run_to(loop, framed_new(loop, &ran), ANYLOOP_OK);
    assert_tally(&ran, 1, 1);
    anyloop_future_release(framed_new(loop, &never));
    assert_tally(&never, 0, 1);
    anyloop_task *task = anyloop_create_task(loop, framed_new(loop, &cancelled), NULL);
    turn(loop);
    anyloop_future_cancel(task, NULL);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_tally(&cancelled, 1, 1);
    task = anyloop_create_task(loop, framed_new(loop, &early), NULL);
    anyloop_future_cancel(task, NULL);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_tally(&early, 0, 1);
    anyloop_future_release(anyloop_create_task(loop, framed_new(loop, &closed), NULL));
    turn(loop);
    anyloop_future_release(anyloop_create_task(loop, framed_new(loop, &unstarted), NULL));
    assert_tally(&closed, 1, 0);
    assert_ok(anyloop_loop_close(loop));
    assert_tally(&closed, 1, 1);
    assert_tally(&unstarted, 0, 1);
    assert_failed(framed_new(loop, &refused), ANYLOOP_E_CLOSED);
    assert_tally(&refused, 0, 1);
    loop_end(loop);
}

static void a_coroutine_that_was_not_started_ends_cancelled(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    tally counts = {0};
    anyloop_future *coroutine = framed_new(loop, &counts);
    assert_int_equal(anyloop_future_cancel(coroutine, NULL), 1);
    assert_int_equal(anyloop_future_state(coroutine), ANYLOOP_CANCELLED);
    assert_tally(&counts, 0, 1);
    run_to(loop, ANYLOOP_TASK(loop, awaiter, .future = coroutine), ANYLOOP_E_CANCELLED);
    loop_end(loop);
}

/* ---- whose step runs */

struct looker {
    anyloop_coro co;
    anyloop_task **self;
    int deep;
};

ANYLOOP_ASYNC(looker)
{
    ANYLOOP_BEGIN;
    assert_ptr_equal(anyloop_current_task(my->co.loop), *my->self);
    ANYLOOP_YIELD;
    assert_ptr_equal(anyloop_current_task(my->co.loop), *my->self);
    if (my->deep)
        ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, looker, .self = my->self));
    assert_ptr_equal(anyloop_current_task(my->co.loop), *my->self);
    note("looked");
    ANYLOOP_END;
}

static void no_task_is_current(void *loop)
{
    assert_null(anyloop_current_task(loop));
    note("none");
}

static void d27_the_current_task_is_right_across_awaits_of_interleaving_tasks(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *one = NULL, *two = NULL;
    one = ANYLOOP_TASK(loop, looker, .self = &one, .deep = 1);
    two = ANYLOOP_TASK(loop, looker, .self = &two);
    assert_ok(anyloop_loop_call_soon(loop, no_task_is_current, loop, NULL, NULL));
    run_to(loop, one, ANYLOOP_OK);
    run_to(loop, two, ANYLOOP_OK);
    assert_null(anyloop_current_task(loop));
    assert_trace("none looked looked looked");
    loop_end(loop);
}

static void all_tasks_lists_what_is_not_done_in_the_order_of_making(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *one = ANYLOOP_TASK(loop, chained), *two = anyloop_task_create(loop, NULL, step_return_8, NULL, 0);
    anyloop_task *three = ANYLOOP_TASK(loop, chained), *seen[4] = {NULL};
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 3);
    assert_int_equal(anyloop_all_tasks(loop, seen, 2), 3);
    assert_ptr_equal(seen[0], one);
    assert_ptr_equal(seen[1], two);
    assert_null(seen[2]);
    turn(loop);
    assert_int_equal(anyloop_all_tasks(loop, seen, 4), 2);
    assert_ptr_equal(seen[1], three);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
    anyloop_future_release(one);
    anyloop_future_release(two);
    anyloop_future_release(three);
    loop_end(loop);
}

/* The loop holds it, so nothing destroys it unseen: the stall report names it and its place. */
static void d31_a_task_that_was_let_go_while_it_waits_is_held_and_reported(void **state)
{
    (void)state;
    char report[200];
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    ANYLOOP_SPAWN(loop, awaiter, .future = anyloop_future_retain(future));
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    size_t size = anyloop_loop_stall_report(loop, report, sizeof report);
    assert_int_equal(size, strlen(report));
    assert_non_null(strstr(report, "task awaiter awaits a future at "));
    assert_non_null(strstr(report, "test_task.c:"));
    assert_said("task awaiter awaits a future at ");
    assert_ok(anyloop_future_set_result(future, NULL));
    turn(loop);
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), 0);
    anyloop_future_release(future);
    loop_end(loop);
}

/* ---- names */

static void a_task_has_the_name_it_was_given_or_one_of_its_own(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    char name[] = "given";
    const anyloop_task_options options = {.struct_size = sizeof options, .name = name};
    anyloop_task *tasks[] = {
        anyloop_task_create(loop, "static", step_return_8, NULL, 0),
        anyloop_task_create(loop, NULL, step_return_8, NULL, 0),
        anyloop_task_create(loop, NULL, step_return_8, NULL, 0),
        anyloop_create_task(loop, anyloop_coroutine_create(loop, "coroutine", step_return_8, NULL, 0), &options),
    };
    memset(name, 'x', sizeof name - 1);
    assert_string_equal(anyloop_task_name(tasks[0]), "static");
    assert_memory_equal(anyloop_task_name(tasks[1]), "Task-", 5);
    char before[32];
    snprintf(before, sizeof before, "%s", anyloop_task_name(tasks[1]));
    assert_string_not_equal(anyloop_task_name(tasks[2]), before);
    assert_string_equal(anyloop_task_name(tasks[3]), "given");
    assert_ok(anyloop_task_set_name(tasks[3], "changed"));
    assert_string_equal(anyloop_task_name(tasks[3]), "changed");
    turn(loop);
    assert_string_equal(anyloop_task_name(tasks[1]), before); /* done, too */
    anyloop_future *future = future_new(loop);
    assert_null(anyloop_task_name(future));
    assert_int_equal(anyloop_task_set_name(future, "x"), ANYLOOP_E_TYPE);
    anyloop_future_release(future);
    for (size_t i = 0; i < LENGTH(tasks); i++)
        anyloop_future_release(tasks[i]);
    loop_end(loop);
}

/* ---- errors that nobody looked at */

static void a_tasks_unseen_error_is_reported_with_its_name(void **state)
{
    (void)state;
    const int32_t code = ANYLOOP_E_USER;
    anyloop_loop *loop = loop_new();
    anyloop_future_release(anyloop_task_create(loop, "failing", step_raise, &code, sizeof code));
    turn(loop);
    assert_said("Task exception was never retrieved: task failing: ANYLOOP_E_USER: why\n");
    loop_end(loop);
}

static anyloop_status rename_and_refuse(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)user_data, (void)loop;
    assert_ok(anyloop_task_set_name(exception->future, "another"));
    return ANYLOOP_E_USER;
}

static void a_handler_that_fails_may_have_renamed_the_task(void **state)
{
    (void)state;
    const int32_t code = ANYLOOP_E_USER;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_set_exception_handler(loop, rename_and_refuse, NULL, NULL));
    anyloop_task *task = anyloop_task_create(loop, "static", step_raise, &code, sizeof code);
    assert_ok(anyloop_task_set_name(task, "given"));
    anyloop_future_release(task);
    turn(loop);
    assert_said("unhandled error in the exception handler\n"
                "Task exception was never retrieved: task given: ANYLOOP_E_USER: why\n");
    loop_end(loop);
}

/* ---- the close */

struct guarded {
    anyloop_coro co;
    int awaits_in_cleanup;
};

ANYLOOP_ASYNC(guarded)
{
    ANYLOOP_BEGIN;
    note("starts");
    ANYLOOP_TRY(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    note("never");
    ANYLOOP_FINALLY;
    note("cleanup");
    if (my->awaits_in_cleanup) {
        ANYLOOP_TRY(anyloop_sleep(my->co.loop, 1));
        note("never");
    }
    ANYLOOP_END;
}

static void at_the_close_cleanup_runs_awaits_are_refused_and_the_task_stays_pending(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *one = ANYLOOP_TASK(loop, guarded), *two = ANYLOOP_TASK(loop, guarded, .awaits_in_cleanup = 1);
    turn(loop);
    ANYLOOP_SPAWN(loop, guarded); /* not begun: there is nothing to clean up */
    assert_ok(anyloop_loop_close(loop));
    assert_trace("starts starts cleanup cleanup");
    assert_int_equal(anyloop_future_state(one), ANYLOOP_PENDING);
    assert_int_equal(anyloop_future_state(two), ANYLOOP_PENDING);
    anyloop_future_release(one);
    anyloop_future_release(two);
    loop_end(loop);
}

static int32_t step_that_will_not_end(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame;
    if (event == ANYLOOP_EVENT_CLOSE) {
        anyloop_future *sleep = anyloop_sleep(anyloop_task_loop(task), 1);
        assert_int_equal(anyloop_future_state(sleep), ANYLOOP_FAILED);
        assert_int_equal(anyloop_task_await(task, sleep, NULL), ANYLOOP_READY);
        assert_int_equal(anyloop_task_outcome(task), ANYLOOP_CLOSED);
        note("asked to close");
    }
    return ANYLOOP_STEP_YIELD;
}

static void whatever_a_step_answers_to_the_close_is_its_end(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future_release(anyloop_task_create(loop, NULL, step_that_will_not_end, NULL, 0));
    turns(loop, 3);
    assert_ok(anyloop_loop_close(loop));
    assert_trace("asked to close");
    loop_end(loop);
}

/* ---- eager tasks */

struct eager_child {
    anyloop_coro co;
    anyloop_task *parent;
    int yields;
};

ANYLOOP_ASYNC(eager_child)
{
    ANYLOOP_BEGIN;
    assert_ptr_equal(anyloop_current_task(my->co.loop), my->co.task);
    assert_ptr_not_equal(my->co.task, my->parent);
    note("child");
    if (my->yields)
        ANYLOOP_YIELD;
    note("child ends");
    ANYLOOP_RETURN(anyloop_int(6));
    ANYLOOP_END;
}

struct eager_parent {
    anyloop_coro co;
    int yields;
};

ANYLOOP_ASYNC(eager_parent)
{
    const anyloop_task_options eager = {.struct_size = sizeof eager, .flags = ANYLOOP_TASK_EAGER};
    anyloop_task *child;
    ANYLOOP_BEGIN;
    child = anyloop_create_task(
        my->co.loop, ANYLOOP_CORO(my->co.loop, eager_child, .parent = my->co.task, .yields = my->yields), &eager);
    note("made");
    assert_ptr_equal(anyloop_current_task(my->co.loop), my->co.task);
    assert_int_equal(anyloop_future_state(child), my->yields ? ANYLOOP_PENDING : ANYLOOP_RESULT);
    assert_int_equal(anyloop_all_tasks(my->co.loop, NULL, 0), my->yields ? 2 : 1);
    ANYLOOP_AWAIT(child);
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static void an_eager_task_runs_to_its_first_rest_inside_its_making(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    const anyloop_task_options eager = {.struct_size = sizeof eager, .flags = ANYLOOP_TASK_EAGER};
    run_to(loop, ANYLOOP_TASK(loop, eager_parent), ANYLOOP_OK);
    assert_trace("child child ends made");
    run_to(loop, ANYLOOP_TASK(loop, eager_parent, .yields = 1), ANYLOOP_OK);
    assert_trace("child made child ends");
    anyloop_task *outside = anyloop_create_task(loop, ANYLOOP_CORO(loop, eager_child), &eager);
    assert_trace(""); /* no step is running */
    run_to(loop, outside, ANYLOOP_OK);
    assert_trace("child child ends");
    loop_end(loop);
}

/* ---- rings */

struct circle {
    anyloop_coro co;
    anyloop_task **next;
    int gathers;
};

static anyloop_future *circle_next(struct circle *my)
{
    anyloop_future *next = anyloop_future_retain(*my->next);
    return my->gathers ? anyloop_gather(my->co.loop, &next, 1, 0) : next;
}

ANYLOOP_ASYNC(circle)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(circle_next(my));
    ANYLOOP_FINALLY;
    note("left");
    ANYLOOP_END;
}

/* `size` tasks, each awaiting the next, the last the first; as they are in the deadlock that this is. */
static anyloop_loop *loop_of_circle(anyloop_task *tasks[], int size, int gathers)
{
    anyloop_loop *loop = loop_new();
    for (int i = 0; i < size; i++)
        tasks[i] = ANYLOOP_TASK(loop, circle, .next = &tasks[(i + 1) % size], .gathers = gathers);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    return loop;
}

static void end_of_circle(anyloop_loop *loop, anyloop_task *tasks[], int size)
{
    for (int i = 0; i < size; i++)
        anyloop_future_release(tasks[i]);
    said.text[0] = 0;
    loop_end(loop);
}

static void a_ring_of_tasks_is_broken_by_a_cancellation(void **state)
{
    (void)state;
    anyloop_task *tasks[3];
    for (int gathers = 0; gathers < 2; gathers++) {
        anyloop_loop *loop = loop_of_circle(tasks, 3, gathers);
        assert_int_equal(anyloop_future_cancel(tasks[0], NULL), 1);
        assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
        assert_trace("left left left");
        for (int i = 0; i < 3; i++)
            assert_true(anyloop_future_state(tasks[i]) >= ANYLOOP_FAILED);
        end_of_circle(loop, tasks, 3);
    }
}

static void a_ring_of_tasks_is_given_back_at_the_close(void **state)
{
    (void)state;
    anyloop_task *tasks[2];
    for (int gathers = 0; gathers < 2; gathers++)
        for (int size = 1 + !gathers; size <= 2; size++) {
            anyloop_loop *loop = loop_of_circle(tasks, size, gathers);
            end_of_circle(loop, tasks, size);
            assert_trace(size == 2 ? "left left" : "left");
        }
}

struct again {
    anyloop_coro co;
    anyloop_future *before;
    anyloop_task **next;
};

ANYLOOP_ASYNC(again)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_future_retain(my->before));
    note((void *)anyloop_error_text(ANYLOOP_AWAITED, NULL));
    ANYLOOP_TRY(anyloop_future_retain(*my->next));
    note(ANYLOOP_OUTCOME == ANYLOOP_CANCELLED ? "cancelled" : "returned");
    note((void *)anyloop_error_text(ANYLOOP_AWAITED, NULL));
    ANYLOOP_END;
}

static void a_task_that_leaves_a_ring_forgets_what_it_awaited_before(void **state)
{
    (void)state;
    anyloop_task *tasks[2];
    anyloop_loop *loop = loop_new();
    anyloop_future *before;
    anyloop_value reason;
    assert_int_equal(anyloop_future_new(loop, &before), ANYLOOP_OK);
    assert_int_equal(anyloop_value_text(loop, "old", 3, &reason), ANYLOOP_OK);
    assert_int_equal(anyloop_future_cancel(before, &reason), 1);
    for (int i = 0; i < 2; i++)
        tasks[i] = ANYLOOP_TASK(loop, again, .before = before, .next = &tasks[1 - i]);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_trace("old old");
    assert_int_equal(anyloop_value_text(loop, "new", 3, &reason), ANYLOOP_OK);
    assert_int_equal(anyloop_future_cancel(tasks[0], &reason), 1);
    anyloop_loop_run_forever(loop);
    assert_trace("cancelled new returned ");
    anyloop_future_release(before);
    end_of_circle(loop, tasks, 2);
}

static void drop_nothing(void *user_data)
{
    note(user_data);
}

static void a_reason_that_is_a_part_of_a_text_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_value part, own;
    assert_ok(anyloop_value_text(loop, "a long text", 11, &part));
    part.bits += 2;
    part.size = 4;
    assert_int_equal(anyloop_future_cancel(future, &part), ANYLOOP_E_INVALID);
    assert_ok(anyloop_value_foreign(loop, "dropped", drop_nothing, &own));
    own.kind = ANYLOOP_TEXT;
    own.size = 7;
    assert_int_equal(anyloop_future_cancel(future, &own), ANYLOOP_E_INVALID);
    assert_trace("dropped");
    part = anyloop_none();
    part.kind = ANYLOOP_TEXT; /* static, of more bytes than there are */
    part.size = UINT64_C(1) << 32;
    assert_int_equal(anyloop_future_cancel(future, &part), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    anyloop_future_release(future);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raising_the_code_cancelled_is_a_cancellation),
        cmocka_unit_test(raising_what_is_no_error_is_told),
        cmocka_unit_test(an_await_that_the_answer_does_not_mean_is_forgotten),
        cmocka_unit_test(d26_a_task_cannot_await_another_loops_future),
        cmocka_unit_test(a_task_cannot_await_itself),
        cmocka_unit_test(a_coroutine_is_awaited_once),
        cmocka_unit_test(a_failed_future_is_awaited_like_any),
        cmocka_unit_test(an_await_stack_is_as_deep_as_there_is_memory),
        cmocka_unit_test(cancelling_a_long_chain_of_tasks_takes_no_stack),
        cmocka_unit_test(a_ring_of_tasks_is_broken_by_a_cancellation),
        cmocka_unit_test(a_ring_of_tasks_is_given_back_at_the_close),
        cmocka_unit_test(a_task_that_leaves_a_ring_forgets_what_it_awaited_before),
        cmocka_unit_test(a_reason_that_is_a_part_of_a_text_is_refused),
        cmocka_unit_test(a_frame_is_dropped_once_started_or_not),
        cmocka_unit_test(a_coroutine_that_was_not_started_ends_cancelled),
        cmocka_unit_test(d27_the_current_task_is_right_across_awaits_of_interleaving_tasks),
        cmocka_unit_test(all_tasks_lists_what_is_not_done_in_the_order_of_making),
        cmocka_unit_test(d31_a_task_that_was_let_go_while_it_waits_is_held_and_reported),
        cmocka_unit_test(a_task_has_the_name_it_was_given_or_one_of_its_own),
        cmocka_unit_test(a_tasks_unseen_error_is_reported_with_its_name),
        cmocka_unit_test(a_handler_that_fails_may_have_renamed_the_task),
        cmocka_unit_test(at_the_close_cleanup_runs_awaits_are_refused_and_the_task_stays_pending),
        cmocka_unit_test(whatever_a_step_answers_to_the_close_is_its_end),
        cmocka_unit_test(an_eager_task_runs_to_its_first_rest_inside_its_making),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
