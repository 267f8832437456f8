//! Holds back a call's head until pingora has written the body after it. No hook of pingora's comes in between; but it does
//! both while one task goes on, which ends when the task waits for the answer.

use super::clock::CLOCK;
use super::socket::Line;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What the task that serves a connection holds back.
#[derive(Debug, Default)]
pub struct Slot {
    is_full: AtomicBool,
    line: Mutex<Option<Arc<Line>>>,
}

impl Slot {
    fn put(&self, line: Arc<Line>) {
        let before = self.line.lock().unwrap_or_else(PoisonError::into_inner).replace(line);
        self.is_full.store(true, Ordering::Release);
        before.into_iter().for_each(|line| line.release());
    }

    /// Releases what is held back; to be called when the task has gone as far as it can.
    pub fn release(&self) {
        if self.is_full.load(Ordering::Acquire) {
            self.is_full.store(false, Ordering::Release);
            let line = self.line.lock().unwrap_or_else(PoisonError::into_inner).take();
            line.into_iter().for_each(|line| line.release());
        }
    }
}

/// Releases a line once this task waits for something.
pub fn release_soon(line: Arc<Line>) {
    let mut line = Some(line);
    let put = CLOCK.try_with(|clock| line.take().into_iter().for_each(|line| clock.held.put(line)));
    if let (Err(_), Some(line)) = (put, line) {
        // A stream of HTTP/2 has a task of its own. What is spawned runs after it; were it otherwise one day, head and body
        // would be two packets again, and no more.
        tokio::spawn(async move { line.release() });
    }
}
