/* wire.c -- packing and unpacking.
 *
 * SPDX-License-Identifier: MIT
 */
#include "wire.h"

enum { HAS_CAUSE = 1, HAS_CHILDREN = 2 };

static size_t padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static bool has_bytes(uint32_t kind)
{
    return kind == ANYLOOP_TEXT || kind == ANYLOOP_BYTES;
}

static const anyloop_value *items_of(const anyloop_value *list)
{
    return (const anyloop_value *)(uintptr_t)list->bits;
}

/* ---- packing */

/* Where bytes go; NULL: they are only counted. */
struct packer {
    unsigned char *to;
    size_t size;
    anyloop_status status; /* the first that went wrong */
};

static bool pack_failed(struct packer *packer, anyloop_status status)
{
    packer->status = status;
    return false;
}

/* What is shared in memory is not in the form: a small value may be too much. */
static bool pack_bytes(struct packer *packer, const void *bytes, uint64_t size)
{
    if (size > ANYL_WIRE_MOST - packer->size)
        return pack_failed(packer, ANYLOOP_E_NOMEM);
    if (packer->to && size)
        memcpy(packer->to + packer->size, bytes, (size_t)size);
    if (packer->to)
        memset(packer->to + packer->size + size, 0, padded((size_t)size) - (size_t)size);
    packer->size += padded((size_t)size);
    return true;
}

static bool pack_record(struct packer *packer, uint32_t kind, uint32_t flags, uint64_t n)
{
    const anyl_wire_record record = {kind, flags, n};
    return pack_bytes(packer, &record, sizeof record);
}

static bool pack(struct packer *packer, const anyloop_value *value, uint32_t depth);

static bool pack_error(struct packer *packer, const anyloop_value *error, uint32_t depth)
{
    const anyloop_value *cause = anyl_error_cause(error), *children = anyl_error_children(error);
    const anyl_wire_error more = {anyl_error_os_code(error),
                                  (cause ? HAS_CAUSE : 0u) | (children ? HAS_CHILDREN : 0u)};
    size_t size;
    const char *text = anyl_error_get_text(error, &size);
    return pack_record(packer, ANYLOOP_ERROR, error->flags, size) && pack_bytes(packer, &more, sizeof more) &&
           pack_bytes(packer, text, size) && (!cause || pack(packer, cause, depth + 1)) &&
           (!children || pack(packer, children, depth + 1));
}

static bool pack(struct packer *packer, const anyloop_value *value, uint32_t depth)
{
    if (depth == ANYL_WIRE_DEPTH || value->kind == ANYLOOP_FUTURE || value->kind == ANYLOOP_FOREIGN)
        return pack_failed(packer, ANYLOOP_E_TYPE);
    if (value->kind == ANYLOOP_ERROR)
        return pack_error(packer, value, depth);
    bool counted = has_bytes(value->kind) || value->kind == ANYLOOP_LIST;
    if (!pack_record(packer, value->kind, 0, counted ? value->size : value->bits))
        return false;
    if (has_bytes(value->kind))
        return pack_bytes(packer, (const void *)(uintptr_t)value->bits, value->size);
    for (uint64_t i = 0; value->kind == ANYLOOP_LIST && i < value->size; i++)
        if (!pack(packer, &items_of(value)[i], depth + 1))
            return false;
    return true;
}

anyloop_status anyl_wire_travels(const anyloop_value *value)
{
    struct packer packer = {0};
    if (!has_bytes(value->kind))
        pack(&packer, value, 0);
    return packer.status;
}

anyloop_status anyl_wire_pack(const anyloop_allocator *allocator, const anyloop_value *value, anyl_wire *out)
{
    *out = (anyl_wire){.record = {value->kind, 0, value->bits}};
    out->head = &out->record;
    out->head_size = sizeof out->record;
    if (has_bytes(value->kind)) {
        out->record.n = value->size;
        out->body = (const void *)(uintptr_t)value->bits;
        out->body_size = (size_t)value->size;
        return ANYLOOP_OK;
    }
    if (value->kind < ANYLOOP_TEXT)
        return ANYLOOP_OK;
    if (value->kind == ANYLOOP_ERROR && value->bits == 0) { /* a code alone: that there is no memory, for instance */
        out->record = (anyl_wire_record){ANYLOOP_ERROR, value->flags, 0};
        out->head_size += sizeof out->bare;
        return ANYLOOP_OK;
    }
    struct packer packer = {0};
    if (!pack(&packer, value, 0))
        return packer.status;
    packer.to = anyl_alloc(allocator, packer.size);
    if (packer.to == NULL)
        return ANYLOOP_E_NOMEM;
    out->head = packer.to;
    out->head_size = packer.size;
    packer.size = 0;
    pack(&packer, value, 0);
    return ANYLOOP_OK;
}

void anyl_wire_free(const anyloop_allocator *allocator, anyl_wire *wire)
{
    if (wire->head != &wire->record)
        anyl_free(allocator, (void *)(uintptr_t)wire->head, wire->head_size);
}

/* ---- unpacking */

struct unpacker {
    const anyloop_allocator *allocator;
    const unsigned char *from;
    size_t left;
    anyloop_status status; /* the first that went wrong */
};

static bool unpack_failed(struct unpacker *unpacker, anyloop_status status)
{
    unpacker->status = status;
    return false;
}

/* NULL: it ends before. */
static const void *unpack_bytes(struct unpacker *unpacker, uint64_t size)
{
    const void *bytes = unpacker->from;
    if (size > unpacker->left || padded((size_t)size) > unpacker->left) {
        unpack_failed(unpacker, ANYLOOP_E_INVALID);
        return NULL;
    }
    unpacker->from += padded((size_t)size);
    unpacker->left -= padded((size_t)size);
    return bytes;
}

static bool unpack(struct unpacker *unpacker, anyloop_value *out, uint32_t depth);

static bool unpack_list(struct unpacker *unpacker, uint64_t n, anyloop_value *out, uint32_t depth)
{
    if (n > unpacker->left / sizeof(anyl_wire_record))
        return unpack_failed(unpacker, ANYLOOP_E_INVALID);
    anyloop_status status = anyl_value_list(unpacker->allocator, (size_t)n, out);
    if (status != ANYLOOP_OK)
        return unpack_failed(unpacker, status);
    for (anyloop_value item; n; n--) {
        if (!unpack(unpacker, &item, depth + 1)) {
            anyl_value_release(out);
            return false;
        }
        anyl_value_list_push(out, &item);
    }
    return true;
}

static bool unpack_error(struct unpacker *unpacker, const anyl_wire_record *record, anyloop_value *out, uint32_t depth)
{
    const anyl_wire_error *more = unpack_bytes(unpacker, sizeof *more);
    const char *text = more ? unpack_bytes(unpacker, record->n) : NULL;
    anyloop_value cause = {0}, children = {0};
    if (text == NULL)
        return false;
    bool all = (!(more->parts & HAS_CAUSE) || unpack(unpacker, &cause, depth + 1)) &&
               (!(more->parts & HAS_CHILDREN) || unpack(unpacker, &children, depth + 1));
    anyloop_error_options options = {.struct_size = sizeof options,
                                     .code = (anyloop_status)record->flags,
                                     .os_code = more->os_code,
                                     .text = text,
                                     .text_size = record->n,
                                     .cause = more->parts & HAS_CAUSE ? &cause : NULL,
                                     .children = more->parts & HAS_CHILDREN ? &children : NULL};
    anyloop_status status = all ? anyl_error_with(unpacker->allocator, &options, out) : unpacker->status;
    if (status == ANYLOOP_OK)
        return true;
    anyl_value_release(&cause);
    anyl_value_release(&children);
    return unpack_failed(unpacker, status);
}

static bool unpack(struct unpacker *unpacker, anyloop_value *out, uint32_t depth)
{
    const anyl_wire_record *record = unpack_bytes(unpacker, sizeof *record);
    if (record == NULL)
        return false;
    if (depth == ANYL_WIRE_DEPTH || record->kind > ANYLOOP_ERROR)
        return unpack_failed(unpacker, ANYLOOP_E_INVALID);
    if (record->kind == ANYLOOP_LIST)
        return unpack_list(unpacker, record->n, out, depth);
    if (record->kind == ANYLOOP_ERROR)
        return unpack_error(unpacker, record, out, depth);
    *out = (anyloop_value){.kind = record->kind, .bits = record->n};
    if (!has_bytes(record->kind))
        return true;
    const void *bytes = unpack_bytes(unpacker, record->n);
    if (bytes == NULL)
        return false;
    anyloop_status status = anyl_value_copy(unpacker->allocator, record->kind, bytes, (size_t)record->n, out);
    return status == ANYLOOP_OK || unpack_failed(unpacker, status);
}

anyloop_status anyl_wire_unpack(const anyloop_allocator *allocator, const void *head, size_t head_size,
                                anyloop_value body, anyloop_value *out)
{
    const anyl_wire_record *record = head;
    if (head_size == sizeof *record && has_bytes(record->kind) && body.owner && record->n == body.size) {
        *out = body;
        out->kind = record->kind;
        return ANYLOOP_OK;
    }
    struct unpacker unpacker = {.allocator = allocator, .from = head, .left = head_size, .status = ANYLOOP_OK};
    anyl_value_release(&body);
    unpack(&unpacker, out, 0);
    return unpacker.status;
}
