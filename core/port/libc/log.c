/* log.c -- words for people, to where a program's diagnostics go.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../port.h"

#include <stdio.h>

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data;
    /* one call, so that lines of several threads do not mix */
    fprintf(stderr, "anyloop: %s: %.*s\n", level == ANYLOOP_LOG_ERROR ? "error" : "warning",
            size < INT32_MAX ? (int)size : INT32_MAX, text);
}
