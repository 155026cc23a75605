/* runner_ops.h -- the operations: a table from the name of a step to what it does.
 *
 * Owns:           what an operation is made of, and the rule for steps that name what is not there.
 * Must not know:  what any of them does.
 *
 * An operation either acts, and is over, or gives something to await and then, perhaps, logs what came of it. Steps that hold
 * steps are coroutines of their own, awaited like everything else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RUNNER_OPS_H
#define RUNNER_OPS_H

#include "runner_trace.h"

/* What must be there already. */
enum needs {
    NEEDS_NOTHING,
    NEEDS_HANDLE,         /* the first argument */
    NEEDS_HANDLES,        /* each in the first argument, a list */
    NEEDS_SOME_HANDLES,   /* and at least one */
    NEEDS_THING,          /* the first argument */
    NEEDS_THING_VARIABLE, /* and the variable that the second one names */
    NEEDS_OTHER_THING,    /* the second argument, if there is one */
    NEEDS_TIMER,
    NEEDS_VARIABLE
};

struct op {
    const char *name;
    enum needs needs;
    /* Does the step; anything but ANYLOOP_OK is the step's failure. NULL: the step awaits. */
    anyloop_status (*act)(const struct here *here, const struct json *step);
    /* Gives what the step awaits. */
    anyloop_future *(*begin)(const struct here *here, const struct json *step);
    /* Logs what came of the await. NULL: nothing. */
    void (*end)(const struct here *here, const struct json *step, const anyloop_value *value);
    /* Whether a list that comes of the await holds what a `return` step inside gave. */
    bool holds_steps;
};

/* Each ends with an operation without a name. */
extern const struct op task_ops[], sync_ops[], wait_ops[], flow_ops[], script_ops[];

/* The operation of a step. Ends the program if there is none. */
const struct op *op_of(const struct json *step);

/* Whether everything is there that the step needs; if not, that is logged. */
bool is_possible(const struct here *here, const struct op *op, const struct json *step);

/* Ends of an operation: log the step and its first argument; that and what came of the await. */
void end_name(const struct here *here, const struct json *step, const anyloop_value *value);
void end_value(const struct here *here, const struct json *step, const anyloop_value *value);

/* ---- coroutines (runner_flow.c) */

/* A coroutine of the scenario that logs as `here->who`. */
anyloop_future *coro_of(const struct here *here, const char *coro);
/* The one for `main`, whose handle is made when it begins. */
anyloop_future *main_of(const struct here *here, const char *coro, const char *handle);

#endif
