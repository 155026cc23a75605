/* context.h -- variables that follow the program's flow, as Python's contextvars.
 *
 * A task gets a copy of the context of whoever makes it, as it is then; a callback runs in a copy of the context in
 * which it was registered; what either sets is seen by nobody else. Outside every callback the loop has a context of
 * its own. A context is an immutable chain: a copy is one counted pointer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_CONTEXT_H
#define ANYLOOP_CONTEXT_H

#include <anyloop/value.h>

ANYLOOP_BEGIN_DECLS

/* Make a context variable, the key under which contexts hold a value.
 *
 * \param name  copied, for people who read reports.
 * \param out   the variable.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_contextvar_new(const char *name, anyloop_contextvar **out);

/* Hold a context variable once more.
 *
 * \param var  the variable.
 * \returns `var`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_contextvar *anyloop_contextvar_retain(anyloop_contextvar *var);

/* Let go of a context variable. Contexts that hold a value under it keep it.
 *
 * \param var  May be NULL.
 * \thread  any
 * \owns    takes `var`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_contextvar_release(anyloop_contextvar *var);

/* Look a variable up in the context that is current on `loop`: the running task's or callback's, else the loop's own.
 *
 * \param loop  the loop.
 * \param var   the variable.
 * \param out   the value, retained for you.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_FOUND when it was never set here, ANYLOOP_E_INVALID, ANYLOOP_E_THREAD.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_contextvar_get(anyloop_loop *loop, anyloop_contextvar *var, anyloop_value *out);

/* Set a variable in the context that is current on `loop`.
 *
 * \param loop   the loop.
 * \param var    the variable.
 * \param value  taken, on failure too.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_INVALID, ANYLOOP_E_THREAD, ANYLOOP_E_TYPE for a value that holds a
 *          future.
 * \thread  loop
 * \owns    takes `value`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_contextvar_set(anyloop_loop *loop, anyloop_contextvar *var,
                                                  const anyloop_value *value);

/* Copy the context that is current on `loop`.
 *
 * \param loop  the loop.
 * \param out   the context; NULL, which is the empty context and as good as any, when nothing was ever set.
 * \returns ANYLOOP_OK, ANYLOOP_E_INVALID, ANYLOOP_E_THREAD.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_context_copy(anyloop_loop *loop, anyloop_context **out);

/* Look a variable up in a context.
 *
 * \param context  May be NULL: the empty context.
 * \param var      the variable.
 * \param out      the value, retained for you.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_FOUND, ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_context_get(anyloop_context *context, anyloop_contextvar *var, anyloop_value *out);

/* Hold a context once more.
 *
 * \param context  May be NULL.
 * \returns `context`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_context *anyloop_context_retain(anyloop_context *context);

/* Let go of a context.
 *
 * \param context  May be NULL.
 * \thread  any
 * \owns    takes `context`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_context_release(anyloop_context *context);

ANYLOOP_END_DECLS
#endif
