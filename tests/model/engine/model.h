/* model.h -- what the parts of the model checker know of each other.
 *
 * The core and a test are compiled with -fsanitize=thread, which makes a call of each atomic operation and of each
 * plain access, and are linked with these files instead of the sanitizer's own library: the code that is checked is
 * the code that ships, untouched. The program then runs its main() again and again, its threads as coroutines, until
 * every choice was taken:
 *
 *     explore.c   the search: a path of choices, replayed and changed at its end; what is found is told
 *     threads.c   who goes on, up to a bound of preemptions; blocking; a deadlock; pthreads and the port over that
 *     memory.c    atomics: what a load may see, what a store holds back, up to a bound of delays
 *     plain.c     the heap, and plain accesses: races, use after free, leaks
 *     tsan.c      the calls that the compiler makes
 *
 * Must not know: anyloop, but for port.h's functions, which port.c has.
 * Threads:       one; the model's are coroutines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

enum {
    THREADS = 6,
    HELD = 4,           /* stores that a thread may hold back at a time */
    STACK = 128 * 1024, /* bytes */
    ARENA = 1024 * 1024,
    BLOCKS = 4096,
    PLACES = 1024,
    MESSAGES = 16 * 1024,
    EVENTS = 16 * 1024,
    PATH = 64 * 1024
};

/* What each thread had done, of all that happened before some point. A clock of 0 is "nothing". */
struct view {
    uint16_t clock[THREADS];
};

/* One value in a place's modification order, which is a list from its newest. */
struct message {
    struct message *older;
    uint64_t value;
    uint16_t seen[THREADS]; /* when each thread first read or wrote it */
    struct view released;          /* for who acquires it */
    bool sequential;
};

struct place {
    uintptr_t address;
    uint32_t size;
    struct message *newest;
    uint32_t touched; /* by whom: a bit for each thread */
    bool changed;     /* after its first value */
};

struct held_store {
    struct place *place;
    uint64_t value;
    uint16_t clock;
    bool release;
    struct view released;
};

enum { UNUSED, READY, BLOCKED, YIELDED, ENDED };

struct thread {
    ucontext_t context;
    struct view view;
    uint32_t state;
    const void *waits_for;
    uint64_t deadline;
    bool timed_out;
    bool saw_old, fresh;    /* since its last yield; the next load takes the newest */
    uint64_t progress;      /* of all others, at its yield */
    uintptr_t spun_on;      /* the flag that it found set just now */
    struct held_store held[HELD];
    uint32_t held_count;
    void *(*run)(void *argument);
    void *argument, *result;
    void *running, *slot;   /* what the port keeps for a thread */
    void (*at_exit)(void *pointer);
};

struct event {
    const char *what;
    const void *pc;
    struct place *place;
    uint64_t value;
    uint8_t by, order;
    bool stale;
};

struct choice {
    uint16_t of, taken;
};

/* All of it in one block, outside of what is set back for each execution. */
typedef struct engine {
    /* the search */
    uint32_t most_preemptions, most_delays;
    uint64_t most_executions;
    struct choice path[PATH];
    uint32_t depth, at;
    bool failed, over, trace;
    char reason[512];
    ucontext_t explorer;

    /* this execution */
    uint32_t run;
    struct thread threads[THREADS];
    uint32_t count, now;        /* threads; who runs */
    uint32_t preemptions, delays;
    uint64_t progress, time;
    struct place places[PLACES];
    uint32_t place_count;
    struct message messages[MESSAGES];
    uint32_t message_count;
    struct event events[EVENTS];
    uint32_t event_count, unknown;
} engine;

extern engine *model;

static inline struct thread *model_me(void)
{
    return &model->threads[model->now];
}

static inline void view_join(struct view *into, const struct view *other)
{
    for (uint32_t i = 0; i < THREADS; i++)
        if (other->clock[i] > into->clock[i])
            into->clock[i] = other->clock[i];
}

/* ---- explore.c */

/* Zeroed pages, outside of the program's variables, which are set back before each execution. */
void *model_map(size_t size);

/* One of `of` ways, each of which is taken in some execution. */
uint32_t model_choose(uint32_t of);
/* What was found; does not return. */
_Noreturn void model_fail(const char *format, ...);
/* Is this call one that other threads can tell the time of? Found out by running. */
bool model_matters(const void *pc);
void model_log(const char *what, const void *pc, struct place *place, uint64_t value, int order, bool stale);

/* ---- threads.c */

/* Once; then before each execution. */
void model_threads_init(void);
void model_threads_begin(void);
/* Any other may go on here. */
void model_point(void);
/* This thread's own time passes: what it did so far is published with what it publishes now. */
void model_tick(void);
/* Until somebody unblocks who waits for `what`. False: the deadline has passed, as time does when nothing else can. */
bool model_block(const void *what, uint64_t deadline);
void model_unblock(const void *what);
bool model_unblock_one(const void *what);
void model_yield(void);
uint32_t model_spawn(void *(*run)(void *), void *argument);

/* ---- memory.c */

enum { ORDER_RELAXED, ORDER_CONSUME, ORDER_ACQUIRE, ORDER_RELEASE, ORDER_BOTH, ORDER_SEQUENTIAL };

enum { OP_EXCHANGE, OP_ADD, OP_SUB, OP_AND, OP_OR, OP_XOR, OP_NAND };

uint64_t model_load(volatile void *address, uint32_t size, int order, const void *pc);
void model_store(volatile void *address, uint32_t size, uint64_t value, int order, const void *pc);
uint64_t model_update(volatile void *address, uint32_t size, int op, uint64_t value, int order, const void *pc);
bool model_compare_exchange(volatile void *address, uint32_t size, uint64_t *expected, uint64_t value, int order,
                            int order_else, bool weak, const void *pc);
/* As the kernel sees it. */
uint64_t model_newest(volatile void *address, uint32_t size, const void *pc);
/* What a thread holds back becomes seen: its `index`th store; or all. */
bool model_may_show(const struct thread *thread, uint32_t index);
void model_show(struct thread *thread, uint32_t index);
void model_show_all(struct thread *thread);

/* ---- plain.c */

enum { READS = 0, WRITES = 1, ATOMIC_READS = 2, ATOMIC_WRITES = 3 };

/* Once; then before each execution. */
void model_plain_init(void);
void model_plain_begin(void);
void model_access(const volatile void *address, size_t size, uint32_t how, const void *pc);
void *model_allocate(size_t size);
void model_free(void *pointer, const void *pc);
void model_check_leaks(void);
bool model_in_heap(const volatile void *address);
/* The place at an address; NULL: it has none yet. */
uint16_t *model_place_at(const volatile void *address);
/* Words for an address. */
const char *model_name(uintptr_t address, char out[64]);

#endif
