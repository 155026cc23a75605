/* flag.h -- what a port whose loops sleep on a flag has to bring: a sleep.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_FLAG_H
#define ANYL_FLAG_H

#include "../port.h"

/* Until `deadline` of anyl_port_now's clock. UINT64_MAX is never: ANYLOOP_E_DEADLOCK, unless a host may wake the loop. */
anyloop_status anyl_flag_sleep(uint64_t deadline);
/* Ends a sleep during which the thread did something else. */
void anyl_flag_rouse(void);

#endif
