//! One budget of memory for all requests. What a request holds is taken from it before it is held, and given back when the request
//! ends, however it ends.
//!
//! It counts bodies: what was read, what was parsed of it, the call made of it, images, and answers that are held. What a
//! connection costs without a body (docs/performance.md) is not in it.

use crate::wire::Failure;
use http::{StatusCode, header};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shares grow and shrink by this much, so that a short request touches the budget twice.
const STEP: usize = 16 * 1024;
/// A share of at most this size may take the last part of a budget, so that large requests do not shut out short ones.
const SHORT: usize = 64 * 1024;
/// The part of a budget that only short requests may take: one of this many.
const KEPT_FOR_SHORT: usize = 8;

/// A body is gathered, mended or overlaid, and becomes the call's body, for each of its bytes.
const BODY_FACTOR: usize = 4;
/// While the call is made there are the body, which the prompt may borrow from, and the call's body.
const CALLED_FACTOR: usize = 2;
/// What is kept of a field of an object or of an element of a list.
const ENTRY: usize = 48;
/// What is kept of an object besides: its list of fields, and the message or tool made of it.
const OBJECT: usize = 512;
/// An answer is held, decoded, and encoded again.
const ANSWER_FACTOR: usize = 3;
/// An image is held, encoded, and put into the body.
const IMAGE_FACTOR: usize = 4;

/// How much all requests hold, in bytes.
#[derive(Debug, Default)]
pub struct MemoryBudget {
    held: AtomicUsize,
}

impl MemoryBudget {
    /// Returns how much is held.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize, most: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// What one request holds of a budget. Dropping it gives it back.
#[derive(Debug)]
pub struct MemoryShare {
    budget: Arc<MemoryBudget>,
    /// The whole budget, `max_memory`.
    most: usize,
    /// What the request holds in its other share.
    beside: usize,
    /// What parsing the pieces of the body takes that have come.
    parsed: usize,
    request: usize,
    answer: usize,
    taken: usize,
}

impl MemoryShare {
    /// An empty share of a budget of `most` bytes.
    pub fn new(budget: Arc<MemoryBudget>, most: usize) -> Self {
        MemoryShare { budget, most, beside: 0, parsed: 0, request: 0, answer: 0, taken: 0 }
    }

    /// Another share of the same request.
    pub fn another(&self) -> Self {
        let mut share = MemoryShare::new(self.budget.clone(), self.most);
        share.beside = self.beside + self.taken;
        share
    }

    /// Takes what a body needs of which so many bytes are held and this piece has come.
    ///
    /// # Errors
    /// 503 if the others leave no room for it, 413 if there is never room for it.
    pub fn take_body(&mut self, held: usize, piece: &[u8]) -> Result<(), Failure> {
        // Here the piece is still in the processor's cache. Later, each byte of a large body would be fetched once more.
        self.parsed = self.parsed.saturating_add(parsed(piece));
        self.set(held.saturating_add(piece.len()).saturating_mul(BODY_FACTOR), self.answer)
    }

    /// Takes what parsing the body of `size` bytes needs whose pieces have come: many short fields take more memory than bytes.
    ///
    /// # Errors
    /// As for [`Self::take_body`].
    pub fn take_parsed(&mut self, size: usize) -> Result<(), Failure> {
        self.set(size.saturating_mul(BODY_FACTOR).saturating_add(self.parsed), self.answer)
    }

    /// Takes what this many bytes of images need, beside what was taken for others.
    ///
    /// # Errors
    /// As for [`Self::take_body`].
    pub fn take_image(&mut self, bytes: usize) -> Result<(), Failure> {
        self.set(self.request.saturating_add(bytes.saturating_mul(IMAGE_FACTOR)), self.answer)
    }

    /// Takes what an answer needs of which this many bytes are held.
    ///
    /// # Errors
    /// As for [`Self::take_body`].
    pub fn take_answer(&mut self, bytes: usize) -> Result<(), Failure> {
        self.set(self.request, bytes.saturating_mul(ANSWER_FACTOR))
    }

    /// Gives back what only parsing a body of this many bytes needed.
    pub fn called(&mut self, bytes: usize) {
        self.shrink(bytes.saturating_mul(CALLED_FACTOR), 0);
    }

    /// Gives back all but a finished reply of this many bytes.
    pub fn answered(&mut self, bytes: usize) {
        self.shrink(0, bytes);
    }

    fn shrink(&mut self, request: usize, answer: usize) {
        if request.saturating_add(answer) <= self.request.saturating_add(self.answer) {
            // Less than before always fits.
            let _ = self.set(request, answer);
        }
    }

    fn set(&mut self, request: usize, answer: usize) -> Result<(), Failure> {
        let needed = request.saturating_add(answer);
        let wanted = needed.checked_next_multiple_of(STEP).unwrap_or(usize::MAX);
        if wanted > self.taken {
            let own = if wanted <= SHORT { self.most } else { self.most - self.most / KEPT_FOR_SHORT };
            if wanted.saturating_add(self.beside) > own {
                return Err(self.too_large(needed));
            }
            if !self.budget.take(wanted - self.taken, own) {
                return Err(self.overloaded());
            }
        } else if wanted < self.taken {
            self.budget.held.fetch_sub(self.taken - wanted, Ordering::Relaxed);
        }
        (self.request, self.answer, self.taken) = (request, answer, wanted);
        Ok(())
    }

    fn overloaded(&self) -> Failure {
        let message = format!(
            "The proxy has no memory for this request beside the others that it serves (max_memory is {} bytes). Please try again.",
            self.most
        );
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, &*message)
            .with_code("server_overloaded")
            .with_header(header::RETRY_AFTER, "1")
            .with_own_words(message)
    }

    fn too_large(&self, needed: usize) -> Failure {
        let most = self.most;
        let message =
            format!("The request needs {needed} bytes of memory, more than max_memory ({most} bytes) leaves it.");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, &*message).with_code("request_too_large").with_own_words(message)
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        if self.taken > 0 {
            self.budget.held.fetch_sub(self.taken, Ordering::Relaxed);
        }
    }
}

/// Returns what is kept of a JSON text when it is parsed, at most. What stands in its strings is counted too: it may be JSON itself.
fn parsed(text: &[u8]) -> usize {
    let count = |byte: u8| memchr::memchr_iter(byte, text).count();
    count(b'{').saturating_mul(OBJECT).saturating_add(count(b',').saturating_mul(ENTRY))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1 << 20;

    fn share(budget: &Arc<MemoryBudget>) -> MemoryShare {
        MemoryShare::new(budget.clone(), MOST)
    }

    #[test]
    fn a_share_grows_and_shrinks_and_is_given_back() {
        let budget = Arc::<MemoryBudget>::default();
        let mut one = share(&budget);
        one.take_body(0, &[b' '; 1000]).unwrap();
        assert_eq!(budget.held(), STEP);
        one.take_parsed(20_000).unwrap();
        assert_eq!(budget.held(), 5 * STEP);
        one.called(20_000);
        one.take_answer(10_000).unwrap();
        assert_eq!(budget.held(), 5 * STEP);
        let mut image = one.another();
        image.take_image(4096).unwrap();
        image.take_image(1).unwrap();
        assert_eq!(budget.held(), 7 * STEP);
        drop(image);
        one.answered(10_000);
        assert_eq!(budget.held(), STEP);
        // A reply larger than what it was made of is not taken for: it is there already.
        one.answered(100_000);
        assert_eq!(budget.held(), STEP);
        drop(one);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn what_is_beyond_the_budget_is_refused_and_leaves_it_as_it_was() {
        let budget = Arc::<MemoryBudget>::default();
        let (mut one, mut two) = (share(&budget), share(&budget));
        one.take_answer(200_000).unwrap();
        let held = budget.held();
        let full = two.take_answer(200_000).unwrap_err();
        assert_eq!((full.status.as_u16(), full.word(), full.headers.len()), (503, "server_overloaded", 1));
        assert_eq!(two.take_body(1 << 19, b"").unwrap_err().status.as_u16(), 413);
        assert_eq!(two.take_body(usize::MAX, b" ").unwrap_err().status.as_u16(), 413);
        assert_eq!(budget.held(), held);
        drop(one);
        two.take_answer(200_000).unwrap();
    }

    #[test]
    fn what_a_request_has_beside_is_its_own_and_no_reason_to_try_again() {
        let budget = Arc::<MemoryBudget>::default();
        let mut one = share(&budget);
        one.take_body(0, &[b' '; 1000]).unwrap();
        let own = MOST - MOST / KEPT_FOR_SHORT;
        let image = |bytes: usize| one.another().take_image(bytes);
        assert!(image((own - STEP) / IMAGE_FACTOR).is_ok());
        assert_eq!(image((own - STEP) / IMAGE_FACTOR + 1).unwrap_err().status.as_u16(), 413);
    }

    #[test]
    fn the_last_part_is_for_short_requests() {
        let budget = Arc::<MemoryBudget>::default();
        let mut large = share(&budget);
        let most = MOST - MOST / KEPT_FOR_SHORT;
        large.take_body(most / BODY_FACTOR, b"").unwrap();
        assert!(large.take_answer(1).is_err());
        let short = || {
            let mut short = share(&budget);
            short.take_body(0, &[b' '; 1000]).map(|()| short)
        };
        let shorts: Vec<_> = std::iter::from_fn(|| short().ok()).collect();
        assert_eq!((shorts.len(), budget.held()), (MOST / KEPT_FOR_SHORT / STEP, MOST));
    }

    #[test]
    fn many_short_fields_need_more_than_their_bytes() {
        let budget = Arc::<MemoryBudget>::default();
        let mut one = share(&budget);
        let piece = b"{\"a\":1,".repeat(100);
        for held in 0..3 {
            one.take_body(held * piece.len(), &piece).unwrap();
        }
        let read = budget.held();
        one.take_parsed(3 * piece.len()).unwrap();
        assert!(read < 100 * (OBJECT + ENTRY) && budget.held() >= 300 * (OBJECT + ENTRY), "{budget:?}");
        // An image that was fetched has nothing to parse.
        one.take_parsed(4 * piece.len()).unwrap();
        assert!(budget.held() < 400 * (OBJECT + ENTRY), "{budget:?}");
    }
}
