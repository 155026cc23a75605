/* workers.c -- for ports without workers: nobody calls what is below the first function.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../port.h"

uint32_t anyl_port_workers(void)
{
    return 0;
}

void anyl_port_worker_start(anyl_worker *worker, const char *name)
{
    (void)worker, (void)name;
}

void anyl_port_worker_send(anyl_worker *worker, uint32_t ticket, const char *job, const void *head, size_t head_size,
                           const void *body, size_t body_size)
{
    (void)worker, (void)ticket, (void)job, (void)head, (void)head_size, (void)body, (void)body_size;
}

bool anyl_port_worker_ahead(const anyl_worker *worker)
{
    (void)worker;
    return false;
}

void anyl_port_worker_recall(anyl_worker *worker)
{
    (void)worker;
}

void anyl_port_worker_end(anyl_worker *worker)
{
    (void)worker;
}

void anyl_port_worker_busy(anyl_worker *worker, bool busy)
{
    (void)worker, (void)busy;
}

anyloop_status anyl_port_workers_wait(uint64_t deadline)
{
    (void)deadline;
    return ANYLOOP_E_NOT_SUPPORTED;
}

bool anyl_port_serve(int32_t (*find)(const char *name, size_t size),
                     void (*run)(int32_t job, const void *head, size_t head_size, anyloop_value body))
{
    (void)find, (void)run;
    return false;
}

void anyl_port_reply(anyl_news news, const void *head, size_t head_size, const void *body, size_t body_size)
{
    (void)news, (void)head, (void)head_size, (void)body, (void)body_size;
}
