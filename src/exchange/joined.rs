//! Several exchanges that become one reply, or one whole exchange for a client that waits for a stream: a state machine
//! without sockets, like the exchange itself.
//!
//! A whole reply goes out when every part is there. On a stream the parts' bytes go out as they come. The first part that
//! fails fails all.

use super::{Exchange, HeadPlan, Lost};
use crate::plan::{Client, Join, Streamed, refuse};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// Exchanges under way, and the one reply that they become.
pub struct JoinedExchanges {
    /// How failures and silence read to the client; `None` where there is no part.
    client: Option<&'static dyn Client>,
    parts: Vec<Part>,
    join: Box<dyn Join>,
    head_out: bool,
    over: bool,
}

struct Part {
    exchange: Exchange,
    state: PartState,
}

impl Part {
    /// How many bytes a complete part adds to a whole reply.
    fn whole(&self) -> Option<usize> {
        match &self.state {
            PartState::UnderWay => None,
            PartState::Whole(answer) => Some(answer.body.len()),
            PartState::Sent => Some(0),
        }
    }
}

enum PartState {
    UnderWay,
    /// Complete; what it adds to a whole reply.
    Whole(Answer),
    /// Complete, and sent.
    Sent,
}

/// What the client gets now.
#[derive(Debug, PartialEq, Eq)]
pub enum JoinedStep {
    /// Nothing yet.
    Wait,
    /// These bytes of a stream, after its head if that is not out.
    Stream(Bytes),
    /// The last bytes of a stream; nothing comes after them.
    Last(Bytes),
    /// The whole reply; no head is out, and nothing comes after it.
    Answer(Answer),
    /// The head is out and the format has no place for an error: the connection must break.
    Break,
}

impl JoinedStep {
    /// Whether there is something in it for the client.
    pub fn has_text(&self) -> bool {
        match self {
            JoinedStep::Wait | JoinedStep::Break => false,
            JoinedStep::Stream(bytes) | JoinedStep::Last(bytes) => !bytes.is_empty(),
            JoinedStep::Answer(_) => true,
        }
    }
}

impl JoinedExchanges {
    /// Exchanges whose calls have not been made yet.
    pub fn new(exchanges: Vec<Exchange>, join: Box<dyn Join>) -> Self {
        let part = |exchange| Part { exchange, state: PartState::UnderWay };
        let client = exchanges.first().map(|exchange: &Exchange| exchange.limits.client);
        let parts = exchanges.into_iter().map(part).collect();
        JoinedExchanges { client, parts, join, head_out: false, over: false }
    }

    /// Stands in while the real one is on another thread.
    pub fn over() -> Self {
        let (parts, join) = (Vec::new(), Box::new(Streamed("")));
        JoinedExchanges { client: None, parts, join, head_out: true, over: true }
    }

    /// The content type of the stream that the client waits for; `None` when it waits for a whole reply.
    pub fn stream(&self) -> Option<&'static str> {
        self.join.stream()
    }

    /// How many bytes are gone through when a part ends: those that are held of it, and all others with the last one.
    pub fn due(&self, index: usize) -> usize {
        let others = self.parts.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Option<usize> = others.map(|(_, part)| part.whole()).sum();
        self.parts.get(index).map_or(0, |part| part.exchange.held()) + others.unwrap_or(0)
    }

    /// Whether the reply is complete, or was told to have failed.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The head of a part's upstream is here.
    pub fn head(&mut self, index: usize, status: StatusCode, headers: &HeaderMap, bodiless: bool) -> JoinedStep {
        let Some(part) = self.part(index) else { return JoinedStep::Wait };
        match part.exchange.head(status, headers, bodiless) {
            HeadPlan::Hold => JoinedStep::Wait,
            HeadPlan::Stream(_) | HeadPlan::Pass => self.say(Bytes::new()),
        }
    }

    /// A piece of a part's upstream is here.
    pub fn piece(&mut self, index: usize, piece: Bytes) -> JoinedStep {
        let Some(part) = self.part(index) else { return JoinedStep::Wait };
        let out = part.exchange.piece(piece);
        match (part.exchange.is_over(), part.exchange.held()) {
            (false, 0) if out.is_empty() => JoinedStep::Wait,
            (false, 0) => self.say(out),
            (false, _) => JoinedStep::Wait,
            (true, _) => self.failed(index, out),
        }
    }

    /// The upstream of a part has said everything.
    pub fn end(&mut self, index: usize) -> JoinedStep {
        let streams = self.stream().is_some();
        let Some(part) = self.part(index) else { return JoinedStep::Wait };
        let out = part.exchange.end();
        if part.exchange.is_over() {
            return self.failed(index, out);
        }
        match part.exchange.outcome() {
            None => part.state = PartState::Sent,
            Some(Err(failure)) => return self.refused(&failure),
            Some(Ok(answer)) if answer.status != StatusCode::OK => return self.refused_with(answer),
            Some(Ok(answer)) if streams => {
                part.state = PartState::Sent;
                return self.joined(answer.body);
            }
            Some(Ok(answer)) => part.state = PartState::Whole(answer),
        }
        self.joined(out)
    }

    /// Something outside the bodies went wrong with a part: its upstream was not reached, broke off, or took too long.
    pub fn fail(&mut self, index: usize, failure: &Failure) -> JoinedStep {
        let head_out = self.head_out;
        let Some(part) = self.part(index) else { return JoinedStep::Wait };
        match part.exchange.lose(failure) {
            Lost::Refused(failure) => self.refused(&failure),
            Lost::Event(event) if head_out => self.last(event),
            Lost::Break if head_out => self.broken(),
            Lost::Event(_) | Lost::Nothing | Lost::Break => self.refused(failure),
        }
    }

    /// Shows a client that waits for a stream that somebody is there. It gives up the status: what fails from here on is
    /// an error event.
    pub fn keep_alive(&mut self) -> JoinedStep {
        let alive = self.client.map_or(&[][..], |client| client.keep_alive());
        match self.join.stream() {
            Some(_) if !self.over && !alive.is_empty() => self.say(Bytes::from_static(alive)),
            _ => JoinedStep::Wait,
        }
    }

    fn part(&mut self, index: usize) -> Option<&mut Part> {
        self.parts.get_mut(index).filter(|_| !self.over)
    }

    fn say(&mut self, bytes: Bytes) -> JoinedStep {
        self.head_out = true;
        JoinedStep::Stream(bytes)
    }

    fn last(&mut self, bytes: Bytes) -> JoinedStep {
        self.head_out = true;
        self.over = true;
        JoinedStep::Last(bytes)
    }

    /// A part is complete; perhaps it was the last one.
    fn joined(&mut self, out: Bytes) -> JoinedStep {
        let is_open = |part: &Part| matches!(part.state, PartState::UnderWay);
        match (self.join.stream(), self.parts.iter().any(is_open)) {
            (Some(_), true) if out.is_empty() => JoinedStep::Wait,
            (Some(_), true) => self.say(out),
            (Some(_), false) => {
                let mut out = Vec::from(out);
                self.join.end(&mut out);
                self.last(out.into())
            }
            (None, true) => JoinedStep::Wait,
            (None, false) => {
                self.over = true;
                let parts = self.parts.drain(..).filter_map(|part| match part.state {
                    PartState::Whole(answer) => Some(answer),
                    PartState::UnderWay | PartState::Sent => None,
                });
                JoinedStep::Answer(self.join.whole(parts.collect()))
            }
        }
    }

    /// A part's reply failed by what its upstream said; `out` tells the client of it where a stream had begun.
    fn failed(&mut self, index: usize, out: Bytes) -> JoinedStep {
        match self.part(index).and_then(|part| part.exchange.outcome()) {
            Some(Err(failure)) => self.refused(&failure),
            Some(Ok(answer)) => self.refused_with(answer),
            None if self.part(index).is_some_and(|part| part.exchange.must_break()) => self.broken(),
            None => self.last(out),
        }
    }

    /// The reply is this failure, in whatever way is still open.
    fn refused(&mut self, failure: &Failure) -> JoinedStep {
        let Some(client) = self.client else { return self.broken() };
        self.over = true;
        if !self.head_out {
            return JoinedStep::Answer(refuse(client, failure));
        }
        let mut event = Vec::new();
        client.error_event(failure, &mut event);
        if event.is_empty() { JoinedStep::Break } else { JoinedStep::Last(event.into()) }
    }

    /// The reply is an answer of a part that is no success.
    fn refused_with(&mut self, answer: Answer) -> JoinedStep {
        if self.head_out {
            let message = format!("One of the calls was answered with {}.", answer.status.as_u16());
            return self.refused(&Failure::new(answer.status, message));
        }
        self.over = true;
        JoinedStep::Answer(answer)
    }

    fn broken(&mut self) -> JoinedStep {
        self.over = true;
        JoinedStep::Break
    }
}
