anyloop_add_model(mailbox --preemptions=2 --delays=1)
anyloop_add_mutant(mailbox 1 core/mailbox.c
  [[        if (seen == &closed_lane)]]
  [[        if (false)]])
anyloop_add_mutant(mailbox 2 core/mailbox.c
  [[while (!atomic_compare_exchange_weak(top, &seen, link));]]
  [[while (!atomic_compare_exchange_weak_explicit(top, &seen, link, memory_order_relaxed, memory_order_relaxed));]])
anyloop_add_model(sleep)
anyloop_add_model(hold)
anyloop_add_model(promise_close)
anyloop_add_model(promise_release)
anyloop_add_model(waker)
anyloop_add_model(waker_close)
anyloop_add_model(job)
anyloop_add_model(pool)
anyloop_add_model(pool_close)
anyloop_add_model(release)
anyloop_add_model(after_close)
anyloop_add_model(close)
anyloop_add_model(value)
anyloop_add_model(move)
