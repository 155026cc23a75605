/* Misuse beyond test_bad_input.c's table: NULL where something is only looked at, outputs that have no place, flags that
 * there are not, steps and jobs whose answers make no sense. Each has a clear answer, and what was given away is dropped
 * exactly once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

/* What is given away, and what came back. */
typedef struct world {
    anyloop_loop *loop;
    anyloop_future *future; /* pending */
    anyloop_task *task;     /* parked */
    anyloop_timeout_scope *scope;
    anyloop_group *group;
    anyloop_condition *condition;
    anyloop_queue *queue;
    anyloop_executor *executor; /* inline */
    int made, dropped;
} world;

static void drop_given(void *user_data)
{
    ((world *)user_data)->dropped++;
}

struct owned {
    world *owner;
};

static void drop_owned(void *frame)
{
    drop_given(((struct owned *)frame)->owner);
}

static int32_t never_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    fail_msg("a coroutine began that nobody could start");
    return ANYLOOP_STEP_RETURN;
}

static int32_t park_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task;
    return event == ANYLOOP_EVENT_START ? ANYLOOP_STEP_PARK : ANYLOOP_STEP_RETURN;
}

static void world_open(world *self, anyloop_loop *loop)
{
    *self = (world){.loop = loop, .future = future_new(loop)};
    self->task = anyloop_task_create(loop, "parked", park_step, NULL, 0);
    assert_ok(anyloop_timeout_scope_new(loop, ANYLOOP_NEVER, &self->scope));
    assert_ok(anyloop_group_new(loop, &self->group));
    assert_ok(anyloop_condition_new(loop, NULL, &self->condition));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &self->queue));
    assert_ok(anyloop_inline_executor_new(&self->executor));
    turn(loop);
}

static void world_end(world *self)
{
    anyloop_future_release(self->future);
    anyloop_future_release(self->task);
    anyloop_timeout_scope_release(self->scope);
    anyloop_group_release(self->group);
    anyloop_condition_release(self->condition);
    anyloop_queue_release(self->queue);
    anyloop_executor_release(self->executor);
    loop_end(self->loop);
    assert_int_equal(self->dropped, self->made);
    assert_trace("");
}

static anyloop_future *give_coroutine(world *self)
{
    const struct owned frame = {self};
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .step = never_step,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = drop_owned};
    self->made++;
    return anyloop_coroutine_create_with(self->loop, &options);
}

/* `loop_end` finds it when this reference is not let go. */
static anyloop_future *give_future(world *self)
{
    return anyloop_future_retain(self->future);
}

static const anyloop_value *give_value(world *self)
{
    static anyloop_value value;
    self->made++;
    assert_ok(anyloop_value_foreign(NULL, self, drop_given, &value));
    return &value;
}

static void on_done(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    note("done");
}

static void job(anyloop_job *self, const anyloop_value *in)
{
    (void)self, (void)in;
    note("job");
}

/* ---- nothing */

static void what_only_looks_has_an_answer_for_null(void **state)
{
    (void)state;
    size_t size = 9;
    assert_int_equal(anyloop_loop_is_running(NULL), 0);
    assert_int_equal(anyloop_loop_is_closed(NULL), 0);
    assert_int_equal(anyloop_loop_time(NULL), 0);
    assert_int_equal(anyloop_loop_stall_report(NULL, NULL, 0), 0);
    assert_int_equal(anyloop_all_tasks(NULL, NULL, 0), 0);
    assert_null(anyloop_current_task(NULL));
    assert_int_equal(anyloop_handle_cancelled(NULL), 0);
    assert_true(anyloop_handle_when(NULL) == ANYLOOP_NEVER);
    assert_int_equal(anyloop_future_state(NULL), ANYLOOP_PENDING);
    assert_int_equal(anyloop_future_kind(NULL), ANYLOOP_KIND_FUTURE);
    assert_null(anyloop_future_result(NULL));
    assert_null(anyloop_future_error(NULL));
    assert_int_equal(anyloop_future_error_code(NULL), ANYLOOP_OK);
    assert_null(anyloop_future_loop(NULL));
    assert_int_equal(anyloop_future_remove_done_callback(NULL, on_done, NULL), 0);
    assert_null(anyloop_task_name(NULL));
    assert_null(anyloop_task_loop(NULL));
    assert_int_equal(anyloop_task_cancelling(NULL), 0);
    assert_int_equal(anyloop_task_uncancel(NULL), 0);
    assert_true(anyloop_timeout_scope_when(NULL) == ANYLOOP_NEVER);
    assert_int_equal(anyloop_timeout_scope_expired(NULL), 0);
    assert_int_equal(anyloop_lock_locked(NULL), 0);
    assert_int_equal(anyloop_event_is_set(NULL), 0);
    assert_null(anyloop_condition_lock(NULL));
    assert_int_equal(anyloop_semaphore_locked(NULL), 0);
    assert_int_equal(anyloop_barrier_n_waiting(NULL), 0);
    assert_int_equal(anyloop_barrier_broken(NULL), 0);
    assert_int_equal(anyloop_queue_qsize(NULL), 0);
    assert_int_equal(anyloop_job_stopping(NULL), 0);
    assert_null(anyloop_job_context(NULL));
    assert_null(anyloop_job_input(NULL, NULL));
    assert_string_equal(anyloop_error_text(NULL, &size), "");
    assert_int_equal(size, 0);
}

static void null_can_be_released_and_held(void **state)
{
    (void)state;
    anyloop_loop_release(anyloop_loop_retain(NULL));
    anyloop_future_release(anyloop_future_retain(NULL));
    anyloop_future_release_threadsafe(NULL);
    anyloop_promise_release(anyloop_promise_retain(NULL));
    anyloop_waker_release(anyloop_waker_retain(NULL));
    anyloop_waker_wake(NULL);
    anyloop_waker_cancel(NULL);
    anyloop_executor_release(anyloop_executor_retain(NULL));
    anyloop_contextvar_release(anyloop_contextvar_retain(NULL));
    anyloop_context_release(NULL);
    anyloop_handle_release(NULL);
    anyloop_timeout_scope_release(NULL);
    anyloop_group_release(NULL);
    anyloop_completions_release(NULL);
    anyloop_lock_release(NULL);
    anyloop_event_release(NULL);
    anyloop_condition_release(NULL);
    anyloop_semaphore_release(NULL);
    anyloop_barrier_release(NULL);
    anyloop_queue_release(NULL);
    anyloop_job_run(NULL);
    anyloop_job_finish(NULL);
}

/* ---- arguments */

static void what_is_made_needs_a_place_to_put_it(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise = NULL;
    anyloop_future *future = NULL;
    anyloop_contextvar *var = NULL;
    world_open(&self, loop);
    assert_int_equal(anyloop_new_event_loop(NULL, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_future_new(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_promise_new(loop, NULL, &future), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_promise_new(loop, &promise, NULL), ANYLOOP_E_INVALID);
    assert_null(promise);
    assert_null(future);
    assert_int_equal(anyloop_task_waker(self.task, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_timeout_scope_new(loop, 0, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_group_new(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(
        anyloop_as_completed(loop, (anyloop_future *[]){give_coroutine(&self), give_future(&self)}, 2, 1, NULL),
        ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_try_run_in_executor(loop, self.executor, job, give_value(&self), NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_lock_new(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_event_new(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_condition_new(loop, NULL, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_semaphore_new(loop, 0, 0, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_barrier_new(loop, 1, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_queue_new(loop, 0, 0, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_queue_get_nowait(self.queue, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_contextvar_new("name", NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_contextvar_new(NULL, &var), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_context_copy(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_fd(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_thread_pool_new(NULL, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_inline_executor_new(NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_value_future(self.future, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_value_future(NULL, &(anyloop_value){.kind = 0}), ANYLOOP_E_INVALID);
    world_end(&self);
}

static void what_is_to_run_or_to_be_awaited_must_be_there(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new();
    world_open(&self, loop);
    assert_failed(anyloop_coroutine_create(loop, NULL, NULL, NULL, 0), ANYLOOP_E_INVALID);
    assert_failed(anyloop_task_create(loop, NULL, NULL, NULL, 0), ANYLOOP_E_INVALID);
    assert_failed(anyloop_coroutine_create(loop, NULL, never_step, NULL, SIZE_MAX), ANYLOOP_E_NOMEM);
    assert_failed(anyloop_coroutine_create_with(loop, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_create_task(loop, NULL, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_ensure_future(loop, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_wait_for(loop, NULL, 1), ANYLOOP_E_INVALID);
    assert_failed(anyloop_shield(loop, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_timeout(loop, 1, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_timeout_scope_run(self.scope, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_group_run(self.group, NULL), ANYLOOP_E_INVALID);
    assert_failed(anyloop_group_create_task(self.group, NULL, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_run_until_complete(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_run(loop, NULL, NULL), ANYLOOP_E_INVALID);
    self.made++;
    assert_int_equal(anyloop_start(loop, NULL, on_done, &self, drop_given), ANYLOOP_E_INVALID);
    assert_failed(anyloop_gather(loop, NULL, 1, 0), ANYLOOP_E_INVALID);
    assert_failed(anyloop_gather(loop, (anyloop_future *[]){give_coroutine(&self), NULL, give_future(&self)}, 3, 0),
                  ANYLOOP_E_INVALID);
    assert_failed(anyloop_run_in_executor(loop, NULL, NULL, give_value(&self)), ANYLOOP_E_INVALID);
    assert_failed(anyloop_run_in_executor_when_free(loop, NULL, NULL, give_value(&self)), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_set_default_executor(loop, NULL), ANYLOOP_E_INVALID);
    self.made++;
    assert_failed(anyloop_condition_wait_for(self.condition, NULL, &self, drop_given), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_task_set_name(self.task, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_call_exception_handler(loop, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, NULL), ANYLOOP_E_INVALID);
    world_end(&self);
}

static void flags_orders_and_counts_that_there_are_not_are_refused(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new(), *made = NULL;
    anyloop_semaphore *semaphore = NULL;
    anyloop_barrier *barrier = NULL;
    anyloop_queue *queue = NULL;
    world_open(&self, loop);
    const anyloop_allocator half = {.allocate = memory_allocate};
    const anyloop_loop_options options = {.struct_size = sizeof options, .allocator = &half};
    assert_int_equal(anyloop_new_event_loop(&options, &made), ANYLOOP_E_INVALID);
    assert_null(made);
    const struct owned frame = {&self};
    const anyloop_coroutine_options coroutine = {
        .struct_size = sizeof coroutine, .reserved = 1, .step = never_step, .frame = &frame, .drop = drop_owned};
    self.made++;
    assert_failed(anyloop_coroutine_create_with(loop, &coroutine), ANYLOOP_E_INVALID);
    const anyloop_executor_methods methods = {.struct_size = sizeof methods}; /* no submit */
    anyloop_executor *executor = NULL;
    self.made++;
    assert_int_equal(anyloop_executor_new(&methods, &self, drop_given, &executor), ANYLOOP_E_INVALID);
    assert_null(executor);
    assert_int_equal(anyloop_executor_shutdown(self.executor, 2, 0), ANYLOOP_E_INVALID);
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 1, &info), ANYLOOP_E_INVALID);
    assert_failed(anyloop_gather(loop, (anyloop_future *[]){give_coroutine(&self)}, 1, 2), ANYLOOP_E_INVALID);
    assert_failed(anyloop_gather_pending(loop, 2), ANYLOOP_E_INVALID);
    assert_failed(anyloop_wait(loop, (anyloop_future *[]){give_future(&self)}, 1, 0, 1), ANYLOOP_E_INVALID);
    assert_failed(anyloop_wait(loop, (anyloop_future *[]){give_future(&self)}, 1, 4, 1), ANYLOOP_E_INVALID);
    assert_failed(anyloop_wait(loop, NULL, 0, ANYLOOP_ALL_COMPLETED, 1), ANYLOOP_E_INVALID);
    assert_failed(anyloop_wait(loop, (anyloop_future *[]){give_coroutine(&self)}, 1, ANYLOOP_ALL_COMPLETED, 1),
                  ANYLOOP_E_TYPE);
    assert_int_equal(anyloop_semaphore_new(loop, 1, 2, &semaphore), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_barrier_new(loop, 0, &barrier), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_queue_new(loop, 0, 3, &queue), ANYLOOP_E_INVALID);
    assert_true(semaphore == NULL && barrier == NULL && queue == NULL);
    world_end(&self);
}

static void d29_only_its_coroutine_completes_a_task_and_only_anyloop_an_operation(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new();
    anyloop_promise *promise;
    world_open(&self, loop);
    anyloop_future *kept, *operation = anyloop_sleep(loop, 1), *coroutine = give_coroutine(&self);
    assert_ok(anyloop_promise_new(loop, &promise, &kept));
    anyloop_future *futures[] = {self.task, coroutine, operation, kept};
    for (size_t i = 0; i < LENGTH(futures); i++) {
        const anyloop_value error = error_of(ANYLOOP_E_USER, "text");
        assert_int_equal(anyloop_future_set_result(futures[i], give_value(&self)), ANYLOOP_E_TYPE);
        assert_int_equal(anyloop_future_set_error(futures[i], &error), ANYLOOP_E_TYPE);
        assert_int_equal(anyloop_future_state(futures[i]), ANYLOOP_PENDING);
    }
    anyloop_future_release(coroutine);
    anyloop_future_release(operation);
    anyloop_future_release(kept);
    anyloop_promise_release(promise);
    world_end(&self);
}

/* ---- steps and jobs */

static void answer_twice(anyloop_job *self, const anyloop_value *in)
{
    anyloop_value_retain(in);
    anyloop_job_return(self, in);
    anyloop_job_raise(self, ANYLOOP_E_USER, "after all");
    anyloop_value_retain(in);
    anyloop_job_return(self, in);
    const anyloop_value value = anyloop_int(3);
    anyloop_job_return(self, &value);
}

static void the_last_answer_of_a_job_counts_and_the_others_are_dropped(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new();
    world_open(&self, loop);
    anyloop_future *future = anyloop_run_in_executor(loop, self.executor, answer_twice, give_value(&self));
    assert_ok(anyloop_loop_run_until_complete(loop, future));
    assert_int_equal(result_of(future), 3);
    assert_int_equal(self.dropped, 1);
    anyloop_future_release(future);
    world_end(&self);
}

struct awaiter {
    anyloop_coro co;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->awaited);
    ANYLOOP_END;
}

static void awaiting_null_is_an_error_at_the_await(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    run_to(loop, ANYLOOP_CORO(loop, awaiter), ANYLOOP_E_INVALID);
    loop_end(loop);
}

static void a_coroutine_that_is_awaited_is_nobody_elses(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *coroutine = anyloop_coroutine_create(loop, "parks", park_step, NULL, 0);
    anyloop_task *first = ANYLOOP_TASK(loop, awaiter, .awaited = anyloop_future_retain(coroutine));
    turn(loop);
    run_to(loop, ANYLOOP_CORO(loop, awaiter, .awaited = anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    run_to(loop, anyloop_timeout(loop, 1, anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    run_to(loop, anyloop_wait_for(loop, anyloop_future_retain(coroutine), 0), ANYLOOP_E_STATE);
    assert_failed(anyloop_create_task(loop, anyloop_future_retain(coroutine), NULL), ANYLOOP_E_STATE);
    assert_failed(anyloop_ensure_future(loop, anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    assert_failed(anyloop_shield(loop, anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    assert_failed(ANYLOOP_GATHER(loop, anyloop_future_retain(coroutine)), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_loop_run_until_complete(loop, coroutine), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_future_add_done_callback(coroutine, on_done, "drop", note), ANYLOOP_E_STATE);
    assert_trace("drop");
    assert_int_equal(anyloop_future_cancel(coroutine, NULL), ANYLOOP_E_STATE);
    assert_int_equal(anyloop_future_state(first), ANYLOOP_PENDING);
    assert_int_equal(anyloop_future_cancel(first, NULL), 1);
    run_to(loop, first, ANYLOOP_OK); /* `park_step` returns whatever comes */
    assert_failed(anyloop_create_task(loop, coroutine, NULL), ANYLOOP_E_STATE);
    loop_end(loop);
}

/* Each of the functions for a running task, of one that is not. */
static void use_as_if_running(world *self, anyloop_task *task)
{
    const anyloop_value error = error_of(ANYLOOP_E_USER, "no");
    assert_int_equal(anyloop_task_await(task, give_future(self), "here"), ANYLOOP_READY);
    assert_int_equal(anyloop_task_await(task, give_coroutine(self), "here"), ANYLOOP_READY);
    assert_int_equal(anyloop_task_await(task, NULL, NULL), ANYLOOP_READY);
    assert_int_equal(anyloop_task_outcome(task), ANYLOOP_FAILED);
    assert_int_equal(anyloop_error_code(anyloop_task_awaited(task)), ANYLOOP_E_STATE);
    anyloop_task_return(task, give_value(self));
    anyloop_task_raise(task, ANYLOOP_E_USER, "no");
    anyloop_task_raise_error(task, &error);
    anyloop_task_raise_error(task, give_value(self));
    anyloop_task_reraise(task);
}

struct meddler {
    anyloop_coro co;
    world *self;
};

ANYLOOP_ASYNC(meddler)
{
    ANYLOOP_BEGIN;
    use_as_if_running(my->self, my->self->task);
    ANYLOOP_RETURN(anyloop_int(5));
    ANYLOOP_END;
}

static void what_belongs_into_a_step_does_nothing_outside(void **state)
{
    (void)state;
    world self;
    anyloop_loop *loop = loop_new();
    world_open(&self, loop);
    use_as_if_running(&self, self.task);
    use_as_if_running(&self, NULL);
    use_as_if_running(&self, self.future);
    use_as_if_running(&self, anyloop_failed(ANYLOOP_E_USER));
    run_to(loop, ANYLOOP_CORO(loop, meddler, .self = &self), ANYLOOP_OK); /* inside another task's step */
    assert_int_equal(anyloop_future_state(self.task), ANYLOOP_PENDING);
    assert_int_equal(anyloop_future_cancel(self.task, NULL), 1);
    assert_ok(anyloop_loop_run_until_complete(loop, self.task));
    assert_int_equal(anyloop_future_result(self.task)->kind, ANYLOOP_NONE);
    world_end(&self);
}

static int32_t ending_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)event;
    const anyloop_value one = anyloop_int(1), two = anyloop_int(2);
    switch (**(int **)frame) {
    case 0:
        anyloop_task_return(task, &one);
        anyloop_task_return(task, &two);
        return ANYLOOP_STEP_RETURN;
    case 1:
        anyloop_task_return(task, &one);
        return ANYLOOP_STEP_RAISE; /* what? */
    case 2:
        anyloop_task_raise(task, ANYLOOP_E_USER, "no");
        return ANYLOOP_STEP_RETURN;
    case 3:
        anyloop_task_raise(task, 5, "no error");
        return ANYLOOP_STEP_RAISE;
    case 4:
        anyloop_task_raise_error(task, &one);
        return ANYLOOP_STEP_RAISE;
    default:
        anyloop_task_reraise(task); /* nothing was awaited */
        return ANYLOOP_STEP_RAISE;
    }
}

static void an_end_that_makes_no_sense_is_a_clear_one(void **state)
{
    (void)state;
    static const anyloop_status expected[] = {ANYLOOP_OK,        ANYLOOP_E_INVALID, ANYLOOP_OK,
                                              ANYLOOP_E_INVALID, ANYLOOP_E_TYPE,    ANYLOOP_E_INVALID};
    anyloop_loop *loop = loop_new();
    for (int i = 0; i < (int)LENGTH(expected); i++) {
        int *which = &i;
        anyloop_task *task = anyloop_task_create(loop, "ends", ending_step, &which, sizeof which);
        assert_int_equal(anyloop_loop_run_until_complete(loop, task), expected[i]);
        if (i == 0)
            assert_int_equal(result_of(task), 2);
        if (i == 2)
            assert_int_equal(anyloop_future_result(task)->kind, ANYLOOP_NONE);
        anyloop_future_release(task);
    }
    loop_end(loop);
}

/* ---- closing */

static void close_inside(void *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_loop_call_soon(loop, note, "dropped", note, NULL), ANYLOOP_E_CLOSED);
    assert_failed(anyloop_sleep(loop, 0), ANYLOOP_E_CLOSED);
    note("closing");
}

/* What is dropped by a close is told that the loop is closed. */
static void a_closing_loop_is_closed_for_the_drops_that_it_runs(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, note, loop, close_inside, NULL));
    assert_ok(anyloop_loop_close(loop));
    assert_trace("dropped closing");
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(what_only_looks_has_an_answer_for_null),
        cmocka_unit_test(null_can_be_released_and_held),
        cmocka_unit_test(what_is_made_needs_a_place_to_put_it),
        cmocka_unit_test(what_is_to_run_or_to_be_awaited_must_be_there),
        cmocka_unit_test(flags_orders_and_counts_that_there_are_not_are_refused),
        cmocka_unit_test(d29_only_its_coroutine_completes_a_task_and_only_anyloop_an_operation),
        cmocka_unit_test(the_last_answer_of_a_job_counts_and_the_others_are_dropped),
        cmocka_unit_test(awaiting_null_is_an_error_at_the_await),
        cmocka_unit_test(a_coroutine_that_is_awaited_is_nobody_elses),
        cmocka_unit_test(what_belongs_into_a_step_does_nothing_outside),
        cmocka_unit_test(an_end_that_makes_no_sense_is_a_clear_one),
        cmocka_unit_test(a_closing_loop_is_closed_for_the_drops_that_it_runs),
    };
    return cmocka_run_group_tests_name("misuse", cases, NULL, NULL);
}
