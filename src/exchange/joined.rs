//! Several exchanges that become one reply, or one whole exchange for a client that waits for a stream.
//! A state machine without sockets, like the exchange itself.
//!
//! A whole reply is sent when every part is complete. On a stream, the bytes of the parts are sent as they arrive. If
//! one part fails, the whole reply fails.

use super::{Exchange, HeadPlan, LifeSign, Lost};
use crate::plan::{Client, Join, Streamed, refuse};
use crate::wire::failure::FailureReason;
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// Exchanges in progress, and the one reply that they become.
pub struct JoinedExchanges {
    /// How failures and silence read to the client; `None` if there is no part.
    client: Option<&'static dyn Client>,
    /// What keeps the stream alive.
    alive: Option<LifeSign>,
    parts: Vec<Part>,
    join: Box<dyn Join>,
    head_out: bool,
    over: bool,
    /// Why a stream failed whose head was sent.
    reason: Option<FailureReason>,
}

struct Part {
    exchange: Exchange,
    state: PartState,
}

impl Part {
    /// Returns how many bytes a complete part adds to a whole reply; `None` while it is incomplete.
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
    /// Complete, with what it adds to a whole reply.
    Whole(Answer),
    /// Complete, and sent.
    Sent,
}

/// What the client gets now.
#[derive(Debug, PartialEq, Eq)]
pub enum JoinedStep {
    /// Nothing for now.
    Wait,
    /// These bytes of a stream, after its head if that is not sent yet.
    Stream(Bytes),
    /// The last bytes of a stream; nothing comes after them.
    Last(Bytes),
    /// The whole reply; no head is sent yet, and nothing comes after it.
    Answer(Answer),
    /// The head is sent and the format has no place for an error: the connection must break.
    Break,
}

impl JoinedStep {
    /// Returns true if the step has bytes for the client.
    pub fn has_text(&self) -> bool {
        match self {
            JoinedStep::Wait | JoinedStep::Break => false,
            JoinedStep::Stream(bytes) | JoinedStep::Last(bytes) => !bytes.is_empty(),
            JoinedStep::Answer(_) => true,
        }
    }
}

impl JoinedExchanges {
    /// Joins exchanges whose calls have not been made yet.
    pub fn new(exchanges: Vec<Exchange>, join: Box<dyn Join>) -> Self {
        let part = |exchange| Part { exchange, state: PartState::UnderWay };
        let client = exchanges.first().map(|exchange: &Exchange| exchange.limits.client);
        let alive =
            exchanges.first().zip(join.stream()).map(|(exchange, content_type)| exchange.life_sign(content_type));
        let parts = exchanges.into_iter().map(part).collect();
        JoinedExchanges { client, alive, parts, join, head_out: false, over: false, reason: None }
    }

    /// Returns a placeholder for the time that the real value is on another thread.
    pub fn over() -> Self {
        let (parts, join) = (Vec::new(), Box::new(Streamed("")));
        JoinedExchanges { client: None, alive: None, parts, join, head_out: true, over: true, reason: None }
    }

    /// Returns true if a part's answer shows that the upstream has no such endpoint.
    pub fn has_no_endpoint(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|part| part.exchange.has_no_endpoint())
    }

    /// Returns true if a part's answer is a success that says nothing.
    pub fn is_empty_answer(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|part| part.exchange.is_empty_answer())
    }

    /// Returns the content type of the stream that the client waits for; `None` if it waits for a whole reply.
    pub fn stream(&self) -> Option<&'static str> {
        self.join.stream()
    }

    /// Returns how many bytes are processed when a part ends: its held bytes, and with the last part those of all
    /// others.
    pub fn due(&self, index: usize) -> usize {
        let others = self.parts.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Option<usize> = others.map(|(_, part)| part.whole()).sum();
        self.parts.get(index).map_or(0, |part| part.exchange.held()) + others.unwrap_or(0)
    }

    /// Returns how many bytes of all parts are held.
    pub fn held(&self) -> usize {
        self.parts.iter().map(|part| part.exchange.held() + part.whole().unwrap_or(0)).sum()
    }

    /// Returns true if the reply is complete, or if the client has received its failure.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Returns why a stream failed whose head was sent.
    pub fn reason(&self) -> Option<&FailureReason> {
        self.reason.as_ref().or_else(|| self.parts.iter().find_map(|part| part.exchange.reason()))
    }

    /// Takes the head from a part's upstream.
    pub fn head(&mut self, index: usize, status: StatusCode, headers: &HeaderMap, bodiless: bool) -> JoinedStep {
        let Some(part) = self.part(index) else { return JoinedStep::Wait };
        match part.exchange.head(status, headers, bodiless) {
            HeadPlan::Hold | HeadPlan::Stream(_) => JoinedStep::Wait,
            HeadPlan::Pass => self.say(Bytes::new()),
        }
    }

    /// Takes a piece from a part's upstream.
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

    /// Takes the end of a part's upstream body.
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

    /// Takes a failure of a part outside its body: its upstream was not reached, broke off, or took too long.
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

    /// Returns bytes that keep a silent stream alive. They send the head, so every later failure is an error event.
    pub fn keep_alive(&mut self) -> JoinedStep {
        match &self.alive {
            Some(alive) if !self.over && self.join.stream().is_some() && !alive.comment().is_empty() => {
                let sign = alive.sign();
                self.say(sign)
            }
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

    /// Continues after a part is complete; it may be the last one.
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

    /// Ends the reply because of what a part's upstream sent. If a stream has begun, `out` reports the failure.
    fn failed(&mut self, index: usize, out: Bytes) -> JoinedStep {
        match self.part(index).and_then(|part| part.exchange.outcome()) {
            Some(Err(failure)) => self.refused(&failure),
            Some(Ok(answer)) => self.refused_with(answer),
            None if self.part(index).is_some_and(|part| part.exchange.must_break()) => self.broken(),
            None => self.last(out),
        }
    }

    /// Ends the reply with this failure: as an answer, as an event, or by breaking the connection.
    fn refused(&mut self, failure: &Failure) -> JoinedStep {
        let Some(client) = self.client else { return self.broken() };
        self.over = true;
        if !self.head_out {
            return JoinedStep::Answer(refuse(client, failure));
        }
        self.reason = Some(failure.reason());
        let mut event = Vec::new();
        match self.parts.first_mut() {
            Some(part) => part.exchange.push_failure(failure, &mut event),
            None => client.error_event(failure, &mut event),
        }
        if event.is_empty() { JoinedStep::Break } else { JoinedStep::Last(event.into()) }
    }

    /// Ends the reply with a part's answer that is not a success.
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
