//! What each caller may have at the same time of what all share who fetch images.
//!
//! A hanging server or a slow name server takes a place for as long as it likes. Without shares, one caller who names enough of them
//! would leave nothing to the others.

use crate::access::Caller;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// The images of one caller that are fetched at the same time.
const IMAGES: usize = 16;
/// The names of one caller that are looked up at the same time. A look-up may go on after the request.
const NAMES: usize = 8;
/// Shares that nobody uses are forgotten when there are more.
const MOST: usize = 1024;

/// The shares of all callers who fetch images now.
#[derive(Debug, Default)]
pub struct CallerShares {
    shares: Mutex<HashMap<Box<str>, CallerShare>>,
}

/// The share of one caller, or of everybody where callers are not told apart.
#[derive(Debug, Clone)]
pub struct CallerShare {
    /// A permit for each image.
    pub images: Arc<Semaphore>,
    /// A permit for each look-up of a name.
    pub names: Arc<Semaphore>,
}

impl CallerShare {
    fn new(images: usize, names: usize) -> Self {
        CallerShare { images: Arc::new(Semaphore::new(images)), names: Arc::new(Semaphore::new(names)) }
    }

    /// A share that leaves the limits of the process alone.
    fn whole() -> Self {
        CallerShare::new(Semaphore::MAX_PERMITS, Semaphore::MAX_PERMITS)
    }

    fn is_used(&self) -> bool {
        Arc::strong_count(&self.images) > 1 || Arc::strong_count(&self.names) > 1
    }
}

impl CallerShares {
    /// Returns the share of a caller. Where callers are not told apart, all are one, which has everything.
    pub fn of(&self, caller: &Caller) -> CallerShare {
        let Some(name) = &caller.name else { return CallerShare::whole() };
        // As for accounts: a username that is the key means the same in any case.
        let name = name.to_ascii_lowercase();
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= MOST {
            shares.retain(|_, share| share.is_used());
        }
        shares.entry(name.into()).or_insert_with(|| CallerShare::new(IMAGES, NAMES)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_one_share_and_whoever_is_nobody_has_all() {
        let all = CallerShares::default();
        let share = |name: &str| all.of(&Caller::passed_through(name));
        let taken = share("jdoe").images.try_acquire_many_owned(IMAGES as u32).unwrap();
        assert_eq!(share("JDoe").images.available_permits(), 0, "a username in other letters is the same caller");
        assert_eq!(share("asmith").images.available_permits(), IMAGES);
        let nobody = all.of(&Caller::nameless("tester"));
        assert!(nobody.images.available_permits() > 1000 && nobody.names.available_permits() > 1000);
        drop(taken);
        assert_eq!(share("jdoe").images.available_permits(), IMAGES);
    }

    #[test]
    fn what_nobody_uses_is_forgotten_and_a_look_up_that_goes_on_is_not() {
        let all = CallerShares::default();
        let share = |name: &str| all.of(&Caller::passed_through(name));
        let goes_on = share("slow").names.try_acquire_owned().unwrap();
        (0..MOST).for_each(|number| drop(share(&number.to_string())));
        assert!(all.shares.lock().unwrap().len() < MOST);
        assert_eq!(share("slow").names.available_permits(), NAMES - 1);
        drop(goes_on);
    }
}
