/* runner_trace.c -- writing the trace.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runner_trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t ms_of(uint64_t time)
{
    return (int64_t)(time - SCENE_START) / 1000000;
}

void trace(const struct here *here, const char *format, ...)
{
    if (here->scene->silent)
        return;
    printf("%" PRId64 " %s ", ms_of(anyloop_loop_time(here->scene->loop)), here->who);
    va_list words;
    va_start(words, format);
    vprintf(format, words);
    va_end(words);
    putchar('\n');
}

const char *text_of(const struct here *here, const char *format, ...)
{
    va_list words, again;
    va_start(words, format);
    va_copy(again, words);
    size_t size = (size_t)vsnprintf(NULL, 0, format, words) + 1;
    va_end(words);
    char *text = arena_allocate(&here->scene->arena, size);
    vsnprintf(text, size, format, again);
    va_end(again);
    return text;
}

/* ---- words */

const char *bracketed(const struct here *here, const char *items)
{
    return text_of(here, "[%s]", *items ? items + 1 : items);
}

/* Each item behind a comma. */
static const char *items_of(const struct here *here, const anyloop_value *list,
                            const char *(*word)(const struct here *here, const anyloop_value *item))
{
    size_t count;
    const anyloop_value *items = anyloop_to_list(list, &count);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = text_of(here, "%s,%s", text, word(here, &items[i]));
    return text;
}

static const char *group_of(const struct here *here, const anyloop_value *error)
{
    const anyloop_value *children = anyloop_error_children(error);
    const char *items = children ? items_of(here, children, error_of) : "";
    return text_of(here, "group(%s)", *items ? items + 1 : items);
}

const char *error_of(const struct here *here, const anyloop_value *error)
{
    size_t size;
    const char *text = anyloop_error_text(error, &size);
    switch (anyloop_error_code(error)) {
    case ANYLOOP_E_USER:
        return text_of(here, "%.*s", (int)size, text);
    case ANYLOOP_E_CANCELLED:
        return size ? text_of(here, "cancelled(%.*s)", (int)size, text) : "cancelled";
    case ANYLOOP_E_GROUP:
        return group_of(here, error);
    case ANYLOOP_E_TIMED_OUT:
        return "timeout";
    case ANYLOOP_E_SELF_AWAIT:
        return "self_await";
    case ANYLOOP_E_NOT_HELD:
        return "not_held";
    case ANYLOOP_E_BROKEN:
        return "broken";
    case ANYLOOP_E_FULL:
        return "full";
    case ANYLOOP_E_EMPTY:
        return "empty";
    case ANYLOOP_E_SHUTDOWN:
        return "shutdown";
    default:
        return anyloop_status_name(anyloop_error_code(error));
    }
}

const char *word_of(const struct here *here, const anyloop_value *value)
{
    size_t size;
    const char *bytes;
    switch (value->kind) {
    case ANYLOOP_NONE:
        return "none";
    case ANYLOOP_BOOL:
        return anyloop_to_int(value) ? "true" : "false";
    case ANYLOOP_INT:
        return text_of(here, "%" PRId64, anyloop_to_int(value));
    case ANYLOOP_TEXT:
        bytes = anyloop_to_bytes(value, &size);
        return text_of(here, "%.*s", (int)size, bytes);
    case ANYLOOP_LIST:
        return bracketed(here, items_of(here, value, word_of));
    case ANYLOOP_ERROR:
        return text_of(here, "!%s", error_of(here, value));
    default:
        return text_of(here, "?kind-%" PRIu32, value->kind);
    }
}

const char *word_of_json(const struct here *here, const struct json *json)
{
    anyloop_value value = value_of(json);
    const char *word = word_of(here, &value);
    anyloop_value_release(&value);
    return word;
}

const char *state_of(const struct here *here, anyloop_future *future)
{
    switch (anyloop_future_state(future)) {
    case ANYLOOP_PENDING:
        return "pending";
    case ANYLOOP_CANCELLED: /* whose reason is not asked for: it is told only once */
        return "cancelled";
    case ANYLOOP_FAILED:
        return text_of(here, "error:%s", error_of(here, anyloop_future_error(future)));
    default:
        return text_of(here, "result:%s", word_of(here, anyloop_future_result(future)));
    }
}

anyloop_status trace_verdict(const struct here *here, const struct json *step, anyloop_status status)
{
    const char *verdict;
    switch (status) {
    case ANYLOOP_OK:
        verdict = "ok";
        break;
    case ANYLOOP_E_STATE:
    case ANYLOOP_E_NOT_HELD:
        verdict = "invalid";
        break;
    case ANYLOOP_E_TYPE:
        verdict = "refused";
        break;
    default:
        return status;
    }
    trace(here, "%s %s %s", text_at(step, 0), text_at(step, 1), verdict);
    return ANYLOOP_OK;
}
