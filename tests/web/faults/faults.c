/* faults.c -- a host that fails, in Node: no memory for what a worker says, no threads, an exception, and a job that
 * prints faster than anybody reads. Who waits hears of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>
#include <emscripten.h>

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
EM_JS(void, slow_terminal, (int is), {
    Module.out = Module.out || out;
    out = is ? function () { for (var end = performance.now() + 0.1; performance.now() < end;); } : Module.out;
})
EM_JS(void, no_memory, (int is), {
    Module.body = Module.body || _anyl_wasm_body;
    _anyl_wasm_body = is ? function () { return 0; } : Module.body;
})
EM_JS(void, no_threads, (void), {
    require('worker_threads').Worker = function () { throw new Error('no thread left'); };
})
EM_JS(void, catch_all, (void), {
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', function (e) { out('caught: ' + e.message); });
})
EM_JS(void, throw_here, (void), { throw new Error('of a callback'); })
/* clang-format on */

static anyloop_loop *loop;
static anyloop_executor *pool;

static void print(anyloop_job *job, const anyloop_value *in)
{
    (void)job;
    while (anyloop_to_int(in))
        puts("a line of a job without an end");
}

static void trap(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    __builtin_trap();
}

static const anyloop_job_type jobs[] = {{"print", print}, {"trap", trap}, {NULL, NULL}};

static anyloop_future *run(anyloop_job_fn job, int64_t in)
{
    const anyloop_value value = anyloop_int(in);
    return anyloop_run_in_executor(loop, pool, job, &value);
}

static void say(const char *what, anyloop_future *future)
{
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    const anyloop_value *error = anyloop_future_error(future);
    printf("%s: %s %s\n", what, anyloop_status_name(status), error ? anyloop_error_text(error, NULL) : "");
    anyloop_future_release(future);
}

static void open_pool(void)
{
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        exit(1);
}

static void close_pool(void)
{
    anyloop_executor_shutdown(pool, ANYLOOP_CANCEL_QUEUED, 0);
    anyloop_executor_release(pool);
}

static void endless_printing(void)
{
    open_pool();
    for (int i = 0; i < 60; i++) { /* it is known to be short, so others are sent behind it */
        anyloop_future *future = run(print, 0);
        anyloop_loop_run_until_complete(loop, future);
        anyloop_future_release(future);
    }
    slow_terminal(1);
    anyloop_future *endless = run(print, 1), *behind = run(print, 0), *recalled = run(print, 0);
    anyloop_future *limited = anyloop_wait_for(loop, anyloop_sleep(loop, ANYLOOP_MS(300)), ANYLOOP_MS(100));
    anyloop_loop_run_until_complete(loop, limited);
    anyloop_future_cancel(recalled, NULL);
    anyloop_future_cancel(endless, NULL);
    slow_terminal(0);
    say("the clock", limited);
    say("endless", endless);
    say("behind it", behind);
    say("recalled", recalled);
    close_pool();
}

static void no_memory_for_a_reason(void)
{
    open_pool();
    anyloop_future *future = run(trap, 0);
    no_memory(1);
    say("trap", future);
    no_memory(0);
    say("after it", run(print, 0));
    close_pool();
}

static void no_thread(void)
{
    no_threads();
    open_pool();
    say("no thread", run(print, 0));
    close_pool();
}

/* ---- turns of the host */

static void throw_in_turn(void *user_data)
{
    (void)user_data;
    throw_here();
}

static void done(void *other, anyloop_future *future)
{
    printf("another loop: %s\n", anyloop_status_name(anyloop_future_error_code(future)));
    anyloop_loop_stop(other);
}

static void exception(void)
{
    anyloop_loop *throws, *other;
    catch_all();
    anyloop_new_event_loop(NULL, &throws);
    anyloop_new_event_loop(NULL, &other);
    anyloop_loop_call_soon(throws, throw_in_turn, NULL, NULL, NULL);
    anyloop_start(throws, anyloop_sleep(throws, 0), done, throws, NULL);
    anyloop_start(other, anyloop_sleep(other, 0), done, other, NULL);
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    loop = anyloop_get_event_loop();
    endless_printing();
    no_memory_for_a_reason();
    no_thread();
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    exception();
    return 0;
}
