/* clock.c -- the time and the log of JavaScript.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

uint64_t anyl_port_now(void)
{
    return 1 + (uint64_t)(anyl_host_now() * ANYL_HOST_NS_PER_MS);
}

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data;
    anyl_host_log(level, text, (uint32_t)size);
}
