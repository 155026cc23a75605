/* host.h -- when somebody else drives: turns, pulled events, wake.
 *
 * A guest loop is driven by `anyloop_loop_turn` from a host's own loop, a game frame, another language. The host sleeps
 * until the deadline that a turn gave it, or until the loop asks to be turned: by the wake function, which comes at
 * most once between turns, or by the descriptor of `anyloop_loop_fd`.
 *
 * Pulling. A step or callback that was registered as NULL is handed to whoever turns the loop, as an event, in the
 * order in which it would have run. A STEP comes alone or last: run the step, then answer by `anyloop_task_stepped`,
 * then turn again; the batch goes on where it stopped. Each integer is handed back for good exactly once: a coroutine's
 * with the answer that ends it, with a CLOSE step or with a DROP; a callback's with its CALLBACK, its DONE or a DROP. A
 * registration that was refused gives its integer back by that refusal. After a close that succeeded nothing is handed
 * out any more: what has not come back by then, a done callback's on a future that outlives the loop, is the host's.
 *
 * A pulled eager task is the current one when it is made: run its first step and answer it before anything else, and
 * while `anyloop_current_task` is still that task, turn for its further steps.
 *
 * What blocks in C has a pulled form: a run is a done callback that stops the loop, and turns until `stopped`; the
 * cleanup of a run is cancelling `anyloop_all_tasks`, running a gather of them, and closing until it is no more
 * ANYLOOP_E_AGAIN; `anyloop_condition_wait_for` is awaiting `anyloop_condition_wait` until the predicate holds. The
 * exception handler and the log are called in every case.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_HOST_H
#define ANYLOOP_HOST_H

#include <anyloop/task.h>

ANYLOOP_BEGIN_DECLS

/* What was pulled. 32 bytes on every target. Never grows. */
typedef struct anyloop_turn_event {
    uint64_t user_data; /* the integer that was registered; a callback's user_data pointer as a number */
    uint64_t object;    /* STEP: the task; DONE: the future; borrowed until the next turn */
    uint32_t kind;      /* ANYLOOP_TURN_... */
    uint32_t detail;    /* STEP: ANYLOOP_EVENT_...; DONE: the future's state */
    uint64_t reserved;
} anyloop_turn_event;

enum {
    ANYLOOP_TURN_STEP = 1,     /* a coroutine's step: answer it */
    ANYLOOP_TURN_CALLBACK = 2, /* of call_soon and its kin */
    ANYLOOP_TURN_DONE = 3,     /* a done callback */
    ANYLOOP_TURN_DROP = 4      /* the integer comes back without having been used */
};

/* What a turn came to. Begin with `{.struct_size = sizeof(anyloop_turn_info)}`. */
typedef struct anyloop_turn_info {
    uint32_t struct_size;
    uint32_t events;        /* how many were given */
    uint64_t next_deadline; /* ns: when to turn again; 0: now, as with events to deal with; ANYLOOP_NEVER: when woken */
    uint32_t stopped;       /* 1: the loop was stopped and this turn is complete; said once */
    uint32_t deadlock;      /* 1: nothing is ready, no timer is set, and nobody outside can wake the loop */
    uint32_t interrupted;   /* 1: the batch is not finished (budget, events, an answer that is due) */
    anyloop_status status;  /* given to `anyloop_loop_interrupt`; said once */
} anyloop_turn_info;

/* Run one turn without waiting: what is ready now, then nothing more. A turn that is cut short, by the budget, by a
 * full `events` or by a STEP, goes on where it stopped before anything new is looked at.
 *
 * \param loop      the loop.
 * \param budget    ns after which no further callback is begun: the clock is looked at after each. A virtual clock
 *                  stands still meanwhile, so on one it never ends. 0: no limit.
 * \param events    gets what is pulled. May be NULL when `capacity` is 0: then a pulled step or callback makes the turn
 *                  fail.
 * \param capacity  items.
 * \param info      gets what it came to.
 * \returns ANYLOOP_OK; ANYLOOP_E_STATE when a STEP has not been answered, ANYLOOP_E_FORKED;
 *          ANYLOOP_E_RUNNING inside a callback, a run or a close; ANYLOOP_E_WOULD_BLOCK when something pulled is due
 *          and `capacity` is 0: `info` is written all the same; ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_turn(anyloop_loop *loop, uint64_t budget, anyloop_turn_event *events,
                                             uint32_t capacity, anyloop_turn_info *info);

/* Answer a STEP, or the first step of a pulled eager task.
 *
 * \param task    the task that was to be stepped.
 * \param result  ANYLOOP_STEP_...
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE when no answer of this task is due, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_task_stepped(anyloop_task *task, int32_t result);

/* Block until a wake or the deadline; a virtual clock jumps instead.
 *
 * \param loop      the loop, not running.
 * \param deadline  ns on the loop's clock; ANYLOOP_NEVER: until a wake.
 * \returns ANYLOOP_OK; ANYLOOP_E_RUNNING, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_FORKED, ANYLOOP_E_INVALID;
 *          ANYLOOP_E_DEADLOCK for no deadline when nobody outside can wake the loop, with a virtual clock and where there
 *          are no threads; ANYLOOP_E_WOULD_BLOCK in a page; ANYLOOP_E_OS.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_wait(anyloop_loop *loop, uint64_t deadline);

/* Asks the host for a turn. Called on any thread, at most once between two turns, also on the loop's own thread when
 * work or an earlier deadline is added outside a turn. May call nothing of the loop. */
typedef void (*anyloop_wake_fn)(void *user_data);

/* Make the loop a guest: `wake` is how it asks for a turn. The first turn must come by itself.
 *
 * \param loop       the loop, not running.
 * \param wake       May be NULL: no guest any more.
 * \param user_data  handed to `wake`. May be NULL.
 * \param drop       frees `user_data`, once: when another host is set, or at close, and no call of `wake` is under way.
 *                   May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_RUNNING, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop`
 *          has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_set_host(anyloop_loop *loop, anyloop_wake_fn wake, void *user_data,
                                                 anyloop_drop_fn drop);

/* Give one descriptor that is readable when a turn is due: woken, something ready, or a deadline passed. Put it into
 * the host's own poll; never read from it. Asking makes the loop a guest.
 *
 * \param loop  the loop, not running.
 * \param out   the descriptor, the loop's own.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_SUPPORTED for a virtual clock and where no descriptor can tell of a deadline, as on
 *          the simulated port and with the poller `poll` (use `anyloop_loop_set_host` and `next_deadline` there),
 *          ANYLOOP_E_OS, ANYLOOP_E_RUNNING, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_FORKED, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_fd(anyloop_loop *loop, int32_t *out);

ANYLOOP_END_DECLS
#endif
