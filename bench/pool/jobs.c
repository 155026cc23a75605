/* jobs.c -- the jobs of pool.mjs: a module without any glue.
 *
 * SPDX-License-Identifier: MIT
 */
#include <emscripten/emscripten.h>
#include <stdint.h>
#include <stdlib.h>

/* Where the next job finds its bytes. */
EMSCRIPTEN_KEEPALIVE void *room(uint32_t size)
{
    static void *bytes;
    static uint32_t most;
    if (size > most) {
        free(bytes);
        bytes = malloc(size);
        most = size;
    }
    return bytes;
}

/* Leaves its result there, and gives how many bytes it has. */
EMSCRIPTEN_KEEPALIVE uint32_t echo(void *bytes, uint32_t size)
{
    (void)bytes;
    return size;
}
