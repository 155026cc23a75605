/* context.c -- set, get, and letting go of a chain without recursion.
 *
 * SPDX-License-Identifier: MIT
 */
#include "context.h"

struct anyloop_contextvar {
    atomic_uint refs;
    char name[]; /* for a debugger */
};

struct anyloop_context {
    atomic_uint refs;
    anyloop_contextvar *var;
    anyloop_value value;
    anyloop_context *before;
    anyloop_allocator allocator;
};

anyloop_contextvar *anyl_contextvar_new(const char *name)
{
    size_t size = strlen(name) + 1;
    anyloop_contextvar *var = anyl_alloc(&anyl_alloc_default, sizeof *var + size);
    if (var == NULL)
        return NULL;
    atomic_init(&var->refs, 1);
    memcpy(var->name, name, size);
    return var;
}

void anyl_contextvar_retain(anyloop_contextvar *var)
{
    atomic_fetch_add_explicit(&var->refs, 1, memory_order_relaxed);
}

void anyl_contextvar_release(anyloop_contextvar *var)
{
    if (atomic_fetch_sub_explicit(&var->refs, 1, memory_order_acq_rel) == 1)
        anyl_free(&anyl_alloc_default, var, sizeof *var + strlen(var->name) + 1);
}

void anyl_context_count_up(anyloop_context *context)
{
    atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
}

void anyl_context_count_down(anyloop_context *context)
{
    while (context && atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) == 1) {
        anyloop_context *before = context->before;
        anyl_contextvar_release(context->var);
        anyl_value_release(&context->value);
        anyloop_allocator allocator = context->allocator;
        anyl_free(&allocator, context, sizeof *context);
        context = before;
    }
}

const anyloop_value *anyl_context_get(const anyloop_context *context, const anyloop_contextvar *var)
{
    for (; context; context = context->before)
        if (context->var == var)
            return &context->value;
    return NULL;
}

/* Puts a link before `*chain`. Takes the value, on failure too. */
static anyloop_status push(anyloop_context **chain, const anyloop_allocator *allocator, anyloop_contextvar *var,
                           anyloop_value value)
{
    anyloop_context *link = anyl_alloc(allocator, sizeof *link);
    if (link == NULL) {
        anyl_value_release(&value);
        return ANYLOOP_E_NOMEM;
    }
    atomic_init(&link->refs, 1);
    anyl_contextvar_retain(var);
    link->var = var;
    link->value = value;
    link->allocator = *allocator;
    link->before = *chain;
    *chain = link;
    return ANYLOOP_OK;
}

anyloop_status anyl_context_set(anyloop_context **context, const anyloop_allocator *allocator, anyloop_contextvar *var,
                                anyloop_value value)
{
    anyloop_context *old = *context, *same = old;
    while (same && same->var != var)
        same = same->before;
    anyloop_context *chain = anyl_context_retain(same ? same->before : old);
    anyloop_status status = ANYLOOP_OK;
    for (const anyloop_context *link = old; same && link != same && status == ANYLOOP_OK; link = link->before) {
        anyl_value_retain(&link->value);
        status = push(&chain, allocator, link->var, link->value);
    }
    if (status == ANYLOOP_OK)
        status = push(&chain, allocator, var, value);
    else
        anyl_value_release(&value);
    if (status == ANYLOOP_OK) {
        *context = chain;
        chain = old;
    }
    anyl_context_release(chain);
    return status;
}
