/* inspect.h -- what a loop's tasks are at, as data and in words; steps that take long; figures.
 *
 * Must not know: how to print.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_INSPECT_H
#define ANYL_INSPECT_H

#include "graph.h"
#include "text.h"

/* One line for each task that is not done, then the rings; as anyloop_loop_stall_report. */
size_t anyl_inspect_tasks(anyloop_loop *loop, char *buffer, size_t size);
/* The same, line by line to the log. */
void anyl_inspect_log(anyloop_loop *loop);

/* As anyloop_loop_visit_tasks. */
anyloop_status anyl_inspect_visit(anyloop_loop *loop, anyloop_visit_fn visitor, void *user_data);
/* As anyloop_task_get_stack. */
size_t anyl_inspect_stack(const anyl_task *task, anyloop_task_frame *frames, size_t capacity);
/* As anyloop_loop_format_tree. */
anyloop_status anyl_inspect_tree(anyloop_loop *loop, anyloop_write_fn write, void *user_data);

/* As anyloop_loop_set_slow_callback_handler. */
void anyl_inspect_slow(anyloop_loop *loop, int64_t duration, anyloop_slow_callback_fn handler, void *user_data,
                       anyloop_drop_fn drop);

/* The counters but the first two fields. */
void anyl_inspect_figures(const anyloop_loop *loop, anyloop_loop_figures *figures);

/* ---- words */

/* What a task is, waits for, and where. */
void anyl_inspect_add_task(anyl_text *text, const anyl_task *task);
/* Who waits for whom in the ring of that number. */
void anyl_inspect_add_ring(anyl_text *text, anyl_graph *graph, uint32_t ring);
/* "a gather", for a future that somebody waits for. */
const char *anyl_inspect_kind(const anyloop_future *future);
void anyl_inspect_add_time(anyl_text *text, uint64_t time);

#endif
