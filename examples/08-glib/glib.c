/* glib.c -- anyloop in a GLib main loop, as a GTK program has one: a source that asks for a turn when one is due.
 *
 * It needs no descriptor, so it works with each of anyloop's pollers, and wherever GLib does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <glib.h>

/* ---- anyloop as a source; `due` is set by wakes, on any thread */

struct anyloop_source { GSource base; anyloop_loop *loop; uint64_t deadline; gint due; };

static void wake(void *user_data)
{
    struct anyloop_source *self = user_data;
    g_atomic_int_set(&self->due, 1);
    g_main_context_wakeup(g_source_get_context(&self->base));
}

static gboolean check(GSource *source)
{
    struct anyloop_source *self = (struct anyloop_source *)source;
    return g_atomic_int_get(&self->due) || anyloop_loop_time(self->loop) >= self->deadline;
}

/* For how many ms GLib may sleep: rounded up, nothing is to be early. -1: for ever. */
static gboolean prepare(GSource *source, gint *timeout)
{
    struct anyloop_source *self = (struct anyloop_source *)source;
    uint64_t now = anyloop_loop_time(self->loop);
    *timeout = -1;
    if (self->deadline != ANYLOOP_NEVER && self->deadline > now)
        *timeout = (gint)MIN((self->deadline - now + 999999) / 1000000, G_MAXINT);
    return check(source);
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    struct anyloop_source *self = (struct anyloop_source *)source;
    anyloop_turn_info info = {.struct_size = sizeof info};
    (void)callback, (void)user_data;
    g_atomic_int_set(&self->due, 0); /* before the turn: a wake from now on asks for the next one */
    if (anyloop_loop_turn(self->loop, ANYLOOP_MS(4), NULL, 0, &info) != ANYLOOP_OK)
        return G_SOURCE_REMOVE;
    self->deadline = info.next_deadline; /* 0 when the budget was too short: then GLib's others have theirs first */
    return G_SOURCE_CONTINUE;
}

static void unref(void *source) { g_source_unref(source); }

/* The first turn is due at once. The loop holds the source until it is closed, or has another host. */
static GSource *anyloop_source_attach(anyloop_loop *loop, GMainContext *context)
{
    static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};
    GSource *source = g_source_new(&functions, sizeof(struct anyloop_source));
    ((struct anyloop_source *)source)->loop = loop;
    g_source_attach(source, context);
    if (anyloop_loop_set_host(loop, wake, g_source_ref(source), unref) != ANYLOOP_OK)
        g_error("no guest");
    return source;
}

/* ---- a program: a button, and what it starts */

static void blocking(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    g_usleep(10000);
}

struct program { anyloop_coro co; anyloop_event *clicked; };

ANYLOOP_ASYNC(program)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_event_wait(my->clicked));
    g_print("anyloop: works\n");
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, blocking, NULL));
    g_print("anyloop: is done\n");
    ANYLOOP_END;
}

static gboolean click(gpointer clicked)
{
    g_print("glib: the button is clicked\n");
    anyloop_event_set(clicked); /* outside a turn: the loop wakes its source */
    return G_SOURCE_REMOVE;
}

static void finished(void *user_data, anyloop_future *future)
{
    (void)future;
    g_main_loop_quit(user_data);
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    GMainLoop *main_loop = g_main_loop_new(NULL, FALSE);
    GSource *source = anyloop_source_attach(loop, NULL);
    anyloop_event *clicked;

    if (anyloop_event_new(loop, &clicked) != ANYLOOP_OK ||
        anyloop_start(loop, ANYLOOP_CORO(loop, program, .clicked = clicked), finished, main_loop, NULL) != ANYLOOP_OK)
        return 1;
    g_timeout_add(20, click, clicked);
    g_main_loop_run(main_loop);

    anyloop_event_release(clicked);
    anyloop_loop_close(loop); /* from here on nobody wakes the source */
    g_source_destroy(source);
    g_source_unref(source);
    g_main_loop_unref(main_loop);
    return 0;
}
