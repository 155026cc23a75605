/* sim.c -- a clock that nothing but the program moves.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sim.h"

#include "../flag/flag.h"

/* ---- clock */

static uint64_t sim_now = 1, sim_short;

uint64_t anyl_port_now(void)
{
    return sim_now;
}

void anyl_sim_advance(uint64_t ns)
{
    sim_now = ns < UINT64_MAX - 1 - sim_now ? sim_now + ns : UINT64_MAX - 1;
}

void anyl_sim_set(uint64_t now)
{
    sim_now = now ? now : 1;
}

void anyl_sim_wait_short(uint64_t ns)
{
    sim_short = ns;
}

static void sim_jump(uint64_t deadline)
{
    if (deadline > sim_now)
        sim_now = deadline;
}

/* ---- sleeping */

/* Short waits go on, so that a loop which asks again gets there. */
anyloop_status anyl_flag_sleep(uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return ANYLOOP_E_DEADLOCK;
    sim_jump(sim_now + sim_short < deadline ? deadline - sim_short : deadline);
    return ANYLOOP_OK;
}

void anyl_flag_rouse(void)
{
}

bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        anyl_port_condition_wait(condition, mutex);
    sim_jump(deadline);
    return false;
}
