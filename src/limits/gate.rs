//! Places for requests at the same time, and the queue for them in order of arrival.

use super::Bound;
use super::account::Account;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot::{self, Receiver, Sender};

/// For each place, so many may wait.
const WAITERS_PER_PLACE: usize = 4;

/// The places of one account.
#[derive(Debug, Default)]
pub struct Gate(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: usize,
    /// How many may run, as of the latest request.
    limit: usize,
    waiting: VecDeque<Sender<Place>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place(Option<Arc<Account>>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(account) = self.0.take() {
            let mut inner = account.gate.lock();
            inner.running = inner.running.saturating_sub(1);
            inner.let_in(&account);
        }
    }
}

enum Entry {
    In(Place),
    Wait(Receiver<Place>),
    Full,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(account: &Arc<Account>, bound: &Bound, may_wait: bool) -> Entry {
        let mut inner = account.gate.lock();
        inner.limit = usize::try_from(bound.limit.get()).unwrap_or(usize::MAX);
        inner.waiting.retain(|waiter| !waiter.is_closed());
        inner.let_in(account);
        if inner.running < inner.limit {
            inner.running += 1;
            return Entry::In(Place(Some(account.clone())));
        }
        if !may_wait || inner.waiting.len() >= inner.limit.saturating_mul(WAITERS_PER_PLACE) {
            return Entry::Full;
        }
        let (tell, told) = oneshot::channel();
        inner.waiting.push_back(tell);
        Entry::Wait(told)
    }
}

impl Inner {
    /// Gives free places to those who wait.
    fn let_in(&mut self, account: &Arc<Account>) {
        while self.running < self.limit {
            let Some(waiter) = self.waiting.pop_front() else { return };
            match waiter.send(Place(Some(account.clone()))) {
                Ok(()) => self.running += 1,
                // It went away; the place was never taken, and must not be given back.
                Err(mut place) => place.0 = None,
            }
        }
    }
}

/// A request's way to a place in each account that limits it.
#[derive(Debug, Default)]
pub struct Turn {
    /// What is still to be entered, last first.
    ahead: Vec<(Arc<Account>, Bound)>,
    waiting: Option<Receiver<Place>>,
    places: Vec<Place>,
}

/// There is no place; the limit that says so.
pub type Full = Bound;

impl Turn {
    /// Through these, last first: the narrow one before the wide one, so that who waits for the first keeps no place of the
    /// second from anybody.
    pub fn through(ahead: Vec<(Arc<Account>, Bound)>) -> Self {
        Turn { ahead, ..Turn::default() }
    }

    /// Goes as far as it can without waiting; whether it is there.
    ///
    /// # Errors
    /// There is no place, and none to wait in.
    pub fn go_on(&mut self, may_wait: bool) -> Result<bool, Full> {
        while let (None, Some((account, bound))) = (&self.waiting, self.ahead.last()) {
            match Gate::enter(account, bound, may_wait) {
                Entry::In(place) => self.arrive(place),
                Entry::Wait(told) => self.waiting = Some(told),
                Entry::Full => return Err(bound.clone()),
            }
        }
        Ok(self.ahead.is_empty())
    }

    /// Waits until it has all places. May be dropped and called again.
    ///
    /// # Errors
    /// As for [`Turn::go_on`].
    pub async fn wait(&mut self) -> Result<(), Full> {
        while !self.go_on(true)? {
            let Some(told) = self.waiting.as_mut() else { continue };
            let told = told.await;
            self.waiting = None;
            if let Ok(place) = told {
                self.arrive(place);
            }
        }
        Ok(())
    }

    /// The limit that it waits for.
    pub fn waits_for(&self) -> Option<&Bound> {
        self.ahead.last().map(|(_, bound)| bound)
    }

    fn arrive(&mut self, place: Place) {
        self.places.push(place);
        self.ahead.pop();
    }
}
