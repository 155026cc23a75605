/* semaphore.c -- semaphores.
 *
 * A unit that is given to somebody who waits is taken off the value at once, so that nobody else takes it before that
 * task runs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "semaphore.h"

#include "waiters.h"

struct anyloop_semaphore {
    anyloop_loop *loop;
    uint32_t refs; /* the handle, and operations */
    uint64_t value, bound; /* the value may pass the bound: units that were given to somebody cancelled come back */
    anyl_list waiters;
};

anyloop_semaphore *anyl_semaphore_new(anyloop_loop *loop, uint32_t value, bool bounded)
{
    anyloop_semaphore *semaphore = anyl_object_alloc(loop, sizeof *semaphore);
    if (semaphore == NULL)
        return NULL;
    *semaphore = (anyloop_semaphore){.loop = loop, .refs = 1, .value = value, .bound = bounded ? value : UINT64_MAX};
    anyl_list_init(&semaphore->waiters);
    return semaphore;
}

void anyl_semaphore_release(anyloop_semaphore *semaphore)
{
    if (--semaphore->refs == 0)
        anyl_object_free(semaphore->loop, semaphore, sizeof *semaphore);
}

anyloop_loop *anyl_semaphore_loop(const anyloop_semaphore *semaphore)
{
    return semaphore->loop;
}

bool anyl_semaphore_locked(const anyloop_semaphore *semaphore)
{
    return semaphore->value == 0 || anyl_waiters_any(&semaphore->waiters);
}

/* Give one unit to the first who waits. False: nobody does. */
static bool semaphore_hand_on(anyloop_semaphore *semaphore, anyloop_status *status)
{
    for (anyl_list *link = semaphore->waiters.next; link != &semaphore->waiters; link = link->next) {
        anyl_waiter *waiter = anyl_waiters_of(link);
        if (anyl_future_done(&waiter->future))
            continue;
        semaphore->value--;
        *status = anyl_waiter_release(waiter);
        return true;
    }
    return false;
}

anyloop_status anyl_semaphore_post(anyloop_semaphore *semaphore)
{
    anyloop_status status = ANYLOOP_OK;
    if (semaphore->value >= semaphore->bound)
        return ANYLOOP_E_STATE;
    semaphore->value++;
    semaphore_hand_on(semaphore, &status);
    return status;
}

struct semaphore_frame {
    anyloop_semaphore *semaphore;
    anyl_waiter waiter;
};

static int32_t semaphore_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct semaphore_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_semaphore *semaphore = my->semaphore;
    anyloop_status status;
    if (event == ANYLOOP_EVENT_START) {
        if (anyl_semaphore_locked(semaphore))
            return anyl_waiters_await(&semaphore->waiters, &my->waiter, task);
        semaphore->value--;
        return anyl_return_true(task);
    }
    anyl_list_remove(&my->waiter.link);
    if (event == ANYLOOP_EVENT_CANCELLED && my->waiter.future.state == ANYLOOP_RESULT)
        semaphore->value++; /* the unit that it was given */
    while (semaphore->value > 0 && semaphore_hand_on(semaphore, &status))
        ;
    return event == ANYLOOP_EVENT_CANCELLED ? anyl_task_reraise(task) : anyl_return_true(task);
}

static void semaphore_drop(void *frame)
{
    struct semaphore_frame *my = frame;
    anyl_waiter_end(&my->waiter);
    anyl_semaphore_release(my->semaphore);
}

static const anyl_operation semaphore_operation = {"semaphore.acquire", semaphore_step, semaphore_drop,
                                                   sizeof(struct semaphore_frame)};

anyl_task *anyl_semaphore_acquire(anyloop_semaphore *semaphore)
{
    anyl_task *operation = anyl_operation_new(semaphore->loop, &semaphore_operation);
    if (operation == NULL)
        return NULL;
    semaphore->refs++;
    ((struct semaphore_frame *)anyl_task_frame(operation))->semaphore = semaphore;
    return operation;
}
