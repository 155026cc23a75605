/* version.h -- do header and library fit?
 *
 * Before 1.0 a new minor version may change anything; the soname says so too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_VERSION_H
#define ANYLOOP_VERSION_H

#include <anyloop/status.h>

ANYLOOP_BEGIN_DECLS

/* The header's version. */
#define ANYLOOP_VERSION_MAJOR 0
#define ANYLOOP_VERSION_MINOR 1
#define ANYLOOP_VERSION_PATCH 0
/* major << 16 | minor << 8 | patch */
#define ANYLOOP_VERSION \
    ((uint32_t)ANYLOOP_VERSION_MAJOR << 16 | (uint32_t)ANYLOOP_VERSION_MINOR << 8 | (uint32_t)ANYLOOP_VERSION_PATCH)

/* Give the library's version: major << 16 | minor << 8 | patch.
 *
 * \returns the version.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_version(void);

/* Check that a program compiled with one header can use this library: `anyloop_abi_check(ANYLOOP_VERSION)`.
 *
 * \param header_version  ANYLOOP_VERSION of the header.
 * \returns ANYLOOP_OK, or ANYLOOP_E_VERSION.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_abi_check(uint32_t header_version);

/* Give a number that tells this copy of the library from every other in the process: the `size` of its FOREIGN values.
 *
 * \returns the id, never 0.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API uint64_t anyloop_runtime_id(void);

ANYLOOP_END_DECLS
#endif
