/* What the scenarios cannot say of locks, events, conditions, semaphores, barriers and queues: who owns what, what is
 * refused, what the handles' ends and the close leave behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

struct awaiter {
    anyloop_coro co;
    anyloop_future *future; /* taken */
    const char *text;
};

/* Leaves its text in the trace when it got what it awaited, "!" when it did not. */
ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(my->future);
    note(ANYLOOP_OUTCOME == ANYLOOP_RESULT ? (void *)(uintptr_t)my->text : "!");
    if (ANYLOOP_OUTCOME != ANYLOOP_RESULT)
        ANYLOOP_RERAISE;
    anyloop_value_retain(ANYLOOP_AWAITED);
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static anyloop_task *await(anyloop_loop *loop, anyloop_future *future, const char *text)
{
    return ANYLOOP_TASK(loop, awaiter, .future = future, .text = text);
}

/* ---- locks */

static void acquiring_has_the_result_true_and_locked_tells_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_lock *lock = NULL;
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_int_equal(anyloop_lock_locked(lock), 0);
    assert_int_equal(anyloop_lock_unlock(lock), ANYLOOP_E_NOT_HELD);
    anyloop_task *task = await(loop, anyloop_lock_acquire(lock), "has it");
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    assert_int_equal(anyloop_future_result(task)->kind, ANYLOOP_BOOL);
    assert_int_equal(anyloop_future_result(task)->bits, 1);
    assert_int_equal(anyloop_lock_locked(lock), 1);
    assert_ok(anyloop_lock_unlock(lock)); /* by nobody's task: a lock has no owner */
    assert_int_equal(anyloop_lock_locked(lock), 0);
    assert_trace("has it");
    anyloop_future_release(task);
    anyloop_lock_release(lock);
    loop_end(loop);
}

/* It is waited for, so it lives; only who could unlock it is gone. */
static void what_is_waited_for_outlives_its_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_event *event = NULL;
    anyloop_lock *lock = NULL;
    anyloop_queue *queue = NULL;
    assert_ok(anyloop_event_new(loop, &event));
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);
    anyloop_task *tasks[] = {await(loop, anyloop_event_wait(event), "event"),
                             await(loop, anyloop_lock_acquire(lock), "lock"),
                             await(loop, anyloop_queue_get(queue), "queue")};
    turn(loop);
    anyloop_event_release(event);
    anyloop_lock_release(lock);
    anyloop_queue_release(queue);
    turn(loop);
    for (size_t i = 0; i < LENGTH(tasks); i++) {
        assert_int_equal(anyloop_future_cancel(tasks[i], NULL), 1);
        run_to(loop, tasks[i], ANYLOOP_E_CANCELLED);
    }
    assert_trace("! ! !");
    loop_end(loop);
}

static void the_close_ends_every_wait_and_leaves_nothing(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_event *event = NULL;
    anyloop_lock *lock = NULL;
    anyloop_condition *condition = NULL;
    anyloop_semaphore *semaphore = NULL;
    anyloop_barrier *barrier = NULL;
    anyloop_queue *queue = NULL;
    int dropped = 0;
    anyloop_value items[] = {counted(&dropped), counted(&dropped)};
    assert_ok(anyloop_event_new(loop, &event));
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_condition_new(loop, NULL, &condition));
    assert_ok(anyloop_semaphore_new(loop, 0, 0, &semaphore));
    assert_ok(anyloop_barrier_new(loop, 2, &barrier));
    assert_ok(anyloop_queue_new(loop, 1, ANYLOOP_QUEUE_FIFO, &queue));
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);
    run_to(loop, anyloop_lock_acquire(anyloop_condition_lock(condition)), ANYLOOP_OK);
    assert_ok(anyloop_queue_put_nowait(queue, &items[0], 0));
    anyloop_future *waits[] = {anyloop_event_wait(event),         anyloop_lock_acquire(lock),
                               anyloop_condition_wait(condition), anyloop_semaphore_acquire(semaphore),
                               anyloop_barrier_wait(barrier),     anyloop_queue_put(queue, &items[1], 0),
                               anyloop_queue_join(queue)};
    for (size_t i = 0; i < LENGTH(waits); i++)
        anyloop_future_release(anyloop_ensure_future(loop, waits[i]));
    turns(loop, 2);
    assert_int_equal(anyloop_all_tasks(loop, NULL, 0), LENGTH(waits));
    assert_ok(anyloop_loop_close(loop));
    assert_failed(anyloop_lock_acquire(lock), ANYLOOP_E_CLOSED);
    assert_failed(anyloop_queue_get(queue), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_lock_new(loop, &lock), ANYLOOP_E_CLOSED);
    anyloop_event_release(event);
    anyloop_lock_release(lock);
    anyloop_condition_release(condition);
    anyloop_semaphore_release(semaphore);
    anyloop_barrier_release(barrier);
    anyloop_queue_release(queue);
    assert_int_equal(dropped, 2);
    loop_end(loop);
}

/* ---- conditions */

struct predicate {
    anyloop_condition *condition;
    int asked, holds, dropped;
};

static int32_t ask(void *user_data)
{
    struct predicate *predicate = user_data;
    predicate->asked++;
    assert_int_equal(anyloop_lock_locked(anyloop_condition_lock(predicate->condition)), 1);
    return predicate->holds;
}

static void drop_predicate(void *user_data)
{
    ((struct predicate *)user_data)->dropped++;
}

static void a_predicate_is_asked_before_each_wait_and_dropped_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_lock *lock = NULL;
    struct predicate predicate = {0}, unused = {0}, without = {0};
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_condition_new(loop, lock, &predicate.condition));
    assert_ptr_equal(anyloop_condition_lock(predicate.condition), lock);
    anyloop_lock_release(lock);
    assert_int_equal(anyloop_condition_notify(predicate.condition, 1), ANYLOOP_E_NOT_HELD);
    run_to(loop, anyloop_condition_wait(predicate.condition), ANYLOOP_E_NOT_HELD);
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);
    anyloop_future_release(anyloop_condition_wait_for(predicate.condition, ask, &unused, drop_predicate));
    assert_int_equal(unused.dropped, 1);
    assert_failed(anyloop_condition_wait_for(predicate.condition, NULL, &without, drop_predicate), ANYLOOP_E_INVALID);
    assert_int_equal(without.dropped, 1);
    anyloop_task *task =
        await(loop, anyloop_condition_wait_for(predicate.condition, ask, &predicate, drop_predicate), "holds");
    turn(loop);
    assert_int_equal(predicate.asked, 1);
    for (int i = 0; i < 2; i++) {
        run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);
        predicate.holds = i;
        assert_ok(anyloop_condition_notify(predicate.condition, SIZE_MAX));
        assert_ok(anyloop_lock_unlock(lock));
        turns(loop, 3);
        assert_int_equal(predicate.asked, 2 + i);
        assert_int_equal(predicate.dropped, i);
    }
    assert_trace("holds");
    anyloop_future_release(task);
    anyloop_condition_release(predicate.condition);
    loop_end(loop);
    assert_int_equal(predicate.dropped, 1);
}

static void conditions_may_share_a_lock_of_their_own_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *other = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    anyloop_lock *lock = NULL;
    anyloop_condition *one = NULL, *two = NULL;
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_condition_new(loop, lock, &one));
    assert_ok(anyloop_condition_new(loop, lock, &two));
    assert_ptr_equal(anyloop_condition_lock(one), anyloop_condition_lock(two));
    anyloop_condition_release(two);
    assert_int_equal(anyloop_condition_new(other, lock, &two), ANYLOOP_E_OTHER_LOOP);
    anyloop_lock_release(lock);
    anyloop_condition_release(one);
    assert_ok(anyloop_loop_close(other));
    anyloop_loop_release(other);
    loop_end(loop);
}

/* ---- semaphores */

static void a_bounded_semaphore_refuses_more_units_than_it_began_with(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_semaphore *bounded = NULL, *unbounded = NULL;
    assert_ok(anyloop_semaphore_new(loop, 1, ANYLOOP_SEMAPHORE_BOUNDED, &bounded));
    assert_int_equal(anyloop_semaphore_post(bounded), ANYLOOP_E_STATE);
    run_to(loop, anyloop_semaphore_acquire(bounded), ANYLOOP_OK);
    assert_int_equal(anyloop_semaphore_locked(bounded), 1);
    assert_ok(anyloop_semaphore_post(bounded));
    assert_int_equal(anyloop_semaphore_post(bounded), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_semaphore_locked(bounded), 0);
    assert_ok(anyloop_semaphore_new(loop, 0, 0, &unbounded));
    assert_int_equal(anyloop_semaphore_locked(unbounded), 1);
    assert_ok(anyloop_semaphore_post(unbounded));
    assert_ok(anyloop_semaphore_post(unbounded));
    run_to(loop, anyloop_semaphore_acquire(unbounded), ANYLOOP_OK);
    run_to(loop, anyloop_semaphore_acquire(unbounded), ANYLOOP_OK);
    assert_int_equal(anyloop_semaphore_locked(unbounded), 1);
    assert_int_equal(anyloop_semaphore_new(loop, 1, 2, &unbounded), ANYLOOP_E_INVALID);
    anyloop_semaphore_release(bounded);
    anyloop_semaphore_release(unbounded);
    loop_end(loop);
}

/* ---- barriers */

static void a_barrier_of_one_lets_everybody_pass_and_of_none_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_barrier *barrier = NULL;
    assert_int_equal(anyloop_barrier_new(loop, 0, &barrier), ANYLOOP_E_INVALID);
    assert_ok(anyloop_barrier_new(loop, 1, &barrier));
    for (int i = 0; i < 2; i++) {
        anyloop_task *task = await(loop, anyloop_barrier_wait(barrier), "through");
        assert_ok(anyloop_loop_run_until_complete(loop, task));
        assert_int_equal(result_of(task), 0);
        anyloop_future_release(task);
    }
    assert_trace("through through");
    run_to(loop, anyloop_barrier_abort(barrier), ANYLOOP_OK);
    assert_int_equal(anyloop_barrier_broken(barrier), 1);
    run_to(loop, anyloop_barrier_wait(barrier), ANYLOOP_E_BROKEN);
    anyloop_barrier_release(barrier);
    loop_end(loop);
}

/* ---- queues */

static void put_int(anyloop_queue *queue, int64_t number, int64_t priority)
{
    anyloop_value value = anyloop_int(number);
    assert_ok(anyloop_queue_put_nowait(queue, &value, priority));
}

static void assert_order(anyloop_queue *queue, const int64_t *numbers, size_t size)
{
    anyloop_value value = anyloop_none();
    for (size_t i = 0; i < size; i++) {
        assert_ok(anyloop_queue_get_nowait(queue, &value));
        assert_int_equal(anyloop_to_int(&value), numbers[i]);
    }
    assert_int_equal(anyloop_queue_get_nowait(queue, &value), ANYLOOP_E_EMPTY);
}

static void h20_a_priority_queue_gives_the_least_first_and_equals_in_order(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue = NULL;
    int64_t priorities[] = {5, INT64_MIN, 5, INT64_MAX, -1, 5, 0}, order[] = {1, 4, 6, 0, 2, 5, 3};
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_PRIORITY, &queue));
    for (int64_t i = 0; i < 7; i++)
        put_int(queue, i, priorities[i]);
    assert_int_equal(anyloop_queue_qsize(queue), 7);
    assert_order(queue, order, 7);
    anyloop_queue_release(queue);
    assert_int_equal(anyloop_queue_new(loop, 0, 3, &queue), ANYLOOP_E_INVALID);
    loop_end(loop);
}

static void a_large_queue_keeps_its_order_as_it_grows_and_wraps(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *fifo = NULL, *lifo = NULL;
    anyloop_value value = anyloop_none();
    int64_t in = 0, out = 0;
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &fifo));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_LIFO, &lifo));
    while (in < 5000) {
        for (int i = 0; i < 5; i++)
            put_int(fifo, in++, 0);
        for (int i = 0; i < 3; i++) {
            assert_ok(anyloop_queue_get_nowait(fifo, &value));
            assert_int_equal(anyloop_to_int(&value), out++);
        }
    }
    assert_int_equal(anyloop_queue_qsize(fifo), in - out);
    for (int64_t i = 0; i < 1000; i++)
        put_int(lifo, i, 0);
    for (int64_t i = 1000; i-- > 0;) {
        assert_ok(anyloop_queue_get_nowait(lifo, &value));
        assert_int_equal(anyloop_to_int(&value), i);
    }
    anyloop_queue_release(fifo);
    anyloop_queue_release(lifo);
    loop_end(loop);
}

static void an_item_that_does_not_get_in_or_out_is_dropped_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue = NULL;
    int full = 0, cancelled = 0, unawaited = 0, inside = 0, immediate = 0, late = 0;
    anyloop_value values[] = {counted(&inside), counted(&full),     counted(&cancelled),
                              counted(&unawaited), counted(&immediate), counted(&late)};
    assert_ok(anyloop_queue_new(loop, 1, ANYLOOP_QUEUE_FIFO, &queue));
    assert_ok(anyloop_queue_put_nowait(queue, &values[0], 0));
    assert_int_equal(anyloop_queue_put_nowait(queue, &values[1], 0), ANYLOOP_E_FULL);
    assert_int_equal(full, 1);
    anyloop_task *task = await(loop, anyloop_queue_put(queue, &values[2], 0), "never");
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_int_equal(cancelled, 1);
    anyloop_future_release(anyloop_queue_put(queue, &values[3], 0));
    assert_int_equal(unawaited, 1);
    anyloop_value out = anyloop_none();
    assert_ok(anyloop_queue_get_nowait(queue, &out));
    assert_int_equal(inside, 0);
    anyloop_value_release(&out);
    assert_int_equal(inside, 1);
    assert_ok(anyloop_queue_put_nowait(queue, &values[4], 0));
    assert_ok(anyloop_queue_shutdown(queue, 1));
    assert_int_equal(immediate, 1);
    assert_int_equal(anyloop_queue_put_nowait(queue, &values[5], 0), ANYLOOP_E_SHUTDOWN);
    assert_int_equal(late, 1);
    assert_int_equal(anyloop_queue_get_nowait(queue, &out), ANYLOOP_E_SHUTDOWN);
    assert_trace("!");
    anyloop_queue_release(queue);
    loop_end(loop);
}

static void items_that_nobody_took_go_with_the_queue(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    for (uint32_t order = ANYLOOP_QUEUE_FIFO; order <= ANYLOOP_QUEUE_PRIORITY; order++) {
        anyloop_queue *queue = NULL;
        int dropped = 0;
        assert_ok(anyloop_queue_new(loop, 0, order, &queue));
        for (int i = 0; i < 10; i++) {
            anyloop_value value = counted(&dropped);
            assert_ok(anyloop_queue_put_nowait(queue, &value, -i));
        }
        anyloop_queue_release(queue);
        assert_int_equal(dropped, 10);
    }
    loop_end(loop);
}

static void task_done_more_often_than_put_is_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue = NULL;
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    run_to(loop, anyloop_queue_join(queue), ANYLOOP_OK);
    assert_int_equal(anyloop_queue_task_done(queue), ANYLOOP_E_STATE);
    put_int(queue, 1, 0);
    assert_ok(anyloop_queue_task_done(queue)); /* asyncio counts puts, not gets */
    assert_int_equal(anyloop_queue_task_done(queue), ANYLOOP_E_STATE);
    run_to(loop, anyloop_queue_join(queue), ANYLOOP_OK);
    anyloop_queue_release(queue);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acquiring_has_the_result_true_and_locked_tells_it),
        cmocka_unit_test(what_is_waited_for_outlives_its_handle),
        cmocka_unit_test(the_close_ends_every_wait_and_leaves_nothing),
        cmocka_unit_test(a_predicate_is_asked_before_each_wait_and_dropped_once),
        cmocka_unit_test(conditions_may_share_a_lock_of_their_own_loop),
        cmocka_unit_test(a_bounded_semaphore_refuses_more_units_than_it_began_with),
        cmocka_unit_test(a_barrier_of_one_lets_everybody_pass_and_of_none_is_refused),
        cmocka_unit_test(h20_a_priority_queue_gives_the_least_first_and_equals_in_order),
        cmocka_unit_test(a_large_queue_keeps_its_order_as_it_grows_and_wraps),
        cmocka_unit_test(an_item_that_does_not_get_in_or_out_is_dropped_once),
        cmocka_unit_test(items_that_nobody_took_go_with_the_queue),
        cmocka_unit_test(task_done_more_often_than_put_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
