/* wasm.c -- the port to JavaScript: how a run waits there, and its event loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include "../flag/flag.h"

#include <stdlib.h>

#ifdef __EMSCRIPTEN_PTHREADS__
#error "anyloop: this port has no threads: build without -pthread; jobs run in workers, see anyloop_worker_pool_new"
#endif

/* ---- waiting */

bool anyl_port_can_block(void)
{
    return anyl_host_blocking() != 0;
}

/* Until news, or the time has passed, or for no reason. */
anyloop_status anyl_flag_sleep(uint64_t deadline)
{
    uint64_t now = anyl_port_now();
    uint64_t left = deadline == UINT64_MAX ? UINT64_MAX : deadline > now ? deadline - now : 0;
    uint32_t blocking = anyl_host_blocking();
    if (blocking == ANYL_HOST_WAITS)
        return anyl_host_wait(anyl_host_ms(left)) ? ANYLOOP_OK : ANYLOOP_E_DEADLOCK;
    if (blocking == ANYL_HOST_SUSPENDS)
        anyl_host_suspend(anyl_host_ms(left));
    else
        return ANYLOOP_E_WOULD_BLOCK;
    return ANYLOOP_OK;
}

void anyl_flag_rouse(void)
{
    anyl_host_rouse();
}

uint64_t anyl_port_stretch(void)
{
    return anyl_host_blocking() == ANYL_HOST_SUSPENDS ? ANYL_PORT_STRETCH : 0;
}

/* There is no thread that could signal: what is waited for can only come from the host. */
bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    (void)condition, (void)mutex;
    if (anyl_flag_sleep(deadline) != ANYLOOP_OK)
        abort();
    return anyl_port_now() < deadline;
}

/* ---- the host's event loop */

bool anyl_port_turn_at(void *data, uint64_t deadline, void (*call)(void *data))
{
    anyl_host_turn_at(data, anyl_host_ms(deadline), call);
    return true;
}

ANYL_EXPORT(anyl_wasm_turn) void anyl_wasm_turn(void (*call)(void *data), void *data)
{
    call(data);
}
