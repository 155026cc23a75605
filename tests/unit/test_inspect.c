/* Looking at tasks: the visit and what it tells, await stacks, ages, what a visitor may do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "look.h"

/* ---- states */

static void visit_inside(void *loop)
{
    seen[0] = 0;
    assert_ok(anyloop_loop_visit_tasks(loop, describe, NULL));
}

struct looker {
    anyloop_coro co;
};

ANYLOOP_ASYNC(looker)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 1));
    visit_inside(my->co.loop);
    ANYLOOP_END;
}

static void each_state_is_told(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    spawn_waits(loop, "waits", anyloop_future_retain(future));
    ANYLOOP_SPAWN(loop, parker);
    assert_tasks(loop, "waits ready\nparker ready\n");
    turn(loop);
    assert_tasks(loop, "waits waiting: a future\nparker parked\n");
    assert_ok(anyloop_future_set_result(future, NULL));
    assert_tasks(loop, "waits ready\nparker parked\n");
    run_to(loop, ANYLOOP_TASK(loop, looker), ANYLOOP_OK);
    assert_seen("parker parked\nlooker running\n");
    anyloop_future_release(future);
    loop_end(loop);
}

static void a_loop_without_tasks_has_nothing_to_tell(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_tasks(loop, "");
    assert_tree(loop, "");
    loop_end(loop);
}

static void an_unnamed_task_is_told_by_its_number_and_no_memory_is_kept_for_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future_release(anyloop_ensure_future(loop, anyloop_sleep(loop, 1)));
    size_t blocks = memory.blocks;
    assert_tasks(loop, "Task-1 ready\n");
    assert_int_equal(memory.blocks, blocks);
    loop_end(loop);
}

static void the_cancellations_that_were_asked_for_are_told(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = waits(loop, "waits", anyloop_sleep(loop, 1));
    turn(loop);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    assert_tasks(loop, "waits ready\n"); /* what it awaited is cancelled */
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    loop_end(loop);
}

/* ---- what is awaited */

static anyloop_future *awaited_handle;

static anyloop_status keep_awaited(void *user_data, const anyloop_task_info *info)
{
    if (strcmp(info->name, user_data) == 0)
        awaited_handle = info->awaited;
    return ANYLOOP_OK;
}

/* A task of `future`, taken, is told to wait for `words`, and for `handle`. */
static void assert_awaits(anyloop_loop *loop, anyloop_future *future, const char *words, const anyloop_future *handle)
{
    char expected[64];
    anyloop_task *task = waits(loop, "it", anyloop_future_retain(future));
    turn(loop);
    snprintf(expected, sizeof expected, "it waiting: %s\n", words);
    seen[0] = 0;
    assert_ok(anyloop_loop_visit_tasks(loop, describe, NULL));
    if (strstr(seen, expected) == NULL)
        fail_msg("not seen: %s in %s", expected, seen);
    awaited_handle = NULL;
    assert_ok(anyloop_loop_visit_tasks(loop, keep_awaited, "it"));
    assert_ptr_equal(awaited_handle, handle);
    assert_int_equal(anyloop_future_cancel(task, NULL), 1);
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    anyloop_future_release(future);
    seen[0] = 0;
}

/* The same for what it is told itself. */
static void assert_awaits_it(anyloop_loop *loop, anyloop_future *future, const char *words)
{
    assert_awaits(loop, future, words, future);
}

static void job_waits(anyloop_job *job, const anyloop_value *in)
{
    (void)job;
    gate_wait(anyloop_to_pointer(in), 1);
}

static void what_is_awaited_has_a_word_and_what_is_the_users_own_a_handle(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_lock *lock;
    anyloop_queue *queue;
    anyloop_promise *promise;
    anyloop_future *promised, *future = future_new(loop);
    gate closed = GATE;
    anyloop_value in;
    assert_ok(anyloop_lock_new(loop, &lock));
    assert_ok(anyloop_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO, &queue));
    assert_ok(anyloop_promise_new(loop, &promise, &promised));
    assert_ok(anyloop_value_foreign(loop, &closed, NULL, &in));
    run_to(loop, anyloop_lock_acquire(lock), ANYLOOP_OK);

    assert_awaits_it(loop, future_new(loop), "a future");
    assert_awaits_it(loop, waits(loop, "other", future_new(loop)), "a task");
    assert_awaits_it(loop, ANYLOOP_GATHER(loop, future), "a gather");
    assert_awaits_it(loop, anyloop_shield(loop, future_new(loop)), "a shield");
    assert_awaits_it(loop, promised, "a promise");
    assert_awaits_it(loop, anyloop_run_in_executor(loop, NULL, job_waits, &in), "a job");
    future = future_new(loop);
    assert_awaits(loop, anyloop_wait_for(loop, future, ANYLOOP_FOREVER), "timeout", future);
    future = future_new(loop);
    assert_awaits(loop, anyloop_wait(loop, &future, 1, ANYLOOP_ALL_COMPLETED, ANYLOOP_FOREVER), "wait", NULL);
    assert_awaits(loop, anyloop_sleep(loop, 1), "sleep", NULL);
    assert_awaits(loop, anyloop_lock_acquire(lock), "lock.acquire", NULL);
    assert_awaits(loop, anyloop_queue_get(queue), "queue.get", NULL);
    assert_awaits(loop, anyloop_timeout(loop, ANYLOOP_FOREVER, anyloop_queue_get(queue)), "queue.get", NULL);

    gate_open(&closed);
    anyloop_promise_release(promise);
    anyloop_lock_release(lock);
    anyloop_queue_release(queue);
    loop_end(loop);
}

/* ---- who awaits it */

struct starter {
    anyloop_coro co;
    anyloop_group *group;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(starter)
{
    ANYLOOP_BEGIN;
    anyloop_future_release(anyloop_group_create_task(
        my->group, ANYLOOP_CORO(my->co.loop, waiter, .awaited = anyloop_future_retain(my->awaited)), NULL));
    ANYLOOP_AWAIT(my->awaited);
    ANYLOOP_END;
}

static void awaiters_are_told_through_all_that_waits_for_tasks(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_group *group;
    anyloop_completions *completions;
    anyloop_task *task = waits(loop, "it", future_new(loop));
    assert_ok(anyloop_group_new(loop, &group));
    spawn_waits(loop, "await", anyloop_future_retain(task));
    spawn_waits(loop, "gather", ANYLOOP_GATHER(loop, anyloop_future_retain(task), future_new(loop)));
    spawn_waits(loop, "shield", anyloop_shield(loop, anyloop_future_retain(task)));
    spawn_waits(loop, "gathers",
                ANYLOOP_GATHER(loop, ANYLOOP_GATHER(loop, anyloop_future_retain(task), anyloop_future_retain(task)),
                               anyloop_shield(loop, anyloop_future_retain(task))));
    anyloop_future *waited[] = {anyloop_future_retain(task), future_new(loop)};
    spawn_waits(loop, "wait", anyloop_wait(loop, waited, 2, ANYLOOP_FIRST_COMPLETED, ANYLOOP_FOREVER));
    spawn_waits(loop, "wait_for", anyloop_wait_for(loop, anyloop_future_retain(task), ANYLOOP_SECONDS(9)));
    anyloop_future *completed[] = {anyloop_future_retain(task)};
    assert_ok(anyloop_as_completed(loop, completed, 1, ANYLOOP_FOREVER, &completions));
    spawn_waits(loop, "as_completed", anyloop_completions_next(completions));
    turns(loop, 2);
    assert_tasks(loop, "it waiting: a future <await <gather <shield <wait <wait_for <as_completed <gathers\n"
                       "await waiting: a task\n"
                       "gather waiting: a gather\n"
                       "shield waiting: a shield\n"
                       "gathers waiting: a gather\n"
                       "wait waiting: wait\n"
                       "wait_for waiting: timeout\n"
                       "as_completed waiting: queue.get\n");
    anyloop_completions_release(completions);
    anyloop_future_release(task);
    anyloop_group_release(group);
    loop_end(loop);
}

static void a_group_waits_for_its_tasks_from_their_making(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_group *group;
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_group_new(loop, &group));
    anyloop_future *body = ANYLOOP_CORO(loop, starter, .group = group, .awaited = future);
    anyloop_task *parent = waits(loop, "parent", anyloop_group_run(group, body));
    turns(loop, 2);
    assert_tasks(loop, "parent waiting: a future\nwaiter waiting: a future <parent\n");
    anyloop_future_release(parent);
    anyloop_group_release(group);
    loop_end(loop);
}

/* ---- await stacks */

/* Goes `depth` coroutines down, then waits. */
struct diver {
    anyloop_coro co;
    int depth;
    anyloop_future *awaited;
};

ANYLOOP_ASYNC(diver)
{
    ANYLOOP_BEGIN;
    if (my->depth == 0)
        ANYLOOP_AWAIT(my->awaited);
    else
        ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, diver, .depth = my->depth - 1, .awaited = my->awaited));
    ANYLOOP_END;
}

static void an_await_stack_is_listed_from_the_inside(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task_frame frames[3] = {{.name = "untouched"}, {.name = "untouched"}, {.name = "untouched"}};
    anyloop_task *task = named(
        loop, "outer",
        ANYLOOP_CORO(loop, waiter, .awaited = ANYLOOP_CORO(loop, diver, .awaited = anyloop_sleep(loop, 1))));
    assert_int_equal(anyloop_task_get_stack(task, frames, 3), 1);
    assert_null(frames[0].where);
    turn(loop);
    assert_int_equal(anyloop_task_get_stack(task, NULL, 0), 3);
    assert_int_equal(anyloop_task_get_stack(task, frames, 2), 3);
    assert_string_equal(frames[2].name ? frames[2].name : "", "untouched");
    assert_int_equal(anyloop_task_get_stack(task, frames, 3), 3);
    assert_string_equal(frames[0].name, "sleep");
    assert_int_equal(frames[0].operation, 1);
    assert_string_equal(frames[1].name, "diver");
    assert_non_null(strstr(frames[1].where, "test_inspect.c:"));
    assert_string_equal(frames[2].name, "outer");
    assert_non_null(strstr(frames[2].where, "look.h:"));
    assert_int_equal(frames[1].operation + frames[2].operation, 0);
    assert_int_equal(anyloop_loop_run_until_complete(loop, task), ANYLOOP_OK);
    assert_int_equal(anyloop_task_get_stack(task, frames, 3), 0);
    anyloop_future_release(task);
    loop_end(loop);
}

static void a_stack_of_no_task_or_without_a_place_for_it_is_empty(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_task *task = waits(loop, "waits", anyloop_future_retain(future));
    assert_int_equal(anyloop_task_get_stack(NULL, NULL, 0), 0);
    assert_int_equal(anyloop_task_get_stack(future, NULL, 0), 0);
    assert_int_equal(anyloop_task_get_stack(task, NULL, 1), 0);
    turn(loop); /* it has what it awaits */
    anyloop_future_release(task);
    anyloop_future_release(future);
    loop_end(loop);
}

static anyloop_status keep_depth(void *depth, const anyloop_task_info *info)
{
    *(uint64_t *)depth = info->depth;
    return ANYLOOP_OK;
}

static void a_deep_stack_is_told_in_full_and_written_in_part(void **state)
{
    (void)state;
    enum { DEEP = 20000 };
    anyloop_loop *loop = loop_new();
    uint64_t depth = 0;
    ANYLOOP_SPAWN(loop, diver, .depth = DEEP, .awaited = future_new(loop));
    turn(loop);
    assert_ok(anyloop_loop_visit_tasks(loop, keep_depth, &depth));
    assert_int_equal(depth, DEEP + 1);
    char *report = malloc(8192);
    assert_in_range(anyloop_loop_stall_report(loop, report, 8192), 1, 8191);
    assert_non_null(strstr(report, ", and 19985 more\n"));
    free(report);
    loop_end(loop);
}

/* ---- ages */

static anyloop_status keep_age(void *age, const anyloop_task_info *info)
{
    *(int64_t *)age = info->age;
    return ANYLOOP_OK;
}

static void a_task_has_an_age_on_a_loop_that_debugs(void **state)
{
    (void)state;
    begin();
    anyloop_loop *loop = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK | ANYLOOP_LOOP_DEBUG);
    int64_t age = -2;
    spawn_waits(loop, "old", future_new(loop));
    assert_ok(anyloop_loop_visit_tasks(loop, keep_age, &age));
    assert_int_equal(age, 0);
    run_to(loop, anyloop_sleep(loop, ANYLOOP_SECONDS(3)), ANYLOOP_OK);
    assert_ok(anyloop_loop_visit_tasks(loop, keep_age, &age));
    assert_int_equal(age, ANYLOOP_SECONDS(3));
    assert_tree(loop, "task old (3 s) awaits a future\n");
    loop_end(loop);
}

static void a_task_of_any_other_loop_has_none(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int64_t age = -2;
    spawn_waits(loop, "ageless", future_new(loop));
    assert_ok(anyloop_loop_visit_tasks(loop, keep_age, &age));
    assert_int_equal(age, -1);
    turn(loop);
    loop_end(loop);
}

static void everything_of_a_loop_that_debugs_may_outlive_it(void **state)
{
    (void)state;
    begin();
    anyloop_loop *loop = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK | ANYLOOP_LOOP_DEBUG);
    anyloop_task *task = waits(loop, "kept", anyloop_sleep(loop, 1));
    turn(loop);
    assert_ok(anyloop_loop_close(loop));
    anyloop_future *late = future_new(loop);
    anyloop_loop_release(loop);
    anyloop_future_release(task);
    anyloop_future_release(late);
    assert_int_equal(memory.blocks, 0);
}

/* ---- what a visitor may do */

static anyloop_status spawn_more(void *user_data, const anyloop_task_info *info)
{
    ++*(uint32_t *)user_data;
    ANYLOOP_SPAWN(anyloop_task_loop(info->task), parker);
    return ANYLOOP_OK;
}

static void what_a_visitor_spawns_is_not_visited(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    uint32_t count = 0;
    for (int i = 0; i < 3; i++)
        ANYLOOP_SPAWN(loop, parker);
    assert_ok(anyloop_loop_visit_tasks(loop, spawn_more, &count));
    assert_int_equal(count, 3);
    count = 0;
    assert_ok(anyloop_loop_visit_tasks(loop, count_tasks, &count));
    assert_int_equal(count, 6);
    loop_end(loop);
}

static anyloop_status cancel_and_run(void *user_data, const anyloop_task_info *info)
{
    anyloop_task **tasks = user_data;
    see("%s <%d ", info->name, (int)info->awaited_by_count);
    for (size_t i = 0; tasks[i]; i++)
        anyloop_future_cancel(tasks[i], NULL);
    while (tasks[0]) {
        anyloop_loop_run_until_complete(anyloop_task_loop(tasks[0]), tasks[0]);
        anyloop_future_release(tasks[0]);
        memmove(tasks, tasks + 1, 3 * sizeof *tasks);
    }
    return ANYLOOP_OK;
}

static void what_ended_meanwhile_is_passed_over(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *first = waits(loop, "first", future_new(loop));
    anyloop_task *last = waits(loop, "last", anyloop_future_retain(first));
    anyloop_task *tasks[4] = {last, first};
    spawn_waits(loop, "between", anyloop_sleep(loop, ANYLOOP_FOREVER));
    turn(loop);
    assert_ok(anyloop_loop_visit_tasks(loop, cancel_and_run, tasks));
    assert_seen("first <1 between <0 ");
    loop_end(loop);
}

static anyloop_status close_it(void *loop, const anyloop_task_info *info)
{
    see("%s ", info->name);
    assert_ok(anyloop_loop_close(loop));
    return ANYLOOP_OK;
}

static void a_visitor_that_closes_the_loop_ends_the_visit(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    spawn_waits(loop, "first", ANYLOOP_GATHER(loop, waits(loop, "second", future_new(loop))));
    turn(loop);
    assert_int_equal(anyloop_loop_visit_tasks(loop, close_it, loop), ANYLOOP_E_CLOSED);
    assert_seen("second ");
    assert_int_equal(anyloop_loop_visit_tasks(loop, describe, NULL), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_loop_format_tree(loop, see_text, NULL), ANYLOOP_E_CLOSED);
    assert_seen("");
    loop_end(loop);
}

static anyloop_status let_go(void *loop, const anyloop_task_info *info)
{
    (void)info;
    anyloop_loop_release(loop);
    return ANYLOOP_OK;
}

static void a_visitor_may_let_go_of_the_last_handle_of_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    spawn_waits(loop, "first", future_new(loop));
    spawn_waits(loop, "second", future_new(loop));
    turn(loop);
    assert_int_equal(anyloop_loop_visit_tasks(loop, let_go, loop), ANYLOOP_E_CLOSED);
    assert_int_equal(memory.blocks, 0);
}

static anyloop_status stop_at_second(void *user_data, const anyloop_task_info *info)
{
    (void)info;
    return ++*(uint32_t *)user_data == 2 ? 77 : ANYLOOP_OK;
}

static void a_visitors_word_ends_the_visit_and_is_its_result(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    uint32_t count = 0;
    for (int i = 0; i < 3; i++)
        ANYLOOP_SPAWN(loop, parker);
    assert_int_equal(anyloop_loop_visit_tasks(loop, stop_at_second, &count), 77);
    assert_int_equal(count, 2);
    loop_end(loop);
}

static anyloop_status visit_again(void *user_data, const anyloop_task_info *info)
{
    return anyloop_loop_visit_tasks(anyloop_task_loop(info->task), count_tasks, user_data);
}

static void a_visit_may_be_made_within_a_visit(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    uint32_t count = 0;
    for (int i = 0; i < 3; i++)
        ANYLOOP_SPAWN(loop, parker);
    assert_ok(anyloop_loop_visit_tasks(loop, visit_again, &count));
    assert_int_equal(count, 9);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(each_state_is_told),
        cmocka_unit_test(a_loop_without_tasks_has_nothing_to_tell),
        cmocka_unit_test(an_unnamed_task_is_told_by_its_number_and_no_memory_is_kept_for_it),
        cmocka_unit_test(the_cancellations_that_were_asked_for_are_told),
        cmocka_unit_test_of_threads(what_is_awaited_has_a_word_and_what_is_the_users_own_a_handle),
        cmocka_unit_test(awaiters_are_told_through_all_that_waits_for_tasks),
        cmocka_unit_test(a_group_waits_for_its_tasks_from_their_making),
        cmocka_unit_test(an_await_stack_is_listed_from_the_inside),
        cmocka_unit_test(a_stack_of_no_task_or_without_a_place_for_it_is_empty),
        cmocka_unit_test(a_deep_stack_is_told_in_full_and_written_in_part),
        cmocka_unit_test(a_task_has_an_age_on_a_loop_that_debugs),
        cmocka_unit_test(a_task_of_any_other_loop_has_none),
        cmocka_unit_test(everything_of_a_loop_that_debugs_may_outlive_it),
        cmocka_unit_test(what_a_visitor_spawns_is_not_visited),
        cmocka_unit_test(what_ended_meanwhile_is_passed_over),
        cmocka_unit_test(a_visitor_that_closes_the_loop_ends_the_visit),
        cmocka_unit_test(a_visitor_may_let_go_of_the_last_handle_of_the_loop),
        cmocka_unit_test(a_visitors_word_ends_the_visit_and_is_its_result),
        cmocka_unit_test(a_visit_may_be_made_within_a_visit),
    };
    return cmocka_run_group_tests_name("inspect", cases, NULL, NULL);
}
