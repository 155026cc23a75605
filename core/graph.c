/* graph.c -- nodes, edges, rings.
 *
 * SPDX-License-Identifier: MIT
 */
#include "graph.h"

#define GRAPH_FIRST 64u

/* ---- memory */

/* An array of twice as many, with what was in the old one, which is freed; NULL: no memory, and the old one stays. */
static void *grown(anyl_graph *graph, void *array, uint32_t *capacity, size_t size)
{
    const anyloop_allocator *allocator = &graph->loop->slab.allocator;
    uint32_t before = *capacity, after = before ? before * 2 : GRAPH_FIRST;
    void *new = before > UINT32_MAX / 4 ? NULL : anyl_alloc(allocator, after * size);
    if (new == NULL)
        return NULL;
    if (before)
        memcpy(new, array, before * size);
    anyl_free(allocator, array, before * size);
    *capacity = after;
    return new;
}

static uint32_t *indices_new(const anyl_graph *graph, size_t count)
{
    return anyl_alloc(&graph->loop->slab.allocator, (count + 1) * sizeof(uint32_t));
}

static void indices_free(const anyl_graph *graph, uint32_t *indices, size_t count)
{
    anyl_free(&graph->loop->slab.allocator, indices, (count + 1) * sizeof(uint32_t));
}

/* ---- nodes: a table of them by address, half empty */

/* Where the node of `future` is told of, or would be. */
static uint32_t *slot_of(const anyl_graph *graph, const anyloop_future *future)
{
    uint64_t hash = ((uint64_t)(uintptr_t)future >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t slot = (uint32_t)(hash >> 32) & (graph->slot_count - 1);
    while (graph->slots[slot] && graph->nodes[graph->slots[slot] - 1].future != future)
        slot = (slot + 1) & (graph->slot_count - 1);
    return &graph->slots[slot];
}

static bool make_room(anyl_graph *graph)
{
    anyl_graph_node *nodes = grown(graph, graph->nodes, &graph->capacity, sizeof *nodes);
    if (nodes == NULL)
        return false;
    graph->nodes = nodes;
    uint32_t *slots = indices_new(graph, (size_t)graph->capacity * 2);
    if (slots == NULL)
        return false;
    if (graph->slots)
        indices_free(graph, graph->slots, graph->slot_count);
    graph->slots = slots;
    graph->slot_count = graph->capacity * 2;
    memset(slots, 0, graph->slot_count * sizeof *slots);
    for (uint32_t i = 0; i < graph->count; i++)
        *slot_of(graph, graph->nodes[i].future) = i + 1;
    return true;
}

/* Its index, the old or a new one; UINT32_MAX: no memory. */
static uint32_t node_of(anyl_graph *graph, anyloop_future *future)
{
    if (graph->count == graph->capacity && !make_room(graph))
        return UINT32_MAX;
    uint32_t *slot = slot_of(graph, future);
    if (*slot == 0) {
        graph->nodes[graph->count] = (anyl_graph_node){.future = anyl_future_retain(future)};
        *slot = ++graph->count;
    }
    return *slot - 1;
}

/* ---- edges */

/* What `graph->from` waits for, if that itself may wait. */
static void add_edge(void *to, anyloop_future *future)
{
    anyl_graph *graph = to;
    bool waits = anyl_is_task(future) || anyl_future_class_of(future)->each;
    if (graph->failed || !waits || anyl_future_done(future))
        return;
    uint32_t index = node_of(graph, future);
    if (index == UINT32_MAX) {
        graph->failed = true;
        return;
    }
    if (graph->nodes[index].mark == graph->from + 1)
        return; /* told already */
    graph->nodes[index].mark = graph->from + 1;
    if (graph->edge_count == graph->edge_capacity) {
        uint32_t *edges = grown(graph, graph->edges, &graph->edge_capacity, sizeof *edges);
        if (edges == NULL) {
            graph->failed = true;
            return;
        }
        graph->edges = edges;
    }
    graph->edges[graph->edge_count++] = index;
}

static void add_task_edges(anyl_graph *graph, const anyl_task *task)
{
    bool waits = task->awaited && !anyl_future_done(task->awaited);
    if (waits)
        add_edge(graph, task->awaited);
    for (anyl_task *coroutine = task->top; coroutine; coroutine = anyl_task_below(task, coroutine)) {
        uint32_t flags = coroutine->future.task_flags;
        if ((flags & ANYL_TASK_OPERATION) && (flags & ANYL_TASK_EXTRA) && !(flags & ANYL_TASK_ENDED) &&
            anyl_task_extra(coroutine)->each)
            anyl_task_extra(coroutine)->each(anyl_task_frame(coroutine), waits, add_edge, graph);
    }
}

static void add_edges(anyl_graph *graph, anyloop_future *future)
{
    if (anyl_is_task(future))
        add_task_edges(graph, anyl_task_of(future));
    else
        anyl_future_class_of(future)->each(future, add_edge, graph);
}

/* ---- both ways */

/* A gather or shield that is all that a task waits for is no stop on the way. */
static void shorten(anyl_graph *graph)
{
    for (uint32_t i = 0; i < graph->tasks; i++) {
        anyl_graph_node *node = &graph->nodes[i];
        const anyl_graph_node *only = node->count == 1 ? anyl_graph_awaited(graph, node, 0) : node;
        if (!anyl_is_task(only->future)) {
            node->first = only->first;
            node->count = only->count;
        }
    }
}

/* All edges from their other end. False: no memory. */
static bool turn_around(anyl_graph *graph)
{
    size_t total = 0;
    shorten(graph);
    for (uint32_t i = 0; i < graph->count; i++) {
        total += graph->nodes[i].count;
        for (uint32_t at = 0; at < graph->nodes[i].count; at++)
            anyl_graph_awaited(graph, &graph->nodes[i], at)->backs++;
    }
    graph->back = total < UINT32_MAX ? indices_new(graph, total) : NULL;
    if (graph->back == NULL)
        return false;
    graph->back[0] = (uint32_t)total;
    uint32_t next = 1;
    for (uint32_t i = 0; i < graph->count; i++) {
        graph->nodes[i].back = next;
        next += graph->nodes[i].backs;
        graph->nodes[i].backs = graph->nodes[i].mark = 0;
    }
    for (uint32_t i = 0; i < graph->count; i++)
        for (uint32_t at = 0; at < graph->nodes[i].count; at++) {
            anyl_graph_node *awaited = anyl_graph_awaited(graph, &graph->nodes[i], at);
            graph->back[awaited->back + awaited->backs++] = i;
        }
    return true;
}

/* ---- rings: Tarjan's strongly connected components */

static bool awaits_itself(const anyl_graph *graph, const anyl_graph_node *node)
{
    for (uint32_t at = 0; at < node->count; at++)
        if (anyl_graph_awaited(graph, node, at) == node)
            return true;
    return false;
}

/* From `node` on, what is in `open` hangs together; gives how many stay there. */
static uint32_t close_component(anyl_graph *graph, const anyl_graph_node *node, const uint32_t *open, uint32_t opened)
{
    bool ring = &graph->nodes[open[opened - 1]] != node || awaits_itself(graph, node);
    graph->rings += ring;
    const anyl_graph_node *closed;
    do {
        anyl_graph_node *member = &graph->nodes[open[--opened]];
        member->open = false;
        member->ring = ring ? graph->rings : 0;
        closed = member;
    } while (closed != node);
    return opened;
}

static void find_rings(anyl_graph *graph)
{
    uint32_t *path = graph->scratch, *open = graph->scratch + graph->count;
    uint32_t depth = 0, opened = 0, order = 0;
    for (uint32_t next = 0; next < graph->count; next++) {
        uint32_t enter = graph->nodes[next].order ? UINT32_MAX : next;
        do {
            if (enter != UINT32_MAX) {
                graph->nodes[enter].order = graph->nodes[enter].low = ++order;
                graph->nodes[enter].open = true;
                path[depth++] = open[opened++] = enter;
                enter = UINT32_MAX;
            }
            if (depth == 0)
                break;
            anyl_graph_node *node = &graph->nodes[path[depth - 1]];
            if (node->at < node->count) {
                uint32_t to = graph->edges[node->first + node->at++];
                if (graph->nodes[to].order == 0)
                    enter = to;
                else if (graph->nodes[to].open && graph->nodes[to].order < node->low)
                    node->low = graph->nodes[to].order;
                continue;
            }
            if (node->low == node->order)
                opened = close_component(graph, node, open, opened);
            depth--;
            if (depth && node->low < graph->nodes[path[depth - 1]].low)
                graph->nodes[path[depth - 1]].low = node->low;
        } while (depth);
    }
    for (uint32_t i = graph->count; i-- > 0;)
        if (graph->nodes[i].ring)
            graph->nodes[graph->nodes[i].ring - 1].low = i; /* from now on: where the ring of that number begins */
}

/* ---- the whole */

/* Nodes and edges. False: no memory. */
static bool draw_graph(anyl_graph *graph, anyloop_loop *loop)
{
    memset(graph, 0, sizeof *graph);
    graph->loop = loop;
    anyl_loop_retain(loop); /* whoever looks may let go of it */
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks && !graph->failed; link = link->next)
        graph->failed = node_of(graph, &ANYL_OWNER_OF(link, anyl_task, link)->future) == UINT32_MAX;
    graph->tasks = graph->count;
    for (; graph->from < graph->count && !graph->failed; graph->from++) {
        graph->nodes[graph->from].first = graph->edge_count;
        add_edges(graph, graph->nodes[graph->from].future);
        graph->nodes[graph->from].count = graph->edge_count - graph->nodes[graph->from].first;
    }
    if (!graph->failed)
        graph->scratch = indices_new(graph, (size_t)graph->count * 2);
    return graph->scratch != NULL;
}

static anyloop_status finish_graph(anyl_graph *graph, bool drawn)
{
    if (!drawn) {
        anyl_graph_deinit(graph);
        return ANYLOOP_E_NOMEM;
    }
    find_rings(graph);
    return ANYLOOP_OK;
}

anyloop_status anyl_graph_init(anyl_graph *graph, anyloop_loop *loop)
{
    return finish_graph(graph, draw_graph(graph, loop));
}

anyloop_status anyl_graph_init_both_ways(anyl_graph *graph, anyloop_loop *loop)
{
    return finish_graph(graph, draw_graph(graph, loop) && turn_around(graph));
}

void anyl_graph_deinit(anyl_graph *graph)
{
    const anyloop_allocator *allocator = &graph->loop->slab.allocator;
    if (graph->back)
        indices_free(graph, graph->back, graph->back[0]);
    if (graph->scratch)
        indices_free(graph, graph->scratch, (size_t)graph->count * 2);
    if (graph->slots)
        indices_free(graph, graph->slots, graph->slot_count);
    anyl_free(allocator, graph->edges, graph->edge_capacity * sizeof *graph->edges);
    for (uint32_t i = 0; i < graph->count; i++)
        anyl_future_release(graph->nodes[i].future);
    anyl_free(allocator, graph->nodes, graph->capacity * sizeof *graph->nodes);
    anyl_loop_release(graph->loop);
}

/* ---- asking */

size_t anyl_graph_awaiters(anyl_graph *graph, const anyl_graph_node *node, anyloop_task **tasks)
{
    uint32_t mark = (uint32_t)(node - graph->nodes) + 1, left = 0;
    size_t found = 0;
    for (;;) {
        for (uint32_t at = 0; at < node->backs; at++) {
            uint32_t index = graph->back[node->back + at];
            anyl_graph_node *awaiter = &graph->nodes[index];
            if (awaiter->mark == mark)
                continue;
            awaiter->mark = mark;
            if (index < graph->tasks)
                tasks[found++] = awaiter->future;
            else
                graph->scratch[left++] = index;
        }
        if (left == 0)
            return found;
        node = &graph->nodes[graph->scratch[--left]];
    }
}

static uint32_t next_in_ring(const anyl_graph *graph, const anyl_graph_node *node)
{
    uint32_t at = 0;
    while (anyl_graph_awaited(graph, node, at)->ring != node->ring)
        at++;
    return graph->edges[node->first + at];
}

uint32_t anyl_graph_ring(anyl_graph *graph, uint32_t ring)
{
    uint32_t index = graph->nodes[ring - 1].low, count = 0;
    for (; graph->nodes[index].at; index = next_in_ring(graph, &graph->nodes[index]))
        graph->nodes[index].at = 0; /* they were all gone through: now it says who is on the way */
    for (; graph->nodes[index].at == 0; index = next_in_ring(graph, &graph->nodes[index])) {
        graph->nodes[index].at = 1;
        if (index < graph->tasks)
            graph->scratch[count++] = index;
    }
    return count;
}
