/* Context variables: who sees what was set where.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static anyloop_contextvar *var;

static anyloop_contextvar *var_new(const char *name)
{
    anyloop_contextvar *made = NULL;
    assert_ok(anyloop_contextvar_new(name, &made));
    return made;
}

static void set(anyloop_loop *loop, int64_t number)
{
    anyloop_value value = anyloop_int(number);
    assert_ok(anyloop_contextvar_set(loop, var, &value));
}

/* -1: never set. */
static int64_t get(anyloop_loop *loop)
{
    anyloop_value value = anyloop_int(-1);
    anyloop_status status = anyloop_contextvar_get(loop, var, &value);
    assert_int_equal(status, anyloop_to_int(&value) == -1 ? ANYLOOP_E_NOT_FOUND : ANYLOOP_OK);
    return anyloop_to_int(&value);
}

static int64_t get_from(anyloop_context *context)
{
    anyloop_value value = anyloop_int(-1);
    anyloop_status status = anyloop_context_get(context, var, &value);
    assert_int_equal(status, anyloop_to_int(&value) == -1 ? ANYLOOP_E_NOT_FOUND : ANYLOOP_OK);
    return anyloop_to_int(&value);
}

static anyloop_context *copy_context(anyloop_loop *loop)
{
    anyloop_context *context = NULL;
    assert_ok(anyloop_context_copy(loop, &context));
    return context;
}

struct seer {
    anyloop_coro co;
    int64_t sets, before; /* what it sets; what it saw before */
};

ANYLOOP_ASYNC(seer)
{
    ANYLOOP_BEGIN;
    my->before = get(my->co.loop);
    if (my->sets)
        set(my->co.loop, my->sets);
    ANYLOOP_YIELD;
    assert_int_equal(get(my->co.loop), my->sets ? my->sets : my->before);
    ANYLOOP_RETURN(anyloop_int(my->before));
    ANYLOOP_END;
}

static int64_t run_seer(anyloop_loop *loop, anyloop_task *task)
{
    assert_ok(anyloop_loop_run_until_complete(loop, task));
    int64_t seen = result_of(task);
    anyloop_future_release(task);
    return seen;
}

static void what_was_never_set_is_not_found(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_int_equal(get(loop), -1);
    assert_null(copy_context(loop));
    assert_int_equal(get_from(NULL), -1);
    loop_end(loop);
}

static void a_task_gets_a_copy_of_its_makers_context_and_keeps_its_own_to_itself(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    set(loop, 1);
    anyloop_task *task = ANYLOOP_TASK(loop, seer, .sets = 5);
    set(loop, 2); /* too late for that task */
    assert_int_equal(run_seer(loop, task), 1);
    assert_int_equal(get(loop), 2);
    assert_int_equal(run_seer(loop, ANYLOOP_TASK(loop, seer)), 2);
    loop_end(loop);
}

struct caller {
    anyloop_coro co;
};

ANYLOOP_ASYNC(caller)
{
    ANYLOOP_BEGIN;
    set(my->co.loop, 3);
    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, seer, .sets = 4));
    assert_int_equal(get(my->co.loop), 4);
    ANYLOOP_AWAIT(ANYLOOP_TASK(my->co.loop, seer, .sets = 9));
    ANYLOOP_RETURN(anyloop_int(get(my->co.loop)));
    ANYLOOP_END;
}

static void an_awaited_coroutine_shares_its_callers_context_a_task_does_not(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_int_equal(run_seer(loop, ANYLOOP_TASK(loop, caller)), 4);
    assert_int_equal(get(loop), -1);
    loop_end(loop);
}

static void check_and_set(void *loop)
{
    assert_int_equal(get(loop), 1);
    set(loop, 7);
    assert_int_equal(get(loop), 7);
    note("saw 1");
}

static void check_and_set_done(void *loop, anyloop_future *future)
{
    (void)future;
    check_and_set(loop);
}

static void a_callback_runs_in_a_copy_of_its_registrars_context(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    set(loop, 1);
    assert_ok(anyloop_loop_call_soon(loop, check_and_set, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, 1, check_and_set, loop, NULL, NULL));
    assert_ok(anyloop_future_add_done_callback(future, check_and_set_done, loop, NULL));
    set(loop, 2);
    assert_ok(anyloop_future_set_result(future, NULL));
    anyloop_future_release(future);
    run_to(loop, anyloop_sleep(loop, 2), ANYLOOP_OK);
    assert_trace("saw 1 saw 1 saw 1");
    assert_int_equal(get(loop), 2);
    loop_end(loop);
}

static void a_task_may_be_given_a_context(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    set(loop, 1);
    anyloop_context *context = copy_context(loop);
    set(loop, 2);
    const anyloop_task_options options = {.struct_size = sizeof options, .context = context};
    anyloop_task *task = anyloop_create_task(loop, ANYLOOP_CORO(loop, seer, .sets = 8), &options);
    assert_int_equal(run_seer(loop, task), 1);
    assert_int_equal(get_from(context), 1);
    anyloop_context_release(context);
    loop_end(loop);
}

static void a_context_outlives_its_loop_and_the_handle_of_its_variable(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_contextvar *own = var_new("own");
    anyloop_value value = counted(&dropped), seen = anyloop_none();
    assert_ok(anyloop_contextvar_set(loop, own, &value));
    anyloop_context *context = copy_context(loop);
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_ok(anyloop_context_get(context, own, &seen));
    assert_ptr_equal(anyloop_to_pointer(&seen), &dropped);
    anyloop_value_release(&seen);
    anyloop_contextvar_release(own);
    assert_int_equal(dropped, 0);
    anyloop_context_release(context);
    assert_int_equal(dropped, 1);
    assert_int_equal(memory.blocks, 0);
}

static void setting_again_and_again_keeps_one_value(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    for (int i = 0; i < 100; i++) {
        anyloop_value value = counted(&dropped);
        assert_ok(anyloop_contextvar_set(loop, var, &value));
        assert_int_equal(dropped, i);
    }
    assert_true(memory.blocks < 50);
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_int_equal(dropped, 100);
    assert_int_equal(memory.blocks, 0);
}

static void setting_two_in_turn_for_ever_takes_no_more_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_contextvar *other = var_new("other");
    const anyloop_value value = anyloop_int(5);
    size_t blocks = 0;
    for (int i = 0; i < 1000; i++) {
        assert_ok(anyloop_contextvar_set(loop, other, &value));
        set(loop, i);
        assert_int_equal(get(loop), i);
        if (i == 10)
            blocks = memory.blocks;
    }
    assert_int_equal(memory.blocks, blocks);
    anyloop_contextvar_release(other);
    loop_end(loop);
}

static void without_memory_a_variable_keeps_its_value(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_contextvar *other = var_new("other");
    int dropped = 0;
    anyloop_value value = anyloop_int(5);
    set(loop, 1);
    assert_ok(anyloop_contextvar_set(loop, other, &value)); /* so that there are two settings to make anew */
    for (int n = 1; n <= 2; n++) {
        value = counted(&dropped);
        memory.fail_at = memory.asked + (size_t)n;
        assert_int_equal(anyloop_contextvar_set(loop, var, &value), ANYLOOP_E_NOMEM);
        assert_int_equal(dropped, n);
        assert_int_equal(get(loop), 1);
    }
    anyloop_contextvar_release(other);
    loop_end(loop);
}

static void variables_do_not_disturb_each_other(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_contextvar *others[20];
    set(loop, 1);
    for (size_t i = 0; i < LENGTH(others); i++) {
        anyloop_value value = anyloop_int(100 + (int64_t)i);
        others[i] = var_new("other");
        assert_ok(anyloop_contextvar_set(loop, others[i], &value));
    }
    assert_int_equal(get(loop), 1);
    for (size_t i = 0; i < LENGTH(others); i++) {
        anyloop_value value = anyloop_none();
        assert_ok(anyloop_contextvar_get(loop, others[i], &value));
        assert_int_equal(anyloop_to_int(&value), 100 + i);
        anyloop_contextvar_release(others[i]);
    }
    loop_end(loop);
}

static void a_future_cannot_be_set_in_a_context(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_value_future(future, &value));
    assert_int_equal(anyloop_contextvar_set(loop, var, &value), ANYLOOP_E_TYPE);
    assert_int_equal(get(loop), -1);
    anyloop_future_release(future);
    loop_end(loop);
}

static int make_var(void **state)
{
    (void)state;
    var = var_new("var");
    return 0;
}

static int release_var(void **state)
{
    (void)state;
    anyloop_contextvar_release(var);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_never_set_is_not_found),
        cmocka_unit_test(a_task_gets_a_copy_of_its_makers_context_and_keeps_its_own_to_itself),
        cmocka_unit_test(an_awaited_coroutine_shares_its_callers_context_a_task_does_not),
        cmocka_unit_test(a_callback_runs_in_a_copy_of_its_registrars_context),
        cmocka_unit_test(a_task_may_be_given_a_context),
        cmocka_unit_test(a_context_outlives_its_loop_and_the_handle_of_its_variable),
        cmocka_unit_test(setting_again_and_again_keeps_one_value),
        cmocka_unit_test(setting_two_in_turn_for_ever_takes_no_more_memory),
        cmocka_unit_test(without_memory_a_variable_keeps_its_value),
        cmocka_unit_test(variables_do_not_disturb_each_other),
        cmocka_unit_test(a_future_cannot_be_set_in_a_context),
    };
    return cmocka_run_group_tests(tests, make_var, release_var);
}
