/* A system that refuses or interrupts: descriptors, threads, sleeps, signals.
 *
 * The calls of the port that make and use descriptors are intercepted here, and the nth of them fails. Threads and
 * futexes are refused by the kernel itself, by a seccomp filter in a child process. The sleeps of a few ms are real.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the port's calls on descriptors */

static struct {
    atomic_int made;  /* calls, while they are counted */
    atomic_int fails; /* the number of the one that fails; 0: they are not counted */
    int error;
    int event_fd; /* the last one made */
} calls;

static bool refused(void)
{
    if (atomic_load(&calls.fails) == 0 || atomic_fetch_add(&calls.made, 1) + 1 != atomic_load(&calls.fails))
        return false;
    errno = calls.error;
    return true;
}

static void count_calls(int fails, int error)
{
    atomic_store(&calls.made, 0);
    calls.error = error;
    atomic_store(&calls.fails, fails);
}

/* In the place of libc's; by these names the headers have nothing to say about them. */
int call_epoll_create1(int flags) __asm__("epoll_create1");
int call_eventfd(unsigned start, int flags) __asm__("eventfd");
int call_timerfd_create(int clock, int flags) __asm__("timerfd_create");
int call_timerfd_settime(int fd, int flags, const struct itimerspec *when,
                         struct itimerspec *before) __asm__("timerfd_settime");
int call_epoll_ctl(int set, int what, int fd, struct epoll_event *event) __asm__("epoll_ctl");
ssize_t call_read(int fd, void *bytes, size_t size) __asm__("read");
ssize_t call_write(int fd, const void *bytes, size_t size) __asm__("write");
int call_close(int fd) __asm__("close");

int call_epoll_create1(int flags)
{
    return refused() ? -1 : (int)syscall(SYS_epoll_create1, flags);
}

int call_eventfd(unsigned start, int flags)
{
    return calls.event_fd = refused() ? -1 : (int)syscall(SYS_eventfd2, start, flags);
}

int call_timerfd_create(int clock, int flags)
{
    return refused() ? -1 : (int)syscall(SYS_timerfd_create, clock, flags);
}

int call_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    return refused() ? -1 : (int)syscall(SYS_timerfd_settime, fd, flags, when, before);
}

int call_epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
    return refused() ? -1 : (int)syscall(SYS_epoll_ctl, set, what, fd, event);
}

ssize_t call_read(int fd, void *bytes, size_t size)
{
    return refused() ? -1 : syscall(SYS_read, fd, bytes, size);
}

ssize_t call_write(int fd, const void *bytes, size_t size)
{
    return refused() ? -1 : syscall(SYS_write, fd, bytes, size);
}

/* Refused or not, the descriptor is closed, as Linux does it. */
int call_close(int fd)
{
    bool fails = refused();
    int result = (int)syscall(SYS_close, fd);
    if (fails)
        errno = calls.error;
    return fails ? -1 : result;
}

static int open_descriptors(void)
{
    int open = 0;
    for (int fd = 0; fd < 256; fd++)
        open += fcntl(fd, F_GETFD) >= 0;
    return open;
}

#ifdef ANYLOOP_POLLER_POLL

static void *keep_soon(void *promise)
{
    usleep(1000);
    anyloop_promise_set_result(promise, NULL);
    anyloop_promise_release(promise);
    return NULL;
}

/* Its byte may be interrupted on its way into the pipe, or out of it. */
static void whichever_call_is_interrupted_no_wake_and_no_timer_is_lost(void **state)
{
    (void)state;
    int before = open_descriptors();
    for (int call = 1; call <= 8; call++) {
        anyloop_loop *loop = loop_real();
        count_calls(call, EINTR);
        for (int i = 0; i < 3; i++) {
            anyloop_promise *promise;
            anyloop_future *future;
            assert_ok(anyloop_promise_new(loop, &promise, &future));
            pthread_t thread = thread_start(keep_soon, promise);
            run_to(loop, future, ANYLOOP_OK);
            thread_join(thread);
            uint64_t due = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(1);
            run_to(loop, anyloop_sleep(loop, ANYLOOP_MS(1)), ANYLOOP_OK);
            assert_true(anyloop_loop_time(loop) >= due);
        }
        count_calls(0, 0);
        loop_end(loop);
    }
    assert_int_equal(open_descriptors(), before);
}

#else

static bool readable(int fd, int ms)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, ms) == 1;
}

/* The first call that fails unnoticed is not one of those that make the descriptor. */
static bool refuses_a_descriptor(int call, int error)
{
    int before = open_descriptors();
    anyloop_loop *loop = loop_real();
    int32_t fd = 77;
    count_calls(call, error);
    anyloop_status status = anyloop_loop_fd(loop, &fd);
    count_calls(0, 0);
    if (status != ANYLOOP_OK) {
        assert_int_equal(status, ANYLOOP_E_OS);
        assert_int_equal(fd, 77);
        assert_int_equal(open_descriptors(), before);
        run_to(loop, anyloop_sleep(loop, 1), ANYLOOP_OK);
        assert_ok(anyloop_loop_fd(loop, &fd));
        assert_true(readable(fd, 0));
    }
    loop_end(loop);
    assert_int_equal(open_descriptors(), before);
    return status != ANYLOOP_OK;
}

static void a_descriptor_that_the_system_refuses_costs_none_and_the_loop_goes_on(void **state)
{
    (void)state;
    const int errors[] = {EMFILE, ENFILE, ENOSYS, EPERM, ENOMEM};
    for (size_t i = 0; i < LENGTH(errors); i++) {
        int call = 1;
        while (refuses_a_descriptor(call, errors[i]))
            call++;
        assert_in_range(call, 3, 20);
    }
}

static void *post(void *loop)
{
    anyloop_loop_call_soon_threadsafe(loop, note, "posted", NULL);
    return NULL;
}

/* A guest that is woken by timers and by a thread. How many calls it took. */
static int guest(int fails)
{
    int32_t fd;
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_loop *loop = loop_real();
    count_calls(fails, EINTR);
    anyloop_status status = anyloop_loop_fd(loop, &fd);
    if (status != ANYLOOP_OK)
        status = anyloop_loop_fd(loop, &fd);
    assert_ok(status);
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    thread_join(thread_start(post, loop));
    assert_true(readable(fd, 5000));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    assert_trace("posted");
    uint64_t due = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(1);
    assert_ok(anyloop_loop_call_at(loop, due, note, "first", NULL, NULL));
    assert_ok(anyloop_loop_call_at(loop, due + 1000, note, "second", NULL, NULL));
    do {
        assert_true(readable(fd, 5000));
        assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    } while (info.next_deadline != ANYLOOP_NEVER);
    assert_true(anyloop_loop_time(loop) >= due + 1000);
    assert_trace("first second");
    loop_end(loop);
    int made = atomic_load(&calls.made);
    count_calls(0, 0);
    return made;
}

static void whichever_call_is_interrupted_no_wake_and_no_timer_is_lost(void **state)
{
    (void)state;
    int before = open_descriptors(), call = 1;
    while (guest(call) >= call)
        call++;
    assert_in_range(call, 10, 100);
    assert_int_equal(open_descriptors(), before);
}

static void a_counter_that_is_full_is_a_wake(void **state)
{
    (void)state;
    const uint64_t most = UINT64_MAX - 1;
    int32_t fd;
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_loop *loop = loop_real();
    assert_ok(anyloop_loop_fd(loop, &fd));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    assert_false(readable(fd, 0));
    assert_int_equal(write(calls.event_fd, &most, sizeof most), sizeof most);
    thread_join(thread_start(post, loop));
    assert_true(readable(fd, 0));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    assert_trace("posted");
    assert_false(readable(fd, 0));
    loop_end(loop);
}

#endif

/* ---- signals */

static atomic_int signals;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static void job_of_a_while(anyloop_job *job, const anyloop_value *in)
{
    usleep(100);
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

static void a_storm_of_signals_makes_nothing_early_and_loses_nothing(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal}, before; /* without SA_RESTART */
    const struct itimerval storm = {{0, 50}, {0, 50}}, calm = {{0, 0}, {0, 0}};
    anyloop_loop *loop = loop_real();
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &storm, NULL), 0);
    for (int i = 0; i < 20; i++) {
        anyloop_value in = anyloop_int(i);
        uint64_t due = anyloop_loop_time(loop) + (uint64_t)ANYLOOP_MS(1);
        anyloop_future *parts[] = {anyloop_run_in_executor(loop, NULL, job_of_a_while, &in),
                                   anyloop_sleep(loop, ANYLOOP_MS(1))};
        anyloop_future *both = anyloop_gather(loop, parts, 2, 0);
        assert_ok(anyloop_loop_run_until_complete(loop, both));
        assert_true(anyloop_loop_time(loop) >= due);
        assert_int_equal(anyloop_to_int(anyloop_to_list(anyloop_future_result(both), NULL)), i);
        anyloop_future_release(both);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &calm, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(atomic_load(&signals) > 20);
    loop_end(loop);
}

/* ---- what the kernel refuses: in a child, since a filter stays */

/* From now on these system calls of this thread fail with `error`. */
static bool refuse(const int *numbers, size_t count, int error)
{
    struct sock_filter filter[16];
    unsigned short size = 0;
    filter[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++) {
        filter[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[i], 0, 1);
        filter[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error);
    }
    filter[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {size, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool refuse_threads(int error)
{
    const int numbers[] = {SYS_clone, SYS_clone3};
    return refuse(numbers, LENGTH(numbers), error);
}

/* Nothing may be asserted there: it gives the number of the first thing that is wrong. */
static void assert_right_in_child(int (*wrong)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        _exit(wrong());
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

static anyloop_loop *new_loop(void)
{
    anyloop_loop *loop = NULL;
    anyloop_new_event_loop(NULL, &loop);
    return loop;
}

static int input_drops;

static anyloop_future *submit(anyloop_loop *loop, anyloop_executor *executor)
{
    anyloop_value in = anyloop_none();
    anyloop_value_foreign(NULL, &input_drops, count, &in);
    return anyloop_run_in_executor(loop, executor, job_of_a_while, &in);
}

static int wrong_without_a_thread(void)
{
    anyloop_loop *loop = new_loop();
    if (!refuse_threads(EAGAIN))
        return 1;
    for (int i = 1; i <= 3; i++) {
        anyloop_future *job = submit(loop, NULL);
        if (anyloop_future_error_code(job) != ANYLOOP_E_OS || input_drops != i)
            return 2;
        anyloop_future_release(job);
    }
    anyloop_future *sleep = anyloop_sleep(loop, 1);
    if (anyloop_loop_run_until_complete(loop, sleep) != ANYLOOP_OK)
        return 3;
    anyloop_future_release(sleep);
    return anyloop_loop_close(loop) == ANYLOOP_OK ? 0 : 4;
}

static void a_pool_that_gets_no_thread_says_so_and_its_loop_goes_on(void **state)
{
    (void)state;
    assert_right_in_child(wrong_without_a_thread);
}

static gate may_end = GATE, began = GATE;

static void wait_for_gate(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    gate_open(&began);
    gate_wait(&may_end, 1);
}

static int wrong_with_few_threads(void)
{
    const anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 8};
    anyloop_loop *loop = new_loop();
    anyloop_executor *pool = NULL;
    anyloop_future *jobs[10];
    anyloop_thread_pool_new(&options, &pool);
    for (int i = 0; i < 2; i++)
        jobs[i] = anyloop_run_in_executor(loop, pool, wait_for_gate, NULL);
    gate_wait(&began, 2);
    if (!refuse_threads(EAGAIN))
        return 1;
    for (int i = 2; i < 10; i++)
        jobs[i] = submit(loop, pool);
    gate_open(&may_end);
    anyloop_future *all = anyloop_gather(loop, jobs, 10, 0);
    if (anyloop_loop_run_until_complete(loop, all) != ANYLOOP_OK)
        return 2;
    anyloop_future_release(all);
    if (anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER) != ANYLOOP_OK || anyloop_loop_close(loop) != ANYLOOP_OK)
        return 3;
    anyloop_executor_release(pool);
    anyloop_loop_release(loop);
    return input_drops == 8 ? 0 : 4;
}

static void a_pool_that_gets_fewer_threads_does_all_its_jobs_with_those(void **state)
{
    (void)state;
    assert_right_in_child(wrong_with_few_threads);
}

static int runs_of_timer;
static bool early;

struct due {
    anyloop_loop *loop;
    uint64_t at;
};

static void run_due(void *user_data)
{
    struct due *due = user_data;
    runs_of_timer++;
    early = early || anyloop_loop_time(due->loop) < due->at;
}

/* What a loop sleeps in. */
static const int sleeps[] = {
#if !defined(ANYLOOP_POLLER_POLL)
    SYS_futex,
#elif defined(SYS_poll)
    SYS_poll,
#else
    SYS_ppoll,
#endif
};

/* No wait lasts: the loop asks again and again, and is not early. */
static int wrong_with_short_waits(void)
{
    struct due due[20];
    anyloop_loop *loop = new_loop();
    if (!refuse(sleeps, LENGTH(sleeps), EINTR))
        return 1;
    for (int i = 0; i < 20; i++) {
        due[i] = (struct due){loop, anyloop_loop_time(loop) + (uint64_t)(i % 5) * 500000};
        anyloop_loop_call_at(loop, due[i].at, run_due, &due[i], NULL, NULL);
    }
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_MS(3));
    if (anyloop_loop_run_until_complete(loop, sleep) != ANYLOOP_OK)
        return 2;
    anyloop_future_release(sleep);
    return early ? 3 : runs_of_timer == 20 ? 0 : 4;
}

static void a_sleep_that_is_always_interrupted_makes_no_timer_early(void **state)
{
    (void)state;
    assert_right_in_child(wrong_with_short_waits);
}

static int wrong_without_sleep(void)
{
    tally late = {0, 0};
    anyloop_loop *loop = new_loop();
    if (!refuse(sleeps, LENGTH(sleeps), ENOSYS))
        return 1;
    anyloop_loop_call_later(loop, ANYLOOP_SECONDS(60), tally_run, &late, tally_drop, NULL);
    if (anyloop_loop_run_forever(loop) != ANYLOOP_E_OS)
        return 2;
    if (anyloop_loop_close(loop) != ANYLOOP_OK)
        return 3;
    return late.ran == 0 && late.dropped == 1 ? 0 : 4;
}

static void a_loop_that_cannot_sleep_says_so(void **state)
{
    (void)state;
    assert_right_in_child(wrong_without_sleep);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        /* the children first: they make threads, which TSan allows only where there was one */
        cmocka_unit_test(a_pool_that_gets_no_thread_says_so_and_its_loop_goes_on),
        cmocka_unit_test(a_pool_that_gets_fewer_threads_does_all_its_jobs_with_those),
        cmocka_unit_test(a_sleep_that_is_always_interrupted_makes_no_timer_early),
        cmocka_unit_test(a_loop_that_cannot_sleep_says_so),
#ifndef ANYLOOP_POLLER_POLL
        cmocka_unit_test(a_descriptor_that_the_system_refuses_costs_none_and_the_loop_goes_on),
        cmocka_unit_test(a_counter_that_is_full_is_a_wake),
#endif
        cmocka_unit_test(whichever_call_is_interrupted_no_wake_and_no_timer_is_lost),
        cmocka_unit_test(a_storm_of_signals_makes_nothing_early_and_loses_nothing),
    };
    return cmocka_run_group_tests_name("system", cases, NULL, NULL);
}
