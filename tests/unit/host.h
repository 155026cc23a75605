/* host.h -- who drives a loop by turns, for the cases about that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TEST_HOST_H
#define ANYLOOP_TEST_HOST_H

#include "test.h"

/* Who drives: what the last turn gave, and how often each integer came back for good. */
typedef struct host {
    anyloop_loop *loop;
    uint32_t capacity;
    anyloop_turn_event events[8];
    anyloop_turn_info info;
    anyloop_task *task; /* whose STEP the last turn gave; NULL: none */
    uint64_t stepped;   /* that STEP's integer */
    int back[16];
} host;

static inline host host_of(anyloop_loop *loop, uint32_t capacity)
{
    return (host){.loop = loop, .capacity = capacity, .info = {.struct_size = sizeof(anyloop_turn_info)}};
}

/* One turn. Its events go to the trace, each as its kind and integer: start1 call2 done3 drop4. */
static inline void pull(host *self)
{
    static const char *const steps[] = {"start", "resume", "cancel", "close"};
    static const char *const others[] = {NULL, NULL, "call", "done", "drop"};
    assert_ok(anyloop_loop_turn(self->loop, 0, self->events, self->capacity, &self->info));
    assert_in_range(self->info.events, 0, self->capacity);
    self->task = NULL;
    for (uint32_t i = 0; i < self->info.events; i++) {
        const anyloop_turn_event *event = &self->events[i];
        char text[32];
        assert_null(self->task); /* a STEP is the last */
        assert_in_range(event->kind, ANYLOOP_TURN_STEP, ANYLOOP_TURN_DROP);
        assert_in_range(event->user_data, 0, LENGTH(self->back) - 1);
        if (event->kind == ANYLOOP_TURN_STEP) {
            self->task = (anyloop_task *)(uintptr_t)event->object;
            self->stepped = event->user_data;
        } else {
            self->back[event->user_data]++;
        }
        snprintf(text, sizeof text, "%s%d",
                 event->kind == ANYLOOP_TURN_STEP ? steps[event->detail] : others[event->kind], (int)event->user_data);
        note(text);
    }
}

/* One turn that gives exactly these. */
static inline void expect(host *self, const char *events)
{
    pull(self);
    assert_trace(events);
}

#endif
