//! How the time of a request is spent: on the proxy's own work, or on waiting for the upstream or the client.
//!
//! Each hook of pingora ends a lap, and each lap counts for one of the three. Together they are the whole time. The work of
//! pingora between two hooks of a call (its pool, its parser, its sockets) counts as waiting: no hook separates the two.

use std::time::{Duration, Instant};

/// What a lap was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The proxy's own work.
    Own,
    /// Waiting for the upstream. On a stream this includes waiting for a client that reads slowly.
    Upstream,
    /// Waiting for the client: for its body, or until it has taken the reply.
    Client,
}

/// The times of one request.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    /// False if nobody reads the times.
    on: bool,
    begun: Instant,
    mark: Instant,
    own: Duration,
    upstream: Duration,
    first_byte: Option<Duration>,
    first_text: Option<Duration>,
    last_text: Duration,
    texts: u32,
}

impl Stopwatch {
    /// Starts a stopwatch. A stopwatch that is not `on` measures nothing.
    pub fn start(begun: Instant, on: bool) -> Self {
        let zero = Duration::ZERO;
        Stopwatch {
            on,
            begun,
            mark: begun,
            own: zero,
            upstream: zero,
            first_byte: None,
            first_text: None,
            last_text: zero,
            texts: 0,
        }
    }

    /// Ends the lap: all time since the previous lap was spent on `spent`.
    pub fn lap(&mut self, spent: Spent) {
        if self.on {
            self.lap_at(spent, Instant::now());
        }
    }

    /// Ends the lap at a time that is known already.
    pub fn lap_at(&mut self, spent: Spent, now: Instant) {
        let time = now.saturating_duration_since(self.mark);
        self.mark = now;
        match spent {
            Spent::Own => self.own += time,
            Spent::Upstream => self.upstream += time,
            // The rest of the whole: nobody asks for it.
            Spent::Client => {}
        }
    }

    /// Records that the upstream's answer began at the end of the last lap.
    pub fn answered(&mut self) {
        self.first_byte.get_or_insert(self.mark.saturating_duration_since(self.begun));
    }

    /// Records that text for the client was ready at the end of the last lap.
    pub fn said(&mut self) {
        self.last_text = self.mark.saturating_duration_since(self.begun);
        self.first_text.get_or_insert(self.last_text);
        self.texts = self.texts.saturating_add(1);
    }

    /// Returns true if somebody reads the times.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Returns the whole time up to the last lap.
    pub fn total(&self) -> Duration {
        self.mark.saturating_duration_since(self.begun)
    }

    /// Returns the time of the proxy's own work up to the last lap.
    pub fn own(&self) -> Duration {
        self.own
    }

    /// Returns the time of waiting for the upstream.
    pub fn upstream(&self) -> Duration {
        self.upstream
    }

    /// Returns the time from the request's head to the head of the upstream's answer.
    pub fn first_byte(&self) -> Option<Duration> {
        self.first_byte
    }

    /// Returns the time from the request's head to the first text that is ready for the client.
    pub fn first_text(&self) -> Option<Duration> {
        self.first_text
    }

    /// Returns the mean time between two pieces of text; `None` for fewer than two.
    pub fn per_text(&self) -> Option<Duration> {
        let gaps = self.texts.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some(self.last_text.saturating_sub(self.first_text?) / gaps)
    }

    /// Returns the `Server-Timing` header, in milliseconds, of a reply whose head is written now.
    pub fn header(&self) -> String {
        let own = self.own + self.mark.elapsed();
        let mut header = String::with_capacity(48);
        header.push_str("upstream;dur=");
        push_millis(&mut header, self.upstream);
        header.push_str(", own;dur=");
        push_millis(&mut header, own);
        header
    }
}

/// Appends a time in milliseconds with three decimals. `format!` would be slower, and every reply has two of these.
fn push_millis(text: &mut String, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    text.push_str(&(micros / 1000).to_string());
    text.push('.');
    for place in [100, 10, 1] {
        text.push(char::from(b'0' + u8::try_from(micros / place % 10).unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut watch = Stopwatch::start(begun, true);
        watch.lap_at(Spent::Own, at(1));
        watch.lap_at(Spent::Client, at(5));
        watch.lap_at(Spent::Upstream, at(20));
        watch.answered();
        for piece in [30, 40, 60] {
            watch.lap_at(Spent::Own, at(piece));
            watch.said();
        }
        let ms = Duration::from_millis;
        assert_eq!((watch.own(), watch.upstream()), (ms(41), ms(15)));
        assert_eq!(watch.total(), watch.own() + watch.upstream() + ms(4), "the rest was the client's");
        assert_eq!(
            (watch.first_byte(), watch.first_text(), watch.per_text()),
            (Some(ms(20)), Some(ms(30)), Some(ms(15)))
        );
    }

    #[test]
    fn one_that_is_off_measures_nothing() {
        let mut watch = Stopwatch::start(Instant::now(), false);
        watch.lap(Spent::Own);
        assert_eq!((watch.total(), watch.own(), watch.per_text()), (Duration::ZERO, Duration::ZERO, None));
    }
}
