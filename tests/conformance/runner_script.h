/* runner_script.h -- running a scenario's script.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RUNNER_SCRIPT_H
#define RUNNER_SCRIPT_H

#include "runner_scene.h"

void run_script(struct scene *scene);

#endif
