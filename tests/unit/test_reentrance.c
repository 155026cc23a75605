/* Users' code that calls back at awkward moments: drops, cleanups, hooks and steps that close, turn, cancel, await or let
 * go of what calls them; and waits that hold themselves.
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
    int dropped;
} chain;

static void cancel_next(void *number)
{
    const size_t next = (size_t)(uintptr_t)number + 1;
    chain.dropped++;
    if (next < LENGTH(chain.handles))
        anyloop_handle_cancel(chain.handles[next]);
}

static void a_chain_of_timers_whose_drops_cancel_the_next_ends_with_the_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    chain.dropped = 0;
    for (size_t i = 0; i < LENGTH(chain.handles); i++) {
        void *number = (void *)(uintptr_t)i;
        assert_ok(anyloop_loop_call_later(loop, 1000 + (int64_t)i, note, number, cancel_next, &chain.handles[i]));
    }
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(chain.dropped, LENGTH(chain.handles));
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
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .step = step_return,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = drop};
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
    assert_int_equal(self.times, 2); /* with the task, whose context is no more */
    assert_int_equal(seen.got, ANYLOOP_E_NOT_FOUND);
    anyloop_contextvar_release(seen.var);
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

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_drop_at_the_close_neither_closes_nor_turns),
        cmocka_unit_test(a_drop_at_the_close_may_let_go_of_the_last_handle),
        cmocka_unit_test(a_chain_of_timers_whose_drops_cancel_the_next_ends_with_the_close),
        cmocka_unit_test(a_cleanup_at_the_close_that_closes_turns_cancels_and_awaits_is_run_once),
        cmocka_unit_test(a_frames_drop_awaits_nothing_and_the_task_goes_on),
        cmocka_unit_test(a_coroutine_that_is_cancelled_may_let_go_of_its_own_last_handle),
        cmocka_unit_test(a_contexts_value_looks_at_the_context_while_it_is_dropped),
        cmocka_unit_test(a_cancel_reason_whose_drop_cancels_again_leaves_the_task_cancelled),
        cmocka_unit_test(a_results_drop_may_close_the_loop),
        cmocka_unit_test(a_results_drop_may_let_go_of_the_last_handle),
        cmocka_unit_test(an_items_drop_may_let_go_of_the_queue_that_is_shut_down),
    };
    return cmocka_run_group_tests_name("reentrance", cases, NULL, NULL);
}
