/* life.h -- making loops, giving each thread its own, closing them.
 *
 * Owns:          the thread's slot; the order in which a loop is taken apart.
 * Must not know: how a loop is run.
 * Threads:       each function says.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_LIFE_H
#define ANYL_LIFE_H

#include "loop.h"

/* Is this a child of the process that the loop was made in? Any thread. */
bool anyl_life_forked(const anyloop_loop *loop);

/* The options were checked. ANYLOOP_E_NOMEM, ANYLOOP_E_OS. Any thread. */
anyloop_status anyl_life_new(const anyloop_loop_options *options, anyloop_loop **out);
/* This thread's loop, borrowed: the one that runs, the one in the slot, else a new one. NULL: it cannot be made. */
anyloop_loop *anyl_life_get(void);
anyloop_status anyl_life_set(anyloop_loop *loop);
/* A user's handle. Any thread. */
void anyl_life_retain(anyloop_loop *loop);
void anyl_life_release(anyloop_loop *loop);

/* As anyloop_loop_close; `timeout` for jobs that run. */
anyloop_status anyl_life_close(anyloop_loop *loop, int64_t timeout);
/* What a turn of a closing loop does. True: there is more to be told or answered. */
bool anyl_life_unwind(anyloop_loop *loop);

/* A guest's wake, instead of the poller's; NULL: the poller's again. Takes user_data. */
void anyl_life_set_host(anyloop_loop *loop, anyloop_wake_fn wake, void *user_data, anyloop_drop_fn drop);

/* While the loop is awake: where its wakes go. A guest that blocks all the same has them come to the poller. */
void anyl_life_route_wake(anyloop_loop *loop, bool to_host);
/* After a run: a guest's host hears again, and is asked for a turn, since it cannot know what the run left. */
void anyl_life_back_to_host(anyloop_loop *loop);

#endif
