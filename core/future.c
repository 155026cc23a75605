/* future.c -- completing, waiting, callbacks, and the end of a future.
 *
 * SPDX-License-Identifier: MIT
 */
#include "future.h"

#include "port/port.h"
#include "status.h"

static const anyloop_value bare_cancellation = {.kind = ANYLOOP_ERROR, .flags = (uint32_t)ANYLOOP_E_CANCELLED};

/* ---- constants */

static void constant_destroy(anyloop_future *future)
{
    (void)future;
}

static const anyl_future_class constant_class = {
    .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_OPERATION, .destroy = constant_destroy};

/* Nobody writes to these, whatever type says: `loop` is NULL, and each writer looks at that first. */
static anyloop_future constants[] = {
#define CONSTANT(code, text)                                         \
    [-(code)] = {.owner = {&constant_class.owner},                   \
                 .refs = 1,                                          \
                 .state = ANYLOOP_FAILED,                            \
                 .value = {.kind = ANYLOOP_ERROR, .flags = (uint32_t)(code)}},
    ANYL_STATUS_LIST(CONSTANT)
#undef CONSTANT
};

_Static_assert(sizeof constants / sizeof *constants == 1 - ANYL_STATUS_LAST, "a constant for each code");

anyloop_future *anyl_failed(anyloop_status code)
{
    bool known = code < 0 && code >= ANYL_STATUS_LAST;
    return &constants[known ? -code : -ANYLOOP_E_INVALID];
}

/* ---- making */

static void bare_destroy(anyloop_future *future)
{
    anyl_object_free(future->loop, future, sizeof *future);
}

const anyl_future_class anyl_future_bare = {
    .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_FUTURE, .settable = true, .destroy = bare_destroy};

anyloop_future *anyl_future_new(anyloop_loop *loop, const anyl_future_class *class, size_t size)
{
    anyloop_future *future = anyl_object_alloc(loop, size);
    if (future == NULL)
        return NULL;
    if (size > sizeof *future)
        memset(future + 1, 0, size - sizeof *future);
    anyl_future_init(future, loop, class);
    return future;
}

anyloop_future *anyl_future_failed(anyloop_loop *loop, anyloop_value error)
{
    static const anyl_future_class refused_class = {
        .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_OPERATION, .destroy = bare_destroy};
    anyloop_status code = anyl_error_code(&error);
    if (code >= ANYL_STATUS_LAST && error.bits == 0)
        return anyl_failed(code);
    anyloop_future *future = anyl_future_new(loop, &refused_class, sizeof *future);
    if (future == NULL) {
        anyl_value_release(&error);
        return anyl_failed(ANYLOOP_E_NOMEM);
    }
    anyl_future_set_error(future, error);
    return future;
}

/* ---- who waits */

bool anyl_future_unlisten(anyloop_future *future, anyl_node *node)
{
    anyl_node *before = future->last;
    if (before == NULL)
        return false;
    while (before->next != node)
        if ((before = before->next) == future->last)
            return false;
    before->next = node->next;
    if (future->last == node)
        future->last = before == node ? NULL : before;
    if (future->loop->closing)
        future->flags |= ANYL_FUTURE_ORPHANED;
    return true;
}

/* ---- completing */

/* The loop is closed: those who waited will not hear of it. A drop may let go of others of them: they leave the ring. */
static anyloop_status strand(anyloop_future *future)
{
    bool waited = future->last != NULL || (future->flags & ANYL_FUTURE_ORPHANED);
    future->flags &= (uint8_t)~ANYL_FUTURE_ORPHANED;
    for (anyl_node *last; (last = future->last) != NULL;) {
        anyl_node *node = last->next;
        last->next = node->next;
        if (node == last)
            future->last = NULL;
        node->run(node, future->loop, ANYL_DROP);
    }
    return waited ? ANYLOOP_E_CLOSED : ANYLOOP_OK;
}

anyloop_status anyl_future_complete(anyloop_future *future, uint32_t state, anyloop_value value)
{
    future->value = value;
    return anyl_future_end(future, state);
}

anyloop_status anyl_future_end(anyloop_future *future, uint32_t state)
{
    future->state = (uint8_t)state;
    if (state == ANYLOOP_FAILED)
        future->flags |= ANYL_FUTURE_UNRETRIEVED;
    if (ANYL_UNLIKELY(future->loop->closing))
        return strand(future);
    if (state == ANYLOOP_RESULT && anyl_future_class_of(future) == &anyl_future_bare)
        anyl_future_set_plain(future, sizeof *future);
    if (future->last == NULL)
        return ANYLOOP_OK;
    if (ANYL_UNLIKELY(future->flags & ANYL_FUTURE_USER_CALLBACKS))
        anyl_future_hold_for_callbacks(future);
    anyl_node *last = future->last;
    future->last = NULL;
    anyl_loop_ready_all(future->loop, last);
    return ANYLOOP_OK;
}

anyloop_status anyl_future_complete_as(anyloop_future *future, anyloop_future *from)
{
    uint32_t state = from->state;
    const anyloop_value *value = state == ANYLOOP_RESULT ? &from->value : anyl_future_error(from);
    anyl_value_retain(value);
    return anyl_future_complete(future, state, *value);
}

/* ---- looking */

const anyloop_value *anyl_future_error(anyloop_future *future)
{
    if (future->state < ANYLOOP_FAILED)
        return NULL;
    if (future->loop == NULL)
        return &future->value;
    future->flags &= (uint8_t)~ANYL_FUTURE_UNRETRIEVED;
    if (future->flags & ANYL_FUTURE_REASON_ONCE) {
        if (future->flags & ANYL_FUTURE_REASON_TAKEN)
            return &bare_cancellation;
        future->flags |= ANYL_FUTURE_REASON_TAKEN;
    }
    return &future->value;
}

uint32_t anyl_future_outcome(anyloop_future *future, const anyloop_value **value)
{
    if (ANYL_LIKELY(future->state == ANYLOOP_RESULT)) {
        *value = &future->value;
        return ANYLOOP_RESULT;
    }
    *value = anyl_future_error(future);
    return anyl_error_code(&future->value) == ANYLOOP_E_CANCELLED ? ANYLOOP_CANCELLED : ANYLOOP_FAILED;
}

/* ---- the end */

ANYL_ASIDE void report_unretrieved(anyloop_future *future)
{
    const anyl_future_class *class = anyl_future_class_of(future);
    future->flags &= (uint8_t)~ANYL_FUTURE_UNRETRIEVED;
    anyloop_exception exception = {.struct_size = sizeof exception,
                                   .message = class->kind == ANYLOOP_KIND_TASK ? "Task exception was never retrieved"
                                                                               : "Future exception was never retrieved",
                                   .error = &future->value,
                                   .future = future};
    anyl_loop_report(future->loop, &exception, class->name ? class->name(future) : NULL);
}

/* Nobody completed it: those who waited hear nothing. */
ANYL_ASIDE void drop_callbacks(anyloop_future *future)
{
    anyl_node *node = future->last->next;
    future->last->next = NULL;
    future->last = NULL;
    while (node) {
        anyl_node *next = node->next;
        if (node->run == anyl_watch_weakly)
            node->run(node, future->loop, ANYL_DROP);
        else
            anyl_loop_drop_later(future->loop, node);
        node = next;
    }
}

static void future_take_apart(anyloop_future *future)
{
    if (ANYL_UNLIKELY(future->flags & ANYL_FUTURE_KEPT)) {
        anyl_future_class_of(future)->destroy(future);
        return;
    }
    if (ANYL_UNLIKELY(future->flags & ANYL_FUTURE_UNRETRIEVED)) {
        future->refs = 1; /* the handler may keep it */
        report_unretrieved(future);
        if (--future->refs != 0)
            return;
    }
    if (ANYL_UNLIKELY(future->last != NULL))
        drop_callbacks(future);
    anyl_value_drop(&future->value);
    anyl_future_class_of(future)->destroy(future);
}

/* On a closed loop: who finds the list of the dead unattended works it off, on whatever thread. Lets go of the loop. */
static void reap_closed(anyloop_loop *loop)
{
    anyl_loop_lock(loop);
    if (!loop->reaping) {
        loop->reaping = true;
        while (loop->reaped) {
            anyloop_future *dead = ANYL_OWNER_OF(loop->reaped, anyloop_future, link);
            loop->reaped = dead->link.next;
            anyl_loop_unlock(loop);
            future_take_apart(dead);
            anyl_loop_lock(loop);
        }
        loop->reaping = false;
    }
    anyl_loop_unlock(loop);
    anyl_loop_release(loop);
}

void anyl_future_reap(anyloop_future *future)
{
    anyloop_loop *loop = future->loop;
    if (ANYL_UNLIKELY(loop->reaping)) {
        future->link.next = loop->reaped;
        loop->reaped = &future->link;
        return;
    }
    loop->reaping = true;
    anyl_loop_retain(loop); /* a value's drop may close the loop: then its last object takes it away */
    future_take_apart(future);
    while (loop->reaped && !loop->closed) {
        anyloop_future *dead = ANYL_OWNER_OF(loop->reaped, anyloop_future, link);
        loop->reaped = dead->link.next;
        future_take_apart(dead);
    }
    if (!loop->closed) {
        loop->reaping = false;
        anyl_loop_release(loop);
        return;
    }
    anyl_loop_lock(loop); /* from now on on other threads too */
    loop->reaping = false;
    anyl_loop_unlock(loop);
    reap_closed(loop);
}

/* ---- counting, where it is not a plain count */

anyloop_future *anyl_future_retain_slow(anyloop_future *future)
{
    if (future->loop == NULL)
        return future;
    anyl_loop_lock(future->loop);
    future->refs++;
    anyl_loop_unlock(future->loop);
    return future;
}

void anyl_future_release_slow(anyloop_future *future)
{
    anyloop_loop *loop = future->loop;
    if (loop == NULL)
        return;
    anyl_loop_lock(loop);
    bool dead = --future->refs == 0;
    if (dead) {
        future->link.next = loop->reaped;
        loop->reaped = &future->link;
        anyl_loop_retain(loop); /* once unlocked, another thread may take the last of its futures apart */
    }
    anyl_loop_unlock(loop);
    if (dead)
        reap_closed(loop);
}

void anyl_future_release_threadsafe(anyloop_future *future)
{
    anyloop_loop *loop = future->loop;
    if (loop == NULL)
        return;
    anyl_mailbox *mailbox = loop->mailbox;
    anyl_mailbox_retain(mailbox); /* once told, the loop may let go of its last future before the push has ended */
    bool first = atomic_fetch_add_explicit(&future->released, 1, memory_order_acq_rel) == 0;
    /* else it is in the mailbox: whoever takes it out sees this one too */
    if (first && !anyl_mailbox_push(mailbox, ANYL_LANE_RELEASED, &future->link))
        anyl_future_released(loop, &future->link);
    anyl_mailbox_release(mailbox);
}

void anyl_future_released(anyloop_loop *loop, anyl_link *link)
{
    anyloop_future *future = ANYL_OWNER_OF(link, anyloop_future, link);
    uint32_t count = atomic_exchange_explicit(&future->released, 0, memory_order_acq_rel);
    (void)loop;
    while (count--)
        anyl_future_release(future);
}

/* ---- as the owner of a value */

void anyl_future_owner_retain(anyl_owner *owner)
{
    anyl_future_retain(ANYL_OWNER_OF(owner, anyloop_future, owner));
}

void anyl_future_owner_release(anyl_owner *owner, anyl_block **dead)
{
    anyloop_future *future = ANYL_OWNER_OF(owner, anyloop_future, owner);
    (void)dead;
    if (future->loop && !future->loop->unpinned &&
        atomic_load_explicit(&future->loop->thread, memory_order_relaxed) != anyl_port_thread_self())
        anyl_future_release_threadsafe(future);
    else
        anyl_future_release(future);
}
