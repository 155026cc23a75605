/* event.h -- a flag that tasks wait for: CPython's Event.
 *
 * Owns:          the queue of those who wait.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_EVENT_H
#define ANYL_EVENT_H

#include "task.h"

#include <anyloop/sync.h>

struct anyloop_event {
    anyloop_loop *loop;
    uint32_t refs; /* the handle, and operations */
    bool is_set;
    anyl_list waiters;
};

anyloop_event *anyl_event_new(anyloop_loop *loop);
void anyl_event_release(anyloop_event *event);
anyloop_status anyl_event_set(anyloop_event *event);
anyl_task *anyl_event_wait(anyloop_event *event);

#endif
