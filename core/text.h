/* text.h -- put words together in a buffer that may be too small, without stdio.
 *
 * Owns: nothing. What does not fit is counted, not written; a NUL always ends what is there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_TEXT_H
#define ANYL_TEXT_H

#include "base.h"

typedef struct anyl_text {
    char *buffer;
    size_t room;   /* of the buffer, its NUL included */
    size_t needed; /* so far, without the NUL */
} anyl_text;

static inline anyl_text anyl_text_in(char *buffer, size_t room)
{
    if (room)
        buffer[0] = 0;
    return (anyl_text){buffer, room, 0};
}

static inline void anyl_text_bytes(anyl_text *text, const char *bytes, size_t size)
{
    if (text->needed + 1 < text->room) {
        size_t left = text->room - 1 - text->needed, fits = size < left ? size : left;
        memcpy(text->buffer + text->needed, bytes, fits);
        text->buffer[text->needed + fits] = 0;
    }
    text->needed += size;
}

static inline void anyl_text_add(anyl_text *text, const char *words)
{
    anyl_text_bytes(text, words, strlen(words));
}

static inline void anyl_text_number(anyl_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    anyl_text_bytes(text, digits + at, sizeof digits - at);
}

#endif
