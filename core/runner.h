/* runner.h -- a program's life: asyncio.run and what it does at the end.
 *
 * Threads: the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_RUNNER_H
#define ANYL_RUNNER_H

#include "loop.h"

/* As the functions of loop.h; the future was checked. */
anyloop_status anyl_runner_run(anyloop_loop *loop, anyloop_future *future, anyloop_value *out);
anyloop_status anyl_runner_close(anyloop_loop *loop);
anyloop_status anyl_runner_shutdown(anyloop_loop *loop, int64_t timeout);

#endif
