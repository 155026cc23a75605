/* support.h -- what the cases of several rooms use: loops whose memory is counted.
 *
 * Includes what cmocka wants before it. A case that ends its loops by `end_loop` has shown that nothing of them is left.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TESTS_SUPPORT_H
#define ANYLOOP_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <anyloop.h>

#include <stdatomic.h>
#include <stdlib.h>

/* Of all loops of the program: what was allocated and not given back. */
static atomic_long support_blocks;

static inline void *support_allocate(void *user_data, size_t size)
{
    void *pointer = malloc(size);
    (void)user_data;
    if (pointer)
        atomic_fetch_add(&support_blocks, 1);
    return pointer;
}

static inline void support_free(void *user_data, void *pointer, size_t size)
{
    (void)user_data, (void)size;
    atomic_fetch_sub(&support_blocks, 1);
    free(pointer);
}

/* `close_timeout` as in anyloop_loop_options: 0 is the default, a negative one waits for no job. It says nothing, so that what
 * is provoked does not stand in the output. */
static inline anyloop_loop *open_loop(uint32_t flags, int64_t close_timeout)
{
    static const anyloop_allocator allocator = {support_allocate, support_free, NULL};
    anyloop_loop_options options = {
        .struct_size = sizeof options, .flags = flags, .allocator = &allocator, .close_timeout = close_timeout};
    anyloop_loop *loop;
    assert_int_equal(anyloop_new_event_loop(&options, &loop), ANYLOOP_OK);
    assert_int_equal(anyloop_loop_set_log(loop, NULL, NULL), ANYLOOP_OK);
    return loop;
}

static inline void assert_nothing_left(void)
{
    assert_int_equal(atomic_load(&support_blocks), 0);
}

static inline void end_loop(anyloop_loop *loop)
{
    assert_int_equal(anyloop_loop_close(loop), ANYLOOP_OK);
    anyloop_loop_release(loop);
    assert_nothing_left();
}

#endif
