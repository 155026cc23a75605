/* loop.h -- the event loop: making it, running it, callbacks and timers, closing it.
 *
 * A loop belongs to a thread. `anyloop_get_event_loop` gives a thread the same loop every time. A turn of the loop is
 * what asyncio calls an iteration: what is ready at its start runs, in order; what that schedules waits for the next
 * turn.
 *
 * In a forked child its parent's loops are dead: where a call would say ANYLOOP_E_THREAD on another thread, it says
 * ANYLOOP_E_FORKED, and so do the calls that run one, wait for one or post to one. A child may close and release them,
 * which waits for nobody, and `anyloop_get_event_loop` makes it a loop of its own. What it keeps or wakes by a promise
 * or a waker of its parent's goes nowhere. A child that only goes on to exec or to _exit need do nothing.
 *
 * A run ends with ANYLOOP_E_DEADLOCK when nothing is ready, no timer is set and nobody outside can wake the loop: no
 * promise is open, no waker is held, no job runs, no `anyloop_loop_hold` is in force. The report that names each
 * waiting task, what it awaits and where, and rings of tasks that wait for each other, goes to the log, and
 * `anyloop_loop_stall_report` gives it.
 *
 * A shuffle seed is for tests: what the rules leave open comes in an order drawn from it, what they decide stays
 * as it is. Open is how the messages of several threads - callbacks, kept promises, wakes, outcomes of jobs - lie
 * between each other when one turn finds them; those of one thread keep their order. And an inline executor plays
 * several threads: its outcomes come in later turns, each as late as it is drawn. The same seed and the same messages
 * give the same order, so a program on a virtual clock and an inline executor runs the same each time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_LOOP_H
#define ANYLOOP_LOOP_H

#include <anyloop/value.h>

ANYLOOP_BEGIN_DECLS

/* Where the loop's memory comes from. Must be thread-safe and outlive every handle of the loop. Never grows. */
typedef struct anyloop_allocator {
    void *(*allocate)(void *user_data, size_t size);              /* 16-aligned; NULL: no memory */
    void (*release)(void *user_data, void *pointer, size_t size); /* what was allocated, and its size then */
    void *user_data;                                              /* handed to both */
} anyloop_allocator;

/* Hears what the library has to say: `level` is ANYLOOP_LOG_..., `text` ends in NUL and has no newline at its end. */
typedef void (*anyloop_log_fn)(void *user_data, uint32_t level, const char *text, size_t size);

/* Levels of the log. */
enum { ANYLOOP_LOG_ERROR = 1, ANYLOOP_LOG_WARNING = 2 };

/* Options of a loop. Begin with `{.struct_size = sizeof(anyloop_loop_options)}`; zero is the default everywhere. */
typedef struct anyloop_loop_options {
    uint32_t struct_size;
    uint32_t flags;                     /* ANYLOOP_LOOP_... */
    uint64_t virtual_start;             /* ANYLOOP_LOOP_VIRTUAL_CLOCK: the time at the start, in ns */
    const anyloop_allocator *allocator; /* copied; NULL: malloc and free */
    int64_t close_timeout;              /* how long close waits for running jobs, in ns; 0: 5 s; negative: not at all */
    uint64_t shuffle_seed;              /* of what the rules leave open (see above); 0: first come, first served */
} anyloop_loop_options;

enum {
    /* Time stands still while anything is ready or a job runs, and jumps to the next timer when nothing does: tests
     * take no time. It does not wait for other threads of yours: what they will complete, a timeout overtakes. */
    ANYLOOP_LOOP_VIRTUAL_CLOCK = 1,
    /* No thread owns the loop: the host promises to serialise its calls, from whatever OS thread. */
    ANYLOOP_LOOP_UNPINNED = 2,
    /* Each task knows its age (inspect.h): 16 bytes and a look at the clock for everything that the loop makes. */
    ANYLOOP_LOOP_DEBUG = 4
};

/* Get this thread's loop, the same one every time: the one that runs, else the one that was set, else a new one. After
 * its close it is that closed loop until another is set. At the thread's end a loop that `get` made is closed without a
 * wait, and that is logged.
 *
 * \returns the loop, borrowed from the thread; NULL only for no memory or when the system refuses.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_loop *anyloop_get_event_loop(void);

/* Make `loop` this thread's loop, and this thread the loop's.
 *
 * \param loop  retained. May be NULL: the thread has none, the next `get` makes one.
 * \returns ANYLOOP_OK, ANYLOOP_E_RUNNING when either is running, ANYLOOP_E_FORKED, ANYLOOP_E_NOMEM, ANYLOOP_E_OS.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_set_event_loop(anyloop_loop *loop);

/* Get the loop that runs in this thread right now.
 *
 * \returns the loop, borrowed; NULL outside every turn.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_loop *anyloop_get_running_loop(void);

/* Make a loop that belongs to this thread, beside the thread's own.
 *
 * \param options  May be NULL: the defaults.
 * \param out      the loop; close it, then release it.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID for a wrong struct size or an unknown flag, ANYLOOP_E_OS.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_new_event_loop(const anyloop_loop_options *options, anyloop_loop **out);

/* Hold a loop once more.
 *
 * \param loop  the loop.
 * \returns `loop`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_loop *anyloop_loop_retain(anyloop_loop *loop);

/* Let go of a loop. The last release of a loop that is still open closes it, as `anyloop_loop_close` without a wait;
 * that must happen on the loop's thread.
 *
 * \param loop  May be NULL.
 * \thread  any
 * \owns    takes `loop`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_loop_release(anyloop_loop *loop);

/* Run until `future` is done. A coroutine becomes a task first. Blocks the thread while all other tasks run too.
 *
 * \param loop    the loop.
 * \param future  borrowed; read its result from it.
 * \returns ANYLOOP_OK when it has a result, the error's code when it failed, ANYLOOP_E_CANCELLED; ANYLOOP_E_STOPPED
 *          when the loop was stopped first (run again to go on), ANYLOOP_E_DEADLOCK, ANYLOOP_E_CLOSED,
 *          ANYLOOP_E_RUNNING, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID, ANYLOOP_E_NOMEM, ANYLOOP_E_OS
 *          when it cannot sleep, ANYLOOP_E_STATE for a coroutine that was awaited already, ANYLOOP_E_FORKED, also when
 *          this process was forked during the run; ANYLOOP_E_WOULD_BLOCK when a pulled step or callback is met, and
 *          at once in a page whose program cannot be suspended; the status given to `anyloop_loop_interrupt`.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_run_until_complete(anyloop_loop *loop, anyloop_future *future);

/* Run until the loop is stopped.
 *
 * \param loop  the loop.
 * \returns ANYLOOP_OK when it was stopped; ANYLOOP_E_DEADLOCK, ANYLOOP_E_CLOSED, ANYLOOP_E_RUNNING, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID, ANYLOOP_E_OS when it cannot sleep, ANYLOOP_E_FORKED, also when this process was forked
 *          during the run; ANYLOOP_E_WOULD_BLOCK when a pulled step or callback is met, and at once in a page whose
 *          program cannot be suspended; the status given to `anyloop_loop_interrupt`.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_run_forever(anyloop_loop *loop);

/* Stop the loop at the end of the present turn; before a run, after one turn that does not wait. From another thread
 * post a callback that calls this.
 *
 * \param loop  the loop, may be closed.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_stop(anyloop_loop *loop);

/* Make the present run return `status` as soon as the present step or callback has returned. What is ready stays ready
 * for the next run. For errors that must leave through the loop, as asyncio's KeyboardInterrupt does.
 *
 * \param loop    the loop, which must be running.
 * \param status  negative.
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE when it is not running, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_interrupt(anyloop_loop *loop, anyloop_status status);

/* Say whether the loop is running: inside a run function, or inside a turn.
 *
 * \param loop  the loop.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_loop_is_running(const anyloop_loop *loop);

/* Say whether the loop is closed: from the beginning of its close on.
 *
 * \param loop  the loop.
 * \returns 1 or 0.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_loop_is_closed(const anyloop_loop *loop);

/* Close the loop for ever. Tasks that are not done get a close event, so that their cleanup runs, and stay pending;
 * what is queued is dropped; the default executor is shut down: queued jobs are cancelled, running ones get a bounded
 * wait (`close_timeout`). Closing again is fine.
 *
 * \param loop  the loop.
 * \returns ANYLOOP_OK; ANYLOOP_E_RUNNING inside a run or a turn, inside a close (by a drop or a cleanup), and while the
 *          answer to a STEP is due; ANYLOOP_E_TIMED_OUT when a job outlived the wait (the loop is closed, the result
 *          will be dropped); ANYLOOP_E_AGAIN when something pulled must hear of it first: turn until it is over, then
 *          close again; ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_close(anyloop_loop *loop);

/* Run a program: make a task of `coroutine`, run it until it is done, then clean up as `anyloop_runner_close`:
 * asyncio.run to the letter. The loop is closed afterwards in every case but a refusal (ANYLOOP_E_CLOSED,
 * ANYLOOP_E_RUNNING, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID), or something pulled that must hear of
 * it first (ANYLOOP_E_AGAIN, ANYLOOP_E_WOULD_BLOCK: go on as after an ANYLOOP_E_AGAIN of `anyloop_loop_close`).
 *
 * \param loop       the loop.
 * \param coroutine  taken; a task or a future will do.
 * \param out        its result, or its error. May be NULL. NONE where the run ended otherwise.
 * \returns as `anyloop_loop_run_until_complete`; when the cleanup fails, how that failed: as `anyloop_runner_close`.
 * \thread  loop, blocks
 * \owns    takes `coroutine`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_run(anyloop_loop *loop, anyloop_future *coroutine, anyloop_value *out);

/* Make a task of `coroutine` and return: the start for a host that drives the loop by turns. On the web, where a page's
 * or Node's own event loop has the thread, that one is the host of a loop which has no other: it turns the loop until it
 * is stopped, and `main` may return.
 *
 * \param loop       the loop.
 * \param coroutine  taken; a task or a future will do.
 * \param done       hears of the end, from a turn. May be NULL: pulled (host.h).
 * \param user_data  handed to `done`.
 * \param drop       frees `user_data`, once. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_STATE (a coroutine that was
 *          awaited already), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop` has run.
 * \thread  loop
 * \owns    takes `coroutine`; `user_data`, through `drop`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_start(anyloop_loop *loop, anyloop_future *coroutine, anyloop_done_fn done,
                                         void *user_data, anyloop_drop_fn drop);

/* Clean up and close, as asyncio's Runner.close: cancel every task that is not done, in the order of their making; run
 * a gather of them; report their errors to the exception handler; wait up to 5 minutes for the default executor; close.
 *
 * \param loop  the loop.
 * \returns ANYLOOP_OK; refused with ANYLOOP_E_CLOSED, ANYLOOP_E_RUNNING, ANYLOOP_E_THREAD, ANYLOOP_E_FORKED,
 *          ANYLOOP_E_INVALID. When the cleanup was cut short, how, and the loop is closed all the same:
 *          ANYLOOP_E_STOPPED, ANYLOOP_E_DEADLOCK, ANYLOOP_E_NOMEM, ANYLOOP_E_TIMED_OUT, ANYLOOP_E_OS, the status given
 *          to `anyloop_loop_interrupt`. When something pulled must hear of it first, ANYLOOP_E_AGAIN or
 *          ANYLOOP_E_WOULD_BLOCK: go on as after an ANYLOOP_E_AGAIN of `anyloop_loop_close`.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_runner_close(anyloop_loop *loop);

/* Cancel tasks until none is left, tasks made during that too, join the executor, close.
 *
 * \param loop     the loop.
 * \param timeout  ns for all of it; ANYLOOP_FOREVER: no limit. What is left then gets the close event.
 * \returns as `anyloop_runner_close`.
 * \thread  loop, blocks
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_shutdown(anyloop_loop *loop, int64_t timeout);

/* Run `callback` on the next turn, after what is ready already.
 *
 * \param loop       the loop.
 * \param callback   May be NULL: pulled (host.h).
 * \param user_data  handed to `callback`. May be NULL.
 * \param drop       frees `user_data`, once: after the callback, or instead of it. May be NULL.
 * \param out        a handle to cancel it by. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop`
 *          has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_call_soon(anyloop_loop *loop, anyloop_callback_fn callback, void *user_data,
                                                  anyloop_drop_fn drop, anyloop_handle **out);

/* Run `callback` once `delay` has passed, never early.
 *
 * \param loop       the loop.
 * \param delay      ns; a negative one is its own past time: -2 comes before -1. ANYLOOP_FOREVER: never.
 * \param callback   May be NULL: pulled (host.h).
 * \param user_data  handed to `callback`. May be NULL.
 * \param drop       frees `user_data`, once. May be NULL.
 * \param out        a handle to cancel it by. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop`
 *          has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_call_later(anyloop_loop *loop, int64_t delay, anyloop_callback_fn callback,
                                                   void *user_data, anyloop_drop_fn drop, anyloop_handle **out);

/* Run `callback` at a point of the loop's clock, never early. Callbacks due at one instant run in the order in which
 * they were set.
 *
 * \param loop       the loop.
 * \param deadline   ns; ANYLOOP_NEVER: never.
 * \param callback   May be NULL: pulled (host.h).
 * \param user_data  handed to `callback`. May be NULL.
 * \param drop       frees `user_data`, once. May be NULL.
 * \param out        a handle to cancel it by. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop`
 *          has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_call_at(anyloop_loop *loop, uint64_t deadline, anyloop_callback_fn callback,
                                                void *user_data, anyloop_drop_fn drop, anyloop_handle **out);

/* Run `callback` on a later turn, from any thread. Calls made by one thread run in the order they were made. Costs a
 * system call only when the loop is asleep. Inside a turn of the loop it has its place among what `call_soon`
 * schedules, and its caller's context; from anywhere else it comes after that, in an empty context.
 *
 * \param loop       the loop.
 * \param callback   never run inside this call, even on the loop's own thread. May be NULL: pulled (host.h).
 * \param user_data  handed to `callback`. May be NULL.
 * \param drop       frees `user_data`, once; on the loop's thread, or inside this call when it fails. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_FORKED, ANYLOOP_E_INVALID; after an error `drop`
 *          has run.
 * \thread  any
 * \owns    `user_data`, through `drop`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_call_soon_threadsafe(anyloop_loop *loop, anyloop_callback_fn callback,
                                                             void *user_data, anyloop_drop_fn drop);

/* Cancel a callback that has not run. Its drop runs on the next turn. Cancelling again, or too late, does nothing.
 *
 * \param handle  the handle.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_handle_cancel(anyloop_handle *handle);

/* Say whether a callback was cancelled before it ran.
 *
 * \param handle  the handle.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_handle_cancelled(const anyloop_handle *handle);

/* Give the deadline of a timer.
 *
 * \param handle  the handle.
 * \returns ns on the loop's clock; ANYLOOP_NEVER for one that is no timer.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint64_t anyloop_handle_when(const anyloop_handle *handle);

/* Let go of a handle. The callback stays as it is: releasing does not cancel.
 *
 * \param handle  May be NULL.
 * \thread  loop
 * \owns    takes `handle`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_handle_release(anyloop_handle *handle);

/* Give the loop's time.
 *
 * \param loop  the loop.
 * \returns ns of the monotonic clock, or of the loop's virtual one.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint64_t anyloop_loop_time(const anyloop_loop *loop);

/* What an exception handler is told. */
typedef struct anyloop_exception {
    uint32_t struct_size;
    uint32_t reserved;
    const char *message;        /* static or borrowed, ends in NUL */
    const anyloop_value *error; /* borrowed; NULL: none */
    anyloop_future *future;     /* borrowed; NULL: none. A task has a name */
} anyloop_exception;

/* Hears of errors that have nowhere else to go. Anything but ANYLOOP_OK says that the handler itself failed: that is
 * logged. */
typedef anyloop_status (*anyloop_exception_fn)(void *user_data, anyloop_loop *loop, const anyloop_exception *exception);

/* Set what hears of errors that nobody retrieved. The default writes a line to the log. It is called on the loop's
 * thread; of a future that outlives the loop's close, on the thread that lets go of it last.
 *
 * \param loop       the loop.
 * \param handler    May be NULL: the default.
 * \param user_data  handed to `handler`. May be NULL.
 * \param drop       frees `user_data`, once: when another handler is set, or with the loop. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop` has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_set_exception_handler(anyloop_loop *loop, anyloop_exception_fn handler,
                                                              void *user_data, anyloop_drop_fn drop);

/* Hand an error to the loop's exception handler: what a binding does when a callback raised.
 *
 * \param loop       the loop.
 * \param exception  borrowed.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_call_exception_handler(anyloop_loop *loop, const anyloop_exception *exception);

/* Set where the loop's own words go. The default writes them to standard error.
 *
 * \param loop       the loop.
 * \param log        May be NULL: nowhere. May be called from any thread.
 * \param user_data  handed to `log`; must outlive the loop. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_set_log(anyloop_loop *loop, anyloop_log_fn log, void *user_data);

/* Promise that somebody outside will wake the loop: while a hold is in force no run ends as a deadlock.
 *
 * \param loop  the loop.
 * \returns ANYLOOP_OK, ANYLOOP_E_CLOSED, ANYLOOP_E_INVALID.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_hold(anyloop_loop *loop);

/* Take one hold back, and wake the loop so that it looks again.
 *
 * \param loop  the loop.
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE without a hold, ANYLOOP_E_INVALID.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_loop_unhold(anyloop_loop *loop);

/* Write down each task that is not done, what it awaits and where, then each ring of tasks that wait for each other;
 * without memory to look for rings that is said in their place. inspect.h has the same as data, and as a tree.
 *
 * \param loop    the loop.
 * \param buffer  gets as much as fits, and a NUL. May be NULL when `size` is 0.
 * \param size    of `buffer`, in bytes.
 * \returns the bytes that the whole report needs, without its NUL; 0 from when the loop begins to close.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API size_t anyloop_loop_stall_report(anyloop_loop *loop, char *buffer, size_t size);

/* Give the task whose step runs right now.
 *
 * \param loop  the loop.
 * \returns the task, borrowed; NULL outside every task.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_task *anyloop_current_task(const anyloop_loop *loop);

/* List the tasks that are not done, in the order of their making; of a closed loop none.
 *
 * \param loop      the loop.
 * \param tasks     gets up to `capacity` tasks, borrowed. May be NULL when `capacity` is 0.
 * \param capacity  items.
 * \returns how many tasks there are.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API size_t anyloop_all_tasks(const anyloop_loop *loop, anyloop_task **tasks, size_t capacity);

ANYLOOP_END_DECLS
#endif
