/* guest.c -- for a port whose loops are all guests: somebody else turns them, and none waits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../flag/flag.h"

#include <stdlib.h>

bool anyl_port_can_block(void)
{
    return false;
}

bool anyl_port_turn_at(void *data, uint64_t deadline, void (*call)(void *data))
{
    (void)data, (void)deadline, (void)call;
    return false;
}

uint64_t anyl_port_stretch(void)
{
    return 0;
}

anyloop_status anyl_flag_sleep(uint64_t deadline)
{
    (void)deadline;
    return ANYLOOP_E_WOULD_BLOCK;
}

void anyl_flag_rouse(void)
{
}

/* Who waits here waits for a thread, and there is none. */
bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    (void)condition, (void)mutex, (void)deadline;
    abort();
}
