//! Where the time of a request goes: to the proxy itself, or to waiting for one of the two others.
//!
//! The time is cut at each hook, and each cut belongs to one of the three; together they are the whole. What pingora does
//! between two hooks of a call (its pool, its parser, its sockets) cannot be told from waiting and counts as that.

use std::time::{Duration, Instant};

/// What a stretch of time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The proxy's own work.
    Own,
    /// Waiting for the upstream; on a stream also for a client that reads slowly.
    Upstream,
    /// Waiting for the client: for its body, or until it took the reply.
    Client,
}

/// The times of one request.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    /// Whether anybody will look at it.
    on: bool,
    begun: Instant,
    mark: Instant,
    own: Duration,
    upstream: Duration,
    client: Duration,
    first_byte: Option<Duration>,
    first_text: Option<Duration>,
    last_text: Duration,
    texts: u32,
}

impl Stopwatch {
    /// Starts; one that is not `on` measures nothing.
    pub fn start(begun: Instant, on: bool) -> Self {
        let zero = Duration::ZERO;
        Stopwatch {
            on,
            begun,
            mark: begun,
            own: zero,
            upstream: zero,
            client: zero,
            first_byte: None,
            first_text: None,
            last_text: zero,
            texts: 0,
        }
    }

    /// All since the last cut was spent on this.
    pub fn lap(&mut self, spent: Spent) {
        if self.on {
            self.lap_at(spent, Instant::now());
        }
    }

    /// The same for a time that is known already.
    pub fn lap_at(&mut self, spent: Spent, now: Instant) {
        let time = now.saturating_duration_since(self.mark);
        self.mark = now;
        match spent {
            Spent::Own => self.own += time,
            Spent::Upstream => self.upstream += time,
            Spent::Client => self.client += time,
        }
    }

    /// At the last cut the upstream's answer began.
    pub fn answered(&mut self) {
        self.first_byte.get_or_insert(self.mark.saturating_duration_since(self.begun));
    }

    /// At the last cut text for the client was there.
    pub fn said(&mut self) {
        self.last_text = self.mark.saturating_duration_since(self.begun);
        self.first_text.get_or_insert(self.last_text);
        self.texts = self.texts.saturating_add(1);
    }

    /// Whether anybody will look at it.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// All up to the last cut.
    pub fn total(&self) -> Duration {
        self.mark.saturating_duration_since(self.begun)
    }

    /// The proxy's own work up to the last cut.
    pub fn own(&self) -> Duration {
        self.own
    }

    /// What was waited for the upstream.
    pub fn upstream(&self) -> Duration {
        self.upstream
    }

    /// From the request's head to the head of the upstream's answer.
    pub fn first_byte(&self) -> Option<Duration> {
        self.first_byte
    }

    /// From the request's head to the first text that is ready for the client.
    pub fn first_text(&self) -> Option<Duration> {
        self.first_text
    }

    /// The mean time between two pieces of text, where there were several.
    pub fn per_text(&self) -> Option<Duration> {
        let gaps = self.texts.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some(self.last_text.saturating_sub(self.first_text?) / gaps)
    }

    /// `Server-Timing` of a reply whose head is written now, in milliseconds.
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

/// Appends milliseconds to the microsecond. By hand: every reply has two of them.
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
        assert_eq!((watch.own(), watch.upstream(), watch.client), (ms(41), ms(15), ms(4)));
        assert_eq!(watch.total(), watch.own() + watch.upstream() + watch.client);
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
