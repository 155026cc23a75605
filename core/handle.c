/* handle.c -- a callback's life: waiting, then run, cancelled or dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "handle.h"

#include "port/port.h"

static void unref(anyloop_handle *handle)
{
    if (--handle->refs == 0) {
        anyl_context_release(handle->context);
        anyl_object_free(handle->loop, handle, sizeof *handle);
    }
}

/* It waits no more: its user_data goes, and what the loop held of it. */
static void finish(anyloop_handle *handle, bool drop)
{
    handle->waits = false;
    if (drop && handle->drop)
        handle->drop(handle->user_data);
    unref(handle);
}

static bool pulled(const anyloop_handle *handle)
{
    return handle->callback == NULL;
}

static void drop_handle(anyloop_handle *handle, anyloop_loop *loop)
{
    if (!pulled(handle) || anyl_loop_tell_drop(loop, &handle->timer.node, (uintptr_t)handle->user_data))
        finish(handle, true);
}

static void run_handle(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyloop_handle *handle = ANYL_OWNER_OF(node, anyloop_handle, timer.node);
    if (how == ANYL_DROP || handle->cancelled) {
        drop_handle(handle, loop);
        return;
    }
    if (pulled(handle)) {
        if (!anyl_loop_can_tell_in(loop, handle->context)) {
            anyl_loop_again(loop, node);
            return;
        }
        anyl_loop_lend_context(loop, anyl_context_retain(handle->context));
        anyl_loop_tell(loop, ANYLOOP_TURN_CALLBACK, (uintptr_t)handle->user_data, NULL, 0);
        finish(handle, false);
        return;
    }
    loop->current_context = &handle->context;
    handle->waits = false;
    handle->callback(handle->user_data);
    loop->current_context = &loop->context;
    anyl_context_release(handle->context);
    handle->context = NULL;
    finish(handle, true);
}

anyloop_status anyl_handle_new(anyloop_loop *loop, const uint64_t *deadline, anyloop_callback_fn callback,
                               void *user_data, anyloop_drop_fn drop, anyloop_handle **out)
{
    anyloop_status status = ANYLOOP_E_CLOSED;
    anyloop_handle *handle = NULL;
    if (loop->closing)
        goto refused;
    status = ANYLOOP_E_NOMEM;
    handle = anyl_object_alloc(loop, sizeof *handle);
    if (handle == NULL)
        goto refused;
    handle->timer.node.run = run_handle;
    handle->timer.item.place = 0;
    handle->loop = loop;
    handle->callback = callback;
    handle->user_data = user_data;
    handle->drop = callback ? drop : NULL; /* a pulled one's integer goes back as an event */
    handle->context = NULL;
    handle->when = deadline ? *deadline : UINT64_MAX;
    handle->refs = 1;
    handle->waits = true;
    handle->is_timer = deadline != NULL;
    handle->cancelled = false;
    if (deadline && (status = anyl_loop_arm(loop, &handle->timer, *deadline)) != ANYLOOP_OK) {
        anyl_object_free(loop, handle, sizeof *handle);
        goto refused;
    }
    if (!deadline)
        anyl_loop_ready(loop, &handle->timer.node);
    handle->context = anyl_context_retain(anyl_loop_context(loop));
    if (out) {
        handle->refs++;
        *out = handle;
    }
    return ANYLOOP_OK;
refused:
    if (drop)
        drop(user_data);
    return status;
}

void anyl_handle_cancel(anyloop_handle *handle)
{
    if (!handle->waits || handle->cancelled)
        return;
    handle->cancelled = true;
    anyl_context_release(handle->context);
    handle->context = NULL;
    if (!anyl_timer_armed(&handle->timer))
        return; /* in the ready queue: it is passed over when its place comes */
    anyl_loop_disarm(handle->loop, &handle->timer);
    if (handle->drop || pulled(handle))
        anyl_loop_drop_later(handle->loop, &handle->timer.node);
    else
        finish(handle, false);
}

void anyl_handle_release(anyloop_handle *handle)
{
    unref(handle);
}

/* ---- from other threads */

struct posted {
    anyl_mail mail;
    anyl_node node;
    anyloop_callback_fn callback;
    void *user_data;
    anyloop_drop_fn drop;
    anyloop_context *context; /* the caller's, if that was inside a turn of the loop */
    anyloop_allocator allocator;
};

static void posted_finish(struct posted *posted)
{
    anyloop_allocator allocator = posted->allocator;
    if (posted->drop)
        posted->drop(posted->user_data);
    anyl_context_release(posted->context);
    anyl_free(&allocator, posted, sizeof *posted);
}

static void run_posted(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    struct posted *posted = ANYL_OWNER_OF(node, struct posted, node);
    bool pulled = posted->callback == NULL;
    if (how == ANYL_DROP) {
        if (!pulled || anyl_loop_tell_drop(loop, node, (uintptr_t)posted->user_data))
            posted_finish(posted);
        return;
    }
    if (pulled) {
        if (!anyl_loop_can_tell_in(loop, posted->context)) {
            anyl_loop_again(loop, node);
            return;
        }
        anyl_loop_lend_context(loop, anyl_context_retain(posted->context));
        anyl_loop_tell(loop, ANYLOOP_TURN_CALLBACK, (uintptr_t)posted->user_data, NULL, 0);
    } else {
        loop->current_context = &posted->context;
        posted->callback(posted->user_data);
        loop->current_context = &loop->context;
    }
    posted_finish(posted);
}

static void deliver_posted(anyl_mail *mail, anyloop_loop *loop, uint32_t how)
{
    struct posted *posted = ANYL_OWNER_OF(mail, struct posted, mail);
    if (how == ANYL_RUN)
        anyl_nodes_push(&loop->ready, &posted->node);
    else
        anyl_loop_drop_later(loop, &posted->node);
}

/* Inside a turn of the loop it has its place among what call_soon schedules, as in CPython. Elsewhere the loop's own
 * thread is as any other: another may be taking the loop over just now. */
static bool posted_from_inside(const anyloop_loop *loop)
{
    return anyl_port_running() == loop && !loop->closing;
}

anyloop_status anyl_call_soon_threadsafe(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                         anyloop_drop_fn drop)
{
    anyloop_status status = ANYLOOP_E_NOMEM;
    struct posted *posted = anyl_alloc(&loop->slab.allocator, sizeof *posted);
    if (posted) {
        *posted = (struct posted){.mail = {.deliver = deliver_posted},
                                  .node = {.run = run_posted},
                                  .callback = callback,
                                  .user_data = user_data,
                                  .drop = callback ? drop : NULL,
                                  .allocator = loop->slab.allocator};
        if (posted_from_inside(loop)) {
            posted->context = anyl_context_retain(anyl_loop_context(loop));
            anyl_loop_ready(loop, &posted->node);
            return ANYLOOP_OK;
        }
        if (anyl_mailbox_post(loop->mailbox, &posted->mail.letter))
            return ANYLOOP_OK;
        status = ANYLOOP_E_CLOSED;
        anyl_free(&loop->slab.allocator, posted, sizeof *posted);
    }
    if (drop)
        drop(user_data);
    return status;
}
