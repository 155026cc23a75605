/* callback.c -- users' done callbacks: a node in a future's ring, with a function, its user_data and a context.
 *
 * SPDX-License-Identifier: MIT
 */
#include "future.h"

struct done_callback {
    anyl_node node;
    anyloop_future *future; /* once it is done, until the callback has run; else NULL */
    anyloop_done_fn done;
    void *user_data;
    anyloop_drop_fn drop;
    anyloop_context *context;
    anyloop_loop *loop;
};

static void free_callback(struct done_callback *callback, bool drop)
{
    if (drop && callback->drop)
        callback->drop(callback->user_data);
    anyl_context_release(callback->context);
    if (callback->future)
        anyl_future_release(callback->future);
    anyl_object_free(callback->loop, callback, sizeof *callback);
}

/* What was told of the future is over. */
static void callback_was_told(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    (void)loop, (void)how;
    free_callback(ANYL_OWNER_OF(node, struct done_callback, node), false);
}

static void drop_callback(struct done_callback *callback, anyloop_loop *loop)
{
    bool pulled = callback->done == NULL;
    if (!pulled || anyl_loop_tell_drop(loop, &callback->node, (uintptr_t)callback->user_data))
        free_callback(callback, !pulled);
}

static void run_callback(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    struct done_callback *callback = ANYL_OWNER_OF(node, struct done_callback, node);
    if (how == ANYL_DROP) {
        drop_callback(callback, loop);
        return;
    }
    if (callback->done == NULL) {
        if (!anyl_loop_can_tell_in(loop, callback->context)) {
            anyl_loop_again(loop, node);
            return;
        }
        anyl_loop_lend_context(loop, anyl_context_retain(callback->context));
        anyl_loop_tell(loop, ANYLOOP_TURN_DONE, (uintptr_t)callback->user_data, callback->future,
                       callback->future->state);
        node->run = callback_was_told;
        anyl_nodes_push(&loop->told, node);
        return;
    }
    loop->current_context = &callback->context;
    callback->done(callback->user_data, callback->future);
    loop->current_context = &loop->context;
    free_callback(callback, true);
}

anyloop_status anyl_future_add_callback(anyloop_future *future, anyloop_loop *loop, anyloop_done_fn done,
                                        void *user_data, anyloop_drop_fn drop)
{
    anyloop_status status = ANYLOOP_E_NOMEM;
    struct done_callback *callback = NULL;
    if (loop->closing && anyl_future_done(future))
        status = ANYLOOP_E_CLOSED;
    else
        callback = anyl_object_alloc(loop, sizeof *callback);
    if (callback == NULL) {
        if (drop)
            drop(user_data);
        return status;
    }
    *callback = (struct done_callback){.node = {NULL, run_callback},
                                       .done = done,
                                       .user_data = user_data,
                                       .drop = drop,
                                       .context = anyl_context_retain(anyl_loop_context(loop)),
                                       .loop = loop};
    if (anyl_future_done(future))
        callback->future = anyl_future_retain(future);
    else
        future->flags |= ANYL_FUTURE_USER_CALLBACKS;
    anyl_future_listen(future, loop, &callback->node);
    return ANYLOOP_OK;
}

uint32_t anyl_future_remove_callbacks(anyloop_future *future, anyloop_done_fn done, void *user_data)
{
    uint32_t removed = 0;
    anyl_node *last = future->last;
    if (last == NULL || !(future->flags & ANYL_FUTURE_USER_CALLBACKS))
        return 0;
    anyl_node *node = last->next, *kept_last = NULL;
    last->next = NULL;
    while (node) {
        anyl_node *next = node->next;
        struct done_callback *callback = ANYL_OWNER_OF(node, struct done_callback, node);
        if (node->run == run_callback && callback->done == done && callback->user_data == user_data) {
            anyl_loop_drop_later(future->loop, node);
            removed++;
        } else if (kept_last == NULL) {
            node->next = node;
            kept_last = node;
        } else {
            node->next = kept_last->next;
            kept_last->next = node;
            kept_last = node;
        }
        node = next;
    }
    future->last = kept_last;
    return removed;
}

void anyl_future_hold_for_callbacks(anyloop_future *future)
{
    anyl_node *node = future->last;
    do {
        node = node->next;
        if (node->run == anyl_watch_weakly)
            node->run = anyl_watch_run;
        else if (node->run == run_callback)
            ANYL_OWNER_OF(node, struct done_callback, node)->future = future;
        else
            continue;
        future->refs++;
    } while (node != future->last);
}
