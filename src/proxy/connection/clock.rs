//! How slow a client may be: a clock for each of its connections, which says when it has used up the patience there is. The
//! clock also knows what else is looked at on that connection's one timer: the call that is made for it.

use super::corked::Slot;
use super::pace::{Patience, at_slowest};
use super::watchdog::Eye;
use log::info;
use pingora::protocols::UniqueIDType;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing is looked at where nothing is due.
const FAR: Duration = Duration::from_secs(3600);

tokio::task_local! {
    /// The clock of the connection that a task serves.
    pub static CLOCK: Arc<Clock>;
}

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing, since.
    Idle(Instant),
    /// Its head is on the way, since.
    Head(Instant),
    /// A request is served, and the proxy decides how long that may take.
    Serving,
}

/// What the client does not take.
#[derive(Debug, Clone, Copy)]
struct Blocked {
    since: Instant,
    /// Whether the last write is waiting now.
    waits: bool,
    /// Bytes that the system took since then.
    taken: u64,
    /// What the client had acknowledged when this was looked at first.
    acked: Option<u64>,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Fine,
    /// Nobody is served on it: it ends.
    End,
    /// Its next write fails, so that the request on it ends as others that break.
    Cut,
}

/// Of one connection.
#[derive(Debug)]
pub struct Clock {
    state: Mutex<State>,
    zero: Instant,
    /// When it has to be looked at next, in microseconds since `zero`.
    due: AtomicU64,
    /// What its task holds back.
    pub held: Slot,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    blocked: Option<Blocked>,
    is_cut: bool,
    /// What was current when the last request came.
    patience: Patience,
    /// How long a client may not read at all while this request is served, however much it took before.
    deaf: Option<Duration>,
    /// The call that is made for the request.
    call: Option<Arc<Eye>>,
}

/// A request is served; dropped, its connection waits for the next one.
#[derive(Debug)]
pub struct Serving(Arc<Clock>);

impl Drop for Serving {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.0.lock();
        (state.phase, state.deaf, state.call) = (Phase::Idle(now), None, None);
        self.0.hasten(now + state.patience.idle);
    }
}

/// Notes that the head of a request was read on the connection that this task serves.
pub fn serving(patience: Patience) -> Option<Serving> {
    let clock = CLOCK.try_with(Arc::clone).ok()?;
    let mut state = clock.lock();
    (state.phase, state.patience) = (Phase::Serving, patience);
    drop(state);
    Some(Serving(clock))
}

/// Has a call looked at by the clock of the connection that this task serves, if there is one.
pub fn watch(call: &Arc<Eye>) -> bool {
    let watch = |clock: &Arc<Clock>| {
        clock.lock().call = Some(call.clone());
        clock.hasten(call.due());
    };
    CLOCK.try_with(watch).is_ok()
}

/// Limits how long the client may not read at all, if the connection that this task serves has a clock.
pub fn limit_deafness(limit: Duration) -> bool {
    CLOCK.try_with(|clock| clock.lock().deaf = Some(limit)).is_ok()
}

impl Clock {
    /// Of a connection that was just accepted.
    pub fn new(now: Instant, patience: Patience) -> Self {
        let state = State { phase: Phase::Idle(now), blocked: None, is_cut: false, patience, deaf: None, call: None };
        let clock = Clock { state: Mutex::new(state), zero: now, due: AtomicU64::new(u64::MAX), held: Slot::default() };
        clock.hasten(now + patience.idle);
        clock
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_zero(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.zero).as_micros()).unwrap_or(u64::MAX)
    }

    /// Has it looked at no later than then.
    fn hasten(&self, at: Instant) {
        self.due.fetch_min(self.since_zero(at), Ordering::Relaxed);
    }

    /// When it has to be looked at next. A look that comes too early does no harm.
    pub fn due(&self) -> Instant {
        self.zero + Duration::from_micros(self.due.load(Ordering::Relaxed))
    }

    /// Bytes came.
    pub fn heard(&self) {
        let mut state = self.lock();
        if let Phase::Idle(_) = state.phase {
            let now = Instant::now();
            state.phase = Phase::Head(now);
            self.hasten(now + state.patience.head);
        }
    }

    /// A write waits for the client; whether it is not worth waiting any more.
    pub fn waits(&self) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        let new = || Blocked { since: now, waits: true, taken: 0, acked: None };
        state.blocked.get_or_insert_with(new).waits = true;
        self.hasten(now + state.patience.tick());
        state.is_cut
    }

    /// The system took some of what is written, or all of it.
    pub fn took(&self, bytes: usize, all: bool) {
        let mut state = self.lock();
        match state.blocked.as_mut() {
            Some(_) if all => state.blocked = None,
            Some(blocked) => {
                blocked.waits = false;
                blocked.taken += bytes as u64;
            }
            None => {}
        }
    }

    /// Looks whether the client has used up its patience, or the call its time; `acked` are the bytes that the client
    /// acknowledged, if the system tells.
    pub fn look(&self, now: Instant, acked: impl Fn() -> Option<u64>) -> Verdict {
        let mut state = self.lock();
        let verdict = state.judge(now, acked);
        let call = state.call.as_ref().and_then(|call| call.look(now));
        if call.is_none() {
            state.call = None;
        }
        let next = call.into_iter().chain(state.due(now)).min().unwrap_or(now + FAR);
        // Not at once again, should a limit be over of which nothing came.
        self.due.store(self.since_zero(next.max(now + Duration::from_millis(1))), Ordering::Relaxed);
        verdict
    }
}

impl State {
    /// When the client has to be looked at.
    fn due(&self, now: Instant) -> Option<Instant> {
        match (self.phase, self.blocked) {
            (Phase::Idle(since), _) => Some(since + self.patience.idle),
            (Phase::Head(since), _) => Some(since + self.patience.head),
            (Phase::Serving, Some(Blocked { waits: true, .. })) => Some(now + self.patience.tick()),
            (Phase::Serving, _) => None,
        }
    }

    fn judge(&mut self, now: Instant, acked: impl Fn() -> Option<u64>) -> Verdict {
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit;
        match self.phase {
            Phase::Idle(since) if over(since, self.patience.idle) => return Verdict::End,
            Phase::Head(since) if over(since, self.patience.head) => {
                info!("a client was given up, since its request's head took longer than head_timeout");
                return Verdict::End;
            }
            _ => {}
        }
        let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.waits) else { return Verdict::Fine };
        // The system takes much at a time, and tells late that there is room again: what arrived is known better.
        let acked = acked();
        let first = *blocked.acked.get_or_insert(acked.unwrap_or(0));
        let arrived = acked.map_or(0, |acked| acked.saturating_sub(first)).max(blocked.taken);
        let deaf = self.deaf.is_some_and(|limit| over(blocked.since, limit));
        if !deaf && !over(blocked.since, self.patience.write + at_slowest(arrived)) {
            return Verdict::Fine;
        }
        if !self.is_cut {
            info!("a client was given up, since it reads too slowly (write_timeout)");
        }
        self.is_cut = true;
        Verdict::Cut
    }
}

/// The bytes that the other end of a TCP connection has acknowledged.
pub fn acked(socket: UniqueIDType) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return pingora::protocols::l4::ext::get_tcp_info(socket).ok().map(|info| info.tcpi_bytes_acked);
    #[cfg(not(target_os = "linux"))]
    return None.filter(|_: &u64| socket > 0);
}

#[cfg(test)]
mod tests;
