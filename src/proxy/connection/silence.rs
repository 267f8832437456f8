//! When a call takes too long: to begin its answer, from one piece of it to the next, or altogether.
//!
//! A piece only records when it arrived; it sets no timer. The timer of the client's connection, or a task, looks here when a
//! limit can be over at the earliest.

use super::socket::UpstreamSocket;
use crate::proxy::deadline::{Deadline, after};
use crate::table::UpstreamTimeouts;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The limit that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// The upstream's `first_byte_timeout`.
    FirstByte(Duration),
    /// The upstream's `idle_timeout`.
    Idle(Duration),
    /// The call's [`Deadline`].
    Deadline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerPhase {
    Awaited,
    Begun,
    Complete,
    /// The connection was shut down for this limit.
    Cut(TimeLimit),
}

#[derive(Debug)]
struct Progress {
    phase: AnswerPhase,
    /// When bytes arrived last; before the first ones, when the connection was made.
    heard: Instant,
}

/// Knows when one call on one connection has been silent for too long, and shuts the connection down then.
#[derive(Debug)]
pub struct SilenceTimer {
    socket: Arc<UpstreamSocket>,
    turn: u64,
    /// The upstream's own limits for silence.
    upstream: UpstreamTimeouts,
    /// The client's limit for silence, on a stream.
    client: Option<Duration>,
    /// When the call has to be over.
    end: Instant,
    progress: Mutex<Progress>,
}

impl SilenceTimer {
    /// A timer for the call that begins now on this connection.
    pub fn new(socket: Arc<UpstreamSocket>, upstream: UpstreamTimeouts, deadline: &Deadline) -> Self {
        let client = deadline.silence().map(|(silence, _)| silence);
        let progress = Mutex::new(Progress { phase: AnswerPhase::Awaited, heard: Instant::now() });
        SilenceTimer { turn: socket.begin_turn(), socket, upstream, client, end: deadline.end(), progress }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the head of the answer. From now on `idle_timeout` counts.
    pub fn head_arrived(&self, now: Instant) {
        let mut progress = self.lock();
        progress.heard = now;
        if progress.phase == AnswerPhase::Awaited {
            progress.phase = AnswerPhase::Begun;
        }
    }

    /// Records a piece of the answer.
    pub fn piece_arrived(&self, now: Instant) {
        self.lock().heard = now;
    }

    /// Returns when bytes arrived last; before the first ones, when the connection was made.
    pub fn heard(&self) -> Instant {
        self.lock().heard
    }

    /// Records that nothing more is awaited.
    pub fn complete(&self) {
        let mut progress = self.lock();
        if matches!(progress.phase, AnswerPhase::Awaited | AnswerPhase::Begun) {
            progress.phase = AnswerPhase::Complete;
        }
    }

    /// Returns the limit for which the connection was shut down, if it was.
    pub fn expired(&self) -> Option<TimeLimit> {
        match self.lock().phase {
            AnswerPhase::Cut(limit) => Some(limit),
            AnswerPhase::Awaited | AnswerPhase::Begun | AnswerPhase::Complete => None,
        }
    }

    /// Returns the earliest time at which a limit can be over, whatever the call waits for.
    pub fn due(&self) -> Instant {
        let limits = [self.upstream.first_byte, self.upstream.idle, self.client];
        let shortest = limits.into_iter().flatten().min();
        shortest.map_or(self.end, |limit| self.end.min(after(self.lock().heard, limit)))
    }

    /// Shuts the connection down if a limit is over. Returns when to check again; `None` when the call is over.
    pub fn check(&self, now: Instant) -> Option<Instant> {
        let mut progress = self.lock();
        let upstream = match progress.phase {
            AnswerPhase::Awaited => self.upstream.first_byte.map(|limit| (limit, TimeLimit::FirstByte(limit))),
            AnswerPhase::Begun => self.upstream.idle.map(|limit| (limit, TimeLimit::Idle(limit))),
            AnswerPhase::Complete | AnswerPhase::Cut(_) => return None,
        };
        let over = if now >= self.end { Some(TimeLimit::Deadline) } else { self.silence(upstream, &mut progress, now) };
        let Some(limit) = over else {
            drop(progress);
            return Some(self.due().max(now + Duration::from_millis(1)));
        };
        // Recorded before the connection ends, so that whoever sees the end knows the reason.
        progress.phase = AnswerPhase::Cut(limit);
        if !self.socket.shut_down(self.turn) {
            progress.phase = AnswerPhase::Complete;
        }
        None
    }

    /// Returns the limit for silence that is over, the upstream's or the client's.
    fn silence(
        &self,
        upstream: Option<(Duration, TimeLimit)>,
        progress: &mut Progress,
        now: Instant,
    ) -> Option<TimeLimit> {
        let client = self.client.map(|limit| (limit, TimeLimit::Deadline));
        let (limit, over) = upstream.into_iter().chain(client).min_by_key(|(limit, _)| *limit)?;
        if now.saturating_duration_since(progress.heard) < limit {
            return None;
        }
        // Bytes that wait for a slow client are no silence of the upstream, and neither are bytes that arrived a moment ago.
        let since = if self.socket.has_unread() { Some(Duration::ZERO) } else { self.socket.since_data() };
        let heard = since.and_then(|since| now.checked_sub(since));
        progress.heard = heard.map_or(progress.heard, |heard| heard.max(progress.heard));
        (now.saturating_duration_since(progress.heard) >= limit).then_some(over)
    }
}
