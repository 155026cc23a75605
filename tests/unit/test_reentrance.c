/* Users' code that calls back at awkward moments: drops, cleanups, hooks and steps that close, turn, cancel, await or
 * let go of what calls them; waits that hold themselves; what is handed over and not taken.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

/* What a drop or a hook works on, and how often it ran. */
typedef struct awkward {
    anyloop_loop *loop;
    anyloop_future *future;
    int times;
} awkward;

static anyloop_status turn_once(anyloop_loop *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    return anyloop_loop_turn(loop, 0, NULL, 0, &info);
}

static void refuse_close_and_turn(void *user_data)
{
    awkward *self = user_data;
    self->times++;
    assert_int_equal(anyloop_loop_close(self->loop), ANYLOOP_E_RUNNING);
    assert_int_equal(turn_once(self->loop), ANYLOOP_E_RUNNING);
}

static void close_now(void *user_data)
{
    awkward *self = user_data;
    self->times++;
    assert_ok(anyloop_loop_close(self->loop));
}

static void release_loop(void *user_data)
{
    awkward *self = user_data;
    if (self->times++ == 0)
        anyloop_loop_release(self->loop);
}

static anyloop_value dropped_by(anyloop_drop_fn drop, void *user_data)
{
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_value_foreign(NULL, user_data, drop, &value));
    return value;
}

/* In place of `loop_end`, where the last handle went on the way. */
static void assert_loop_gone(void)
{
    assert_string_equal(said.text, "");
    assert_int_equal(memory.blocks, 0);
}

static void queue_some(anyloop_loop *loop, anyloop_drop_fn drop, void *user_data)
{
    for (int i = 0; i < 3; i++) {
        assert_ok(anyloop_loop_call_soon(loop, note, user_data, drop, NULL));
        assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, user_data, drop));
        assert_ok(anyloop_loop_call_later(loop, 1000 + i, note, user_data, drop, NULL));
    }
}

/* ---- at the close */

static void a_drop_at_the_close_neither_closes_nor_turns(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    queue_some(loop, refuse_close_and_turn, &self);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(self.times, 9);
    loop_end(loop);
}

static void a_drop_at_the_close_may_let_go_of_the_last_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    queue_some(loop, release_loop, &self);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(self.times, 9);
    assert_loop_gone();
}

static struct {
    anyloop_handle *handles[2000];
    int dropped, inside, deepest;
} chain;

static void cancel_next(void *number)
{
    const size_t next = (size_t)(uintptr_t)number + 1;
    chain.dropped++;
    if (++chain.inside > chain.deepest)
        chain.deepest = chain.inside;
    if (next < LENGTH(chain.handles))
        anyloop_handle_cancel(chain.handles[next]);
    chain.inside--;
}

static void drops_at_the_close_that_each_cancel_the_next_timer_do_not_pile_up(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    chain.dropped = chain.inside = chain.deepest = 0;
    for (size_t i = 0; i < LENGTH(chain.handles); i++) {
        void *number = (void *)(uintptr_t)i;
        assert_ok(anyloop_loop_call_later(loop, 1000 + (int64_t)i, note, number, cancel_next, &chain.handles[i]));
    }
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(chain.dropped, LENGTH(chain.handles));
    assert_in_range(chain.deepest, 1, 2); /* the stack does not grow with their number */
    for (size_t i = 0; i < LENGTH(chain.handles); i++)
        anyloop_handle_release(chain.handles[i]);
    loop_end(loop);
}

struct stubborn {
    anyloop_coro co;
    awkward *self;
};

ANYLOOP_ASYNC(stubborn)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    ANYLOOP_FINALLY;
    refuse_close_and_turn(my->self);
    anyloop_future_cancel(my->co.task, NULL);
    assert_int_equal(anyloop_task_await(my->co.task, anyloop_sleep(my->co.loop, 5), NULL), ANYLOOP_READY);
    assert_int_equal(anyloop_task_outcome(my->co.task), ANYLOOP_CLOSED);
    ANYLOOP_END;
}

static void a_cleanup_at_the_close_that_closes_turns_cancels_and_awaits_is_run_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    anyloop_task *task = ANYLOOP_TASK(loop, stubborn, .self = &self);
    turn(loop);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(self.times, 1);
    anyloop_future_release(task);
    loop_end(loop);
}

/* ---- drops of frames */

struct owner {
    anyloop_task *running;
    anyloop_future **handle;
    int *dropped;
};

static void await_again(void *frame)
{
    struct owner *my = frame;
    anyloop_loop *loop = anyloop_task_loop(my->running);
    ++*my->dropped;
    assert_int_equal(anyloop_task_await(my->running, anyloop_sleep(loop, 5), NULL), ANYLOOP_READY);
}

static int32_t step_return(void *frame, anyloop_task *task, uint32_t event)
{
    (void)event;
    ((struct owner *)frame)->running = task;
    return ANYLOOP_STEP_RETURN;
}

static anyloop_future *owner_new(anyloop_loop *loop, struct owner frame, anyloop_drop_fn drop)
{
    const anyloop_coroutine_options options = {
        .struct_size = sizeof options, .step = step_return, .frame = &frame, .frame_size = sizeof frame, .drop = drop};
    return anyloop_coroutine_create_with(loop, &options);
}

struct parent {
    anyloop_coro co;
    int *dropped;
};

ANYLOOP_ASYNC(parent)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(owner_new(my->co.loop, (struct owner){.dropped = my->dropped}, await_again));
    note("awaited");
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 5));
    note("slept");
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void a_frames_drop_awaits_nothing_and_the_task_goes_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    run_to(loop, ANYLOOP_TASK(loop, parent, .dropped = &dropped), ANYLOOP_OK);
    assert_trace("awaited slept");
    run_to(loop, owner_new(loop, (struct owner){.dropped = &dropped}, await_again), ANYLOOP_OK);
    assert_int_equal(dropped, 2);
    loop_end(loop);
}

static void release_own_handle(void *frame)
{
    struct owner *my = frame;
    ++*my->dropped;
    anyloop_future_release(*my->handle);
}

static void a_coroutine_that_is_cancelled_may_let_go_of_its_own_last_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_future *handle = NULL;
    handle = owner_new(loop, (struct owner){.handle = &handle, .dropped = &dropped}, release_own_handle);
    assert_int_equal(anyloop_future_cancel(handle, NULL), 1);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

/* ---- drops of values */

static struct {
    anyloop_contextvar *var;
    anyloop_status got;
} seen;

static void look_at_context(void *user_data)
{
    awkward *self = user_data;
    anyloop_value value = anyloop_none();
    self->times++;
    seen.got = anyloop_contextvar_get(self->loop, seen.var, &value);
    anyloop_value_release(&value);
}

struct setter {
    anyloop_coro co;
    awkward *self;
};

ANYLOOP_ASYNC(setter)
{
    ANYLOOP_BEGIN;
    {
        const anyloop_value value = dropped_by(look_at_context, my->self);
        assert_ok(anyloop_contextvar_set(my->co.loop, seen.var, &value));
    }
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void a_contexts_value_looks_at_the_context_while_it_is_dropped(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    assert_ok(anyloop_contextvar_new("v", &seen.var));
    const anyloop_value first = dropped_by(look_at_context, &self);
    assert_ok(anyloop_contextvar_set(loop, seen.var, &first));
    assert_ok(anyloop_contextvar_set(loop, seen.var, ANYLOOP_VALUE(anyloop_int(1))));
    assert_int_equal(self.times, 1); /* it was replaced, and the new one was there */
    assert_ok(seen.got);
    run_to(loop, ANYLOOP_TASK(loop, setter, .self = &self), ANYLOOP_OK);
    assert_int_equal(self.times, 2); /* with the task: it sees the loop's own context again */
    assert_ok(seen.got);
    anyloop_contextvar_release(seen.var);
    loop_end(loop);
}

static void set_another(void *user_data)
{
    awkward *self = user_data;
    const anyloop_value another = dropped_by(look_at_context, self);
    assert_ok(anyloop_contextvar_set(self->loop, seen.var, &another));
}

struct replaced {
    anyloop_coro co;
    awkward *self;
};

ANYLOOP_ASYNC(replaced)
{
    ANYLOOP_BEGIN;
    {
        const anyloop_value value = dropped_by(set_another, my->self);
        assert_ok(anyloop_contextvar_set(my->co.loop, seen.var, &value));
    }
    ANYLOOP_END;
}

static void what_a_drop_sets_while_its_context_goes_is_dropped_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    assert_ok(anyloop_contextvar_new("v", &seen.var));
    run_to(loop, ANYLOOP_TASK(loop, replaced, .self = &self), ANYLOOP_OK);
    assert_int_equal(self.times, 0); /* the loop's own context has it */
    assert_ok(anyloop_contextvar_set(loop, seen.var, ANYLOOP_VALUE(anyloop_none())));
    assert_int_equal(self.times, 1);
    anyloop_contextvar_release(seen.var);
    loop_end(loop);
}

static anyloop_status count_visit(void *user_data, const anyloop_task_info *info)
{
    awkward *self = user_data;
    (void)info;
    self->times++;
    return ANYLOOP_OK;
}

static void visit_tasks(void *user_data)
{
    awkward *self = user_data;
    assert_ok(anyloop_loop_visit_tasks(self->loop, count_visit, self));
}

struct cancelled_late {
    anyloop_coro co;
    awkward *self;
};

ANYLOOP_ASYNC(cancelled_late)
{
    ANYLOOP_BEGIN;
    assert_int_equal(anyloop_future_cancel(my->co.task, NULL), 1);
    {
        const anyloop_value result = dropped_by(visit_tasks, my->self);
        ANYLOOP_RETURN(result);
    }
    ANYLOOP_END;
}

static void a_group_that_ends_may_be_visited(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    anyloop_group *group;
    assert_ok(anyloop_group_new(loop, &group));
    anyloop_future *operation = anyloop_group_run(group, ANYLOOP_CORO(loop, cancelled_late, .self = &self));
    anyloop_group_release(group);
    run_to(loop, operation, ANYLOOP_E_CANCELLED);
    assert_int_equal(self.times, 1);
    loop_end(loop);
}

static void ask_for_a_report(void *user_data)
{
    awkward *self = user_data;
    char report[64] = "x";
    self->times++;
    assert_int_equal(anyloop_loop_stall_report(self->loop, report, sizeof report), 0);
    assert_string_equal(report, "");
}

struct reported {
    anyloop_coro co;
    anyloop_future *future;
};

ANYLOOP_ASYNC(reported)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->future);
    ANYLOOP_END;
}

static void noted(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    note("done");
}

static void there_is_no_report_while_the_loop_closes(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    anyloop_task *inner = ANYLOOP_TASK(loop, reported, .future = future_new(loop));
    assert_ok(anyloop_future_add_done_callback(inner, noted, &self, ask_for_a_report));
    anyloop_future_release(ANYLOOP_TASK(loop, reported, .future = inner));
    turns(loop, 2);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(self.times, 1);
    loop_end(loop);
}

static void cancel_again(void *user_data)
{
    awkward *self = user_data;
    self->times++;
    assert_int_equal(anyloop_future_cancel(self->future, NULL), 1);
}

static void a_cancel_reason_whose_drop_cancels_again_leaves_the_task_cancelled(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.future = anyloop_ensure_future(loop, anyloop_sleep(loop, ANYLOOP_FOREVER))};
    const anyloop_value payload = dropped_by(cancel_again, &self);
    const anyloop_error_options options = {.struct_size = sizeof options, .code = ANYLOOP_E_USER, .foreign = &payload};
    anyloop_value reason = anyloop_none();
    assert_ok(anyloop_value_error_with(NULL, &options, &reason));
    assert_int_equal(anyloop_future_cancel(self.future, &reason), 1);
    assert_int_equal(anyloop_future_cancel(self.future, NULL), 1);
    assert_int_equal(self.times, 1);
    run_to(loop, self.future, ANYLOOP_E_CANCELLED);
    loop_end(loop);
}

static void a_results_drop_may_close_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    int dropped = 0;
    anyloop_future *future = future_new(loop);
    const anyloop_value value = dropped_by(close_now, &self);
    assert_ok(anyloop_future_set_result(future, &value));
    queue_some(loop, count, &dropped);
    anyloop_future_release(future);
    assert_int_equal(self.times, 1);
    assert_int_equal(dropped, 9);
    loop_end(loop);
}

static void a_results_drop_may_let_go_of_the_last_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    awkward self = {.loop = loop};
    int dropped = 0;
    anyloop_future *future = future_new(loop);
    const anyloop_value value = dropped_by(release_loop, &self);
    assert_ok(anyloop_future_set_result(future, &value));
    queue_some(loop, count, &dropped);
    anyloop_future_release(future);
    assert_int_equal(dropped, 9);
    assert_loop_gone();
}

static struct {
    anyloop_queue *queue;
    int dropped;
} shut;

static void release_queue(void *user_data)
{
    (void)user_data;
    if (shut.dropped++ == 0)
        anyloop_queue_release(shut.queue);
}

static void an_items_drop_may_let_go_of_the_queue_that_is_shut_down(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    shut.dropped = 0;
    assert_ok(anyloop_queue_new(loop, 0, 0, &shut.queue));
    for (int i = 0; i < 3; i++) {
        const anyloop_value item = dropped_by(release_queue, loop);
        assert_ok(anyloop_queue_put_nowait(shut.queue, &item, 0));
    }
    assert_ok(anyloop_queue_shutdown(shut.queue, 1));
    assert_int_equal(shut.dropped, 3);
    loop_end(loop);
}

/* ---- executors of one's own */

static void job(anyloop_job *self, const anyloop_value *in)
{
    (void)self, (void)in;
}

static struct {
    anyloop_job *job;
    awkward self;
} foreign;

static anyloop_status submit_keep(void *user_data, anyloop_job *kept)
{
    (void)user_data;
    foreign.job = kept;
    return ANYLOOP_OK;
}

static anyloop_status submit_close(void *user_data, anyloop_job *refused)
{
    (void)user_data, (void)refused;
    close_now(&foreign.self);
    return ANYLOOP_E_FULL;
}

static void hook_close_and_turn(void *user_data, anyloop_job *cancelled)
{
    (void)user_data, (void)cancelled;
    refuse_close_and_turn(&foreign.self);
}

static void hook_release_loop(void *user_data, anyloop_job *cancelled)
{
    (void)user_data, (void)cancelled;
    release_loop(&foreign.self);
}

static void hook_cancel_awaiter(void *user_data, anyloop_job *cancelled)
{
    (void)user_data, (void)cancelled;
    cancel_again(&foreign.self);
}

static anyloop_executor *executor_of(anyloop_loop *loop,
                                     anyloop_status (*submit)(void *user_data, anyloop_job *submitted),
                                     void (*cancel)(void *user_data, anyloop_job *cancelled))
{
    const anyloop_executor_methods methods = {.struct_size = sizeof methods, .submit = submit, .cancel = cancel};
    anyloop_executor *executor = NULL;
    foreign.self = (awkward){.loop = loop};
    assert_ok(anyloop_executor_new(&methods, NULL, NULL, &executor));
    return executor;
}

struct awaiter {
    anyloop_coro co;
    anyloop_future *future;
};

ANYLOOP_ASYNC(awaiter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->future);
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void a_cancel_hook_neither_closes_nor_turns_amid_the_walk_of_a_cancel(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_executor *executor = executor_of(loop, submit_keep, hook_close_and_turn);
    anyloop_future *future = anyloop_run_in_executor(loop, executor, job, NULL);
    anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .future = anyloop_gather(loop, &future, 1, 0));
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_int_equal(foreign.self.times, 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    anyloop_job_finish(foreign.job);
    anyloop_executor_release(executor);
    loop_end(loop);
}

static void a_cancel_hook_may_cancel_who_awaits_what_is_being_cancelled(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_executor *executor = executor_of(loop, submit_keep, hook_cancel_awaiter);
    anyloop_future *children[] = {anyloop_run_in_executor(loop, executor, job, NULL),
                                  anyloop_ensure_future(loop, anyloop_sleep(loop, ANYLOOP_FOREVER))};
    anyloop_future *gathered = anyloop_gather(loop, children, LENGTH(children), 0);
    foreign.self.future = ANYLOOP_TASK(loop, awaiter, .future = anyloop_future_retain(gathered));
    turn(loop);
    assert_int_equal(anyloop_future_cancel(gathered, NULL), 1);
    assert_int_equal(foreign.self.times, 1);
    run_to(loop, foreign.self.future, ANYLOOP_E_CANCELLED);
    assert_int_not_equal(anyloop_future_state(gathered), ANYLOOP_PENDING);
    anyloop_future_error(gathered);
    anyloop_future_release(gathered);
    anyloop_job_finish(foreign.job);
    anyloop_executor_release(executor);
    loop_end(loop);
}

static void a_cancel_hook_may_let_go_of_the_loops_last_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_executor *executor = executor_of(loop, submit_keep, hook_release_loop);
    anyloop_future *future = anyloop_run_in_executor(loop, executor, job, NULL);
    queue_some(loop, count, &dropped);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    assert_int_equal(dropped, 9);
    anyloop_job_finish(foreign.job);
    anyloop_future_release(future);
    anyloop_executor_release(executor);
    assert_loop_gone();
}

static void a_submit_may_close_the_loop_and_refuse_the_job(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_executor *executor = executor_of(loop, submit_close, NULL);
    assert_failed(anyloop_run_in_executor(loop, executor, job, NULL), ANYLOOP_E_FULL);
    assert_int_equal(foreign.self.times, 1);
    anyloop_executor_release(executor);
    loop_end(loop);
}

/* ---- pulled steps */

static anyloop_future *pulled(anyloop_loop *loop, uint64_t number, anyloop_drop_fn drop, awkward *self)
{
    const anyloop_coroutine_options options = {
        .struct_size = sizeof options, .user_data = number, .frame = &self, .frame_size = sizeof self, .drop = drop};
    return anyloop_coroutine_create_with(loop, &options);
}

static void frame_close_and_turn(void *frame)
{
    refuse_close_and_turn(*(awkward **)frame);
}

static void frame_release_loop(void *frame)
{
    release_loop(*(awkward **)frame);
}

static void an_answers_drop_neither_closes_nor_turns(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host driver = host_of(loop, 8);
    awkward self = {.loop = loop};
    anyloop_future_release(anyloop_create_task(loop, pulled(loop, 1, frame_close_and_turn, &self), NULL));
    expect(&driver, "start1");
    assert_ok(anyloop_task_stepped(driver.task, ANYLOOP_STEP_RETURN));
    assert_int_equal(self.times, 1);
    loop_end(loop);
}

static void an_answers_drop_may_let_go_of_the_last_handle(void **state)
{
    (void)state;
    for (int closing = 0; closing <= 1; closing++) {
        anyloop_loop *loop = loop_new();
        host driver = host_of(loop, 8);
        awkward self = {.loop = loop};
        anyloop_future_release(anyloop_create_task(loop, pulled(loop, 1, frame_release_loop, &self), NULL));
        expect(&driver, "start1");
        if (closing) {
            assert_ok(anyloop_task_stepped(driver.task, ANYLOOP_STEP_YIELD));
            assert_int_equal(anyloop_loop_close(loop), ANYLOOP_E_AGAIN);
            expect(&driver, "close1");
        }
        assert_ok(anyloop_task_stepped(driver.task, ANYLOOP_STEP_RETURN));
        assert_int_equal(self.times, 1);
        assert_loop_gone();
    }
}

struct mixed {
    anyloop_coro co;
    awkward *self;
};

ANYLOOP_ASYNC(mixed)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(pulled(my->co.loop, 1, NULL, NULL));
    refuse_close_and_turn(my->self);
    assert_int_equal(anyloop_loop_run_forever(my->co.loop), ANYLOOP_E_RUNNING);
    assert_ptr_equal(anyloop_current_task(my->co.loop), my->co.task);
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void a_step_that_an_answer_resumes_neither_closes_nor_turns_nor_runs(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host driver = host_of(loop, 8);
    awkward self = {.loop = loop};
    anyloop_task *task = ANYLOOP_TASK(loop, mixed, .self = &self);
    expect(&driver, "start1");
    assert_ok(anyloop_task_stepped(driver.task, ANYLOOP_STEP_RETURN));
    run_to(loop, task, ANYLOOP_OK);
    assert_int_equal(self.times, 1);
    loop_end(loop);
}

static void a_step_that_waits_to_be_told_outlasts_an_eager_task(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host driver = host_of(loop, 8);
    const anyloop_task_options eagerly = {.struct_size = sizeof eagerly, .flags = ANYLOOP_TASK_EAGER};
    assert_ok(anyloop_loop_call_soon(loop, NULL, (void *)(uintptr_t)3, NULL, NULL));
    anyloop_task *task = ANYLOOP_TASK(loop, awaiter, .future = pulled(loop, 1, NULL, NULL));
    expect(&driver, "call3");
    anyloop_task *eager = anyloop_create_task(loop, pulled(loop, 2, NULL, NULL), &eagerly);
    assert_ptr_equal(anyloop_current_task(loop), eager);
    assert_ok(anyloop_task_stepped(eager, ANYLOOP_STEP_RETURN));
    expect(&driver, "start1");
    assert_ok(anyloop_task_stepped(driver.task, ANYLOOP_STEP_RETURN));
    run_to(loop, task, ANYLOOP_OK);
    anyloop_future_release(eager);
    loop_end(loop);
}

static int32_t await_and_answer(void *frame, anyloop_task *task, uint32_t event)
{
    if (event == ANYLOOP_EVENT_START)
        assert_int_equal(anyloop_task_await(task, anyloop_sleep(anyloop_task_loop(task), 5), NULL), ANYLOOP_PENDING);
    return event == ANYLOOP_EVENT_START ? *(int32_t *)frame : ANYLOOP_STEP_RETURN;
}

static void what_was_awaited_and_then_not_meant_is_given_back(void **state)
{
    (void)state;
    const int32_t answers[] = {ANYLOOP_STEP_RETURN, ANYLOOP_STEP_YIELD, ANYLOOP_STEP_CANCELLED};
    const anyloop_status ends[] = {ANYLOOP_OK, ANYLOOP_OK, ANYLOOP_E_CANCELLED};
    for (size_t i = 0; i < LENGTH(answers); i++) {
        anyloop_loop *loop = loop_new();
        run_to(loop, anyloop_task_create(loop, "t", await_and_answer, &answers[i], sizeof answers[i]), ends[i]);
        loop_end(loop);
    }
}

/* ---- waits that hold themselves: the close must give them back */

typedef anyloop_future *(*around_fn)(anyloop_loop *loop, anyloop_future *inner);

static anyloop_future *by_shield(anyloop_loop *loop, anyloop_future *inner)
{
    return anyloop_shield(loop, inner);
}

static anyloop_future *by_shielded_gather(anyloop_loop *loop, anyloop_future *inner)
{
    return anyloop_shield(loop, anyloop_gather(loop, &inner, 1, 0));
}

static anyloop_future *by_wait(anyloop_loop *loop, anyloop_future *inner)
{
    return anyloop_wait(loop, &inner, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER);
}

static anyloop_future *by_wait_for(anyloop_loop *loop, anyloop_future *inner)
{
    return anyloop_wait_for(loop, inner, ANYLOOP_SECONDS(1));
}

static anyloop_future *by_completions(anyloop_loop *loop, anyloop_future *inner)
{
    anyloop_completions *completions = NULL;
    assert_ok(anyloop_as_completed(loop, &inner, 1, ANYLOOP_FOREVER, &completions));
    anyloop_future *next = anyloop_completions_next(completions);
    anyloop_completions_release(completions);
    return next;
}

static const around_fn arounds[] = {by_shield, by_shielded_gather, by_wait, by_completions, by_wait_for};

struct circle {
    anyloop_coro co;
    around_fn around;
    anyloop_task **other;
};

ANYLOOP_ASYNC(circle)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(my->around(my->co.loop, anyloop_future_retain(*my->other)));
    ANYLOOP_FINALLY;
    note("cleaned");
    ANYLOOP_END;
}

static void a_task_that_waits_for_itself_is_given_back_by_the_close(void **state)
{
    (void)state;
    for (size_t i = 0; arounds[i] != by_wait_for; i++) { /* that one is told at its await */
        anyloop_loop *loop = loop_new();
        anyloop_task *task = NULL;
        task = ANYLOOP_TASK(loop, circle, .around = arounds[i], .other = &task);
        turns(loop, 2);
        anyloop_future_release(task);
        assert_ok(anyloop_loop_close(loop));
        assert_trace("cleaned");
        loop_end(loop);
    }
}

static void two_tasks_that_wait_for_each_other_are_given_back_by_the_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(arounds); i++) {
        anyloop_loop *loop = loop_new();
        anyloop_task *a = NULL, *b = NULL;
        a = ANYLOOP_TASK(loop, circle, .around = arounds[i], .other = &b);
        b = ANYLOOP_TASK(loop, circle, .around = arounds[i], .other = &a);
        turns(loop, 2);
        anyloop_future_release(a);
        anyloop_future_release(b);
        assert_ok(anyloop_loop_close(loop));
        assert_trace("cleaned cleaned");
        loop_end(loop);
    }
}

struct gatherer {
    anyloop_coro co;
    anyloop_future *future;
};

ANYLOOP_ASYNC(gatherer)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(ANYLOOP_GATHER(my->co.loop, anyloop_future_retain(my->co.task), my->future));
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void a_done_gather_of_its_own_task_is_given_back_by_the_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_task *task = ANYLOOP_TASK(loop, gatherer, .future = anyloop_future_retain(future));
    turn(loop);
    assert_int_equal(anyloop_future_cancel(future, NULL), 1);
    turn(loop); /* the gather is done, its task ready and not stepped */
    assert_int_equal(anyloop_future_state(task), ANYLOOP_PENDING);
    anyloop_future_release(task);
    anyloop_future_release(future);
    assert_ok(anyloop_loop_close(loop));
    assert_said("Future exception was never retrieved: ANYLOOP_E_CANCELLED");
    loop_end(loop);
}

/* ---- places and units that nobody takes */

static void a_bounded_semaphore_above_its_bound_refuses_units_after_a_cancelled_hand_over(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_semaphore *semaphore = NULL;
    assert_ok(anyloop_semaphore_new(loop, 1, ANYLOOP_SEMAPHORE_BOUNDED, &semaphore));
    run_to(loop, anyloop_semaphore_acquire(semaphore), ANYLOOP_OK);
    anyloop_future *waiter = anyloop_ensure_future(loop, anyloop_semaphore_acquire(semaphore));
    turn(loop);
    assert_ok(anyloop_semaphore_post(semaphore)); /* handed over */
    assert_int_equal(anyloop_future_cancel(waiter, NULL), 1);
    assert_ok(anyloop_semaphore_post(semaphore));
    run_to(loop, waiter, ANYLOOP_E_CANCELLED); /* it gives its unit back: two, and the bound is one */
    assert_int_equal(anyloop_semaphore_post(semaphore), ANYLOOP_E_STATE);
    run_to(loop, anyloop_semaphore_acquire(semaphore), ANYLOOP_OK);
    assert_int_equal(anyloop_semaphore_locked(semaphore), 0);
    run_to(loop, anyloop_semaphore_acquire(semaphore), ANYLOOP_OK);
    assert_int_equal(anyloop_semaphore_locked(semaphore), 1);
    anyloop_semaphore_release(semaphore);
    loop_end(loop);
}

struct putter {
    anyloop_coro co;
    anyloop_queue *queue;
};

ANYLOOP_ASYNC(putter)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_queue_put(my->queue, NULL, 1));
    memory.fail_at = 0;
    note(anyloop_task_outcome(my->co.task) == ANYLOOP_RESULT                        ? "put"
         : anyloop_error_code(anyloop_task_awaited(my->co.task)) == ANYLOOP_E_NOMEM ? "nomem"
                                                                                    : "wrong");
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static void take_one_and_starve(void *queue)
{
    anyloop_value item = anyloop_none();
    assert_ok(anyloop_queue_get_nowait(queue, &item));
    memory.fail_at = memory.asked + 1;
    memory.fail_all = 1;
}

/* An item of a priority queue is an object: a request of its own under the sanitizers, and of a slab's leftovers without. */
static int objects_ask_for_memory(anyloop_queue *queue)
{
    anyloop_value item = anyloop_none();
    size_t before = memory.asked;
    assert_ok(anyloop_queue_get_nowait(queue, &item));
    assert_ok(anyloop_queue_put_nowait(queue, NULL, 0));
    return memory.asked != before;
}

static void a_put_that_fails_for_memory_passes_its_place_on(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_queue *queue = NULL;
    assert_ok(anyloop_queue_new(loop, 1, ANYLOOP_QUEUE_PRIORITY, &queue));
    assert_ok(anyloop_queue_put_nowait(queue, NULL, 0));
    if (!objects_ask_for_memory(queue)) {
        anyloop_queue_release(queue);
        loop_end(loop);
        skip();
    }
    anyloop_task *first = ANYLOOP_TASK(loop, putter, .queue = queue);
    anyloop_task *second = ANYLOOP_TASK(loop, putter, .queue = queue);
    turn(loop);
    assert_ok(anyloop_loop_call_soon(loop, take_one_and_starve, queue, NULL, NULL));
    run_to(loop, second, ANYLOOP_OK);
    assert_trace("nomem put");
    assert_int_equal(anyloop_queue_qsize(queue), 1);
    anyloop_future_release(first);
    anyloop_queue_release(queue);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_drop_at_the_close_neither_closes_nor_turns),
        cmocka_unit_test(a_drop_at_the_close_may_let_go_of_the_last_handle),
        cmocka_unit_test(drops_at_the_close_that_each_cancel_the_next_timer_do_not_pile_up),
        cmocka_unit_test(a_cleanup_at_the_close_that_closes_turns_cancels_and_awaits_is_run_once),
        cmocka_unit_test(a_frames_drop_awaits_nothing_and_the_task_goes_on),
        cmocka_unit_test(a_coroutine_that_is_cancelled_may_let_go_of_its_own_last_handle),
        cmocka_unit_test(a_contexts_value_looks_at_the_context_while_it_is_dropped),
        cmocka_unit_test(what_a_drop_sets_while_its_context_goes_is_dropped_too),
        cmocka_unit_test(a_group_that_ends_may_be_visited),
        cmocka_unit_test(there_is_no_report_while_the_loop_closes),
        cmocka_unit_test(a_cancel_reason_whose_drop_cancels_again_leaves_the_task_cancelled),
        cmocka_unit_test(a_results_drop_may_close_the_loop),
        cmocka_unit_test(a_results_drop_may_let_go_of_the_last_handle),
        cmocka_unit_test(an_items_drop_may_let_go_of_the_queue_that_is_shut_down),
        cmocka_unit_test(a_cancel_hook_neither_closes_nor_turns_amid_the_walk_of_a_cancel),
        cmocka_unit_test(a_cancel_hook_may_cancel_who_awaits_what_is_being_cancelled),
        cmocka_unit_test(a_cancel_hook_may_let_go_of_the_loops_last_handle),
        cmocka_unit_test(a_submit_may_close_the_loop_and_refuse_the_job),
        cmocka_unit_test(an_answers_drop_neither_closes_nor_turns),
        cmocka_unit_test(an_answers_drop_may_let_go_of_the_last_handle),
        cmocka_unit_test(a_step_that_an_answer_resumes_neither_closes_nor_turns_nor_runs),
        cmocka_unit_test(a_step_that_waits_to_be_told_outlasts_an_eager_task),
        cmocka_unit_test(what_was_awaited_and_then_not_meant_is_given_back),
        cmocka_unit_test(a_task_that_waits_for_itself_is_given_back_by_the_close),
        cmocka_unit_test(two_tasks_that_wait_for_each_other_are_given_back_by_the_close),
        cmocka_unit_test(a_done_gather_of_its_own_task_is_given_back_by_the_close),
        cmocka_unit_test(a_bounded_semaphore_above_its_bound_refuses_units_after_a_cancelled_hand_over),
        cmocka_unit_test(a_put_that_fails_for_memory_passes_its_place_on),
    };
    return cmocka_run_group_tests_name("reentrance", cases, NULL, NULL);
}
