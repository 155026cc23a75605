/* run.c -- running a loop, or a turn of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "run.h"

#include "inspect.h"
#include "life.h"
#include "port/port.h"
#include "task.h"

/* ---- waiting */

/* Nothing is ready, no timer is set, and nobody outside is left. */
static bool deadlocked(anyloop_loop *loop)
{
    return anyl_heap_first_key(&loop->timers) == ANYLOOP_NEVER && anyl_loop_alone(loop);
}

/* Until mail, or `deadline` on the loop's clock. A run does not sleep when the last hold went just now. */
static anyloop_status wait_until(anyloop_loop *loop, uint64_t deadline)
{
    anyloop_status status = ANYLOOP_OK;
    if (loop->virtual_clock && deadline != ANYLOOP_NEVER) {
        if (deadline <= loop->virtual_now)
            return ANYLOOP_OK;
        if (loop->jobs == 0) {
            loop->virtual_now = deadline;
            return ANYLOOP_OK;
        }
        deadline = ANYLOOP_NEVER; /* a job takes real time: the clock stands still for it */
    }
    if (!anyl_mailbox_sleep(loop->mailbox))
        return ANYLOOP_OK;
    bool in_vain = loop->running && deadlocked(loop);
    if (!in_vain && deadline > anyl_loop_now(loop)) {
        bool before = loop->guest_outside;
        loop->guest_outside = true; /* the system's event loop may go on in this thread, and add to this one */
        status = anyl_poller_wait(loop->poller, deadline);
        loop->guest_outside = before;
    }
    if (anyl_mailbox_rouse(loop->mailbox))
        anyl_poller_clear(loop->poller);
    return status;
}

/* ---- running */

/* What runs here is another process's from now on. */
static void stop_in_child(void *loop)
{
    anyl_loop_block(loop);
}

/* The last that a run or a turn does to the loop: from here on another thread may make it its own. */
static void no_longer_busy(anyloop_loop *loop)
{
    atomic_store_explicit(&loop->busy, false, memory_order_release);
}

/* Turns, until nothing is ready or somebody wants attention. Where the system's event loop waits for this run, not for
 * longer than it may since `*rest`, when it last had a turn: then it has one. */
static anyloop_status take_turns(anyloop_loop *loop, uint64_t *rest)
{
    uint64_t stretch = anyl_port_stretch();
    if (ANYL_LIKELY(stretch == 0)) {
        anyl_loop_turns(loop);
        return ANYLOOP_OK;
    }
    while (anyl_port_now() - *rest < stretch) {
        anyl_loop_turn(loop, anyl_loop_now(loop) + stretch);
        if (loop->stopping || loop->blocked || !anyl_loop_has_ready(loop))
            return ANYLOOP_OK;
    }
    anyloop_status status = anyl_poller_wait(loop->poller, 0);
    *rest = anyl_port_now();
    return status;
}

static anyloop_status run_until_stopped(anyloop_loop *loop)
{
    for (uint64_t rest = anyl_port_now();;) {
        if (!anyl_loop_has_ready(loop) && !loop->stopping && anyl_mailbox_empty(loop->mailbox)) {
            if (deadlocked(loop)) {
                anyl_inspect_log(loop);
                return ANYLOOP_E_DEADLOCK;
            }
            uint64_t deadline = anyl_heap_first_key(&loop->timers);
            bool waits = anyl_port_stretch() && deadline > anyl_loop_now(loop);
            anyloop_status status = wait_until(loop, deadline);
            if (status != ANYLOOP_OK)
                return status;
            if (waits)
                rest = anyl_port_now();
        }
        anyloop_status status = take_turns(loop, &rest);
        if (status != ANYLOOP_OK)
            return status;
        if (anyl_life_forked(loop))
            return ANYLOOP_E_FORKED; /* by what ran: in the child the run is over */
        if (loop->interrupt) {
            status = loop->interrupt;
            loop->interrupt = ANYLOOP_OK;
            anyl_loop_end_batch(loop);
            return status;
        }
        if (loop->blocked)
            return ANYLOOP_E_WOULD_BLOCK;
        if (loop->stopping)
            return ANYLOOP_OK;
    }
}

/* A virtual clock has nothing to wait for but jobs. */
static anyloop_status may_run(const anyloop_loop *loop)
{
    if (anyl_life_forked(loop))
        return ANYLOOP_E_FORKED;
    if (anyl_port_running() || loop->running || loop->turning || loop->cancels || loop->asked)
        return ANYLOOP_E_RUNNING;
    return loop->virtual_clock || anyl_port_can_block() ? ANYLOOP_OK : ANYLOOP_E_WOULD_BLOCK;
}

anyloop_status anyl_run_forever(anyloop_loop *loop)
{
    anyloop_status status = may_run(loop);
    if (status != ANYLOOP_OK)
        return status;
    anyl_life_retain(loop);
    anyl_port_running_set(loop, stop_in_child);
    loop->running = loop->turning = true;
    atomic_store_explicit(&loop->busy, true, memory_order_relaxed);
    loop->guest_outside = false;
    anyl_loop_end_loan(loop);
    anyl_loop_forget_told(loop);
    if (anyl_mailbox_rouse(loop->mailbox))
        anyl_poller_clear(loop->poller);
    anyl_life_route_wake(loop, false);
    status = run_until_stopped(loop);
    loop->running = loop->turning = loop->stopping = false;
    anyl_port_running_set(NULL, NULL);
    anyl_life_back_to_host(loop);
    no_longer_busy(loop);
    anyl_life_release(loop);
    return status;
}

static void stop_when_done(void *user_data, anyloop_future *future)
{
    anyloop_loop *loop = user_data;
    if (future->state == ANYLOOP_FAILED)
        anyl_future_error(future); /* counts as looked at */
    anyl_loop_stop(loop);
}

anyloop_status anyl_run_until_complete(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_status status = may_run(loop);
    if (status == ANYLOOP_OK)
        status = anyl_may_ensure_future(future);
    if (status == ANYLOOP_OK)
        status = anyl_future_add_callback(future, loop, stop_when_done, loop, NULL);
    if (status != ANYLOOP_OK)
        return status;
    anyl_ensure_future(loop, future);
    anyl_future_retain(future);
    status = anyl_run_forever(loop);
    if (!anyl_future_done(future)) {
        anyl_future_remove_callbacks(future, stop_when_done, loop);
        if (status == ANYLOOP_OK)
            status = ANYLOOP_E_STOPPED;
    } else if (status == ANYLOOP_OK && future->state != ANYLOOP_RESULT) {
        status = anyl_error_code(&future->value);
        if (future->loop)
            future->flags &= (uint8_t)~ANYL_FUTURE_UNRETRIEVED;
    }
    anyl_future_release(future);
    return status;
}

/* ---- turns */

static void turn(anyloop_loop *loop, uint64_t budget)
{
    if (loop->closing) {
        loop->blocked = anyl_life_unwind(loop);
        return;
    }
    if (loop->asked) {
        anyl_task_tell_asked(loop);
        return;
    }
    if (loop->interrupt)
        return;
    if (loop->stopping && loop->events_out && loop->batch == NULL) {
        loop->blocked = false; /* stopped while the host dealt with the last event: the turn was over with that */
        anyl_loop_run_drops(loop);
        return;
    }
    uint64_t deadline = budget ? anyl_deadline(anyl_loop_now(loop), budget > INT64_MAX ? INT64_MAX : (int64_t)budget)
                               : UINT64_MAX;
    anyl_loop_turn(loop, deadline);
}

/* A guest sleeps outside: from now on what comes must wake it. */
static void leave_to_host(anyloop_loop *loop, anyloop_turn_info *info)
{
    if (!loop->guest)
        return;
    if (info->next_deadline != 0 && !anyl_mailbox_sleep(loop->mailbox))
        info->next_deadline = 0;
    loop->guest_outside = info->next_deadline != 0;
    if (loop->has_fd)
        anyl_poller_arm(loop->poller, info->next_deadline);
}

anyloop_status anyl_run_turn(anyloop_loop *loop, uint64_t budget, anyloop_turn_event *events, uint32_t capacity,
                             anyloop_turn_info *info)
{
    if (loop->running || loop->turning || loop->closes || loop->cancels)
        return ANYLOOP_E_RUNNING;
    if (anyl_life_forked(loop))
        return ANYLOOP_E_FORKED;
    if (loop->asked && loop->asked_told)
        return ANYLOOP_E_STATE;
    void *running_before = anyl_port_running();
    anyl_life_retain(loop);
    anyl_port_running_set(loop, stop_in_child);
    loop->turning = true;
    atomic_store_explicit(&loop->busy, true, memory_order_relaxed);
    loop->guest_outside = loop->blocked = false;
    loop->events = events;
    loop->events_capacity = capacity;
    loop->events_count = 0;
    if (loop->interrupted_step == NULL) { /* else the host is still at the events of the turn before */
        anyl_loop_end_loan(loop);
        anyl_loop_forget_told(loop);
    }
    anyl_mailbox_rouse(loop->mailbox);
    if (loop->has_fd)
        anyl_poller_clear(loop->poller);
    turn(loop, budget);
    loop->turning = false;
    anyl_port_running_set(running_before, stop_in_child);
    if (running_before && anyl_life_forked(loop))
        stop_in_child(running_before);

    bool out = loop->asked != NULL;
    bool unfinished = loop->batch || loop->drops.first || out || (loop->closing && loop->blocked);
    bool ready = unfinished || loop->events_count || anyl_loop_has_ready(loop) || !anyl_mailbox_empty(loop->mailbox);
    bool no_room = capacity == 0 && loop->blocked && !loop->interrupt;
    *info = (anyloop_turn_info){.struct_size = info->struct_size,
                                .events = loop->events_count,
                                .next_deadline = ready ? 0 : anyl_heap_first_key(&loop->timers),
                                .stopped = loop->stopping && !loop->batch && !out && !loop->closing &&
                                           loop->events_count == 0,
                                .deadlock = !ready && deadlocked(loop),
                                .interrupted = unfinished,
                                .status = loop->interrupt};
    if (info->stopped)
        loop->stopping = false;
    loop->interrupt = ANYLOOP_OK;
    loop->events_out = info->events > 0 || loop->interrupted_step;
    loop->events = NULL; /* between turns nothing is told */
    loop->events_capacity = loop->events_count = 0;
    leave_to_host(loop, info);
    no_longer_busy(loop);
    anyl_life_release(loop);
    return no_room ? ANYLOOP_E_WOULD_BLOCK : ANYLOOP_OK;
}

anyloop_status anyl_run_wait(anyloop_loop *loop, uint64_t deadline)
{
    if (anyl_life_forked(loop))
        return ANYLOOP_E_FORKED;
    if (loop->running || loop->turning)
        return ANYLOOP_E_RUNNING;
    if (anyl_loop_has_ready(loop) || loop->asked || !anyl_mailbox_empty(loop->mailbox))
        return ANYLOOP_OK;
    if (loop->virtual_clock && deadline == ANYLOOP_NEVER && anyl_loop_alone(loop))
        return ANYLOOP_E_DEADLOCK;
    anyl_mailbox_rouse(loop->mailbox);
    anyl_life_route_wake(loop, false);
    anyloop_status status = wait_until(loop, deadline);
    anyl_life_back_to_host(loop);
    return status;
}

anyloop_status anyl_run_fd(anyloop_loop *loop, int32_t *out)
{
    if (anyl_life_forked(loop)) /* its descriptors are its parent's too */
        return ANYLOOP_E_FORKED;
    if (loop->virtual_clock)
        return ANYLOOP_E_NOT_SUPPORTED;
    anyloop_status status = anyl_poller_fd(loop->poller, out);
    if (status != ANYLOOP_OK || loop->has_fd)
        return status;
    anyl_mailbox_rouse(loop->mailbox);
    loop->has_fd = loop->guest = true;
    loop->guest_outside = false;
    anyl_life_route_wake(loop, true);
    anyl_poller_arm(loop->poller, 0); /* the first turn */
    return ANYLOOP_OK;
}

/* ---- turns from the system's own event loop */

static void hosted_turn(void *data)
{
    anyloop_loop *loop = data;
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyl_life_retain(loop);
    anyloop_status status = anyl_run_turn(loop, ANYL_PORT_STRETCH, NULL, 0, &info);
    bool goes_on = status == ANYLOOP_OK && !info.stopped && loop->hosted;
    if (goes_on)
        anyl_port_turn_at(loop, info.next_deadline, hosted_turn);
    else if (status != ANYLOOP_E_RUNNING && loop->hosted) /* a run that is suspended asks for a turn at its end */
        anyl_life_set_host(loop, NULL, NULL, NULL);
    anyl_life_release(loop);
}

static void hosted_wake(void *data)
{
    anyl_port_turn_at(data, 0, hosted_turn);
}

static void hosted_end(void *data)
{
    anyloop_loop *loop = data;
    loop->hosted = false;
    anyl_port_turn_at(loop, ANYLOOP_NEVER, hosted_turn);
}

void anyl_run_hosted(anyloop_loop *loop)
{
    if (loop->guest || loop->running || loop->virtual_clock || !anyl_port_turn_at(loop, 0, hosted_turn))
        return;
    anyl_life_set_host(loop, hosted_wake, loop, hosted_end);
    loop->hosted = true;
}
