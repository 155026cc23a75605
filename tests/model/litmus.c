/* Does the engine show what C11 allows, and nothing else? Each SHAPE with the orders STORE and LOAD asserts that its
 * weak outcome does not come about: an outcome that is allowed must fail here, one that is not must never.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y; /* not every shape has all of them */
int plain, a, b, c, d;

#define PUT(place, value) atomic_store_explicit(place, value, STORE)
#define GET(place) atomic_load_explicit(place, LOAD)

/* clang-format off */
#if SHAPE == 1 /* store buffering: neither sees the other's */
#define SHAPES {one, two}
static void *one(void *u) { PUT(&x, 1); a = GET(&y); return u; }
static void *two(void *u) { PUT(&y, 1); b = GET(&x); return u; }
#define WEAK (a == 0 && b == 0)

#elif SHAPE == 2 /* message passing: the flag without the message */
#define SHAPES {one, two}
static void *one(void *u) { atomic_store_explicit(&x, 1, memory_order_relaxed); PUT(&y, 1); return u; }
static void *two(void *u) { a = GET(&y); b = atomic_load_explicit(&x, memory_order_relaxed); return u; }
#define WEAK (a == 1 && b == 0)

#elif SHAPE == 3 /* the same with a plain message: a race, or none */
#define SHAPES {one, two}
static void *one(void *u) { plain = 1; PUT(&y, 1); return u; }
static void *two(void *u) { a = GET(&y) ? plain : 1; return u; }
#define WEAK (a != 1)

#elif SHAPE == 4 /* two writers, two readers who disagree about which was first */
#define SHAPES {one, two, three, four}
static void *one(void *u) { PUT(&x, 1); return u; }
static void *two(void *u) { PUT(&y, 1); return u; }
static void *three(void *u) { a = GET(&x); b = GET(&y); return u; }
static void *four(void *u) { c = GET(&y); d = GET(&x); return u; }
#define WEAK (a == 1 && b == 0 && c == 1 && d == 0)

#elif SHAPE == 5 /* 2+2W: each one's first store comes after the other's second */
#define SHAPES {one, two}
static void *one(void *u) { PUT(&x, 1); PUT(&y, 2); return u; }
static void *two(void *u) { PUT(&y, 1); PUT(&x, 2); return u; }
#define WEAK (GET(&x) == 1 && GET(&y) == 1)

#elif SHAPE == 6 /* coherence: one place does not go back */
#define SHAPES {one, two}
static void *one(void *u) { PUT(&x, 1); PUT(&x, 2); return u; }
static void *two(void *u) { a = GET(&x); b = GET(&x); return u; }
#define WEAK (a > b)

#elif SHAPE == 7 /* a relaxed read-modify-write carries on what was released */
#define SHAPES {one, two, three}
static void *one(void *u) { plain = 1; PUT(&x, 1); return u; }
static void *two(void *u) { atomic_fetch_add_explicit(&x, 1, memory_order_relaxed); return u; }
static void *three(void *u) { a = GET(&x) == 2 ? plain : 1; return u; }
#define WEAK (a != 1)

#elif SHAPE == 8 /* no two read-modify-writes take the same value */
#define SHAPES {one, two}
static void *one(void *u) { a = atomic_fetch_add_explicit(&x, 1, STORE); return u; }
static void *two(void *u) { b = atomic_fetch_add_explicit(&x, 1, STORE); return u; }
#define WEAK (a == b)
#endif
/* clang-format on */

int main(void)
{
    void *(*const shapes[])(void *) = SHAPES;
    enum { COUNT = sizeof shapes / sizeof *shapes };
    pthread_t threads[COUNT];
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, shapes[i], NULL);
    for (int i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    assert(!(WEAK));
    return 0;
}
