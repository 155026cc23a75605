/* life.c -- a loop's beginning and end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "life.h"

#include "executor.h"
#include "port/port.h"
#include "promise.h"
#include "task.h"
#include "watch.h"

#define CLOSE_TIMEOUT INT64_C(5000000000) /* ns, for running jobs */

/* ---- making */

static void wake_poller(void *poller)
{
    anyl_poller_wake(poller);
}

static void destroy_loop(anyloop_loop *loop)
{
    anyloop_allocator allocator = loop->slab.allocator;
    if (loop->poller)
        anyl_poller_free(loop->poller);
    anyl_loop_deinit(loop);
    anyl_free(&allocator, loop, sizeof *loop);
}

/* One without options. */
static anyloop_status new_loop(const anyloop_allocator *allocator, anyloop_loop **out)
{
    anyloop_loop *loop = anyl_alloc(allocator, sizeof *loop);
    if (loop == NULL)
        return ANYLOOP_E_NOMEM;
    anyloop_status status = anyl_loop_init(loop, allocator);
    if (status != ANYLOOP_OK) {
        anyl_free(allocator, loop, sizeof *loop);
        return status;
    }
    loop->now = anyl_port_now;
    loop->close_timeout = CLOSE_TIMEOUT;
    loop->forks = anyl_port_forks(); /* first: from now on forks are counted */
    atomic_init(&loop->thread, anyl_port_thread_self());
    loop->log = anyl_port_log;
    loop->slow_duration = INT64_MAX;
    loop->released = anyl_future_released;
    loop->destroy = destroy_loop;
    status = anyl_poller_new(allocator, &loop->poller);
    if (status != ANYLOOP_OK) {
        destroy_loop(loop);
        return status;
    }
    anyl_mailbox_set_wake(loop->mailbox, wake_poller, loop->poller);
    *out = loop;
    return ANYLOOP_OK;
}

anyloop_status anyl_life_new(const anyloop_loop_options *options, anyloop_loop **out)
{
    anyloop_loop *loop;
    anyloop_status status = new_loop(options->allocator ? options->allocator : &anyl_alloc_default, &loop);
    if (status != ANYLOOP_OK)
        return status;
    if (options->shuffle_seed)
        anyl_mailbox_set_seed(loop->mailbox, options->shuffle_seed);
    loop->virtual_clock = (options->flags & ANYLOOP_LOOP_VIRTUAL_CLOCK) != 0;
    loop->virtual_now = options->virtual_start;
    loop->unpinned = (options->flags & ANYLOOP_LOOP_UNPINNED) != 0;
    loop->stamps = loop->aside = (options->flags & ANYLOOP_LOOP_DEBUG) != 0;
    if (options->close_timeout)
        loop->close_timeout = options->close_timeout < 0 ? 0 : options->close_timeout;
    *out = loop;
    return ANYLOOP_OK;
}

/* ---- a thread's own */

/* Closed, to the end. */
static bool gone(const anyloop_loop *loop)
{
    return loop->poller == NULL;
}

static void close_without_wait(anyloop_loop *loop)
{
    if (loop->closes)
        return; /* it is at it */
    loop->deaf = true;
    anyl_life_close(loop, 0);
}

bool anyl_life_forked(const anyloop_loop *loop)
{
    return loop->forks != anyl_port_forks();
}

/* Is this thread the one that the loop belongs to now? In a forked child it may be taken apart by any. */
static bool here(const anyloop_loop *loop)
{
    return atomic_load_explicit(&loop->thread, memory_order_relaxed) == anyl_port_thread_self() ||
           anyl_life_forked(loop);
}

static void thread_ends(void *slot)
{
    anyloop_loop *loop = slot;
    if (here(loop) && loop->own_slot && !gone(loop) && !anyl_life_forked(loop)) {
        anyl_loop_log(loop, ANYLOOP_LOG_WARNING, "the thread ends and its loop was not closed");
        close_without_wait(loop);
    }
    anyl_life_release(loop);
}

anyloop_loop *anyl_life_get(void)
{
    anyloop_loop *loop = anyl_port_running();
    if (loop == NULL)
        loop = anyl_port_thread_slot();
    if (loop && !anyl_life_forked(loop))
        return loop;
    /* none, or one of the process that this one was forked from, whose threads are not here */
    if (new_loop(&anyl_alloc_default, &loop) != ANYLOOP_OK)
        return NULL;
    if (anyl_port_thread_slot_set(loop, thread_ends) != ANYLOOP_OK) {
        close_without_wait(loop);
        anyl_life_release(loop);
        return NULL;
    }
    loop->own_slot = true;
    return loop;
}

anyloop_status anyl_life_set(anyloop_loop *loop)
{
    anyloop_loop *before = anyl_port_thread_slot();
    if (anyl_port_running() || (loop && atomic_load_explicit(&loop->busy, memory_order_acquire)))
        return ANYLOOP_E_RUNNING;
    if (loop && anyl_life_forked(loop))
        return ANYLOOP_E_FORKED;
    if (loop)
        anyl_life_retain(loop);
    anyloop_status status = anyl_port_thread_slot_set(loop, thread_ends);
    if (status != ANYLOOP_OK) {
        if (loop)
            anyl_life_release(loop);
        return status;
    }
    if (loop && !loop->closing) {
        atomic_store_explicit(&loop->thread, anyl_port_thread_self(), memory_order_relaxed);
        loop->own_slot = false; /* it was set: closing it is the program's */
        /* What this thread posted before comes before what it schedules from now on. */
        anyl_loop_take_mail(loop, ANYL_RUN);
    }
    if (before)
        anyl_life_release(before);
    return ANYLOOP_OK;
}

void anyl_life_retain(anyloop_loop *loop)
{
    atomic_fetch_add_explicit(&loop->handles, 1, memory_order_relaxed);
    anyl_loop_retain(loop);
}

void anyl_life_release(anyloop_loop *loop)
{
    if (atomic_fetch_sub_explicit(&loop->handles, 1, memory_order_acq_rel) == 1 && !gone(loop)) {
        if (loop->unpinned || here(loop))
            close_without_wait(loop);
        else
            anyl_loop_log(loop, ANYLOOP_LOG_ERROR, "an open loop was released by another thread: it stays for ever");
        if (!gone(loop))
            return; /* not to be taken apart under what still uses it */
    }
    anyl_loop_release(loop);
}

/* ---- closing */

static void drop_all(anyloop_loop *loop, anyl_nodes *nodes)
{
    anyl_node *node;
    while ((node = anyl_nodes_pop(nodes)) != NULL)
        node->run(node, loop, ANYL_DROP);
}

static void drop_queues(anyloop_loop *loop)
{
    anyl_loop_end_batch(loop);
    anyl_nodes ready = loop->ready;
    if (ready.first == NULL)
        ready.end = &ready.first;
    anyl_nodes_init(&loop->ready);
    drop_all(loop, &ready);
    while (loop->timers.count) {
        anyl_timer *timer = ANYL_OWNER_OF(anyl_heap_first(&loop->timers), anyl_timer, item);
        anyl_heap_remove(&loop->timers, &timer->item);
        timer->node.run(&timer->node, loop, ANYL_DROP);
    }
    while (!anyl_list_empty(&loop->absent)) {
        anyl_absent *absent = ANYL_OWNER_OF(loop->absent.next, anyl_absent, link);
        anyl_list_remove(&absent->link);
        absent->node.run(&absent->node, loop, ANYL_DROP);
    }
}

static bool drops_wait(anyloop_loop *loop)
{
    anyl_nodes drops = loop->drops;
    if (drops.first == NULL)
        return false;
    anyl_nodes_init(&loop->drops);
    drop_all(loop, &drops); /* what cannot be told comes back */
    return loop->drops.first != NULL;
}

bool anyl_life_unwind(anyloop_loop *loop)
{
    if (loop->asked && loop->deaf)
        anyl_task_withdraw_asked(loop);
    if (loop->asked) {
        anyl_task_tell_asked(loop);
        return true;
    }
    while (!anyl_list_empty(&loop->tasks))
        if (!anyl_task_close(ANYL_OWNER_OF(loop->tasks.next, anyl_task, link)))
            return true;
    return drops_wait(loop);
}

/* From now on other threads are on their own with what they hold. */
static void close_mailbox(anyloop_loop *loop)
{
    anyl_link *last[ANYL_LANES];
    anyl_watch_let_go(loop);
    anyl_loop_set_closed(loop);
    anyl_mailbox_close(loop->mailbox, last);
    anyl_loop_deliver(loop, last, ANYL_DROP);
    anyl_promise_sever(loop);
}

static void begin_close(anyloop_loop *loop)
{
    loop->closing = true;
    atomic_store_explicit(&loop->is_closing, true, memory_order_release);
    anyl_loop_end_loan(loop);
    anyl_loop_forget_told(loop);
    anyl_task_withdraw_asked(loop);
    anyl_task_run_no_more(loop);
    drop_queues(loop);
    anyl_loop_take_mail(loop, ANYL_DROP);
}

static anyloop_status close_on(anyloop_loop *loop, int64_t timeout)
{
    anyloop_status status = ANYLOOP_OK;
    if (!loop->closing)
        begin_close(loop);
    if (!loop->closed) {
        if (anyl_life_unwind(loop))
            return ANYLOOP_E_AGAIN;
        status = anyl_executor_close_default(loop, timeout);
        close_mailbox(loop);
    }
    if (drops_wait(loop))
        return ANYLOOP_E_AGAIN;
    loop->deaf = true;
    anyl_life_set_host(loop, NULL, NULL, NULL);
    anyl_poller_free(loop->poller);
    loop->poller = NULL;
    return status;
}

anyloop_status anyl_life_close(anyloop_loop *loop, int64_t timeout)
{
    if (gone(loop))
        return ANYLOOP_OK;
    bool answer_due = loop->asked_told && !loop->closing && !loop->deaf;
    if (loop->running || loop->turning || loop->closes || loop->cancels || answer_due)
        return ANYLOOP_E_RUNNING;
    anyl_life_retain(loop); /* what it drops may let go of the loop */
    loop->closes = true;
    anyloop_status status = close_on(loop, timeout);
    loop->closes = false;
    anyl_life_release(loop);
    return status;
}

/* ---- hosts */

static void wake_host(void *user_data)
{
    anyloop_loop *loop = user_data;
    if (loop->has_fd)
        anyl_poller_wake(loop->poller);
    if (loop->host_wake)
        loop->host_wake(loop->host_data);
}

void anyl_life_route_wake(anyloop_loop *loop, bool to_host)
{
    anyl_mailbox_set_wake(loop->mailbox, to_host ? wake_host : wake_poller, to_host ? (void *)loop : loop->poller);
}

void anyl_life_back_to_host(anyloop_loop *loop)
{
    anyl_life_route_wake(loop, loop->guest);
    if (loop->guest)
        wake_host(loop);
}

void anyl_life_set_host(anyloop_loop *loop, anyloop_wake_fn wake, void *user_data, anyloop_drop_fn drop)
{
    anyloop_drop_fn drop_before = loop->host_drop;
    void *data_before = loop->host_data;
    anyl_mailbox_rouse(loop->mailbox);
    anyl_life_route_wake(loop, wake != NULL);
    loop->host_wake = wake;
    loop->host_data = user_data;
    loop->host_drop = drop;
    loop->guest = wake != NULL;
    loop->has_fd = loop->guest_outside = false;
    if (drop_before)
        drop_before(data_before);
}
