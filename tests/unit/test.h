/* test.h -- what the rooms' tests share: a loop whose memory, words and drops are counted, a trace, a gate for threads.
 *
 * `loop_new` and `loop_end` stand around almost every case: at the end all memory must be back, and every word that the
 * loop said must have been asked for. The clock is virtual unless a case is about the real one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_TEST_H
#define ANYLOOP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <anyloop.h>

#include <pthread.h>
#include <stdatomic.h>

#define HOUR ANYLOOP_SECONDS(3600)
#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define assert_ok(call) assert_int_equal((call), ANYLOOP_OK)

/* ---- what a port lacks, by tests/CMakeLists.txt: a case that needs it is shown as skipped there */

#ifdef PORT_LACKS_THREADS
#define HAS_THREADS 0
#else
#define HAS_THREADS 1
#endif
#ifdef PORT_LACKS_CLOCK
#define HAS_CLOCK 0
#else
#define HAS_CLOCK 1
#endif
#ifdef PORT_LACKS_DESCRIPTOR
#define HAS_DESCRIPTOR 0
#else
#define HAS_DESCRIPTOR 1
#endif

static inline void skipped(void **state)
{
    (void)state;
    skip();
}

#define cmocka_unit_test_where(has, test) {#test, (has) ? (test) : skipped, NULL, NULL, NULL}
#define cmocka_unit_test_of_threads(test) cmocka_unit_test_where(HAS_THREADS, test)
#define cmocka_unit_test_of_clock(test) cmocka_unit_test_where(HAS_CLOCK, test)
#define cmocka_unit_test_of_descriptor(test) cmocka_unit_test_where(HAS_DESCRIPTOR, test)

/* ---- memory */

static struct {
    atomic_size_t blocks, asked; /* alive; asked for since the beginning */
    size_t fail_at;              /* the request of this number finds no memory; 0: none */
    int fail_all;                /* and none after it either */
} memory;

static inline void *memory_allocate(void *user_data, size_t size)
{
    size_t number = atomic_fetch_add(&memory.asked, 1) + 1;
    (void)user_data;
    if (memory.fail_at && (number == memory.fail_at || (memory.fail_all && number > memory.fail_at)))
        return NULL;
    atomic_fetch_add(&memory.blocks, 1);
    return malloc(size);
}

static inline void memory_release(void *user_data, void *pointer, size_t size)
{
    (void)user_data, (void)size;
    if (pointer)
        atomic_fetch_sub(&memory.blocks, 1);
    free(pointer);
}

static const anyloop_allocator counted_memory = {memory_allocate, memory_release, NULL};

/* ---- words and traces */

typedef struct lines {
    pthread_mutex_t mutex; /* a log may be called from any thread */
    char text[4096];
} lines;

static lines said = {.mutex = PTHREAD_MUTEX_INITIALIZER}, trace = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static inline void lines_add(lines *to, const char *text, const char *after)
{
    pthread_mutex_lock(&to->mutex);
    size_t used = strlen(to->text);
    snprintf(to->text + used, sizeof to->text - used, "%s%s", text, after);
    pthread_mutex_unlock(&to->mutex);
}

static inline void hear(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data, (void)level, (void)size;
    lines_add(&said, text, "\n");
}

/* What a loop says must contain `text`; all of it counts as asked for. */
static inline void assert_said(const char *text)
{
    if (strstr(said.text, text) == NULL)
        fail_msg("not said: %s\nsaid: %s", text, said.text);
    said.text[0] = 0;
}

/* A callback, or a drop, that leaves its text in the trace. */
static inline void note(void *text)
{
    lines_add(&trace, text, " ");
}

static inline void assert_trace(const char *expected)
{
    size_t size = strlen(trace.text);
    if (size)
        trace.text[size - 1] = 0;
    assert_string_equal(trace.text, expected);
    trace.text[0] = 0;
}

/* A callback, or a drop, that counts. */
static inline void count(void *counter)
{
    ++*(int *)counter;
}

/* The user_data of a callback: did it run, was it dropped? */
typedef struct tally {
    int ran, dropped;
} tally;

static inline void tally_run(void *user_data)
{
    tally *self = user_data;
    self->ran++;
    assert_int_equal(self->dropped, 0);
}

static inline void tally_done(void *user_data, anyloop_future *future)
{
    (void)future;
    tally_run(user_data);
}

static inline void tally_drop(void *user_data)
{
    ((tally *)user_data)->dropped++;
}

static inline void assert_tally(const tally *self, int ran, int dropped)
{
    assert_int_equal(self->ran, ran);
    assert_int_equal(self->dropped, dropped);
}

/* ---- loops */

static inline anyloop_loop *loop_with(uint32_t flags)
{
    const anyloop_loop_options options = {
        .struct_size = sizeof options, .flags = flags, .virtual_start = (uint64_t)HOUR, .allocator = &counted_memory};
    anyloop_loop *loop = NULL;
    assert_ok(anyloop_new_event_loop(&options, &loop));
    assert_ok(anyloop_loop_set_log(loop, hear, NULL));
    return loop;
}

static inline void begin(void)
{
    atomic_store(&memory.blocks, 0);
    atomic_store(&memory.asked, 0);
    memory.fail_at = 0;
    memory.fail_all = 0;
    said.text[0] = trace.text[0] = 0;
}

static inline anyloop_loop *loop_new(void)
{
    begin();
    return loop_with(ANYLOOP_LOOP_VIRTUAL_CLOCK);
}

static inline anyloop_loop *loop_real(void)
{
    begin();
    return loop_with(0);
}

static inline void loop_end(anyloop_loop *loop)
{
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_string_equal(said.text, "");
    assert_int_equal(memory.blocks, 0);
}

/* One turn. */
static inline void turn(anyloop_loop *loop)
{
    assert_ok(anyloop_loop_stop(loop));
    assert_ok(anyloop_loop_run_forever(loop));
}

static inline void turns(anyloop_loop *loop, int n)
{
    while (n--)
        turn(loop);
}

/* ---- futures and values */

static inline anyloop_future *future_new(anyloop_loop *loop)
{
    anyloop_future *future = NULL;
    assert_ok(anyloop_future_new(loop, &future));
    return future;
}

/* Of a future that is taken: it must have failed with `code`. */
static inline void assert_failed(anyloop_future *future, anyloop_status code)
{
    assert_non_null(future);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_FAILED);
    assert_int_equal(anyloop_error_code(anyloop_future_error(future)), code);
    anyloop_future_release(future);
}

static inline int64_t result_of(const anyloop_future *future)
{
    assert_int_equal(anyloop_future_state(future), ANYLOOP_RESULT);
    assert_int_equal(anyloop_future_result(future)->kind, ANYLOOP_INT);
    return anyloop_to_int(anyloop_future_result(future));
}

static inline anyloop_value error_of(anyloop_status code, const char *text)
{
    anyloop_value error = anyloop_none();
    assert_ok(anyloop_value_error(NULL, code, text, text ? strlen(text) : 0, &error));
    return error;
}

/* A value that counts when it is dropped. */
static inline anyloop_value counted(int *counter)
{
    anyloop_value value = anyloop_none();
    assert_ok(anyloop_value_foreign(NULL, counter, count, &value));
    return value;
}

/* Runs what is taken to its result. */
static inline void run_to(anyloop_loop *loop, anyloop_future *future, anyloop_status status)
{
    assert_int_equal(anyloop_loop_run_until_complete(loop, future), status);
    anyloop_future_release(future);
}

/* ---- threads */

typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int opened;
} gate;

#define GATE {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static inline void gate_open(gate *self)
{
    pthread_mutex_lock(&self->mutex);
    self->opened++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

/* Until it was opened `times` times. */
static inline void gate_wait(gate *self, int times)
{
    pthread_mutex_lock(&self->mutex);
    while (self->opened < times)
        pthread_cond_wait(&self->changed, &self->mutex);
    pthread_mutex_unlock(&self->mutex);
}

static inline pthread_t thread_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

static inline void thread_join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

#endif
