/* loop.c -- one turn, and what it stands on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include "status.h"
#include "text.h"

anyloop_status anyl_loop_init(anyloop_loop *loop, const anyloop_allocator *allocator)
{
    memset(loop, 0, sizeof *loop);
    loop->mailbox = anyl_mailbox_new(allocator);
    if (loop->mailbox == NULL)
        return ANYLOOP_E_NOMEM;
    anyl_nodes_init(&loop->ready);
    anyl_nodes_init(&loop->drops);
    anyl_nodes_init(&loop->late_drops);
    anyl_nodes_init(&loop->told);
    anyl_slab_init(&loop->slab, allocator);
    anyl_list_init(&loop->tasks);
    loop->current_context = &loop->context;
    anyl_list_init(&loop->outsiders);
    anyl_list_init(&loop->absent);
    anyl_list_init(&loop->watches);
    atomic_init(&loop->refs, 2);
    atomic_init(&loop->handles, 1);
    loop->live = 1;
    atomic_flag_clear(&loop->closed_lock);
    return ANYLOOP_OK;
}

void anyl_loop_deinit(anyloop_loop *loop)
{
    if (loop->exception_drop)
        loop->exception_drop(loop->exception_data);
    if (loop->slow_drop)
        loop->slow_drop(loop->slow_data);
    anyl_context_release(loop->context);
    anyl_heap_deinit(&loop->timers, &loop->slab.allocator);
    anyl_mailbox_release(loop->mailbox);
    anyl_slab_deinit(&loop->slab);
}

void anyl_loop_release(anyloop_loop *loop)
{
    if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) == 1)
        loop->destroy(loop);
}

void anyl_loop_set_closed(anyloop_loop *loop)
{
    loop->closed = loop->aside = true;
    if (--loop->live == 0)
        anyl_loop_release(loop);
}

/* ---- memory: of a closed loop any thread may be the one that lets go last */

void anyl_loop_lock(anyloop_loop *loop)
{
    while (atomic_flag_test_and_set_explicit(&loop->closed_lock, memory_order_acquire))
        ;
}

void anyl_loop_unlock(anyloop_loop *loop)
{
    atomic_flag_clear_explicit(&loop->closed_lock, memory_order_release);
}

/* Of a closed loop, on whatever thread. */
static void *alloc_counted(anyloop_loop *loop, size_t size)
{
    if (loop->closed)
        anyl_loop_lock(loop);
    void *pointer = anyl_slab_alloc(&loop->slab, size);
    if (pointer != NULL && loop->live++ == 0)
        anyl_loop_retain(loop);
    if (loop->closed)
        anyl_loop_unlock(loop);
    return pointer;
}

static void free_counted(anyloop_loop *loop, void *pointer, size_t size)
{
    bool closed = loop->closed;
    if (closed)
        anyl_loop_lock(loop);
    anyl_slab_release(&loop->slab, pointer, size);
    bool last = --loop->live == 0;
    if (closed)
        anyl_loop_unlock(loop);
    if (last)
        anyl_loop_release(loop);
}

void *anyl_object_alloc_aside(anyloop_loop *loop, size_t size)
{
    if (!loop->stamps)
        return alloc_counted(loop, size);
    uint64_t now = anyl_loop_now(loop);
    char *stamped = size > SIZE_MAX - ANYL_ALIGN ? NULL : alloc_counted(loop, size + ANYL_ALIGN);
    if (stamped == NULL)
        return NULL;
    memcpy(stamped, &now, sizeof now);
    return stamped + ANYL_ALIGN;
}

void anyl_object_free_aside(anyloop_loop *loop, void *pointer, size_t size)
{
    if (loop->stamps)
        free_counted(loop, (char *)pointer - ANYL_ALIGN, size + ANYL_ALIGN);
    else
        free_counted(loop, pointer, size);
}

bool anyl_object_made(const anyloop_loop *loop, const void *pointer, uint64_t *when)
{
    if (loop->stamps)
        memcpy(when, (const char *)pointer - ANYL_ALIGN, sizeof *when);
    return loop->stamps;
}

/* ---- what is ready */

void anyl_loop_poke(anyloop_loop *loop)
{
    loop->guest_outside = false;
    anyl_mailbox_wake(loop->mailbox);
}

/* A drop may bring others: they come after it, not inside it. */
static void drop_in_turn(anyloop_loop *loop, anyl_node *node)
{
    if (loop->dropping) {
        anyl_nodes_push(&loop->late_drops, node);
        return;
    }
    loop->dropping = true;
    do
        node->run(node, loop, ANYL_DROP);
    while ((node = anyl_nodes_pop(&loop->late_drops)) != NULL);
    loop->dropping = false;
}

void anyl_loop_drop_later(anyloop_loop *loop, anyl_node *node)
{
    if (loop->closed) { /* on whatever thread */
        node->run(node, loop, ANYL_DROP);
        return;
    }
    if (loop->closing) {
        drop_in_turn(loop, node);
        return;
    }
    anyl_nodes_push(&loop->drops, node);
    loop->attention = true;
    if (ANYL_UNLIKELY(loop->guest_outside))
        anyl_loop_poke(loop);
}

void anyl_loop_again(anyloop_loop *loop, anyl_node *node)
{
    node->next = loop->batch;
    loop->batch = node;
    anyl_loop_block(loop);
}

void anyl_loop_end_batch(anyloop_loop *loop)
{
    anyl_node *last = loop->batch;
    if (last == NULL)
        return;
    while (last->next)
        last = last->next;
    last->next = loop->ready.first;
    if (last->next == NULL)
        loop->ready.end = &last->next;
    loop->ready.first = loop->batch;
    loop->batch = NULL;
}

anyloop_status anyl_loop_arm(anyloop_loop *loop, anyl_timer *timer, uint64_t deadline)
{
    if (!anyl_heap_reserve(&loop->timers, &loop->slab.allocator))
        return ANYLOOP_E_NOMEM;
    bool earlier = deadline < anyl_heap_first_key(&loop->timers);
    anyl_heap_insert(&loop->timers, &timer->item, deadline);
    if (ANYL_UNLIKELY(earlier && loop->guest_outside))
        anyl_loop_poke(loop);
    return ANYLOOP_OK;
}

/* ---- the turn */

void anyl_loop_deliver(anyloop_loop *loop, anyl_link *links[ANYL_LANES], uint32_t how)
{
    for (anyl_link *link = links[ANYL_LANE_MAIL]; link;) {
        anyl_mail *mail = ANYL_OWNER_OF(link, anyl_mail, letter.link);
        link = link->next;
        mail->deliver(mail, loop, how);
    }
    for (anyl_link *link = links[ANYL_LANE_RELEASED]; link;) {
        anyl_link *next = link->next;
        loop->released(loop, link);
        link = next;
    }
}

void anyl_loop_take_mail(anyloop_loop *loop, uint32_t how)
{
    anyl_link *links[ANYL_LANES];
    for (uint32_t lane = 0; lane < ANYL_LANES; lane++)
        links[lane] = anyl_mailbox_take(loop->mailbox, lane);
    anyl_loop_deliver(loop, links, how);
}

ANYL_ASIDE void take_due(anyloop_loop *loop)
{
    uint64_t now = anyl_loop_now(loop), first = anyl_heap_first_key(&loop->timers);
    if (first <= now)
        anyl_histogram_add(loop->lag, &loop->lag_most, now - first);
    /* a deadline of UINT64_MAX is never, and so is that of no timer */
    while (anyl_heap_first_key(&loop->timers) != UINT64_MAX && anyl_heap_first_key(&loop->timers) <= now) {
        anyl_timer *timer = ANYL_OWNER_OF(anyl_heap_first(&loop->timers), anyl_timer, item);
        anyl_heap_remove(&loop->timers, &timer->item);
        anyl_nodes_push(&loop->ready, &timer->node);
    }
}

/* What came by mail, then what is due: they join the ready queue, and that is the batch. */
ANYL_HOT void begin_batch(anyloop_loop *loop)
{
    if (ANYL_UNLIKELY(!anyl_mailbox_empty(loop->mailbox)))
        anyl_loop_take_mail(loop, ANYL_RUN);
    loop->turns++;
    if (loop->timers.count)
        take_due(loop);
    loop->batch = loop->ready.first;
    anyl_nodes_init(&loop->ready);
}

ANYL_ASIDE void run_drops(anyloop_loop *loop)
{
    anyl_node *node;
    while (!loop->blocked && (node = anyl_nodes_pop(&loop->drops)) != NULL)
        node->run(node, loop, ANYL_DROP);
}

void anyl_loop_run_drops(anyloop_loop *loop)
{
    run_drops(loop);
}

/* False: a drop could not be told. */
ANYL_HOT bool begin_turn(anyloop_loop *loop)
{
    if (loop->batch == NULL)
        begin_batch(loop);
    if (ANYL_LIKELY(loop->drops.first == NULL))
        return true;
    run_drops(loop);
    return !loop->blocked;
}

ANYL_HOT void note_ran(anyloop_loop *loop, uint32_t ran)
{
    if (ANYL_UNLIKELY(ran > loop->ready_most))
        loop->ready_most = ran;
}

/* Until the deadline, or a node blocks; `ran` of the batch did already. False: there is more of it. */
ANYL_APART bool run_batch(anyloop_loop *loop, uint64_t deadline, uint32_t ran)
{
    bool in_time = true;
    while (loop->batch && !loop->blocked && in_time) {
        anyl_node *node = loop->batch;
        loop->batch = node->next;
        if (loop->run_timed)
            loop->run_timed(node, loop);
        else
            node->run(node, loop, ANYL_RUN);
        ran++;
        in_time = deadline == UINT64_MAX || anyl_loop_now(loop) < deadline;
    }
    note_ran(loop, ran);
    return loop->batch == NULL && !loop->blocked;
}

void anyl_loop_turn(anyloop_loop *loop, uint64_t deadline)
{
    loop->blocked = false;
    if (begin_turn(loop))
        run_batch(loop, deadline, 0);
}

/* A turn in which there is nothing to look at but what is ready, of which there is some; until attention is asked for. */
ANYL_HOT uint32_t take_short_turn(anyloop_loop *loop)
{
    uint32_t ran = 0;
    begin_batch(loop);
    anyl_node *node = loop->batch;
    do {
        loop->batch = node->next;
        ran++;
        node->run(node, loop, ANYL_RUN);
    } while (ANYL_LIKELY(!loop->attention) && (node = loop->batch) != NULL);
    note_ran(loop, ran);
    return ran;
}

void anyl_loop_turns(anyloop_loop *loop)
{
    loop->blocked = false;
    while (begin_turn(loop) && run_batch(loop, UINT64_MAX, 0)) {
        uint32_t ran = 0;
        loop->attention = loop->stopping || loop->drops.first || loop->run_timed;
        while (ANYL_SHORT_WAYS && !loop->attention && loop->ready.first)
            ran = take_short_turn(loop);
        if (loop->batch && !run_batch(loop, UINT64_MAX, ran))
            return;
        if (loop->ready.first == NULL || loop->stopping || loop->blocked)
            return;
    }
}

bool anyl_loop_alone(anyloop_loop *loop)
{
    return loop->outside == 0 && atomic_load(&loop->mailbox->holds) == 0 &&
           anyl_mailbox_empty(loop->mailbox);
}

/* ---- pulling */

void anyl_loop_tell(anyloop_loop *loop, uint32_t kind, uint64_t user_data, const void *object, uint32_t detail)
{
    loop->events[loop->events_count++] =
        (anyloop_turn_event){user_data, (uintptr_t)object, kind, detail, 0};
    if (!anyl_loop_can_tell(loop))
        anyl_loop_block(loop);
}

bool anyl_loop_tell_drop(anyloop_loop *loop, anyl_node *node, uint64_t user_data)
{
    if (loop->deaf)
        return true;
    if (!anyl_loop_can_tell(loop)) {
        anyl_nodes_push(&loop->drops, node);
        anyl_loop_block(loop);
        return false;
    }
    anyl_loop_tell(loop, ANYLOOP_TURN_DROP, user_data, NULL, 0);
    return true;
}

void anyl_loop_lend_context(anyloop_loop *loop, anyloop_context *context)
{
    if (context == anyl_loop_context(loop)) {
        anyl_context_release(context);
        return;
    }
    loop->lent_context = context;
    loop->current_context = &loop->lent_context;
    loop->callback_told = true;
    anyl_loop_block(loop); /* whatever comes next runs in another one */
}

void anyl_loop_end_loan(anyloop_loop *loop)
{
    if (!loop->callback_told)
        return;
    anyloop_context *lent = loop->lent_context;
    loop->lent_context = NULL;
    loop->current_context = &loop->context;
    loop->callback_told = false;
    anyl_context_release(lent);
}

void anyl_loop_forget_told(anyloop_loop *loop)
{
    anyl_node *node;
    while ((node = anyl_nodes_pop(&loop->told)) != NULL)
        node->run(node, loop, ANYL_DROP);
}

/* ---- words */

void anyl_loop_log(anyloop_loop *loop, uint32_t level, const char *text)
{
    if (loop->log)
        loop->log(loop->log_data, level, text, strlen(text));
}

static void write_exception(anyl_text *text, const anyloop_exception *exception, const char *name)
{
    anyl_text_add(text, exception->message ? exception->message : "error");
    if (name) {
        anyl_text_add(text, ": task ");
        anyl_text_add(text, name);
    }
    if (exception->error) {
        size_t size;
        const char *words = anyl_error_get_text(exception->error, &size);
        anyl_text_add(text, ": ");
        anyl_text_add(text, anyl_status_name(anyl_error_code(exception->error)));
        if (size) {
            anyl_text_add(text, ": ");
            anyl_text_bytes(text, words, size);
        }
    }
}

void anyl_loop_report(anyloop_loop *loop, const anyloop_exception *exception, const char *name)
{
    char line[512];
    anyl_text text = anyl_text_in(line, sizeof line);
    write_exception(&text, exception, name); /* first: the handler may change the name */
    if (loop->exception_handler) {
        if (loop->exception_handler(loop->exception_data, loop, exception) == ANYLOOP_OK)
            return;
        anyl_loop_log(loop, ANYLOOP_LOG_ERROR, "unhandled error in the exception handler");
    }
    anyl_loop_log(loop, ANYLOOP_LOG_ERROR, line);
}
