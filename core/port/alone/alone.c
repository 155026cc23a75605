/* alone.c -- for ports whose thread is the program's own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../port.h"

bool anyl_port_can_block(void)
{
    return true;
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
