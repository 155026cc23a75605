/* pool.h -- threads that run jobs.
 *
 * Owns:          the queue, the threads, the memory that both use, which outlives whoever goes first: the last handle
 *                or the last thread.
 * Must not know: loops. It may serve many.
 * Threads:       any; all that changes is under the mutex. Its threads are detached: "gone" is the last thing
 *                that a thread says under the mutex, after which it touches nothing of the pool.
 *
 * A submit wakes one idle thread, which is counted as taken from then on; without an idle one it starts a thread;
 * with as many as may be, the job waits for whoever is free first. A thread says that it is free before it sends an
 * outcome home, so that whoever gets that outcome finds room in the queue and an idle thread.
 *
 * The queue is full when as many jobs are queued or run as there may be threads and waiting jobs. A patient submit
 * adds to it all the same: its task sleeps until the job is done, and that is all that "waiting for a place" can be
 * seen to be; the jobs start in the order in which they came, and no other submit is accepted before there is a place
 * again.
 *
 * A forked child has no threads, and a mutex that one of them may have held: there the pool refuses jobs, is shut
 * down at once, and its memory stays.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_POOL_H
#define ANYL_POOL_H

#include "job.h"
#include "promise.h"

/* The options were checked. Any thread. */
anyloop_status anyl_pool_new(const anyloop_allocator *allocator, const anyloop_thread_pool_options *options,
                             anyloop_executor **out);

#endif
