/* list.h -- an intrusive doubly linked list.
 *
 * Owns:          nothing; a link lives in its object. No allocation, O(1) everywhere.
 * Must not know: who is in it.
 * Why doubly:    waiters, tasks and jobs leave from the middle.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_LIST_H
#define ANYL_LIST_H

#include <stdbool.h>

typedef struct anyl_list {
    struct anyl_list *prev, *next; /* of a head: last and first; of a link that is in no list: itself */
} anyl_list;

static inline void anyl_list_init(anyl_list *list)
{
    list->prev = list->next = list;
}

static inline bool anyl_list_empty(const anyl_list *list)
{
    return list->next == list;
}

static inline void anyl_list_append(anyl_list *list, anyl_list *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* For a link that is in a list, and is not looked at again. */
static inline void anyl_list_unlink(anyl_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* Taking out a link that is in no list does nothing. */
static inline void anyl_list_remove(anyl_list *link)
{
    anyl_list_unlink(link);
    anyl_list_init(link);
}

#endif
