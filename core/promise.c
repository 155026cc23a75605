/* promise.c -- promises and wakers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "promise.h"

/* ---- what both are */

struct outsider {
    anyl_mail mail;
    anyl_list link;
    anyloop_future *future;
    anyl_mailbox *mailbox;
    atomic_uint handles, sides, state;
    size_t size;
    anyloop_allocator allocator;
};

static void *outsider_new(anyloop_loop *loop, size_t size, anyloop_future *future,
                          void (*deliver)(anyl_mail *, anyloop_loop *, uint32_t))
{
    struct outsider *new = anyl_alloc(&loop->slab.allocator, size);
    if (new == NULL)
        return NULL;
    memset(new, 0, size);
    new->mail.deliver = deliver;
    new->future = anyl_future_retain(future);
    new->mailbox = loop->mailbox;
    anyl_mailbox_retain(new->mailbox);
    atomic_init(&new->handles, 1);
    atomic_init(&new->sides, 2);
    atomic_init(&new->state, 0);
    new->size = size;
    new->allocator = loop->slab.allocator;
    anyl_list_append(&loop->outsiders, &new->link);
    loop->outside++;
    return new;
}

static void leave(struct outsider *outsider)
{
    if (atomic_fetch_sub_explicit(&outsider->sides, 1, memory_order_acq_rel) != 1)
        return;
    anyl_mailbox_release(outsider->mailbox);
    anyloop_allocator allocator = outsider->allocator;
    anyl_free(&allocator, outsider, outsider->size);
}

/* The loop's side. */
static void leave_loop(struct outsider *outsider, anyloop_loop *loop)
{
    loop->outside--;
    anyl_list_remove(&outsider->link);
    anyl_future_release(outsider->future);
    leave(outsider);
}

void anyl_promise_sever(anyloop_loop *loop)
{
    while (!anyl_list_empty(&loop->outsiders))
        leave_loop(ANYL_OWNER_OF(loop->outsiders.next, struct outsider, link), loop);
}

/* ---- promises */

struct anyloop_promise {
    struct outsider outsider; /* its state: OPEN, KEPT, LATE */
    anyl_node node;    /* what becomes ready by the message */
    uint32_t outcome;
    anyloop_value value;
};

enum { OPEN, KEPT, LATE };

static void promised_destroy(anyloop_future *future)
{
    anyl_object_free(future->loop, future, sizeof *future);
}

static const anyl_future_class promised_class = {
    .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_OPERATION, .destroy = promised_destroy, .words = "a promise"};

/* One turn after the message, as asyncio's call_soon_threadsafe(future.set_result). */
static void run_kept(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyloop_promise *promise = ANYL_OWNER_OF(node, anyloop_promise, node);
    anyloop_future *future = promise->outsider.future;
    if (how == ANYL_DROP || anyl_future_done(future)) {
        anyl_value_release(&promise->value);
    } else {
        bool cancelled = anyl_error_code(&promise->value) == ANYLOOP_E_CANCELLED && promise->outcome == ANYLOOP_FAILED;
        anyl_future_complete(future, cancelled ? ANYLOOP_CANCELLED : promise->outcome, promise->value);
    }
    leave_loop(&promise->outsider, loop);
}

static void deliver_kept(anyl_mail *mail, anyloop_loop *loop, uint32_t how)
{
    anyloop_promise *promise = ANYL_OWNER_OF(mail, anyloop_promise, outsider.mail);
    if (how == ANYL_DROP)
        run_kept(&promise->node, loop, how);
    else
        anyl_nodes_push(&loop->ready, &promise->node);
}

anyloop_status anyl_promise_new(anyloop_loop *loop, anyloop_promise **out, anyloop_future **future)
{
    anyloop_future *promised = anyl_future_new(loop, &promised_class, sizeof *promised);
    if (promised == NULL)
        return ANYLOOP_E_NOMEM;
    anyloop_promise *promise = outsider_new(loop, sizeof *promise, promised, deliver_kept);
    if (promise == NULL) {
        anyl_future_release(promised);
        return ANYLOOP_E_NOMEM;
    }
    promise->node.run = run_kept;
    *out = promise;
    *future = promised;
    return ANYLOOP_OK;
}

anyloop_status anyl_promise_keep(anyloop_promise *promise, uint32_t state, anyloop_value value)
{
    uint32_t seen = OPEN;
    if (!atomic_compare_exchange_strong(&promise->outsider.state, &seen, KEPT)) {
        anyl_value_release(&value);
        return seen == LATE ? ANYLOOP_E_CLOSED : ANYLOOP_E_STATE;
    }
    promise->outcome = state;
    promise->value = value;
    if (anyl_mailbox_post(promise->outsider.mailbox, &promise->outsider.mail.letter))
        return ANYLOOP_OK;
    anyl_value_release(&promise->value);
    atomic_store(&promise->outsider.state, LATE);
    return ANYLOOP_E_CLOSED;
}

void anyl_promise_retain(anyloop_promise *promise)
{
    atomic_fetch_add_explicit(&promise->outsider.handles, 1, memory_order_relaxed);
}

void anyl_promise_release(anyloop_promise *promise)
{
    if (atomic_fetch_sub_explicit(&promise->outsider.handles, 1, memory_order_acq_rel) != 1)
        return;
    anyl_promise_keep(promise, ANYLOOP_FAILED, anyl_error_bare(ANYLOOP_E_ABANDONED)); /* unless it was kept */
    leave(&promise->outsider);
}

/* ---- wakers */

struct anyloop_waker {
    struct outsider outsider; /* its state: what was asked since the last message */
};

enum { WAKE = 1, CANCEL = 2, GO = 4, POSTED = 8 };

static void deliver_wakes(anyl_mail *mail, anyloop_loop *loop, uint32_t how)
{
    anyloop_waker *waker = ANYL_OWNER_OF(mail, anyloop_waker, outsider.mail);
    uint32_t asked = atomic_exchange_explicit(&waker->outsider.state, 0, memory_order_acq_rel);
    if (how == ANYL_DROP)
        return; /* severed with all others */
    anyloop_future *task = waker->outsider.future;
    if (asked & WAKE)
        anyl_task_wake(anyl_task_of(task));
    if (asked & CANCEL)
        anyl_cancel(task, &anyl_value_nothing);
    if (asked & GO)
        leave_loop(&waker->outsider, loop);
}

static void post(anyloop_waker *waker, uint32_t what)
{
    if (!(atomic_fetch_or_explicit(&waker->outsider.state, what | POSTED, memory_order_acq_rel) & POSTED))
        anyl_mailbox_post(waker->outsider.mailbox, &waker->outsider.mail.letter);
}

anyloop_status anyl_waker_new(anyl_task *task, anyloop_waker **out)
{
    anyloop_waker *waker = outsider_new(task->future.loop, sizeof *waker, &task->future, deliver_wakes);
    if (waker == NULL)
        return ANYLOOP_E_NOMEM;
    *out = waker;
    return ANYLOOP_OK;
}

void anyl_waker_wake(anyloop_waker *waker)
{
    post(waker, WAKE);
}

void anyl_waker_cancel(anyloop_waker *waker)
{
    post(waker, CANCEL);
}

void anyl_waker_retain(anyloop_waker *waker)
{
    atomic_fetch_add_explicit(&waker->outsider.handles, 1, memory_order_relaxed);
}

void anyl_waker_release(anyloop_waker *waker)
{
    if (atomic_fetch_sub_explicit(&waker->outsider.handles, 1, memory_order_acq_rel) != 1)
        return;
    post(waker, GO);
    leave(&waker->outsider);
}
