//! The head of a stream, kept back until the first bytes of its body.
//!
//! pingora writes a head as soon as the upstream's own is there. Until the first text, the reply may still become a failure: a
//! notice instead of an answer, a call that breaks off. Such a failure goes out in the head's place, with its own status.

use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, ErrorKind, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, ready};

/// The head that a connection keeps back, if any.
#[derive(Debug, Default)]
pub struct WithheldHead {
    /// False while all writes pass, so that they need no lock.
    is_active: AtomicBool,
    /// True once a head went out before there was any text.
    is_early: AtomicBool,
    state: Mutex<HeadState>,
}

#[derive(Debug, Default)]
enum HeadState {
    /// Writes pass.
    #[default]
    Open,
    /// The next write is the head.
    Awaited,
    /// The head, which goes out with the next write.
    Withheld(Bytes),
    /// The rest of a head that is going out.
    Leaving(Bytes),
    /// The rest of a head that is going out. The next write is the same head once more, and is dropped.
    Repeated(Bytes),
    /// The rest of the reply in the head's place. What is written after it is dropped, and the connection ends.
    Replaced(Bytes),
}

/// What becomes of a write.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// It passes to the socket.
    Passes,
    /// It was kept back or dropped, and counts as written.
    Taken,
}

impl WithheldHead {
    /// Keeps the next write back: a head.
    pub fn expect(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = HeadState::Awaited;
        self.is_active.store(true, Ordering::Release);
    }

    /// Sends `reply` in the place of the head. Returns false if it is too late for that.
    pub fn replace(&self, reply: Bytes) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_withheld = matches!(*state, HeadState::Withheld(_));
        if is_withheld {
            *state = HeadState::Replaced(reply);
        }
        is_withheld
    }

    /// Sends `reply` in the place of whatever is written from now on.
    pub fn send_instead(&self, reply: Bytes) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = HeadState::Replaced(reply);
        self.is_active.store(true, Ordering::Release);
    }

    /// Lets the head out before its text: `head`, or else the one that is kept back. It goes before the next write. Returns false if
    /// the next write is a head, or none counts.
    pub fn send_early(&self, head: Option<Bytes>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*state, head) {
            (HeadState::Awaited | HeadState::Repeated(_) | HeadState::Replaced(_), _) => return false,
            (HeadState::Open, Some(head)) => {
                *state = HeadState::Leaving(head);
                self.is_active.store(true, Ordering::Release);
            }
            (HeadState::Withheld(_), _) => {}
            // It is out, and whatever is written from now on comes after it.
            (HeadState::Open | HeadState::Leaving(_), _) => return true,
        }
        self.is_early.store(true, Ordering::Release);
        true
    }

    /// Drops the next write: a head that went out early.
    pub fn drop_repeated(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = if let HeadState::Leaving(rest) = &mut *state { std::mem::take(rest) } else { Bytes::new() };
        *state = HeadState::Repeated(rest);
        self.is_active.store(true, Ordering::Release);
    }

    /// Returns true if the head of this request's reply went out before there was any text.
    pub fn is_early(&self) -> bool {
        self.is_early.load(Ordering::Acquire)
    }

    /// Forgets the head of the request before.
    pub fn begin_request(&self) {
        self.is_early.store(false, Ordering::Release);
    }

    /// Decides about a write of these bytes, and writes what goes before them with `send`.
    ///
    /// # Errors
    /// Those of `send`.
    pub fn poll_write(
        &self,
        bufs: &[IoSlice<'_>],
        send: impl FnMut(&[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<Kept>> {
        if !self.is_active.load(Ordering::Acquire) {
            return Poll::Ready(Ok(Kept::Passes));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let HeadState::Withheld(head) = &mut *state {
            *state = HeadState::Leaving(std::mem::take(head));
        }
        match &mut *state {
            HeadState::Awaited => {
                let mut head = BytesMut::with_capacity(bufs.iter().map(|buf| buf.len()).sum());
                bufs.iter().for_each(|buf| head.extend_from_slice(buf));
                *state = HeadState::Withheld(head.freeze());
                Poll::Ready(Ok(Kept::Taken))
            }
            HeadState::Replaced(rest) => {
                ready!(push_out(rest, send))?;
                Poll::Ready(Ok(Kept::Taken))
            }
            HeadState::Leaving(rest) => {
                ready!(push_out(rest, send))?;
                *state = HeadState::Open;
                self.is_active.store(false, Ordering::Release);
                Poll::Ready(Ok(Kept::Passes))
            }
            HeadState::Repeated(rest) => {
                ready!(push_out(rest, send))?;
                *state = HeadState::Open;
                self.is_active.store(false, Ordering::Release);
                Poll::Ready(Ok(Kept::Taken))
            }
            HeadState::Open | HeadState::Withheld(_) => Poll::Ready(Ok(Kept::Passes)),
        }
    }

    /// Decides about a flush, as [`Self::poll_write`] does about a write. A head stays back.
    ///
    /// # Errors
    /// Those of `send`.
    pub fn poll_flush(&self, send: impl FnMut(&[u8]) -> Poll<io::Result<usize>>) -> Poll<io::Result<Kept>> {
        if !self.is_active.load(Ordering::Acquire) {
            return Poll::Ready(Ok(Kept::Passes));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            HeadState::Awaited | HeadState::Withheld(_) => Poll::Ready(Ok(Kept::Taken)),
            HeadState::Leaving(rest) | HeadState::Repeated(rest) | HeadState::Replaced(rest) => {
                ready!(push_out(rest, send))?;
                Poll::Ready(Ok(Kept::Passes))
            }
            HeadState::Open => Poll::Ready(Ok(Kept::Passes)),
        }
    }
}

fn push_out(rest: &mut Bytes, mut send: impl FnMut(&[u8]) -> Poll<io::Result<usize>>) -> Poll<io::Result<()>> {
    while !rest.is_empty() {
        match ready!(send(rest))? {
            0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
            sent => rest.advance(sent),
        }
    }
    Poll::Ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that takes `room` bytes, then waits.
    #[derive(Default)]
    struct Socket {
        got: Vec<u8>,
        room: usize,
    }

    impl Socket {
        fn send(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Poll::Pending;
            }
            self.room -= taken;
            self.got.extend_from_slice(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        /// Writes as a connection does: what passes is sent, what is taken is not.
        fn write(&mut self, head: &WithheldHead, bytes: &[u8]) -> Option<Kept> {
            match head.poll_write(&[IoSlice::new(bytes)], |bytes| self.send(bytes)) {
                Poll::Pending => None,
                Poll::Ready(kept) => {
                    let kept = kept.unwrap();
                    if kept == Kept::Passes {
                        self.got.extend_from_slice(bytes);
                    }
                    Some(kept)
                }
            }
        }
    }

    #[test]
    fn a_head_goes_out_with_the_first_bytes_of_its_body_however_slow_the_socket() {
        for step in 1..5 {
            let (head, mut socket) = (WithheldHead::default(), Socket::default());
            head.expect();
            assert_eq!(socket.write(&head, b"HEAD"), Some(Kept::Taken));
            assert!(matches!(head.poll_flush(|_| Poll::Pending), Poll::Ready(Ok(Kept::Taken))));
            assert_eq!(socket.got, b"");
            while socket.write(&head, b"body").is_none() {
                socket.room += step;
                assert!(!head.replace(Bytes::from_static(b"late")), "a part may be out");
            }
            assert_eq!(socket.got, b"HEADbody");
            assert_eq!(socket.write(&head, b"more"), Some(Kept::Passes));
        }
    }

    #[test]
    fn a_reply_in_its_place_is_all_that_goes_out() {
        let (head, mut socket) = (WithheldHead::default(), Socket { got: Vec::new(), room: 100 });
        assert!(!head.replace(Bytes::from_static(b"nothing was withheld")));
        head.expect();
        assert!(!head.replace(Bytes::from_static(b"no head yet")));
        socket.write(&head, b"HEAD");
        assert!(head.replace(Bytes::from_static(b"FAILURE")));
        assert_eq!(socket.write(&head, b"body"), Some(Kept::Taken));
        assert_eq!(socket.write(&head, b"end"), Some(Kept::Taken));
        assert!(matches!(head.poll_flush(|_| Poll::Pending), Poll::Ready(Ok(Kept::Passes))));
        assert_eq!(socket.got, b"FAILURE");
    }

    #[test]
    fn a_head_goes_out_early_once_and_its_repetition_is_dropped() {
        for step in 1..5 {
            let (head, mut socket) = (WithheldHead::default(), Socket::default());
            assert!(!head.is_early());
            assert!(head.send_early(Some(Bytes::from_static(b"HEAD"))));
            assert!(head.is_early());
            while socket.write(&head, b"alive").is_none() {
                socket.room += step;
            }
            assert!(!head.replace(Bytes::from_static(b"late")), "it is out");
            assert!(head.send_early(None));
            socket.write(&head, b"alive");
            head.drop_repeated();
            assert!(!head.send_early(None), "the next write is a head");
            assert_eq!(socket.write(&head, b"HEAD"), Some(Kept::Taken));
            assert_eq!(socket.write(&head, b"body"), Some(Kept::Passes));
            assert_eq!(socket.got, b"HEADalivealivebody");
            head.begin_request();
            assert!(!head.is_early());
        }
    }

    #[test]
    fn a_head_that_is_stuck_while_it_is_repeated_goes_out_once() {
        let (head, mut socket) = (WithheldHead::default(), Socket::default());
        head.send_early(Some(Bytes::from_static(b"HEAD")));
        socket.room = 1;
        assert_eq!(socket.write(&head, b"alive"), None);
        head.drop_repeated();
        while socket.write(&head, b"HEAD").is_none() {
            socket.room += 1;
        }
        assert_eq!(socket.write(&head, b"body"), Some(Kept::Passes));
        assert_eq!(socket.got, b"HEADbody");
    }

    #[test]
    fn a_withheld_head_can_go_out_before_its_text() {
        let (head, mut socket) = (WithheldHead::default(), Socket { got: Vec::new(), room: 100 });
        head.expect();
        assert!(!head.send_early(None), "no head yet");
        socket.write(&head, b"HEAD");
        assert!(head.send_early(None) && head.is_early());
        socket.write(&head, b"alive");
        assert!(!head.replace(Bytes::from_static(b"late")));
        assert_eq!(socket.got, b"HEADalive");
    }
}
