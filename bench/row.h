/* row.h -- a program that measures: a table of rows, of which one run of the program does one repetition of one row.
 *
 *     PROGRAM                               lists its rows
 *     PROGRAM ROW [OPERATIONS [cold]]       prints the nanoseconds that one operation took, and those of processor time
 *
 * A row is named by its workload and its parameters, "W3 k=1000"; the same row of two programs has the same name. Before
 * what is measured comes a round that is not, so that memory and caches are warm; `cold` leaves it out. The number of
 * operations in that round is fixed: two runs differ by their operations alone, and counted instructions can be
 * subtracted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdint.h>

struct row {
    const char *name;
    uint64_t operations; /* of a repetition, if nobody says otherwise */
    uint64_t warm_up;    /* operations that come before it */
    uint64_t (*run)(uint64_t operations, uint64_t size); /* gives the ns that they took */
    uint64_t size;       /* what the workload is done with: tasks, children, jobs in flight ... */
};

/* The program's main. `rows` ends with one that has no name. */
int row_main(int argc, char **argv, const struct row *rows);

/* ns of a steady clock. */
uint64_t row_clock(void);

/* Keeps the processor busy for so many ns. */
void row_spin(uint64_t time);

/* The nth of many delays, in ns: 1 to 61 s, without order. */
static inline uint64_t row_delay(uint64_t n)
{
    return 1000000000 + n * 2654435761 % 60000 * 1000000;
}

/* Ends the program when something that must hold does not: a figure of a wrong run says nothing. */
void row_check(int holds, const char *what);

#endif
