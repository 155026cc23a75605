/* sim.h -- the simulated port: one thread, and a clock that moves only when it is told to or when a loop waits.
 *
 * Owns:          the process's simulated time.
 * Must not know: the system.
 * Threads:       there is one.
 * Why:           what a program does there depends on nothing but the program, and tests never sleep; a host without
 *                threads and without a way to block, such as a plain WebAssembly module, needs no more.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_SIM_H
#define ANYL_SIM_H

#include "../port.h"

/* Time that passes although nobody waits for it: a slow callback, a host that comes late. */
void anyl_sim_advance(uint64_t ns);
/* A clock that breaks its word: from now on it shows this time, earlier ones too. */
void anyl_sim_set(uint64_t now);
/* Each wait that has a deadline ends this long before it. 0 at first. */
void anyl_sim_wait_short(uint64_t ns);

#endif
