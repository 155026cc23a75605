/* explore.c -- the search, and what it says.
 *
 * Depth first: an execution follows the path of choices that was left by the one before, with its last choice changed
 * that still could be; beyond the path's end it takes the first of each. A choice has as many ways as the bounds
 * leave.
 *
 * An operation on something that no other thread ever touches needs no choice before it. Which those are is learned:
 * the search begins with none, and begins again whenever an execution shows that one more place in the code matters.
 * At the end all executions agree with what was left out.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define KNOWN 1024u

engine *model;

/* The program's variables, set back before each execution. */
extern char __data_start, _end;
static struct {
    char *copy;
    size_t size;
} variables;

/* Outside of those. */
static const void **known;

int model_main(void);
void *__real_memcpy(void *to, const void *from, size_t size);

/* ---- what matters */

static const void **known_slot(const void *pc)
{
    uint32_t slot = (uint32_t)((uintptr_t)pc * 2654435761u) % KNOWN;
    while (known[slot] != NULL && known[slot] != pc)
        slot = (slot + 1) % KNOWN;
    return &known[slot];
}

bool model_matters(const void *pc)
{
    bool matters = *known_slot(pc) == pc;
    model->unknown += !matters;
    return matters;
}

/* True: something new. */
static bool learn(void)
{
    bool new = false;
    for (uint32_t i = 0; model->unknown && i < model->event_count; i++) {
        const struct event *event = &model->events[i];
        const struct place *place = event->place;
        if (place && place->changed && (place->touched & (place->touched - 1)) && *known_slot(event->pc) == NULL) {
            *known_slot(event->pc) = event->pc;
            new = true;
        }
    }
    return new;
}

void model_log(const char *what, const void *pc, struct place *place, uint64_t value, int order, bool stale)
{
    if (model->event_count == EVENTS)
        model_fail("more than %d events: does a thread spin?", EVENTS);
    model->events[model->event_count++] = (struct event){what,           pc,   place, value, (uint8_t)model->now,
                                                         (uint8_t)order, stale};
}

/* ---- choices */

uint32_t model_choose(uint32_t of)
{
    if (of < 2)
        return 0;
    if (model->at < model->depth) {
        if (model->path[model->at].of != of) {
            fprintf(stderr, "model: choice %u had %u ways and has %u: the test depends on more than its choices\n",
                    model->at, model->path[model->at].of, of);
            _exit(3);
        }
        return model->path[model->at++].taken;
    }
    if (model->depth == PATH)
        model_fail("a path of more than %d choices: does a thread spin?", PATH);
    model->path[model->depth++] = (struct choice){(uint16_t)of, 0};
    model->at++;
    return 0;
}

/* False: all were taken. */
static bool next_path(void)
{
    while (model->depth && model->path[model->depth - 1].taken + 1 == model->path[model->depth - 1].of)
        model->depth--;
    if (model->depth)
        model->path[model->depth - 1].taken++;
    return model->depth != 0;
}

/* ---- what was found */

static void print_events(void)
{
    static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    char path[256] = "", command[512], name[64];
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        path[0] = '\0';
    for (uint32_t i = 0; i < model->event_count; i++) {
        const struct event *event = &model->events[i];
        printf("  %u %-10s %-8s %-18s = %-6lld%s ", event->by, event->what, event->place ? orders[event->order] : "",
               event->place ? model_name(event->place->address, name) : "", (long long)event->value,
               event->stale ? " (old)" : "");
        fflush(stdout);
        snprintf(command, sizeof command, "addr2line -sfp -e '%s' %p 2>/dev/null || echo %p", path,
                 (const void *)((const char *)event->pc - 1), event->pc);
        if (system(command) != 0)
            printf("\n");
    }
}

void model_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = snprintf(model->reason, sizeof model->reason, "thread %u: ", model->now);
    vsnprintf(model->reason + size, sizeof model->reason - (size_t)size, format, arguments);
    va_end(arguments);
    model->failed = true;
    setcontext(&model->explorer);
    abort();
}

_Noreturn void __wrap___assert_fail(const char *condition, const char *file, unsigned int line, const char *function)
{
    const char *slash = strrchr(file, '/');
    model_fail("assert(%s) at %s:%u, %s", condition, slash ? slash + 1 : file, line, function);
}

/* ---- the search */

static void *run_main(void *argument)
{
    (void)argument;
    if (model_main() != 0)
        model_fail("main did not return 0");
    return NULL;
}

static void run(void)
{
    __real_memcpy(&__data_start, variables.copy, variables.size);
    model->run++;
    model->at = model->preemptions = model->delays = 0;
    model->place_count = model->message_count = model->event_count = model->unknown = 0;
    model->progress = 0;
    model->time = 1;
    model->over = false;
    model_plain_begin();
    model_threads_begin();
    model_spawn(run_main, NULL);
    model->now = 0;
    getcontext(&model->explorer);
    if (!model->over && !model->failed)
        setcontext(&model->threads[0].context);
}

static uint64_t explore(void)
{
    uint64_t executions = 0;
    do {
        run();
        executions++;
        if (model->failed)
            break;
        if (learn()) {
            model->depth = 0;
            executions = 0;
            continue;
        }
        if (executions > model->most_executions)
            model_fail("more than %llu executions", (unsigned long long)model->most_executions);
    } while (executions == 0 || next_path());
    return executions;
}

void *model_map(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        perror("model: mmap");
        exit(3);
    }
    return pages;
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "model: %s is not a number\n", text);
        exit(3);
    }
    return value;
}

int main(int argc, char **argv)
{
    bool mutant = false;
    model = model_map(sizeof *model);
    known = model_map(KNOWN * sizeof *known);
    model->most_preemptions = 2;
    model->most_delays = 1;
    model->most_executions = 10000000;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--preemptions=", 14) == 0)
            model->most_preemptions = (uint32_t)number(argv[i] + 14);
        else if (strncmp(argv[i], "--delays=", 9) == 0)
            model->most_delays = (uint32_t)number(argv[i] + 9);
        else if (strcmp(argv[i], "--mutant") == 0)
            mutant = true;
        else if (strcmp(argv[i], "--trace") == 0)
            model->trace = true;
        else {
            fprintf(stderr, "usage: %s [--preemptions=N] [--delays=N] [--mutant] [--trace]\n", argv[0]);
            return 3;
        }
    }
    model_threads_init();
    model_plain_init();
    variables.size = (size_t)(&_end - &__data_start);
    variables.copy = model_map(variables.size);
    __real_memcpy(variables.copy, &__data_start, variables.size);
    uint64_t executions = explore();
    if (model->failed && (!mutant || model->trace))
        print_events();
    if (model->failed)
        printf("%s in execution %llu: %s\n", mutant ? "caught" : "FAILED", (unsigned long long)executions,
               model->reason);
    else
        printf("%llu executions: all with at most %u preemptions and %u delays%s\n", (unsigned long long)executions,
               model->most_preemptions, model->most_delays, mutant ? "; THE MUTANT SURVIVED" : "");
    return model->failed != mutant;
}
