//! How many requests are being served, and whether the process is about to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Counts requests that are being served, and knows whether the process is about to end.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    count: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
}

/// One request that is being served; dropped when it is not any more.
#[derive(Debug)]
pub struct Entered(Arc<AtomicUsize>);

impl InFlight {
    /// Counts one more.
    pub fn enter(&self) -> Entered {
        self.count.fetch_add(1, Ordering::AcqRel);
        Entered(self.count.clone())
    }

    /// Notes that the process only waits for what is in flight.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it does.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
