/* graph.h -- who waits for whom, at one moment.
 *
 * Owns:          a node for each task that is not done, and for each gather or shield that stands between two; a
 *                reference to each; the rings that they wait in.
 * Must not know: how to tell of it.
 * Threads:       the loop's.
 * Why a picture: nobody pays for edges that nobody looks at, and whoever looks may run users' code meanwhile. Nothing
 *                here recurses: a chain of tasks may be as long as memory goes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_GRAPH_H
#define ANYL_GRAPH_H

#include "task.h"

typedef struct anyl_graph_node {
    anyloop_future *future; /* held */
    uint32_t first, count;  /* in `edges`: what it waits for */
    uint32_t back, backs;   /* in `back`: who waits for it */
    uint32_t ring;          /* 0: none */
    uint32_t mark;          /* of whoever walks; 0 at first */
    uint32_t order, low, at;
    bool open;
} anyl_graph_node;

typedef struct anyl_graph {
    anyloop_loop *loop;
    anyl_graph_node *nodes;
    uint32_t *edges, *back, *slots;
    uint32_t *scratch; /* twice as many as nodes; of whoever walks */
    uint32_t count, tasks; /* of the nodes, the first ones are the tasks, in the order of their making */
    uint32_t rings;
    uint32_t capacity, edge_count, edge_capacity, slot_count;
    uint32_t from; /* while it is made: whose edges are told */
    bool failed;
} anyl_graph;

/* What each waits for, and the rings. ANYLOOP_E_NOMEM. */
anyloop_status anyl_graph_init(anyl_graph *graph, anyloop_loop *loop);
/* The same, and who waits for each. */
anyloop_status anyl_graph_init_both_ways(anyl_graph *graph, anyloop_loop *loop);
void anyl_graph_deinit(anyl_graph *graph);

static inline anyl_graph_node *anyl_graph_awaited(const anyl_graph *graph, const anyl_graph_node *node, uint32_t at)
{
    return &graph->nodes[graph->edges[node->first + at]];
}

/* Both ways: the tasks that wait for `node`, through whatever is between, into `tasks`, which has room for all of the graph's. */
size_t anyl_graph_awaiters(anyl_graph *graph, const anyl_graph_node *node, anyloop_task **tasks);
/* The tasks of one way around in the ring, as indices into the nodes, at the beginning of `scratch`; gives how many. */
uint32_t anyl_graph_ring(anyl_graph *graph, uint32_t ring);

#endif
