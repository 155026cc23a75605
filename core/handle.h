/* handle.h -- callbacks of call_soon, call_later, call_at, call_soon_threadsafe.
 *
 * Owns:          one object for each callback: its function, its user_data, its context, its timer.
 * Must not know: futures.
 * Threads:       the loop's; anyl_call_soon_threadsafe: any.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_HANDLE_H
#define ANYL_HANDLE_H

#include "loop.h"

struct anyloop_handle {
    anyl_timer timer; /* its node is what runs */
    anyloop_loop *loop;
    anyloop_callback_fn callback;
    void *user_data;
    anyloop_drop_fn drop;
    anyloop_context *context;
    uint64_t when; /* UINT64_MAX: no timer */
    uint32_t refs; /* the user's, and one while it waits */
    bool waits, is_timer, cancelled;
};

/* Takes user_data in every case. `deadline` NULL: soon. */
anyloop_status anyl_handle_new(anyloop_loop *loop, const uint64_t *deadline, anyloop_callback_fn callback,
                               void *user_data, anyloop_drop_fn drop, anyloop_handle **out);
anyloop_status anyl_call_soon_threadsafe(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                         anyloop_drop_fn drop);
void anyl_handle_cancel(anyloop_handle *handle);
void anyl_handle_release(anyloop_handle *handle);

/* For core rooms: a callback that is told nothing when it does not run. */
static inline anyloop_status anyl_call_at(anyloop_loop *loop, uint64_t deadline, anyloop_callback_fn callback,
                                          void *user_data, anyloop_handle **out)
{
    return anyl_handle_new(loop, &deadline, callback, user_data, NULL, out);
}

static inline anyloop_status anyl_call_soon(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                            anyloop_handle **out)
{
    return anyl_handle_new(loop, NULL, callback, user_data, NULL, out);
}

/* Cancel and let go of the handle in `*place`, if there is one. */
static inline void anyl_handle_end(anyloop_handle **place)
{
    anyloop_handle *handle = *place;
    if (handle == NULL)
        return;
    *place = NULL;
    anyl_handle_cancel(handle);
    anyl_handle_release(handle);
}

#endif
