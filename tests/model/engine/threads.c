/* threads.c -- whose turn it is.
 *
 * A thread goes on until it blocks, yields or ends; before each operation that matters another may come first, which
 * is a preemption and counts against the bound, unless the thread could not go on anyway. A store that is held back
 * may be shown at each of these points too.
 *
 * Time stands still while anybody can go on, but for a deadline that passes all the same, which is a delay; then it
 * jumps to the nearest. Nobody can go on, and there is none: a deadlock, which is how a lost wake-up is seen. Who
 * yields, or finds a spinning lock taken, waits until somebody else has done something.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <pthread.h>
#include <stdlib.h>

static char *stacks;

void model_threads_init(void)
{
    stacks = model_map((size_t)THREADS * STACK);
}

void model_threads_begin(void)
{
    for (uint32_t i = 0; i < model->count; i++)
        model->threads[i].state = UNUSED;
    model->count = 0;
}

void model_tick(void)
{
    struct thread *me = model_me();
    if (++me->view.clock[model->now] == UINT16_MAX)
        model_fail("too many operations: does a thread spin?");
}

/* ---- who goes on */

static bool can_go_on(const struct thread *thread)
{
    return thread->state == READY ||
           (thread->state == YIELDED && (thread->saw_old || model->progress != thread->progress));
}

static void time_out(struct thread *thread)
{
    if (thread->deadline > model->time)
        model->time = thread->deadline;
    thread->timed_out = true;
    thread->state = READY;
}

static bool time_passes(void)
{
    struct thread *first = NULL;
    for (uint32_t i = 0; i < model->count; i++) {
        struct thread *thread = &model->threads[i];
        if (thread->state == BLOCKED && thread->deadline != UINT64_MAX &&
            (first == NULL || thread->deadline < first->deadline))
            first = thread;
    }
    if (first)
        time_out(first);
    return first != NULL;
}

static void nobody_goes_on(void)
{
    bool all = true;
    for (uint32_t i = 0; i < model->count; i++)
        all = all && model->threads[i].state == ENDED;
    if (all) {
        model_check_leaks();
        model->over = true;
        setcontext(&model->explorer);
    }
    char blocked[128] = "";
    size_t size = 0;
    for (uint32_t i = 0; i < model->count; i++)
        if (model->threads[i].state != ENDED && size < sizeof blocked - 4) {
            blocked[size++] = ' ';
            blocked[size++] = (char)('0' + i);
        }
    blocked[size] = '\0';
    model_fail("deadlock: nobody can go on; waiting:%s", blocked);
}

/* The ways from here: threads, then stores that may be shown, and deadlines that may pass. */
struct ways {
    uint32_t count;
    struct {
        uint8_t thread, store;
    } way[THREADS + THREADS * HELD];
};

enum { NO_STORE = 255, DEADLINE = 254 };

static void add_way(struct ways *ways, uint32_t thread, uint32_t store)
{
    ways->way[ways->count].thread = (uint8_t)thread;
    ways->way[ways->count++].store = (uint8_t)store;
}

static struct ways find_ways(bool stays)
{
    struct ways ways = {.count = 0};
    if (stays)
        add_way(&ways, model->now, NO_STORE);
    for (uint32_t i = 0; i < model->count; i++)
        if ((i != model->now || !stays) && can_go_on(&model->threads[i]) &&
            (!stays || model->preemptions < model->most_preemptions))
            add_way(&ways, i, NO_STORE);
    for (uint32_t i = 0; i < model->count; i++)
        for (uint32_t k = 0; k < model->threads[i].held_count; k++)
            if (model_may_show(&model->threads[i], k))
                add_way(&ways, i, k);
    for (uint32_t i = 0; i < model->count && model->delays < model->most_delays; i++)
        if (model->threads[i].state == BLOCKED && model->threads[i].deadline != UINT64_MAX)
            add_way(&ways, i, DEADLINE);
    return ways;
}

static uint32_t choose_thread(void)
{
    for (;;) {
        bool stays = model_me()->state == READY;
        struct ways ways = find_ways(stays);
        if (ways.count == 0) {
            if (!time_passes())
                nobody_goes_on();
            continue;
        }
        uint32_t taken = model_choose(ways.count);
        uint32_t next = ways.way[taken].thread;
        uint32_t store = ways.way[taken].store;
        if (store == NO_STORE) {
            model->preemptions += stays && next != model->now;
            return next;
        }
        if (store == DEADLINE) {
            model->delays++;
            time_out(&model->threads[next]);
        } else {
            model_show(&model->threads[next], store);
        }
    }
}

static void go_on(void)
{
    uint32_t before = model->now, next = choose_thread();
    struct thread *thread = &model->threads[next];
    if (thread->state == YIELDED) {
        thread->fresh = thread->saw_old;
        thread->saw_old = false;
        thread->state = READY;
    }
    model->now = next;
    if (next != before)
        swapcontext(&model->threads[before].context, &thread->context);
}

void model_point(void)
{
    model->progress++;
    if (model->count > 1)
        go_on();
}

bool model_block(const void *what, uint64_t deadline)
{
    struct thread *me = model_me();
    me->waits_for = what;
    me->deadline = deadline;
    me->timed_out = false;
    me->state = BLOCKED;
    go_on();
    return !me->timed_out;
}

void model_unblock(const void *what)
{
    for (uint32_t i = 0; i < model->count; i++)
        if (model->threads[i].state == BLOCKED && model->threads[i].waits_for == what)
            model->threads[i].state = READY;
}

bool model_unblock_one(const void *what)
{
    uint32_t waiting[THREADS], count = 0;
    for (uint32_t i = 0; i < model->count; i++)
        if (model->threads[i].state == BLOCKED && model->threads[i].waits_for == what)
            waiting[count++] = i;
    if (count == 0)
        return false;
    model->threads[waiting[model_choose(count)]].state = READY;
    return true;
}

void model_yield(void)
{
    struct thread *me = model_me();
    me->state = YIELDED;
    me->progress = model->progress;
    go_on();
}

/* ---- beginning and ending */

static void thread_main(void)
{
    struct thread *me = model_me();
    me->result = me->run(me->argument);
    if (me->slot)
        me->at_exit(me->slot);
    while (me->held_count) /* others may still come before them */
        model_block(me->held, UINT64_MAX);
    me->state = ENDED;
    model->progress++;
    model_unblock(me);
    go_on();
}

uint32_t model_spawn(void *(*run)(void *), void *argument)
{
    if (model->count == THREADS)
        model_fail("more than %d threads", THREADS);
    uint32_t number = model->count++;
    struct thread *new = &model->threads[number];
    if (number) {
        model_show_all(model_me());
        new->view = model_me()->view;
        model_tick();
    } else {
        memset(&new->view, 0, sizeof new->view);
    }
    new->view.clock[number] = 1;
    new->state = READY;
    new->saw_old = new->fresh = false;
    new->spun_on = 0;
    new->held_count = 0;
    new->run = run;
    new->argument = argument;
    new->running = new->slot = NULL;
    getcontext(&new->context);
    new->context.uc_stack.ss_sp = stacks + (size_t)number *STACK;
    new->context.uc_stack.ss_size = STACK;
    new->context.uc_link = NULL;
    makecontext(&new->context, thread_main, 0);
    return number;
}

/* ---- pthreads, for the tests */

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    (void)attributes;
    *out = (pthread_t)model_spawn(run, argument);
    return 0;
}

int __wrap_pthread_join(pthread_t number, void **result)
{
    struct thread *other = &model->threads[number];
    model_log("join", __builtin_return_address(0), NULL, number, 0, false);
    while (other->state != ENDED)
        model_block(other, UINT64_MAX);
    view_join(&model_me()->view, &other->view);
    if (result)
        *result = other->result;
    return 0;
}

int __wrap_sched_yield(void)
{
    model_yield();
    return 0;
}
