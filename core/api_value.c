/* api_value.c -- statuses, values, contexts, versions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "context.h"
#include "status.h"

#include <anyloop/host.h>
#include <anyloop/version.h>

/* On every target, so that a binding's layout is good everywhere. */
_Static_assert(sizeof(anyloop_value) == 32 && _Alignof(anyloop_value) == 8, "a value is 32 bytes");
_Static_assert(sizeof(anyloop_turn_event) == 32, "an event of a turn is 32 bytes");

static const anyloop_allocator *allocator_of(const anyloop_loop *loop)
{
    return loop ? &loop->slab.allocator : &anyl_alloc_default;
}

/* ---- status.h, version.h */

const char *anyloop_status_name(anyloop_status status)
{
    return anyl_status_name(status);
}

const char *anyloop_status_text(anyloop_status status)
{
    return anyl_status_text(status);
}

uint32_t anyloop_version(void)
{
    return ANYLOOP_VERSION;
}

anyloop_status anyloop_abi_check(uint32_t header_version)
{
    uint32_t minor = ANYLOOP_VERSION >> 8; /* before 1.0 a minor version may change anything */
    return header_version >> 8 == minor ? ANYLOOP_OK : ANYLOOP_E_VERSION;
}

uint64_t anyloop_runtime_id(void)
{
    return anyl_runtime_id();
}

/* ---- value.h */

void anyloop_value_retain(const anyloop_value *value)
{
    if (value)
        anyl_value_retain(value);
}

void anyloop_value_release(anyloop_value *value)
{
    if (value)
        anyl_value_release(value);
}

static anyloop_status copy(anyloop_loop *loop, uint32_t kind, const void *data, size_t size, anyloop_value *out)
{
    if (out == NULL || (data == NULL && size))
        return ANYLOOP_E_INVALID;
    return anyl_value_copy(allocator_of(loop), kind, data, size, out);
}

anyloop_status anyloop_value_text(anyloop_loop *loop, const char *text, size_t size, anyloop_value *out)
{
    return copy(loop, ANYLOOP_TEXT, text, size, out);
}

anyloop_status anyloop_value_bytes(anyloop_loop *loop, const void *data, size_t size, anyloop_value *out)
{
    return copy(loop, ANYLOOP_BYTES, data, size, out);
}

anyloop_status anyloop_value_list(anyloop_loop *loop, const anyloop_value *items, size_t count, anyloop_value *out)
{
    anyloop_value list = {.kind = ANYLOOP_LIST};
    anyloop_status status = ANYLOOP_OK;
    if (items == NULL && count)
        return ANYLOOP_E_INVALID;
    if (out == NULL)
        status = ANYLOOP_E_INVALID;
    else if (count)
        status = anyl_value_list(allocator_of(loop), count, &list);
    for (size_t i = 0; i < count; i++) {
        anyloop_value item = items[i];
        if (status == ANYLOOP_OK)
            anyl_value_list_push(&list, &item);
        else
            anyl_value_release(&item);
    }
    if (status == ANYLOOP_OK)
        *out = list;
    return status;
}

anyloop_status anyloop_value_foreign(anyloop_loop *loop, void *pointer, anyloop_drop_fn drop, anyloop_value *out)
{
    anyloop_status status =
        out ? anyl_value_foreign(allocator_of(loop), pointer, drop, out) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK && drop)
        drop(pointer);
    return status;
}

anyloop_status anyloop_value_future(anyloop_future *future, anyloop_value *out)
{
    if (future == NULL || out == NULL)
        return ANYLOOP_E_INVALID;
    if (future->loop && !anyl_api_here(future->loop))
        return anyl_api_elsewhere(future->loop);
    *out = anyl_future_value(future);
    return ANYLOOP_OK;
}

anyloop_status anyloop_value_error(anyloop_loop *loop, anyloop_status code, const char *text, size_t size,
                                   anyloop_value *out)
{
    if (code >= 0 || out == NULL)
        return ANYLOOP_E_INVALID;
    *out = anyl_error_text(allocator_of(loop), code, text, size);
    return ANYLOOP_OK;
}

static bool all_errors(const anyloop_value *list)
{
    const anyloop_value *items = (const anyloop_value *)(uintptr_t)list->bits;
    if (list->kind != ANYLOOP_LIST)
        return false;
    for (uint64_t i = 0; i < list->size; i++)
        if (items[i].kind != ANYLOOP_ERROR)
            return false;
    return true;
}

anyloop_status anyloop_value_error_with(anyloop_loop *loop, const anyloop_error_options *options, anyloop_value *out)
{
    if (options == NULL || options->struct_size != sizeof *options)
        return ANYLOOP_E_INVALID;
    anyloop_status status = ANYLOOP_E_INVALID;
    bool cause = options->cause == NULL || options->cause->kind == ANYLOOP_ERROR;
    bool children = options->children == NULL || all_errors(options->children);
    if (options->foreign && anyl_value_local(options->foreign))
        status = ANYLOOP_E_TYPE;
    else if (out && options->code < 0 && options->reserved == 0 && cause && children)
        status = anyl_error_with(allocator_of(loop), options, out);
    if (status != ANYLOOP_OK) {
        anyl_api_release_value(options->foreign);
        anyl_api_release_value(options->cause);
        anyl_api_release_value(options->children);
    }
    return status;
}

anyloop_status anyloop_error_code(const anyloop_value *error)
{
    return error ? anyl_error_code(error) : ANYLOOP_OK;
}

const char *anyloop_error_text(const anyloop_value *error, size_t *size)
{
    static const anyloop_value none;
    return anyl_error_get_text(error ? error : &none, size);
}

int32_t anyloop_error_os_code(const anyloop_value *error)
{
    return error ? anyl_error_os_code(error) : 0;
}

const anyloop_value *anyloop_error_foreign(const anyloop_value *error)
{
    return error ? anyl_error_foreign(error) : NULL;
}

const anyloop_value *anyloop_error_cause(const anyloop_value *error)
{
    return error ? anyl_error_cause(error) : NULL;
}

const anyloop_value *anyloop_error_children(const anyloop_value *error)
{
    return error ? anyl_error_children(error) : NULL;
}

/* ---- context.h */

anyloop_status anyloop_contextvar_new(const char *name, anyloop_contextvar **out)
{
    if (name == NULL || out == NULL)
        return ANYLOOP_E_INVALID;
    anyloop_contextvar *var = anyl_contextvar_new(name);
    if (var == NULL)
        return ANYLOOP_E_NOMEM;
    *out = var;
    return ANYLOOP_OK;
}

anyloop_contextvar *anyloop_contextvar_retain(anyloop_contextvar *var)
{
    if (var)
        anyl_contextvar_retain(var);
    return var;
}

void anyloop_contextvar_release(anyloop_contextvar *var)
{
    if (var)
        anyl_contextvar_release(var);
}

anyloop_status anyloop_contextvar_get(anyloop_loop *loop, anyloop_contextvar *var, anyloop_value *out)
{
    anyloop_status status = anyl_api_check(loop);
    return status == ANYLOOP_OK ? anyloop_context_get(anyl_loop_context(loop), var, out) : status;
}

anyloop_status anyloop_contextvar_set(anyloop_loop *loop, anyloop_contextvar *var, const anyloop_value *value)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK && (var == NULL || value == NULL))
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK && anyl_value_local(value))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK)
        return anyl_context_set(loop->current_context, &loop->slab.allocator, var, *value);
    anyl_api_release_value(value);
    return status;
}

anyloop_status anyloop_context_copy(anyloop_loop *loop, anyloop_context **out)
{
    anyloop_status status = out ? anyl_api_check(loop) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        *out = anyl_context_retain(anyl_loop_context(loop));
    return status;
}

anyloop_status anyloop_context_get(anyloop_context *context, anyloop_contextvar *var, anyloop_value *out)
{
    if (var == NULL || out == NULL)
        return ANYLOOP_E_INVALID;
    const anyloop_value *value = anyl_context_get(context, var);
    if (value == NULL)
        return ANYLOOP_E_NOT_FOUND;
    anyl_value_retain(value);
    *out = *value;
    return ANYLOOP_OK;
}

anyloop_context *anyloop_context_retain(anyloop_context *context)
{
    return anyl_context_retain(context);
}

void anyloop_context_release(anyloop_context *context)
{
    anyl_context_release(context);
}
