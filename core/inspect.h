/* inspect.h -- what is stuck: each task, what it awaits, and where in the source.
 *
 * Must not know: how to print.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_INSPECT_H
#define ANYL_INSPECT_H

#include "task.h"

/* One line for each task that is not done; as anyloop_loop_stall_report. */
size_t anyl_inspect_tasks(anyloop_loop *loop, char *buffer, size_t size);
/* The same, line by line to the log. */
void anyl_inspect_log(anyloop_loop *loop);

#endif
