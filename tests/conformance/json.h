/* json.h -- a JSON document as a tree, and the memory that it lives in.
 *
 * Owns:           the nodes, their texts and whatever else is allocated from the same arena: freed in one go.
 * Must not know:  scenarios, anyloop.
 * Why linked:     a step is walked from its first item to its last and has five at most, so that a list needs no array,
 *                 and the interpreter's place in a list of steps is one pointer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    struct arena_block *blocks;
};

/* Memory, zeroed, until the arena is freed. Never NULL: without memory the program ends. */
void *arena_allocate(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_kind kind;
    int64_t number;           /* NUMBER; BOOL: 0 or 1 */
    const char *text;         /* TEXT, ends in NUL; NULL in every other kind */
    const char *key;          /* of a member of an object */
    const struct json *first; /* LIST, OBJECT: the items */
    const struct json *next;  /* the item behind this one */
};

/* Parse a document; numbers are integers. NULL when it is none, and `*error` says why. */
const struct json *json_parse(struct arena *arena, const char *text, const char **error);

/* The item at `index`, the member called `key`: JSON null when there is none. */
const struct json *json_at(const struct json *list, size_t index);
const struct json *json_member(const struct json *object, const char *key);
size_t json_count(const struct json *list);

#endif
