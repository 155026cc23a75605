/* context.h -- chains of variable settings.
 *
 * Owns:          counted links, each a variable, its value and the chain before it.
 * Must not know: tasks and callbacks; they hold one pointer each.
 * Threads:       any: a link never changes, its count is atomic.
 * Why a chain:   a copy is a count, and most programs set a handful of variables; looking one up walks at most to its
 *                setting. A variable is in a chain once: setting it again makes the links before it anew, so that no
 *                program's chain grows beyond its variables. They change places by that, which nobody sees.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_CONTEXT_H
#define ANYL_CONTEXT_H

#include "value.h"

#include <anyloop/context.h>

anyloop_contextvar *anyl_contextvar_new(const char *name);
void anyl_contextvar_retain(anyloop_contextvar *var);
void anyl_contextvar_release(anyloop_contextvar *var);

void anyl_context_count_up(anyloop_context *context);
void anyl_context_count_down(anyloop_context *context);

static inline anyloop_context *anyl_context_retain(anyloop_context *context)
{
    if (context)
        anyl_context_count_up(context);
    return context;
}

static inline void anyl_context_release(anyloop_context *context)
{
    if (context)
        anyl_context_count_down(context);
}

/* NULL: never set. */
const anyloop_value *anyl_context_get(const anyloop_context *context, const anyloop_contextvar *var);
/* Replaces `*context`; takes the value, on failure too. */
anyloop_status anyl_context_set(anyloop_context **context, const anyloop_allocator *allocator, anyloop_contextvar *var,
                                anyloop_value value);

#endif
