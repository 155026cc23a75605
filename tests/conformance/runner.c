/* runner.c -- the conformance runner in C: prints the trace of each scenario file that it is given.
 *
 *     runner FILE          its trace
 *     runner FILE FILE...  before each trace a line, `=== FILE`
 *     runner -             the same for the names on standard input, one a line, as they come
 *
 * SCENARIOS.md says what a scenario is. Nothing but the public headers is used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_script.h"

#include <stdio.h>
#include <string.h>

static void run_file(const char *path)
{
    struct scene scene;
    scene_open(&scene, path);
    run_script(&scene);
    scene_close(&scene);
    fflush(stdout);
}

static void run_named(FILE *names)
{
    static char path[4096];
    while (fgets(path, sizeof path, names)) {
        path[strcspn(path, "\n")] = 0;
        printf("=== %s\n", path);
        run_file(path);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s SCENARIO.json... or -\n", argv[0]);
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "-") == 0) {
        run_named(stdin);
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        if (argc > 2)
            printf("=== %s\n", argv[i]);
        run_file(argv[i]);
    }
    return 0;
}
