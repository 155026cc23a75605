/* executor.h -- executors that need no threads, and what a loop does with executors.
 *
 * Owns:          the inline executor; executors made of somebody else's functions; a loop's default executor.
 * Must not know: how its pool works.
 * Threads:       a loop's things: the loop's. The rest: any.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_EXECUTOR_H
#define ANYL_EXECUTOR_H

#include "job.h"
#include "task.h"

/* NULL: no memory. */
anyloop_executor *anyl_executor_inline_new(void);
/* Takes user_data, on failure too. */
anyloop_status anyl_executor_foreign_new(const anyloop_executor_methods *methods, void *user_data, anyloop_drop_fn drop,
                                         anyloop_executor **out);
anyloop_status anyl_executor_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout);

/* ---- of a loop; `executor` NULL is its default one */

/* Takes `in`, on failure too. */
anyloop_status anyl_executor_run(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                 anyloop_value in, bool patient, anyloop_future **out);
/* What it gave instead of a future, as an error: where there are no threads, with a text that says what to do. */
anyloop_value anyl_executor_refusal(const anyloop_loop *loop, const anyloop_executor *executor, anyloop_status status);
/* Takes `in`, on failure too. NULL: no memory. */
anyl_task *anyl_executor_run_when_free(anyloop_loop *loop, anyloop_executor *executor, anyloop_job_fn function,
                                       anyloop_value in);

anyloop_status anyl_executor_set_default(anyloop_loop *loop, anyloop_executor *executor);
/* NULL: no memory. */
anyl_task *anyl_executor_shutdown_default(anyloop_loop *loop, int64_t timeout);
/* With the loop: the queued jobs of its own pool are cancelled, what runs may take `timeout`. ANYLOOP_E_TIMED_OUT: a
 * job still runs; its outcome will be dropped where it runs. */
anyloop_status anyl_executor_close_default(anyloop_loop *loop, int64_t timeout);

#endif
