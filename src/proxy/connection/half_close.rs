//! Clients that have ended their side of the connection: have they left, or do they only send nothing more?
//!
//! Reading ends in both cases, and RFC 9112 9.6 wants an answer in the second. `nc -N`, tunnels and TCP proxies close only
//! their side. What is written tells them apart: the system of a client that has left answers it with a reset. So
//! something harmless is written, once at first and then now and then, and the connection's clock looks for the reset.

use bytes::Bytes;
use pingora::protocols::UniqueIDType;
use std::time::{Duration, Instant};

/// The interim response that clients of HTTP/1.1 read over, wherever they wait for a reply. Python's client reads over no other.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// When to look for the reset after something was written. The pause doubles from the first to the longest.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// When to write again: a client may leave later, too.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// What may be written without harm to a client that waits for its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Nothing: it speaks HTTP/1.0, or its reply has begun and has no place for anything else.
    Nothing,
    /// An interim response: the reply has not begun.
    Interim,
    /// A piece of a chunked reply that says nothing.
    Chunk(&'static [u8]),
}

impl Probe {
    fn bytes(self) -> Option<Bytes> {
        match self {
            Probe::Nothing | Probe::Chunk([]) => None,
            Probe::Interim => Some(Bytes::from_static(INTERIM)),
            Probe::Chunk(text) => Some([format!("{:x}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat().into()),
        }
    }
}

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
    /// What may be written; `None` where an end is the end: the request is not complete, or there is none.
    probe: Option<Probe>,
    ended: Option<EndedSide>,
}

#[derive(Debug)]
struct EndedSide {
    /// When to write something; `None` until something may be written.
    asked: Option<Instant>,
    look_at: Instant,
    pause: Duration,
    has_left: bool,
}

impl HalfClose {
    /// Records that the request is complete and waits for its reply.
    pub fn await_reply(&mut self, probe: Probe) {
        self.probe.get_or_insert(probe);
    }

    /// Records what may be written from now on.
    pub fn allow(&mut self, probe: Probe) {
        self.probe = Some(probe);
    }

    /// Records that bytes of the reply were written.
    pub fn reply_written(&mut self) {
        if self.probe == Some(Probe::Interim) {
            self.probe = Some(Probe::Nothing);
        }
    }

    /// Takes the end of reading. It may be read any number of times.
    pub fn end_read(&mut self, now: Instant) -> EndOfReading {
        let Some(probe) = self.probe else { return EndOfReading::Final };
        let new = || EndedSide { asked: None, look_at: now + FIRST_LOOK, pause: FIRST_LOOK, has_left: false };
        let ended = self.ended.get_or_insert_with(new);
        if ended.has_left {
            return EndOfReading::Final;
        }
        let is_due = ended.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= ASK_AGAIN);
        let bytes = probe.bytes().filter(|_| is_due);
        if bytes.is_some() {
            (ended.asked, ended.pause, ended.look_at) = (Some(now), FIRST_LOOK, now + FIRST_LOOK);
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

/// Returns true if the other end of a TCP connection has reset it, where the system knows.
pub fn is_reset(socket: UniqueIDType) -> bool {
    /// `TCP_CLOSE` of Linux. A client that has only ended its side leaves the connection in `TCP_CLOSE_WAIT`.
    #[cfg(target_os = "linux")]
    const CLOSED: u8 = 7;
    #[cfg(target_os = "linux")]
    return pingora::protocols::l4::ext::get_tcp_info(socket).is_ok_and(|info| info.tcpi_state == CLOSED);
    // Elsewhere the next write fails.
    #[cfg(not(target_os = "linux"))]
    return socket < 0;
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

    #[test]
    fn an_end_is_the_end_until_the_request_is_complete() {
        let (mut side, now) = (HalfClose::default(), Instant::now());
        assert_eq!((side.end_read(now), side.due()), (EndOfReading::Final, None));
        side.await_reply(Probe::Interim);
        assert_eq!(bytes(&side.end_read(now)), INTERIM);
    }

    #[test]
    fn who_waits_is_asked_at_once_and_now_and_then() {
        let (mut side, now) = (HalfClose::default(), Instant::now());
        side.await_reply(Probe::Interim);
        assert_eq!(bytes(&side.end_read(now)), INTERIM);
        assert_eq!(side.end_read(now + ASK_AGAIN / 2), EndOfReading::Waits(None));
        assert_eq!(bytes(&side.end_read(now + ASK_AGAIN)), INTERIM);
        side.reply_written();
        assert_eq!(side.end_read(now + 3 * ASK_AGAIN), EndOfReading::Waits(None));
        side.allow(Probe::Chunk(b": hi\n\n"));
        side.reply_written();
        assert_eq!(bytes(&side.end_read(now + 3 * ASK_AGAIN)), b"6\r\n: hi\n\n\r\n");
        // A request that ends while its reply is written changes nothing of what may be written.
        side.await_reply(Probe::Interim);
        assert_eq!(bytes(&side.end_read(now + 5 * ASK_AGAIN)), b"6\r\n: hi\n\n\r\n");
    }

    #[test]
    fn who_has_left_is_found_by_looks_that_become_rare() {
        let (mut side, now) = (HalfClose::default(), Instant::now());
        side.await_reply(Probe::Nothing);
        assert_eq!(side.end_read(now), EndOfReading::Waits(None));
        let mut looks = 0;
        let mut at = now;
        while at < now + Duration::from_secs(60) {
            at = side.due().unwrap();
            side.look(at, || false);
            looks += 1;
        }
        assert!(looks < 70, "{looks}");
        side.look(at, || panic!("it is not due"));
        side.look(side.due().unwrap(), || true);
        assert_eq!((side.end_read(at), side.due()), (EndOfReading::Final, None));
    }

    #[test]
    fn a_write_that_fails_is_the_end() {
        let (mut side, now) = (HalfClose::default(), Instant::now());
        side.await_reply(Probe::Interim);
        side.end_read(now);
        side.left();
        assert_eq!(side.end_read(now), EndOfReading::Final);
    }
}
