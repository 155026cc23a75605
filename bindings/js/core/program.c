/* program.c -- what the module of a program has, and the package's own has not: jobs in C.
 *
 * SPDX-License-Identifier: MIT
 */
#include "anyloop_guest.h"

#include <string.h>

#define EXPORT(name) ANYLOOP_EXPORT(name)

/* A program without jobs need not say so: then there is nothing at this address. (As a weak definition an empty table
 * would be a constant, which compilers put in place of the program's own.) */
extern __attribute__((weak)) ANYLOOP_JOBS;

static const anyloop_job_type *jobs(void)
{
    static const anyloop_job_type none[] = {{NULL, NULL}};
    return anyloop_guest_jobs ? anyloop_guest_jobs : none;
}

/* The first call. In a worker it serves from now on. */
EXPORT(guest_begin) int32_t guest_begin(void)
{
    int32_t argc = 0;
    return anyloop_worker_main(&argc, NULL, jobs());
}

EXPORT(guest_run_job)
anyloop_future *guest_run_job(anyloop_loop *loop, const char *name, const anyloop_value *in)
{
    const anyloop_job_type *type = jobs();
    while (type->name && strcmp(type->name, name) != 0)
        type++;
    if (type->name)
        return anyloop_run_in_executor(loop, NULL, type->function, in);
    anyloop_value given = *in;
    anyloop_value_release(&given);
    return anyloop_failed(ANYLOOP_E_NOT_FOUND);
}
