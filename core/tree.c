/* tree.c -- tasks as a tree: below each those that it waits for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "inspect.h"

#define TREE_DEPTH 32u /* deeper down, a task begins a tree of its own */
#define TREE_LINE 1024u

enum { TREE_UNTOLD = 0, TREE_PUT_OFF = 1, TREE_TOLD = 2 }; /* a node's mark */

/* What is being told. */
struct tree {
    anyl_graph *graph;
    anyloop_write_fn write;
    void *user_data;
    struct {
        anyl_graph_node *node;
        uint32_t at; /* of what it waits for, the next one */
    } path[TREE_DEPTH];
    uint32_t depth;
    uint32_t put_off; /* how many, at the beginning of the graph's scratch */
};

static void write_line(struct tree *tree, anyl_text *text)
{
    anyl_text_add(text, "\n");
    size_t size = text->needed < text->room ? text->needed : text->room - 1;
    text->buffer[size - 1] = '\n'; /* also of one that was too long */
    tree->write(tree->user_data, text->buffer, size);
}

static void add_branch(anyl_text *text, const struct tree *tree)
{
    for (uint32_t level = 0; level < tree->depth; level++) {
        bool more = tree->path[level].at < tree->path[level].node->count, last = level + 1 == tree->depth;
        anyl_text_add(text, last ? (more ? "├─ " : "└─ ") : more ? "│  " : "   ");
    }
}

static void add_title(anyl_text *text, const anyl_graph_node *node)
{
    char name[ANYL_TASK_NAME_ROOM];
    anyl_text_add(text, anyl_is_task(node->future) ? "task " : anyl_inspect_kind(node->future));
    if (anyl_is_task(node->future))
        anyl_text_add(text, anyl_task_name_in(anyl_task_of(node->future), name));
}

/* A line for `node`, below the end of the path. True: what it waits for comes next. */
static bool tell_node(struct tree *tree, anyl_graph_node *node)
{
    char line[TREE_LINE];
    anyl_text text = anyl_text_in(line, sizeof line);
    const anyl_graph_node *parent = tree->depth ? tree->path[tree->depth - 1].node : NULL;
    bool again = node->mark != TREE_UNTOLD && parent, deep = !again && tree->depth == TREE_DEPTH && node->count;
    add_branch(&text, tree);
    if (!again && !deep && anyl_is_task(node->future) && !anyl_future_done(node->future))
        anyl_inspect_add_task(&text, anyl_task_of(node->future));
    else
        add_title(&text, node);
    if (again)
        anyl_text_add(&text, node->ring && node->ring == parent->ring ? ": a ring"
                             : node->mark == TREE_TOLD               ? ", see above"
                                                                      : ", see below");
    if (deep) {
        anyl_text_add(&text, ", see below");
        tree->graph->scratch[tree->put_off++] = (uint32_t)(node - tree->graph->nodes);
    }
    if (!again)
        node->mark = deep ? TREE_PUT_OFF : TREE_TOLD;
    write_line(tree, &text);
    return !again && !deep;
}

static void tell_from(struct tree *tree, anyl_graph_node *node)
{
    tree->depth = 0;
    for (;;) {
        if (tell_node(tree, node) && node->count) {
            tree->path[tree->depth].node = node;
            tree->path[tree->depth++].at = 0;
        }
        while (tree->depth && tree->path[tree->depth - 1].at == tree->path[tree->depth - 1].node->count)
            tree->depth--;
        if (tree->depth == 0)
            return;
        node = anyl_graph_awaited(tree->graph, tree->path[tree->depth - 1].node, tree->path[tree->depth - 1].at++);
    }
}

/* A task that nobody told of, and what was put off in its tree. */
static void tell_root(struct tree *tree, anyl_graph_node *node)
{
    tell_from(tree, node);
    while (tree->put_off)
        tell_from(tree, &tree->graph->nodes[tree->graph->scratch[--tree->put_off]]);
}

anyloop_status anyl_inspect_tree(anyloop_loop *loop, anyloop_write_fn write, void *user_data)
{
    anyl_graph graph;
    anyloop_status status = anyl_graph_init_both_ways(&graph, loop);
    if (status != ANYLOOP_OK)
        return status;
    struct tree tree = {.graph = &graph, .write = write, .user_data = user_data};
    for (uint32_t i = 0; i < graph.tasks; i++)
        if (graph.nodes[i].backs == 0)
            tell_root(&tree, &graph.nodes[i]);
    for (uint32_t i = 0; i < graph.tasks; i++)
        if (graph.nodes[i].mark == TREE_UNTOLD) /* in a ring that nobody else waits for */
            tell_root(&tree, &graph.nodes[i]);
    for (uint32_t ring = 1; ring <= graph.rings; ring++) {
        char line[TREE_LINE];
        anyl_text text = anyl_text_in(line, sizeof line);
        anyl_inspect_add_ring(&text, &graph, ring);
        write_line(&tree, &text);
    }
    anyl_graph_deinit(&graph);
    return ANYLOOP_OK;
}
