/* The system's port: clock, threads, forks, sleeping. A few ms of sleep here and there: a real clock is what is tested.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "port/port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000u

static anyl_poller *new_poller(void)
{
    anyl_poller *poller;
    assert_int_equal(anyl_poller_new(&anyl_alloc_default, &poller), ANYLOOP_OK);
    return poller;
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, timeout_ms) == 1;
}

#ifdef ANYLOOP_POLLER_POLL
static void watch(anyl_poller *poller)
{
    (void)poller; /* nothing of it can be watched */
}
#else
/* From now on by a host too. */
static void watch(anyl_poller *poller)
{
    int32_t fd;
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
    assert_false(readable(fd, 0));
}
#endif

static int open_descriptors(bool *all_close_on_exec)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    *all_close_on_exec = true;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(folder))
            continue;
        count++;
        if (fd > STDERR_FILENO && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            *all_close_on_exec = false;
    }
    closedir(folder);
    return count;
}

/* A thread that tells when it is over, as a detached one does not. */
typedef struct thread {
    void (*run)(void *argument);
    void *argument;
    anyl_mutex mutex;
    anyl_condition condition;
    bool over;
} thread;

static void thread_main(void *pointer)
{
    thread *self = pointer;
    self->run(self->argument);
    anyl_port_mutex_lock(&self->mutex);
    self->over = true;
    anyl_port_condition_signal(&self->condition);
    anyl_port_mutex_unlock(&self->mutex);
}

static void start(thread *self, void (*run)(void *argument), void *argument, const char *name, size_t stack_size)
{
    *self = (thread){.run = run, .argument = argument};
    anyl_port_mutex_init(&self->mutex);
    anyl_port_condition_init(&self->condition);
    assert_int_equal(anyl_port_thread_start(thread_main, self, name, stack_size), ANYLOOP_OK);
}

static void join(thread *self)
{
    anyl_port_mutex_lock(&self->mutex);
    while (!self->over)
        anyl_port_condition_wait(&self->condition, &self->mutex);
    anyl_port_mutex_unlock(&self->mutex);
    anyl_port_condition_deinit(&self->condition);
    anyl_port_mutex_deinit(&self->mutex);
}

/* ---- clock */

static void the_clock_never_goes_back_and_is_never_0(void **state)
{
    (void)state;
    uint64_t last = anyl_port_now();
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = anyl_port_now();
        assert_true(now >= last);
        last = now;
    }
}

/* It stands still while the machine sleeps. */
static void the_clock_is_the_systems_monotonic_one(void **state)
{
    (void)state;
    struct timespec before, after;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    uint64_t now = anyl_port_now();
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    assert_true(now >= (uint64_t)before.tv_sec * 1000000000u + (uint64_t)before.tv_nsec);
    assert_true(now <= (uint64_t)after.tv_sec * 1000000000u + (uint64_t)after.tv_nsec);
}

/* ---- mutexes and conditions */

struct counted {
    anyl_mutex mutex;
    uint64_t count;
};

static void count(void *argument)
{
    struct counted *counted = argument;
    for (int i = 0; i < 20000; i++) {
        anyl_port_mutex_lock(&counted->mutex);
        uint64_t seen = counted->count;
        if (i % 64 == 0)
            anyl_port_yield(); /* let the other one try */
        counted->count = seen + 1;
        anyl_port_mutex_unlock(&counted->mutex);
    }
}

static void a_mutex_lets_one_thread_in(void **state)
{
    (void)state;
    struct counted counted = {.count = 0};
    anyl_port_mutex_init(&counted.mutex);
    thread other;
    start(&other, count, &counted, "other", 0);
    count(&counted);
    join(&other);
    assert_int_equal(counted.count, 40000);
    anyl_port_mutex_deinit(&counted.mutex);
}

struct meeting {
    anyl_mutex mutex;
    anyl_condition condition;
    int here, all;
};

static void meet(void *argument)
{
    struct meeting *meeting = argument;
    anyl_port_mutex_lock(&meeting->mutex);
    if (++meeting->here == meeting->all)
        anyl_port_condition_broadcast(&meeting->condition);
    while (meeting->here < meeting->all)
        anyl_port_condition_wait_until(&meeting->condition, &meeting->mutex, UINT64_MAX);
    anyl_port_mutex_unlock(&meeting->mutex);
}

static void a_broadcast_ends_every_wait(void **state)
{
    (void)state;
    struct meeting meeting = {.all = 3};
    anyl_port_mutex_init(&meeting.mutex);
    anyl_port_condition_init(&meeting.condition);
    thread others[2];
    for (int i = 0; i < 2; i++)
        start(&others[i], meet, &meeting, "other", 0);
    meet(&meeting);
    for (int i = 0; i < 2; i++)
        join(&others[i]);
    anyl_port_condition_deinit(&meeting.condition);
    anyl_port_mutex_deinit(&meeting.mutex);
}

static void a_condition_is_waited_for_until_the_deadline_and_no_less(void **state)
{
    (void)state;
    struct meeting meeting = {.all = 1};
    anyl_port_mutex_init(&meeting.mutex);
    anyl_port_condition_init(&meeting.condition);
    anyl_port_mutex_lock(&meeting.mutex);
    uint64_t deadline = anyl_port_now() + 2 * MS;
    while (anyl_port_condition_wait_until(&meeting.condition, &meeting.mutex, deadline))
        ;
    assert_true(anyl_port_now() >= deadline);
    assert_false(anyl_port_condition_wait_until(&meeting.condition, &meeting.mutex, 0));
    anyl_port_mutex_unlock(&meeting.mutex);
    anyl_port_condition_deinit(&meeting.condition);
    anyl_port_mutex_deinit(&meeting.mutex);
}

/* ---- threads */

struct seen {
    char name[32];
    size_t stack_size;
    bool user_signal_blocked, fault_blocked;
    uintptr_t self;
    void *running, *slot;
    int detached;
};

static void look(void *argument)
{
    struct seen *seen = argument;
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &seen->stack_size);
        pthread_attr_getdetachstate(&attributes, &seen->detached);
        pthread_attr_destroy(&attributes);
    }
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    seen->user_signal_blocked = sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGINT) == 1;
    seen->fault_blocked = sigismember(&blocked, SIGSEGV) == 1;
    seen->self = anyl_port_thread_self();
    seen->running = anyl_port_running();
    seen->slot = anyl_port_thread_slot();
}

static void a_thread_is_detached_has_its_name_its_stack_and_no_signals(void **state)
{
    (void)state;
    struct seen seen = {.detached = -1};
    thread other;
    start(&other, look, &seen, "anyloop-3", 512 * 1024);
    join(&other);
    assert_string_equal(seen.name, "anyloop-3");
    assert_in_range(seen.stack_size, 512 * 1024, 4 * 1024 * 1024);
    assert_int_equal(seen.detached, PTHREAD_CREATE_DETACHED);
    assert_true(seen.user_signal_blocked);
    assert_false(seen.fault_blocked);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGUSR1));
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    struct seen seen;
    thread other;
    start(&other, look, &seen, "123456789012345678", 0);
    join(&other);
    assert_string_equal(seen.name, "123456789012345");
    start(&other, look, &seen, "12345678901234\xc3\xa9", 0);
    join(&other);
    assert_string_equal(seen.name, "12345678901234");
}

static void a_stack_is_never_less_than_the_system_needs(void **state)
{
    (void)state;
    struct seen seen;
    thread other;
    start(&other, look, &seen, "small", 1);
    join(&other);
    assert_string_equal(seen.name, "small");
}

static void a_thread_that_cannot_start_is_a_status(void **state)
{
    (void)state;
    int never;
    assert_int_equal(anyl_port_thread_start(free, &never, "huge", (size_t)1 << 48), ANYLOOP_E_OS);
}

static void each_living_thread_has_its_own_number_slot_and_running(void **state)
{
    (void)state;
    int mine;
    anyl_port_running_set(&mine, NULL);
    assert_int_equal(anyl_port_thread_slot_set(&mine, free), ANYLOOP_OK);
    struct seen seen;
    thread other;
    start(&other, look, &seen, "other", 0);
    join(&other);
    assert_true(seen.self != 0 && seen.self != anyl_port_thread_self());
    assert_null(seen.running);
    assert_null(seen.slot);
    assert_ptr_equal(anyl_port_running(), &mine);
    assert_ptr_equal(anyl_port_thread_slot(), &mine);
    anyl_port_running_set(NULL, NULL);
    assert_int_equal(anyl_port_thread_slot_set(NULL, NULL), ANYLOOP_OK);
}

struct exits {
    anyl_poller *poller;
    int heard, rounds;
    atomic_bool over;
};

static struct exits exits;
static pthread_key_t last_key;

static void hear_exit(void *pointer)
{
    ((struct exits *)pointer)->heard++;
}

/* The system calls destructors in rounds, as long as one leaves something, and in each round this one after the port's.
 * What the port would tell twice, it has told when this one comes the second time. */
static void hear_last(void *pointer)
{
    if (++exits.rounds < 2) {
        pthread_setspecific(last_key, pointer);
        return;
    }
    atomic_store(&exits.over, true);
    anyl_poller_wake(exits.poller);
}

static void leave_in_slot(void *argument)
{
    static struct exits replaced;
    anyl_port_thread_slot_set(&replaced, hear_exit);
    anyl_port_thread_slot_set(argument, hear_exit);
    pthread_setspecific(last_key, argument);
}

static void take_from_slot(void *argument)
{
    leave_in_slot(argument);
    anyl_port_thread_slot_set(NULL, NULL);
}

static void what_a_thread_leaves_in_its_slot_is_heard_of_once(void **state)
{
    (void)state;
    assert_int_equal(anyl_port_thread_slot_set(NULL, NULL), ANYLOOP_OK); /* the port's key comes before ours */
    assert_int_equal(pthread_key_create(&last_key, hear_last), 0);
    exits.poller = new_poller(); /* never freed: the last wake may still be under way in it */
    for (int leaves = 0; leaves < 2; leaves++) {
        exits.heard = exits.rounds = 0;
        atomic_store(&exits.over, false);
        void (*run)(void *) = leaves ? leave_in_slot : take_from_slot;
        assert_int_equal(anyl_port_thread_start(run, &exits, "ends", 0), ANYLOOP_OK);
        while (!atomic_load(&exits.over))
            assert_int_equal(anyl_poller_wait(exits.poller, UINT64_MAX), ANYLOOP_OK);
        assert_int_equal(exits.heard, leaves);
    }
}

static void processors_are_those_this_process_may_use(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_int_equal(anyl_port_processors(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(anyl_port_processors(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void forks_are_counted_by_the_child(void **state)
{
    (void)state;
    uint32_t before = anyl_port_forks();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool right = anyl_port_forks() == before + 1;
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(anyl_port_forks() == before + 2 ? 0 : 1);
        int status = 1;
        waitpid(grandchild, &status, 0);
        _exit(right && status == 0 ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(anyl_port_forks(), before);
}

/* ---- sleeping */

static void a_wait_lasts_until_its_deadline_and_no_less(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    uint64_t deadline = anyl_port_now() + 2 * MS;
    while (anyl_port_now() < deadline)
        assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
    assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
    assert_int_equal(anyl_poller_wait(poller, 0), ANYLOOP_OK);
    anyl_poller_free(poller);
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    anyl_poller_wake(poller);
    anyl_poller_wake(poller);
    assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
    anyl_poller_free(poller);
}

static void wakes_are_forgotten_by_the_wait_that_they_end_and_by_clear(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    for (int watched = 0; watched < 2; watched++) {
        anyl_poller_wake(poller);
        assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
        uint64_t deadline = anyl_port_now() + MS;
        assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
        assert_true(anyl_port_now() >= deadline);
        anyl_poller_wake(poller);
        anyl_poller_clear(poller);
        deadline = anyl_port_now() + MS;
        assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
        assert_true(anyl_port_now() >= deadline);
        watch(poller);
    }
    anyl_poller_free(poller);
}

static void wake_it(void *poller)
{
    anyl_poller_wake(poller);
}

static void wake_a_little_later(void *poller)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * MS}, NULL);
    anyl_poller_wake(poller);
}

static void a_wake_that_ended_a_wait_does_not_end_the_next(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    for (int watched = 0; watched < 2; watched++) {
        thread other;
        start(&other, wake_a_little_later, poller, "waker", 0);
        assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
        join(&other);
        uint64_t deadline = anyl_port_now() + 2 * MS;
        assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
        assert_true(anyl_port_now() >= deadline);
        watch(poller);
    }
    anyl_poller_free(poller);
}

static void fork_and_wake(void *poller)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * MS}, NULL);
    pid_t child = fork();
    if (child == 0) {
        anyl_poller_wake(poller);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void a_wake_in_a_forked_child_is_none_for_its_parent(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    thread other;
    uint64_t deadline = anyl_port_now() + 30 * MS;
    start(&other, fork_and_wake, poller, "forker", 0);
    assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
    assert_true(anyl_port_now() >= deadline);
    join(&other);
    anyl_poller_free(poller);
}

enum { ROUNDS = 20000 };

struct table {
    anyl_poller *players[2];
    atomic_int ball; /* who has it */
};

static void play(struct table *table, int me)
{
    for (int round = 0; round < ROUNDS; round++) {
        while (atomic_load_explicit(&table->ball, memory_order_relaxed) != me)
            anyl_poller_wait(table->players[me], UINT64_MAX);
        atomic_store_explicit(&table->ball, !me, memory_order_relaxed);
        anyl_poller_wake(table->players[!me]);
    }
}

static void play_other(void *argument)
{
    play(argument, 1);
}

static void no_wake_is_lost_between_two_threads(void **state)
{
    (void)state;
    for (int watched = 0; watched < 2; watched++) {
        struct table table = {.players = {new_poller(), new_poller()}};
        if (watched)
            watch(table.players[0]);
        thread other;
        start(&other, play_other, &table, "other", 0);
        play(&table, 0);
        join(&other);
        anyl_poller_free(table.players[0]);
        anyl_poller_free(table.players[1]);
    }
}

static void on_signal(int number)
{
    (void)number;
}

static void a_signal_is_no_error_of_a_wait(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal}, before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    anyl_poller *poller = new_poller();
    struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_int_equal(anyl_poller_wait(poller, anyl_port_now() + 5 * MS), ANYLOOP_OK);
    anyl_poller_free(poller);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

#ifdef ANYLOOP_POLLER_POLL

static void a_poller_has_a_pipe_that_is_close_on_exec_and_given_back(void **state)
{
    (void)state;
    bool closed_on_exec;
    int before = open_descriptors(&closed_on_exec);
    int ends[2] = {dup(STDERR_FILENO), dup(STDERR_FILENO)}; /* the next two, which the pipe will get */
    close(ends[0]);
    close(ends[1]);
    anyl_poller *poller = new_poller();
    assert_int_equal(open_descriptors(&closed_on_exec), before + 2);
    for (int i = 0; i < 2; i++)
        assert_true(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
    anyl_poller_free(poller);
    assert_int_equal(open_descriptors(&closed_on_exec), before);
}

static void a_poller_on_a_pipe_says_that_it_has_nothing_for_hosts(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    int32_t fd = 77;
    anyl_poller_arm(poller, 0);
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_E_NOT_SUPPORTED);
    assert_int_equal(fd, 77);
    anyl_poller_free(poller);
}

/* It fills up only if somebody else writes. A waker is not held up then. */
static void a_pipe_that_is_full_is_a_wake(void **state)
{
    (void)state;
    int ends[2] = {dup(STDERR_FILENO), dup(STDERR_FILENO)}; /* the next two, which the pipe will get */
    close(ends[0]);
    close(ends[1]);
    anyl_poller *poller = new_poller();
    for (int round = 0; round < 50; round++) {
        while (write(ends[1], "", 1) == 1)
            ;
        assert_int_equal(errno, EAGAIN);
        thread other;
        start(&other, wake_it, poller, "waker", 0); /* before, during and after the wait */
        assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
        join(&other);
        anyl_poller_clear(poller);
        uint64_t deadline = anyl_port_now() + MS / 2;
        while (anyl_port_now() < deadline) /* one may end early: by what the first did not take, or a late byte */
            assert_int_equal(anyl_poller_wait(poller, deadline), ANYLOOP_OK);
        assert_false(readable(ends[0], 0));
    }
    anyl_poller_free(poller);
}

static void too_few_descriptors_are_a_status_of_the_making_and_cost_none(void **state)
{
    (void)state;
    bool closed_on_exec;
    int before = open_descriptors(&closed_on_exec);
    struct rlimit limit, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(STDERR_FILENO);
    close(next);
    for (rlim_t room = 0; room < 2; room++) {
        low = (struct rlimit){.rlim_cur = (rlim_t)next + room, .rlim_max = limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        anyl_poller *poller = NULL;
        anyloop_status status = anyl_poller_new(&anyl_alloc_default, &poller);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(status, ANYLOOP_E_OS);
        assert_null(poller);
        assert_int_equal(open_descriptors(&closed_on_exec), before);
    }
}

#else

static void a_loop_that_no_host_watches_needs_no_descriptor(void **state)
{
    (void)state;
    bool closed_on_exec;
    int before = open_descriptors(&closed_on_exec);
    anyl_poller *poller = new_poller();
    anyl_poller_arm(poller, 0);
    anyl_poller_wake(poller);
    assert_int_equal(anyl_poller_wait(poller, UINT64_MAX), ANYLOOP_OK);
    assert_int_equal(open_descriptors(&closed_on_exec), before);
    anyl_poller_free(poller);
}

static void descriptors_are_close_on_exec_and_are_given_back(void **state)
{
    (void)state;
    bool closed_on_exec, before_closed_on_exec;
    int before = open_descriptors(&before_closed_on_exec);
    anyl_poller *poller = new_poller();
    int32_t fd, again;
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
    assert_int_equal(anyl_poller_fd(poller, &again), ANYLOOP_OK);
    assert_int_equal(fd, again);
    assert_true(open_descriptors(&closed_on_exec) > before);
    if (before_closed_on_exec)
        assert_true(closed_on_exec);
    anyl_poller_free(poller);
    assert_int_equal(open_descriptors(&closed_on_exec), before);
}

static void the_descriptor_is_readable_from_a_wake_to_the_clear(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    int32_t fd;
    anyl_poller_wake(poller); /* before there is a descriptor */
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
    assert_true(readable(fd, 0));
    anyl_poller_clear(poller);
    assert_false(readable(fd, 0));
    anyl_poller_wake(poller);
    anyl_poller_wake(poller);
    assert_true(readable(fd, 0));
    anyl_poller_clear(poller);
    assert_false(readable(fd, 0));
    anyl_poller_free(poller);
}

static void the_descriptor_is_readable_from_the_armed_deadline(void **state)
{
    (void)state;
    anyl_poller *poller = new_poller();
    int32_t fd;
    uint64_t deadline = anyl_port_now() + 2 * MS;
    anyl_poller_arm(poller, deadline); /* before there is a descriptor */
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
    assert_true(readable(fd, -1));
    assert_true(anyl_port_now() >= deadline);
    anyl_poller_clear(poller);
    assert_true(readable(fd, 0));
    anyl_poller_arm(poller, UINT64_MAX);
    assert_false(readable(fd, 0));
    anyl_poller_arm(poller, 0);
    assert_true(readable(fd, -1));
    anyl_poller_arm(poller, anyl_port_now() + 3600000u * (uint64_t)MS);
    assert_false(readable(fd, 0));
    deadline = anyl_port_now() + MS;
    anyl_poller_arm(poller, deadline);
    assert_true(readable(fd, -1));
    assert_true(anyl_port_now() >= deadline);
    anyl_poller_free(poller);
}

static void a_wake_that_meets_the_making_of_the_descriptor_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        anyl_poller *poller = new_poller();
        thread other;
        int32_t fd;
        start(&other, wake_it, poller, "waker", 0);
        for (volatile int pause = i * 20; pause > 0; pause = pause - 1)
            ;
        assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
        assert_true(readable(fd, -1));
        join(&other);
        anyl_poller_free(poller);
    }
}

static void too_few_descriptors_are_a_status_and_cost_none(void **state)
{
    (void)state;
    bool closed_on_exec;
    int before = open_descriptors(&closed_on_exec);
    struct rlimit limit, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(STDERR_FILENO);
    close(next);
    anyl_poller *poller = new_poller();
    for (rlim_t room = 0; room < 3; room++) {
        low = (struct rlimit){.rlim_cur = (rlim_t)next + room, .rlim_max = limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        int32_t fd = 77;
        anyloop_status status = anyl_poller_fd(poller, &fd);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(status, ANYLOOP_E_OS);
        assert_int_equal(fd, 77);
        assert_int_equal(open_descriptors(&closed_on_exec), before);
    }
    int32_t fd;
    anyl_poller_wake(poller);
    assert_int_equal(anyl_poller_fd(poller, &fd), ANYLOOP_OK);
    assert_true(readable(fd, 0));
    anyl_poller_free(poller);
}

#endif

static void *no_memory(void *user_data, size_t size)
{
    (void)user_data;
    (void)size;
    return NULL;
}

static void no_memory_is_a_status_of_the_making(void **state)
{
    (void)state;
    anyloop_allocator allocator = anyl_alloc_default;
    allocator.allocate = no_memory;
    anyl_poller *poller = NULL;
    assert_int_equal(anyl_poller_new(&allocator, &poller), ANYLOOP_E_NOMEM);
    assert_null(poller);
}

/* ---- words */

static void a_log_line_goes_to_stderr_whole(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    anyl_port_log(NULL, ANYLOOP_LOG_ERROR, "it broke, and more", 8);
    anyl_port_log(NULL, ANYLOOP_LOG_WARNING, "beware", 6);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    char text[128];
    ssize_t size = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    assert_true(size > 0);
    text[size] = '\0';
    assert_string_equal(text, "anyloop: error: it broke\nanyloop: warning: beware\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_never_goes_back_and_is_never_0),
        cmocka_unit_test(the_clock_is_the_systems_monotonic_one),
        cmocka_unit_test(a_mutex_lets_one_thread_in),
        cmocka_unit_test(a_broadcast_ends_every_wait),
        cmocka_unit_test(a_condition_is_waited_for_until_the_deadline_and_no_less),
        cmocka_unit_test(a_thread_is_detached_has_its_name_its_stack_and_no_signals),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(a_stack_is_never_less_than_the_system_needs),
        cmocka_unit_test(a_thread_that_cannot_start_is_a_status),
        cmocka_unit_test(each_living_thread_has_its_own_number_slot_and_running),
        cmocka_unit_test(what_a_thread_leaves_in_its_slot_is_heard_of_once),
        cmocka_unit_test(processors_are_those_this_process_may_use),
        cmocka_unit_test(forks_are_counted_by_the_child),
        cmocka_unit_test(a_wait_lasts_until_its_deadline_and_no_less),
        cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
        cmocka_unit_test(wakes_are_forgotten_by_the_wait_that_they_end_and_by_clear),
        cmocka_unit_test(a_wake_that_ended_a_wait_does_not_end_the_next),
        cmocka_unit_test(a_wake_in_a_forked_child_is_none_for_its_parent),
        cmocka_unit_test(no_wake_is_lost_between_two_threads),
        cmocka_unit_test(a_signal_is_no_error_of_a_wait),
#ifdef ANYLOOP_POLLER_POLL
        cmocka_unit_test(a_poller_has_a_pipe_that_is_close_on_exec_and_given_back),
        cmocka_unit_test(a_poller_on_a_pipe_says_that_it_has_nothing_for_hosts),
        cmocka_unit_test(a_pipe_that_is_full_is_a_wake),
        cmocka_unit_test(too_few_descriptors_are_a_status_of_the_making_and_cost_none),
#else
        cmocka_unit_test(a_loop_that_no_host_watches_needs_no_descriptor),
        cmocka_unit_test(descriptors_are_close_on_exec_and_are_given_back),
        cmocka_unit_test(the_descriptor_is_readable_from_a_wake_to_the_clear),
        cmocka_unit_test(the_descriptor_is_readable_from_the_armed_deadline),
        cmocka_unit_test(a_wake_that_meets_the_making_of_the_descriptor_is_told),
        cmocka_unit_test(too_few_descriptors_are_a_status_and_cost_none),
#endif
        cmocka_unit_test(no_memory_is_a_status_of_the_making),
        cmocka_unit_test(a_log_line_goes_to_stderr_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
