/* pull.c -- what a binding does: its coroutines are numbers, and it steps them itself. Nothing calls back into it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

/* The foreign language: generators in a table, by number. This one sleeps three times and returns how often it did. */
struct generator { int alive; int naps; };
static struct generator generators[4];

static int32_t generator_step(struct generator *my, anyloop_task *task, uint32_t event)
{
    if (event == ANYLOOP_EVENT_CLOSE)
        return ANYLOOP_STEP_RETURN;
    if (anyloop_task_outcome(task) != ANYLOOP_RESULT) {
        anyloop_task_reraise(task);
        return ANYLOOP_STEP_RAISE;
    }
    while (my->naps < 3) {
        printf("%s: nap %d\n", anyloop_task_name(task), ++my->naps);
        if (anyloop_task_await(task, anyloop_sleep(anyloop_task_loop(task), ANYLOOP_MS(1)), NULL) == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
    }
    anyloop_value naps = anyloop_int(my->naps);
    anyloop_task_return(task, &naps);
    return ANYLOOP_STEP_RETURN;
}

static anyloop_future *new_coroutine(anyloop_loop *loop, const char *name, uint64_t number)
{
    anyloop_coroutine_options options = {.struct_size = sizeof options, .name = name, .user_data = number};
    generators[number] = (struct generator){.alive = 1};
    return anyloop_coroutine_create_with(loop, &options); /* no step: it is pulled */
}

/* Runs the loop until `future` is done: turn, serve the events, sleep. */
static anyloop_status run(anyloop_loop *loop, anyloop_future *future)
{
    anyloop_turn_event events[16];
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_status status = ANYLOOP_OK;

    while (status == ANYLOOP_OK && anyloop_future_state(future) == ANYLOOP_PENDING) {
        if ((status = anyloop_loop_turn(loop, 0, events, 16, &info)) != ANYLOOP_OK)
            break;
        for (uint32_t i = 0; i < info.events; i++) {
            struct generator *generator = &generators[events[i].user_data];
            if (events[i].kind == ANYLOOP_TURN_STEP) {
                anyloop_task *task = (anyloop_task *)(uintptr_t)events[i].object;
                int32_t answer = generator_step(generator, task, events[i].detail);
                generator->alive = answer >= ANYLOOP_STEP_AWAIT; /* an answer that ends it hands the number back */
                anyloop_task_stepped(task, answer);
            } else if (events[i].kind == ANYLOOP_TURN_DROP) {
                generator->alive = 0; /* it ended without a step */
            }
        }
        if (anyloop_future_state(future) == ANYLOOP_PENDING)
            status = info.deadlock ? ANYLOOP_E_DEADLOCK : anyloop_loop_wait(loop, info.next_deadline);
    }
    return status;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_future *group = ANYLOOP_GATHER(loop, new_coroutine(loop, "one", 1), new_coroutine(loop, "two", 2));
    anyloop_status status = run(loop, group);

    if (status == ANYLOOP_OK && anyloop_future_result(group)) {
        const anyloop_value *naps = anyloop_to_list(anyloop_future_result(group), NULL);
        printf("naps: %lld and %lld\n", (long long)anyloop_to_int(&naps[0]), (long long)anyloop_to_int(&naps[1]));
    }
    anyloop_future_release(group);
    anyloop_loop_close(loop);
    return status != ANYLOOP_OK || generators[1].alive || generators[2].alive;
}
