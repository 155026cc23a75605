/* memory.c -- atomics, as C11 has them.
 *
 * A place keeps all values that it ever had, in the order in which they became its own. A load may take any of them
 * that is not older than what its thread knows of: what it read or wrote itself, or what happened before by way of
 * acquiring what another released. To take an older one than the newest is a delay, and counts against the bound. A
 * store that is relaxed or releases may be held back, which is one too: it gets its place in the order when it is
 * shown, after all of its thread's earlier ones if it releases, after those to the same place if it does not; its own
 * thread sees it at once. A read-modify-write takes the newest value, and is shown at once.
 *
 * The sequentially consistent operations are ordered as they are executed: such a load does not look behind the last
 * such store to its place. A standalone fence is refused, as the core has none.
 *
 * Not covered: a load that takes a value from the future (load buffering); what only a compiler could do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

static bool acquires(int order)
{
    return order == ORDER_CONSUME || order == ORDER_ACQUIRE || order == ORDER_BOTH || order == ORDER_SEQUENTIAL;
}

static bool releases(int order)
{
    return order == ORDER_RELEASE || order == ORDER_BOTH || order == ORDER_SEQUENTIAL;
}

static uint64_t raw_read(uintptr_t address, uint32_t size)
{
    return size == 1   ? *(const uint8_t *)address
           : size == 2 ? *(const uint16_t *)address
           : size == 4 ? *(const uint32_t *)address
                       : *(const uint64_t *)address;
}

static void raw_write(uintptr_t address, uint32_t size, uint64_t value)
{
    if (size == 1)
        *(uint8_t *)address = (uint8_t)value;
    else if (size == 2)
        *(uint16_t *)address = (uint16_t)value;
    else if (size == 4)
        *(uint32_t *)address = (uint32_t)value;
    else
        *(uint64_t *)address = value;
}

/* ---- places and their messages */

static struct message *append(struct place *place, uint64_t value, const struct view *released, bool sequential)
{
    if (model->message_count == MESSAGES)
        model_fail("too many stores: does a thread spin?");
    struct message *new = &model->messages[model->message_count++];
    memset(new->seen, 0, sizeof new->seen);
    new->older = place->newest;
    new->value = value;
    new->sequential = sequential;
    if (released)
        new->released = *released;
    else
        memset(&new->released, 0, sizeof new->released);
    place->newest = new;
    raw_write(place->address, place->size, value);
    return new;
}

/* The value that is there already, by a plain store or none, is the first message. `new`: the first store to it would
 * be its initialisation, as it is in the heap and has none. */
static struct place *place_of(volatile void *address, uint32_t size, const void *pc, bool *new)
{
    uint16_t *index = model_place_at(address);
    if (index == NULL)
        model_fail("an atomic at %p, neither in the heap nor among the variables", (const void *)(uintptr_t)address);
    if (*index) {
        struct place *place = &model->places[*index - 1];
        if (place->size != size)
            model_fail("an atomic of %u bytes used as %u, %p", place->size, size, pc);
        return place;
    }
    if (model->place_count == PLACES)
        model_fail("more than %d atomics", PLACES);
    struct place *place = &model->places[model->place_count++];
    *index = (uint16_t)model->place_count;
    *place = (struct place){.address = (uintptr_t)address, .size = size};
    append(place, raw_read(place->address, size), NULL, false);
    if (new)
        *new = model_in_heap(address);
    return place;
}

static void touch(struct place *place, bool changes)
{
    place->touched |= 1u << model->now;
    place->changed = place->changed || changes;
}

/* Does this thread know of it, so that nothing older can be read any more? */
static bool known(const struct message *message)
{
    const struct view *mine = &model_me()->view;
    for (uint32_t i = 0; i < THREADS; i++)
        if (message->seen[i] && message->seen[i] <= mine->clock[i])
            return true;
    return false;
}

static void see(struct message *message)
{
    if (message->seen[model->now] == 0)
        message->seen[model->now] = model_me()->view.clock[model->now];
}

static void acquire(const struct message *message, int order)
{
    if (acquires(order))
        view_join(&model_me()->view, &message->released);
}

/* ---- stores that are held back */

bool model_may_show(const struct thread *thread, uint32_t index)
{
    const struct held_store *store = &thread->held[index];
    if (store->release)
        return index == 0;
    for (uint32_t i = 0; i < index; i++)
        if (thread->held[i].place == store->place)
            return false;
    return true;
}

void model_show(struct thread *thread, uint32_t index)
{
    struct held_store *store = &thread->held[index];
    struct message *new = append(store->place, store->value, store->release ? &store->released : NULL, false);
    new->seen[thread - model->threads] = store->clock;
    memmove(store, store + 1, (thread->held_count - index - 1) * sizeof *store);
    thread->held_count--;
    model->progress++;
    model_unblock(thread->held);
}

void model_show_all(struct thread *thread)
{
    while (thread->held_count)
        model_show(thread, 0);
}

/* Those to `place`, and what must come before them. */
static void show_place(struct thread *thread, const struct place *place)
{
    for (uint32_t i = thread->held_count; i-- > 0;)
        if (thread->held[i].place == place) {
            for (uint32_t count = i + 1; count--;)
                model_show(thread, 0);
            return;
        }
}

static const struct held_store *own(const struct thread *thread, const struct place *place)
{
    for (uint32_t i = thread->held_count; i-- > 0;)
        if (thread->held[i].place == place)
            return &thread->held[i];
    return NULL;
}

static bool can_delay(void)
{
    return model->delays < model->most_delays && model->count > 1;
}

/* ---- loads */

/* The messages that a load may take, the newest first; `but` is a value that it may not take from an old one. */
static struct message *choose_message(struct place *place, int order, const uint64_t *but)
{
    struct message *found[THREADS * 8];
    uint32_t count = 0;
    bool delay = can_delay() && !model_me()->fresh;
    for (struct message *message = place->newest; message; message = message->older) {
        if ((count == 0 || !but || message->value != *but) && count < sizeof found / sizeof *found)
            found[count++] = message;
        if (!delay || known(message) || (order == ORDER_SEQUENTIAL && message->sequential))
            break;
    }
    uint32_t taken = model_choose(count);
    model->delays += taken != 0;
    model_me()->fresh = false;
    model_me()->saw_old = model_me()->saw_old || taken != 0;
    return found[taken];
}

static void point(const void *pc)
{
    if (model_matters(pc))
        model_point();
}

uint64_t model_load(volatile void *address, uint32_t size, int order, const void *pc)
{
    point(pc);
    struct place *place = place_of(address, size, pc, NULL);
    model_access(address, size, ATOMIC_READS, pc);
    touch(place, false);
    model_me()->spun_on = 0;
    const struct held_store *mine = own(model_me(), place);
    if (mine) {
        model_log("load", pc, place, mine->value, order, false);
        return mine->value;
    }
    struct message *message = choose_message(place, order, NULL);
    see(message);
    acquire(message, order);
    model_log("load", pc, place, message->value, order, message != place->newest);
    model_tick();
    return message->value;
}

uint64_t model_newest(volatile void *address, uint32_t size, const void *pc)
{
    model_point();
    struct place *place = place_of(address, size, pc, NULL);
    touch(place, false);
    return place->newest->value;
}

/* ---- stores */

static void hold_back(struct place *place, uint64_t value, int order)
{
    struct thread *me = model_me();
    me->held[me->held_count++] = (struct held_store){.place = place,
                                                     .value = value,
                                                     .clock = me->view.clock[model->now],
                                                     .release = releases(order),
                                                     .released = me->view};
    model->delays++;
}

void model_store(volatile void *address, uint32_t size, uint64_t value, int order, const void *pc)
{
    struct thread *me = model_me();
    bool new = false;
    point(pc);
    struct place *place = place_of(address, size, pc, &new);
    model_access(address, size, ATOMIC_WRITES, pc);
    touch(place, !new);
    me->spun_on = 0;
    bool may_hold = !new && order != ORDER_SEQUENTIAL && me->held_count < HELD &&can_delay() && model_matters(pc);
    if (may_hold && model_choose(2) == 1) {
        hold_back(place, value, order);
        model_log("store late", pc, place, value, order, false);
    } else {
        if (releases(order))
            model_show_all(me);
        else
            show_place(me, place);
        see(append(place, value, releases(order) ? &me->view : NULL, order == ORDER_SEQUENTIAL));
        model_log("store", pc, place, value, order, false);
    }
    model_tick();
}

/* ---- read-modify-writes */

static uint64_t result_of(int op, uint64_t before, uint64_t value, uint32_t size)
{
    uint64_t result = op == OP_ADD    ? before + value
                      : op == OP_SUB  ? before - value
                      : op == OP_AND  ? before & value
                      : op == OP_OR   ? before | value
                      : op == OP_XOR  ? before ^ value
                      : op == OP_NAND ? ~(before & value)
                                      : value;
    return size == 8 ? result : result & ((UINT64_C(1) << size * 8) - 1);
}

static void begin_update(struct place *place, int order)
{
    if (releases(order))
        model_show_all(model_me());
    else
        show_place(model_me(), place);
}

/* The new message carries on what the one before released. */
static uint64_t replace(struct place *place, uint64_t value, int order)
{
    struct thread *me = model_me();
    struct message *before = place->newest;
    see(before);
    acquire(before, order);
    struct view released = before->released;
    if (releases(order))
        view_join(&released, &me->view);
    see(append(place, value, &released, order == ORDER_SEQUENTIAL));
    return before->value;
}

uint64_t model_update(volatile void *address, uint32_t size, int op, uint64_t value, int order, const void *pc)
{
    static const char *const names[] = {"exchange", "add", "sub", "and", "or", "xor", "nand"};
    point(pc);
    struct place *place = place_of(address, size, pc, NULL);
    model_access(address, size, ATOMIC_WRITES, pc);
    touch(place, true);
    begin_update(place, order);
    uint64_t before = replace(place, result_of(op, place->newest->value, value, size), order);
    model_log(names[op], pc, place, before, order, false);
    model_tick();
    /* a flag that was found set twice is a lock that spins */
    bool spins = size == 1 && op == OP_EXCHANGE && before == value;
    if (spins && model_me()->spun_on == place->address)
        model_yield();
    model_me()->spun_on = spins ? place->address : 0;
    return before;
}

bool model_compare_exchange(volatile void *address, uint32_t size, uint64_t *expected, uint64_t value, int order,
                            int order_else, bool weak, const void *pc)
{
    point(pc);
    struct place *place = place_of(address, size, pc, NULL);
    model_access(address, size, ATOMIC_WRITES, pc);
    touch(place, true);
    begin_update(place, order);
    model_me()->spun_on = 0;
    bool fails = place->newest->value != *expected;
    if (!fails && weak && can_delay() && model_choose(2) == 1) { /* for no reason */
        model->delays++;
        fails = true;
    }
    if (!fails) {
        uint64_t before = replace(place, value, order);
        model_log("exchange if", pc, place, before, order, false);
        model_tick();
        return true;
    }
    struct message *message = choose_message(place, order_else, weak ? NULL : expected);
    see(message);
    acquire(message, order_else);
    model_log("not equal", pc, place, message->value, order_else, message != place->newest);
    *expected = message->value;
    model_tick();
    return false;
}
