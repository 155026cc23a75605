/* runner_trace.h -- the trace: its lines, and the words for what they tell.
 *
 * Owns:           the spelling of times, values, errors and states. Words live as long as the scene.
 * Must not know:  which step logs what.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RUNNER_TRACE_H
#define RUNNER_TRACE_H

#include "runner_scene.h"

/* Prints a line: the time, who is `here`, and the formatted words. */
void trace(const struct here *here, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text, formatted, that lives as long as the scene. */
const char *text_of(const struct here *here, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The word for a value; an error's begins with `!`. */
const char *word_of(const struct here *here, const anyloop_value *value);
/* The word for what a document says. */
const char *word_of_json(const struct here *here, const struct json *json);
/* The text of an error. */
const char *error_of(const struct here *here, const anyloop_value *error);
/* `pending`, `cancelled`, `result:...` or `error:...`. */
const char *state_of(const struct here *here, anyloop_future *future);
/* `[a,b]`, or `[` and `]` around what `items` has, which begins with a comma unless it is empty. */
const char *bracketed(const struct here *here, const char *items);
/* Whole milliseconds since the start of the scene. */
int64_t ms_of(uint64_t time);

/* Logs `<op> <first argument> ok`, `invalid` or `refused`. Any other status is given back for the caller to deal with. */
anyloop_status trace_verdict(const struct here *here, const struct json *step, anyloop_status status);

#endif
