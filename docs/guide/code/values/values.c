/* values.c -- making values, giving them away, and errors that carry their cause.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

/* Three values in a list. `items` are taken, so on every way out there is nothing to release here but the list. */
static anyloop_status make_list(anyloop_loop *loop, anyloop_value *out)
{
    anyloop_value items[3] = {anyloop_int(7), anyloop_static_text("seven"), anyloop_none()};
    anyloop_status status = anyloop_value_text(loop, "copied text", 11, &items[2]);
    return status == ANYLOOP_OK ? anyloop_value_list(loop, items, 3, out) : status;
}

static void print_list(const anyloop_value *list)
{
    size_t count, size;
    const anyloop_value *items = anyloop_to_list(list, &count);
    const char *text = anyloop_to_bytes(&items[2], &size);

    printf("%zu items: %lld, ", count, (long long)anyloop_to_int(&items[0]));
    printf("\"%s\", \"%.*s\"\n", anyloop_to_bytes(&items[1], NULL), (int)size, text);
}

static void drop_point(void *pointer)
{
    puts("nobody holds the point any more");
    free(pointer);
}

/* An error that says what happened, what the system said and what led to it. */
static anyloop_status make_error(anyloop_loop *loop, anyloop_value *out)
{
    anyloop_value cause;
    anyloop_status status = anyloop_value_error(loop, ANYLOOP_E_OS, "disk full", 9, &cause);
    anyloop_error_options options = {.struct_size = sizeof options,
                                     .code = ANYLOOP_E_USER,
                                     .text = "cannot save",
                                     .text_size = 11,
                                     .cause = &cause};
    return status == ANYLOOP_OK ? anyloop_value_error_with(loop, &options, out) : status;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_value list, error, point;
    anyloop_future *future;
    int *memory = malloc(2 * sizeof *memory);

    if (anyloop_future_new(loop, &future) != ANYLOOP_OK || make_list(loop, &list) != ANYLOOP_OK ||
        make_error(loop, &error) != ANYLOOP_OK || anyloop_value_foreign(loop, memory, drop_point, &point) != ANYLOOP_OK)
        return 1;

    anyloop_value kept = list; /* a copy is the 32 bytes, and one holder more */
    anyloop_value_retain(&kept);
    anyloop_future_set_result(future, &list); /* given away: `list` is the future's now */
    print_list(anyloop_future_result(future)); /* shown: borrowed from the future */
    anyloop_future_release(future);
    print_list(&kept);
    anyloop_value_release(&kept);

    const char *cause = anyloop_error_text(anyloop_error_cause(&error), NULL);
    printf("%s, because: %s\n", anyloop_error_text(&error, NULL), cause);
    anyloop_value_release(&error);

    anyloop_value_release(&point);
    return anyloop_loop_close(loop) != ANYLOOP_OK;
}
