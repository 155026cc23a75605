/* The simulated port: nothing sleeps, and nothing is there that could.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "port/sim/sim.h"

#include <stdlib.h>

#define HOUR 3600000000000u

static anyl_poller *new_poller(void)
{
    anyl_poller *poller;
    assert_int_equal(anyl_poller_new(&anyl_alloc_default, &poller), ANYLOOP_OK);
    return poller;
}

static void the_clock_moves_only_when_told_to(void **state)
{
    (void)state;
    uint64_t before = anyl_port_now();
    assert_true(before > 0);
    anyl_port_yield();
    assert_int_equal(anyl_port_now(), before);
    anyl_sim_advance(HOUR);
    assert_int_equal(anyl_port_now(), before + HOUR);
}

static void a_wait_jumps_to_its_deadline_and_never_back(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    uint64_t deadline = anyl_port_now() + HOUR;
    assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
    assert_int_equal(anyl_port_now(), deadline);
    assert_int_equal(anyl_poller_wait(poller, deadline - 1), ANYLOOP_OK);
    assert_int_equal(anyl_port_now(), deadline);
    anyl_poller_free(poller);
}

static void a_wake_ends_a_wait_before_the_jump_and_is_forgotten(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    uint64_t before = anyl_port_now();
    anyl_poller_wake(poller);
    assert_int_equal(anyl_poller_wait(poller, before + HOUR), ANYLOOP_OK);
    assert_int_equal(anyl_port_now(), before);
    anyl_poller_wake(poller);
    anyl_poller_clear(poller);
    assert_int_equal(anyl_poller_wait(poller, before + HOUR), ANYLOOP_OK);
    assert_int_equal(anyl_port_now(), before + HOUR);
    anyl_poller_free(poller);
}

static void a_wait_for_ever_is_a_deadlock_unless_woken(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_E_DEADLOCK);
    anyl_poller_wake(poller);
    assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
    anyl_poller_free(poller);
}

static void a_condition_with_a_deadline_jumps_to_it(void **state)
{
    (void)state;
    anyl_mutex mutex;
    anyl_condition condition;
    anyl_port_mutex_init(&mutex);
    anyl_port_condition_init(&condition);
    uint64_t deadline = anyl_port_now() + HOUR;
    anyl_port_mutex_lock(&mutex);
    assert_false(anyl_port_condition_wait_until(&condition, &mutex, deadline));
    anyl_port_mutex_unlock(&mutex);
    assert_int_equal(anyl_port_now(), deadline);
    anyl_port_condition_deinit(&condition);
    anyl_port_mutex_deinit(&mutex);
}

static void there_is_one_thread_and_it_keeps_its_pointers(void **state)
{
    (void)state;
    int mine, other;
    assert_int_equal(anyl_port_thread_start(free, NULL, "none", 0), ANYLOOP_E_NOT_SUPPORTED);
    assert_int_equal(anyl_port_processors(), 1);
    assert_int_equal(anyl_port_forks(), 0);
    assert_true(anyl_port_thread_self() != 0);
    assert_int_equal(anyl_port_thread_slot_set(&mine, free), ANYLOOP_OK);
    anyl_port_running_set(&other, NULL);
    assert_ptr_equal(anyl_port_thread_slot(), &mine);
    assert_ptr_equal(anyl_port_running(), &other);
    anyl_port_running_set(NULL, NULL);
    assert_int_equal(anyl_port_thread_slot_set(NULL, NULL), ANYLOOP_OK);
}

static void there_is_no_descriptor(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    int32_t fd = 77;
    anyl_poller_arm(poller, 0);
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_E_NOT_SUPPORTED);
    assert_int_equal(fd, 77);
    anyl_poller_free(poller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_moves_only_when_told_to),
        cmocka_unit_test(a_wait_jumps_to_its_deadline_and_never_back),
        cmocka_unit_test(a_wake_ends_a_wait_before_the_jump_and_is_forgotten),
        cmocka_unit_test(a_wait_for_ever_is_a_deadlock_unless_woken),
        cmocka_unit_test(a_condition_with_a_deadline_jumps_to_it),
        cmocka_unit_test(there_is_one_thread_and_it_keeps_its_pointers),
        cmocka_unit_test(there_is_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
