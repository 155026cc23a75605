/* A guest of a GLib main loop: as a source that is woken, and by the descriptor.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include <glib-unix.h>

/* ---- any */

static void begin_main_loop(guest *self)
{
    self->host = g_main_loop_new(NULL, FALSE);
}

static void run_main_loop(guest *self)
{
    g_main_loop_run(self->host);
}

static void leave_main_loop(guest *self)
{
    g_main_loop_quit(self->host);
}

static gboolean do_later(gpointer pointer)
{
    guest *self = pointer;
    self->later(self);
    return G_SOURCE_REMOVE;
}

static void after_ms(guest *self, int ms)
{
    g_timeout_add((guint)ms, do_later, self);
}

/* What a case left of timers and sources goes with the context. */
static void end_main_loop(guest *self)
{
    while (g_source_remove_by_user_data(self))
        ;
    g_main_loop_unref(self->host);
}

/* ---- as a source: examples/08-glib in short */

typedef struct source {
    GSource base;
    guest *guest;
    gint due;
} source;

static void wake(void *pointer)
{
    source *self = pointer;
    g_atomic_int_set(&self->due, 1);
    g_main_context_wakeup(g_source_get_context(&self->base));
}

static gboolean prepare(GSource *base, gint *timeout)
{
    source *self = (source *)base;
    *timeout = sleep_ms(self->guest);
    return *timeout == 0 || g_atomic_int_get(&self->due);
}

static gboolean check(GSource *base)
{
    gint timeout;
    return prepare(base, &timeout);
}

static gboolean dispatch(GSource *base, GSourceFunc callback, gpointer user_data)
{
    source *self = (source *)base;
    (void)callback, (void)user_data;
    g_atomic_int_set(&self->due, 0);
    take_turn(self->guest);
    return G_SOURCE_CONTINUE;
}

static void unref(void *base)
{
    g_source_destroy(base);
    g_source_unref(base);
}

static void begin_source(guest *self)
{
    static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};
    begin_main_loop(self);
    GSource *base = g_source_new(&functions, sizeof(source));
    ((source *)base)->guest = self; /* its deadline is 0: the first turn is due */
    g_source_attach(base, NULL);
    assert_ok(anyloop_loop_set_host(self->loop, wake, base, unref));
}

/* ---- by the descriptor */

#ifndef ANYLOOP_POLLER_POLL

static gboolean turn_now(gint fd, GIOCondition condition, gpointer pointer)
{
    (void)fd, (void)condition;
    take_turn(pointer);
    return G_SOURCE_CONTINUE;
}

static void begin_descriptor(guest *self)
{
    int32_t fd;
    begin_main_loop(self);
    assert_ok(anyloop_loop_fd(self->loop, &fd));
    g_unix_fd_add(fd, G_IO_IN, turn_now, self);
}

#endif

int main(int argc, char **argv)
{
    static const way ways[] = {
        {"glib-source", begin_source, run_main_loop, leave_main_loop, after_ms, end_main_loop},
#ifndef ANYLOOP_POLLER_POLL
        {"glib-descriptor", begin_descriptor, run_main_loop, leave_main_loop, after_ms, end_main_loop},
#endif
    };
    return host_main(argc, argv, ways, LENGTH(ways));
}
