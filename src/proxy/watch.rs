//! Ends a call whose upstream takes too long to begin its answer, or falls silent in the middle of it.

use super::line::Line;
use crate::table::Patience;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The answer did not begin.
    FirstByte(Duration),
    /// Nothing came for so long after that.
    Idle(Duration),
}

/// Watches one call on one connection; dropped, it does so no more.
#[derive(Debug)]
pub struct Watch {
    line: Arc<Line>,
    turn: u64,
    patience: Patience,
    heard: Arc<Heard>,
    limit: Option<Cut>,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Heard {
    begun: Instant,
    /// When the last piece came, in milliseconds since `begun`.
    last: AtomicU64,
    /// Whether the connection was cut.
    cut: AtomicBool,
}

impl Watch {
    /// Begins when a connection is there, to wait for the first byte.
    pub fn begin(line: Arc<Line>, patience: Patience) -> Self {
        let heard = Heard { begun: Instant::now(), last: AtomicU64::new(0), cut: AtomicBool::new(false) };
        let turn = line.take();
        let mut watch = Watch { line, turn, patience, heard: Arc::new(heard), limit: None, task: None };
        watch.wait_for(patience.first_byte.map(Cut::FirstByte));
        watch
    }

    /// The answer has begun; from now on silence counts.
    pub fn answered(&mut self) {
        self.heard();
        if self.cut().is_none() {
            self.wait_for(self.patience.idle.map(Cut::Idle));
        }
    }

    /// A piece came.
    pub fn heard(&self) {
        let since = self.heard.begun.elapsed().as_millis();
        self.heard.last.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Nothing more is awaited.
    pub fn end(&mut self) {
        self.stop();
    }

    /// What took too long, if the call was ended for it.
    pub fn cut(&self) -> Option<Cut> {
        self.limit.filter(|_| self.heard.cut.load(Ordering::Acquire))
    }

    fn wait_for(&mut self, limit: Option<Cut>) {
        self.stop();
        self.limit = limit;
        let Some(Cut::FirstByte(time) | Cut::Idle(time)) = limit else { return };
        let (line, heard, turn) = (self.line.clone(), self.heard.clone(), self.turn);
        self.task = Some(tokio::spawn(async move {
            silence(&line, &heard, time).await;
            // Said before the connection ends, so that whoever sees that knows why.
            heard.cut.store(true, Ordering::Release);
            if !line.cut(turn) {
                heard.cut.store(false, Ordering::Release);
            }
        }));
    }

    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns when nothing has come for `limit`. What has come and waits for a slow client is no silence of the upstream's.
async fn silence(line: &Line, heard: &Heard, limit: Duration) {
    loop {
        let last = heard.begun + Duration::from_millis(heard.last.load(Ordering::Relaxed));
        let mut silent = last.elapsed();
        if silent >= limit {
            silent = match line.has_unread() {
                true => Duration::ZERO,
                false => line.since_data().map_or(silent, |since| since.min(silent)),
            };
        }
        if silent >= limit {
            return;
        }
        tokio::time::sleep((limit - silent).max(Duration::from_millis(1))).await;
    }
}
