/* group.c -- task groups.
 *
 * SPDX-License-Identifier: MIT
 */
#include "group.h"

struct anyloop_group {
    anyloop_loop *loop;
    uint32_t refs; /* the user's, the operation's, and one for each child */
    bool entered, exiting, aborting, parent_cancel_requested, errors_lost;
    anyl_task *parent;   /* while its operation is not over */
    anyl_list children;  /* not heard of */
    anyl_waiter *waiter; /* of the operation, while it waits for them */
    anyloop_value *errors;
    size_t error_count, error_capacity;
};

struct group_child {
    anyl_list link;
    anyloop_group *group;
    anyl_task *task;
};

anyloop_group *anyl_group_new(anyloop_loop *loop)
{
    anyloop_group *group = anyl_object_alloc(loop, sizeof *group);
    if (group == NULL)
        return NULL;
    *group = (anyloop_group){.loop = loop, .refs = 1};
    anyl_list_init(&group->children);
    return group;
}

static void free_errors(anyloop_group *group)
{
    for (size_t i = 0; i < group->error_count; i++)
        anyl_value_release(&group->errors[i]);
    if (group->errors)
        anyl_object_free(group->loop, group->errors, group->error_capacity * sizeof *group->errors);
    group->errors = NULL;
    group->error_count = group->error_capacity = 0;
}

void anyl_group_release(anyloop_group *group)
{
    if (--group->refs != 0)
        return;
    free_errors(group);
    anyl_object_free(group->loop, group, sizeof *group);
}

anyloop_loop *anyl_group_loop(const anyloop_group *group)
{
    return group->loop;
}

anyloop_status anyl_group_check(const anyloop_group *group)
{
    bool finished = group->exiting && anyl_list_empty(&group->children);
    return group->entered && group->parent && !finished && !group->aborting ? ANYLOOP_OK : ANYLOOP_E_STATE;
}

/* Without memory the group still knows that there was an error. */
static void add_error(anyloop_group *group, const anyloop_value *error)
{
    if (group->error_count == group->error_capacity) {
        size_t capacity = group->error_capacity ? group->error_capacity * 2 : 4;
        anyloop_value *errors = anyl_object_alloc(group->loop, capacity * sizeof *errors);
        if (errors == NULL) {
            group->errors_lost = true;
            return;
        }
        if (group->errors) {
            memcpy(errors, group->errors, group->error_count * sizeof *errors);
            anyl_object_free(group->loop, group->errors, group->error_capacity * sizeof *errors);
        }
        group->errors = errors;
        group->error_capacity = capacity;
    }
    anyl_value_retain(error);
    group->errors[group->error_count++] = *error;
}

static void abort_group(anyloop_group *group)
{
    group->aborting = true;
    for (anyl_list *link = group->children.next; link != &group->children; link = link->next) {
        anyloop_future *task = &ANYL_OWNER_OF(link, struct group_child, link)->task->future;
        if (!anyl_future_done(task))
            anyl_cancel(task, &anyl_value_nothing);
    }
}

/* ---- children */

static void on_child_done(void *user_data, anyloop_future *task)
{
    struct group_child *child = user_data;
    anyloop_group *group = child->group;
    anyl_list_remove(&child->link);
    if (group->waiter && anyl_list_empty(&group->children))
        anyl_waiter_release(group->waiter);
    if (task->state != ANYLOOP_FAILED)
        return;
    add_error(group, anyl_future_error(task));
    if (group->parent == NULL) {
        anyloop_exception exception = {.struct_size = sizeof exception,
                                       .message = "a task of a group failed after the group's own task was done",
                                       .error = &task->value,
                                       .future = task};
        anyl_loop_report(group->loop, &exception, anyl_task_name(child->task));
        return;
    }
    if (!group->aborting && !group->parent_cancel_requested) {
        abort_group(group);
        group->parent_cancel_requested = true;
        anyl_cancel(&group->parent->future, &anyl_value_nothing);
    }
}

static void drop_child(void *user_data)
{
    struct group_child *child = user_data;
    anyloop_group *group = child->group;
    anyl_list_remove(&child->link);
    anyl_object_free(group->loop, child, sizeof *child);
    anyl_group_release(group);
}

anyloop_status anyl_group_adopt(anyloop_group *group, anyl_task *coroutine)
{
    struct group_child *child = anyl_object_alloc(group->loop, sizeof *child);
    if (child == NULL)
        return ANYLOOP_E_NOMEM;
    child->group = group;
    child->task = coroutine;
    group->refs++;
    anyl_list_append(&group->children, &child->link);
    return anyl_future_add_callback(&coroutine->future, group->loop, on_child_done, child, drop_child);
}

/* ---- the operation */

struct group_frame {
    anyloop_group *group;
    anyloop_future *body; /* until it is awaited */
    uint32_t outcome;     /* of the body */
    bool exiting, propagates;
    anyloop_value value;        /* of the body */
    anyloop_value cancellation; /* the one that goes on, if one does */
    anyl_waiter waiter;
};

static void propagate(struct group_frame *my, const anyloop_value *cancellation)
{
    anyl_value_retain(cancellation);
    anyl_value_release(&my->cancellation);
    my->cancellation = *cancellation;
    my->propagates = true;
}

static anyloop_value group_error(anyloop_group *group)
{
    static const char text[] = "unhandled errors in a task group";
    const anyloop_allocator *allocator = &group->loop->slab.allocator;
    anyloop_value list, error;
    if (anyl_value_list(allocator, group->error_count, &list) != ANYLOOP_OK)
        return anyl_error_bare(ANYLOOP_E_GROUP);
    for (size_t i = 0; i < group->error_count; i++) {
        anyl_value_retain(&group->errors[i]);
        anyl_value_list_push(&list, &group->errors[i]);
    }
    anyloop_error_options options = {.struct_size = sizeof options,
                                     .code = ANYLOOP_E_GROUP,
                                     .text = text,
                                     .text_size = sizeof text - 1,
                                     .children = &list};
    if (anyl_error_with(allocator, &options, &error) == ANYLOOP_OK)
        return error;
    anyl_value_release(&list);
    return anyl_error_bare(ANYLOOP_E_GROUP);
}

static int32_t leave_group(struct group_frame *my, anyl_task *task)
{
    anyloop_group *group = my->group;
    if (group->parent_cancel_requested && anyl_task_uncancel(task) == 0)
        my->propagates = false;
    bool errors = group->error_count || group->errors_lost;
    if (my->propagates && !errors)
        return anyl_end_as(task, ANYLOOP_CANCELLED, &my->cancellation);
    if (my->outcome == ANYLOOP_FAILED) {
        add_error(group, &my->value);
        errors = true;
    }
    if (!errors) {
        anyloop_value value = my->value;
        my->value = anyl_value_none();
        return my->outcome == ANYLOOP_RESULT ? anyl_return(task, value) : anyl_raise(task, value);
    }
    if (task->cancels) { /* the count stays, and the request is made anew */
        anyl_task_uncancel(task);
        anyl_cancel(&task->future, &anyl_value_nothing);
    }
    return anyl_raise(task, group_error(group));
}

/* CPython's __aexit__, up to its loop. */
static void begin_exit(struct group_frame *my, anyl_task *task)
{
    my->exiting = my->group->exiting = true;
    my->outcome = anyl_task_outcome(task);
    my->value = *anyl_task_seen(task);
    anyl_value_retain(&my->value);
    if (my->outcome == ANYLOOP_CANCELLED)
        propagate(my, &my->value);
    if (my->outcome != ANYLOOP_RESULT && !my->group->aborting)
        abort_group(my->group);
}

static int32_t group_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct group_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_group *group = my->group;
    if (event == ANYLOOP_EVENT_START) {
        if (group->entered)
            return anyl_raise_code(task, ANYLOOP_E_STATE);
        group->entered = true;
        group->parent = task;
        anyloop_future *body = my->body;
        my->body = NULL;
        if (anyl_task_await(task, body, NULL) == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
    }
    if (!my->exiting) {
        begin_exit(my, task);
    } else {
        group->waiter = NULL;
        if (event == ANYLOOP_EVENT_CANCELLED && !group->aborting) {
            propagate(my, anyl_task_seen(task));
            abort_group(group);
        }
    }
    if (anyl_list_empty(&group->children))
        return leave_group(my, task);
    anyl_waiter_arm(&my->waiter, running->loop);
    group->waiter = &my->waiter;
    return anyl_waiter_await(&my->waiter, task);
}

static void group_drop(void *frame)
{
    struct group_frame *my = frame;
    anyloop_group *group = my->group;
    anyl_waiter_end(&my->waiter);
    anyl_value_release(&my->value);
    anyl_value_release(&my->cancellation);
    if (my->body)
        anyl_future_release(my->body);
    if (group->waiter == &my->waiter)
        group->waiter = NULL;
    if (my->exiting || my->body == NULL) {
        group->parent = NULL;
        free_errors(group);
    }
    anyl_group_release(group);
}

/* CPython counts the group's tasks as awaited from the beginning. */
static void group_each(const void *frame, bool waits, anyl_each_fn tell, void *to)
{
    const anyloop_group *group = ((const struct group_frame *)frame)->group;
    (void)waits;
    for (anyl_list *link = group->children.next; link != &group->children; link = link->next)
        tell(to, &ANYL_OWNER_OF(link, struct group_child, link)->task->future);
}

static const anyl_operation group_operation = {"group", group_step, group_drop, sizeof(struct group_frame)};

anyl_task *anyl_group_run(anyloop_group *group, anyloop_future *body)
{
    anyl_task *operation = anyl_operation_new(group->loop, &group_operation);
    if (operation == NULL) {
        anyl_future_release(body);
        return NULL;
    }
    anyl_task_extra(operation)->each = group_each;
    struct group_frame *my = anyl_task_frame(operation);
    group->refs++;
    my->group = group;
    my->body = body;
    return operation;
}
