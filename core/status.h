/* status.h -- names and texts of the codes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_STATUS_H
#define ANYL_STATUS_H

#include "base.h"

/* The codes are 0, -1, ... down to this one. */
#define ANYL_STATUS_LAST ANYLOOP_E_VERSION

const char *anyl_status_name(anyloop_status status);
const char *anyl_status_text(anyloop_status status);

#endif
