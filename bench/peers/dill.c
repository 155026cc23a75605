/* dill.c -- libdill's part of the workloads: coroutines with stacks.
 *
 * A new coroutine runs at once, which saves a pass through the queue that asyncio's order demands. W4 is a message through
 * a channel; there are no futures. W5 collects results by an array, since bundles have none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include "libdill.h"

#include <stdlib.h>

/* ---- W1: a coroutine that returns at once, waited for */

static coroutine void nop(void)
{
}

static uint64_t w1(uint64_t operations, uint64_t size)
{
    (void)size;
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        int handle = go(nop());
        row_check(handle >= 0, "no coroutine");
        hclose(handle);
    }
    return row_clock() - start;
}

/* ---- W2: coroutines that yield once and end, all alive together. Its stacks end at 32 thousand of them. */

static coroutine void yield_once(void)
{
    yield();
}

static uint64_t w2(uint64_t operations, uint64_t size)
{
    uint64_t start = row_clock();
    for (uint64_t round = 0; round < operations / size; round++) {
        int all = bundle();
        for (uint64_t i = 0; i < size; i++)
            row_check(bundle_go(all, yield_once()) == 0, "no coroutine");
        bundle_wait(all, -1);
        hclose(all);
    }
    return row_clock() - start;
}

/* ---- W3: yield */

static coroutine void yield_often(uint64_t times)
{
    while (times--)
        yield();
}

static uint64_t w3(uint64_t operations, uint64_t coroutines)
{
    int others = bundle();
    for (uint64_t i = 1; i < coroutines; i++)
        row_check(bundle_go(others, yield_often(operations / coroutines)) == 0, "no coroutine");
    uint64_t start = row_clock();
    yield_often(operations / coroutines);
    uint64_t time = row_clock() - start;
    bundle_wait(others, -1);
    hclose(others);
    return time;
}

/* ---- W4: a value from one coroutine to another */

static coroutine void send(int channel, int64_t last)
{
    for (int64_t number = 1; number <= last; number++)
        chsend(channel, &number, sizeof number, -1);
}

static uint64_t w4(uint64_t operations, uint64_t size)
{
    (void)size;
    int channel[2];
    int64_t number, sum = 0;
    row_check(chmake(channel) == 0, "no channel");
    int sender = go(send(channel[0], (int64_t)operations));
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        chrecv(channel[1], &number, sizeof number, -1);
        sum += number;
    }
    uint64_t time = row_clock() - start;
    row_check((uint64_t)sum == operations * (operations + 1) / 2, "another sum");
    hclose(sender);
    hclose(channel[0]);
    hclose(channel[1]);
    return time;
}

/* ---- W5: results of coroutines that yield once, read in order */

static coroutine void child(int64_t *result, int64_t number)
{
    yield();
    *result = number;
}

static uint64_t w5(uint64_t operations, uint64_t size)
{
    int64_t *results = malloc(size * sizeof *results);
    row_check(results != NULL, "no memory");
    uint64_t start = row_clock();
    for (uint64_t round = 0; round < operations / size; round++) {
        uint64_t right = 0;
        int all = bundle();
        for (uint64_t i = 0; i < size; i++)
            row_check(bundle_go(all, child(&results[i], (int64_t)i)) == 0, "no coroutine");
        bundle_wait(all, -1);
        hclose(all);
        for (uint64_t i = 0; i < size; i++)
            right += results[i] == (int64_t)i;
        row_check(right == size, "results out of order");
    }
    uint64_t time = row_clock() - start;
    free(results);
    return time;
}

/* ---- W6: a coroutine that sleeps for an hour, cancelled: it runs to its sleep inside `go` */

static coroutine void sleeper(void)
{
    msleep(now() + 3600000);
}

static uint64_t w6(uint64_t operations, uint64_t size)
{
    (void)size;
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++)
        hclose(go(sleeper()));
    return row_clock() - start;
}

static const struct row rows[] = {
    {"W1", 2000000, 200000, w1, 0},
    {"W2 k=1000", 1000000, 100000, w2, 1000},
    {"W3 k=2", 5000000, 500000, w3, 2},
    {"W3 k=1000", 5000000, 500000, w3, 1000},
    {"W4", 2000000, 200000, w4, 0},
    {"W5 n=10", 1000000, 100000, w5, 10},
    {"W5 n=1000", 1000000, 100000, w5, 1000},
    {"W6", 1000000, 100000, w6, 0},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    return row_main(argc, argv, rows);
}
