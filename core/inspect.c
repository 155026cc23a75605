/* inspect.c -- tasks in words, the stall report, the visit, figures.
 *
 * SPDX-License-Identifier: MIT
 */
#include "inspect.h"

#include "status.h"

#define MOST_PLACES 16u /* of an await stack in a line */
#define MOST_NAMED 8u   /* of a ring */

/* ---- words */

/* No memory is asked for here: a report may be about there being none. */
static void add_name(anyl_text *text, const anyl_task *task)
{
    char buffer[ANYL_TASK_NAME_ROOM];
    anyl_text_add(text, anyl_task_name_in(task, buffer));
}

/* "2.5 s", "31 min": two digits at least, where it has them. */
void anyl_inspect_add_time(anyl_text *text, uint64_t time)
{
    static const struct {
        uint64_t time;
        const char *name;
    } units[] = {{3600000000000, " h"}, {60000000000, " min"}, {1000000000, " s"},
                 {1000000, " ms"},      {1000, " us"},         {1, " ns"}};
    size_t unit = 0;
    while (time < units[unit].time && units[unit].time > 1)
        unit++;
    uint64_t whole = time / units[unit].time, tenths = time % units[unit].time * 10 / units[unit].time;
    anyl_text_number(text, whole);
    if (whole < 10 && tenths) {
        anyl_text_add(text, ".");
        anyl_text_number(text, tenths);
    }
    anyl_text_add(text, units[unit].name);
}

static uint32_t state_of(const anyl_task *task)
{
    if (task->future.loop->current == &task->future)
        return ANYLOOP_TASK_RUNNING;
    if (task->future.task_flags & ANYL_TASK_PARKED)
        return ANYLOOP_TASK_PARKED;
    bool waits = task->awaited && !anyl_future_done(task->awaited);
    return waits || (task->future.task_flags & ANYL_TASK_SLEEPS) ? ANYLOOP_TASK_WAITING : ANYLOOP_TASK_READY;
}

/* The name of the library's own coroutine that the task is in; NULL for none, or when it was given another. */
static const char *operation_name(const anyl_task *task)
{
    const anyl_task *top = task->top;
    bool has = (top->future.task_flags & ANYL_TASK_OPERATION) && (top != task || task->number);
    return has ? top->name : NULL;
}

const char *anyl_inspect_kind(const anyloop_future *future)
{
    const anyl_future_class *class = anyl_future_class_of(future);
    if (class->words)
        return class->words;
    return class->kind == ANYLOOP_KIND_TASK     ? "a task"
           : class->kind == ANYLOOP_KIND_FUTURE ? "a future"
                                                : "an operation";
}

/* Of a task that waits. */
static const char *awaited_words(const anyl_task *task)
{
    const char *operation = task->awaited ? operation_name(task) : "sleep";
    return operation ? operation : anyl_inspect_kind(task->awaited);
}

static void add_state(anyl_text *text, const anyl_task *task)
{
    static const char *const words[] = {" is ready", " is running", " awaits ", " is parked: a waker must wake it"};
    uint32_t state = state_of(task);
    anyl_text_add(text, words[state]);
    if (state != ANYLOOP_TASK_WAITING)
        return;
    if (task->awaited == NULL || operation_name(task) || !anyl_is_task(task->awaited)) {
        anyl_text_add(text, awaited_words(task));
    } else {
        anyl_text_add(text, "task ");
        add_name(text, anyl_task_of(task->awaited));
    }
}

/* The coroutines of the user's own, the innermost first. */
static void add_places(anyl_text *text, const anyl_task *task)
{
    const char *before = state_of(task) == ANYLOOP_TASK_PARKED ? ", awaited at " : " at ";
    uint32_t places = 0;
    for (const anyl_task *coroutine = task->top; coroutine; coroutine = anyl_task_below(task, coroutine)) {
        if (coroutine->where == NULL || ++places > MOST_PLACES)
            continue;
        anyl_text_add(text, before);
        anyl_text_add(text, coroutine->where);
        if (!(coroutine->future.task_flags & ANYL_TASK_OPERATION) && coroutine->name && coroutine != task) {
            anyl_text_add(text, " in ");
            anyl_text_add(text, coroutine->name);
        }
        before = ", awaited at ";
    }
    if (places > MOST_PLACES) {
        anyl_text_add(text, ", and ");
        anyl_text_number(text, places - MOST_PLACES);
        anyl_text_add(text, " more");
    }
}

static bool age_of(const anyl_task *task, uint64_t *age)
{
    uint64_t made, now;
    if (!anyl_object_made(task->future.loop, task, &made))
        return false;
    now = anyl_loop_now(task->future.loop);
    *age = now > made ? now - made : 0;
    return true;
}

void anyl_inspect_add_task(anyl_text *text, const anyl_task *task)
{
    uint64_t age;
    anyl_text_add(text, "task ");
    add_name(text, task);
    if (age_of(task, &age)) {
        anyl_text_add(text, " (");
        anyl_inspect_add_time(text, age);
        anyl_text_add(text, ")");
    }
    add_state(text, task);
    add_places(text, task);
}

void anyl_inspect_add_ring(anyl_text *text, anyl_graph *graph, uint32_t ring)
{
    uint32_t count = anyl_graph_ring(graph, ring);
    anyl_text_add(text, "ring: ");
    for (uint32_t i = 0; i < count && i < MOST_NAMED; i++) {
        anyl_text_add(text, "task ");
        add_name(text, anyl_task_of(graph->nodes[graph->scratch[i]].future));
        anyl_text_add(text, " waits for ");
    }
    if (count > MOST_NAMED) {
        anyl_text_number(text, count - MOST_NAMED);
        anyl_text_add(text, " more, and the last of them for ");
    }
    anyl_text_add(text, "task ");
    add_name(text, anyl_task_of(graph->nodes[graph->scratch[0]].future));
}

/* ---- the stall report */

/* Each line of the report; it is in `text` when `told` hears of it. */
static void report(anyloop_loop *loop, anyl_text *text, void (*told)(anyloop_loop *loop, anyl_text *text))
{
    anyl_graph graph;
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        anyl_inspect_add_task(text, ANYL_OWNER_OF(link, anyl_task, link));
        told(loop, text);
    }
    if (anyl_list_empty(&loop->tasks))
        return;
    if (anyl_graph_init(&graph, loop) != ANYLOOP_OK) {
        anyl_text_add(text, "no memory to look for rings");
        told(loop, text);
        return;
    }
    for (uint32_t ring = 1; ring <= graph.rings; ring++) {
        anyl_inspect_add_ring(text, &graph, ring);
        told(loop, text);
    }
    anyl_graph_deinit(&graph);
}

static void end_line(anyloop_loop *loop, anyl_text *text)
{
    (void)loop;
    anyl_text_add(text, "\n");
}

size_t anyl_inspect_tasks(anyloop_loop *loop, char *buffer, size_t size)
{
    anyl_text text = anyl_text_in(buffer, size);
    report(loop, &text, end_line);
    return text.needed;
}

static void log_line(anyloop_loop *loop, anyl_text *text)
{
    anyl_loop_log(loop, ANYLOOP_LOG_ERROR, text->buffer);
    *text = anyl_text_in(text->buffer, text->room);
}

void anyl_inspect_log(anyloop_loop *loop)
{
    char line[512];
    anyl_text text = anyl_text_in(line, sizeof line);
    anyl_loop_log(loop, ANYLOOP_LOG_ERROR, anyl_status_text(ANYLOOP_E_DEADLOCK));
    report(loop, &text, log_line);
}

/* ---- the visit */

size_t anyl_inspect_stack(const anyl_task *task, anyloop_task_frame *frames, size_t capacity)
{
    size_t count = 0;
    if (anyl_sleep_in_task(task)) {
        if (count < capacity)
            frames[count] = (anyloop_task_frame){.name = "sleep", .operation = 1};
        count++;
    }
    for (const anyl_task *coroutine = task->top; coroutine; coroutine = anyl_task_below(task, coroutine), count++)
        if (count < capacity)
            frames[count] = (anyloop_task_frame){
                .name = coroutine->name,
                .where = coroutine->where,
                .operation = (coroutine->future.task_flags & ANYL_TASK_OPERATION) != 0,
            };
    return count;
}

/* Futures that the library keeps inside its operations are nobody else's. */
static anyloop_future *awaited_handle(const anyl_task *task)
{
    if (task->awaited == NULL)
        return NULL;
    const anyl_future_class *class = anyl_future_class_of(task->awaited);
    return anyl_is_task(task->awaited) || class->settable || class->words ? task->awaited : NULL;
}

static anyloop_status tell_task(anyl_graph *graph, const anyl_graph_node *node, anyloop_task **awaiters,
                                anyloop_visit_fn visitor, void *user_data)
{
    const anyl_task *task = anyl_task_of(node->future);
    char name[ANYL_TASK_NAME_ROOM];
    uint64_t age;
    uint32_t state = state_of(task);
    bool waits = state == ANYLOOP_TASK_WAITING;
    const anyloop_task_info info = {
        .struct_size = sizeof info,
        .state = state,
        .id = (uintptr_t)task,
        .task = node->future,
        .name = anyl_task_name_in(task, name),
        .age = age_of(task, &age) ? (int64_t)age : -1,
        .awaits = waits ? awaited_words(task) : NULL,
        .awaited = waits ? awaited_handle(task) : NULL,
        .depth = anyl_inspect_stack(task, NULL, 0),
        .awaited_by = awaiters,
        .awaited_by_count = anyl_graph_awaiters(graph, node, awaiters),
        .ring = node->ring,
        .cancelling = task->cancels,
    };
    return visitor(user_data, &info);
}

anyloop_status anyl_inspect_visit(anyloop_loop *loop, anyloop_visit_fn visitor, void *user_data)
{
    anyl_graph graph;
    anyloop_status status = anyl_graph_init_both_ways(&graph, loop);
    if (status != ANYLOOP_OK)
        return status;
    const anyloop_allocator *allocator = &loop->slab.allocator;
    size_t size = ((size_t)graph.tasks + 1) * sizeof(anyloop_task *);
    anyloop_task **awaiters = anyl_alloc(allocator, size);
    if (awaiters == NULL)
        status = ANYLOOP_E_NOMEM;
    for (uint32_t i = 0; i < graph.tasks && status == ANYLOOP_OK; i++) {
        if (anyl_future_done(graph.nodes[i].future))
            continue;
        status = tell_task(&graph, &graph.nodes[i], awaiters, visitor, user_data);
        if (status == ANYLOOP_OK && loop->closing)
            status = ANYLOOP_E_CLOSED;
    }
    anyl_free(allocator, awaiters, size);
    anyl_graph_deinit(&graph);
    return status;
}

/* ---- figures */

void anyl_inspect_figures(const anyloop_loop *loop, anyloop_loop_figures *figures)
{
    figures->turns = loop->turns;
    figures->ready_most = loop->ready_most;
    figures->jobs = loop->jobs;
    figures->lag_most = loop->lag_most;
    memcpy(figures->lag, loop->lag, sizeof figures->lag);
    figures->tasks = figures->timers = 0;
    for (const anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        figures->tasks++;
    for (uint32_t i = 0; i < loop->timers.count; i++)
        figures->timers += loop->timers.entries[i].key != UINT64_MAX;
}
