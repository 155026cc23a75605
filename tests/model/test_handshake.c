/* The handshake of mailbox.h alone, small enough for other model checkers too: a consumer says that it sleeps and looks
 * once more, while a producer pushes twice. Over what is still to come nobody sleeps without being woken, once; and
 * after the close nobody wakes any more.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mailbox.h"

#include <assert.h>
#include <pthread.h>

enum { LETTERS = 2 };

struct letter {
    anyl_link link;
    int words;
};

static anyl_mailbox *mailbox;
static struct letter letters[LETTERS];
static atomic_int woken, gone;

static void wake(void *argument)
{
    (void)argument;
    assert(atomic_load_explicit(&gone, memory_order_relaxed) == 0);
    atomic_fetch_add_explicit(&woken, 1, memory_order_relaxed);
}

static void *produce(void *argument)
{
    (void)argument;
    for (int i = 0; i < LETTERS; i++) {
        letters[i].words = 7;
        if (!anyl_mailbox_push(mailbox, ANYL_LANE_MAIL, &letters[i].link))
            break;
    }
    return NULL;
}

static int read_all(void)
{
    int count = 0;
    for (anyl_link *link = anyl_mailbox_take(mailbox, ANYL_LANE_MAIL); link; link = link->next) {
        struct letter *letter = ANYL_OWNER_OF(link, struct letter, link);
        assert(letter->words == 7);
        count++;
    }
    return count;
}

/* The producer ends, and has woken whom it had to. */
static int sleep_over(pthread_t producer)
{
    pthread_join(producer, NULL);
    assert(atomic_load_explicit(&woken, memory_order_relaxed) == 1);
    bool roused = anyl_mailbox_rouse(mailbox);
    assert(roused);
    return read_all();
}

int main(void)
{
    pthread_t producer;
    anyl_link *last[ANYL_LANES];
    mailbox = anyl_mailbox_new(&anyl_alloc_default);
    anyl_mailbox_set_wake(mailbox, wake, NULL);
    pthread_create(&producer, NULL, produce, NULL);
    int came = read_all();
    bool slept = came < LETTERS && anyl_mailbox_sleep(mailbox);
    came += slept ? sleep_over(producer) : read_all();
    assert(!slept || came == LETTERS);
    anyl_mailbox_close(mailbox, last);
    atomic_store_explicit(&gone, 1, memory_order_relaxed);
    if (!slept)
        pthread_join(producer, NULL);
    anyl_mailbox_release(mailbox);
    return 0;
}
