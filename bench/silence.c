/* silence.c -- W14: a turn with nothing due makes no system call.
 *
 *     silence            status 0 when it is so; run in the project's folder
 *
 * The kernel counts: a seccomp filter has it send a signal in place of each system call, and the handler adds one.
 *
 * A loop that was asked for its descriptor is left out: it reads that one at each turn, as a host turns it when it is
 * readable.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "row.h"

#include <anyloop.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 1000 };

static volatile sig_atomic_t calls, last_call;

static void count(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    calls++;
    last_call = info->si_syscall;
}

/* From here on a system call is counted, not made; but what the handler and the program's end need. */
static int begin_counting(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO};
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Looks at what a first turn has settled. */
static int turns(anyloop_loop *loop, const char *what)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    int before = calls;
    for (int i = 0; i < TURNS; i++)
        anyloop_loop_turn(loop, 0, NULL, 0, &info);
    if (calls != before)
        fprintf(stderr, "%s: %d system calls in %d turns, the last of number %d\n", what, calls - before, TURNS,
                last_call);
    return calls == before;
}

static void nothing(void *user_data)
{
    (void)user_data;
}

static anyloop_loop *loop_new(void)
{
    anyloop_loop *loop = NULL;
    anyloop_turn_info info = {.struct_size = sizeof info};
    row_check(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK, "no loop");
    row_check(anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK, "no turn");
    return loop;
}

/* One with all that may be pending: timers, a task that sleeps, one that waits for another thread. */
static anyloop_loop *busy_loop_new(void)
{
    anyloop_loop *loop = loop_new();
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_promise *promise;
    anyloop_future *future;
    anyloop_loop_call_later(loop, ANYLOOP_SECONDS(3600), nothing, NULL, NULL, NULL);
    anyloop_future_release(anyloop_create_task(loop, anyloop_sleep(loop, ANYLOOP_SECONDS(3600)), NULL));
    row_check(anyloop_promise_new(loop, &promise, &future) == ANYLOOP_OK, "no promise");
    anyloop_future_release(anyloop_create_task(loop, anyloop_wait_for(loop, future, ANYLOOP_SECONDS(3600)), NULL));
    for (int i = 0; i < 3; i++)
        row_check(anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK, "no turn");
    return loop;
}

/* Tried in a child, since from there on nothing can be run any more. */
static int clock_calls(void)
{
    int how = 1;
    pid_t child = fork();
    if (child == 0) {
        if (!begin_counting())
            _exit(2);
        row_clock();
        _exit(calls != 0);
    }
    return child < 0 || waitpid(child, &how, 0) != child || how;
}

static int skip(const char *why)
{
    execl("tools/skip", "tools/skip", "bench/silence", why, NULL);
    return 1;
}

int main(void)
{
    anyloop_loop *empty = loop_new(), *busy = busy_loop_new();

    if (clock_calls())
        return skip("needs a kernel with seccomp, and a clock that is no system call");
    row_check(begin_counting(), "no filter");
    int silent = turns(empty, "an empty loop") & turns(busy, "a loop with timers and tasks");
    int before = calls;
    getppid();
    row_check(calls == before + 1, "a system call is not counted");
    /* no close: that is allowed to call the system, and cannot here */
    _exit(!silent);
}
