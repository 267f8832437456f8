//! Connections that wait for a request, and which of them are closed when the process runs out of descriptors.
//!
//! A connection takes a descriptor for as long as its client likes, within the client's timeouts. So that nobody takes them all for
//! nothing, those that have waited longest are closed when most descriptors are taken. Nothing has to count them: a system gives a new
//! descriptor the lowest number that is free, so the number n says that n others are open.

use log::warn;
use std::collections::HashMap;
use std::future::Future;
use std::os::fd::RawFd;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Above this part of the limit, the connections that have waited longest are closed, in percent …
const CLOSE_ABOVE: u64 = 80;
/// … until this part is taken, so that one search serves many new connections.
const CLOSE_TO: u64 = 75;
/// Above this part, it does not matter how short they have waited. What is left is for those that are accepted before these are closed.
const NEARLY_ALL: u64 = 85;
/// A client that has just connected is about to send its request.
const JUST_CONNECTED: Duration = Duration::from_secs(1);
/// How often the log tells of it.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The mark of a connection whose request is being served, or that is over.
const SERVED: u64 = u64::MAX;
/// The mark of a connection that is to be closed.
const CLOSING: u64 = u64::MAX - 1;

/// All connections of clients that may be closed when descriptors run out.
#[derive(Debug)]
pub struct WaitingConnections {
    /// How many descriptors the process may have open.
    limit: u64,
    zero: Instant,
    /// By their descriptors. The lock is taken when a connection begins and when it ends, and by a search.
    marks: Mutex<HashMap<RawFd, Arc<WaitMark>>>,
    /// How many are marked to be closed, and are not closed yet.
    closing: AtomicUsize,
    told: Mutex<Told>,
}

/// What the log has to tell.
#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    /// Closed since then.
    closed: usize,
}

/// Since when one connection has waited for a request.
#[derive(Debug)]
pub struct WaitMark {
    /// Nanoseconds since `zero` of the registry, `SERVED` or `CLOSING`.
    state: AtomicU64,
    of: Arc<WaitingConnections>,
    /// Wakes the connection's task, which closes it.
    task: Waker,
}

/// A connection's place among those that may be closed, until it is dropped.
#[derive(Debug)]
pub struct WaitingPlace {
    descriptor: RawFd,
    mark: Arc<WaitMark>,
}

impl WaitingConnections {
    /// For a process that may have `limit` descriptors open; `None`: any number.
    pub fn new(limit: Option<u64>) -> Self {
        WaitingConnections {
            limit: limit.unwrap_or(u64::MAX),
            zero: Instant::now(),
            marks: Mutex::default(),
            closing: AtomicUsize::new(0),
            told: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RawFd, Arc<WaitMark>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_zero(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.zero).as_nanos()).unwrap_or(0)
    }

    /// Returns a part of the limit.
    fn part(&self, percent: u64) -> u64 {
        self.limit.saturating_mul(percent) / 100
    }

    /// Enters a new connection, which waits from now on. `task` serves it.
    pub fn enter(self: &Arc<Self>, descriptor: RawFd, task: Waker) -> WaitingPlace {
        self.opened(descriptor);
        let state = AtomicU64::new(self.since_zero(Instant::now()));
        let mark = Arc::new(WaitMark { state, of: self.clone(), task });
        self.lock().insert(descriptor, mark.clone());
        WaitingPlace { descriptor, mark }
    }

    /// Takes the number of a new descriptor. Where most are taken, the connections that have waited longest are closed.
    pub fn opened(&self, descriptor: RawFd) {
        let taken = u64::try_from(descriptor).unwrap_or(0) + 1;
        if taken > self.part(CLOSE_ABOVE) {
            self.close_longest(taken, Instant::now());
        }
    }

    #[cold]
    fn close_longest(&self, taken: u64, now: Instant) {
        let closing = self.closing.load(Ordering::Acquire);
        let is_nearly_all = taken > self.part(NEARLY_ALL);
        if closing > 0 && !is_nearly_all {
            return;
        }
        let wanted = usize::try_from(taken - self.part(CLOSE_TO)).unwrap_or(usize::MAX).saturating_sub(closing);
        let before = if is_nearly_all { Some(now) } else { now.checked_sub(JUST_CONNECTED) };
        let before = before.map_or(0, |before| self.since_zero(before));
        let mut longest: Vec<(u64, Arc<WaitMark>)> = {
            let marks = self.lock();
            let waiting = marks.values().map(|mark| (mark.state.load(Ordering::Relaxed), mark));
            waiting.filter(|(since, _)| *since <= before).map(|(since, mark)| (since, mark.clone())).collect()
        };
        if wanted > 0 && wanted < longest.len() {
            longest.select_nth_unstable_by_key(wanted, |(since, _)| *since);
        }
        longest.truncate(wanted);
        let closed = longest.iter().filter(|(since, mark)| mark.close(*since)).count();
        self.tell(taken, closed, now);
    }

    fn tell(&self, taken: u64, closed: usize, now: Instant) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.closed += closed;
        let is_due = told.last.is_none_or(|last| now.saturating_duration_since(last) >= TELL_EVERY);
        if told.closed > 0 && is_due {
            let (closed, limit) = (told.closed, self.limit);
            *told = Told { last: Some(now), closed: 0 };
            drop(told);
            warn!(
                "{closed} connections without a request were closed, those that had waited longest: {taken} of {limit} \
                 descriptors are taken (`ulimit -Hn` limits them)"
            );
        }
    }

    /// Runs `work` for a connection that waits meanwhile. Returns `None` if the connection is to be closed.
    pub async fn unless_closed<T>(self: &Arc<Self>, descriptor: RawFd, work: impl Future<Output = T>) -> Option<T> {
        let place = self.enter(descriptor, own_task().await);
        let mut work = pin!(work);
        std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if place.mark.is_closing() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// Returns what wakes the task that asks.
pub async fn own_task() -> Waker {
    std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
}

impl WaitMark {
    /// Records that the connection waits since `now`: for a request, or for the rest of its head.
    pub fn waits(&self, now: Instant) {
        let last = self.state.load(Ordering::Relaxed);
        if last != CLOSING {
            // One that is marked meanwhile stays so.
            let since = self.of.since_zero(now);
            let _ = self.state.compare_exchange(last, since, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Records that a request is being served. A connection that was to be closed stays.
    pub fn is_served(&self) {
        if self.state.swap(SERVED, Ordering::AcqRel) == CLOSING {
            self.of.closing.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns true if the connection is to be closed.
    pub fn is_closing(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSING
    }

    /// Takes the number of a descriptor that was opened for this connection's request.
    pub fn opened(&self, descriptor: RawFd) {
        self.of.opened(descriptor);
    }

    /// Has the connection closed, unless it no longer waits since then. Returns true if it is.
    fn close(&self, since: u64) -> bool {
        // Counted first, so that the count is never below zero.
        self.of.closing.fetch_add(1, Ordering::AcqRel);
        let marked = self.state.compare_exchange(since, CLOSING, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if marked {
            self.task.wake_by_ref();
        } else {
            self.of.closing.fetch_sub(1, Ordering::AcqRel);
        }
        marked
    }
}

impl WaitingPlace {
    /// Returns the connection's mark.
    pub fn mark(&self) -> Arc<WaitMark> {
        self.mark.clone()
    }
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        let mut marks = self.mark.of.lock();
        // The number may be another connection's by now.
        if marks.get(&self.descriptor).is_some_and(|mark| Arc::ptr_eq(mark, &self.mark)) {
            marks.remove(&self.descriptor);
        }
        drop(marks);
        self.mark.is_served();
    }
}

#[cfg(test)]
mod tests;
