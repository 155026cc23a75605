/* memory.c -- the module's memory: malloc and free, and the rest of libc that the core comes to.
 *
 * Owns:          all memory behind the module's data and stack.
 * Must not know: who allocates. Most is a loop's, which takes it in large pieces (slab.h) and texts that JavaScript gives.
 * Threads:       there is one.
 * Why not libc's: it is an eighth of the whole module.
 *
 * Memory is blocks, one beside the other, and behind the last one an end that is never free. A block that becomes free is
 * joined with free neighbours at once. Free ones are in lists by the power of two that their size reaches; a request looks
 * at a few of its own list, then takes the first of a larger one: all of those fit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u
#define UNIT 16u /* of sizes; what malloc gives is aligned to it, so a block begins half a unit before */
#define LISTS 28u
#define LOOKS 8u
#define FREE 1u /* in a size */

typedef struct block {
    size_t before, size; /* of the block before, 0: none; of this one, its head included */
    struct block *next, **at; /* of a free one: in its list, and where that leads to it */
} block;

#define HEAD offsetof(block, next)

_Static_assert(HEAD == UNIT / 2 && sizeof(block) == UNIT, "the least block holds what a free one needs");

extern unsigned char __heap_base;

static block *lists[LISTS];
static block *end;

static block *behind(block *this, size_t size)
{
    return (block *)((char *)this + size);
}

static size_t list_of(size_t size)
{
    return 31 - (size_t)__builtin_clz(size / UNIT);
}

static void unlink(block *this)
{
    *this->at = this->next;
    if (this->next)
        this->next->at = this->at;
}

/* Makes a free block of it. */
static void put(block *this, size_t size)
{
    block **list = &lists[list_of(size)];
    this->size = size | FREE;
    this->next = *list;
    this->at = list;
    if (this->next)
        this->next->at = &this->next;
    *list = this;
    behind(this, size)->before = size;
}

/* Free from now on. */
static void release(block *this)
{
    size_t size = this->size;
    block *after = behind(this, size), *before = (block *)((char *)this - this->before); /* itself, if there is none */
    if (after->size & FREE) {
        unlink(after);
        size += after->size - FREE;
    }
    if (before->size & FREE) {
        unlink(before);
        size += this->before;
        this = before;
    }
    put(this, size);
}

void free(void *pointer)
{
    if (pointer)
        release((block *)((char *)pointer - HEAD));
}

/* More at the end. The first time, all that is there already. */
static bool grow(size_t size)
{
    block *this = end;
    if (this == NULL)
        this = (block *)(((uintptr_t)&__heap_base + UNIT - 1) / UNIT * UNIT + HEAD);
    if (__builtin_wasm_memory_grow(0, size / PAGE + 1) == SIZE_MAX)
        return false;
    end = (block *)(__builtin_wasm_memory_size(0) * PAGE - HEAD);
    end->size = 0;
    this->size = (size_t)((char *)end - (char *)this);
    release(this);
    return true;
}

void *malloc(size_t size)
{
    if (size > PTRDIFF_MAX)
        return NULL;
    size = (size + HEAD + UNIT - 1) / UNIT * UNIT;
    do {
        for (size_t list = list_of(size); list < LISTS; list++) {
            block *this = lists[list];
            for (unsigned looks = LOOKS; this && looks; this = this->next, looks--) {
                if (this->size < size)
                    continue;
                size_t rest = this->size - FREE - size;
                unlink(this);
                if (rest)
                    put(behind(this, size), rest);
                this->size = behind(this, size)->before = size;
                return (char *)this + HEAD;
            }
        }
    } while (grow(size));
    return NULL;
}

size_t malloc_usable_size(void *pointer)
{
    return pointer ? ((block *)((char *)pointer - HEAD))->size - HEAD : 0;
}

size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size])
        size++;
    return size;
}

void abort(void)
{
    __builtin_trap();
}

void __wasm_call_ctors(void);

/* The first call. The linker looks for it: without it the module would be a program, which begins and ends with every call. */
__attribute__((export_name("_initialize"))) void _initialize(void)
{
    __wasm_call_ctors();
}
