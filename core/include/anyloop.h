/* anyloop.h -- asyncio's model as a C library: event loop, tasks, futures, gather, executors.
 *
 * This brings the whole interface; each header also stands alone. Begin with base.h, which has the conventions, and
 * coro.h, in which C programs write coroutines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_H
#define ANYLOOP_H

#include <anyloop/base.h>
#include <anyloop/status.h>
#include <anyloop/value.h>
#include <anyloop/context.h>
#include <anyloop/loop.h>
#include <anyloop/future.h>
#include <anyloop/promise.h>
#include <anyloop/task.h>
#include <anyloop/compose.h>
#include <anyloop/sync.h>
#include <anyloop/executor.h>
#include <anyloop/host.h>
#include <anyloop/inspect.h>
#include <anyloop/version.h>
#include <anyloop/coro.h>

#endif
