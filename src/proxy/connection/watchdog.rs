//! Ends calls whose upstream is silent for too long: has each call's [`SilenceTimer`] checked for as long as the call lives.

use super::clock;
use super::silence::{SilenceTimer, TimeLimit};
use super::socket::UpstreamSocket;
use crate::proxy::deadline::Deadline;
use crate::table::UpstreamTimeouts;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;

/// Watches one call on one connection until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    timer: Arc<SilenceTimer>,
    /// Checks the timer, where the client's connection has no clock that could.
    task: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Begins to watch a connection that was just made or taken from the pool.
    pub fn begin(socket: Arc<UpstreamSocket>, upstream: UpstreamTimeouts, deadline: &Deadline) -> Self {
        let timer = Arc::new(SilenceTimer::new(socket, upstream, deadline));
        let task = (!clock::watch_call(&timer)).then(|| tokio::spawn(check_until_over(timer.clone())));
        Watchdog { timer, task }
    }

    /// Records the head of the answer.
    pub fn head_arrived(&self, now: Instant) {
        self.timer.head_arrived(now);
    }

    /// Records a piece of the answer.
    pub fn piece_arrived(&self, now: Instant) {
        self.timer.piece_arrived(now);
    }

    /// Records that nothing more is awaited.
    pub fn complete(&mut self) {
        self.timer.complete();
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Returns the limit for which the call was ended, if it was.
    pub fn expired(&self) -> Option<TimeLimit> {
        self.timer.expired()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.complete();
    }
}

async fn check_until_over(timer: Arc<SilenceTimer>) {
    let mut due = Some(timer.due());
    while let Some(at) = due {
        tokio::time::sleep_until(at.into()).await;
        due = timer.check(Instant::now());
    }
}
