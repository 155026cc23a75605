/* group.h -- tasks that end together: CPython's TaskGroup.
 *
 * Owns:          the list of its tasks, their errors, and which task it is in.
 * Must not know: what the body is.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_GROUP_H
#define ANYL_GROUP_H

#include "task.h"

#include <anyloop/compose.h>

anyloop_group *anyl_group_new(anyloop_loop *loop);
void anyl_group_release(anyloop_group *group);
anyloop_loop *anyl_group_loop(const anyloop_group *group);
/* Takes the body, on failure too. NULL: no memory. */
anyl_task *anyl_group_run(anyloop_group *group, anyloop_future *body);
/* Will the group take another task? ANYLOOP_OK or ANYLOOP_E_STATE. */
anyloop_status anyl_group_check(const anyloop_group *group);
/* Makes the coroutine, which is to be started next, one of the group's. ANYLOOP_E_NOMEM. */
anyloop_status anyl_group_adopt(anyloop_group *group, anyl_task *coroutine);

#endif
