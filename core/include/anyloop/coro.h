/* coro.h -- write coroutines as straight-line C.
 *
 *     struct count { anyloop_coro co; int n, i; };        what lives across an await, arguments first
 *
 *     ANYLOOP_ASYNC(count)                                `my` is its frame
 *     {
 *         ANYLOOP_BEGIN;
 *         for (my->i = 0; my->i < my->n; my->i++)
 *             ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
 *         ANYLOOP_RETURN(anyloop_int(my->i));
 *         ANYLOOP_FINALLY;                                optional: runs once on every way out
 *         puts("done");
 *         ANYLOOP_END;
 *     }
 *
 *     anyloop_task *task = ANYLOOP_TASK(loop, count, .n = 3);
 *
 * An await that fails or is cancelled leaves through FINALLY with that outcome; ANYLOOP_TRY looks at it instead. A task
 * that is cancelled before its first step runs nothing of it (S-25); what was put into its frame is given back by a
 * `drop` (task.h). Locals do not survive an await: keep them in the frame. gcc, and every C++ compiler, refuse an
 * initialised one whose scope holds an await; clang says nothing in C. One await a line: the line is the place to go on
 * from. No await inside a `switch` of your own: use if, or call another coroutine.
 *
 * Sugar only: every macro ends in a function of the ABI. These are the only inline functions of the interface.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_CORO_H
#define ANYLOOP_CORO_H

#include <anyloop/compose.h>
#include <anyloop/executor.h>
#include <anyloop/loop.h>
#include <anyloop/version.h>

#include <string.h>

/* `co`, a member of every frame; all zero before the first step. */
typedef struct anyloop_coro {
    anyloop_task *task; /* the task that runs this */
    anyloop_loop *loop;
    uint32_t at;    /* the source line to go on from */
    uint16_t event; /* why this step runs: ANYLOOP_EVENT_... */
    uint8_t end;    /* the step's last word */
    uint8_t leaving; /* bit 0: FINALLY was reached; bit 1: called as a part of another coroutine */
} anyloop_coro;

#define ANYLOOP_MS(n) ((int64_t)(n) * 1000000)
#define ANYLOOP_SECONDS(n) ((int64_t)(n) * 1000000000)

#define ANYL_AT_START 0u
#define ANYL_AT_FINALLY 0xfffffffeu
#define ANYL_AT_END 0xffffffffu
#define ANYL_TEXT_(x) #x
#define ANYL_TEXT(x) ANYL_TEXT_(x)
#define ANYL_HERE __FILE__ ":" ANYL_TEXT(__LINE__)

#if defined(__cplusplus)
#define ANYL_FALLTHROUGH [[fallthrough]]
#else
#define ANYL_FALLTHROUGH __attribute__((fallthrough))
#endif

/* gcc warns of a jump over an initialiser in C only when asked; in C++ it is an error anyway. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__cplusplus)
#define ANYL_LOCALS_GUARD _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wjump-misses-init\"")
#define ANYL_LOCALS_FREE _Pragma("GCC diagnostic pop")
#else
#define ANYL_LOCALS_GUARD
#define ANYL_LOCALS_FREE
#endif

static inline void anyl_coro_enter(anyloop_coro *co, anyloop_task *task, uint32_t event)
{
    co->event = (uint16_t)event;
    if (co->at != ANYL_AT_START)
        return;
    co->task = task;
    co->loop = anyloop_task_loop(task);
    if (event == ANYLOOP_EVENT_CLOSE)
        co->at = ANYL_AT_END; /* never started: nothing to clean up */
}

/* On the way out: how the step will end, and where to go first. */
static inline void anyl_coro_leave(anyloop_coro *co, int32_t end)
{
    co->end = (uint8_t)end;
    co->at = co->leaving & 1 ? ANYL_AT_END : ANYL_AT_FINALLY;
}

/* The awaited error or cancellation as this coroutine's own end. */
static inline int32_t anyl_coro_pass_on(anyloop_coro *co)
{
    uint32_t outcome = anyloop_task_outcome(co->task);
    anyloop_task_reraise(co->task);
    return outcome == ANYLOOP_CANCELLED ? ANYLOOP_STEP_CANCELLED : ANYLOOP_STEP_RAISE;
}

static inline int32_t anyl_coro_end(anyloop_coro *co)
{
    int astray = co->at < ANYL_AT_FINALLY && co->at != ANYL_AT_START;
    co->at = ANYL_AT_END;
    if (!astray)
        return co->end;
    anyloop_task_raise(co->task, ANYLOOP_E_STATE, "cannot resume: an await inside a switch statement");
    return ANYLOOP_STEP_RAISE;
}

/* The step's answer, unless the body was left by a plain return, which skips its cleanup. */
static inline int32_t anyl_coro_answer(anyloop_coro *co, int32_t answer)
{
    if (answer >= ANYLOOP_STEP_AWAIT || co->at == ANYL_AT_END)
        return answer;
    anyloop_task_raise(co->task, ANYLOOP_E_STATE, "left by return: use ANYLOOP_RETURN");
    return ANYLOOP_STEP_RAISE;
}

/* One that was called has no result: what it found is in its frame. */
static inline void anyl_coro_return(anyloop_coro *co, anyloop_value value)
{
    if (co->leaving & 2)
        anyloop_value_release(&value);
    else
        anyloop_task_return(co->task, &value);
}

static inline uint32_t anyl_coro_leaving(const anyloop_coro *co)
{
    if (co->event == ANYLOOP_EVENT_CLOSE)
        return ANYLOOP_CLOSED;
    return co->end == ANYLOOP_STEP_RETURN  ? ANYLOOP_RESULT
           : co->end == ANYLOOP_STEP_RAISE ? ANYLOOP_FAILED
                                           : ANYLOOP_CANCELLED;
}

/* A coroutine `name` over the frame `struct name`: defines its step function, `name_step`. */
#define ANYLOOP_ASYNC(name)                                                                        \
    static int32_t name##_body(struct name *my);                                                   \
    static int32_t name##_step(void *anyl_frame, anyloop_task *anyl_task, uint32_t anyl_event)     \
    {                                                                                              \
        struct name *my = (struct name *)anyl_frame;                                               \
        anyl_coro_enter(&my->co, anyl_task, anyl_event);                                           \
        return anyl_coro_answer(&my->co, name##_body(my));                                         \
    }                                                                                              \
    static int32_t name##_body(struct name *my)

#define ANYLOOP_BEGIN                                                                              \
    ANYL_LOCALS_GUARD                                                                              \
    anyl_resume:                                                                                   \
    switch (my->co.at) {                                                                           \
    case ANYL_AT_START:

#define ANYLOOP_FINALLY                                                                            \
        ANYL_FALLTHROUGH;                                                                          \
    case ANYL_AT_FINALLY: /* a local lives here: give it { } that end before, or a place in the frame */\
        my->co.leaving |= 1

#define ANYLOOP_END                                                                                \
        my->co.at = ANYL_AT_END;                                                                   \
        ANYL_FALLTHROUGH;                                                                          \
    default: /* a local lives here: give it { } that end before, or a place in the frame */        \
        break;                                                                                     \
    }                                                                                              \
    ANYL_LOCALS_FREE                                                                               \
    if (0)                                                                                         \
        goto anyl_resume;                                                                          \
    return anyl_coro_end(&my->co)

#define ANYL_LEAVE(end)                                                                            \
    do {                                                                                           \
        anyl_coro_leave(&my->co, (end));                                                           \
        goto anyl_resume;                                                                          \
    } while (0)

#define ANYL_AWAIT(future, leaves)                                                                 \
    do {                                                                                           \
        my->co.at = __LINE__;                                                                      \
        if (anyloop_task_await(my->co.task, (future), ANYL_HERE) == ANYLOOP_PENDING)               \
            return ANYLOOP_STEP_AWAIT;                                                             \
        ANYL_FALLTHROUGH;                                                                          \
    case __LINE__: /* a local lives here: give it { } that end before, or a place in the frame */  \
        if (leaves)                                                                                \
            ANYL_LEAVE(anyl_coro_pass_on(&my->co));                                                \
    } while (0)

/* Wait for `future` and take its reference. Goes on with its result; leaves with its error or cancellation. */
#define ANYLOOP_AWAIT(future) ANYL_AWAIT(future, anyloop_task_outcome(my->co.task) != ANYLOOP_RESULT)
/* The same, but goes on in every case: look at ANYLOOP_OUTCOME. (A closing loop still leaves.) */
#define ANYLOOP_TRY(future) ANYL_AWAIT(future, anyloop_task_outcome(my->co.task) == ANYLOOP_CLOSED)
/* How the last await ended: ANYLOOP_RESULT, ANYLOOP_FAILED, ANYLOOP_CANCELLED. */
#define ANYLOOP_OUTCOME anyloop_task_outcome(my->co.task)
/* Its result or error, borrowed until the next await. */
#define ANYLOOP_AWAITED anyloop_task_awaited(my->co.task)

#define ANYL_SUSPEND(answer)                                                                       \
    do {                                                                                           \
        my->co.at = __LINE__;                                                                      \
        return (answer);                                                                           \
    case __LINE__: /* a local lives here: give it { } that end before, or a place in the frame */  \
        if (my->co.event >= ANYLOOP_EVENT_CANCELLED)                                               \
            ANYL_LEAVE(anyl_coro_pass_on(&my->co));                                                \
    } while (0)

/* Inside FINALLY, how the coroutine is leaving: ANYLOOP_RESULT, ANYLOOP_FAILED, ANYLOOP_CANCELLED, ANYLOOP_CLOSED. */
#define ANYLOOP_LEAVING anyl_coro_leaving(&my->co)

/* Let everything else that is ready run once. */
#define ANYLOOP_YIELD ANYL_SUSPEND(ANYLOOP_STEP_YIELD)
/* Wait for a waker that was handed out before (promise.h). */
#define ANYLOOP_PARK ANYL_SUSPEND(ANYLOOP_STEP_PARK)

/* Run coroutine `name` as a part of this one. `sub`, a `struct name`, is a member of this frame: its arguments and
 * results are its members: a value that it leaves with is let go of. Errors and cancellation pass through. */
#define ANYLOOP_CALL(name, sub)                                                                    \
    do {                                                                                           \
        (sub).co.at = ANYL_AT_START, (sub).co.end = 0, (sub).co.leaving = 2;                       \
        my->co.at = __LINE__;                                                                      \
        my->co.event = ANYLOOP_EVENT_START;                                                        \
        ANYL_FALLTHROUGH;                                                                          \
    case __LINE__: /* a local lives here: give it { } that end before, or a place in the frame */  \
        {                                                                                          \
            const int32_t anyl_answer = name##_step(&(sub), my->co.task, my->co.event);            \
            if (anyl_answer >= ANYLOOP_STEP_AWAIT)                                                 \
                return anyl_answer;                                                                \
            if (anyl_answer != ANYLOOP_STEP_RETURN)                                                \
                ANYL_LEAVE(anyl_answer);                                                           \
        }                                                                                          \
    } while (0)

/* Leave with a result, which is given away: not with what is borrowed, such as *ANYLOOP_AWAITED. */
#define ANYLOOP_RETURN(value)                                                                      \
    do {                                                                                           \
        anyl_coro_return(&my->co, (value));                                                        \
        ANYL_LEAVE(ANYLOOP_STEP_RETURN);                                                           \
    } while (0)
/* Leave with the result of the last await. */
#define ANYLOOP_RETURN_AWAITED                                                                     \
    do {                                                                                           \
        anyloop_value_retain(ANYLOOP_AWAITED);                                                     \
        anyl_coro_return(&my->co, *ANYLOOP_AWAITED);                                               \
        ANYL_LEAVE(ANYLOOP_STEP_RETURN);                                                           \
    } while (0)
/* Leave with an error. */
#define ANYLOOP_RAISE(code, text)                                                                  \
    do {                                                                                           \
        anyloop_task_raise(my->co.task, (code), (text));                                           \
        ANYL_LEAVE(ANYLOOP_STEP_RAISE);                                                            \
    } while (0)
/* Leave as the last await ended; for use after ANYLOOP_TRY. */
#define ANYLOOP_RERAISE ANYL_LEAVE(anyl_coro_pass_on(&my->co))

/* ANYLOOP_VALUE(anyloop_int(3)): a value where a pointer to one is wanted.
 * ANYLOOP_TASK(loop, name, .member = value, ...): a task of coroutine `name`, with up to eight members.
 * ANYLOOP_CORO(loop, name, .member = value, ...): the coroutine itself, to await: it runs inside the awaiting task.
 * ANYLOOP_GATHER(loop, future, ...): of up to what a line holds. C only: they need compound literals. */
#ifndef __cplusplus
#define ANYLOOP_VALUE(value) ((const anyloop_value[]){value})
#define ANYLOOP_TASK(...) ANYL_MAKE(anyloop_task_create, __VA_ARGS__)
#define ANYLOOP_CORO(...) ANYL_MAKE(anyloop_coroutine_create, __VA_ARGS__)
#define ANYL_MAKE(...)                                                                             \
    ANYL_PICK(__VA_ARGS__, ANYL_MAKE_ARGS, ANYL_MAKE_ARGS, ANYL_MAKE_ARGS, ANYL_MAKE_ARGS,         \
              ANYL_MAKE_ARGS, ANYL_MAKE_ARGS, ANYL_MAKE_ARGS, ANYL_MAKE_ARGS, ANYL_MAKE_PLAIN, ~, ~, ~) \
    (__VA_ARGS__)
#define ANYL_PICK(make, a, b, c, d, e, f, g, h, i, j, pick, ...) pick
#define ANYL_MAKE_PLAIN(make, loop, name)                                                          \
    make((loop), #name, name##_step, &(struct name){.co = {.at = 0}}, sizeof(struct name))
#define ANYL_MAKE_ARGS(make, loop, name, ...)                                                      \
    make((loop), #name, name##_step, &(struct name){.co = {.at = 0}, __VA_ARGS__}, sizeof(struct name))
#define ANYLOOP_GATHER(loop, ...)                                                                  \
    anyloop_gather((loop), (anyloop_future *[]){__VA_ARGS__},                                      \
                   sizeof((anyloop_future *[]){__VA_ARGS__}) / sizeof(anyloop_future *), 0)
#endif

/* A task for who does not want the handle: the loop holds its tasks. */
#define ANYLOOP_SPAWN(...) anyloop_future_release(ANYLOOP_TASK(__VA_ARGS__))

static inline anyloop_value anyl_coro_value(uint32_t kind, uint64_t bits, uint64_t size)
{
    anyloop_value value;
    memset(&value, 0, sizeof value);
    value.kind = kind;
    value.bits = bits;
    value.size = size;
    return value;
}

static inline anyloop_value anyloop_none(void)
{
    return anyl_coro_value(ANYLOOP_NONE, 0, 0);
}

static inline anyloop_value anyloop_bool(int truth)
{
    return anyl_coro_value(ANYLOOP_BOOL, truth != 0, 0);
}

static inline anyloop_value anyloop_int(int64_t number)
{
    return anyl_coro_value(ANYLOOP_INT, (uint64_t)number, 0);
}

static inline anyloop_value anyloop_float(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return anyl_coro_value(ANYLOOP_FLOAT, bits, 0);
}

/* A text that lives for ever, a literal: nothing is copied. */
static inline anyloop_value anyloop_static_text(const char *text)
{
    return anyl_coro_value(ANYLOOP_TEXT, (uint64_t)(uintptr_t)text, strlen(text));
}

/* 0 for a value of another kind. */
static inline int64_t anyloop_to_int(const anyloop_value *value)
{
    return value->kind == ANYLOOP_INT || value->kind == ANYLOOP_BOOL ? (int64_t)value->bits : 0;
}

/* 0 for a value of another kind. */
static inline double anyloop_to_float(const anyloop_value *value)
{
    double number = 0;
    if (value->kind == ANYLOOP_FLOAT)
        memcpy(&number, &value->bits, sizeof number);
    return number;
}

/* The bytes of a TEXT or BYTES value, borrowed from it; NULL for one of another kind. */
static inline const char *anyloop_to_bytes(const anyloop_value *value, size_t *size)
{
    int has = value->kind == ANYLOOP_TEXT || value->kind == ANYLOOP_BYTES;
    if (size)
        *size = has ? (size_t)value->size : 0;
    return has ? (const char *)(uintptr_t)value->bits : NULL;
}

/* The items of a LIST value, borrowed from it; NULL for one of another kind. */
static inline const anyloop_value *anyloop_to_list(const anyloop_value *value, size_t *count)
{
    int has = value->kind == ANYLOOP_LIST;
    if (count)
        *count = has ? (size_t)value->size : 0;
    return has ? (const anyloop_value *)(uintptr_t)value->bits : NULL;
}

/* The future of a FUTURE value, borrowed from it; NULL for one of another kind. */
static inline anyloop_future *anyloop_to_future(const anyloop_value *value)
{
    return value->kind == ANYLOOP_FUTURE ? (anyloop_future *)(uintptr_t)value->bits : NULL;
}

/* The pointer of a FOREIGN value that this copy of the library made; NULL for any other. */
static inline void *anyloop_to_pointer(const anyloop_value *value)
{
    int ours = value->kind == ANYLOOP_FOREIGN && value->size == anyloop_runtime_id();
    return ours ? (void *)(uintptr_t)value->bits : NULL;
}

#endif
