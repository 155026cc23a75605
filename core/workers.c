/* workers.c -- the worker pool, and serving in a worker.
 *
 * SPDX-License-Identifier: MIT
 */
#include "workers.h"

#include "port/port.h"
#include "promise.h"
#include "text.h"
#include "wire.h"

#define WORKERS_MOST_USUAL 8u           /* each has a memory of its own */
#define WORKERS_AHEAD UINT64_C(200000) /* ns of jobs that may be under way to one worker */
#define WORKERS_NAME_SIZE 48u

/* The table of anyloop_worker_main: the program's, as its functions are. */
static _Atomic(const anyloop_job_type *) workers_table;

typedef struct anyl_copy {
    anyl_worker worker;
    struct anyl_workers *pool;
    anyl_list sent; /* jobs, the oldest first */
    uint64_t sent_count;
    uint64_t ahead;  /* ns that they will take */
    uint64_t heard_at;
    bool serves, recalled;
} anyl_copy;

typedef struct anyl_workers {
    anyloop_executor executor;
    anyl_list queue, joiners;
    uint64_t queued, running, most; /* most: of both together */
    anyl_pool_counts counts;
    uint32_t max_workers, started;
    uint32_t tickets, names;
    uint32_t hands;   /* at work further up the stack */
    uint32_t recalls; /* of them */
    bool ending, released;
    anyloop_allocator allocator;
    char name[WORKERS_NAME_SIZE];
    uint64_t *usual; /* ns that a job of the table took of late; 0: unknown */
    size_t types;
    anyl_copy copies[];
} anyl_workers;

static anyl_workers *workers_of(anyloop_executor *executor)
{
    return ANYL_OWNER_OF(executor, anyl_workers, executor);
}

static size_t workers_size(uint32_t max_workers)
{
    return sizeof(anyl_workers) + max_workers * sizeof(anyl_copy);
}

static anyloop_job *first_job(const anyl_list *list)
{
    return anyl_list_empty(list) ? NULL : ANYL_OWNER_OF(list->next, anyloop_job, link);
}

/* ---- the table */

static const anyloop_job_type *table(void)
{
    return atomic_load_explicit(&workers_table, memory_order_acquire);
}

/* NULL: it has no name. */
static const anyloop_job_type *type_of(anyloop_job_fn function)
{
    const anyloop_job_type *type = table();
    while (type && type->function && type->function != function)
        type++;
    return type && type->function ? type : NULL;
}

static size_t count_types(void)
{
    const anyloop_job_type *type = table();
    size_t count = 0;
    while (type && type[count].function)
        count++;
    return count;
}

/* NULL: the table was another one when the pool was made. */
static uint64_t *usual_of(anyl_workers *pool, const anyloop_job_type *type)
{
    size_t number = (size_t)(type - table());
    return number < pool->types ? &pool->usual[number] : NULL;
}

/* ---- going */

static void workers_free(anyl_workers *pool)
{
    anyloop_allocator allocator = pool->allocator;
    anyl_free(&allocator, pool->usual, pool->types * sizeof *pool->usual);
    anyl_free(&allocator, pool, workers_size(pool->max_workers));
}

static void end_copy(anyl_copy *copy)
{
    if (copy->worker.number == 0)
        return;
    anyl_port_worker_end(&copy->worker);
    copy->worker.number = 0;
    copy->serves = false;
    copy->pool->started--;
}

static void tell_joiners(anyl_workers *pool)
{
    while (!anyl_list_empty(&pool->joiners)) {
        anyl_joiner *joiner = ANYL_OWNER_OF(pool->joiners.next, anyl_joiner, link);
        anyloop_promise *promise = joiner->promise; /* the joiner itself may go meanwhile */
        anyl_list_remove(&joiner->link);
        anyl_promise_retain(promise);
        anyl_promise_keep(promise, ANYLOOP_RESULT, anyl_value_none());
        anyl_promise_release(promise);
    }
}

/* The last that anything does to a pool: when it takes no more jobs and has none, its workers go, and if nobody holds
 * it, it does too. */
static void settle(anyl_workers *pool)
{
    if (!pool->ending || pool->queued + pool->running || pool->hands)
        return;
    for (uint32_t i = 0; i < pool->max_workers; i++)
        end_copy(&pool->copies[i]);
    tell_joiners(pool);
    if (pool->released)
        workers_free(pool);
}

/* ---- a job's way */

static void put_first(anyl_workers *pool, anyloop_job *job)
{
    anyl_list_append(pool->queue.next, &job->link); /* before that one */
    pool->queued++;
}

static anyloop_job *take_queued(anyl_workers *pool)
{
    anyloop_job *job = first_job(&pool->queue);
    if (job) {
        anyl_list_remove(&job->link);
        pool->queued--;
    }
    return job;
}

static uint64_t expected(anyl_workers *pool, const anyloop_job *job)
{
    const uint64_t *usual = usual_of(pool, type_of(job->function));
    return usual && *usual ? *usual : WORKERS_AHEAD;
}

static void leave_copy(anyl_copy *copy, anyloop_job *job)
{
    anyl_list_remove(&job->link);
    copy->sent_count--;
    copy->pool->running--;
    uint64_t time = expected(copy->pool, job);
    copy->ahead = copy->sent_count && time < copy->ahead ? copy->ahead - time : 0;
    job->place = NULL;
    if (copy->sent_count == 0 && copy->worker.number)
        anyl_port_worker_busy(&copy->worker, false);
}

static void fail(anyloop_job *job, anyloop_status code, const char *words, const anyloop_value *why)
{
    char line[512];
    anyl_text text = anyl_text_in(line, sizeof line);
    anyl_text_add(&text, words);
    if (why && why->size) {
        anyl_text_add(&text, ": ");
        anyl_text_bytes(&text, (const char *)(uintptr_t)why->bits, (size_t)why->size);
    }
    anyl_job_end(job, ANYLOOP_FAILED, anyl_error_text(anyl_job_allocator(job), code, line, strlen(line)));
    anyl_job_finish(job);
}

/* One that cannot be packed, for want of memory, fails. */
static void send(anyl_copy *copy, anyloop_job *job)
{
    anyl_workers *pool = copy->pool;
    anyl_wire wire;
    anyloop_status status = anyl_wire_pack(anyl_job_allocator(job), &job->in, &wire);
    if (status != ANYLOOP_OK) {
        anyl_job_end_code(job, status);
        anyl_job_finish(job);
        return;
    }
    if (copy->sent_count == 0) {
        copy->heard_at = anyl_port_now();
        copy->recalled = false;
        anyl_port_worker_busy(&copy->worker, true);
    }
    job->place = copy;
    job->ticket = ++pool->tickets;
    anyl_list_append(&copy->sent, &job->link);
    copy->sent_count++;
    copy->ahead += expected(pool, job);
    pool->running++;
    anyl_port_worker_send(&copy->worker, job->ticket, type_of(job->function)->name, wire.head, wire.head_size,
                          wire.body, wire.body_size);
    anyl_wire_free(anyl_job_allocator(job), &wire);
}

/* ---- who gets it */

static bool may_take(const anyl_copy *copy, uint64_t time)
{
    if (!copy->serves)
        return false;
    return copy->sent_count == 0 ||
           (!copy->recalled && copy->ahead + time < WORKERS_AHEAD && anyl_port_worker_ahead(&copy->worker));
}

/* The one with the least to do. NULL: none may. */
static anyl_copy *choose(anyl_workers *pool, const anyloop_job *job)
{
    uint64_t time = expected(pool, job);
    anyl_copy *best = NULL;
    for (uint32_t i = 0; i < pool->max_workers; i++) {
        anyl_copy *copy = &pool->copies[i];
        if (may_take(copy, time) && (best == NULL || copy->sent_count < best->sent_count))
            best = copy;
    }
    return best;
}

static void start_copy(anyl_workers *pool)
{
    char name[WORKERS_NAME_SIZE + 24];
    anyl_text text = anyl_text_in(name, sizeof name);
    anyl_text_add(&text, pool->name);
    anyl_text_add(&text, "-");
    anyl_text_number(&text, ++pool->names);
    anyl_copy *copy = pool->copies;
    while (copy->worker.number)
        copy++;
    anyl_port_worker_start(&copy->worker, name);
    pool->started++;
}

static uint32_t count_starting(const anyl_workers *pool)
{
    uint32_t starting = 0;
    for (uint32_t i = 0; i < pool->max_workers; i++)
        starting += pool->copies[i].worker.number && !pool->copies[i].serves;
    return starting;
}

static void dispatch(anyl_workers *pool)
{
    if (pool->recalls || atomic_load_explicit(&pool->executor.hurries, memory_order_acquire))
        return; /* who recalls dispatches at the end; what waits in a pool that hurries is cancelled */
    while (pool->queued) {
        anyl_copy *copy = choose(pool, first_job(&pool->queue));
        if (copy == NULL)
            break;
        send(copy, take_queued(pool));
    }
    for (uint64_t starting = count_starting(pool); starting < pool->queued && pool->started < pool->max_workers;
         starting++)
        start_copy(pool);
}

/* ---- news */

static void count_run(anyl_workers *pool, anyl_copy *copy, anyloop_job *job, uint64_t ran)
{
    uint64_t began = job->waits_since > copy->heard_at ? job->waits_since : copy->heard_at;
    uint64_t *usual = usual_of(pool, type_of(job->function));
    copy->heard_at = anyl_port_now();
    anyl_pool_count_done(&pool->counts, began - job->waits_since);
    if (usual)
        *usual = *usual == 0 || ran > *usual ? ran + 1 : *usual - (*usual - ran) / 8;
}

static void answered(anyl_copy *copy, anyl_news news, const void *head, size_t head_size, anyloop_value body,
                     uint64_t ran)
{
    anyloop_job *job = first_job(&copy->sent);
    anyloop_status status = anyl_wire_unpack(anyl_job_allocator(job), head, head_size, body, &job->outcome);
    if (status != ANYLOOP_OK)
        anyl_job_end_code(job, status);
    else if (news == ANYL_WORKER_RAISED)
        job->end = ANYLOOP_FAILED;
    leave_copy(copy, job);
    count_run(copy->pool, copy, job, ran);
    dispatch(copy->pool); /* first: whoever hears of the outcome finds room in the queue */
    anyl_job_finish(job);
}

/* All but `kept` of the oldest go back to the queue, in front. */
static void take_back(anyl_copy *copy, uint64_t kept)
{
    while (copy->sent_count > kept) {
        anyloop_job *job = ANYL_OWNER_OF(copy->sent.prev, anyloop_job, link);
        leave_copy(copy, job);
        put_first(copy->pool, job);
    }
}

/* All but the oldest come back. What is heard meanwhile sends nothing, so that afterwards each job is here or in the
 * queue. Behind the oldest nothing is sent until it is over: if it had not begun it is skipped, and what was sent later
 * would run before it. */
static void recall(anyl_copy *copy)
{
    if (copy->sent_count < 2)
        return;
    copy->pool->recalls++;
    anyl_port_worker_recall(&copy->worker);
    copy->pool->recalls--;
    copy->recalled = true;
    take_back(copy, 1);
}

static void could_not_start(anyl_workers *pool, const anyloop_value *why)
{
    anyloop_job *job;
    while (pool->started == 0 && (job = take_queued(pool)) != NULL)
        fail(job, ANYLOOP_E_OS, "no worker could be started", why);
}

static void died(anyl_copy *copy, const anyloop_value *why)
{
    anyl_workers *pool = copy->pool;
    bool served = copy->serves;
    anyloop_job *job = first_job(&copy->sent);
    copy->worker.number = 0;
    copy->serves = false;
    pool->started--;
    take_back(copy, 1);
    if (job) {
        leave_copy(copy, job);
        fail(job, ANYLOOP_E_ABANDONED, "the worker died", why);
    }
    if (served)
        dispatch(pool);
    else
        could_not_start(pool, why);
}

/* What has begun nowhere. */
static void cancel_queued(anyl_workers *pool)
{
    anyloop_job *job;
    for (uint32_t i = 0; i < pool->max_workers; i++)
        recall(&pool->copies[i]);
    while ((job = take_queued(pool)) != NULL) {
        pool->counts.cancelled++;
        anyl_job_end_code(job, ANYLOOP_E_CANCELLED);
        anyl_job_finish(job);
    }
}

static void heard(anyl_worker *worker, anyl_news news, uint32_t ticket, const void *head, size_t head_size,
                  anyloop_value body, uint64_t ran)
{
    anyl_copy *copy = ANYL_OWNER_OF(worker, anyl_copy, worker);
    anyl_workers *pool = copy->pool;
    anyloop_job *job = first_job(&copy->sent);
    bool known = job && job->ticket == ticket; /* else it was taken back already */
    pool->hands++;
    if ((news == ANYL_WORKER_RETURNED || news == ANYL_WORKER_RAISED) && known) {
        answered(copy, news, head, head_size, body, ran);
        body = anyl_value_none();
    } else if (news == ANYL_WORKER_SKIPPED && known) {
        take_back(copy, 0);
        if (atomic_load_explicit(&pool->executor.hurries, memory_order_relaxed))
            cancel_queued(pool);
        dispatch(pool);
    } else if (news == ANYL_WORKER_READY) {
        copy->serves = true;
        dispatch(pool);
    } else if (news == ANYL_WORKER_DIED) {
        died(copy, &body);
    }
    anyl_value_release(&body);
    pool->hands--;
    settle(pool);
}

/* ---- as an executor */

static anyloop_status workers_submit(anyloop_executor *executor, anyloop_job *job, bool patient)
{
    anyl_workers *pool = workers_of(executor);
    if (pool->ending)
        return ANYLOOP_E_SHUTDOWN;
    if (!patient && pool->queued + pool->running >= pool->most)
        return ANYLOOP_E_FULL;
    anyloop_status travels = anyl_wire_travels(&job->in);
    if (travels != ANYLOOP_OK)
        return travels;
    if (type_of(job->function) == NULL) {
        fail(job, ANYLOOP_E_NOT_FOUND, "the table of anyloop_worker_main does not name this job", NULL);
        return ANYLOOP_OK;
    }
    job->waits_since = anyl_port_now();
    anyl_list_append(&pool->queue, &job->link);
    anyl_pool_count_queued(&pool->counts, ++pool->queued);
    dispatch(pool);
    return ANYLOOP_OK;
}

/* Whatever it does: its worker ends with it. */
static void stop_running(anyl_copy *copy, anyloop_job *job)
{
    end_copy(copy);
    leave_copy(copy, job);
    copy->pool->counts.cancelled++;
    anyl_job_finish(job);
}

static void workers_cancel(anyloop_executor *executor, anyloop_job *job)
{
    anyl_workers *pool = workers_of(executor);
    pool->hands++;
    if (job->place)
        recall(job->place); /* may bring its answer */
    if (job->place) {
        stop_running(job->place, job);
    } else if (!anyl_list_empty(&job->link)) {
        anyl_list_remove(&job->link);
        pool->queued--;
        pool->counts.cancelled++;
        anyl_job_finish(job);
    }
    dispatch(pool);
    pool->hands--;
    settle(pool);
}

/* Nothing but an end can make them hurry. */
static void cancel_running(anyl_workers *pool)
{
    for (uint32_t i = 0; i < pool->max_workers; i++) {
        anyl_copy *copy = &pool->copies[i];
        anyloop_job *job;
        while ((job = first_job(&copy->sent)) != NULL) {
            anyl_job_end_code(job, ANYLOOP_E_CANCELLED);
            stop_running(copy, job);
        }
    }
}

static anyloop_status workers_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    anyl_workers *pool = workers_of(executor);
    uint64_t deadline = anyl_deadline(anyl_port_now(), timeout);
    anyloop_status waited = ANYLOOP_OK;
    pool->ending = true;
    pool->hands++;
    if (flags & ANYLOOP_CANCEL_QUEUED)
        cancel_queued(pool);
    while (pool->queued + pool->running && waited == ANYLOOP_OK && anyl_port_now() < deadline)
        waited = anyl_port_workers_wait(deadline);
    bool late = pool->queued + pool->running != 0;
    if (flags & ANYLOOP_CANCEL_QUEUED)
        cancel_running(pool);
    pool->hands--;
    settle(pool);
    return late ? ANYLOOP_E_TIMED_OUT : ANYLOOP_OK; /* where nobody can wait it is too late at once */
}

static void workers_destroy(anyloop_executor *executor)
{
    anyl_workers *pool = workers_of(executor);
    pool->ending = pool->released = true;
    settle(pool);
}

static anyloop_status workers_figures(anyloop_executor *executor, anyloop_executor_figures *figures)
{
    anyl_workers *pool = workers_of(executor);
    figures->max_workers = pool->max_workers;
    figures->workers = pool->started;
    figures->queued = figures->running = 0;
    for (uint32_t i = 0; i < pool->max_workers; i++)
        figures->running += pool->copies[i].sent_count != 0;
    figures->queued = pool->queued + pool->running - figures->running;
    anyl_pool_tell_counts(&pool->counts, figures);
    return ANYLOOP_OK;
}

static bool workers_join(anyloop_executor *executor, anyl_joiner *joiner)
{
    anyl_workers *pool = workers_of(executor);
    anyl_list_init(&joiner->link);
    if (pool->queued + pool->running == 0)
        return false;
    anyl_list_append(&pool->joiners, &joiner->link);
    return true;
}

static void workers_join_end(anyloop_executor *executor, anyl_joiner *joiner)
{
    (void)executor;
    anyl_list_remove(&joiner->link);
}

static bool workers_busy(anyloop_executor *executor)
{
    anyl_workers *pool = workers_of(executor);
    return pool->queued + pool->running != 0;
}

static const anyl_executor_class workers_class = {.submit = workers_submit,
                                                  .cancel = workers_cancel,
                                                  .shutdown = workers_shutdown,
                                                  .destroy = workers_destroy,
                                                  .figures = workers_figures,
                                                  .join = workers_join,
                                                  .join_end = workers_join_end,
                                                  .busy = workers_busy};

/* ---- making */

static uint32_t usual_workers(void)
{
    uint32_t workers = anyl_port_workers();
    return workers < WORKERS_MOST_USUAL ? workers : WORKERS_MOST_USUAL;
}

static void workers_init(anyl_workers *pool, const anyloop_allocator *allocator,
                         const anyloop_worker_pool_options *options)
{
    anyl_executor_init(&pool->executor, &workers_class);
    anyl_list_init(&pool->queue);
    anyl_list_init(&pool->joiners);
    for (uint32_t i = 0; i < pool->max_workers; i++) {
        pool->copies[i].worker.heard = heard;
        pool->copies[i].pool = pool;
        anyl_list_init(&pool->copies[i].sent);
    }
    pool->most = anyl_pool_places(options->queue_size, pool->max_workers);
    pool->allocator = *allocator;
    anyl_text name = anyl_text_in(pool->name, sizeof pool->name);
    anyl_text_add(&name, options->name ? options->name : "anyloop");
}

anyloop_status anyl_workers_new(const anyloop_allocator *allocator, const anyloop_worker_pool_options *options,
                                anyloop_executor **out)
{
    uint32_t max_workers = options->max_workers ? options->max_workers : usual_workers();
    size_t types = count_types();
    if (anyl_port_workers() == 0)
        return ANYLOOP_E_NOT_SUPPORTED;
    if (max_workers > UINT16_MAX)
        return ANYLOOP_E_INVALID;
    anyl_workers *pool = anyl_alloc(allocator, workers_size(max_workers));
    uint64_t *usual = types ? anyl_alloc(allocator, types * sizeof *usual) : NULL;
    if (pool == NULL || (types && usual == NULL)) {
        anyl_free(allocator, pool, workers_size(max_workers));
        anyl_free(allocator, usual, types * sizeof *usual);
        return ANYLOOP_E_NOMEM;
    }
    memset(pool, 0, workers_size(max_workers));
    if (types)
        memset(usual, 0, types * sizeof *usual);
    pool->max_workers = max_workers;
    pool->usual = usual;
    pool->types = types;
    workers_init(pool, allocator, options);
    *out = &pool->executor;
    return ANYLOOP_OK;
}

/* ---- in a worker */

static int32_t serve_find(const char *name, size_t size)
{
    const anyloop_job_type *type = table();
    for (int32_t i = 0; type[i].function; i++)
        if (strlen(type[i].name) == size && memcmp(type[i].name, name, size) == 0)
            return i;
    return -1;
}

static void serve_reply(anyloop_job *job)
{
    anyl_wire wire;
    anyloop_status status = anyl_wire_pack(&anyl_alloc_default, &job->outcome, &wire);
    if (status != ANYLOOP_OK) {
        anyl_job_end_code(job, status);
        anyl_wire_pack(&anyl_alloc_default, &job->outcome, &wire);
    }
    anyl_port_reply(job->end == ANYLOOP_RESULT ? ANYL_WORKER_RETURNED : ANYL_WORKER_RAISED, wire.head, wire.head_size,
                    wire.body, wire.body_size);
    anyl_wire_free(&anyl_alloc_default, &wire);
}

/* The job is nobody's but ours: it has no loop, and its executor and mailbox are there for what it may ask of them. */
static void serve_run(int32_t number, const void *head, size_t head_size, anyloop_value body)
{
    static anyl_mailbox mailbox;
    static anyloop_executor executor;
    anyloop_job job = {
        .end = ANYLOOP_RESULT, .function = table()[number].function, .executor = &executor, .mailbox = &mailbox};
    mailbox.allocator = anyl_alloc_default;
    anyloop_status status = anyl_wire_unpack(&anyl_alloc_default, head, head_size, body, &job.in);
    if (status == ANYLOOP_OK)
        anyl_job_call(&job);
    else
        anyl_job_end_code(&job, status);
    serve_reply(&job);
    anyl_value_release(&job.outcome);
}

bool anyl_workers_serve(const anyloop_job_type *jobs)
{
    atomic_store_explicit(&workers_table, jobs, memory_order_release);
    return jobs && anyl_port_serve(serve_find, serve_run);
}
