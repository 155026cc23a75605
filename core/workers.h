/* workers.h -- workers that run jobs: copies of this program with memories of their own.
 *
 * Owns:          the queue, and what was sent to whom.
 * Must not know: what a worker is: Web Workers and worker_threads today.
 * Threads:       the one that started it; a port with workers has no other.
 *
 * A job travels as the name that the table of anyloop_worker_main gives its function, and its input as bytes; what came
 * of it comes back as bytes. Workers are started as jobs need them, and each serves one job at a time.
 *
 * Ahead. A worker that waits for its next job wastes a message's way there and back, which for short jobs is all of the
 * time. So jobs that are known to be short are sent before the ones in front of them are over, as many as fit into
 * WORKERS_AHEAD by what their functions took before; where the port can recall them. A job that is not known to be
 * short is sent to an idle worker alone, and nothing is sent behind it.
 *
 * Exactly once. A worker answers each job before it begins the next, so the oldest one that is not answered is the only
 * one that can have begun. Cancelling a job that was sent: all behind the oldest are recalled, and back in the queue;
 * if the job is the oldest, its worker is ended, for nothing else can stop it, and another is started when needed. A
 * worker that dies costs the oldest job, which fails, and no other.
 *
 * A worker that dies before it serves could not be started, and one more would not be either: what waits fails with the
 * reason, unless other workers serve.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WORKERS_H
#define ANYL_WORKERS_H

#include "job.h"

/* The options were checked. E_NOT_SUPPORTED: the port has no workers. */
anyloop_status anyl_workers_new(const anyloop_allocator *allocator, const anyloop_worker_pool_options *options,
                                anyloop_executor **out);
/* The jobs of this program. True: this copy is a worker, and serves them. */
bool anyl_workers_serve(const anyloop_job_type *jobs);

#endif
