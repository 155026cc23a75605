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

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s SCENARIO.json...\n", argv[0]);
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        struct scene scene;
        if (argc > 2)
            printf("=== %s\n", argv[i]);
        scene_open(&scene, argv[i]);
        run_script(&scene);
        scene_close(&scene);
        fflush(stdout);
    }
    return 0;
}
