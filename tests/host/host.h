/* host.h -- one set of cases for every host that anyloop can be a guest of, and for each way to be its guest.
 *
 * A `way` is a host's loop with anyloop in it. A case says what the host's code does, outside of every turn, and what
 * the loop's callbacks do; that it ends at all is most of its result: what is late is late for ever, since nothing else
 * happens. The clock is the real one, since the hosts' is.
 *
 * Run as `PROGRAM --idle WAY SECONDS` a program does nothing for so long, between two marks on standard error: what it
 * does meanwhile all the same is counted by tests/host/idle.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TEST_HOST_H
#define ANYLOOP_TEST_HOST_H

#define _GNU_SOURCE /* nanosleep, and what uv.h wants; first of all */

#include "../unit/test.h"

#include <time.h>
#include <unistd.h>

typedef struct guest guest;

typedef struct way {
    const char *name;
    void (*begin)(guest *self);
    void (*run)(guest *self); /* until `leave` was called */
    void (*leave)(guest *self);
    void (*after)(guest *self, int ms); /* call `self->later` once, from the host */
    void (*end)(guest *self);           /* with the loop closed */
} way;

struct guest {
    const way *way;
    anyloop_loop *loop;
    uint64_t budget;
    anyloop_turn_info info; /* of the last turn */
    int turns;
    void (*later)(guest *self); /* what the host's timer does */
    void *host;                 /* the way's own */
    gate posted;
    int ran, breaths, ran_before_new;
    uint64_t asked_for;
};

/* What each host calls when its loop says that a turn is due. */
static inline void take_turn(guest *self)
{
    self->info = (anyloop_turn_info){.struct_size = sizeof self->info};
    self->turns++;
    assert_ok(anyloop_loop_turn(self->loop, self->budget, NULL, 0, &self->info));
}

/* For hosts that sleep by the millisecond: rounded up. -1: for ever. */
static inline int sleep_ms(const guest *self)
{
    uint64_t now = anyloop_loop_time(self->loop), deadline = self->info.next_deadline;
    if (deadline == ANYLOOP_NEVER)
        return -1;
    uint64_t ms = deadline > now ? (deadline - now + 999999) / 1000000 : 0;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

/* The host's code goes on with `later` in `ms`. */
static inline void host_does(guest *self, int ms, void (*later)(guest *self))
{
    self->later = later;
    self->way->after(self, ms);
}

static inline guest guest_of(const way *by)
{
    return (guest){.way = by, .loop = loop_real(), .posted = GATE};
}

static inline void guest_run(guest *self)
{
    self->way->begin(self);
    self->way->run(self);
}

static inline void guest_end(guest *self)
{
    assert_ok(anyloop_loop_close(self->loop));
    self->way->end(self);
    loop_end(self->loop);
}

static inline void leave(void *pointer)
{
    guest *self = pointer;
    self->way->leave(self);
}

/* ---- all that can wake a loop */

static inline void note_and_leave(void *pointer)
{
    note("post");
    leave(pointer);
}

static inline void *post_from_a_thread(void *pointer)
{
    guest *self = pointer;
    gate_wait(&self->posted, 1); /* the loop is on its way to sleep, or sleeps */
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_ok(anyloop_loop_call_soon_threadsafe(self->loop, note_and_leave, self, NULL));
    return NULL;
}

static inline void a_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static inline void after_the_job(void *pointer, anyloop_future *future)
{
    guest *self = pointer;
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    note("job");
    gate_open(&self->posted);
}

static inline void after_the_timer(void *pointer)
{
    guest *self = pointer;
    note("timer");
    anyloop_future *job = anyloop_run_in_executor(self->loop, NULL, a_job, NULL);
    assert_ok(anyloop_future_add_done_callback(job, after_the_job, self, NULL));
    anyloop_future_release(job);
}

static inline void a_timer_a_job_and_a_thread_each_get_their_turn(void **state)
{
    guest self = guest_of(*state);
    assert_ok(anyloop_loop_hold(self.loop)); /* for the thread */
    pthread_t thread = thread_start(post_from_a_thread, &self);
    assert_ok(anyloop_loop_call_later(self.loop, ANYLOOP_MS(2), after_the_timer, &self, NULL, NULL));
    guest_run(&self);
    assert_trace("timer job post");
    thread_join(thread);
    assert_ok(anyloop_loop_unhold(self.loop));
    guest_end(&self);
}

/* ---- what the host adds between two turns */

static inline void add_soon(guest *self)
{
    assert_ok(anyloop_loop_call_soon(self->loop, leave, self, NULL, NULL));
}

static inline void what_the_host_schedules_between_turns_runs_though_nothing_else_happens(void **state)
{
    guest self = guest_of(*state);
    assert_ok(anyloop_loop_hold(self.loop));
    self.way->begin(&self);
    host_does(&self, 2, add_soon);
    self.way->run(&self);
    assert_ok(anyloop_loop_unhold(self.loop));
    guest_end(&self);
}

static inline void come_in_time(void *pointer)
{
    guest *self = pointer;
    assert_true(anyloop_loop_time(self->loop) >= self->asked_for);
    note("near");
    leave(self);
}

static inline void add_near(guest *self)
{
    self->asked_for = anyloop_loop_time(self->loop) + (uint64_t)ANYLOOP_MS(3);
    assert_ok(anyloop_loop_call_at(self->loop, self->asked_for, come_in_time, self, NULL, NULL));
}

static inline void an_earlier_deadline_that_the_host_sets_between_turns_is_kept(void **state)
{
    guest self = guest_of(*state);
    assert_ok(anyloop_loop_call_later(self.loop, HOUR, note, "far", NULL, NULL));
    self.way->begin(&self);
    host_does(&self, 2, add_near);
    self.way->run(&self);
    assert_trace("near");
    guest_end(&self);
}

/* ---- budgets */

enum { BURNERS = 200 };

static inline void burn_a_while(void *pointer)
{
    guest *self = pointer;
    uint64_t end = anyloop_loop_time(self->loop) + 100000;
    while (anyloop_loop_time(self->loop) < end)
        ;
    self->ran++;
}

static inline void say_how_many_ran_before(void *pointer)
{
    guest *self = pointer;
    self->ran_before_new = self->ran;
    leave(self);
}

static inline void breathe(guest *self)
{
    if (self->ran == BURNERS) {
        if (self->breaths == 0)
            self->way->leave(self); /* too late: there was one turn */
        return;
    }
    if (self->breaths++ == 0)
        assert_ok(anyloop_loop_call_soon(self->loop, say_how_many_ran_before, self, NULL, NULL));
    self->way->after(self, 1);
}

static inline void a_host_breathes_between_turns_of_a_batch_that_is_over_its_budget(void **state)
{
    guest self = guest_of(*state);
    self.budget = (uint64_t)ANYLOOP_MS(1);
    for (int i = 0; i < BURNERS; i++)
        assert_ok(anyloop_loop_call_soon(self.loop, burn_a_while, &self, NULL, NULL));
    self.way->begin(&self);
    host_does(&self, 1, breathe);
    self.way->run(&self);
    assert_int_equal(self.ran_before_new, BURNERS); /* the batch went on before what the host added meanwhile */
    assert_in_range(self.turns, 3, BURNERS + 2);
    assert_true(self.breaths >= 2);
    guest_end(&self);
}

/* ---- idleness */

static inline void look_again(guest *self)
{
    assert_int_equal(self->turns, self->ran);
    self->way->leave(self);
}

static inline void look(guest *self)
{
    self->ran = self->turns;
    host_does(self, 30, look_again);
}

static inline void an_idle_guest_is_not_turned(void **state)
{
    guest self = guest_of(*state);
    assert_ok(anyloop_loop_call_later(self.loop, HOUR, note, "far", NULL, NULL));
    self.way->begin(&self);
    host_does(&self, 5, look);
    self.way->run(&self);
    guest_end(&self);
}

static int idle_seconds;

static inline void mark(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static inline void idle_ends(guest *self)
{
    mark("idle ends\n");
    self->way->leave(self);
}

static inline void idle_begins(guest *self)
{
    mark("idle begins\n");
    host_does(self, idle_seconds * 1000, idle_ends);
}

static inline void job_is_over(void *pointer, anyloop_future *future)
{
    (void)future;
    host_does(pointer, 100, idle_begins);
}

/* With all that a real program has lying around: a far timer, a thread of the pool that had a job, an open promise. */
static inline int idle(const way *by, int seconds)
{
    guest self = guest_of(by);
    anyloop_promise *promise;
    anyloop_future *future;
    idle_seconds = seconds;
    assert_ok(anyloop_promise_new(self.loop, &promise, &future));
    assert_ok(anyloop_loop_call_later(self.loop, HOUR, note, "far", NULL, NULL));
    anyloop_future *job = anyloop_run_in_executor(self.loop, NULL, a_job, NULL);
    assert_ok(anyloop_future_add_done_callback(job, job_is_over, &self, NULL));
    guest_run(&self);
    anyloop_future_release(job);
    anyloop_future_release(future);
    anyloop_promise_release(promise);
    guest_end(&self);
    return 0;
}

/* Every case, in every way. Or one of the ways, idle. */
static inline int host_main(int argc, char **argv, const way *ways, size_t count)
{
    static const struct {
        const char *name;
        CMUnitTestFunction function;
    } cases[] = {
        {"a_timer_a_job_and_a_thread_each_get_their_turn",
         a_timer_a_job_and_a_thread_each_get_their_turn},
        {"what_the_host_schedules_between_turns_runs_though_nothing_else_happens",
         what_the_host_schedules_between_turns_runs_though_nothing_else_happens},
        {"an_earlier_deadline_that_the_host_sets_between_turns_is_kept",
         an_earlier_deadline_that_the_host_sets_between_turns_is_kept},
        {"a_host_breathes_between_turns_of_a_batch_that_is_over_its_budget",
         a_host_breathes_between_turns_of_a_batch_that_is_over_its_budget},
        {"an_idle_guest_is_not_turned",
         an_idle_guest_is_not_turned},
    };
    static char names[4 * LENGTH(cases)][160];
    struct CMUnitTest tests[4 * LENGTH(cases)];
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        if (argc == 2 && strcmp(argv[1], "--ways") == 0)
            puts(ways[i].name);
        if (argc == 4 && strcmp(argv[1], "--idle") == 0 && strcmp(argv[2], ways[i].name) == 0)
            return idle(&ways[i], atoi(argv[3]));
        for (size_t k = 0; k < LENGTH(cases) && number < LENGTH(tests); k++, number++) {
            snprintf(names[number], sizeof names[number], "%s: %s", ways[i].name, cases[k].name);
            tests[number] = (struct CMUnitTest){
                .name = names[number], .test_func = cases[k].function, .initial_state = (void *)(uintptr_t)&ways[i]};
        }
    }
    if (argc == 2)
        return 0;
    return argc > 1 ? 2 : _cmocka_run_group_tests("hosts", tests, number, NULL, NULL);
}

#endif
