/* runner_ops.c -- looking operations up, and what many of them share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct op *op_of(const struct json *step)
{
    static const struct op *const tables[] = {task_ops, sync_ops, wait_ops, flow_ops, script_ops};
    const char *name = text_at(step, 0);
    for (size_t i = 0; name && i < sizeof tables / sizeof *tables; i++)
        for (const struct op *op = tables[i]; op->name; op++)
            if (strcmp(op->name, name) == 0)
                return op;
    fprintf(stderr, "unknown step %s\n", name ? name : "without a name");
    exit(1);
}

static bool all_there(const struct table *table, const struct json *names)
{
    for (const struct json *name = names->first; name; name = name->next)
        if (!find(table, name->text))
            return false;
    return true;
}

static bool is_there(const struct scene *scene, enum needs needs, const struct json *step)
{
    const struct json *first = json_at(step, 1), *second = json_at(step, 2);
    switch (needs) {
    case NEEDS_NOTHING:
        return true;
    case NEEDS_HANDLE:
        return find(&scene->handles, first->text) != NULL;
    case NEEDS_HANDLES:
        return all_there(&scene->handles, first);
    case NEEDS_SOME_HANDLES:
        return first->first && all_there(&scene->handles, first);
    case NEEDS_THING:
        return find(&scene->things, first->text) != NULL;
    case NEEDS_THING_VARIABLE:
        return find(&scene->things, first->text) && find(&scene->variables, second->text);
    case NEEDS_OTHER_THING:
        return !second->text || find(&scene->things, second->text);
    case NEEDS_TIMER:
        return find(&scene->timers, first->text) != NULL;
    case NEEDS_VARIABLE:
        return find(&scene->variables, first->text) != NULL;
    }
    return false;
}

bool is_possible(const struct here *here, const struct op *op, const struct json *step)
{
    if (is_there(here->scene, op->needs, step))
        return true;
    trace(here, "%s missing", op->name);
    return false;
}

void end_name(const struct here *here, const struct json *step, const anyloop_value *value)
{
    (void)value;
    trace(here, "%s %s", text_at(step, 0), text_at(step, 1));
}

void end_value(const struct here *here, const struct json *step, const anyloop_value *value)
{
    trace(here, "%s %s %s", text_at(step, 0), text_at(step, 1), word_of(here, value));
}
