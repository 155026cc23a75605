/* The mailbox: two producers and a consumer that closes it while they push. What was accepted comes out once, in its
 * producer's order and whole; what was refused stays its producer's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mailbox.h"

#include <assert.h>
#include <pthread.h>

enum { PRODUCERS = 2, EACH = 2 };

struct letter {
    anyl_link link;
    int words; /* plain: the push hands them over */
    int taken;
};

static anyl_mailbox *mailbox;
static struct letter letters[PRODUCERS][EACH];
static int accepted[PRODUCERS];

static void *produce(void *argument)
{
    struct letter *mine = argument;
    long number = (mine - letters[0]) / EACH;
    for (int i = 0; i < EACH; i++) {
        mine[i].words = 10 + i;
        if (!anyl_mailbox_push(mailbox, ANYL_LANE_MAIL, &mine[i].link))
            break; /* and so will the next be */
        accepted[number]++;
    }
    anyl_mailbox_release(mailbox);
    return NULL;
}

/* Of one producer those come that were not taken before, from the first on. */
static void read_all(anyl_link *link)
{
    for (; link; link = link->next) {
        struct letter *letter = ANYL_OWNER_OF(link, struct letter, link);
        long at = letter - letters[0];
        assert(letter->words == 10 + at % EACH);
        assert(letter->taken++ == 0);
        assert(at % EACH == 0 || letter[-1].taken == 1);
    }
}

int main(void)
{
    pthread_t threads[PRODUCERS];
    mailbox = anyl_mailbox_new(&anyl_alloc_default);
    for (int i = 0; i < PRODUCERS; i++) {
        anyl_mailbox_retain(mailbox);
        pthread_create(&threads[i], NULL, produce, letters[i]);
    }
    anyl_link *last[ANYL_LANES];
    read_all(anyl_mailbox_take(mailbox, ANYL_LANE_MAIL));
    anyl_mailbox_close(mailbox, last);
    read_all(last[ANYL_LANE_MAIL]);
    anyl_mailbox_release(mailbox);
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        for (int k = 0; k < EACH; k++)
            assert(letters[i][k].taken == (k < accepted[i]));
    }
    return 0;
}
