//! Counts the requests in progress and what they hold, and records that the process is shutting down.

use super::memory::MemoryBudget;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The number of requests in progress, the memory that they hold, and whether the process is shutting down.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    count: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    memory: Arc<MemoryBudget>,
}

/// One counted request. Dropping it ends the count.
#[derive(Debug)]
pub struct Entered(Arc<AtomicUsize>);

impl InFlight {
    /// Counts one more request.
    pub fn enter(&self) -> Entered {
        self.count.fetch_add(1, Ordering::AcqRel);
        Entered(self.count.clone())
    }

    /// Returns the memory that the requests hold.
    pub fn memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    /// Records that the process is shutting down and only waits for the requests in progress.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Returns true if the process is shutting down.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Returns the number of requests in progress.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
