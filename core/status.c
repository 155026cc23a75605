/* status.c -- one table: code, name, meaning.
 *
 * SPDX-License-Identifier: MIT
 */
#include "status.h"

static const struct status_row {
    const char *name, *text;
} status_table[] = {
#define ROW(code, text) [-(code)] = {#code, text},
    ANYL_STATUS_LIST(ROW)
#undef ROW
};

_Static_assert(sizeof status_table / sizeof *status_table == 1 - ANYL_STATUS_LAST, "a row for each code");

static const struct status_row *row_of(anyloop_status status)
{
    return status <= 0 && status >= ANYL_STATUS_LAST ? &status_table[-status] : NULL;
}

const char *anyl_status_name(anyloop_status status)
{
    const struct status_row *row = row_of(status);
    return row ? row->name : "ANYLOOP_E_?";
}

const char *anyl_status_text(anyloop_status status)
{
    const struct status_row *row = row_of(status);
    if (row)
        return row->text;
    return status <= ANYLOOP_E_FOREIGN_MAX ? "an error of the program's or a binding's own" : "no code of anyloop";
}
