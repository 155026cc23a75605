/* No host: run_forever, for the comparison of idleness. What "the host does" is a timer of the loop itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

static void begin_nothing(guest *self)
{
    (void)self;
}

static void run_forever(guest *self)
{
    assert_ok(anyloop_loop_run_forever(self->loop));
}

static void stop(guest *self)
{
    assert_ok(anyloop_loop_stop(self->loop));
}

static void do_later(void *pointer)
{
    guest *self = pointer;
    self->later(self);
}

static void after_ms(guest *self, int ms)
{
    assert_ok(anyloop_loop_call_later(self->loop, ANYLOOP_MS(ms), do_later, self, NULL, NULL));
}

static const way native = {"native", begin_nothing, run_forever, stop, after_ms, begin_nothing};

static void run_forever_wakes_for_a_timer_a_job_and_a_thread(void **state)
{
    *state = (void *)(uintptr_t)&native;
    a_timer_a_job_and_a_thread_each_get_their_turn(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(run_forever_wakes_for_a_timer_a_job_and_a_thread)};
    return argc > 1 ? host_main(argc, argv, &native, 1) : cmocka_run_group_tests(tests, NULL, NULL);
}
