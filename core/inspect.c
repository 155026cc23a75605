/* inspect.c -- the stall report.
 *
 * SPDX-License-Identifier: MIT
 */
#include "inspect.h"

#include "text.h"

/* A number gets no memory here: a report may be about there being none, and a task of an operation keeps the
 * operation's name. */
static void add_name(anyl_text *text, anyl_task *task)
{
    if (task->number == 0) {
        anyl_text_add(text, anyl_task_name(task));
        return;
    }
    anyl_text_add(text, "Task-");
    anyl_text_number(text, task->number);
}

/* The name of the library's own coroutine that the task is in; NULL for none, or when it was given another. */
static const char *operation_name(const anyl_task *task)
{
    const anyl_task *top = task->top;
    bool has = (top->future.task_flags & ANYL_TASK_OPERATION) && (top != task || task->number);
    return has ? top->name : NULL;
}

static const char *kind_name(const anyloop_future *future)
{
    switch (anyl_future_class_of(future)->kind) {
    case ANYLOOP_KIND_TASK:
        return "task ";
    case ANYLOOP_KIND_FUTURE:
        return anyl_future_class_of(future)->fans ? "a gather" : "a future";
    default:
        return "an operation";
    }
}

/* What the task waits for: the library's own coroutine that it is in, or the future. */
static void add_awaited(anyl_text *text, const anyl_task *task)
{
    const anyloop_future *awaited = task->awaited;
    if (task->future.task_flags & ANYL_TASK_PARKED) {
        anyl_text_add(text, " is parked: a waker must wake it");
    } else if (task->future.task_flags & ANYL_TASK_SLEEPS) {
        anyl_text_add(text, " awaits sleep");
    } else if (awaited == NULL || anyl_future_done(awaited)) {
        anyl_text_add(text, task->future.loop->current == &task->future ? " is running" : " is ready");
    } else if (operation_name(task)) {
        anyl_text_add(text, " awaits ");
        anyl_text_add(text, operation_name(task));
    } else {
        anyl_text_add(text, " awaits ");
        anyl_text_add(text, kind_name(awaited));
        if (anyl_is_task(awaited))
            add_name(text, anyl_task_of(task->awaited));
    }
}

/* The coroutines of the user's own, the innermost first. */
static void add_places(anyl_text *text, const anyl_task *task)
{
    const char *before = task->future.task_flags & ANYL_TASK_PARKED ? ", awaited at " : " at ";
    const anyl_task *coroutine = task;
    do {
        coroutine = coroutine->top;
        if (coroutine->where == NULL)
            continue;
        anyl_text_add(text, before);
        anyl_text_add(text, coroutine->where);
        if (!(coroutine->future.task_flags & ANYL_TASK_OPERATION) && coroutine->name && coroutine != task) {
            anyl_text_add(text, " in ");
            anyl_text_add(text, coroutine->name);
        }
        before = ", awaited at ";
    } while (coroutine != task);
}

static void add_task(anyl_text *text, anyl_task *task)
{
    anyl_text_add(text, "task ");
    add_name(text, task);
    add_awaited(text, task);
    add_places(text, task);
}

size_t anyl_inspect_tasks(anyloop_loop *loop, char *buffer, size_t size)
{
    anyl_text text = anyl_text_in(buffer, size);
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        add_task(&text, ANYL_OWNER_OF(link, anyl_task, link));
        anyl_text_add(&text, "\n");
    }
    return text.needed;
}

void anyl_inspect_log(anyloop_loop *loop)
{
    char line[512];
    anyl_loop_log(loop, ANYLOOP_LOG_ERROR,
                  "deadlock: nothing is ready, no timer is set, nobody outside can wake the loop");
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        anyl_text text = anyl_text_in(line, sizeof line);
        add_task(&text, ANYL_OWNER_OF(link, anyl_task, link));
        anyl_loop_log(loop, ANYLOOP_LOG_ERROR, line);
    }
}
