//! tokio's part of the workloads, on its current_thread runtime.
//!
//! Everything runs inside a spawned task: awaiting from the root of block_on costs 2.6 times as much. Yields are a bare
//! future that wakes itself, cheaper than yield_now. Gathers of 100000 use a JoinSet: join_all over as many handles is
//! quadratic. It has no call_soon: W9 is a task that wakes itself.
mod row;

use futures::future::join_all;
use row::{check, delay, spin, Row};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{spawn_blocking, JoinSet};
use tokio::time::{sleep, sleep_until};

/// Runs a future as a task of a fresh runtime.
fn task<F: Future<Output = Duration> + Send + 'static>(future: F) -> Duration {
    let runtime = Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async { tokio::spawn(future).await.unwrap() })
}

/// Wakes itself and is pending, once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn yields(times: u64) {
    for _ in 0..times {
        Yield(false).await;
    }
}

async fn child(number: u64) -> u64 {
    Yield(false).await;
    number
}

async fn serial(operations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        tokio::spawn(async {}).await.unwrap();
    }
    start.elapsed()
}

async fn batches(operations: u64, size: u64) -> Duration {
    let mut handles = Vec::with_capacity(size as usize);
    let start = Instant::now();
    for _ in 0..operations / size {
        handles.extend((0..size).map(|_| tokio::spawn(Yield(false))));
        for handle in handles.drain(..) {
            handle.await.unwrap();
        }
    }
    start.elapsed()
}

async fn yielders(operations: u64, tasks: u64) -> Duration {
    let handles: Vec<_> = (0..tasks).map(|_| tokio::spawn(yields(operations / tasks))).collect();
    let start = Instant::now();
    for handle in handles {
        handle.await.unwrap();
    }
    start.elapsed()
}

async fn exchange(operations: u64) -> Duration {
    let (ask, mut asked) = mpsc::unbounded_channel::<oneshot::Sender<u64>>();
    let resolver = tokio::spawn(async move {
        let mut number = 0;
        while let Some(wanted) = asked.recv().await {
            number += 1;
            wanted.send(number).unwrap();
        }
    });
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..operations {
        let (resolve, future) = oneshot::channel();
        ask.send(resolve).unwrap();
        sum += future.await.unwrap();
    }
    let time = start.elapsed();
    check(sum == operations * (operations + 1) / 2, "another sum");
    drop(ask);
    resolver.await.unwrap();
    time
}

fn read_in_order(results: impl Iterator<Item = u64>, size: u64) {
    let right = results.zip(0..).filter(|(value, number)| value == number).count();
    check(right as u64 == size, "results out of order");
}

async fn gathers(operations: u64, size: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..operations / size {
        let results = join_all((0..size).map(|number| tokio::spawn(child(number)))).await;
        read_in_order(results.into_iter().map(|result| result.unwrap()), size);
    }
    start.elapsed()
}

async fn gathers_of_many(operations: u64, size: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..operations / size {
        let (mut set, mut results) = (JoinSet::new(), vec![0; size as usize]);
        for number in 0..size {
            set.spawn(async move { (number, child(number).await) });
        }
        while let Some(joined) = set.join_next().await {
            let (number, value) = joined.unwrap();
            results[number as usize] = value;
        }
        read_in_order(results.into_iter(), size);
    }
    start.elapsed()
}

async fn cancels(operations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        let sleeper = tokio::spawn(sleep(Duration::from_secs(3600)));
        Yield(false).await;
        sleeper.abort();
        check(sleeper.await.unwrap_err().is_cancelled(), "not cancelled");
    }
    start.elapsed()
}

/// A sleep is armed by its first poll, disarmed by its drop. 10000 others are armed.
async fn churn(operations: u64, cached: bool) -> Duration {
    let waker = futures::task::noop_waker();
    let mut context = Context::from_waker(&waker);
    let now = tokio::time::Instant::now();
    let mut others: Vec<_> = (0..10000).map(|number| Box::pin(sleep_until(now + delay(number)))).collect();
    for other in &mut others {
        check(other.as_mut().poll(&mut context).is_pending(), "a timer fired");
    }
    let start = Instant::now();
    for i in 0..operations {
        let after = Duration::from_millis(30_000 + i % 1024);
        let mut timer = std::pin::pin!(if cached { sleep_until(now + after) } else { sleep(after) });
        check(timer.as_mut().poll(&mut context).is_pending(), "a timer fired");
    }
    start.elapsed()
}

async fn chain(operations: u64) -> Duration {
    let start = Instant::now();
    yields(operations).await;
    start.elapsed()
}

/// Keeps jobs in flight, each submitted by a task of its own.
async fn flight(operations: u64, jobs: u64, job: fn()) -> Duration {
    let start = Instant::now();
    let customers: Vec<_> = (0..jobs)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..operations / jobs {
                    spawn_blocking(job).await.unwrap();
                }
            })
        })
        .collect();
    for customer in customers {
        customer.await.unwrap();
    }
    start.elapsed()
}

async fn posts(operations: u64, threads: u64) -> Duration {
    let (post, mut posted) = mpsc::unbounded_channel::<Box<dyn FnOnce() + Send>>();
    let count = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let producers: Vec<_> = (0..threads)
        .map(|_| {
            let (post, count) = (post.clone(), count.clone());
            std::thread::spawn(move || {
                for _ in 0..operations / threads {
                    let count = count.clone();
                    let callback = move || {
                        count.fetch_add(1, Ordering::Relaxed);
                    };
                    post.send(Box::new(callback)).ok().unwrap();
                }
            })
        })
        .collect();
    drop(post);
    let mut batch = Vec::new();
    while posted.recv_many(&mut batch, 256).await > 0 {
        batch.drain(..).for_each(|callback| callback());
    }
    let time = start.elapsed();
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    check(count.load(Ordering::Relaxed) == operations, "posts are missing");
    time
}

fn main() {
    let nothing: fn() = || {};
    let short: fn() = || spin(Duration::from_micros(1));
    row::main(&[
        Row::new("W1", 1_000_000, |n| task(serial(n))),
        Row::new("W2 k=1000", 500_000, |n| task(batches(n, 1000))),
        Row::new("W2 k=100000", 500_000, |n| task(batches(n, 100_000))),
        Row::new("W2 k=1000000", 1_000_000, |n| task(batches(n, 1_000_000))),
        Row::new("W3 k=2", 5_000_000, |n| task(yielders(n, 2))),
        Row::new("W3 k=1000", 5_000_000, |n| task(yielders(n, 1000))),
        Row::new("W4", 1_000_000, |n| task(exchange(n))),
        Row::new("W5 n=10", 500_000, |n| task(gathers(n, 10))),
        Row::new("W5 n=1000", 500_000, |n| task(gathers(n, 1000))),
        Row::new("W5 n=100000", 500_000, |n| task(gathers_of_many(n, 100_000))),
        Row::new("W6", 500_000, |n| task(cancels(n))),
        Row::new("W8 call_at", 1_000_000, |n| task(churn(n, true))),
        Row::new("W8 call_later", 1_000_000, |n| task(churn(n, false))),
        Row::new("W9", 5_000_000, |n| task(chain(n))),
        Row::new("W11 k=16", 100_000, move |n| task(flight(n, 16, nothing))),
        Row::new("W11 k=1000", 500_000, move |n| task(flight(n, 1000, nothing))),
        Row::new("W11 k=100000", 500_000, move |n| task(flight(n, 100_000, nothing))),
        Row::new("W11 k=1000,job=1us", 200_000, move |n| task(flight(n, 1000, short))),
        Row::new("W12 post,threads=1", 2_000_000, |n| task(posts(n, 1))),
        Row::new("W12 post,threads=4", 2_000_000, |n| task(posts(n, 4))),
    ]);
}
