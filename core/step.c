/* step.c -- driving a task: run the top of its await stack, act on the answer, until it suspends or ends.
 *
 * The order of things is CPython's Task.__step: what is decided when the step begins, what when it has ended, and what must_cancel
 * overrides at each of the two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "task.h"

static void clear(anyl_task *task, uint32_t flags)
{
    task->future.task_flags &= (uint16_t)~flags;
}

static bool has(const anyl_task *task, uint32_t flags)
{
    return (task->future.task_flags & flags) != 0;
}

/* What it awaited last, replaced; takes `future`. */
static void set_awaited(anyl_task *task, anyloop_future *future)
{
    anyloop_future *before = task->awaited;
    task->awaited = future;
    if (before)
        anyl_future_release(before);
}

/* ---- inside a step */

static int32_t await_outcome(anyl_task *task, anyloop_future *future)
{
    set_awaited(task, future);
    task->outcome = anyl_future_outcome(future, &task->seen);
    return ANYLOOP_READY;
}

static int32_t await_coroutine(anyl_task *task, anyl_task *coroutine)
{
    if (coroutine->future.loop != task->future.loop) {
        anyl_future_release(&coroutine->future);
        return await_outcome(task, anyl_failed(ANYLOOP_E_OTHER_LOOP));
    }
    if (has(coroutine, ANYL_TASK_STACKED)) {
        anyl_future_release(&coroutine->future);
        return await_outcome(task, anyl_failed(ANYLOOP_E_STATE));
    }
    if (anyl_future_done(&coroutine->future)) /* cancelled before it was started */
        return await_outcome(task, &coroutine->future);
    coroutine->future.task_flags |= ANYL_TASK_STACKED;
    coroutine->below = task->top;
    task->top = coroutine;
    task->future.task_flags |= ANYL_TASK_PUSHED;
    return ANYLOOP_PENDING;
}

int32_t anyl_task_await(anyl_task *task, anyloop_future *future, const char *where)
{
    anyl_task *top = task->top;
    if (ANYL_UNLIKELY(has(task, ANYL_TASK_CLOSING | ANYL_TASK_AWAITS | ANYL_TASK_PUSHED))) {
        anyl_future_release(future);
        if (!has(task, ANYL_TASK_CLOSING))
            return ANYLOOP_PENDING; /* a second await before the answer of the first: that one stands */
        task->outcome = ANYLOOP_CLOSED;
        task->seen = &anyl_value_nothing;
        return ANYLOOP_READY;
    }
    top->where = where;
    if (anyl_is_coroutine(future))
        return await_coroutine(task, anyl_task_of(future));
    if (anyl_future_done(future))
        return await_outcome(task, future);
    if (ANYL_UNLIKELY(future->loop != task->future.loop || future == &task->future)) {
        anyloop_status code = future == &task->future ? ANYLOOP_E_SELF_AWAIT : ANYLOOP_E_OTHER_LOOP;
        if (future->loop == task->future.loop)
            anyl_future_release(future);
        else
            anyl_future_release_threadsafe(future);
        future = anyl_failed(code); /* told on the next turn, as CPython does */
    }
    set_awaited(task, future);
    task->future.task_flags |= ANYL_TASK_AWAITS;
    return ANYLOOP_PENDING;
}

static void set_end(anyl_task *task, anyloop_value value, bool raised)
{
    anyl_task *running = has(task, ANYL_TASK_PUSHED) ? task->top->below : task->top;
    anyloop_value before = running->future.value;
    running->future.value = value;
    clear(running, ANYL_TASK_RAISED);
    if (raised)
        running->future.task_flags |= ANYL_TASK_RAISED;
    anyl_value_release(&before);
}

void anyl_task_return(anyl_task *task, anyloop_value value)
{
    set_end(task, value, false);
}

void anyl_task_raise(anyl_task *task, anyloop_value error)
{
    set_end(task, error, true);
}

int32_t anyl_task_reraise(anyl_task *task)
{
    if (task->outcome == ANYLOOP_CLOSED) {
        anyl_task_raise(task, anyl_error_bare(ANYLOOP_E_CLOSED));
        return ANYLOOP_STEP_RAISE;
    }
    anyl_value_retain(task->seen);
    anyl_task_raise(task, *task->seen);
    return task->outcome == ANYLOOP_CANCELLED ? ANYLOOP_STEP_CANCELLED : ANYLOOP_STEP_RAISE;
}

int32_t anyl_pass_on(anyl_task *task)
{
    if (task->outcome != ANYLOOP_RESULT)
        return anyl_task_reraise(task);
    anyl_value_retain(task->seen);
    return anyl_return(task, *task->seen);
}

/* ---- the driver */

/* How a coroutine ended by its answer: sets its value and gives its state. */
static uint32_t end_by(anyl_task *coroutine, int32_t answer)
{
    anyloop_value *value = &coroutine->future.value;
    bool raised = has(coroutine, ANYL_TASK_RAISED);
    if (ANYL_LIKELY(answer == ANYLOOP_STEP_RETURN)) {
        if (raised)
            anyl_value_release(value);
        return ANYLOOP_RESULT;
    }
    if (answer == ANYLOOP_STEP_RAISE && !raised) {
        anyl_value_release(value);
        *value = anyl_error_bare(ANYLOOP_E_INVALID);
    }
    if (answer == ANYLOOP_STEP_RAISE && anyl_error_code(value) != ANYLOOP_E_CANCELLED)
        return ANYLOOP_FAILED;
    if (anyl_error_code(value) != ANYLOOP_E_CANCELLED) {
        anyl_value_release(value);
        *value = anyl_error_bare(ANYLOOP_E_CANCELLED);
    }
    return ANYLOOP_CANCELLED;
}

static inline void enter_step(anyl_task *task, anyloop_loop *loop)
{
    loop->current = &task->future;
    loop->current_context = &task->context;
}

/* Back in the loop. */
static inline void leave_step(anyloop_loop *loop)
{
    loop->current = NULL;
    loop->current_context = &loop->context;
}

static void end_task(anyl_task *task, uint32_t state)
{
    anyloop_loop *loop = task->future.loop;
    if (ANYL_UNLIKELY(state == ANYLOOP_CANCELLED)) {
        task->future.flags |= ANYL_FUTURE_REASON_ONCE;
    } else if (ANYL_UNLIKELY(has(task, ANYL_TASK_MUST_CANCEL)) && state == ANYLOOP_RESULT) {
        /* cancelled right before it returned */
        anyl_value_release(&task->future.value);
        task->future.value = task->reason;
        task->reason = anyl_value_none();
        state = ANYLOOP_CANCELLED;
    }
    clear(task, ANYL_TASK_MUST_CANCEL);
    anyl_list_unlink(&task->link);
    set_awaited(task, NULL);
    task->seen = &anyl_value_nothing;
    anyl_context_release(task->context);
    task->context = NULL;
    anyl_future_end(&task->future, state);
    leave_step(loop);
    anyl_future_release(&task->future); /* the loop's own hold */
}

/* The top, which is not the task itself, has ended: what is below goes on. Gives the event for it. */
static uint32_t pop(anyl_task *task, uint32_t state)
{
    anyl_task *ended = task->top;
    task->top = ended->below;
    ended->future.state = (uint8_t)state;
    set_awaited(task, &ended->future);
    task->seen = &ended->future.value;
    task->outcome = state;
    return state == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
}

/* Nothing is awaited any more. */
static inline void forget_awaited(anyl_task *task)
{
    if (task->awaited)
        set_awaited(task, NULL);
    task->outcome = ANYLOOP_RESULT;
    task->seen = &anyl_value_nothing;
}

/* The cancellation that was asked in the step reaches what is awaited, unless that is done. */
static void cancel_awaited(anyl_task *task)
{
    if (anyl_future_done(task->awaited))
        return;
    anyl_value_retain(&task->reason);
    if (anyl_cancel(task->awaited, task->reason) > 0)
        clear(task, ANYL_TASK_MUST_CANCEL);
}

static void park(anyl_task *task)
{
    if (has(task, ANYL_TASK_WOKEN | ANYL_TASK_MUST_CANCEL))
        anyl_loop_ready(task->future.loop, &task->node);
    else
        task->future.task_flags |= ANYL_TASK_PARKED;
    clear(task, ANYL_TASK_WOKEN);
}

static void ask(anyl_task *task, uint32_t event)
{
    anyloop_loop *loop = task->future.loop;
    loop->asked = &task->future;
    loop->asked_event = event;
    loop->asked_user_data = task->top->user_data;
    loop->asked_told = false;
    loop->blocked = true;
    if (loop->events_count == 0)
        anyl_task_tell_asked(loop);
}

void anyl_task_tell_asked(anyloop_loop *loop)
{
    if (loop->asked == NULL || loop->asked_told || !anyl_loop_can_tell(loop))
        return;
    loop->asked_told = true;
    anyl_loop_tell(loop, ANYLOOP_TURN_STEP, loop->asked_user_data, loop->asked, loop->asked_event);
}

static int32_t refuse_answer(anyl_task *task)
{
    static const char words[] = "a step gave an answer that is none";
    anyl_task_raise(task, (anyloop_value){.kind = ANYLOOP_ERROR,
                                          .flags = (uint32_t)ANYLOOP_E_INVALID,
                                          .bits = (uintptr_t)words,
                                          .size = sizeof words - 1});
    return ANYLOOP_STEP_RAISE;
}

/* The step ended without running the coroutine that it pushed. */
static void undo_push(anyl_task *task)
{
    anyl_task *pushed = task->top;
    clear(task, ANYL_TASK_PUSHED);
    task->top = pushed->below;
    anyl_coroutine_abandon(pushed);
    anyl_future_release(&pushed->future);
}

/* Act on an answer of the top. True: the task suspended or ended, and may be gone. False: step the top with `*event`. */
static bool act(anyl_task *task, int32_t answer, uint32_t *event)
{
    if (ANYL_LIKELY(answer == ANYLOOP_STEP_AWAIT) && ANYL_LIKELY(has(task, ANYL_TASK_AWAITS))) {
        clear(task, ANYL_TASK_AWAITS);
        anyl_future_listen(task->awaited, task->future.loop, &task->node);
        if (ANYL_UNLIKELY(has(task, ANYL_TASK_MUST_CANCEL)))
            cancel_awaited(task);
    } else if (answer == ANYLOOP_STEP_AWAIT && has(task, ANYL_TASK_PUSHED)) {
        clear(task, ANYL_TASK_PUSHED);
        forget_awaited(task);
        *event = ANYLOOP_EVENT_START;
        return false;
    } else if (answer == ANYLOOP_STEP_YIELD) {
        forget_awaited(task);
        anyl_loop_ready(task->future.loop, &task->node);
    } else if (answer == ANYLOOP_STEP_PARK) {
        forget_awaited(task);
        park(task);
    } else {
        if (ANYL_UNLIKELY(has(task, ANYL_TASK_PUSHED)))
            undo_push(task);
        clear(task, ANYL_TASK_AWAITS);
        if (ANYL_UNLIKELY(answer < ANYLOOP_STEP_RETURN || answer > ANYLOOP_STEP_CANCELLED))
            answer = refuse_answer(task);
        anyl_task *top = task->top;
        anyl_coroutine_end(top);
        uint32_t state = end_by(top, answer);
        if (top == task) {
            end_task(task, state);
            return true;
        }
        *event = pop(task, state);
        return false;
    }
    return true;
}

static inline int32_t call_step(anyl_task *task, anyl_task *top, uint32_t event)
{
    return top->step(anyl_task_frame(top), &task->future, event);
}

/* Step until the task suspends or ends; then it may be gone. False: the host was asked. */
static bool drive(anyl_task *task, uint32_t event)
{
    for (;;) {
        anyl_task *top = task->top;
        if (event == ANYLOOP_EVENT_START)
            top->future.task_flags |= ANYL_TASK_STARTED;
        if (ANYL_UNLIKELY(top->step == NULL)) {
            ask(task, event);
            return false;
        }
        if (act(task, call_step(task, top, event), &event))
            return true;
    }
}

/* What the step is told, when no cancellation was asked for. */
static inline uint32_t begin_plainly(anyl_task *task)
{
    if (task->awaited) {
        task->outcome = anyl_future_outcome(task->awaited, &task->seen);
        return task->outcome == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
    }
    return has(task->top, ANYL_TASK_STARTED) ? ANYLOOP_EVENT_RESUMED : ANYLOOP_EVENT_START;
}

/* The same in every case. False: the top was to be started, and is cancelled instead. */
static bool begin(anyl_task *task, uint32_t *event)
{
    *event = begin_plainly(task);
    if (!has(task, ANYL_TASK_MUST_CANCEL))
        return true;
    clear(task, ANYL_TASK_MUST_CANCEL);
    if (task->outcome != ANYLOOP_CANCELLED) {
        anyl_value_release(&task->received);
        task->received = task->reason;
        task->reason = anyl_value_none();
        task->outcome = ANYLOOP_CANCELLED;
        task->seen = &task->received;
    }
    *event = ANYLOOP_EVENT_CANCELLED;
    return has(task->top, ANYL_TASK_STARTED);
}

/* One step, up to the next suspension. False: the host was asked. */
static bool take_step(anyl_task *task)
{
    uint32_t event;
    while (!begin(task, &event)) {
        anyl_task *top = task->top;
        anyl_task_reraise(task);
        anyl_coroutine_abandon(top);
        if (top == task) {
            end_task(task, ANYLOOP_CANCELLED);
            return true;
        }
        pop(task, ANYLOOP_CANCELLED);
    }
    return drive(task, event);
}

/* A step in full. */
ANYL_ASIDE void run_task_fully(anyl_task *task, anyloop_loop *loop)
{
    if (task->top->step == NULL && (!anyl_loop_can_tell(loop) || loop->events_count)) {
        anyl_loop_again(loop, &task->node);
        return;
    }
    enter_step(task, loop);
    if (take_step(task))
        leave_step(loop);
}

/* The rest of a step whose answer was neither to yield nor to await something pending. */
ANYL_ASIDE void run_on(anyl_task *task, anyloop_loop *loop, int32_t answer)
{
    uint32_t event;
    if (act(task, answer, &event) || drive(task, event))
        leave_step(loop);
}

static inline uint32_t special_flags(const anyl_task *task)
{
    return task->future.task_flags &
           (ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_MUST_CANCEL | ANYL_TASK_RAISED);
}

/* The short way through a step of a coroutine in C: nothing here that `take_step`, `drive` and `act` do not do. */
ANYL_HOT void step_shortly(anyl_task *task, anyl_task *top, anyloop_loop *loop, uint32_t event)
{
    enter_step(task, loop);
    int32_t answer = call_step(task, top, event);
    if (answer == ANYLOOP_STEP_YIELD) {
        forget_awaited(task);
        anyl_loop_ready(loop, &task->node);
    } else if (answer == ANYLOOP_STEP_AWAIT && special_flags(task) == ANYL_TASK_AWAITS) {
        clear(task, ANYL_TASK_AWAITS);
        anyl_future_listen(task->awaited, loop, &task->node);
    } else if (answer == ANYLOOP_STEP_RETURN && special_flags(task) == 0 && task->top == task) {
        anyl_coroutine_end(task);
        end_task(task, ANYLOOP_RESULT);
        return;
    } else {
        run_on(task, loop, answer);
        return;
    }
    leave_step(loop);
}

static void run_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node), *top = task->top;
    if (ANYL_UNLIKELY(how == ANYL_DROP))
        return; /* the loop is closing: its tasks are unwound one by one */
    if (ANYL_UNLIKELY(top->step == NULL || has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    uint32_t event = ANYLOOP_EVENT_RESUMED;
    if (task->awaited && (task->outcome = anyl_future_outcome(task->awaited, &task->seen)) == ANYLOOP_CANCELLED)
        event = ANYLOOP_EVENT_CANCELLED;
    step_shortly(task, top, loop, event);
}

/* The first time. */
static void run_new_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    node->run = run_task;
    if (ANYL_UNLIKELY(how == ANYL_DROP))
        return;
    if (ANYL_UNLIKELY(task->step == NULL || has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    task->future.task_flags |= ANYL_TASK_STARTED;
    step_shortly(task, task, loop, ANYLOOP_EVENT_START);
}

/* ---- starting */

static void become_task(anyl_task *coroutine, anyloop_context *context)
{
    anyloop_loop *loop = coroutine->future.loop;
    anyl_future_set_class(&coroutine->future, &anyl_task_class);
    coroutine->future.task_flags |= ANYL_TASK_STACKED;
    coroutine->future.number = coroutine->name && !has(coroutine, ANYL_TASK_OPERATION) ? 0 : ++loop->task_number;
    coroutine->node.run = run_new_task;
    coroutine->context = anyl_context_retain(context);
    anyl_list_append(&loop->tasks, &coroutine->link);
    anyl_future_retain(&coroutine->future); /* the loop holds its tasks */
}

void anyl_task_start(anyl_task *coroutine, anyloop_context *context)
{
    become_task(coroutine, context);
    anyl_loop_ready(coroutine->future.loop, &coroutine->node);
}

/* ---- eager starts */

/* What the host was at when an eager task was made. */
struct interrupted {
    struct interrupted *outer;
    anyloop_task *task; /* the eager one */
    anyloop_task *current, *asked;
    anyloop_context **context;
    uint32_t asked_event;
    uint64_t asked_user_data;
};

/* An eager task takes its place among the others after its first step. */
static void settle_eager(anyl_task *task)
{
    if (!anyl_future_done(&task->future)) {
        task->node.run = run_task;
        anyl_list_remove(&task->link);
        anyl_list_append(&task->future.loop->tasks, &task->link);
    }
    anyl_future_release(&task->future);
}

/* The first step of `task` comes before what the host is at. False: no memory. */
static bool interrupt(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    struct interrupted *record = anyl_object_alloc(loop, sizeof *record);
    if (record == NULL)
        return false;
    *record = (struct interrupted){.outer = loop->interrupted_step,
                                   .task = &task->future,
                                   .current = loop->current,
                                   .asked = loop->asked,
                                   .context = loop->current_context,
                                   .asked_event = loop->asked_event,
                                   .asked_user_data = loop->asked_user_data};
    loop->interrupted_step = record;
    loop->asked = NULL;
    enter_step(task, loop);
    anyl_future_retain(&task->future);
    return true;
}

/* Back to what the host was at. */
static void resume_interrupted(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    struct interrupted *record = loop->interrupted_step;
    loop->interrupted_step = record->outer;
    loop->current = record->current;
    loop->current_context = record->context;
    loop->asked = record->asked;
    loop->asked_event = record->asked_event;
    loop->asked_user_data = record->asked_user_data;
    loop->asked_told = record->asked != NULL;
    anyl_object_free(loop, record, sizeof *record);
    settle_eager(task);
}

/* The host runs the first step, as far as it is the host's. */
static void start_in_host(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    if (!interrupt(task)) {
        anyl_loop_ready(loop, &task->node);
    } else if (task->step == NULL) {
        task->future.task_flags |= ANYL_TASK_STARTED;
        loop->asked = &task->future;
        loop->asked_told = true; /* by its making */
    } else if (drive(task, ANYLOOP_EVENT_START)) {
        resume_interrupted(task);
    }
}

/* As `drive`, inside a step or callback in C: the host cannot be asked, what is pulled comes on the next turn. */
static void start_inside(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_task *current = loop->current;
    anyloop_context **context = loop->current_context;
    uint32_t event = ANYLOOP_EVENT_START;
    anyl_future_retain(&task->future);
    enter_step(task, loop);
    do {
        if (task->top->step == NULL) {
            anyl_loop_ready(loop, &task->node);
            break;
        }
        task->top->future.task_flags |= ANYL_TASK_STARTED;
    } while (!act(task, call_step(task, task->top, event), &event));
    loop->current = current;
    loop->current_context = context;
    settle_eager(task);
}

void anyl_task_start_eager(anyl_task *coroutine, anyloop_context *context)
{
    anyloop_loop *loop = coroutine->future.loop;
    become_task(coroutine, context);
    if (loop->turning && coroutine->step)
        start_inside(coroutine);
    else if (!loop->turning && loop->events_out)
        start_in_host(coroutine);
    else
        anyl_loop_ready(loop, &coroutine->node);
}

/* ---- answers */

static bool close_goes_on(anyl_task *task);

bool anyl_task_stepped(anyl_task *task, int32_t answer)
{
    anyloop_loop *loop = task->future.loop;
    uint32_t event;
    if (loop->asked != &task->future || !loop->asked_told)
        return false;
    loop->asked = NULL;
    loop->asked_told = false;
    if (has(task, ANYL_TASK_CLOSING)) {
        close_goes_on(task);
        return true;
    }
    struct interrupted *record = loop->interrupted_step;
    bool eager = record && record->task == &task->future; /* it has a hold of its own then */
    bool over = act(task, answer, &event) || drive(task, event);
    if (over && eager)
        resume_interrupted(task);
    else if (over)
        leave_step(loop);
    return true;
}

void anyl_task_withdraw_asked(anyloop_loop *loop)
{
    while (loop->interrupted_step) {
        resume_interrupted(anyl_task_of(loop->interrupted_step->task));
    }
    if (loop->asked == NULL)
        return;
    if (!loop->asked_told && loop->asked_event == ANYLOOP_EVENT_START)
        clear(anyl_task_of(loop->asked)->top, ANYL_TASK_STARTED);
    loop->asked = NULL;
    loop->asked_told = false;
    leave_step(loop);
}

/* ---- waking */

void anyl_task_wake(anyl_task *task)
{
    if (anyl_future_done(&task->future) || task->future.loop->closing)
        return;
    if (has(task, ANYL_TASK_PARKED)) {
        clear(task, ANYL_TASK_PARKED);
        anyl_loop_ready(task->future.loop, &task->node);
    } else {
        task->future.task_flags |= ANYL_TASK_WOKEN;
    }
}

/* ---- closing */

/* From the top down to the task itself. What ended stays: other futures' rings may still lead into its frame. */
static bool close_goes_on(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    for (;;) {
        anyl_task *top = task->top;
        bool runs = has(top, ANYL_TASK_STARTED) && !has(top, ANYL_TASK_OPERATION);
        task->outcome = ANYLOOP_CLOSED;
        task->seen = &anyl_value_nothing;
        if (runs && top->step == NULL && !loop->deaf && !has(top, ANYL_TASK_CLOSE_TOLD)) {
            top->future.task_flags |= ANYL_TASK_CLOSE_TOLD;
            ask(task, ANYLOOP_EVENT_CLOSE);
            return false;
        }
        if (runs && top->step)
            top->step(anyl_task_frame(top), &task->future, ANYLOOP_EVENT_CLOSE);
        if (runs)
            anyl_coroutine_end(top);
        else if (!has(top, ANYL_TASK_OPERATION)) /* an operation's frame goes with it: others wait in the same queues */
            anyl_coroutine_abandon(top);
        if (top == task)
            break;
        task->top = top->below;
        top->below = task->below;
        task->below = top;
    }
    leave_step(loop);
    anyl_list_remove(&task->link);
    anyl_future_release(&task->future);
    return true;
}

bool anyl_task_close(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    task->future.task_flags |= ANYL_TASK_CLOSING;
    clear(task, ANYL_TASK_PARKED);
    enter_step(task, loop);
    return close_goes_on(task);
}
