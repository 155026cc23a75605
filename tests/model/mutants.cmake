# What each check explores, and what it must catch: of each protocol a check removed and an ordering weakened, at least.
#
#     anyloop_add_model(NAME BOUND...)
#     anyloop_add_mutant(NAME NUMBER FILE TEXT OTHER)      FILE with TEXT, which is there once, replaced by OTHER

set(usual --preemptions=3 --delays=2)
set(large --preemptions=3 --delays=1) # for those with more to do

# ---- the mailbox

anyloop_add_model(mailbox ${usual})
anyloop_add_mutant(mailbox 1 core/mailbox.c # pushes onto a lane that is closed
  [[        if (seen == &closed_lane)]]
  [[        if (false)]])
anyloop_add_mutant(mailbox 2 core/mailbox.c # hands over the link, and not what was written before
  [[while (!atomic_compare_exchange_weak(top, &seen, link));]]
  [[while (!atomic_compare_exchange_weak_explicit(top, &seen, link, memory_order_relaxed, memory_order_relaxed));]])
anyloop_add_mutant(mailbox 3 core/mailbox.c
  [[&mailbox->lanes[lane], NULL, memory_order_acquire)]]
  [[&mailbox->lanes[lane], NULL, memory_order_relaxed)]])
anyloop_add_mutant(mailbox 4 core/mailbox.c
  [[&mailbox->refs, 1, memory_order_acq_rel)]]
  [[&mailbox->refs, 1, memory_order_relaxed)]])

# ---- wake before sleep

anyloop_add_model(handshake ${usual})
anyloop_add_mutant(handshake 1 core/mailbox.c # closes while somebody wakes
  [[&mailbox->lanes[lane], &closed_lane));
    while (atomic_load_explicit(&mailbox->state, memory_order_acquire) >= ONE_WAKE)
        anyl_port_yield();]]
  [[&mailbox->lanes[lane], &closed_lane));]])
anyloop_add_mutant(handshake 2 core/mailbox.c # acquire and release are not enough here
  [[while (!atomic_compare_exchange_weak(top, &seen, link));]]
  [[while (!atomic_compare_exchange_weak_explicit(top, &seen, link, memory_order_acq_rel, memory_order_acquire));]])
anyloop_add_mutant(handshake 3 core/mailbox.c
  [[    uint32_t state = atomic_load(&mailbox->state);]]
  [[    uint32_t state = atomic_load_explicit(&mailbox->state, memory_order_acquire);]])

anyloop_add_model(sleep ${large})
anyloop_add_mutant(sleep 1 core/mailbox.c # sleeps without the look at the lanes
  [[        if (atomic_load(&mailbox->lanes[lane]) != NULL) {]]
  [[        if (false) {]])
anyloop_add_mutant(sleep 2 core/mailbox.c # acquire and release are not enough here
  [[while (!atomic_compare_exchange_weak(top, &seen, link));]]
  [[while (!atomic_compare_exchange_weak_explicit(top, &seen, link, memory_order_acq_rel, memory_order_acquire));]])
anyloop_add_mutant(sleep 3 core/mailbox.c
  [[    uint32_t state = atomic_load(&mailbox->state);]]
  [[    uint32_t state = atomic_load_explicit(&mailbox->state, memory_order_acquire);]])
anyloop_add_mutant(sleep 4 core/port/posix/poller.c # sleeps although it was woken
  [[    if (!(before & POSIX_WOKEN) &&]]
  [[    if (]])

anyloop_add_model(hold ${usual})
anyloop_add_mutant(hold 1 core/mailbox.c # the last hold goes, and nobody is told
  [[holds - 1));
    anyl_mailbox_wake(mailbox);]]
  [[holds - 1));]])
anyloop_add_mutant(hold 2 core/mailbox.c
  [[while (!atomic_compare_exchange_weak(&mailbox->holds, &holds, holds - 1));]]
  [[while (!atomic_compare_exchange_weak_explicit(&mailbox->holds, &holds, holds - 1, memory_order_acq_rel,
                                                    memory_order_acquire));]])

anyloop_add_model(guest ${usual})
anyloop_add_mutant(guest 1 core/run.c # leaves the loop asleep over what came during the turn
  [[    if (info->next_deadline != 0 && !anyl_mailbox_sleep(loop->mailbox))]]
  [[    if (info->next_deadline != 0 && !anyl_mailbox_sleep(loop->mailbox) && false)]])
anyloop_add_mutant(guest 2 core/mailbox.c
  [[while (!atomic_compare_exchange_weak(top, &seen, link));]]
  [[while (!atomic_compare_exchange_weak_explicit(top, &seen, link, memory_order_acq_rel, memory_order_acquire));]])

anyloop_add_model(guest_fd --preemptions=3 --delays=0)
anyloop_add_mutant(guest_fd 1 core/port/posix/poller.c # woken, and the eventfd not readable
  [[    if (poller->wake_fd >= 0) {
        uint64_t count;
        ssize_t got = read(poller->wake_fd, &count, sizeof count);
        (void)got;
    }
    atomic_fetch_and(&poller->state, POSIX_WATCHED);]]
  [[    atomic_fetch_and(&poller->state, POSIX_WATCHED);
    if (poller->wake_fd >= 0) {
        uint64_t count;
        ssize_t got = read(poller->wake_fd, &count, sizeof count);
        (void)got;
    }]])
anyloop_add_mutant(guest_fd 2 core/mailbox.c
  [[&mailbox->lanes[lane], NULL, memory_order_acquire)]]
  [[&mailbox->lanes[lane], NULL, memory_order_relaxed)]])

# ---- promises

anyloop_add_model(promise_close ${usual})
anyloop_add_mutant(promise_close 1 core/promise.c # both win
  [[    if (!atomic_compare_exchange_strong(&promise->outsider.state, &seen, KEPT)) {]]
  [[    if (false) {]])
anyloop_add_mutant(promise_close 2 core/promise.c # the last side frees what the other may still look at
  [[&outsider->sides, 1, memory_order_acq_rel)]]
  [[&outsider->sides, 1, memory_order_relaxed)]])

anyloop_add_model(promise_release ${large})
anyloop_add_mutant(promise_release 1 core/promise.c # the first release abandons
  [[    if (atomic_fetch_sub_explicit(&promise->outsider.handles, 1, memory_order_acq_rel) != 1)
        return;
]]
  [[]])
anyloop_add_mutant(promise_release 2 core/promise.c
  [[&promise->outsider.handles, 1, memory_order_acq_rel)]]
  [[&promise->outsider.handles, 1, memory_order_relaxed)]])

# ---- wakers

anyloop_add_model(waker ${large})
anyloop_add_mutant(waker 1 core/promise.c # posts a message that is on its way
  [[memory_order_acq_rel) & POSTED))]]
  [[memory_order_acq_rel) & 0))]])
anyloop_add_mutant(waker 2 core/promise.c # takes the wakes that joined without what was written before them
  [[&waker->outsider.state, 0, memory_order_acq_rel)]]
  [[&waker->outsider.state, 0, memory_order_relaxed)]])
anyloop_add_mutant(waker 3 core/promise.c
  [[what | POSTED, memory_order_acq_rel)]]
  [[what | POSTED, memory_order_relaxed)]])

anyloop_add_model(waker_close ${usual})
anyloop_add_mutant(waker_close 1 core/promise.c # lets go for each handle
  [[    if (atomic_fetch_sub_explicit(&waker->outsider.handles, 1, memory_order_acq_rel) != 1)
        return;
]]
  [[]])
anyloop_add_mutant(waker_close 2 core/promise.c
  [[&outsider->sides, 1, memory_order_acq_rel)]]
  [[&outsider->sides, 1, memory_order_relaxed)]])

# ---- jobs

anyloop_add_model(job ${usual})
anyloop_add_mutant(job 1 core/job.c # runs what was cancelled
  [[    if (!(atomic_fetch_or_explicit(&job->state, JOB_STARTED, memory_order_acq_rel) & JOB_STOP))]]
  [[    atomic_fetch_or_explicit(&job->state, JOB_STARTED, memory_order_acq_rel);]])
anyloop_add_mutant(job 2 core/job.c
  [[&job->sides, 1, memory_order_acq_rel)]]
  [[&job->sides, 1, memory_order_relaxed)]])
anyloop_add_mutant(job 3 core/job.c # looks at a job that it has posted
  [[        job_leave(job);
    anyl_mailbox_release(mailbox);]]
  [[        job_leave(job);
    anyl_mailbox_release(job->mailbox);]])

anyloop_add_model(pool ${usual})
anyloop_add_mutant(pool 1 core/pool.c # a job that was taken is finished by who cancels it too
  [[    if (waited)
        anyl_job_finish(job);]]
  [[    anyl_job_finish(job);]])
anyloop_add_mutant(pool 2 core/job.c
  [[&job->sides, 1, memory_order_acq_rel)]]
  [[&job->sides, 1, memory_order_relaxed)]])
anyloop_add_mutant(pool 3 core/pool.c # waits although it was told
  [[    while (pool->wakes == 0 && !pool->ending)]]
  [[    if (!pool->ending)]])

anyloop_add_model(pool_shutdown ${usual})
anyloop_add_mutant(pool_shutdown 1 core/pool.c # freed under its thread
  [[    bool last = pool->threads == 0;]]
  [[    bool last = true;]])
anyloop_add_mutant(pool_shutdown 2 core/mailbox.c
  [[&mailbox->refs, 1, memory_order_acq_rel)]]
  [[&mailbox->refs, 1, memory_order_relaxed)]])

anyloop_add_model(pool_close ${usual})
anyloop_add_mutant(pool_close 1 core/pool.c # the last thread frees what is still held
  [[        last = pool->released;]]
  [[        last = true;]])
anyloop_add_mutant(pool_close 2 core/mailbox.c
  [[&mailbox->refs, 1, memory_order_acq_rel)]]
  [[&mailbox->refs, 1, memory_order_relaxed)]])

# ---- the end of futures, loops and values

anyloop_add_model(release --preemptions=2 --delays=2)
anyloop_add_mutant(release 1 core/future.c # pushes a link that is in the mailbox
  [[    if (first && !anyl_mailbox_push(]]
  [[    if ((first || !first) && !anyl_mailbox_push(]])
anyloop_add_mutant(release 2 core/future.c
  [[&future->released, 1, memory_order_acq_rel)]]
  [[&future->released, 1, memory_order_relaxed)]])

anyloop_add_model(after_close ${large})
anyloop_add_mutant(after_close 1 core/future.c # forgets that the list of the dead keeps the loop
  [[        anyl_loop_retain(loop); /* once unlocked,]]
  [[        anyl_loop_retain(loop), anyl_loop_release(loop); /* once unlocked,]])
anyloop_add_mutant(after_close 2 core/loop.c
  [[&loop->closed_lock, memory_order_release)]]
  [[&loop->closed_lock, memory_order_relaxed)]])

anyloop_add_model(close ${usual})
anyloop_add_mutant(close 1 core/mailbox.c # accepts what nobody will take
  [[        if (seen == &closed_lane)]]
  [[        if (false)]])
anyloop_add_mutant(close 2 core/mailbox.c # the poller goes while it is woken
  [[ONE_WAKE, memory_order_release)]]
  [[ONE_WAKE, memory_order_relaxed)]])
anyloop_add_mutant(close 3 core/loop.c
  [[    if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) == 1)]]
  [[    if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_relaxed) == 1)]])

anyloop_add_model(value ${usual})
anyloop_add_mutant(value 1 core/value.c # the first who lets go frees it
  [[    if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1)
        return;
]]
  [[]])
anyloop_add_mutant(value 2 core/value.c
  [[&block->refs, 1, memory_order_acq_rel)]]
  [[&block->refs, 1, memory_order_relaxed)]])

anyloop_add_model(move ${large})
anyloop_add_mutant(move 1 core/life.c # takes a loop that runs
  [[ || (loop && atomic_load_explicit(&loop->busy, memory_order_acquire))]]
  [[]])
anyloop_add_mutant(move 2 core/life.c
  [[&loop->busy, memory_order_acquire)]]
  [[&loop->busy, memory_order_relaxed)]])
