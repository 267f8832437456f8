//! What a client gets while its stream is silent, so that neither it nor what is between takes the connection for dead.
//!
//! The clock says when. Before that nothing is done for a piece beyond setting a flag: a look takes the time of the last write
//! from the call, which knows when its last piece came.

use super::half_close::chunk;
use crate::exchange::LifeSign;
use crate::proxy::deadline::Deadline;
use bytes::Bytes;
use std::fmt;
use std::time::{Duration, Instant};

/// A client that waits for a stream gets something at least this often.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// Returns how long a stream may be silent. A client that gives up after a silence of its own hears something twice in that time.
pub fn interval(deadline: &Deadline) -> Duration {
    deadline.silence().map_or(LONGEST_SILENCE, |(silence, _)| LONGEST_SILENCE.min(silence / 2))
}

/// Makes the head of a stream whose upstream has sent none.
pub struct EarlyHead(pub Box<dyn FnOnce() -> Bytes + Send>);

impl fmt::Debug for EarlyHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EarlyHead")
    }
}

/// Keeps one stream alive.
#[derive(Debug)]
pub struct KeepAlive {
    /// What a chunk of the stream says to say nothing.
    life: LifeSign,
    /// The longest silence once the head is out.
    every: Duration,
    /// The longest silence before that; `None`: the head waits for the first text, however long.
    first: Option<Duration>,
    /// The head, until the upstream has sent its own.
    head: Option<EarlyHead>,
    /// True once the client has the head.
    is_out: bool,
    /// True if something was written since the last look.
    has_written: bool,
    /// Nothing was written since then, as far as the last look could tell.
    since: Instant,
}

impl KeepAlive {
    /// Keeps a stream alive whose call begins at `now`. `head` goes out after `first`, if the upstream has sent none by then.
    pub fn new(life: LifeSign, every: Duration, first: Option<Duration>, head: EarlyHead, now: Instant) -> Self {
        KeepAlive { life, every, first, head: Some(head), is_out: false, has_written: false, since: now }
    }

    /// Records the upstream's head. The client's own limit now counts before the first text, too: the upstream may send much
    /// that is none, while a silent one is given up at that limit, and the client is told with a status of its own.
    pub fn head_arrived(&mut self) {
        self.first = self.first.map(|first| first.min(self.every));
        self.head = None;
    }

    /// Records that bytes of the reply were written. A head that waits for its first text is not written before it.
    pub fn written(&mut self) {
        (self.is_out, self.has_written) = (true, true);
    }

    fn limit(&self) -> Option<Duration> {
        if self.is_out { Some(self.every) } else { self.first }
    }

    /// Returns true if the client is to get something. The upstream's last piece came at `heard`; `waits` is true while bytes
    /// wait for the client.
    pub fn look(&mut self, now: Instant, heard: Option<Instant>, waits: bool) -> bool {
        if std::mem::take(&mut self.has_written) {
            self.since = heard.map_or(now, |heard| heard.clamp(self.since, now.max(self.since)));
        }
        if waits || self.limit().is_none() {
            self.since = now;
        }
        let is_due = now >= self.due();
        if is_due {
            self.since = now;
        }
        is_due
    }

    /// Returns when to look next.
    pub fn due(&self) -> Instant {
        self.since + self.limit().unwrap_or(self.every)
    }

    /// Returns what to write, the head first where the client has none; `None` if something was written since the look.
    pub fn take(&mut self) -> Option<(Option<Bytes>, Bytes)> {
        if self.has_written {
            return None;
        }
        self.is_out = true;
        Some((self.head.take().map(|EarlyHead(make)| make()), chunk(&self.life.sign())))
    }

    /// Returns the comment that says nothing wherever it stands between two events.
    pub fn comment(&self) -> &'static [u8] {
        self.life.comment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(15);
    const FIRST: Duration = Duration::from_secs(20);

    fn alive(first: Option<Duration>, now: Instant) -> KeepAlive {
        KeepAlive::new(
            LifeSign::new(b": hi\n\n", None),
            EVERY,
            first,
            EarlyHead(Box::new(|| Bytes::from_static(b"HEAD"))),
            now,
        )
    }

    fn chunked() -> Bytes {
        Bytes::from_static(b"6\r\n: hi\n\n\r\n")
    }

    #[test]
    fn the_head_goes_out_once_it_is_due_and_then_a_chunk_at_each_silence() {
        let begun = Instant::now();
        let mut alive = alive(Some(FIRST), begun);
        assert!(!alive.look(begun + EVERY, None, false));
        assert_eq!(alive.due(), begun + FIRST);
        assert!(alive.look(begun + FIRST, None, false));
        assert_eq!(alive.take(), Some((Some(Bytes::from_static(b"HEAD")), chunked())));
        alive.written();
        for number in 1..4 {
            let at = begun + FIRST + number * EVERY;
            assert!(!alive.look(at - Duration::from_secs(1), Some(begun), false));
            assert!(alive.look(at, Some(begun), false), "its own chunks are no reason to wait longer");
            assert_eq!(alive.take(), Some((None, chunked())));
            alive.written();
        }
    }

    #[test]
    fn a_silence_begins_with_the_last_piece_that_was_written() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut alive = alive(Some(FIRST), begun);
        alive.head_arrived();
        alive.written();
        assert!(!alive.look(at(15), Some(at(9)), false));
        assert_eq!(alive.due(), at(24));
        // Pieces that say nothing are none to the client.
        assert!(alive.look(at(24), Some(at(23)), false));
        alive.written();
        assert_eq!(alive.take(), None, "something else was written meanwhile");
        // Who does not read needs nothing.
        assert!(!alive.look(at(60), Some(at(24)), true));
        assert_eq!(alive.due(), at(75));
    }

    #[test]
    fn after_the_upstreams_head_the_limit_of_the_client_counts() {
        let begun = Instant::now();
        let mut alive = alive(Some(FIRST), begun);
        alive.head_arrived();
        assert_eq!(alive.due(), begun + EVERY);
        assert!(alive.look(begun + EVERY, None, false));
        assert_eq!(alive.take(), Some((None, chunked())), "the head that is kept back goes before it");
    }

    #[test]
    fn a_head_that_waits_for_the_first_text_waits_however_long_that_takes() {
        let begun = Instant::now();
        let mut alive = alive(None, begun);
        for number in 1..9 {
            assert!(!alive.look(begun + number * EVERY, None, false));
        }
        alive.written();
        assert!(!alive.look(begun + 9 * EVERY, Some(begun + 8 * EVERY + EVERY / 2), false));
        assert!(alive.look(begun + 9 * EVERY + EVERY / 2, Some(begun), false));
    }
}
