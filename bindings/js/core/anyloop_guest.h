/* anyloop_guest.h -- C of your own beside the core, for the JavaScript package: `anyloop-cc mine.c -o mine.wasm`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_GUEST_H
#define ANYLOOP_GUEST_H

#include <anyloop.h>

/* Before a function that JavaScript may call by its name. `native(name)` calls one of this shape, whose `in` is borrowed
 * until it returns; what it gives is awaited:
 *
 *     ANYLOOP_EXPORT(squeeze) anyloop_future *squeeze(anyloop_loop *loop, const anyloop_value *in);
 */
#define ANYLOOP_EXPORT(name) __attribute__((export_name(#name)))

/* The table of jobs that `nativeJob(name)`, and `anyloop_run_in_executor` with a NULL executor, run in workers:
 *
 *     ANYLOOP_JOBS = {{"squeeze", squeeze_job}, {NULL, NULL}};
 */
#define ANYLOOP_JOBS const anyloop_job_type anyloop_guest_jobs[]

extern ANYLOOP_JOBS;

#endif
