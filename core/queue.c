/* queue.c -- queues.
 *
 * SPDX-License-Identifier: MIT
 */
#include "queue.h"

#include "heap.h"
#include "waiters.h"

struct anyloop_queue {
    anyloop_loop *loop;
    uint32_t refs; /* the handle, and operations */
    uint32_t order;
    size_t maxsize; /* 0: none */
    uint64_t unfinished;
    bool shut;
    anyl_list getters, putters, joiners;
    /* FIFO and LIFO: a ring */
    anyloop_value *items;
    size_t capacity, first, count;
    /* PRIORITY */
    anyl_heap heap;
};

struct ranked {
    anyl_heap_item item;
    anyloop_value value;
};

/* ---- the items */

size_t anyl_queue_size(const anyloop_queue *queue)
{
    return queue->order == ANYLOOP_QUEUE_PRIORITY ? queue->heap.count : queue->count;
}

bool anyl_queue_reserve(anyloop_queue *queue, size_t count)
{
    if (count <= queue->capacity)
        return true;
    size_t capacity = queue->capacity ? queue->capacity * 2 : 4;
    if (capacity < count)
        capacity = count;
    anyloop_value *items = capacity > SIZE_MAX / 2 / sizeof *items
                               ? NULL
                               : anyl_object_alloc(queue->loop, capacity * sizeof *items);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        items[i] = queue->items[(queue->first + i) % queue->capacity];
    if (queue->items)
        anyl_object_free(queue->loop, queue->items, queue->capacity * sizeof *items);
    queue->items = items;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

/* Least first, as unsigned numbers. */
static uint64_t rank(int64_t priority)
{
    return (uint64_t)priority ^ UINT64_C(0x8000000000000000);
}

static bool push_item(anyloop_queue *queue, anyloop_value item, int64_t priority)
{
    if (queue->order != ANYLOOP_QUEUE_PRIORITY) {
        if (!anyl_queue_reserve(queue, queue->count + 1))
            return false;
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
        return true;
    }
    struct ranked *ranked = anyl_object_alloc(queue->loop, sizeof *ranked);
    if (ranked == NULL)
        return false;
    if (!anyl_heap_reserve(&queue->heap, &queue->loop->slab.allocator)) {
        anyl_object_free(queue->loop, ranked, sizeof *ranked);
        return false;
    }
    ranked->value = item;
    anyl_heap_insert(&queue->heap, &ranked->item, rank(priority));
    return true;
}

/* There is one. */
static anyloop_value pop_item(anyloop_queue *queue)
{
    if (queue->order == ANYLOOP_QUEUE_PRIORITY) {
        struct ranked *ranked = ANYL_OWNER_OF(anyl_heap_first(&queue->heap), struct ranked, item);
        anyloop_value item = ranked->value;
        anyl_heap_remove(&queue->heap, &ranked->item);
        anyl_object_free(queue->loop, ranked, sizeof *ranked);
        return item;
    }
    queue->count--;
    if (queue->order == ANYLOOP_QUEUE_LIFO)
        return queue->items[(queue->first + queue->count) % queue->capacity];
    anyloop_value item = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    return item;
}

static void drop_items(anyloop_queue *queue)
{
    while (anyl_queue_size(queue)) {
        anyloop_value item = pop_item(queue);
        anyl_value_release(&item);
    }
}

static bool empty(const anyloop_queue *queue)
{
    return anyl_queue_size(queue) == 0;
}

static bool full(const anyloop_queue *queue)
{
    return queue->maxsize && anyl_queue_size(queue) >= queue->maxsize;
}

/* ---- the object */

anyloop_queue *anyl_queue_new(anyloop_loop *loop, size_t maxsize, uint32_t order)
{
    anyloop_queue *queue = anyl_object_alloc(loop, sizeof *queue);
    if (queue == NULL)
        return NULL;
    *queue = (anyloop_queue){.loop = loop, .refs = 1, .order = order, .maxsize = maxsize};
    anyl_list_init(&queue->getters);
    anyl_list_init(&queue->putters);
    anyl_list_init(&queue->joiners);
    return queue;
}

void anyl_queue_release(anyloop_queue *queue)
{
    if (--queue->refs != 0)
        return;
    drop_items(queue);
    if (queue->items)
        anyl_object_free(queue->loop, queue->items, queue->capacity * sizeof *queue->items);
    anyl_heap_deinit(&queue->heap, &queue->loop->slab.allocator);
    anyl_object_free(queue->loop, queue, sizeof *queue);
}

anyloop_loop *anyl_queue_loop(const anyloop_queue *queue)
{
    return queue->loop;
}

/* ---- without waiting */

anyloop_status anyl_queue_put_nowait(anyloop_queue *queue, anyloop_value item, int64_t priority)
{
    anyloop_status status = queue->shut ? ANYLOOP_E_SHUTDOWN : full(queue) ? ANYLOOP_E_FULL : ANYLOOP_OK;
    if (status == ANYLOOP_OK && !push_item(queue, item, priority))
        status = ANYLOOP_E_NOMEM;
    if (status != ANYLOOP_OK) {
        anyl_value_release(&item);
        return status;
    }
    queue->unfinished++;
    return anyl_waiters_pop(&queue->getters);
}

anyloop_status anyl_queue_get_nowait(anyloop_queue *queue, anyloop_value *out)
{
    if (empty(queue))
        return queue->shut ? ANYLOOP_E_SHUTDOWN : ANYLOOP_E_EMPTY;
    *out = pop_item(queue);
    return anyl_waiters_pop(&queue->putters);
}

anyloop_status anyl_queue_task_done(anyloop_queue *queue)
{
    if (queue->unfinished == 0)
        return ANYLOOP_E_STATE;
    return --queue->unfinished == 0 ? anyl_waiters_release(&queue->joiners, SIZE_MAX) : ANYLOOP_OK;
}

anyloop_status anyl_queue_shutdown(anyloop_queue *queue, bool immediate)
{
    anyloop_status status = ANYLOOP_OK;
    queue->refs++; /* an item's drop may let go of the handle */
    queue->shut = true;
    if (immediate) {
        size_t dropped = anyl_queue_size(queue);
        bool finished = queue->unfinished == 0;
        drop_items(queue);
        queue->unfinished -= dropped < queue->unfinished ? dropped : queue->unfinished;
        if (!finished && queue->unfinished == 0)
            status = anyl_waiters_release(&queue->joiners, SIZE_MAX);
    }
    while (status == ANYLOOP_OK && !anyl_list_empty(&queue->getters))
        status = anyl_waiters_pop(&queue->getters);
    while (status == ANYLOOP_OK && !anyl_list_empty(&queue->putters))
        status = anyl_waiters_pop(&queue->putters);
    anyl_queue_release(queue);
    return status;
}

/* ---- waiting */

struct queue_frame {
    anyloop_queue *queue;
    anyl_waiter waiter;
    anyloop_value item; /* put: until it is in the queue */
    int64_t priority;
};

static void queue_drop(void *frame)
{
    struct queue_frame *my = frame;
    anyl_waiter_end(&my->waiter);
    anyl_value_release(&my->item);
    anyl_queue_release(my->queue);
}

/* Cancelled while it waited among `waiters`. If it was let go on, `useful` says whether another can use that. */
static int32_t give_up(struct queue_frame *my, anyl_task *task, anyl_list *waiters, bool useful)
{
    anyl_list_remove(&my->waiter.link);
    if (useful && my->waiter.future.state == ANYLOOP_RESULT)
        anyl_waiters_pop(waiters);
    return anyl_task_reraise(task);
}

static int32_t queue_put_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct queue_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_queue *queue = my->queue;
    if (event == ANYLOOP_EVENT_CANCELLED)
        return give_up(my, task, &queue->putters, !full(queue));
    if (full(queue))
        return queue->shut ? anyl_raise_code(task, ANYLOOP_E_SHUTDOWN)
                           : anyl_waiters_await(&queue->putters, &my->waiter, task);
    anyloop_value item = my->item;
    my->item = anyl_value_none();
    anyloop_status status = anyl_queue_put_nowait(queue, item, my->priority);
    if (status == ANYLOOP_E_NOMEM && event == ANYLOOP_EVENT_RESUMED)
        anyl_waiters_pop(&queue->putters); /* the place that it was given */
    return status == ANYLOOP_OK ? anyl_return_none(task) : anyl_raise_code(task, status);
}

static int32_t queue_get_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct queue_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_queue *queue = my->queue;
    anyloop_value item;
    if (event == ANYLOOP_EVENT_CANCELLED)
        return give_up(my, task, &queue->getters, !empty(queue));
    if (empty(queue))
        return queue->shut ? anyl_raise_code(task, ANYLOOP_E_SHUTDOWN)
                           : anyl_waiters_await(&queue->getters, &my->waiter, task);
    anyl_queue_get_nowait(queue, &item);
    return anyl_return(task, item);
}

static int32_t queue_join_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct queue_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (event == ANYLOOP_EVENT_START && my->queue->unfinished)
        return anyl_waiters_await(&my->queue->joiners, &my->waiter, task);
    return event == ANYLOOP_EVENT_CANCELLED ? anyl_task_reraise(task) : anyl_return_none(task);
}

static const anyl_operation put_operation = {"queue.put", queue_put_step, queue_drop, sizeof(struct queue_frame)};
static const anyl_operation get_operation = {"queue.get", queue_get_step, queue_drop, sizeof(struct queue_frame)};
static const anyl_operation queue_join_operation = {"queue.join", queue_join_step, queue_drop,
                                                    sizeof(struct queue_frame)};

static anyl_task *queue_operation(anyloop_queue *queue, const anyl_operation *operation)
{
    anyl_task *new = anyl_operation_new(queue->loop, operation);
    if (new == NULL)
        return NULL;
    queue->refs++;
    ((struct queue_frame *)anyl_task_frame(new))->queue = queue;
    return new;
}

anyl_task *anyl_queue_put(anyloop_queue *queue, anyloop_value item, int64_t priority)
{
    anyl_task *operation = queue_operation(queue, &put_operation);
    if (operation == NULL) {
        anyl_value_release(&item);
        return NULL;
    }
    struct queue_frame *my = anyl_task_frame(operation);
    my->item = item;
    my->priority = priority;
    return operation;
}

anyl_task *anyl_queue_get(anyloop_queue *queue)
{
    return queue_operation(queue, &get_operation);
}

anyl_task *anyl_queue_join(anyloop_queue *queue)
{
    return queue_operation(queue, &queue_join_operation);
}
