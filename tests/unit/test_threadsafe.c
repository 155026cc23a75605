/* What other threads may do to a loop: call, hold, let go; loops of several threads with each other; forks.
 *
 * What happens on another thread is written down there and judged after the join: an assertion may only fail on the
 * thread that runs the cases.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop_loop(void *loop)
{
    anyloop_loop_stop(loop);
}

/* ---- callbacks */

#define THROWS 1000

struct ball {
    anyloop_loop *loop;
    gate back;
    anyloop_status status;
};

static void throw_back(void *ball)
{
    gate_open(&((struct ball *)ball)->back);
}

static void *throw_balls(void *argument)
{
    struct ball *ball = argument;
    for (int i = 0; i < THROWS && ball->status == ANYLOOP_OK; i++) {
        ball->status = anyloop_loop_call_soon_threadsafe(ball->loop, throw_back, ball, NULL);
        gate_wait(&ball->back, i + 1);
    }
    anyloop_loop_call_soon_threadsafe(ball->loop, stop_loop, ball->loop, NULL);
    return NULL;
}

/* Between two of them the loop has nothing to do but sleep: one wake that is lost is a test that never ends. */
static void b01_a_call_from_another_thread_wakes_the_loop_each_time(void **state)
{
    (void)state;
    struct ball ball = {.loop = loop_real(), .back = GATE};
    assert_ok(anyloop_loop_hold(ball.loop));
    pthread_t thread = thread_start(throw_balls, &ball);
    assert_ok(anyloop_loop_run_forever(ball.loop));
    thread_join(thread);
    assert_ok(ball.status);
    assert_int_equal(ball.back.opened, THROWS);
    assert_ok(anyloop_loop_unhold(ball.loop));
    loop_end(ball.loop);
}

struct busy {
    anyloop_loop *loop;
    gate blocked, posted;
    int runs;
};

static void block(void *user_data)
{
    struct busy *busy = user_data;
    gate_open(&busy->blocked);
    gate_wait(&busy->posted, 1);
}

static void run_for_ever(void *user_data)
{
    struct busy *busy = user_data;
    busy->runs++;
    anyloop_loop_call_soon(busy->loop, run_for_ever, busy, NULL, NULL);
}

static void *stop_while_it_blocks(void *user_data)
{
    struct busy *busy = user_data;
    gate_wait(&busy->blocked, 1);
    anyloop_loop_call_soon_threadsafe(busy->loop, stop_loop, busy->loop, NULL);
    gate_open(&busy->posted);
    return NULL;
}

static void a_stop_from_another_thread_takes_effect_behind_a_callback_that_blocks_or_never_ends(void **state)
{
    (void)state;
    struct busy busy = {.loop = loop_real(), .blocked = GATE, .posted = GATE};
    pthread_t thread = thread_start(stop_while_it_blocks, &busy);
    assert_ok(anyloop_loop_call_soon(busy.loop, run_for_ever, &busy, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(busy.loop, block, &busy, NULL, NULL));
    assert_ok(anyloop_loop_run_forever(busy.loop));
    assert_int_equal(busy.runs, 2); /* before the block, and in the turn that the stop came in */
    thread_join(thread);
    loop_end(busy.loop);
}

static void *post_note(void *loop)
{
    anyloop_loop_call_soon_threadsafe(loop, note, "posted", NULL);
    return NULL;
}

static void a_call_from_another_thread_waits_behind_what_is_ready(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    assert_ok(anyloop_loop_call_soon(loop, note, "ready", NULL, NULL));
    thread_join(thread_start(post_note, loop));
    assert_trace("");
    turn(loop);
    assert_trace("ready posted");
    loop_end(loop);
}

static void call_one_two_three(void *loop)
{
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, "one", NULL));
    assert_ok(anyloop_loop_call_soon(loop, note, "two", NULL, NULL));
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, note, "three", NULL));
    note("called");
}

static void b02_threadsafe_calls_inside_a_turn_keep_their_order_among_the_plain_ones(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    call_one_two_three(loop); /* outside a turn its own thread is as any other */
    turn(loop);
    assert_trace("called two one three");
    assert_ok(anyloop_loop_call_soon(loop, call_one_two_three, loop, NULL, NULL));
    turn(loop);
    assert_trace("called");
    turn(loop);
    assert_trace("one two three");
    loop_end(loop);
}

struct beginner {
    anyloop_coro co;
};

ANYLOOP_ASYNC(beginner)
{
    ANYLOOP_BEGIN;
    note("began");
    ANYLOOP_END;
}

static void *cancel_by_waker(void *waker)
{
    anyloop_waker_cancel(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static void b06_a_task_that_another_thread_cancelled_before_it_began_runs_nothing(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_task *task = ANYLOOP_TASK(loop, beginner);
    anyloop_waker *waker;
    assert_ok(anyloop_task_waker(task, &waker));
    thread_join(thread_start(cancel_by_waker, waker));
    run_to(loop, task, ANYLOOP_E_CANCELLED);
    assert_trace("");
    loop_end(loop);
}

#define POSTS 4096
#define POSTERS 2

struct churn {
    anyloop_loop *loop;
    anyloop_handle *timer;
    int came, fired;
};

struct poster {
    struct churn *churn;
    anyloop_status status;
    int next, in_order; /* the loop's: which post is expected */
};

struct post {
    struct poster *poster;
    int number;
};

static void on_timer(void *churn)
{
    ((struct churn *)churn)->fired++;
}

/* Every post takes the last timer away and sets another: due at once, or never in this test. */
static void on_post(void *argument)
{
    struct post *post = argument;
    struct churn *churn = post->poster->churn;
    post->poster->in_order += post->number == post->poster->next++;
    if (churn->timer) {
        anyloop_handle_cancel(churn->timer);
        anyloop_handle_release(churn->timer);
    }
    churn->timer = NULL;
    anyloop_loop_call_later(churn->loop, post->number % 3 ? HOUR : 0, on_timer, churn, NULL, &churn->timer);
    if (++churn->came == POSTS * POSTERS)
        anyloop_loop_stop(churn->loop);
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < POSTS && poster->status == ANYLOOP_OK; i++) {
        struct post *post = malloc(sizeof *post);
        *post = (struct post){poster, i};
        poster->status = anyloop_loop_call_soon_threadsafe(poster->churn->loop, on_post, post, free);
    }
    return NULL;
}

static void b07_of_thousands_of_calls_among_changing_timers_none_is_lost(void **state)
{
    (void)state;
    struct churn churn = {.loop = loop_real()};
    struct poster posters[POSTERS] = {{.churn = &churn}, {.churn = &churn}};
    pthread_t threads[POSTERS];
    assert_ok(anyloop_loop_hold(churn.loop));
    for (int i = 0; i < POSTERS; i++)
        threads[i] = thread_start(post_all, &posters[i]);
    assert_ok(anyloop_loop_run_forever(churn.loop));
    for (int i = 0; i < POSTERS; i++) {
        thread_join(threads[i]);
        assert_ok(posters[i].status);
        assert_int_equal(posters[i].in_order, POSTS);
    }
    anyloop_handle_release(churn.timer);
    assert_ok(anyloop_loop_unhold(churn.loop));
    loop_end(churn.loop);
}

static void what_was_posted_and_never_ran_is_dropped_once_by_the_close(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    assert_ok(anyloop_loop_call_soon_threadsafe(loop, stop_loop, &dropped, count));
    assert_int_equal(dropped, 0);
    assert_ok(anyloop_loop_close(loop));
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

struct late {
    anyloop_loop *loop;
    anyloop_promise *promise;
    anyloop_waker *waker;
    anyloop_future *future;
    anyloop_value value;
    int dropped;
    anyloop_status status, hold;
};

static void *call_too_late(void *argument)
{
    struct late *late = argument;
    late->status = anyloop_loop_call_soon_threadsafe(late->loop, note, &late->dropped, count);
    late->hold = anyloop_loop_hold(late->loop);
    anyloop_loop_release(late->loop);
    return NULL;
}

static void a_closed_loop_refuses_calls_of_other_threads_and_goes_with_its_last_holder(void **state)
{
    (void)state;
    struct late late = {.loop = loop_new()};
    assert_ok(anyloop_loop_close(late.loop));
    thread_join(thread_start(call_too_late, &late));
    assert_int_equal(late.status, ANYLOOP_E_CLOSED);
    assert_int_equal(late.hold, ANYLOOP_E_CLOSED);
    assert_int_equal(late.dropped, 1);
    assert_int_equal(memory.blocks, 0);
}

/* ---- holds */

static void *unhold(void *loop)
{
    anyloop_loop_unhold(loop);
    return NULL;
}

static void a_hold_keeps_a_run_waiting_until_another_thread_takes_it_back(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    assert_int_equal(anyloop_loop_unhold(loop), ANYLOOP_E_STATE);
    assert_ok(anyloop_loop_hold(loop));
    pthread_t thread = thread_start(unhold, loop);
    assert_int_equal(anyloop_loop_run_forever(loop), ANYLOOP_E_DEADLOCK);
    thread_join(thread);
    assert_said("");
    loop_end(loop);
}

/* ---- letting go of futures */

static void *release_threadsafe(void *future)
{
    anyloop_future_release_threadsafe(future);
    return NULL;
}

static void *release_plainly(void *future)
{
    anyloop_future_release(future);
    return NULL;
}

static void a_future_released_by_another_thread_goes_on_the_loops_own(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    for (int plainly = 0; plainly < 2; plainly++) {
        anyloop_future *future = future_new(loop);
        anyloop_value value = counted(&gone);
        assert_ok(anyloop_future_set_result(future, &value));
        thread_join(thread_start(plainly ? release_plainly : release_threadsafe, future));
        assert_int_equal(gone, plainly);
        turn(loop);
        assert_int_equal(gone, plainly + 1);
    }
    loop_end(loop);
}

static void each_release_of_many_threads_counts(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future = future_new(loop);
    anyloop_value value = counted(&gone);
    pthread_t threads[4];
    assert_ok(anyloop_future_set_result(future, &value));
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(release_threadsafe, anyloop_future_retain(future));
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    turn(loop);
    assert_int_equal(gone, 0);
    anyloop_future_release_threadsafe(future);
    turn(loop);
    assert_int_equal(gone, 1);
    loop_end(loop);
}

static anyloop_status note_error(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)loop, (void)user_data;
    note((void *)(uintptr_t)anyloop_error_text(exception->error, NULL));
    return ANYLOOP_OK;
}

static void an_error_that_nobody_looked_at_is_reported_when_another_thread_lets_go(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_value error = error_of(ANYLOOP_E_USER, "unseen");
    assert_ok(anyloop_loop_set_exception_handler(loop, note_error, NULL, NULL));
    assert_ok(anyloop_future_set_error(future, &error));
    thread_join(thread_start(release_threadsafe, future));
    assert_trace("");
    turn(loop);
    assert_trace("unseen");
    loop_end(loop);
}

struct handover {
    gate given, taken;
    anyloop_future *future;
    int rounds;
};

static void *release_each(void *argument)
{
    struct handover *handover = argument;
    for (int i = 1; i <= handover->rounds; i++) {
        gate_wait(&handover->given, i);
        anyloop_future_release_threadsafe(handover->future);
        gate_open(&handover->taken);
    }
    return NULL;
}

static void stop_running_loop(void *unused)
{
    (void)unused;
    anyloop_loop_stop(anyloop_get_running_loop());
}

/* The loop learns of the release by what the future held, and goes while the releasing call may still be under way. */
static void a_loop_may_go_as_soon_as_it_heard_of_the_release_of_its_last_future(void **state)
{
    (void)state;
    struct handover handover = {.given = GATE, .taken = GATE, .rounds = 500};
    pthread_t thread = thread_start(release_each, &handover);
    for (int i = 1; i <= handover.rounds; i++) {
        anyloop_loop *loop = loop_real();
        anyloop_value value;
        handover.future = future_new(loop);
        assert_ok(anyloop_value_foreign(NULL, NULL, stop_running_loop, &value));
        assert_ok(anyloop_future_set_result(handover.future, &value));
        assert_ok(anyloop_loop_hold(loop));
        gate_open(&handover.given);
        assert_ok(anyloop_loop_run_forever(loop));
        assert_ok(anyloop_loop_close(loop));
        anyloop_loop_release(loop);
        gate_wait(&handover.taken, i);
        assert_int_equal(memory.blocks, 0);
    }
    thread_join(thread);
}

/* Nothing else keeps the closed loop: the threads take it apart among them. */
static void the_last_futures_of_a_closed_loop_go_on_several_threads_at_once(void **state)
{
    (void)state;
    struct handover handovers[2] = {{.given = GATE, .taken = GATE, .rounds = 500},
                                    {.given = GATE, .taken = GATE, .rounds = 500}};
    pthread_t threads[2];
    for (int k = 0; k < 2; k++)
        threads[k] = thread_start(release_each, &handovers[k]);
    for (int i = 1; i <= handovers[0].rounds; i++) {
        anyloop_loop *loop = loop_new();
        for (int k = 0; k < 2; k++)
            handovers[k].future = future_new(loop);
        assert_ok(anyloop_loop_close(loop));
        anyloop_loop_release(loop);
        assert_true(memory.blocks > 0);
        for (int k = 0; k < 2; k++)
            gate_open(&handovers[k].given);
        for (int k = 0; k < 2; k++)
            gate_wait(&handovers[k].taken, i);
        assert_int_equal(memory.blocks, 0);
    }
    for (int k = 0; k < 2; k++)
        thread_join(threads[k]);
}

/* ---- letting go of values */

static void count_atomically(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

static void *release_value(void *argument)
{
    anyloop_value value = *(anyloop_value *)argument;
    anyloop_value_release(&value);
    return NULL;
}

static void a_value_shared_by_threads_goes_once_with_its_last_holder(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    atomic_int gone = 0;
    anyloop_value items[2], list;
    pthread_t threads[4];
    assert_ok(anyloop_value_foreign(loop, &gone, count_atomically, &items[0]));
    assert_ok(anyloop_value_text(loop, "shared", 6, &items[1]));
    assert_ok(anyloop_value_list(loop, items, 2, &list));
    for (int i = 0; i < 4; i++)
        anyloop_value_retain(&list);
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(release_value, &list);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    assert_int_equal(gone, 0);
    anyloop_value_release(&list);
    assert_int_equal(gone, 1);
    loop_end(loop);
}

static void a_value_outlives_the_loop_that_gave_its_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value text;
    assert_ok(anyloop_value_text(loop, "kept", 4, &text));
    assert_ok(anyloop_loop_close(loop));
    anyloop_loop_release(loop);
    assert_string_equal(anyloop_to_bytes(&text, NULL), "kept");
    thread_join(thread_start(release_value, &text));
    assert_int_equal(memory.blocks, 0);
}

static void a_value_that_holds_a_future_may_be_released_anywhere(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int gone = 0;
    anyloop_future *future = future_new(loop);
    anyloop_value result = counted(&gone), value;
    assert_ok(anyloop_value_future(future, &value));
    assert_ok(anyloop_future_set_result(future, &result));
    anyloop_future_release(future);
    thread_join(thread_start(release_value, &value));
    turn(loop);
    assert_int_equal(gone, 1);
    loop_end(loop);
}

/* ---- a coroutine of one loop for another thread: asyncio's run_coroutine_threadsafe, of the parts that there are */

struct request {
    anyloop_loop *there;
    anyloop_future *(*start)(anyloop_loop *loop);
    bool impatient;
    bool cancel_there; /* the loop's own thread cancels */
    anyloop_promise *promise;
    anyloop_waker *waker;
    gate begun, over;
    uint32_t ended;        /* how the task did */
    anyloop_status status; /* what the asking thread got */
    int64_t answer;
    char text[16];
};

static void give_answer(void *argument, anyloop_future *task)
{
    struct request *request = argument;
    anyloop_value value;
    request->ended = anyloop_future_state(task);
    if (request->ended == ANYLOOP_RESULT) {
        value = *anyloop_future_result(task);
        anyloop_value_retain(&value);
        anyloop_promise_set_result(request->promise, &value);
    } else {
        value = *anyloop_future_error(task);
        anyloop_value_retain(&value);
        anyloop_promise_set_error(request->promise, &value);
    }
    anyloop_promise_release(request->promise);
    gate_open(&request->over);
}

static void begin_request(void *argument)
{
    struct request *request = argument;
    anyloop_task *task = request->start(request->there);
    anyloop_task_waker(task, &request->waker);
    anyloop_future_add_done_callback(task, give_answer, request, NULL);
    anyloop_future_release(task);
    gate_open(&request->begun);
}

static void cancel_request(void *argument)
{
    anyloop_waker_cancel(((struct request *)argument)->waker);
}

static void *ask(void *argument)
{
    struct request *request = argument;
    anyloop_loop *mine = loop_with(0);
    anyloop_future *answer, *waited;
    anyloop_promise_new(mine, &request->promise, &answer);
    anyloop_loop_call_soon_threadsafe(request->there, begin_request, request, NULL);
    gate_wait(&request->begun, 1);
    if (request->cancel_there)
        anyloop_loop_call_soon_threadsafe(request->there, cancel_request, request, NULL);
    waited = anyloop_ensure_future(mine, anyloop_wait_for(mine, answer, request->impatient ? 0 : ANYLOOP_FOREVER));
    request->status = anyloop_loop_run_until_complete(mine, waited);
    if (request->status == ANYLOOP_OK)
        request->answer = anyloop_to_int(anyloop_future_result(waited));
    else
        snprintf(request->text, sizeof request->text, "%s", anyloop_error_text(anyloop_future_error(waited), NULL));
    if (request->impatient)
        anyloop_waker_cancel(request->waker);
    gate_wait(&request->over, 1);
    anyloop_waker_release(request->waker);
    anyloop_future_release(waited);
    anyloop_loop_close(mine);
    anyloop_loop_release(mine);
    anyloop_loop_call_soon_threadsafe(request->there, stop_loop, request->there, NULL);
    return NULL;
}

static void serve(struct request *request)
{
    request->there = loop_real();
    request->begun = request->over = (gate)GATE;
    assert_ok(anyloop_loop_hold(request->there));
    pthread_t thread = thread_start(ask, request);
    assert_ok(anyloop_loop_run_forever(request->there));
    thread_join(thread);
    assert_int_equal(anyloop_all_tasks(request->there, NULL, 0), 0);
    assert_ok(anyloop_loop_unhold(request->there));
    loop_end(request->there);
}

struct adder {
    anyloop_coro co;
    int a, b;
};

ANYLOOP_ASYNC(adder)
{
    ANYLOOP_BEGIN;
    ANYLOOP_YIELD;
    if (my->a < 0)
        ANYLOOP_RAISE(ANYLOOP_E_USER, "negative");
    ANYLOOP_RETURN(anyloop_int(my->a + my->b));
    ANYLOOP_END;
}

struct sleeper {
    anyloop_coro co;
};

ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_FOREVER));
    ANYLOOP_END;
}

static int32_t cancelled_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    return ANYLOOP_STEP_CANCELLED;
}

static anyloop_future *start_adder(anyloop_loop *loop)
{
    return ANYLOOP_TASK(loop, adder, .a = 1, .b = 2);
}

static anyloop_future *start_failing(anyloop_loop *loop)
{
    return ANYLOOP_TASK(loop, adder, .a = -1);
}

static anyloop_future *start_sleeper(anyloop_loop *loop)
{
    return ANYLOOP_TASK(loop, sleeper);
}

static anyloop_future *start_cancelled(anyloop_loop *loop)
{
    return anyloop_task_create(loop, "cancelled", cancelled_step, NULL, 0);
}

static void b20_a_coroutine_started_for_another_thread_gives_it_its_result(void **state)
{
    (void)state;
    struct request request = {.start = start_adder};
    serve(&request);
    assert_ok(request.status);
    assert_int_equal(request.answer, 3);
}

static void b21_or_its_error(void **state)
{
    (void)state;
    struct request request = {.start = start_failing};
    serve(&request);
    assert_int_equal(request.status, ANYLOOP_E_USER);
    assert_string_equal(request.text, "negative");
}

static void b22_a_thread_that_gives_up_waiting_cancels_the_task(void **state)
{
    (void)state;
    struct request request = {.start = start_sleeper, .impatient = true};
    serve(&request);
    assert_int_equal(request.status, ANYLOOP_E_TIMED_OUT);
    assert_int_equal(request.ended, ANYLOOP_CANCELLED);
}

static void b23_a_task_that_is_cancelled_inside_is_cancelled_for_the_thread_too(void **state)
{
    (void)state;
    struct request request = {.start = start_cancelled};
    serve(&request);
    assert_int_equal(request.status, ANYLOOP_E_CANCELLED);
}

static void b25_cancelled_on_the_loops_thread_the_task_ends_and_the_asking_thread_hears_of_it(void **state)
{
    (void)state;
    struct request request = {.start = start_sleeper, .cancel_there = true};
    serve(&request);
    assert_int_equal(request.status, ANYLOOP_E_CANCELLED);
    assert_int_equal(request.ended, ANYLOOP_CANCELLED);
}

/* ---- two loops */

#define EXCHANGES 1000

struct player {
    anyloop_loop *loop;
    struct player *other;
    int64_t sum;
    int over;
    anyloop_status status;
};

struct question {
    anyloop_promise *promise;
    int64_t number;
};

static void answer_question(void *argument)
{
    struct question *question = argument;
    anyloop_value twice = anyloop_int(2 * question->number);
    anyloop_promise_set_result(question->promise, &twice);
}

static void drop_question(void *argument)
{
    struct question *question = argument;
    anyloop_promise_release(question->promise);
    free(question);
}

static anyloop_future *put_question(struct player *player, int64_t number)
{
    struct question *question = malloc(sizeof *question);
    anyloop_future *future;
    question->number = number;
    anyloop_promise_new(player->loop, &question->promise, &future);
    anyloop_loop_call_soon_threadsafe(player->other->loop, answer_question, question, drop_question);
    return future;
}

static void one_is_over(void *argument)
{
    struct player *player = argument;
    if (++player->over == 2)
        anyloop_loop_stop(player->loop);
}

struct asker {
    anyloop_coro co;
    struct player *player;
    int64_t i;
};

ANYLOOP_ASYNC(asker)
{
    ANYLOOP_BEGIN;
    for (my->i = 0; my->i < EXCHANGES; my->i++) {
        ANYLOOP_AWAIT(put_question(my->player, my->i));
        my->player->sum += anyloop_to_int(ANYLOOP_AWAITED);
    }
    ANYLOOP_FINALLY;
    one_is_over(my->player);
    anyloop_loop_call_soon_threadsafe(my->player->other->loop, one_is_over, my->player->other, NULL);
    ANYLOOP_END;
}

static void *play(void *argument)
{
    struct player *player = argument;
    anyloop_set_event_loop(player->loop); /* it is this thread's now */
    ANYLOOP_SPAWN(player->loop, asker, .player = player);
    player->status = anyloop_loop_run_forever(player->loop);
    anyloop_loop_close(player->loop);
    anyloop_set_event_loop(NULL);
    return NULL;
}

static void two_loops_in_two_threads_exchange_by_promises(void **state)
{
    (void)state;
    struct player players[2] = {{.loop = loop_real()}, {.loop = loop_with(0)}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        players[i].other = &players[1 - i];
        assert_ok(anyloop_loop_hold(players[i].loop));
    }
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(play, &players[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    for (int i = 0; i < 2; i++) {
        assert_ok(players[i].status);
        assert_int_equal(players[i].sum, (int64_t)EXCHANGES * (EXCHANGES - 1));
        anyloop_loop_release(players[i].loop);
    }
    assert_int_equal(memory.blocks, 0);
}

/* ---- forks */

/* In the child, where no assertion may unwind into the parent's cases: the number of the first thing that is wrong. */
static int wrong_in_child(anyloop_loop *parents, anyloop_loop *other, anyloop_future *future)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    tally soon = {0, 0}, posted = {0, 0};
    int32_t fd;
    anyloop_loop *own = anyloop_get_event_loop();
    if (own == NULL || own == parents || anyloop_get_event_loop() != own)
        return 1;
    if (anyloop_loop_run_until_complete(parents, future) != ANYLOOP_E_FORKED ||
        anyloop_loop_run_forever(other) != ANYLOOP_E_FORKED ||
        anyloop_loop_turn(other, 0, NULL, 0, &info) != ANYLOOP_E_FORKED ||
        anyloop_loop_wait(other, 0) != ANYLOOP_E_FORKED || anyloop_loop_fd(other, &fd) != ANYLOOP_E_FORKED ||
        anyloop_set_event_loop(other) != ANYLOOP_E_FORKED)
        return 2;
    if (anyloop_loop_call_soon(other, tally_run, &soon, tally_drop, NULL) != ANYLOOP_E_FORKED ||
        anyloop_loop_call_soon_threadsafe(other, tally_run, &posted, tally_drop) != ANYLOOP_E_FORKED ||
        soon.dropped != 1 || posted.dropped != 1)
        return 3;
    anyloop_future *task = anyloop_create_task(other, anyloop_sleep(other, 1), NULL);
    if (anyloop_future_error_code(task) != ANYLOOP_E_FORKED ||
        anyloop_future_set_result(future, NULL) != ANYLOOP_E_FORKED)
        return 4;
    anyloop_future_release(task);
    anyloop_future_release(future);
    if (anyloop_loop_close(other) != ANYLOOP_OK || anyloop_loop_close(parents) != ANYLOOP_OK)
        return 5;
    anyloop_loop_release(other);
    if (strcmp(said.text, "") != 0)
        return 6;
    return anyloop_run(own, anyloop_sleep(own, 1), NULL) == ANYLOOP_OK ? 0 : 7;
}

static int how_it_ended(pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

static void a_child_process_has_a_loop_of_its_own_and_cannot_run_its_parents(void **state)
{
    (void)state;
    anyloop_loop *parents = anyloop_get_event_loop(), *other = loop_real();
    anyloop_future *future = future_new(parents);
    pid_t child = fork();
    if (child == 0)
        _exit(wrong_in_child(parents, other, future));
    assert_int_equal(how_it_ended(child), 0);
    assert_ptr_equal(anyloop_get_event_loop(), parents);
    assert_ok(anyloop_future_set_result(future, NULL));
    run_to(parents, future, ANYLOOP_OK);
    assert_ok(anyloop_loop_close(parents));
    assert_ok(anyloop_set_event_loop(NULL));
    loop_end(other);
}

static pid_t forked = -1;

static void fork_now(void *user_data)
{
    (void)user_data;
    fflush(NULL);
    forked = fork();
}

static int ran_in_child;

/* It is ready in every turn, the rest of the one that forks too. */
static void run_in_parent(void *user_data)
{
    ran_in_child += forked == 0;
    anyloop_loop_call_soon(user_data, run_in_parent, user_data, NULL, NULL);
}

/* The child goes on where its parent stood, inside a callback, and comes out of the run with no other step. */
static void a_run_that_forks_ends_in_the_child_and_goes_on_in_the_parent(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_real();
    assert_ok(anyloop_loop_call_soon(loop, fork_now, NULL, NULL, NULL));
    assert_ok(anyloop_loop_call_soon(loop, run_in_parent, loop, NULL, NULL));
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_MS(5));
    anyloop_status status = anyloop_loop_run_until_complete(loop, sleep);
    if (forked == 0)
        _exit(status == ANYLOOP_E_FORKED && ran_in_child == 0 ? 0 : 1);
    assert_ok(status);
    anyloop_future_release(sleep);
    assert_int_equal(how_it_ended(forked), 0);
    loop_end(loop);
}

#ifndef ANYLOOP_POLLER_POLL /* which has no descriptor: of its pipe test_port.c says the same */

/* What a child keeps, wakes and lets go is its own: its parent's descriptor and timer do not hear of it. */
static void nothing_that_a_child_does_wakes_its_parents_host(void **state)
{
    (void)state;
    begin();
    anyloop_loop *loop = loop_with(ANYLOOP_LOOP_UNPINNED); /* where no call asks for the thread */
    anyloop_promise *promise;
    anyloop_future *future;
    anyloop_turn_info info = {.struct_size = sizeof info};
    int32_t fd;
    assert_ok(anyloop_promise_new(loop, &promise, &future));
    assert_ok(anyloop_loop_fd(loop, &fd));
    assert_ok(anyloop_loop_turn(loop, 0, NULL, 0, &info));
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&watched, 1, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        anyloop_promise_set_result(promise, NULL);
        anyloop_loop_call_soon_threadsafe(loop, note, "child's", NULL);
        anyloop_loop_fd(loop, &fd);
        anyloop_loop_wait(loop, 0);
        anyloop_loop_turn(loop, 0, NULL, 0, &info);
        anyloop_loop_close(loop);
        _exit(0);
    }
    assert_int_equal(how_it_ended(child), 0);
    assert_int_equal(poll(&watched, 1, 0), 0);
    assert_ok(anyloop_promise_set_result(promise, NULL));
    assert_int_equal(poll(&watched, 1, 1000), 1);
    anyloop_promise_release(promise);
    run_to(loop, future, ANYLOOP_OK);
    loop_end(loop);
}

#endif

static void blocks(anyloop_job *job, const anyloop_value *in)
{
    (void)job;
    gate_wait(anyloop_to_pointer(in), 1);
}

/* By exit, with all that it brings: it neither joins the pool's thread, which is not there, nor waits for a lock. */
static void a_child_that_exits_waits_for_nobody(void **state)
{
    (void)state;
    gate may_end = GATE;
    anyloop_value in = anyloop_none();
    anyloop_loop *loop = loop_real();
    assert_ok(anyloop_value_foreign(loop, &may_end, NULL, &in));
    anyloop_future *job = anyloop_run_in_executor(loop, NULL, blocks, &in);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        exit(0);
    }
    assert_int_equal(how_it_ended(child), 0);
    gate_open(&may_end);
    run_to(loop, job, ANYLOOP_OK);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(b01_a_call_from_another_thread_wakes_the_loop_each_time),
        cmocka_unit_test(a_stop_from_another_thread_takes_effect_behind_a_callback_that_blocks_or_never_ends),
        cmocka_unit_test(a_call_from_another_thread_waits_behind_what_is_ready),
        cmocka_unit_test(b02_threadsafe_calls_inside_a_turn_keep_their_order_among_the_plain_ones),
        cmocka_unit_test(b06_a_task_that_another_thread_cancelled_before_it_began_runs_nothing),
        cmocka_unit_test(b07_of_thousands_of_calls_among_changing_timers_none_is_lost),
        cmocka_unit_test(what_was_posted_and_never_ran_is_dropped_once_by_the_close),
        cmocka_unit_test(a_closed_loop_refuses_calls_of_other_threads_and_goes_with_its_last_holder),
        cmocka_unit_test(a_hold_keeps_a_run_waiting_until_another_thread_takes_it_back),
        cmocka_unit_test(a_future_released_by_another_thread_goes_on_the_loops_own),
        cmocka_unit_test(each_release_of_many_threads_counts),
        cmocka_unit_test(an_error_that_nobody_looked_at_is_reported_when_another_thread_lets_go),
        cmocka_unit_test(a_loop_may_go_as_soon_as_it_heard_of_the_release_of_its_last_future),
        cmocka_unit_test(the_last_futures_of_a_closed_loop_go_on_several_threads_at_once),
        cmocka_unit_test(a_value_shared_by_threads_goes_once_with_its_last_holder),
        cmocka_unit_test(a_value_outlives_the_loop_that_gave_its_memory),
        cmocka_unit_test(a_value_that_holds_a_future_may_be_released_anywhere),
        cmocka_unit_test(b20_a_coroutine_started_for_another_thread_gives_it_its_result),
        cmocka_unit_test(b21_or_its_error),
        cmocka_unit_test(b22_a_thread_that_gives_up_waiting_cancels_the_task),
        cmocka_unit_test(b23_a_task_that_is_cancelled_inside_is_cancelled_for_the_thread_too),
        cmocka_unit_test(b25_cancelled_on_the_loops_thread_the_task_ends_and_the_asking_thread_hears_of_it),
        cmocka_unit_test(two_loops_in_two_threads_exchange_by_promises),
        cmocka_unit_test(a_child_process_has_a_loop_of_its_own_and_cannot_run_its_parents),
        cmocka_unit_test(a_run_that_forks_ends_in_the_child_and_goes_on_in_the_parent),
#ifndef ANYLOOP_POLLER_POLL
        cmocka_unit_test(nothing_that_a_child_does_wakes_its_parents_host),
#endif
        cmocka_unit_test(a_child_that_exits_waits_for_nobody),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
