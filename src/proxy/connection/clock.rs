//! How slow a client may be. Each client's connection has a clock, which returns a verdict when the client has used up its
//! timeouts.
//!
//! A connection has one timer. It serves the client's timeouts and those of the call that is made for the client.

use super::cork::Corked;
use super::half_close::{EndOfReading, HalfClose};
use super::keep_alive::KeepAlive;
use super::pace::{ClientTimeouts, PendingWrite};
use super::silence::SilenceTimer;
use super::socket::UpstreamSocket;
use super::unread_head;
use super::waiting::WaitMark;
use super::withheld::WithheldHead;
use crate::access::Sender;
use bytes::Bytes;
use http::Version;
use log::info;
use std::io::IoSlice;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// When to check next where no timeout runs.
const FAR: Duration = Duration::from_secs(3600);

tokio::task_local! {
    /// The clock of the connection that a task serves.
    pub static CLOCK: Arc<ConnectionClock>;
}

/// What a client's connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientPhase {
    /// Nothing, since then.
    Idle(Instant),
    /// Its head has been arriving since then.
    Head(Instant),
    /// Its request is being served. The proxy decides how long that may take.
    Served,
}

/// What happens to a connection at a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientVerdict {
    /// It goes on.
    Fine,
    /// It ends at once: no request is being served on it.
    End,
    /// Its next write fails, so that its request ends and is logged like others that break.
    Cut,
}

/// The clock of one client's connection.
#[derive(Debug)]
pub struct ConnectionClock {
    state: Mutex<ClockState>,
    zero: Instant,
    /// When to check next, in microseconds since `zero`.
    due: AtomicU64,
    /// True while a head arrives. What pingora writes meanwhile refuses it.
    reads_head: AtomicBool,
    /// True if something is to be written that keeps a stream alive.
    is_silent: AtomicBool,
    /// The upstream socket that the connection's task holds back.
    pub corked: Corked,
    /// The head of a stream that waits for its first text.
    pub head: WithheldHead,
    /// Whose connection it is, once that was asked.
    pub sender: OnceLock<Sender>,
    /// Since when it has waited for a request.
    pub waits: Arc<WaitMark>,
}

#[derive(Debug)]
struct ClockState {
    phase: ClientPhase,
    /// The bytes of the head that have arrived.
    head_bytes: usize,
    pending: Option<PendingWrite>,
    is_cut: bool,
    /// Those that were current when the last request came.
    timeouts: ClientTimeouts,
    /// How long a client may read nothing while this request is served, however much it read before.
    stall_limit: Option<Duration>,
    /// The call that is made for the request.
    call: Option<Arc<SilenceTimer>>,
    /// The client's side of the connection while the request is served.
    half_close: HalfClose,
    /// The stream that waits for text.
    alive: Option<KeepAlive>,
}

/// A request that is being served. When it is dropped, its connection waits for the next one.
#[derive(Debug)]
pub struct ServedRequest(Arc<ConnectionClock>);

impl Drop for ServedRequest {
    fn drop(&mut self) {
        let now = Instant::now();
        self.0.waits.waits(now);
        let mut state = self.0.lock();
        (state.phase, state.stall_limit, state.call) = (ClientPhase::Idle(now), None, None);
        (state.half_close, state.alive) = (HalfClose::default(), None);
        self.0.check_by(now + state.timeouts.idle);
    }
}

/// Records that the head of a request was read on the connection that this task serves.
pub fn begin_request(timeouts: ClientTimeouts) -> Option<ServedRequest> {
    let clock = CLOCK.try_with(Arc::clone).ok()?;
    let mut state = clock.lock();
    (state.phase, state.timeouts) = (ClientPhase::Served, timeouts);
    drop(state);
    clock.waits.is_served();
    clock.head.begin_request();
    clock.reads_head.store(false, Ordering::Relaxed);
    Some(ServedRequest(clock))
}

/// Has the clock of this task's connection check a call. Returns false if there is no clock.
pub fn watch_call(call: &Arc<SilenceTimer>) -> bool {
    let watch = |clock: &Arc<ConnectionClock>| {
        clock.lock().call = Some(call.clone());
        clock.check_by(call.due());
    };
    CLOCK.try_with(watch).is_ok()
}

/// Takes the number of a descriptor that was opened for the request of this task's connection.
pub fn descriptor_opened(descriptor: RawFd) {
    // Where a task has no clock, the next connection takes a higher number.
    let _ = CLOCK.try_with(|clock| clock.waits.opened(descriptor));
}

/// Records that as much of the request of this task's connection was read as its reply needs. `version` is the client's.
pub fn request_read(version: Version) {
    let _ = CLOCK.try_with(|clock| clock.lock().half_close.request_read(version >= Version::HTTP_11));
}

/// Records that the request of this task's connection is complete. Until its reply is over, the end of reading does not mean
/// that the client has left.
pub fn request_complete() {
    let _ = CLOCK.try_with(|clock| clock.lock().half_close.request_complete());
}

/// Records what the reply can carry from now on beside its pieces: chunks with this text, or nothing.
pub fn reply_may_carry(text: &'static [u8]) {
    let _ = CLOCK.try_with(|clock| clock.lock().half_close.reply_may_carry(text));
}

/// Keeps the stream of this task's request alive.
pub fn keep_alive(alive: KeepAlive) {
    let _ = CLOCK.try_with(|clock| {
        clock.check_by(alive.due());
        clock.lock().alive = Some(alive);
    });
}

/// Records that the upstream has sent the head of its stream.
pub fn stream_begins() {
    let _ = CLOCK.try_with(|clock| {
        let mut state = clock.lock();
        state.alive.iter_mut().for_each(KeepAlive::head_arrived);
        state.alive.iter().for_each(|alive| clock.check_by(alive.due()));
    });
}

/// Keeps the stream of this task's request alive no longer.
pub fn let_be() {
    let _ = CLOCK.try_with(|clock| clock.lock().alive = None);
}

/// Limits how long the client of this task's connection may read nothing. Returns false if there is no clock.
pub fn limit_stall(limit: Duration) -> bool {
    CLOCK.try_with(|clock| clock.lock().stall_limit = Some(limit)).is_ok()
}

/// Releases a corked socket when this task next waits.
pub fn release_soon(socket: Arc<UpstreamSocket>) {
    let mut socket = Some(socket);
    let put = CLOCK.try_with(|clock| socket.take().into_iter().for_each(|socket| clock.corked.put(socket)));
    if let (Err(_), Some(socket)) = (put, socket) {
        // A call outside of a connection's task. A spawned task runs after it. If that ever changed, head and body would become
        // two packets again, and nothing worse.
        tokio::spawn(async move { socket.release() });
    }
}

/// Keeps the head that is written next back until its body begins.
pub fn withhold_head() {
    // A task without a clock serves no client.
    let _ = CLOCK.try_with(|clock| clock.head.expect());
}

/// Returns true if the head of this task's reply went out before there was any text.
pub fn is_head_early() -> bool {
    CLOCK.try_with(|clock| clock.head.is_early()).unwrap_or(false)
}

/// Drops the head that is written next, since it went out early.
pub fn drop_repeated_head() {
    let _ = CLOCK.try_with(|clock| clock.head.drop_repeated());
}

/// Drops whatever is written from now on, so that the reply has no end. What was written before is flushed.
pub fn write_no_more() {
    let _ = CLOCK.try_with(|clock| clock.head.send_instead(Bytes::new()));
}

/// Sends `reply` in the place of a head that was withheld. Returns false if the head is out.
pub fn replace_head(reply: Bytes) -> bool {
    CLOCK.try_with(|clock| clock.head.replace(reply)).unwrap_or(false)
}

impl ConnectionClock {
    /// The clock of a connection that was just accepted.
    pub fn new(now: Instant, timeouts: ClientTimeouts, waits: Arc<WaitMark>) -> Self {
        let state = ClockState {
            phase: ClientPhase::Idle(now),
            head_bytes: 0,
            pending: None,
            is_cut: false,
            timeouts,
            stall_limit: None,
            call: None,
            half_close: HalfClose::default(),
            alive: None,
        };
        let (state, due, corked) = (Mutex::new(state), AtomicU64::new(u64::MAX), Corked::default());
        let (reads_head, is_silent) = (AtomicBool::new(false), AtomicBool::new(false));
        let (head, sender) = (WithheldHead::default(), OnceLock::new());
        let clock = ConnectionClock { state, zero: now, due, reads_head, is_silent, corked, head, sender, waits };
        clock.check_by(now + timeouts.idle);
        clock
    }

    fn lock(&self) -> MutexGuard<'_, ClockState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_zero(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.zero).as_micros()).unwrap_or(u64::MAX)
    }

    /// Makes sure that the next check comes no later than `at`.
    fn check_by(&self, at: Instant) {
        self.due.fetch_min(self.since_zero(at), Ordering::Relaxed);
    }

    /// Returns when to check next. A check that comes too early does no harm.
    pub fn due(&self) -> Instant {
        self.zero + Duration::from_micros(self.due.load(Ordering::Relaxed))
    }

    /// Records that the client sent bytes.
    pub fn bytes_arrived(&self, bytes: usize) {
        let mut state = self.lock();
        match state.phase {
            ClientPhase::Idle(_) => {
                let now = Instant::now();
                (state.phase, state.head_bytes) = (ClientPhase::Head(now), bytes);
                self.reads_head.store(true, Ordering::Relaxed);
                self.waits.waits(now);
                self.check_by(now + state.timeouts.head);
            }
            ClientPhase::Head(_) => state.head_bytes += bytes,
            ClientPhase::Served => {}
        }
    }

    /// Puts a refusal in the place of what pingora is about to write, if that refuses a head.
    pub fn refuse_head(&self, own: &[IoSlice<'_>]) {
        if self.reads_head.load(Ordering::Relaxed) {
            self.reads_head.store(false, Ordering::Relaxed);
            let bytes = self.lock().head_bytes;
            self.head.send_instead(unread_head::refusal(own, bytes));
        }
    }

    /// Records that a write waits for the client. Returns true if the client has been given up.
    pub fn write_waits(&self) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        state.pending.get_or_insert_with(|| PendingWrite::new(now)).waits = true;
        self.check_by(now + state.timeouts.check_interval());
        state.is_cut
    }

    /// Records that the kernel accepted bytes of a write, or `all` of it.
    pub fn write_accepted(&self, bytes: usize, all: bool) {
        let mut state = self.lock();
        if bytes > 0 {
            state.half_close.written();
            state.alive.iter_mut().for_each(KeepAlive::written);
        }
        match state.pending.as_mut() {
            Some(_) if all => state.pending = None,
            Some(pending) => pending.accepts(bytes),
            None => {}
        }
    }

    /// Returns what is to be written to keep a stream alive, once. A head that has to go before it is ready in [`Self::head`].
    pub fn take_keep_alive(&self) -> Option<Bytes> {
        if !self.is_silent.load(Ordering::Relaxed) {
            return None;
        }
        self.is_silent.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        let (head, chunk) = state.alive.as_mut()?.take()?;
        let text = state.alive.as_ref()?.comment();
        state.half_close.reply_may_carry(text);
        self.head.send_early(head).then_some(chunk)
    }

    /// Takes the end of reading. Returns what it means.
    pub fn end_read(&self) -> EndOfReading {
        let mut state = self.lock();
        let end = state.half_close.end_read(Instant::now());
        state.half_close.due().into_iter().for_each(|due| self.check_by(due));
        end
    }

    /// Records that something could not be written to a client that has ended its side.
    pub fn left(&self) {
        self.lock().half_close.left();
    }

    /// Checks the client's timeouts and those of its call, and whether a client that has ended its side has left. `acked`
    /// returns the bytes that the client has acknowledged, where the system knows.
    pub fn check(&self, now: Instant, acked: impl Fn() -> Option<u64>, is_reset: impl Fn() -> bool) -> ClientVerdict {
        let mut state = self.lock();
        state.half_close.look(now, is_reset);
        let verdict = state.judge(now, acked);
        let call = state.call.as_ref().and_then(|call| call.check(now));
        if call.is_none() {
            state.call = None;
        }
        if state.is_silent(now) {
            self.is_silent.store(true, Ordering::Relaxed);
        }
        let alive = state.alive.as_ref().map(KeepAlive::due);
        let all = call.into_iter().chain(state.due(now)).chain(state.half_close.due()).chain(alive);
        let next = all.min().unwrap_or(now + FAR);
        // A limit that is over may have no effect; never check again at once.
        self.due.store(self.since_zero(next.max(now + Duration::from_millis(1))), Ordering::Relaxed);
        verdict
    }
}

impl ClockState {
    /// Returns when the client has to be checked.
    fn due(&self, now: Instant) -> Option<Instant> {
        match (self.phase, self.pending) {
            (ClientPhase::Idle(since), _) => Some(since + self.timeouts.idle),
            (ClientPhase::Head(since), _) => Some(since + self.timeouts.head),
            (ClientPhase::Served, Some(PendingWrite { waits: true, .. })) => Some(now + self.timeouts.check_interval()),
            (ClientPhase::Served, _) => None,
        }
    }

    /// Returns true if the client has heard nothing for too long.
    fn is_silent(&mut self, now: Instant) -> bool {
        let heard = self.call.as_ref().map(|call| call.heard());
        let waits = self.pending.is_some_and(|pending| pending.waits);
        self.alive.as_mut().is_some_and(|alive| alive.look(now, heard, waits))
    }

    fn judge(&mut self, now: Instant, acked: impl Fn() -> Option<u64>) -> ClientVerdict {
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit;
        match self.phase {
            ClientPhase::Idle(since) if over(since, self.timeouts.idle) => return ClientVerdict::End,
            ClientPhase::Head(since) if over(since, self.timeouts.head) => {
                info!("a client was given up, since its request's head took longer than head_timeout");
                return ClientVerdict::End;
            }
            _ => {}
        }
        let Some(pending) = self.pending.as_mut().filter(|pending| pending.waits) else { return ClientVerdict::Fine };
        let is_stalled = self.stall_limit.is_some_and(|limit| over(pending.since, limit));
        if !is_stalled && !pending.is_late(now, self.timeouts.write, acked()) {
            return ClientVerdict::Fine;
        }
        if !self.is_cut {
            info!("a client was given up, since it reads too slowly (write_timeout)");
        }
        self.is_cut = true;
        ClientVerdict::Cut
    }
}

#[cfg(test)]
mod tests;
