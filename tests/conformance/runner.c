/* runner.c -- the conformance runner in C: prints the trace of each scenario file that it is given.
 *
 *     runner FILE          its trace
 *     runner FILE FILE...  before each trace a line, `=== FILE`
 *
 * SCENARIOS.md says what a scenario is. Nothing but the public headers is used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_script.h"

#include <stdio.h>

static const char *run_file(const char *path)
{
    struct program program;
    struct scene scene;
    program_read(&program, path);
    anyloop_status status = scene_open(&scene, &program, NULL);
    if (status == ANYLOOP_OK)
        run_script(&scene);
    const char *wrong = status == ANYLOOP_OK ? scene_close(&scene) : anyloop_status_text(status);
    program_free(&program);
    return wrong;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s SCENARIO.json...\n", argv[0]);
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        if (argc > 2)
            printf("=== %s\n", argv[i]);
        const char *wrong = run_file(argv[i]);
        fflush(stdout);
        if (wrong) {
            fprintf(stderr, "%s: %s\n", argv[i], wrong);
            return 1;
        }
    }
    return 0;
}
