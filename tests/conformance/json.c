/* json.c -- reading JSON by recursive descent.
 *
 * Owns:           the grammar. An error is kept, not thrown: the rest of the text is then skipped.
 * Must not know:  what the document is for.
 * Why our own:    the runner must build wherever the core does, wasm32 included, and needs no more than this.
 *
 * SPDX-License-Identifier: MIT
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    _Alignas(max_align_t) char memory[];
};

void *arena_allocate(struct arena *arena, size_t size)
{
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (!block) {
        fputs("no memory\n", stderr);
        exit(1);
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block->memory;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}

struct reader {
    struct arena *arena;
    const char *at;
    const char *error; /* the first one; NULL: none */
};

static const struct json nothing = {.kind = JSON_NULL};

static void fail(struct reader *reader, const char *error)
{
    if (!reader->error)
        reader->error = error;
    reader->at += strlen(reader->at);
}

static void skip_space(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

/* Whether `text` comes next, which is then behind us. */
static int accept(struct reader *reader, const char *text)
{
    size_t size = strlen(text);
    skip_space(reader);
    if (strncmp(reader->at, text, size) != 0)
        return 0;
    reader->at += size;
    return 1;
}

static uint32_t read_hex4(struct reader *reader)
{
    char digits[5] = {0};
    char *end;
    strncpy(digits, reader->at, 4);
    uint32_t unit = (uint32_t)strtoul(digits, &end, 16);
    if (end != digits + 4)
        fail(reader, "\\u without four digits");
    else
        reader->at += 4;
    return unit;
}

/* What follows \u, as UTF-8. */
static char *read_code_point(struct reader *reader, char *out)
{
    uint32_t point = read_hex4(reader);
    if (point >= 0xd800 && point < 0xdc00 && strncmp(reader->at, "\\u", 2) == 0) {
        reader->at += 2;
        point = 0x10000 + ((point - 0xd800) << 10) + ((read_hex4(reader) - 0xdc00) & 0x3ff);
    }
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    uint32_t bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    *out++ = (char)((0xf00u >> bytes & 0xf0u) | point >> 6 * (bytes - 1));
    for (uint32_t i = bytes - 1; i-- > 0;)
        *out++ = (char)(0x80u | (point >> 6 * i & 0x3fu));
    return out;
}

/* A text whose opening quote is behind us. No escape is shorter than what it stands for. */
static const char *read_text(struct reader *reader)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    size_t size = 0;
    while (reader->at[size] && reader->at[size] != '"')
        size += reader->at[size] == '\\' && reader->at[size + 1] ? 2 : 1;
    char *text = arena_allocate(reader->arena, size + 1);
    char *out = text;
    while (*reader->at && *reader->at != '"') {
        const char *letter;
        if (*reader->at != '\\') {
            *out++ = *reader->at++;
        } else if (reader->at[1] == 'u') {
            reader->at += 2;
            out = read_code_point(reader, out);
        } else if (reader->at[1] && (letter = strchr(letters, reader->at[1]))) {
            reader->at += 2;
            *out++ = meanings[letter - letters];
        } else {
            fail(reader, "an unknown escape");
        }
    }
    if (!accept(reader, "\""))
        fail(reader, "a text without an end");
    return text;
}

static int64_t read_number(struct reader *reader)
{
    char *end;
    int64_t number = strtoll(reader->at, &end, 10);
    if (end == reader->at)
        fail(reader, "no value where one must be");
    else if (*end && strchr(".eE", *end))
        fail(reader, "a number that is no integer");
    else
        reader->at = end;
    return number;
}

static struct json *read_value(struct reader *reader);

/* The items of a list or an object whose opening bracket is behind us. */
static const struct json *read_items(struct reader *reader, const char *close, int keyed)
{
    const struct json *first = NULL;
    const struct json **last = &first;
    if (accept(reader, close))
        return NULL;
    do {
        const char *key = NULL;
        if (keyed) {
            if (!accept(reader, "\""))
                fail(reader, "a member without a key");
            key = read_text(reader);
            if (!accept(reader, ":"))
                fail(reader, "a key without a colon");
        }
        struct json *item = read_value(reader);
        item->key = key;
        *last = item;
        last = &item->next;
    } while (accept(reader, ","));
    if (!accept(reader, close))
        fail(reader, "a list or an object without an end");
    return first;
}

static struct json *read_value(struct reader *reader)
{
    struct json *value = arena_allocate(reader->arena, sizeof *value);
    if (accept(reader, "null"))
        *value = nothing;
    else if (accept(reader, "true"))
        *value = (struct json){.kind = JSON_BOOL, .number = 1};
    else if (accept(reader, "false"))
        *value = (struct json){.kind = JSON_BOOL};
    else if (accept(reader, "\""))
        *value = (struct json){.kind = JSON_TEXT, .text = read_text(reader)};
    else if (accept(reader, "["))
        *value = (struct json){.kind = JSON_LIST, .first = read_items(reader, "]", 0)};
    else if (accept(reader, "{"))
        *value = (struct json){.kind = JSON_OBJECT, .first = read_items(reader, "}", 1)};
    else
        *value = (struct json){.kind = JSON_NUMBER, .number = read_number(reader)};
    return value;
}

const struct json *json_parse(struct arena *arena, const char *text, const char **error)
{
    struct reader reader = {.arena = arena, .at = text};
    const struct json *value = read_value(&reader);
    skip_space(&reader);
    if (*reader.at)
        fail(&reader, "something behind the document's end");
    if (reader.error)
        *error = reader.error;
    return reader.error ? NULL : value;
}

const struct json *json_at(const struct json *list, size_t index)
{
    const struct json *item = list->first;
    while (item && index-- > 0)
        item = item->next;
    return item ? item : &nothing;
}

const struct json *json_member(const struct json *object, const char *key)
{
    const struct json *item = object->first;
    while (item && !(item->key && strcmp(item->key, key) == 0))
        item = item->next;
    return item ? item : &nothing;
}

size_t json_count(const struct json *list)
{
    size_t count = 0;
    for (const struct json *item = list->first; item; item = item->next)
        count++;
    return count;
}
