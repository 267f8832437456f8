//! Ends a call whose upstream takes too long: to begin its answer, from one piece of it to the next, or altogether.
//!
//! A piece only notes when it came; no timer is set for it. Whether it took too long is looked at when that is possible at
//! the earliest, by the clock of the client's connection, which has a timer anyway, or else by a task.

use super::clock;
use super::socket::Line;
use crate::proxy::deadline::{Deadline, after};
use crate::table::UpstreamTimeouts;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The answer did not begin.
    FirstByte(Duration),
    /// Nothing came for so long after that.
    Idle(Duration),
    /// The call, by its [`Deadline`].
    Late,
}

/// Watches one call on one connection; dropped, it does so no more.
#[derive(Debug)]
pub struct Watch {
    eye: Arc<Eye>,
    task: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins when a connection is there, to wait for the first byte.
    pub fn begin(line: Arc<Line>, timeouts: UpstreamTimeouts, deadline: &Deadline) -> Self {
        let eye = Arc::new(Eye::new(line, timeouts, deadline));
        let task = (!clock::watch(&eye)).then(|| tokio::spawn(look_on(eye.clone())));
        Watch { eye, task }
    }

    /// The answer has begun; from now on silence counts.
    pub fn answered(&self, now: Instant) {
        let mut state = self.eye.lock();
        state.heard = now;
        if state.phase == Phase::Waiting {
            state.phase = Phase::Answering;
        }
    }

    /// A piece came.
    pub fn heard(&self, now: Instant) {
        self.eye.lock().heard = now;
    }

    /// Nothing more is awaited.
    pub fn end(&mut self) {
        let mut state = self.eye.lock();
        if matches!(state.phase, Phase::Waiting | Phase::Answering) {
            state.phase = Phase::Over;
        }
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// What took too long, if the call was ended for it.
    pub fn cut(&self) -> Option<Cut> {
        match self.eye.lock().phase {
            Phase::Cut(cut) => Some(cut),
            Phase::Waiting | Phase::Answering | Phase::Over => None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

/// Looks on until the call is over.
async fn look_on(eye: Arc<Eye>) {
    let mut due = Some(eye.due());
    while let Some(at) = due {
        tokio::time::sleep_until(at.into()).await;
        due = eye.look(Instant::now());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Answering,
    Over,
    Cut(Cut),
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When something came last; before that, when the connection stood.
    heard: Instant,
}

/// What is known of a call, for whoever looks whether it takes too long.
#[derive(Debug)]
pub struct Eye {
    line: Arc<Line>,
    turn: u64,
    /// The upstream's own limits for silence.
    timeouts: UpstreamTimeouts,
    /// The client's, on a stream.
    silence: Option<Duration>,
    /// When the call has to be over.
    end: Instant,
    state: Mutex<State>,
}

impl Eye {
    fn new(line: Arc<Line>, timeouts: UpstreamTimeouts, deadline: &Deadline) -> Self {
        let silence = deadline.silence().map(|(silence, _)| silence);
        let state = Mutex::new(State { phase: Phase::Waiting, heard: Instant::now() });
        Eye { turn: line.take(), line, timeouts, silence, end: deadline.end(), state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it may have taken too long at the earliest, whatever it waits for.
    pub fn due(&self) -> Instant {
        let limits = [self.timeouts.first_byte, self.timeouts.idle, self.silence];
        let shortest = limits.into_iter().flatten().min();
        shortest.map_or(self.end, |limit| self.end.min(after(self.lock().heard, limit)))
    }

    /// Ends the call if it takes too long; else when to look again, unless the call is over.
    pub fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let own = match state.phase {
            Phase::Waiting => self.timeouts.first_byte.map(|limit| (limit, Cut::FirstByte(limit))),
            Phase::Answering => self.timeouts.idle.map(|limit| (limit, Cut::Idle(limit))),
            Phase::Over | Phase::Cut(_) => return None,
        };
        let cut = if now >= self.end { Some(Cut::Late) } else { self.silent(own, &mut state, now) };
        let Some(cut) = cut else {
            drop(state);
            return Some(self.due().max(now + Duration::from_millis(1)));
        };
        // Said before the connection ends, so that whoever sees that knows why.
        state.phase = Phase::Cut(cut);
        if !self.line.cut(self.turn) {
            state.phase = Phase::Over;
        }
        None
    }

    /// The limit for silence that is reached, if one is: the upstream's `own` or the client's.
    fn silent(&self, own: Option<(Duration, Cut)>, state: &mut State, now: Instant) -> Option<Cut> {
        let clients = self.silence.map(|limit| (limit, Cut::Late));
        let (limit, cut) = own.into_iter().chain(clients).min_by_key(|(limit, _)| *limit)?;
        if now.saturating_duration_since(state.heard) < limit {
            return None;
        }
        // What has come and waits for a slow client is no silence of the upstream's, and neither is what came a moment ago.
        let since = if self.line.has_unread() { Some(Duration::ZERO) } else { self.line.since_data() };
        let heard = since.and_then(|since| now.checked_sub(since));
        state.heard = heard.map_or(state.heard, |heard| heard.max(state.heard));
        (now.saturating_duration_since(state.heard) >= limit).then_some(cut)
    }
}
