/* alloc.c -- the default allocator.
 *
 * SPDX-License-Identifier: MIT
 */
#include "alloc.h"

#include <stdlib.h>

static void *default_allocate(void *user_data, size_t size)
{
    (void)user_data;
    return malloc(size);
}

static void default_release(void *user_data, void *pointer, size_t size)
{
    (void)user_data;
    (void)size;
    free(pointer);
}

const anyloop_allocator anyl_alloc_default = {default_allocate, default_release, NULL};

char *anyl_alloc_text(const anyloop_allocator *allocator, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = anyl_alloc(allocator, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}
