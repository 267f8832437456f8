//! Clients that have ended their side of the connection: have they left, or do they only send nothing more?
//!
//! Reading ends in both cases, and RFC 9112 9.6 wants an answer in the second. `nc -N`, tunnels and TCP proxies close only
//! their side. What is written tells them apart: the system of a client that has left answers it with a reset. So
//! something harmless is written, after a second and then now and then, and the connection's clock looks for the reset.

use bytes::Bytes;
use pingora::protocols::UniqueIDType;
use std::time::{Duration, Instant};

/// The interim response that clients of HTTP/1.1 read over, wherever they wait for a reply. Python's client reads over no other.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// When to write something. A script that reads the first bytes alone gets a quick reply as it is.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// When to write again: a client may leave later, too.
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// When to look for the reset after something was written. The pause doubles from the first to the longest.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the end of reading means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndOfReading {
    /// The connection is over: no request waits for a reply, or the client has left.
    Final,
    /// The client may still read. If there are bytes, they are to be written.
    Waits(Option<Bytes>),
}

/// A client's side of a connection while a request is served.
#[derive(Debug, Default)]
pub struct HalfClose {
    /// True while a complete request waits for the rest of its reply. Otherwise an end is the end.
    is_awaited: bool,
    /// True if the client's HTTP has interim responses.
    has_interim: bool,
    /// True once bytes of the reply are written.
    has_begun: bool,
    /// What a chunk of the reply may say to say nothing; empty if the reply has no place for it.
    carried: &'static [u8],
    ended: Option<EndedSide>,
}

#[derive(Debug)]
struct EndedSide {
    ask_at: Instant,
    look_at: Instant,
    pause: Duration,
    has_left: bool,
}

impl HalfClose {
    /// Records that a request was read. What was written before, an interim response, is not of its reply.
    pub fn request_read(&mut self, has_interim: bool) {
        (self.has_interim, self.has_begun) = (has_interim, false);
    }

    /// Records that the request is complete and waits for its reply.
    pub fn request_complete(&mut self) {
        self.is_awaited = true;
    }

    /// Records what a chunk of the reply may say to say nothing.
    pub fn reply_may_carry(&mut self, text: &'static [u8]) {
        self.carried = text;
    }

    /// Records that bytes were written.
    pub fn written(&mut self) {
        self.has_begun = true;
    }

    /// Returns what may be written without harm to a client that waits for its reply.
    fn question(&self) -> Option<Bytes> {
        match (self.has_begun, self.carried) {
            (false, _) => self.has_interim.then(|| Bytes::from_static(INTERIM)),
            (true, []) => None,
            (true, text) => Some(chunk(text)),
        }
    }

    /// Takes the end of reading. It may be read any number of times.
    pub fn end_read(&mut self, now: Instant) -> EndOfReading {
        if !self.is_awaited {
            return EndOfReading::Final;
        }
        let question = self.question();
        let first = now + ASK_AFTER;
        let new = EndedSide { ask_at: first, look_at: first, pause: FIRST_LOOK, has_left: false };
        let ended = self.ended.get_or_insert(new);
        if ended.has_left {
            return EndOfReading::Final;
        }
        let bytes = question.filter(|_| now >= ended.ask_at);
        if bytes.is_some() {
            (ended.ask_at, ended.pause, ended.look_at) = (now + ASK_AGAIN, FIRST_LOOK, now + FIRST_LOOK);
        }
        EndOfReading::Waits(bytes)
    }

    /// Records that writing has failed.
    pub fn left(&mut self) {
        if let Some(ended) = &mut self.ended {
            ended.has_left = true;
        }
    }

    /// Looks for the reset, if that is due. `is_reset` returns true if the connection is no more.
    pub fn look(&mut self, now: Instant, is_reset: impl Fn() -> bool) {
        let Some(ended) = self.ended.as_mut().filter(|ended| !ended.has_left && now >= ended.look_at) else { return };
        ended.has_left = is_reset();
        ended.pause = LONGEST_PAUSE.min(ended.pause * 2);
        ended.look_at = now + ended.pause;
    }

    /// Returns when to look next.
    pub fn due(&self) -> Option<Instant> {
        self.ended.as_ref().filter(|ended| !ended.has_left).map(|ended| ended.look_at)
    }
}

/// Returns a chunk of a reply.
pub fn chunk(text: &[u8]) -> Bytes {
    [format!("{:x}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat().into()
}

/// Returns true if the other end of a TCP connection has reset it.
#[cfg(target_os = "linux")]
pub fn is_reset(socket: UniqueIDType) -> bool {
    /// `TCP_CLOSE`. A client that has only ended its side leaves the connection in `TCP_CLOSE_WAIT`.
    const CLOSED: u8 = 7;
    pingora::protocols::l4::ext::get_tcp_info(socket).is_ok_and(|info| info.tcpi_state == CLOSED)
}

/// Returns false: the next write fails instead.
#[cfg(not(target_os = "linux"))]
pub fn is_reset(_: UniqueIDType) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(end: &EndOfReading) -> &[u8] {
        match end {
            EndOfReading::Waits(Some(bytes)) => bytes,
            other => panic!("{other:?}"),
        }
    }

    /// A side that ended at `now` while its request waits, and the time when it is asked first.
    fn ended(has_interim: bool, now: Instant) -> (HalfClose, Instant) {
        let mut side = HalfClose::default();
        // `100 Continue`, before the body came.
        side.written();
        side.request_read(has_interim);
        assert_eq!(side.end_read(now), EndOfReading::Final, "the last chunk is missing");
        side.request_complete();
        assert_eq!(side.end_read(now), EndOfReading::Waits(None));
        assert_eq!(side.due(), Some(now + ASK_AFTER));
        (side, now + ASK_AFTER)
    }

    #[test]
    fn who_waits_is_asked_soon_and_now_and_then() {
        let (mut side, first) = ended(true, Instant::now());
        assert_eq!(bytes(&side.end_read(first)), INTERIM);
        assert_eq!(side.end_read(first + ASK_AGAIN / 2), EndOfReading::Waits(None));
        assert_eq!(bytes(&side.end_read(first + ASK_AGAIN)), INTERIM);
        // Its head may be withheld, so that an interim response still comes before it.
        side.reply_may_carry(b": hi\n\n");
        assert_eq!(bytes(&side.end_read(first + 2 * ASK_AGAIN)), INTERIM);
        side.written();
        assert_eq!(bytes(&side.end_read(first + 3 * ASK_AGAIN)), b"6\r\n: hi\n\n\r\n");
        side.reply_may_carry(b"");
        assert_eq!(side.end_read(first + 9 * ASK_AGAIN), EndOfReading::Waits(None));
    }

    #[test]
    fn who_has_left_is_found_by_looks_that_become_rare() {
        for has_interim in [false, true] {
            let (mut side, mut at) = ended(has_interim, Instant::now());
            let until = at + Duration::from_secs(60);
            let mut looks = 0;
            while at < until {
                at = side.due().unwrap();
                side.look(at, || false);
                side.end_read(at);
                looks += 1;
            }
            assert!(looks < 100, "{looks}");
            side.look(at, || panic!("it is not due"));
            side.look(side.due().unwrap(), || true);
            assert_eq!((side.end_read(at), side.due()), (EndOfReading::Final, None));
        }
    }

    #[test]
    fn a_write_that_fails_is_the_end() {
        let (mut side, first) = ended(true, Instant::now());
        side.end_read(first);
        side.left();
        assert_eq!(side.end_read(first), EndOfReading::Final);
    }
}
