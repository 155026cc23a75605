/* A value's owner: two threads read and let go of one text, the loop of the third reference. The last frees it, after
 * all others have read it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

enum { READERS = 2 };

static anyloop_value values[READERS];

static void *read_text(void *value)
{
    assert(*anyloop_to_bytes(value, NULL) == 'x');
    anyloop_value_release(value);
    return NULL;
}

int main(void)
{
    pthread_t threads[READERS];
    anyloop_value text;
    assert(anyloop_value_text(NULL, "x", 1, &text) == ANYLOOP_OK);
    for (int i = 0; i < READERS; i++) {
        anyloop_value_retain(&text);
        values[i] = text;
        pthread_create(&threads[i], NULL, read_text, &values[i]);
    }
    anyloop_value_release(&text);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
