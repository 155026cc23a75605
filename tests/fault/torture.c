/* torture.c -- runs scenarios again and again, one thing going wrong each time, and looks whether the books balance.
 *
 *     torture memory FILE...   the nth request of the loop finds no memory: for every n; once, and from there on
 *     torture cancel FILE...   the task that is about to await is cancelled: at every await; there, on the next turn
 *                              and a millisecond later; once, and from there on
 *
 * Owns:           the allocator that fails, and the cancelling. The runner's scene keeps the books of what is called
 *                 and dropped.
 * Must not know:  what a scenario does: where something went wrong the trace is another, so nobody looks at it.
 *
 * Each run must end, close its loop, lose no callback, drop all that was given away once and give back all memory. After
 * a request that failed only once the loop must still work. `-v` names each run before it begins.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../conformance/runner_script.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_RUN 60 /* s; the clock is virtual */

static char running[512]; /* which run this is, for who reads that it went wrong */
static bool verbose;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "torture: %s: %s\n", running, what);
    exit(1);
}

static void too_long(int signal)
{
    static const char text[] = ": does not end\n";
    (void)signal;
    (void)!write(STDERR_FILENO, running, strlen(running));
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

static void begin_run(const char *file, const char *how, unsigned long n, bool from_there_on)
{
    snprintf(running, sizeof running, "%s, %s %lu%s", file, how, n, from_there_on ? " and all later ones" : "");
    if (verbose)
        fprintf(stderr, "%s\n", running);
    alarm(LONGEST_RUN);
}

/* ---- memory */

static struct {
    unsigned long asked, fail_at; /* 0: none */
    bool from_there_on;
    unsigned long blocks, bytes; /* alive */
} memory;

/* In front of each block: what it was asked for. */
struct block {
    _Alignas(16) size_t size;
};

static void *allocate(void *user_data, size_t size)
{
    (void)user_data;
    if (size == 0)
        fail("nothing was asked for");
    memory.asked++;
    if (memory.asked == memory.fail_at || (memory.from_there_on && memory.asked > memory.fail_at))
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        fail("the machine has no memory");
    block->size = size;
    memory.blocks++;
    memory.bytes += size;
    return block + 1;
}

static void release(void *user_data, void *pointer, size_t size)
{
    (void)user_data;
    if (pointer == NULL)
        return;
    struct block *block = (struct block *)pointer - 1;
    if (block->size != size)
        fail("a block was given back with another size");
    memory.blocks--;
    memory.bytes -= size;
    free(block);
}

static const anyloop_allocator allocator = {allocate, release, NULL};

/* A loop that has memory again works. What it asks for here is no fault point. */
static void check_loop(anyloop_loop *loop)
{
    unsigned long asked = memory.asked, fail_at = memory.fail_at;
    memory.fail_at = 0;
    anyloop_future *future = anyloop_sleep(loop, 0);
    if (anyloop_loop_run_until_complete(loop, future) != ANYLOOP_OK)
        fail("the loop does not work any more");
    anyloop_future_release(future);
    memory.asked = asked;
    memory.fail_at = fail_at;
}

/* Before the loop closes. */
static void on_close(struct scene *scene)
{
    const char *wrong = scene_settle(scene);
    if (wrong)
        fail(wrong);
    if (!memory.from_there_on)
        check_loop(scene->loop);
}

static void check_memory(void)
{
    if (memory.blocks || memory.bytes)
        fail("memory was not given back");
}

static void run_without_memory(const struct program *program, unsigned long n, bool from_there_on)
{
    struct scene scene;
    memory.asked = 0;
    memory.fail_at = n;
    memory.from_there_on = from_there_on;
    anyloop_status status = scene_open(&scene, program, &allocator);
    if (status == ANYLOOP_OK) {
        scene.silent = true;
        scene.on_close = on_close;
        run_script(&scene);
        const char *wrong = scene_close(&scene);
        if (wrong)
            fail(wrong);
    } else if (status != ANYLOOP_E_NOMEM || scene.loop) {
        fail("no loop, and not for want of memory");
    }
    check_memory();
}

static unsigned long without_memory(const char *file, const struct program *program)
{
    unsigned long points = 0;
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        unsigned long n = 0;
        do {
            begin_run(file, "request", ++n, from_there_on);
            run_without_memory(program, n, from_there_on);
        } while (memory.asked >= n);
        points += n - 1; /* the last one failed nothing */
    }
    return points;
}

/* ---- cancelling */

static const char *const moments[] = {"cancelled at await", "cancelled one turn after await",
                                      "cancelled a millisecond after await"};

static struct {
    unsigned long awaits, at;
    bool from_there_on;
    size_t moment;
} storm;

static void cancel(void *task)
{
    if (anyloop_future_cancel(task, NULL) < 0)
        fail("a cancellation was refused");
}

static void let_go(void *task)
{
    anyloop_future_release(task);
}

static void on_await(struct scene *scene, anyloop_task *task)
{
    storm.awaits++;
    if (storm.awaits < storm.at || (storm.awaits > storm.at && !storm.from_there_on))
        return;
    if (storm.moment == 0)
        cancel(task);
    else if (storm.moment == 1)
        anyloop_loop_call_soon(scene->loop, cancel, anyloop_future_retain(task), let_go, NULL);
    else
        anyloop_loop_call_later(scene->loop, 1000000, cancel, anyloop_future_retain(task), let_go, NULL);
}

static void run_cancelled(const struct program *program)
{
    struct scene scene;
    memory.fail_at = storm.awaits = 0;
    memory.from_there_on = false;
    if (scene_open(&scene, program, &allocator) != ANYLOOP_OK)
        fail("no loop");
    scene.silent = true;
    scene.on_await = on_await;
    scene.on_close = on_close;
    run_script(&scene);
    const char *wrong = scene_close(&scene);
    if (wrong)
        fail(wrong);
    check_memory();
}

static unsigned long with_cancels(const char *file, const struct program *program)
{
    unsigned long points = 0;
    for (storm.moment = 0; storm.moment < sizeof moments / sizeof *moments; storm.moment++)
        for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
            storm.at = 0;
            storm.from_there_on = from_there_on;
            do {
                begin_run(file, moments[storm.moment], ++storm.at, from_there_on);
                run_cancelled(program);
            } while (storm.awaits >= storm.at);
            points += storm.at - 1;
        }
    return points;
}

/* ---- */

static unsigned long (*fault_called(const char *name))(const char *file, const struct program *program)
{
    return strcmp(name, "memory") == 0 ? without_memory : strcmp(name, "cancel") == 0 ? with_cancels : NULL;
}

int main(int argc, char **argv)
{
    verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    char **arguments = argv + 1 + verbose;
    unsigned long (*torture)(const char *file, const struct program *program) = NULL;
    if (argc > 2 + verbose)
        torture = fault_called(arguments[0]);
    if (torture == NULL) {
        fprintf(stderr, "usage: %s [-v] memory|cancel SCENARIO.json...\n", argv[0]);
        return 1;
    }
    signal(SIGALRM, too_long);
    unsigned long points = 0;
    int files = 0;
    for (char **file = arguments + 1; *file; file++, files++) {
        struct program program;
        program_read(&program, *file);
        points += torture(*file, &program);
        program_free(&program);
    }
    printf("torture: %s: %d scenarios, %lu fault points\n", arguments[0], files, points);
    return points == 0;
}
