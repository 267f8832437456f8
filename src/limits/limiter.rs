//! All accounts: who may begin a request now, and what is charged when it is over.

use super::account::Account;
use super::concurrency::Turn;
use super::{Bounds, LimitKind, RateLimitHeaders, Refusal};
use crate::access::{Caller, Limits};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Locks that the accounts are shared out among.
const SHARDS: usize = 16;
/// Accounts behind one lock, 65,536 in all; where there are more, those with the least use are forgotten.
const MOST: usize = 4096;

/// Which account: of whom, and on which row.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AccountKey {
    who: Box<str>,
    is_name: bool,
    row: Option<Box<str>>,
}

type Shard = Mutex<HashMap<AccountKey, Arc<Account>>>;

/// A row that has limits of its own.
#[derive(Debug, Clone, Copy)]
pub struct LimitedRow<'a> {
    /// Tells it from others, also from the one that had its place before a reload: methods and path.
    pub id: &'a str,
    /// What it is called in messages.
    pub place: &'a str,
    /// Its limits.
    pub limits: &'a Limits,
}

/// The accounts of a process; they outlive every reload.
#[derive(Debug, Default)]
pub struct Limiter {
    shards: [Shard; SHARDS],
    hasher: RandomState,
    refused: [AtomicU64; LimitKind::ALL.len()],
}

impl Limiter {
    /// Begins a request of `caller`; `None` when nothing limits it.
    ///
    /// # Errors
    /// The limit that has no room; nothing is counted then.
    pub fn admit(
        &self,
        caller: &Caller,
        general: &Limits,
        row: Option<LimitedRow<'_>>,
        now: Instant,
    ) -> Result<Option<Admitted>, Box<Refusal>> {
        let own = Bounds::of_caller(&caller.limits, general);
        let on_row = row.map(|row| (row, Bounds::of_row(row.limits, row.place)));
        let mut parts = Vec::new();
        if !own.is_none() {
            parts.push((self.account(caller, None, now), own));
        }
        if let Some((row, bounds)) = on_row.filter(|(_, bounds)| !bounds.is_none()) {
            parts.push((self.account(caller, Some(row.id), now), bounds));
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let admitted = Admitted { parts };
        match admitted.begin(now) {
            Ok(()) => Ok(Some(admitted)),
            Err(refusal) => {
                self.note(refusal.kind);
                Err(refusal)
            }
        }
    }

    /// Counts a refusal.
    pub fn note(&self, kind: LimitKind) {
        if let Some(count) = self.refused.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many requests were refused for this limit.
    pub fn refused(&self, kind: LimitKind) -> u64 {
        self.refused.get(kind as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn account(&self, caller: &Caller, row: Option<&str>, now: Instant) -> Arc<Account> {
        let who = caller.name.as_ref().unwrap_or(&caller.user).clone();
        let key = AccountKey { who, is_name: caller.name.is_some(), row: row.map(Into::into) };
        let number = self.hasher.hash_one(&key) as usize % SHARDS;
        let Some(shard) = self.shards.get(number) else { return Arc::default() };
        let mut accounts = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(&key) {
            return account.clone();
        }
        if accounts.len() >= MOST {
            make_room(&mut accounts, now);
        }
        accounts.entry(key).or_default().clone()
    }
}

/// Forgets the quarter with the least use, and all whose use has emptied; never one with a request under way. So many at
/// once, since looking for them takes time.
fn make_room(accounts: &mut HashMap<AccountKey, Arc<Account>>, now: Instant) {
    let weight = |account: &Arc<Account>| (!Account::is_in_use(account)).then(|| account.books().weight(now));
    let mut weights: Vec<f64> = accounts.values().filter_map(weight).collect();
    weights.sort_unstable_by(f64::total_cmp);
    let enough = weights.get(MOST / 4).or(weights.last()).copied().unwrap_or_default();
    let mut lightest = MOST / 4;
    accounts.retain(|_, account| match weight(account) {
        None => true,
        Some(0.0) => false,
        Some(weight) => {
            let goes = weight <= enough && lightest > 0;
            lightest -= usize::from(goes);
            !goes
        }
    });
}

/// A request that was begun.
#[derive(Debug)]
pub struct Admitted {
    /// The caller's account, and the caller's on the row.
    parts: Vec<(Arc<Account>, Bounds)>,
}

impl Admitted {
    /// Counts the request everywhere, or nowhere.
    fn begin(&self, now: Instant) -> Result<(), Box<Refusal>> {
        // Always the caller's before the row's, so that no two requests wait for each other.
        let mut books: Vec<_> = self.parts.iter().map(|(account, bounds)| (account.books(), bounds)).collect();
        for (own, bounds) in &books {
            for kind in [LimitKind::Requests, LimitKind::Tokens] {
                let bound = if kind == LimitKind::Requests { &bounds.requests } else { &bounds.tokens };
                let full = own.standing(bounds, kind, now).filter(|standing| !standing.again.is_zero());
                if let (Some(standing), Some(bound)) = (full, bound) {
                    let (bound, used, again) = (bound.clone(), standing.used, standing.again);
                    drop(books);
                    return Err(Box::new(Refusal {
                        kind,
                        bound,
                        used,
                        waited: None,
                        again,
                        rate_limit: self.rate_limit(now),
                    }));
                }
            }
        }
        for (own, bounds) in &mut books {
            if let Some(bound) = &bounds.requests {
                own.requests.add(1, bound.limit, now);
            }
        }
        Ok(())
    }

    /// The way to a place among those that run at the same time.
    pub fn turn(&self) -> Turn {
        let ahead = self
            .parts
            .iter()
            .filter_map(|(account, bounds)| Some((account.concurrency.clone(), bounds.concurrent.clone()?)));
        Turn::through(ahead.collect())
    }

    /// Whether tokens are limited.
    pub fn counts_tokens(&self) -> bool {
        self.parts.iter().any(|(_, bounds)| bounds.tokens.is_some())
    }

    /// Charges what the request has cost.
    pub fn charge(&self, tokens: u64, now: Instant) {
        for (account, bounds) in &self.parts {
            if let Some(bound) = &bounds.tokens {
                account.books().tokens.add(tokens, bound.limit, now);
            }
        }
    }

    /// The request was not begun after all.
    pub fn take_back(&self) {
        for (account, bounds) in &self.parts {
            if bounds.requests.is_some() {
                account.books().requests.give_back(1);
            }
        }
    }

    /// The tightest of the limits.
    pub fn rate_limit(&self, now: Instant) -> RateLimitHeaders {
        let mut tightest = RateLimitHeaders::default();
        for (account, bounds) in &self.parts {
            let books = account.books();
            let tighter = |kind, other| books.standing(bounds, kind, now).map(|own| own.tighter(other)).or(other);
            tightest = RateLimitHeaders {
                requests: tighter(LimitKind::Requests, tightest.requests),
                tokens: tighter(LimitKind::Tokens, tightest.tokens),
            };
        }
        tightest
    }
}

#[cfg(test)]
mod tests;
