/* Looking at tasks: rings, the tree; many tasks, and no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "look.h"

/* Awaits what will be at a place. */
struct member {
    anyloop_coro co;
    anyloop_future **place;
};

ANYLOOP_ASYNC(member)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_future_retain(*my->place));
    ANYLOOP_END;
}

static anyloop_task *joins(anyloop_loop *loop, const char *name, anyloop_future **place)
{
    return named(loop, name, ANYLOOP_CORO(loop, member, .place = place));
}

/* ---- rings */

static void assert_ring(anyloop_loop *loop, const char *expected)
{
    char report[2048];
    turn(loop);
    anyloop_loop_stall_report(loop, report, sizeof report);
    const char *ring = strstr(report, "ring: ");
    assert_string_equal(ring ? ring : "", expected);
}

static void a_task_that_gathers_itself_is_a_ring_of_one(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *place = NULL;
    anyloop_task *self = joins(loop, "self", &place);
    place = ANYLOOP_GATHER(loop, anyloop_future_retain(self));
    assert_ring(loop, "ring: task self waits for task self\n");
    assert_tasks(loop, "self waiting: a gather <self ring\n");
    assert_tree(loop, "task self awaits a gather\n└─ task self: a ring\nring: task self waits for task self\n");
    assert_int_equal(anyloop_future_cancel(self, NULL), 1);
    run_to(loop, self, ANYLOOP_E_CANCELLED);
    anyloop_future_release(place);
    assert_said("Future exception was never retrieved"); /* the gather's */
    loop_end(loop);
}

static void a_ring_of_two_is_named_when_asked_for_and_at_the_deadlock(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *places[2];
    places[0] = joins(loop, "left", &places[1]);
    places[1] = joins(loop, "right", &places[0]);
    assert_ring(loop, "ring: task left waits for task right waits for task left\n");
    assert_tasks(loop, "left waiting: a task <right ring\nright waiting: a task <left ring\n");
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    assert_said("\nring: task left waits for task right waits for task left\n");
    assert_int_equal(anyloop_future_cancel(places[0], NULL), 1);
    run_to(loop, places[0], ANYLOOP_E_CANCELLED);
    run_to(loop, places[1], ANYLOOP_E_CANCELLED);
    loop_end(loop);
}

static void a_ring_of_three_is_found_behind_all_that_is_not_in_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *places[3];
    places[0] = joins(loop, "a", &places[1]);
    places[1] = joins(loop, "b", &places[2]);
    places[2] = joins(loop, "c", &places[0]);
    spawn_waits(loop, "outside", anyloop_future_retain(places[1]));
    spawn_waits(loop, "alone", future_new(loop));
    assert_ring(loop, "ring: task a waits for task b waits for task c waits for task a\n");
    assert_tasks(loop, "a waiting: a task <c ring\n"
                       "b waiting: a task <a <outside ring\n"
                       "c waiting: a task <b ring\n"
                       "outside waiting: a task\n"
                       "alone waiting: a future\n");
    assert_tree(loop, "task outside awaits task b\n"
                      "└─ task b awaits task c\n"
                      "   └─ task c awaits task a\n"
                      "      └─ task a awaits task b\n"
                      "         └─ task b: a ring\n"
                      "task alone awaits a future\n"
                      "ring: task a waits for task b waits for task c waits for task a\n");
    for (int i = 0; i < 3; i++)
        anyloop_future_release(places[i]);
    loop_end(loop);
}

static void each_ring_is_named_and_one_through_a_gather_too(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *one[2], *two[2];
    one[0] = joins(loop, "a", &one[1]);
    one[1] = waits(loop, "b",
                   ANYLOOP_GATHER(loop, future_new(loop), ANYLOOP_GATHER(loop, anyloop_future_retain(one[0]))));
    two[0] = joins(loop, "c", &two[1]);
    two[1] = waits(loop, "d", anyloop_shield(loop, anyloop_future_retain(two[0])));
    assert_ring(loop, "ring: task a waits for task b waits for task a\n"
                      "ring: task c waits for task d waits for task c\n");
    for (int i = 0; i < 2; i++) {
        anyloop_future_release(one[i]);
        anyloop_future_release(two[i]);
    }
    loop_end(loop);
}

static void a_long_ring_is_named_in_part(void **state)
{
    (void)state;
    enum { LONG = 12 };
    anyloop_loop *loop = loop_new();
    anyloop_future *places[LONG];
    char name[16];
    for (int i = 0; i < LONG; i++) {
        snprintf(name, sizeof name, "%d", i);
        places[i] = joins(loop, name, &places[(i + 1) % LONG]);
    }
    assert_ring(loop,
                "ring: task 0 waits for task 1 waits for task 2 waits for task 3 waits for task 4 waits for task 5"
                " waits for task 6 waits for task 7 waits for 4 more, and the last of them for task 0\n");
    for (int i = 0; i < LONG; i++)
        anyloop_future_release(places[i]);
    loop_end(loop);
}

static void a_chain_is_no_ring(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *end = waits(loop, "end", future_new(loop));
    spawn_waits(loop, "one", anyloop_future_retain(end));
    spawn_waits(loop, "two", ANYLOOP_GATHER(loop, anyloop_future_retain(end), waits(loop, "other", end)));
    assert_ring(loop, "");
    loop_end(loop);
}

/* ---- the tree */

static void the_tree_has_below_each_task_those_that_it_waits_for(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *leaf = waits(loop, "leaf", anyloop_sleep(loop, 1));
    anyloop_task *shared = waits(loop, "shared", future_new(loop));
    anyloop_future *inner = ANYLOOP_GATHER(loop, leaf, anyloop_future_retain(shared));
    anyloop_task *middle = waits(loop, "middle", anyloop_future_retain(shared));
    spawn_waits(loop, "root", ANYLOOP_GATHER(loop, middle, inner, future_new(loop)));
    ANYLOOP_SPAWN(loop, parker);
    turn(loop);
    assert_tree(loop, "task root awaits a gather\n"
                      "├─ task middle awaits task shared\n"
                      "│  └─ task shared awaits a future\n"
                      "└─ a gather\n"
                      "   ├─ task leaf awaits sleep\n"
                      "   └─ task shared, see above\n"
                      "task parker is parked: a waker must wake it\n");
    anyloop_future_release(shared);
    loop_end(loop);
}

static void a_task_that_a_gather_has_twice_is_told_once(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *twice = waits(loop, "twice", future_new(loop));
    spawn_waits(loop, "root", ANYLOOP_GATHER(loop, anyloop_future_retain(twice), twice));
    turn(loop);
    assert_tree(loop, "task root awaits a gather\n"
                      "└─ task twice awaits a future\n");
    loop_end(loop);
}

static void a_ring_that_nobody_else_waits_for_is_in_the_tree(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *places[2];
    places[0] = joins(loop, "left", &places[1]);
    places[1] = joins(loop, "right", &places[0]);
    turn(loop);
    assert_tree(loop, "task left awaits task right\n"
                      "└─ task right awaits task left\n"
                      "   └─ task left: a ring\n"
                      "ring: task left waits for task right waits for task left\n");
    anyloop_future_release(places[0]);
    anyloop_future_release(places[1]);
    loop_end(loop);
}

static void count_lines(void *told, const char *text, size_t size)
{
    const char *below = strstr(text, ", see below");
    ((uint32_t *)told)[below != NULL && below < text + size]++;
}

static void a_tree_that_is_too_deep_goes_on_below(void **state)
{
    (void)state;
    enum { DEEP = 100 };
    anyloop_loop *loop = loop_new();
    anyloop_future *awaited = future_new(loop);
    uint32_t told[2] = {0, 0};
    for (int i = 0; i < DEEP; i++)
        awaited = waits(loop, "it", awaited);
    anyloop_future_release(awaited);
    turn(loop);
    assert_ok(anyloop_loop_format_tree(loop, count_lines, told));
    assert_int_equal(told[0], DEEP); /* each once in full */
    assert_int_equal(told[1], 3);    /* at a depth of 32, 64 and 96 */
    loop_end(loop);
}

/* ---- many, and without memory */

static void a_hundred_thousand_tasks_are_told_whatever_their_shape(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    anyloop_loop *loop = loop_new();
    anyloop_future **tasks = malloc(MANY * sizeof *tasks), *awaited = future_new(loop);
    uint32_t count = 0, told[2] = {0, 0};
    for (int i = 0; i < MANY / 2; i++) /* a chain */
        awaited = ANYLOOP_TASK(loop, waiter, .awaited = awaited);
    tasks[0] = awaited;
    for (int i = 1; i < MANY / 2; i++)
        tasks[i] = ANYLOOP_TASK(loop, parker);
    ANYLOOP_SPAWN(loop, waiter, .awaited = anyloop_gather(loop, tasks, MANY / 2, 0)); /* a fan */
    for (int i = 0; i < MANY; i += 2) { /* rings */
        tasks[i] = ANYLOOP_TASK(loop, member, .place = &tasks[i + 1]);
        tasks[i + 1] = ANYLOOP_TASK(loop, member, .place = &tasks[i]);
    }
    turn(loop);
    assert_ok(anyloop_loop_visit_tasks(loop, count_tasks, &count));
    assert_int_equal(count, 2 * MANY);
    assert_ok(anyloop_loop_format_tree(loop, count_lines, told));
    assert_int_equal(told[0], 2 * MANY + MANY / 2 + MANY / 2); /* each, where each ring closes, and each ring */
    for (int i = 0; i < MANY; i++)
        anyloop_future_release(tasks[i]);
    free(tasks);
    loop_end(loop);
}

static void without_memory_nothing_is_told_and_nothing_is_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *places[2];
    char report[512];
    size_t failed = 0;
    places[0] = joins(loop, "left", &places[1]);
    places[1] = joins(loop, "right", &places[0]);
    turn(loop);
    size_t blocks = memory.blocks;
    for (memory.fail_at = 1;; memory.fail_at++) {
        uint32_t count = 0;
        memory.asked = 0;
        anyloop_status status = anyloop_loop_visit_tasks(loop, count_tasks, &count);
        assert_int_equal(memory.blocks, blocks);
        if (status == ANYLOOP_OK)
            break;
        assert_int_equal(status, ANYLOOP_E_NOMEM);
        assert_int_equal(count, 0);
        failed++;
        memory.asked = 0;
        if (anyloop_loop_format_tree(loop, see_text, NULL) == ANYLOOP_E_NOMEM)
            assert_seen("");
        seen[0] = 0;
        memory.asked = 0;
        anyloop_loop_stall_report(loop, report, sizeof report);
        assert_non_null(strstr(report, "task right awaits task left"));
        assert_true((strstr(report, "\nno memory to look for rings\n") == NULL) == (strstr(report, "ring: ") != NULL));
        assert_int_equal(memory.blocks, blocks);
    }
    assert_in_range(failed, 4, 8);
    memory.fail_at = 0;
    anyloop_future_release(places[0]);
    anyloop_future_release(places[1]);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_task_that_gathers_itself_is_a_ring_of_one),
        cmocka_unit_test(a_ring_of_two_is_named_when_asked_for_and_at_the_deadlock),
        cmocka_unit_test(a_ring_of_three_is_found_behind_all_that_is_not_in_it),
        cmocka_unit_test(each_ring_is_named_and_one_through_a_gather_too),
        cmocka_unit_test(a_long_ring_is_named_in_part),
        cmocka_unit_test(a_chain_is_no_ring),
        cmocka_unit_test(the_tree_has_below_each_task_those_that_it_waits_for),
        cmocka_unit_test(a_task_that_a_gather_has_twice_is_told_once),
        cmocka_unit_test(a_ring_that_nobody_else_waits_for_is_in_the_tree),
        cmocka_unit_test(a_tree_that_is_too_deep_goes_on_below),
        cmocka_unit_test(a_hundred_thousand_tasks_are_told_whatever_their_shape),
        cmocka_unit_test(without_memory_nothing_is_told_and_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("tree", cases, NULL, NULL);
}
