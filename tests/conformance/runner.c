/* runner.c -- the conformance runner in C: prints the trace of each scenario file that it is given.
 *
 *     runner FILE          its trace
 *     runner FILE FILE...  before each trace a line, `=== FILE`
 *     runner -             the same for the names on standard input, one a line, as they come
 *
 * After `--shuffle SEED` the loops have that shuffle seed, which may change no trace.
 *
 * SCENARIOS.md says what a scenario is. Nothing but the public headers is used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t shuffle_seed;

static const char *run_file(const char *path)
{
    struct program program;
    struct scene scene;
    program_read(&program, path);
    program.shuffle_seed = shuffle_seed;
    anyloop_status status = scene_open(&scene, &program, NULL);
    if (status == ANYLOOP_OK)
        run_script(&scene);
    const char *wrong = status == ANYLOOP_OK ? scene_close(&scene) : anyloop_status_text(status);
    program_free(&program);
    return wrong;
}

/* 0, or 1 when something is wrong, which is said. */
static int run_told(const char *path)
{
    const char *wrong = run_file(path);
    fflush(stdout);
    if (wrong)
        fprintf(stderr, "%s: %s\n", path, wrong);
    return wrong != NULL;
}

static int run_named(FILE *names)
{
    static char path[4096];
    while (fgets(path, sizeof path, names)) {
        path[strcspn(path, "\n")] = 0;
        printf("=== %s\n", path);
        if (run_told(path))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argv[0];
    if (argc > 2 && strcmp(argv[1], "--shuffle") == 0) {
        shuffle_seed = strtoull(argv[2], NULL, 10);
        argc -= 2;
        argv += 2;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: %s [--shuffle SEED] SCENARIO.json... or -\n", name);
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "-") == 0)
        return run_named(stdin);
    for (int i = 1; i < argc; i++) {
        if (argc > 2)
            printf("=== %s\n", argv[i]);
        if (run_told(argv[i]))
            return 1;
    }
    return 0;
}
