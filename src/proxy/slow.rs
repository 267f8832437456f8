//! How slow a client may be: a clock for each of its connections, which says when it has used up the patience there is.

use super::held::Slot;
use log::info;
use pingora::protocols::UniqueIDType;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who sends or reads more slowly than this, in bytes a second, falls behind.
const SLOWEST: u64 = 16 * 1024;

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From one request to the next.
    pub idle: Duration,
    /// For a head, from its first byte.
    pub head: Duration,
    /// The largest head, in bytes.
    pub max_head: usize,
    /// How far a body may be behind the slowest rate.
    pub body: Duration,
    /// How far reading may be behind the slowest rate, while there is something to read.
    pub write: Duration,
}

impl Patience {
    /// When a body must have come further than `bytes`.
    pub fn body_until(&self, begun: Instant, bytes: usize) -> Instant {
        begun + self.body + at_slowest(bytes as u64)
    }

    /// How often a clock is looked at: a client is given up at most this much too late.
    pub fn tick(&self) -> Duration {
        (self.idle.min(self.head).min(self.write) / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

fn at_slowest(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST)
}

tokio::task_local! {
    /// The clock of the connection that a task serves.
    pub(super) static CLOCK: Arc<Clock>;
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
    /// What its task holds back.
    pub(super) held: Slot,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    blocked: Option<Blocked>,
    is_cut: bool,
}

/// A request is served; dropped, its connection waits for the next one.
#[derive(Debug)]
pub struct Serving(Arc<Clock>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.lock().phase = Phase::Idle(Instant::now());
    }
}

/// Notes that the head of a request was read on the connection that this task serves.
pub fn serving() -> Option<Serving> {
    let clock = CLOCK.try_with(Arc::clone).ok()?;
    clock.lock().phase = Phase::Serving;
    Some(Serving(clock))
}

impl Clock {
    /// Of a connection that was just accepted.
    pub fn new(now: Instant) -> Self {
        let state = State { phase: Phase::Idle(now), blocked: None, is_cut: false };
        Clock { state: Mutex::new(state), held: Slot::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes came.
    pub fn heard(&self) {
        let mut state = self.lock();
        if let Phase::Idle(_) = state.phase {
            state.phase = Phase::Head(Instant::now());
        }
    }

    /// A write waits for the client; whether it is not worth waiting any more.
    pub fn waits(&self) -> bool {
        let mut state = self.lock();
        let is_cut = state.is_cut;
        let new = || Blocked { since: Instant::now(), waits: true, taken: 0, acked: None };
        state.blocked.get_or_insert_with(new).waits = true;
        is_cut
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

    /// Looks whether the client has used up its patience; `acked` are the bytes that it acknowledged, if the system tells.
    pub fn look(&self, patience: &Patience, now: Instant, acked: impl Fn() -> Option<u64>) -> Verdict {
        let mut state = self.lock();
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit;
        match state.phase {
            Phase::Idle(since) if over(since, patience.idle) => return Verdict::End,
            Phase::Head(since) if over(since, patience.head) => {
                info!("a client was given up, since its request's head took longer than head_timeout");
                return Verdict::End;
            }
            _ => {}
        }
        let Some(blocked) = state.blocked.as_mut().filter(|blocked| blocked.waits) else { return Verdict::Fine };
        // The system takes much at a time, and tells late that there is room again: what arrived is known better.
        let acked = acked();
        let first = *blocked.acked.get_or_insert(acked.unwrap_or(0));
        let arrived = acked.map_or(0, |acked| acked.saturating_sub(first)).max(blocked.taken);
        if !over(blocked.since, patience.write + at_slowest(arrived)) {
            return Verdict::Fine;
        }
        if !state.is_cut {
            info!("a client was given up, since it reads too slowly (write_timeout)");
        }
        state.is_cut = true;
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
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        idle: Duration::from_secs(75),
        head: Duration::from_secs(10),
        max_head: 1,
        body: Duration::from_secs(60),
        write: Duration::from_secs(60),
    };

    fn look(clock: &Clock, seconds: u64, acked: u64) -> Verdict {
        clock.look(&PATIENCE, Instant::now() + Duration::from_secs(seconds), || Some(acked))
    }

    #[test]
    fn a_head_has_its_time_from_its_first_byte_and_a_request_has_its_own() {
        let clock = Arc::new(Clock::new(Instant::now()));
        assert_eq!((look(&clock, 70, 0), look(&clock, 76, 0)), (Verdict::Fine, Verdict::End));
        clock.heard();
        assert_eq!((look(&clock, 9, 0), look(&clock, 11, 0)), (Verdict::Fine, Verdict::End));
        CLOCK.sync_scope(clock.clone(), || {
            let serving = serving();
            clock.heard();
            assert_eq!(look(&clock, 10_000, 0), Verdict::Fine);
            drop(serving);
        });
        assert_eq!((look(&clock, 70, 0), look(&clock, 76, 0)), (Verdict::Fine, Verdict::End));
    }

    #[test]
    fn who_does_not_read_is_cut_and_who_keeps_up_never() {
        let clock = Arc::new(Clock::new(Instant::now()));
        let _serving = CLOCK.sync_scope(clock.clone(), serving);
        assert!(!clock.waits());
        assert_eq!((look(&clock, 0, 1000), look(&clock, 59, 1000)), (Verdict::Fine, Verdict::Fine));
        // What arrived counts, and what the system took.
        let minute = 60 * SLOWEST;
        assert_eq!(look(&clock, 119, 1000 + minute), Verdict::Fine);
        clock.took(2 * minute as usize, false);
        assert_eq!(look(&clock, 1000, 1000), Verdict::Fine, "nothing waits");
        assert!(!clock.waits());
        assert_eq!(look(&clock, 179, 1000 + minute), Verdict::Fine);
        clock.took(1, true);
        assert_eq!(look(&clock, 1000, 1000), Verdict::Fine, "all is taken");
        clock.waits();
        assert_eq!(look(&clock, 61, 1000), Verdict::Cut);
        assert!(clock.waits(), "the write fails");
    }

    #[test]
    fn a_body_has_longer_the_more_of_it_came() {
        let now = Instant::now();
        assert_eq!(PATIENCE.body_until(now, 0), now + Duration::from_secs(60));
        assert_eq!(PATIENCE.body_until(now, 160 * 1024), now + Duration::from_secs(70));
    }
}
