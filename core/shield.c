/* shield.c -- shield.
 *
 * An error of the inner future that comes after the outer was cancelled is looked at by nobody: it is reported when the
 * inner is released, as any other, where CPython reports it by a callback of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "shield.h"

struct shield {
    anyloop_future future;
    anyl_watch *watch;
};

static void shield_destroy(anyloop_future *future)
{
    struct shield *shield = (struct shield *)(void *)future;
    if (anyl_watch_outlives(shield->watch))
        return;
    anyl_watch_end(shield->watch);
    anyl_object_free(future->loop, shield, sizeof *shield);
}

static void shield_each(anyloop_future *future, anyl_each_fn tell, void *to)
{
    anyl_watch_each(((struct shield *)(void *)future)->watch, tell, to);
}

static const anyl_future_class shield_class = {.owner = ANYL_FUTURE_OWNER,
                                               .kind = ANYLOOP_KIND_FUTURE,
                                               .settable = true,
                                               .loose = true,
                                               .destroy = shield_destroy,
                                               .each = shield_each,
                                               .words = "a shield"};

static void inner_done(void *owner, anyloop_future *inner)
{
    struct shield *shield = owner;
    anyloop_future *outer = &shield->future;
    if (!anyl_future_done(outer) && inner->state == ANYLOOP_CANCELLED)
        anyl_future_set_cancelled(outer, anyl_value_none());
    else if (!anyl_future_done(outer))
        anyl_future_complete_as(outer, inner);
    anyl_watch_keep_no_more(shield->watch);
}

anyloop_future *anyl_shield(anyloop_loop *loop, anyloop_future *inner)
{
    if (anyl_future_done(inner))
        return inner;
    struct shield *shield = (struct shield *)(void *)anyl_future_new(loop, &shield_class, sizeof *shield);
    if (shield && (shield->watch = anyl_watch_new(loop, 1, inner_done, shield)) == NULL) {
        anyl_object_free(loop, shield, sizeof *shield);
        shield = NULL;
    }
    if (shield == NULL) {
        anyl_future_release(inner);
        return NULL;
    }
    anyl_ensure_future(loop, inner);
    anyl_watch_add(shield->watch, inner);
    anyl_watch_listen(shield->watch, &shield->watch->items[0]);
    shield->watch->left = 1;
    anyl_watch_keep(shield->watch, &shield->future);
    return &shield->future;
}
