/* value.c -- blocks: text, bytes, lists, foreign pointers, error details.
 *
 * An error takes two forms. Most are a code and a text: then `bits` and `size` are the text's, as in a TEXT value, so
 * that a reason becomes an error without memory. One with more to say points at a detail, and `size` is DETAIL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "value.h"

#define DETAIL UINT64_MAX

struct anyl_block {
    anyl_owner owner;
    atomic_uint refs;
    uint32_t kind;    /* ANYLOOP_TEXT (and BYTES), LIST, FOREIGN, ERROR: what follows */
    uint64_t count;   /* LIST: items to let go of */
    anyl_block *next; /* on a list of the dead */
    size_t size;
    anyloop_allocator allocator;
};

#define BLOCK_HEAD ANYL_ALIGNED(sizeof(anyl_block))

struct foreign_part {
    void *pointer;
    anyloop_drop_fn drop;
};

struct error_detail {
    anyloop_value foreign, cause, children;
    int32_t os_code;
    size_t text_size;
    /* the text and its NUL follow */
};

static void *payload(const anyl_block *block)
{
    return (char *)(uintptr_t)block + BLOCK_HEAD;
}

static void block_retain(anyl_owner *owner)
{
    atomic_fetch_add_explicit(&ANYL_OWNER_OF(owner, anyl_block, owner)->refs, 1, memory_order_relaxed);
}

static void block_release(anyl_owner *owner, anyl_block **dead)
{
    anyl_block *block = ANYL_OWNER_OF(owner, anyl_block, owner);
    if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1)
        return;
    block->next = *dead;
    *dead = block;
}

const anyloop_value anyl_value_nothing;

const anyl_owner_class anyl_block_class = {block_retain, block_release};

static void release_into(const anyloop_value *value, anyl_block **dead)
{
    if (value->owner)
        anyl_value_owner(value)->class->release(anyl_value_owner(value), dead);
}

static void block_take_apart(anyl_block *block, anyl_block **dead)
{
    if (block->kind == ANYLOOP_LIST) {
        const anyloop_value *items = payload(block);
        for (uint64_t i = 0; i < block->count; i++)
            release_into(&items[i], dead);
    } else if (block->kind == ANYLOOP_FOREIGN) {
        const struct foreign_part *foreign = payload(block);
        if (foreign->drop)
            foreign->drop(foreign->pointer);
    } else if (block->kind == ANYLOOP_ERROR) {
        const struct error_detail *detail = payload(block);
        release_into(&detail->foreign, dead);
        release_into(&detail->cause, dead);
        release_into(&detail->children, dead);
    }
    anyloop_allocator allocator = block->allocator;
    anyl_free(&allocator, block, block->size);
}

void anyl_value_release_owner(anyl_owner *owner)
{
    anyl_block *dead = NULL;
    owner->class->release(owner, &dead);
    while (dead) {
        anyl_block *block = dead;
        dead = block->next;
        block_take_apart(block, &dead);
    }
}

static anyl_block *block_new(const anyloop_allocator *allocator, uint32_t kind, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    anyl_block *block = anyl_alloc(allocator, BLOCK_HEAD + size);
    if (block == NULL)
        return NULL;
    block->owner.class = &anyl_block_class;
    atomic_init(&block->refs, 1);
    block->kind = kind;
    block->count = 0;
    block->next = NULL;
    block->size = BLOCK_HEAD + size;
    block->allocator = *allocator;
    return block;
}

static anyloop_value block_value(const anyl_block *block, uint32_t kind, uint64_t size)
{
    return (anyloop_value){.kind = kind, .bits = (uintptr_t)payload(block), .size = size, .owner = (uintptr_t)block};
}

anyloop_status anyl_value_copy(const anyloop_allocator *allocator, uint32_t kind, const void *data, size_t size,
                               anyloop_value *out)
{
    anyl_block *block = block_new(allocator, ANYLOOP_TEXT, size < SIZE_MAX ? size + 1 : size);
    if (block == NULL)
        return ANYLOOP_E_NOMEM;
    char *copy = payload(block);
    if (data)
        memcpy(copy, data, size);
    copy[size] = 0;
    *out = block_value(block, kind, size);
    return ANYLOOP_OK;
}

anyloop_status anyl_value_list(const anyloop_allocator *allocator, size_t capacity, anyloop_value *out)
{
    if (capacity > SIZE_MAX / 2 / sizeof(anyloop_value))
        return ANYLOOP_E_NOMEM;
    anyl_block *block = block_new(allocator, ANYLOOP_LIST, capacity * sizeof(anyloop_value));
    if (block == NULL)
        return ANYLOOP_E_NOMEM;
    *out = block_value(block, ANYLOOP_LIST, 0);
    return ANYLOOP_OK;
}

void anyl_value_list_push(anyloop_value *list, const anyloop_value *item)
{
    anyl_block *block = ANYL_OWNER_OF(anyl_value_owner(list), anyl_block, owner);
    anyloop_value *items = payload(block);
    items[block->count++] = *item;
    list->size = block->count;
    if (anyl_value_local(item))
        list->flags |= ANYLOOP_VALUE_LOCAL;
}

anyloop_value *anyl_value_list_room(const anyloop_value *list)
{
    return payload(ANYL_OWNER_OF(anyl_value_owner(list), anyl_block, owner));
}

void anyl_value_list_fill(anyloop_value *list, size_t count, bool owners, bool local)
{
    ANYL_OWNER_OF(anyl_value_owner(list), anyl_block, owner)->count = owners ? count : 0;
    list->size = count;
    if (local)
        list->flags |= ANYLOOP_VALUE_LOCAL;
}

anyloop_status anyl_value_foreign(const anyloop_allocator *allocator, void *pointer, anyloop_drop_fn drop,
                                  anyloop_value *out)
{
    anyloop_value value = {.kind = ANYLOOP_FOREIGN, .bits = (uintptr_t)pointer, .size = anyl_runtime_id()};
    if (drop) {
        anyl_block *block = block_new(allocator, ANYLOOP_FOREIGN, sizeof(struct foreign_part));
        if (block == NULL)
            return ANYLOOP_E_NOMEM;
        *(struct foreign_part *)payload(block) = (struct foreign_part){pointer, drop};
        value.owner = (uintptr_t)block;
    }
    *out = value;
    return ANYLOOP_OK;
}

anyloop_value anyl_error_text(const anyloop_allocator *allocator, anyloop_status code, const char *text, size_t size)
{
    anyloop_value copy;
    if (text == NULL || anyl_value_copy(allocator, ANYLOOP_TEXT, text, size, &copy) != ANYLOOP_OK)
        return anyl_error_bare(code);
    return anyl_error_as(&copy, code);
}

anyloop_status anyl_error_with(const anyloop_allocator *allocator, const anyloop_error_options *options,
                               anyloop_value *out)
{
    size_t size = options->text ? (size_t)options->text_size : 0;
    anyl_block *block = size > SIZE_MAX / 4
                            ? NULL
                            : block_new(allocator, ANYLOOP_ERROR, sizeof(struct error_detail) + size + 1);
    if (block == NULL)
        return ANYLOOP_E_NOMEM;
    struct error_detail *detail = payload(block);
    memset(detail, 0, sizeof *detail);
    if (options->foreign)
        detail->foreign = *options->foreign;
    if (options->cause)
        detail->cause = *options->cause;
    if (options->children)
        detail->children = *options->children;
    detail->os_code = options->os_code;
    detail->text_size = size;
    char *text = (char *)(detail + 1);
    if (size)
        memcpy(text, options->text, size);
    text[size] = 0;
    *out = block_value(block, ANYLOOP_ERROR, DETAIL);
    out->flags = (uint32_t)options->code;
    return ANYLOOP_OK;
}

static anyloop_value whole_error(const anyl_block *block, anyloop_status code)
{
    uint64_t size = block->kind == ANYLOOP_ERROR ? DETAIL : block->size - BLOCK_HEAD - 1;
    anyloop_value error = block_value(block, ANYLOOP_ERROR, size);
    error.flags = (uint32_t)code;
    return error;
}

bool anyl_error_in_owner(const anyloop_value *text_or_error)
{
    const anyl_owner *owner = anyl_value_owner(text_or_error);
    if (owner->class != &anyl_block_class)
        return false;
    const anyl_block *block = ANYL_OWNER_OF(owner, anyl_block, owner);
    anyloop_value whole = whole_error(block, ANYLOOP_E_CANCELLED);
    return (block->kind == ANYLOOP_TEXT || block->kind == ANYLOOP_ERROR) && text_or_error->bits == whole.bits &&
           text_or_error->size == whole.size;
}

anyloop_value anyl_error_of(anyl_owner *owner, anyloop_status code)
{
    owner->class->retain(owner);
    return whole_error(ANYL_OWNER_OF(owner, anyl_block, owner), code);
}

static const struct error_detail *detail_of(const anyloop_value *error)
{
    bool has = error->kind == ANYLOOP_ERROR && error->size == DETAIL;
    return has ? (const struct error_detail *)(uintptr_t)error->bits : NULL;
}

const char *anyl_error_get_text(const anyloop_value *error, size_t *size)
{
    const struct error_detail *detail = detail_of(error);
    const char *text = "";
    size_t bytes = 0;
    if (detail) {
        text = (const char *)(detail + 1);
        bytes = detail->text_size;
    } else if (error->kind == ANYLOOP_ERROR && error->bits) {
        text = (const char *)(uintptr_t)error->bits;
        bytes = (size_t)error->size;
    }
    if (size)
        *size = bytes;
    return text;
}

int32_t anyl_error_os_code(const anyloop_value *error)
{
    const struct error_detail *detail = detail_of(error);
    return detail ? detail->os_code : 0;
}

static const anyloop_value *part(const anyloop_value *value, uint32_t kind)
{
    return kind ? value : NULL;
}

const anyloop_value *anyl_error_foreign(const anyloop_value *error)
{
    const struct error_detail *detail = detail_of(error);
    return detail ? part(&detail->foreign, detail->foreign.kind) : NULL;
}

const anyloop_value *anyl_error_cause(const anyloop_value *error)
{
    const struct error_detail *detail = detail_of(error);
    return detail ? part(&detail->cause, detail->cause.kind) : NULL;
}

const anyloop_value *anyl_error_children(const anyloop_value *error)
{
    const struct error_detail *detail = detail_of(error);
    return detail ? part(&detail->children, detail->children.kind) : NULL;
}

uint64_t anyl_runtime_id(void)
{
    static const char here = 0; /* its address is this copy's alone */
    return (uintptr_t)&here;
}
