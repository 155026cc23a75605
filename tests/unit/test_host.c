/* A loop that somebody else drives: turns, a guest's wakes, the descriptor. What it pulls is in test_pull.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include <poll.h>
#include <sched.h>

/* ---- turns */

static void begin_second(void *loop)
{
    assert_int_equal(anyloop_loop_is_running(loop), 1);
    assert_ptr_equal(anyloop_get_running_loop(), loop);
    note("first");
    assert_ok(anyloop_loop_call_soon(loop, note, "second", NULL, NULL));
}

static void a37_a_host_turns_the_loop_by_hand_and_nothing_runs_twice(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 0);
    assert_ok(anyloop_loop_call_soon(loop, begin_second, loop, NULL, NULL));
    assert_trace("");
    expect(&self, "first");
    assert_int_equal(anyloop_loop_is_running(loop), 0);
    assert_null(anyloop_get_running_loop());
    assert_int_equal(self.info.next_deadline, 0);
    assert_int_equal(self.info.interrupted, 0);
    expect(&self, "second");
    assert_int_equal(self.info.next_deadline, ANYLOOP_NEVER);
    expect(&self, "");
    loop_end(loop);
}

static void a_turn_names_the_next_deadline_and_never_waits_for_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 0);
    assert_ok(anyloop_loop_call_later(loop, 9, note, "nine", NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, 5, note, "five", NULL, NULL));
    expect(&self, "");
    assert_int_equal(self.info.next_deadline, HOUR + 5);
    assert_int_equal(self.info.deadlock, 0);
    assert_int_equal(anyloop_loop_time(loop), HOUR);
    assert_ok(anyloop_loop_wait(loop, self.info.next_deadline));
    assert_int_equal(anyloop_loop_time(loop), HOUR + 5);
    expect(&self, "five");
    assert_int_equal(self.info.next_deadline, HOUR + 9);
    loop_end(loop);
}

static void a_turn_says_when_nobody_is_left_to_wake_the_loop(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 0);
    assert_ok(anyloop_loop_hold(loop));
    pull(&self);
    assert_int_equal(self.info.deadlock, 0);
    assert_int_equal(self.info.next_deadline, ANYLOOP_NEVER);
    assert_ok(anyloop_loop_unhold(loop));
    pull(&self);
    assert_int_equal(self.info.deadlock, 1);
    assert_int_equal(anyloop_loop_wait(loop, ANYLOOP_NEVER), ANYLOOP_E_DEADLOCK);
    assert_ok(anyloop_loop_call_soon(loop, note, "ready", NULL, NULL));
    assert_ok(anyloop_loop_wait(loop, ANYLOOP_NEVER)); /* something is ready: no wait */
    expect(&self, "ready");
    loop_end(loop);
}

static void *post_one(void *loop)
{
    anyloop_loop_call_soon_threadsafe(loop, note, "posted", NULL);
    return NULL;
}

struct burner {
    anyloop_loop *loop;
    int ran;
};

/* Until the clock has moved. */
static void burn(void *pointer)
{
    struct burner *self = pointer;
    uint64_t begun = anyloop_loop_time(self->loop);
    while (anyloop_loop_time(self->loop) == begun)
        ;
    self->ran++;
}

static void a_turn_over_its_budget_goes_on_before_anything_new(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    struct burner burner = {.loop = loop};
    for (int i = 0; i < 100; i++)
        assert_ok(anyloop_loop_call_soon(loop, burn, &burner, NULL, NULL));
    assert_ok(anyloop_loop_turn(loop, 1, NULL, 0, &self.info));
    assert_int_equal(burner.ran, 1);
    assert_int_equal(self.info.interrupted, 1);
    assert_int_equal(self.info.next_deadline, 0);
    thread_join(thread_start(post_one, loop));
    assert_ok(anyloop_loop_call_at(loop, 1, note, "due", NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "soon", NULL, NULL));
    expect(&self, "");
    assert_int_equal(burner.ran, 100);
    assert_int_equal(self.info.interrupted, 0);
    expect(&self, "soon posted due");
    loop_end(loop);
}

static void a_large_budget_is_no_limit(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    struct burner burner = {.loop = loop};
    for (int i = 0; i < 100; i++)
        assert_ok(anyloop_loop_call_soon(loop, burn, &burner, NULL, NULL));
    assert_ok(anyloop_loop_turn(loop, UINT64_MAX, NULL, 0, &self.info));
    assert_int_equal(burner.ran, 100);
    loop_end(loop);
}

static void a_stop_between_turns_gives_one_whole_turn(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 0);
    assert_ok(anyloop_loop_stop(loop));
    assert_ok(anyloop_loop_call_soon(loop, begin_second, loop, NULL, NULL));
    expect(&self, "first");
    assert_int_equal(self.info.stopped, 1);
    expect(&self, "second");
    assert_int_equal(self.info.stopped, 0);
    loop_end(loop);
}

static void interrupt_it(void *loop)
{
    assert_ok(anyloop_loop_interrupt(loop, ANYLOOP_E_FOREIGN_MAX));
}

static void an_interrupt_by_a_callback_is_told_once_and_the_turn_goes_on_with_the_next(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    host self = host_of(loop, 0);
    assert_ok(anyloop_loop_call_soon(loop, interrupt_it, loop, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "rest", NULL, NULL));
    expect(&self, "");
    assert_int_equal(self.info.status, ANYLOOP_E_FOREIGN_MAX);
    assert_int_equal(self.info.interrupted, 1);
    assert_ok(anyloop_loop_call_soon(loop, note, "new", NULL, NULL));
    expect(&self, "rest");
    assert_int_equal(self.info.status, ANYLOOP_OK);
    expect(&self, "new");
    loop_end(loop);
}

static void turn_the_other(void *other)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_loop *outer = anyloop_get_running_loop();
    assert_ok(anyloop_loop_turn(other, 0, NULL, 0, &info));
    assert_ptr_equal(anyloop_get_running_loop(), outer);
    note("outer");
}

static void see_running(void *loop)
{
    assert_ptr_equal(anyloop_get_running_loop(), loop);
    note("inner");
}

static void another_loop_can_be_the_host(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new(), *guest = loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
    assert_ok(anyloop_loop_call_soon(guest, see_running, guest, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, turn_the_other, guest, NULL, NULL));
    turn(loop);
    assert_trace("inner outer");
    assert_ok(anyloop_loop_close(guest));
    anyloop_loop_release(guest);
    loop_end(loop);
}

static void *turn_elsewhere(void *loop)
{
    static anyloop_status status;
    anyloop_turn_info info = {.struct_size = sizeof info};
    status = anyloop_loop_turn(loop, 0, NULL, 0, &info);
    return &status;
}

static void only_an_unpinned_loop_is_turned_by_any_thread(void **state)
{
    (void)state;
    void *status;
    begin();
    anyloop_loop *loop = loop_with(ANYLOOP_LOOP_UNPINNED), *pinned = loop_with(0);
    assert_ok(anyloop_loop_call_soon(loop, see_running, loop, NULL, NULL));
    assert_int_equal(pthread_join(thread_start(turn_elsewhere, loop), &status), 0);
    assert_ok(*(anyloop_status *)status);
    assert_trace("inner");
    assert_int_equal(pthread_join(thread_start(turn_elsewhere, pinned), &status), 0);
    assert_int_equal(*(anyloop_status *)status, ANYLOOP_E_THREAD);
    assert_ok(anyloop_loop_close(pinned));
    anyloop_loop_release(pinned);
    loop_end(loop);
}

static void a_turn_refuses_what_it_cannot_use(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_turn_info info = {.struct_size = sizeof info}, wrong = {.struct_size = 4};
    assert_int_equal(anyloop_loop_turn(NULL, 0, NULL, 0, &info), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, NULL), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 1, &info), ANYLOOP_E_INVALID);
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &wrong), ANYLOOP_E_INVALID);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_loop_turn(loop, 0, NULL, 0, &info), ANYLOOP_E_CLOSED);
    assert_int_equal(anyloop_loop_wait(loop, ANYLOOP_NEVER), ANYLOOP_E_CLOSED);
    loop_end(loop);
}

/* ---- a guest's wakes */

struct guest {
    anyloop_loop *loop;
    anyloop_promise *promise;
    atomic_int woken, dropped;
    pthread_t woken_on;
};

static void wake_guest(void *pointer)
{
    struct guest *self = pointer;
    self->woken_on = pthread_self();
    atomic_fetch_add(&self->woken, 1);
}

static void drop_guest(void *pointer)
{
    atomic_fetch_add(&((struct guest *)pointer)->dropped, 1);
}

/* How often since the last time. */
static void assert_woken(struct guest *self, int times)
{
    assert_int_equal(atomic_exchange(&self->woken, 0), times);
}

/* A guest that has had its first turn and sleeps. */
static anyloop_loop *guest_new(anyloop_loop *loop, struct guest *self, host *driver)
{
    *self = (struct guest){.loop = loop};
    *driver = host_of(loop, 0);
    assert_ok(anyloop_loop_set_host(loop, wake_guest, self, drop_guest));
    assert_ok(anyloop_loop_call_soon(loop, note, "first", NULL, NULL));
    assert_woken(self, 0); /* the first turn comes by itself */
    expect(driver, "first");
    assert_int_equal(driver->info.next_deadline, ANYLOOP_NEVER);
    return loop;
}

static void a_guest_asks_once_for_all_that_is_added_between_two_turns(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_new(), &guest, &self);
    for (int i = 0; i < 2; i++) {
        assert_ok(anyloop_loop_call_soon(loop, note, "a", NULL, NULL));
        assert_woken(&guest, 1);
        assert_ok(anyloop_loop_call_soon(loop, note, "b", NULL, NULL));
        assert_ok(anyloop_loop_call_later(loop, 0, note, "c", NULL, NULL));
        assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, "d", NULL));
        assert_woken(&guest, 0);
        expect(&self, "a b d c");
    }
    loop_end(loop);
    assert_woken(&guest, 0);
    assert_int_equal(guest.dropped, 1);
}

static void *post_twice(void *pointer)
{
    struct guest *self = pointer;
    anyloop_loop_call_soon_threadsafe(self->loop, note, "a", NULL);
    anyloop_loop_call_soon_threadsafe(self->loop, note, "b", NULL);
    anyloop_promise_set_result(self->promise, NULL);
    return NULL;
}

static void another_thread_wakes_a_guest_once_and_on_its_own(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_real(), &guest, &self);
    anyloop_future *future = NULL;
    assert_ok(anyloop_promise_new(loop, &guest.promise, &future));
    pull(&self);
    pthread_t thread = thread_start(post_twice, &guest);
    thread_join(thread);
    assert_woken(&guest, 1);
    assert_true(pthread_equal(guest.woken_on, thread));
    expect(&self, "a b");
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    thread_join(thread_start(post_twice, &guest)); /* after a turn again */
    assert_woken(&guest, 1);
    expect(&self, "a b");
    anyloop_promise_release(guest.promise);
    anyloop_future_release(future);
    loop_end(loop);
}

static void only_an_earlier_deadline_wakes_a_guest(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_new(), &guest, &self);
    assert_ok(anyloop_loop_call_later(loop, 10, note, "10", NULL, NULL));
    assert_woken(&guest, 1);
    pull(&self);
    assert_int_equal(self.info.next_deadline, HOUR + 10);
    assert_ok(anyloop_loop_call_later(loop, 10, note, "10 too", NULL, NULL));
    assert_ok(anyloop_loop_call_later(loop, 11, note, "11", NULL, NULL));
    assert_woken(&guest, 0);
    assert_ok(anyloop_loop_call_later(loop, 9, note, "9", NULL, NULL));
    assert_woken(&guest, 1);
    pull(&self);
    assert_int_equal(self.info.next_deadline, HOUR + 9);
    loop_end(loop);
}

static void note_done(void *text, anyloop_future *future)
{
    (void)future;
    note(text);
}

static void a_completion_and_a_drop_that_is_due_wake_a_guest(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_new(), &guest, &self);
    anyloop_handle *handle = NULL;
    anyloop_future *future = future_new(loop);
    assert_ok(anyloop_future_add_done_callback(future, note_done, "done", NULL));
    assert_woken(&guest, 0);
    assert_ok(anyloop_future_set_result(future, NULL));
    assert_woken(&guest, 1);
    expect(&self, "done");
    assert_ok(anyloop_loop_call_later(loop, 10, note, "drop", note, &handle));
    assert_woken(&guest, 1);
    pull(&self);
    assert_ok(anyloop_handle_cancel(handle));
    assert_woken(&guest, 1);
    expect(&self, "drop");
    anyloop_handle_release(handle);
    anyloop_future_release(future);
    loop_end(loop);
}

static void add_inside(void *loop)
{
    assert_ok(anyloop_loop_call_soon(loop, note, "soon", NULL, NULL));
    thread_join(thread_start(post_one, loop));
}

static void what_is_added_inside_a_turn_wakes_nobody_and_makes_the_next_one_due(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_real(), &guest, &self);
    assert_ok(anyloop_loop_call_soon(loop, add_inside, loop, NULL, NULL));
    assert_woken(&guest, 1);
    pull(&self);
    assert_int_equal(self.info.next_deadline, 0);
    assert_ok(anyloop_loop_call_soon(loop, note, "between", NULL, NULL)); /* the host turns anyway */
    assert_woken(&guest, 0);
    expect(&self, "soon between posted");
    loop_end(loop);
}

static void wake_inside(void *pointer)
{
    struct guest *self = pointer;
    atomic_store(&self->woken, 0); /* the making of the run's task may have asked */
    add_inside(self->loop);
}

/* What its run leaves behind is the host's again. */
static void a_run_asks_a_guests_host_for_a_turn_at_its_end_only(void **state)
{
    (void)state;
    struct guest guest;
    host self;
    anyloop_loop *loop = guest_new(loop_real(), &guest, &self);
    assert_ok(anyloop_loop_call_soon(loop, wake_inside, &guest, NULL, NULL));
    turn(loop);
    assert_woken(&guest, 1);
    assert_ok(anyloop_loop_call_soon(loop, note, "later", NULL, NULL));
    assert_woken(&guest, 0);
    expect(&self, "soon later posted");
    assert_ok(anyloop_loop_call_soon(loop, note, "again", NULL, NULL));
    assert_woken(&guest, 1);
    expect(&self, "again");
    loop_end(loop);
}

static void set_host_inside(void *guest)
{
    struct guest *self = guest;
    int32_t fd;
    assert_int_equal(anyloop_loop_set_host(self->loop, wake_guest, self, drop_guest), ANYLOOP_E_RUNNING);
    assert_int_equal(anyloop_loop_fd(self->loop, &fd), ANYLOOP_E_RUNNING);
    note("refused");
}

static void a_hosts_data_is_dropped_once_when_another_comes_or_none(void **state)
{
    (void)state;
    struct guest first, second = {0}, refused = {0};
    host self;
    anyloop_loop *loop = guest_new(loop_new(), &first, &self);
    assert_ok(anyloop_loop_set_host(loop, wake_guest, &second, drop_guest));
    assert_int_equal(first.dropped, 1);
    assert_int_equal(second.dropped, 0);
    pull(&self);
    assert_ok(anyloop_loop_call_soon(loop, note, "soon", NULL, NULL));
    assert_woken(&first, 0);
    assert_woken(&second, 1);
    expect(&self, "soon");

    refused.loop = loop;
    assert_ok(anyloop_loop_call_soon(loop, set_host_inside, &refused, NULL, NULL));
    expect(&self, "refused");
    assert_int_equal(refused.dropped, 1);

    assert_ok(anyloop_loop_set_host(loop, NULL, NULL, NULL));
    assert_int_equal(second.dropped, 1);
    pull(&self);
    second.woken = 0;
    assert_ok(anyloop_loop_call_soon(loop, note, "soon", NULL, NULL));
    assert_woken(&second, 0);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(anyloop_loop_set_host(loop, wake_guest, &refused, drop_guest), ANYLOOP_E_CLOSED);
    assert_int_equal(refused.dropped, 2);
    loop_end(loop);
    assert_int_equal(first.dropped + second.dropped, 2);
}

struct slow_guest {
    anyloop_loop *loop;
    gate entered;
    atomic_int left, dropped;
};

static void wake_slowly(void *pointer)
{
    struct slow_guest *self = pointer;
    gate_open(&self->entered);
    for (int i = 0; i < 1000; i++)
        sched_yield(); /* let the other thread take it away */
    atomic_store(&self->left, 1);
}

static void drop_slow_guest(void *pointer)
{
    struct slow_guest *self = pointer;
    assert_int_equal(atomic_load(&self->left), 1);
    self->dropped++;
}

static void no_host_is_dropped_while_it_is_woken(void (*leave)(anyloop_loop *loop))
{
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    struct slow_guest guest = {.loop = loop, .entered = GATE};
    assert_ok(anyloop_loop_set_host(loop, wake_slowly, &guest, drop_slow_guest));
    pull(&self);
    pthread_t thread = thread_start(post_one, loop);
    gate_wait(&guest.entered, 1);
    leave(loop);
    assert_int_equal(guest.dropped, 1);
    thread_join(thread);
    trace.text[0] = 0;
    loop_end(loop);
}

static void leave_host(anyloop_loop *loop)
{
    assert_ok(anyloop_loop_set_host(loop, NULL, NULL, NULL));
}

static void close_guest(anyloop_loop *loop)
{
    assert_ok(anyloop_loop_close(loop));
}

static void a_host_is_not_taken_away_while_it_is_woken(void **state)
{
    (void)state;
    no_host_is_dropped_while_it_is_woken(leave_host);
}

static void a_loop_does_not_close_while_its_host_is_woken(void **state)
{
    (void)state;
    no_host_is_dropped_while_it_is_woken(close_guest);
}

/* ---- the descriptor */

#ifdef ANYLOOP_POLLER_POLL

static void a_loop_that_sleeps_in_poll_has_no_descriptor_and_is_no_guest_by_asking(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    int32_t fd = -7;
    assert_int_equal(anyloop_loop_fd(loop, &fd), ANYLOOP_E_NOT_SUPPORTED);
    assert_int_equal(fd, -7);
    assert_ok(anyloop_loop_call_soon(loop, note, "soon", NULL, NULL));
    expect(&self, "soon");
    loop_end(loop);
}

#else

static int readable(int32_t fd, int timeout)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, timeout);
}

static void the_descriptor_is_readable_when_a_turn_is_due(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 1);
    int32_t fd = -1, again = -1;
    assert_ok(anyloop_loop_fd(loop, &fd));
    assert_ok(anyloop_loop_fd(loop, &again));
    assert_int_equal(again, fd);
    assert_int_equal(readable(fd, 0), 1); /* the first turn */
    pull(&self);
    assert_int_equal(readable(fd, 0), 0);

    assert_ok(anyloop_loop_call_soon(loop, note, "own", NULL, NULL));
    assert_int_equal(readable(fd, 0), 1);
    expect(&self, "own");
    assert_int_equal(readable(fd, 0), 0);

    thread_join(thread_start(post_one, loop));
    assert_int_equal(readable(fd, 0), 1);
    expect(&self, "posted");
    assert_int_equal(readable(fd, 0), 0);

    assert_ok(anyloop_loop_call_soon(loop, begin_second, loop, NULL, NULL));
    expect(&self, "first");
    assert_int_equal(readable(fd, 0), 1); /* something is ready */
    expect(&self, "second");
    assert_int_equal(readable(fd, 0), 0);
    loop_end(loop);
}

static void the_descriptor_is_readable_while_a_batch_is_unfinished(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 1);
    int32_t fd = -1;
    assert_ok(anyloop_loop_fd(loop, &fd));
    assert_ok(anyloop_loop_call_soon(loop, NULL, (void *)1, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, NULL, (void *)2, NULL, NULL));
    expect(&self, "call1");
    assert_int_equal(readable(fd, 0), 1);
    expect(&self, "call2");
    pull(&self);
    assert_int_equal(readable(fd, 0), 0);
    loop_end(loop);
}

static void the_descriptor_is_readable_from_a_deadline_and_not_before(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    int32_t fd = -1;
    assert_ok(anyloop_loop_fd(loop, &fd));
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_SECONDS(3600), note, "far", NULL, NULL));
    pull(&self);
    assert_int_equal(readable(fd, 0), 0);
    uint64_t deadline = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(2);
    assert_ok(anyloop_loop_call_at(loop, deadline, note, "near", NULL, NULL));
    assert_int_equal(readable(fd, 0), 1); /* an earlier deadline asks for a turn */
    pull(&self);
    assert_int_equal(self.info.next_deadline, deadline);
    assert_int_equal(readable(fd, -1), 1);
    assert_true(anyloop_loop_time(loop) >= deadline);
    expect(&self, "near");
    assert_int_equal(readable(fd, 0), 0);
    loop_end(loop);
}

static void the_descriptor_is_readable_after_a_run_that_left_something(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    host self = host_of(loop, 0);
    int32_t fd = -1;
    assert_ok(anyloop_loop_fd(loop, &fd));
    pull(&self);
    assert_ok(anyloop_loop_call_later(loop, ANYLOOP_MS(2), note, "left", NULL, NULL));
    run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
    for (int i = 0; i < 2; i++) { /* at once, or at its deadline */
        assert_int_equal(readable(fd, 1000), 1);
        pull(&self);
    }
    assert_trace("left");
    loop_end(loop);
}

#endif

static void a_virtual_clock_has_no_descriptor(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int32_t fd = -7;
    assert_int_equal(anyloop_loop_fd(loop, &fd), ANYLOOP_E_NOT_SUPPORTED);
    assert_int_equal(fd, -7);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a37_a_host_turns_the_loop_by_hand_and_nothing_runs_twice),
        cmocka_unit_test(a_turn_names_the_next_deadline_and_never_waits_for_it),
        cmocka_unit_test(a_turn_says_when_nobody_is_left_to_wake_the_loop),
        cmocka_unit_test_of_threads(a_turn_over_its_budget_goes_on_before_anything_new),
        cmocka_unit_test_of_clock(a_large_budget_is_no_limit),
        cmocka_unit_test(a_stop_between_turns_gives_one_whole_turn),
        cmocka_unit_test(an_interrupt_by_a_callback_is_told_once_and_the_turn_goes_on_with_the_next),
        cmocka_unit_test(another_loop_can_be_the_host),
        cmocka_unit_test_of_threads(only_an_unpinned_loop_is_turned_by_any_thread),
        cmocka_unit_test(a_turn_refuses_what_it_cannot_use),
        cmocka_unit_test(a_guest_asks_once_for_all_that_is_added_between_two_turns),
        cmocka_unit_test_of_threads(another_thread_wakes_a_guest_once_and_on_its_own),
        cmocka_unit_test(only_an_earlier_deadline_wakes_a_guest),
        cmocka_unit_test(a_completion_and_a_drop_that_is_due_wake_a_guest),
        cmocka_unit_test_of_threads(what_is_added_inside_a_turn_wakes_nobody_and_makes_the_next_one_due),
        cmocka_unit_test_of_threads(a_run_asks_a_guests_host_for_a_turn_at_its_end_only),
        cmocka_unit_test(a_hosts_data_is_dropped_once_when_another_comes_or_none),
        cmocka_unit_test_of_threads(a_host_is_not_taken_away_while_it_is_woken),
        cmocka_unit_test_of_threads(a_loop_does_not_close_while_its_host_is_woken),
#ifdef ANYLOOP_POLLER_POLL
        cmocka_unit_test(a_loop_that_sleeps_in_poll_has_no_descriptor_and_is_no_guest_by_asking),
#else
        cmocka_unit_test_of_descriptor(the_descriptor_is_readable_when_a_turn_is_due),
        cmocka_unit_test_of_descriptor(the_descriptor_is_readable_while_a_batch_is_unfinished),
        cmocka_unit_test_of_descriptor(the_descriptor_is_readable_from_a_deadline_and_not_before),
        cmocka_unit_test_of_descriptor(the_descriptor_is_readable_after_a_run_that_left_something),
#endif
        cmocka_unit_test(a_virtual_clock_has_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
