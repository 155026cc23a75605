/* plain.c -- the heap, and accesses that are not atomic.
 *
 * Each byte of the heap and of the program's variables has a cell: when did each thread last read and write it,
 * plainly or not. Two accesses of which one is plain, one is a write, and neither happened before the other, are a
 * race; giving memory back counts as writing all of it. What was given back is not given out again within an
 * execution, so that each later use is seen; so is what lies between blocks. Stacks have no cells: what threads share
 * is in the heap or a variable.
 *
 * An access is looked up by its first byte, and every fourth that follows: fields are not smaller than that, or have
 * an access of their own size.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOBODY = 254, SEVERAL = 255, KINDS = 4 };

/* `clock` is kept for the threads that were here alone. */
struct cell {
    uint16_t place;
    uint8_t only; /* the one thread that was here */
    uint16_t clock[KINDS][THREADS];
};

/* A stretch of memory that has cells. In another execution than its `run` a cell says nothing. */
struct stretch {
    char *start;
    size_t size;
    struct cell *cells;
    uint32_t *runs;
};

struct block {
    char *start;
    size_t size;
    uint8_t by, freed_by;
    bool freed;
};

extern char __data_start, _end;

static struct stretch arena, variables;
static uint16_t *block_of; /* for each 16 bytes of the arena */
static struct block *blocks;
static struct heap {
    size_t used;
    uint32_t blocks;
} *heap;

static struct stretch stretch_at(char *start, size_t size)
{
    return (struct stretch){start, size, model_map(size * sizeof(struct cell)), model_map(size * sizeof(uint32_t))};
}

void model_plain_init(void)
{
    arena = stretch_at(model_map(ARENA), ARENA);
    variables = stretch_at(&__data_start, (size_t)(&_end - &__data_start));
    block_of = model_map(ARENA / 16 * sizeof *block_of);
    blocks = model_map(BLOCKS * sizeof *blocks);
    heap = model_map(sizeof *heap);
}

void model_plain_begin(void)
{
    memset(block_of, 0, heap->used / 16 * sizeof *block_of);
    heap->used = 16;
    heap->blocks = 0;
}

/* ---- cells */

static bool within(const struct stretch *stretch, uintptr_t address)
{
    return address - (uintptr_t)stretch->start < stretch->size;
}

static struct cell *cell_at(const struct stretch *stretch, uintptr_t address)
{
    size_t index = address - (uintptr_t)stretch->start;
    struct cell *cell = &stretch->cells[index];
    if (stretch->runs[index] != model->run) {
        stretch->runs[index] = model->run;
        cell->place = 0;
        cell->only = NOBODY;
    }
    return cell;
}

bool model_in_heap(const volatile void *address)
{
    return within(&arena, (uintptr_t)address);
}

uint16_t *model_place_at(const volatile void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    return within(&arena, address)       ? &cell_at(&arena, address)->place
           : within(&variables, address) ? &cell_at(&variables, address)->place
                                         : NULL;
}

const char *model_name(uintptr_t address, char out[64])
{
    if (within(&arena, address)) {
        uint32_t number = block_of[(address - (uintptr_t)arena.start) / 16];
        if (number) {
            const struct block *block = &blocks[number - 1];
            snprintf(out, 64, "block %u (%zu) + %zu", number, block->size, (size_t)(address - (uintptr_t)block->start));
            return out;
        }
    }
    snprintf(out, 64, "%#lx", (unsigned long)address);
    return out;
}

/* ---- races */

static void check_race(const struct cell *cell, uintptr_t address, uint32_t how, const void *pc)
{
    static const char *const names[KINDS] = {"read", "write", "atomic read", "atomic write"};
    /* what each kind must not meet: a bit for each kind */
    static const uint8_t meets[KINDS] = {1 << WRITES | 1 << ATOMIC_WRITES,
                                         1 << READS | 1 << WRITES | 1 << ATOMIC_READS | 1 << ATOMIC_WRITES, 1 << WRITES,
                                         1 << READS | 1 << WRITES};
    const struct view *mine = &model_me()->view;
    char name[64];
    for (uint32_t kind = 0; kind < KINDS; kind++)
        for (uint32_t i = 0; (meets[how] & 1 << kind) && i < THREADS; i++)
            if (i != model->now && cell->clock[kind][i] > mine->clock[i])
                model_fail("race: its %s of %s at pc %p and thread %u's %s", names[how], model_name(address, name), pc,
                           i, names[kind]);
}

static void forget(struct cell *cell, uint32_t thread)
{
    for (uint32_t kind = 0; kind < KINDS; kind++)
        cell->clock[kind][thread] = 0;
}

static void touch_byte(const struct stretch *stretch, uintptr_t address, uint32_t how, const void *pc)
{
    struct cell *cell = cell_at(stretch, address);
    if (cell->only == NOBODY) {
        cell->only = (uint8_t)model->now;
        forget(cell, model->now);
    } else if (cell->only != model->now) {
        for (uint32_t i = 0; i < THREADS && cell->only != SEVERAL; i++)
            if (i != cell->only)
                forget(cell, i);
        cell->only = SEVERAL;
        check_race(cell, address, how, pc);
    }
    cell->clock[how][model->now] = model_me()->view.clock[model->now];
}

static void check_block(uintptr_t address, const void *pc)
{
    uint32_t number = block_of[(address - (uintptr_t)arena.start) / 16];
    char name[64];
    if (number == 0)
        model_fail("access outside of a block: %s at pc %p", model_name(address, name), pc);
    if (blocks[number - 1].freed)
        model_fail("use after free: %s, which thread %u gave back, at pc %p", model_name(address, name),
                   blocks[number - 1].freed_by, pc);
}

void model_access(const volatile void *pointer, size_t size, uint32_t how, const void *pc)
{
    uintptr_t address = (uintptr_t)pointer;
    const struct stretch *stretch = within(&arena, address) ? &arena : within(&variables, address) ? &variables : NULL;
    if (stretch == NULL)
        return;
    if (stretch == &arena)
        check_block(address, pc);
    for (size_t i = 0; i < size; i += 4)
        touch_byte(stretch, address + i, how, pc);
}

/* ---- the heap */

void *model_allocate(size_t size)
{
    size_t room = (size + 15) / 16 * 16;
    if (heap->blocks == BLOCKS || heap->used + room + 16 > ARENA)
        model_fail("no room in the heap for %zu bytes", size);
    struct block *new = &blocks[heap->blocks++];
    *new = (struct block){.start = arena.start + heap->used, .size = size, .by = (uint8_t)model->now};
    for (size_t i = 0; i < room / 16; i++)
        block_of[heap->used / 16 + i] = (uint16_t)heap->blocks;
    heap->used += room + 16;
    memset(new->start, 0xA5, room);
    return new->start;
}

void model_free(void *pointer, const void *pc)
{
    uintptr_t address = (uintptr_t)pointer;
    uint32_t number = within(&arena, address) ? block_of[(address - (uintptr_t)arena.start) / 16] : 0;
    if (pointer == NULL)
        return;
    if (number == 0 || blocks[number - 1].start != pointer)
        model_fail("free of what is no block, at pc %p", pc);
    struct block *block = &blocks[number - 1];
    char name[64];
    if (block->freed)
        model_fail("double free: %s, which thread %u gave back, at pc %p", model_name(address, name), block->freed_by,
                   pc);
    for (size_t i = 0; i < block->size; i++)
        if (arena.runs[address - (uintptr_t)arena.start + i] == model->run)
            touch_byte(&arena, address + i, WRITES, pc);
    block->freed = true;
    block->freed_by = (uint8_t)model->now;
}

void model_check_leaks(void)
{
    for (uint32_t i = 0; i < heap->blocks; i++)
        if (!blocks[i].freed)
            model_fail("leak: block %u of %zu bytes, which thread %u asked for", i + 1, blocks[i].size, blocks[i].by);
}

void *__wrap_malloc(size_t size)
{
    return model_allocate(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *pointer = model_allocate(count * size);
    memset(pointer, 0, count * size);
    return pointer;
}

void __wrap_free(void *pointer)
{
    model_free(pointer, __builtin_return_address(0));
}

/* ---- memory functions, which nobody instruments */

void *__real_memcpy(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
    model_access(from, size, READS, __builtin_return_address(0));
    model_access(to, size, WRITES, __builtin_return_address(0));
    return __real_memcpy(to, from, size);
}

void *__wrap_memset(void *to, int byte, size_t size)
{
    model_access(to, size, WRITES, __builtin_return_address(0));
    return __real_memset(to, byte, size);
}
