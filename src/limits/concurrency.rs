//! The limit on concurrent requests of one account, and the first-in-first-out queue of waiting requests.

use super::Bound;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The number of waiting requests that each place allows.
const WAITERS_PER_PLACE: usize = 4;

/// The places of one account for running requests.
#[derive(Debug)]
pub struct Concurrency {
    /// A permit for each free place. A returned permit goes to the request that has waited longest.
    free: Arc<Semaphore>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The limit, as of the latest request.
    limit: usize,
    /// Permits of a higher limit that are still in use. Each is forgotten when it comes back.
    surplus: usize,
    /// Places that are taken.
    running: usize,
    /// Waiting requests, including those that were granted a permit but have not run since.
    waiting: usize,
}

impl Default for Concurrency {
    fn default() -> Self {
        Concurrency { free: Arc::new(Semaphore::new(0)), counts: Mutex::default() }
    }
}

/// The outcome of asking for a place.
enum QueueEntry {
    Runs(QueuePlace),
    Waits(Waiting),
    Full,
}

impl Concurrency {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, or else a place in the queue.
    fn enter(self: &Arc<Self>, bound: &Bound, may_wait: bool) -> QueueEntry {
        let mut counts = self.counts();
        counts.set_limit(usize::try_from(bound.limit.get()).unwrap_or(usize::MAX), &self.free);
        // A permit is free only while no request waits, so this skips no queue.
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            counts.running += 1;
            return QueueEntry::Runs(QueuePlace { of: self.clone(), permit: Some(permit) });
        }
        if !may_wait || counts.queued(&self.free) >= counts.limit.saturating_mul(WAITERS_PER_PLACE) {
            return QueueEntry::Full;
        }
        counts.waiting += 1;
        QueueEntry::Waits(Waiting::begin(self))
    }
}

impl Counts {
    /// Adds or removes permits, because a reload may have changed the limit.
    fn set_limit(&mut self, limit: usize, free: &Semaphore) {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        let (more, fewer) = (limit.saturating_sub(self.limit), self.limit.saturating_sub(limit));
        let kept = more.min(self.surplus);
        free.add_permits(more - kept);
        self.surplus = self.surplus - kept + fewer;
        self.surplus -= free.forget_permits(self.surplus);
        self.limit = limit;
    }

    /// Returns the length of the queue. A request with a granted permit has left it, even if its task has not run yet.
    fn queued(&self, free: &Semaphore) -> usize {
        let granted = (self.limit + self.surplus).saturating_sub(self.running + free.available_permits());
        self.waiting.saturating_sub(granted)
    }
}

/// A place, until it is dropped.
#[derive(Debug)]
struct QueuePlace {
    of: Arc<Concurrency>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut counts = self.of.counts();
        counts.running = counts.running.saturating_sub(1);
        if counts.surplus > 0 {
            counts.surplus -= 1;
            permit.forget();
        } else {
            // Return the permit under the lock, so that no count sees it as neither in use nor free.
            drop(permit);
        }
    }
}

type PermitFuture = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send + Sync>>;

/// A place in the queue, until it is dropped.
struct Waiting {
    of: Arc<Concurrency>,
    permit: PermitFuture,
    is_over: bool,
}

impl Waiting {
    fn begin(of: &Arc<Concurrency>) -> Self {
        // If the task had used up its tokio budget, the poll below would not enter the queue.
        let mut permit: PermitFuture = Box::pin(tokio::task::unconstrained(of.free.clone().acquire_owned()));
        // The semaphore queues a future at its first poll, so poll now to keep the order of arrival.
        if let Poll::Ready(done) = permit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            permit = Box::pin(std::future::ready(done));
        }
        Waiting { of: of.clone(), permit, is_over: false }
    }

    /// Turns a granted permit into a place.
    fn end(&mut self, permit: OwnedSemaphorePermit) -> QueuePlace {
        let mut counts = self.of.counts();
        counts.waiting = counts.waiting.saturating_sub(1);
        counts.running += 1;
        self.is_over = true;
        QueuePlace { of: self.of.clone(), permit: Some(permit) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            let mut counts = self.of.counts();
            // Dropping the future passes a granted permit to the next request, under the lock as everywhere.
            self.permit = Box::pin(std::future::pending());
            counts.waiting = counts.waiting.saturating_sub(1);
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("of", &self.of).finish_non_exhaustive()
    }
}

/// A request's progress to a place in each account that limits it.
#[derive(Debug, Default)]
pub struct Turn {
    /// The accounts that it has no place in yet, last first.
    ahead: Vec<(Arc<Concurrency>, Bound)>,
    /// The accounts that it has a place in.
    passed: Vec<(Arc<Concurrency>, Bound)>,
    waiting: Option<Waiting>,
    places: Vec<QueuePlace>,
}

impl Turn {
    /// Makes a turn through these accounts, last first. The wide limit stands first in the list, so that a request that
    /// waits for the narrow one takes no place of the wide one.
    pub fn through(ahead: Vec<(Arc<Concurrency>, Bound)>) -> Self {
        Turn { ahead, ..Turn::default() }
    }

    /// Takes as many places as it can without waiting. Returns true if it has all of them.
    ///
    /// # Errors
    /// The limit that has no free place, and no free place in its queue.
    pub fn go_on(&mut self, may_wait: bool) -> Result<bool, Bound> {
        while let (None, Some((concurrency, bound))) = (&self.waiting, self.ahead.last()) {
            match concurrency.enter(bound, may_wait) {
                QueueEntry::Runs(place) => self.arrive(place),
                QueueEntry::Waits(waiting) => self.waiting = Some(waiting),
                QueueEntry::Full => return Err(bound.clone()),
            }
        }
        Ok(self.ahead.is_empty())
    }

    /// Waits until it has all places. The future may be dropped and created again: the place in the queue is kept.
    ///
    /// # Errors
    /// As for [`Turn::go_on`].
    pub async fn wait(&mut self) -> Result<(), Bound> {
        while !self.go_on(true)? {
            let Some(waiting) = self.waiting.as_mut() else { continue };
            // The semaphore is never closed, so this never fails.
            let place = waiting.permit.as_mut().await.ok().map(|permit| waiting.end(permit));
            self.waiting = None;
            if let Some(place) = place {
                self.arrive(place);
            }
        }
        Ok(())
    }

    /// Takes further places, without waiting, for up to `wanted` calls at the same time. Each call needs a place in every account.
    /// Returns how many calls there are places for, at least one.
    pub fn widen(&mut self, wanted: usize) -> usize {
        let mut calls = 1;
        while calls < wanted {
            let more = self.passed.iter().map(|(concurrency, bound)| match concurrency.enter(bound, false) {
                QueueEntry::Runs(place) => Some(place),
                QueueEntry::Waits(_) | QueueEntry::Full => None,
            });
            // Where one account has none, what was taken of the others goes back at once.
            let Some(more) = more.collect::<Option<Vec<_>>>() else { break };
            self.places.extend(more);
            calls += 1;
        }
        calls
    }

    /// Returns the limit that the request waits for.
    pub fn waits_for(&self) -> Option<&Bound> {
        self.ahead.last().map(|(_, bound)| bound)
    }

    fn arrive(&mut self, place: QueuePlace) {
        self.places.push(place);
        self.passed.extend(self.ahead.pop());
    }
}
