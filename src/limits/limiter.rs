//! All accounts: decides if a request may start, and charges its cost when it is over.

use super::account::{Account, Books};
use super::concurrency::Turn;
use super::{Bound, Bounds, LimitKind, RateLimitHeaders, Refusal, Standing};
use crate::access::{Caller, Limits, UserOrigin};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The number of locks. Each protects a part of the accounts.
const SHARDS: usize = 16;
/// The most accounts behind one lock, so 65,536 in all. Beyond that, the accounts with the least usage are removed.
const MOST: usize = 4096;

/// Identifies an account by its caller and, if any, its row.
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
    /// Identifies it, also over reloads: methods and path.
    pub id: &'a str,
    /// Its name in messages.
    pub place: &'a str,
    /// Its limits.
    pub limits: &'a Limits,
}

/// The accounts of a process. They are kept over reloads.
#[derive(Debug, Default)]
pub struct Limiter {
    shards: [Shard; SHARDS],
    hasher: RandomState,
}

impl Limiter {
    /// Starts a request of `caller`. Returns `None` if nothing limits it.
    ///
    /// # Errors
    /// The limit that is used up. The request is then not counted anywhere.
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
        admitted.begin(now)?;
        Ok(Some(admitted))
    }

    fn account(&self, caller: &Caller, row: Option<&str>, now: Instant) -> Arc<Account> {
        let mut who = caller.name.as_ref().unwrap_or(&caller.user).clone();
        if caller.user_from == UserOrigin::Key {
            // To the upstream, a username is the same in any case.
            who.make_ascii_lowercase();
        }
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

/// Removes the quarter of the accounts with the least usage, and all accounts without usage. Accounts with a request
/// under way stay. It removes many at once because the search is slow.
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

/// A request that was allowed to start.
#[derive(Debug)]
pub struct Admitted {
    /// The caller's account, then the caller's account on the row.
    parts: Vec<(Arc<Account>, Bounds)>,
}

impl Admitted {
    /// Counts the request in all accounts, or in none.
    fn begin(&self, now: Instant) -> Result<(), Box<Refusal>> {
        // Lock the caller's account always before the row's, so that two requests cannot deadlock.
        let mut books: Vec<_> = self.parts.iter().map(|(account, bounds)| (account.books(), bounds)).collect();
        if let Some(full) = full(&books, &[LimitKind::Requests, LimitKind::Tokens], now) {
            drop(books);
            return Err(self.refuse(full, now));
        }
        for (own, bounds) in &mut books {
            if let Some(bound) = &bounds.requests {
                own.requests.add(1, bound.limit, now);
            }
        }
        Ok(())
    }

    /// Reserves tokens for a request that was let in, and counts the calls that it makes beside its first one. A reservation is no
    /// more than a limit's worth. It may go beyond what is left, as calls may: that is a debt.
    ///
    /// # Errors
    /// Others have reserved or used all tokens meanwhile. Nothing is counted then.
    pub fn reserve(&self, more_calls: u64, tokens: u64, now: Instant) -> Result<(), Box<Refusal>> {
        let mut books: Vec<_> = self.parts.iter().map(|(account, bounds)| (account.books(), bounds)).collect();
        if let Some(full) = full(&books, &[LimitKind::Tokens], now) {
            drop(books);
            return Err(self.refuse(full, now));
        }
        for (own, bounds) in &mut books {
            if let Some(bound) = &bounds.requests {
                own.requests.add(more_calls, bound.limit, now);
            }
            if let Some(bound) = &bounds.tokens {
                own.tokens.add(reserved(tokens, bound), bound.limit, now);
            }
        }
        Ok(())
    }

    /// Takes a reservation of so many tokens back.
    pub fn release(&self, tokens: u64) {
        for (account, bounds) in &self.parts {
            if let Some(bound) = &bounds.tokens {
                account.books().tokens.give_back(reserved(tokens, bound));
            }
        }
    }

    fn refuse(&self, (kind, bound, standing): FullLimit, now: Instant) -> Box<Refusal> {
        let (used, again) = (standing.used, standing.again);
        Box::new(Refusal { kind, bound, used, waited: None, again, rate_limit: self.rate_limit(now) })
    }

    /// Returns the request's turn through the limits on concurrent requests.
    pub fn turn(&self) -> Turn {
        let ahead = self
            .parts
            .iter()
            .filter_map(|(account, bounds)| Some((account.concurrency.clone(), bounds.concurrent.clone()?)));
        Turn::through(ahead.collect())
    }

    /// Returns true if tokens are limited.
    pub fn counts_tokens(&self) -> bool {
        self.parts.iter().any(|(_, bounds)| bounds.tokens.is_some())
    }

    /// Charges the tokens that the request has cost.
    pub fn charge(&self, tokens: u64, now: Instant) {
        for (account, bounds) in &self.parts {
            if let Some(bound) = &bounds.tokens {
                account.books().tokens.add(tokens, bound.limit, now);
            }
        }
    }

    /// Takes back the count of a request that did not start after all.
    pub fn take_back(&self) {
        for (account, bounds) in &self.parts {
            if bounds.requests.is_some() {
                account.books().requests.give_back(1);
            }
        }
    }

    /// Returns the usage of the tightest limits.
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

/// A limit that is used up.
type FullLimit = (LimitKind, Bound, Standing);

/// Returns the first limit of these kinds that is used up.
fn full(books: &[(MutexGuard<'_, Books>, &Bounds)], kinds: &[LimitKind], now: Instant) -> Option<FullLimit> {
    books.iter().find_map(|(own, bounds)| {
        kinds.iter().find_map(|kind| {
            let bound = if *kind == LimitKind::Requests { &bounds.requests } else { &bounds.tokens };
            let standing = own.standing(bounds, *kind, now).filter(|standing| !standing.again.is_zero())?;
            Some((*kind, bound.clone()?, standing))
        })
    })
}

/// Returns what a limit has reserved of so many tokens.
fn reserved(tokens: u64, bound: &Bound) -> u64 {
    tokens.min(u64::from(bound.limit.get()))
}

#[cfg(test)]
mod tests;
