/* row.c -- picking a row and timing it.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __EMSCRIPTEN__
#include <emscripten/emscripten.h>

EM_JS(double, node_processor_us, (void), {
    var used = process.cpuUsage();
    return used.user + used.system;
})
#endif

uint64_t row_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void row_spin(uint64_t time)
{
    uint64_t end = row_clock() + time;
    while (row_clock() < end)
        ;
}

static uint64_t processor_time(void)
{
#ifdef __EMSCRIPTEN__ /* whose clock_gettime knows only the other one */
    return (uint64_t)node_processor_us() * 1000u;
#else
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
#endif
}

void row_check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "the run went wrong: %s\n", what);
    exit(1);
}

int row_main(int argc, char **argv, const struct row *rows)
{
    if (argc < 2) {
        for (; rows->name; rows++)
            puts(rows->name);
        return 0;
    }
    while (rows->name && strcmp(rows->name, argv[1]) != 0)
        rows++;
    if (rows->name == NULL) {
        fprintf(stderr, "%s has no row '%s'\n", argv[0], argv[1]);
        return 2;
    }
    uint64_t operations = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (operations == 0)
        operations = rows->operations;
    if (argc < 4 || strcmp(argv[3], "cold") != 0)
        rows->run(rows->warm_up, rows->size);
    uint64_t used = processor_time();
    double time = (double)rows->run(operations, rows->size) / (double)operations;
    used = processor_time() - used;
    printf("%.3f %.3f\n", time, (double)used / (double)operations);
    return 0;
}
