//! One request's life as a state machine: bytes in, bytes out, no sockets.
//!
//! It is the only place that turns a failure into the bytes that the client gets, drops what arrives after a failure,
//! limits how much is held, and undoes compression that was not asked for.

mod early;
pub mod joined;
mod life_sign;

pub use life_sign::LifeSign;

use crate::access::Caller;
use crate::dialects::upstream::{error, front_door};
use crate::plan::{Call, Client, Held, Reply, Start, UpstreamHead, refuse};
use crate::wire::failure::FailureReason;
use crate::wire::gunzip::{Gunzip, GunzipError};
use crate::wire::{Answer, Failure, Gathered};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::sync::Arc;

/// A call in progress, and the reply that it becomes.
pub struct Exchange {
    call: Call,
    reply: Box<dyn Reply>,
    state: ExchangeState,
    gunzip: Option<Gunzip>,
    limits: ExchangeLimits,
    /// Why a stream failed.
    reason: Option<FailureReason>,
    /// True if the client has the head of a stream, though there is no text.
    has_head: bool,
}

/// What an exchange needs to know about its endpoint and its configuration.
#[derive(Clone)]
pub struct ExchangeLimits {
    /// How failures read to the client.
    pub client: &'static dyn Client,
    /// The most bytes of a held or decompressed answer.
    pub max_answer: usize,
    /// Who called, for messages about the user that the upstream was called as.
    pub caller: Arc<Caller>,
    /// The upstream's name, for messages.
    pub upstream: &'static str,
    /// The upstream's URL, for messages.
    pub url: Arc<str>,
    /// The setting that holds the URL, for messages.
    pub setting: Arc<str>,
}

enum ExchangeState {
    /// The upstream has not answered yet.
    Waiting,
    /// A stream that has said nothing yet, so that a failure can still be a whole reply.
    Opening,
    /// The client's head is sent; pieces are rewritten.
    Streaming,
    /// The client's head is sent; pieces pass unchanged.
    Passing,
    /// The client's head waits for the whole body.
    Holding { status: StatusCode, headers: HeaderMap, body: Gathered },
    /// The held body cannot become an answer; the client gets this failure instead.
    Refused(Failure),
    /// The client has received a failure; everything that still arrives is dropped.
    Dead,
    /// The passed body cannot continue, and its format has no place for an error: the connection must break.
    Broken,
    /// The reply is complete.
    Done,
}

/// How the client's reply begins, for the code that writes heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadPlan {
    /// 200 with this content type; the body follows in pieces. The head leaves with the first of them.
    Stream(&'static str),
    /// The upstream's status and content type; the body follows in pieces.
    Pass,
    /// Nothing is sent yet.
    Hold,
}

/// What remains to be done for the client after a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// No head has left: this is the reply.
    Answer(Answer),
    /// The head is sent: send these last bytes, then end the body.
    Event(Bytes),
    /// The head is sent and the format has no place for an error: the connection must break.
    Break,
    /// The client has received the failure already; only the end of the body is missing.
    Nothing,
}

/// What remains to be done after a failure, before the failure becomes a whole reply.
enum Lost {
    Refused(Failure),
    Event(Bytes),
    Break,
    Nothing,
}

impl Exchange {
    /// Creates an exchange whose call has not been made yet.
    pub fn new(call: Call, reply: Box<dyn Reply>, limits: ExchangeLimits) -> Self {
        Exchange { call, reply, state: ExchangeState::Waiting, gunzip: None, limits, reason: None, has_head: false }
    }

    /// Returns the call to make.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Returns true if the reply is a stream that has not failed.
    pub fn is_streaming(&self) -> bool {
        matches!(self.state, ExchangeState::Opening | ExchangeState::Streaming | ExchangeState::Passing)
    }

    /// Returns true if nothing that the upstream still sends can matter.
    pub fn is_over(&self) -> bool {
        matches!(self.state, ExchangeState::Dead | ExchangeState::Broken | ExchangeState::Refused(_))
    }

    /// Returns true if the client gets a failure as a whole reply.
    pub fn is_refused(&self) -> bool {
        matches!(self.state, ExchangeState::Refused(_))
    }

    /// Returns why a stream failed.
    pub fn reason(&self) -> Option<&FailureReason> {
        self.reason.as_ref()
    }

    /// Returns true when the client's connection must break.
    fn must_break(&self) -> bool {
        matches!(self.state, ExchangeState::Broken)
    }

    /// Takes the upstream's head. A retried call may bring a second head; the first reply is then discarded.
    pub fn head(&mut self, status: StatusCode, headers: &HeaderMap, bodiless: bool) -> HeadPlan {
        let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        self.gunzip = match encoding.as_deref() {
            Some(b"gzip" | b"x-gzip") if !bodiless => Some(Gunzip::new(self.limits.max_answer)),
            _ => None,
        };
        let unreadable = !matches!(encoding.as_deref(), None | Some(b"gzip" | b"x-gzip" | b"identity" | b""));
        let start = if unreadable || is_redirect(status) {
            Start::Hold
        } else {
            self.reply.head(&UpstreamHead { status, headers, bodiless })
        };
        // A page is no stream, whatever its status.
        let start = match start {
            Start::Stream(_) if front_door::is_page(headers) => Start::Hold,
            start => start,
        };
        let (state, plan) = match start {
            Start::Stream(content_type) => (ExchangeState::Opening, HeadPlan::Stream(content_type)),
            Start::Pass => (ExchangeState::Passing, HeadPlan::Pass),
            Start::Hold => {
                let body = Gathered::default();
                (ExchangeState::Holding { status, headers: kept(headers), body }, HeadPlan::Hold)
            }
        };
        self.state = state;
        plan
    }

    /// Takes a piece of the upstream's body. Returns the bytes to send to the client now, possibly none.
    pub fn piece(&mut self, piece: Bytes) -> Bytes {
        if piece.is_empty() || self.is_over() {
            return Bytes::new();
        }
        let decoded = match &mut self.gunzip {
            Some(gunzip) => gunzip.push(&piece).map(Bytes::from).map_err(|e| self.unzip_failure(e)),
            None => Ok(piece),
        };
        match decoded {
            Ok(decoded) => self.decoded(decoded),
            Err(failure) => self.die(failure, Vec::new()),
        }
    }

    fn decoded(&mut self, piece: Bytes) -> Bytes {
        match &mut self.state {
            ExchangeState::Passing => piece,
            ExchangeState::Opening | ExchangeState::Streaming => {
                let mut out = Vec::new();
                match self.reply.piece(&piece, &mut out) {
                    Ok(()) => self.said(out),
                    Err(failure) => self.die(failure, out),
                }
            }
            ExchangeState::Holding { body, .. } => {
                if body.len() + piece.len() > self.limits.max_answer {
                    let ExchangeLimits { max_answer: most, upstream, .. } = self.limits;
                    return self.die(
                        Failure::upstream(format!("{upstream}'s answer is larger than max_answer ({most} bytes).")),
                        Vec::new(),
                    );
                }
                body.push(piece);
                Bytes::new()
            }
            ExchangeState::Waiting
            | ExchangeState::Refused(_)
            | ExchangeState::Dead
            | ExchangeState::Broken
            | ExchangeState::Done => Bytes::new(),
        }
    }

    /// Takes the regular end of the upstream's body. Returns the bytes that end a stream.
    pub fn end(&mut self) -> Bytes {
        let rest = match self.gunzip.as_mut().map(Gunzip::end) {
            None => Bytes::new(),
            Some(Ok(rest)) => self.decoded(Bytes::from(rest)),
            Some(Err(e)) => {
                let failure = self.unzip_failure(e);
                return self.die(failure, Vec::new());
            }
        };
        self.gunzip = None;
        if !matches!(self.state, ExchangeState::Opening | ExchangeState::Streaming) {
            return rest;
        }
        let mut out = rest.to_vec();
        match self.reply.end(&mut out) {
            Ok(()) => {
                self.state = ExchangeState::Done;
                Bytes::from(out)
            }
            Err(failure) => self.die(failure, out),
        }
    }

    /// Returns how many bytes are held.
    pub fn held(&self) -> usize {
        if let ExchangeState::Holding { body, .. } = &self.state { body.len() } else { 0 }
    }

    /// Returns true if the held answer shows that there is no such endpoint, so that nothing was run.
    pub fn has_no_endpoint(&self) -> bool {
        match &self.state {
            ExchangeState::Holding { status, headers, body } => {
                front_door::is_no_endpoint(*status, headers, body.start())
            }
            _ => false,
        }
    }

    /// Returns true if the upstream answered with a success and said nothing: no byte of a held answer, no event of a stream.
    pub fn is_empty_answer(&self) -> bool {
        match &self.state {
            ExchangeState::Holding { status, body, .. } => *status == StatusCode::OK && body.is_empty(),
            ExchangeState::Refused(failure) => failure.code.as_deref() == Some(error::EMPTY),
            _ => false,
        }
    }

    /// Returns the reply of a held exchange whose body is complete, once; `None` for a stream.
    pub fn answer(&mut self) -> Option<Answer> {
        let client = self.limits.client;
        self.outcome().map(|outcome| outcome.unwrap_or_else(|failure| refuse(client, &failure)))
    }

    /// Does the same as [`Self::answer`], but leaves a failure as it is.
    fn outcome(&mut self) -> Option<Result<Answer, Failure>> {
        let (status, headers, body) = match &mut self.state {
            ExchangeState::Holding { status, headers, body } => (status, headers, body),
            ExchangeState::Refused(_) => match std::mem::replace(&mut self.state, ExchangeState::Done) {
                ExchangeState::Refused(failure) => return Some(Err(failure)),
                _ => return None,
            },
            _ => return None,
        };
        let held = Held { status: *status, headers: std::mem::take(headers), body: body.take() };
        self.state = ExchangeState::Done;
        Some(match held.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
            _ if is_redirect(held.status) => {
                Err(error::redirect(self.limits.upstream, &held, &self.limits.url, &self.limits.setting))
            }
            Some(encoding)
                if !matches!(encoding.to_ascii_lowercase().as_slice(), b"gzip" | b"x-gzip" | b"identity" | b"") =>
            {
                let (encoding, name) = (String::from_utf8_lossy(encoding), self.limits.upstream);
                let message = format!("{name}'s answer is encoded as '{encoding}', which was not asked for.");
                Err(Failure::upstream(message).with_own_words(format!("{name}'s answer has an unknown encoding")))
            }
            _ => self.reply.answer(&held).map_err(|failure| self.named(failure)),
        })
    }

    /// Takes a failure outside the body: the upstream was not reached, broke off, or took too long.
    pub fn fail(&mut self, failure: &Failure) -> AfterFailure {
        match self.lose(failure) {
            Lost::Refused(failure) if self.has_head => self.last_event(&failure),
            Lost::Refused(failure) => AfterFailure::Answer(refuse(self.limits.client, &failure)),
            Lost::Event(event) => AfterFailure::Event(event),
            Lost::Break => AfterFailure::Break,
            Lost::Nothing => AfterFailure::Nothing,
        }
    }

    /// Gives up a held answer: the client gets this failure instead, and what still arrives is dropped.
    pub fn give_up(&mut self, failure: Failure) -> Bytes {
        self.die(failure, Vec::new())
    }

    /// Does the same as [`Self::fail`], but leaves a failure as it is.
    fn lose(&mut self, failure: &Failure) -> Lost {
        let lost = match self.state {
            ExchangeState::Waiting | ExchangeState::Holding { .. } => Lost::Refused(failure.clone()),
            ExchangeState::Refused(ref failure) => Lost::Refused(failure.clone()),
            ExchangeState::Opening | ExchangeState::Streaming => self.end_stream(failure.clone(), Vec::new()),
            ExchangeState::Passing | ExchangeState::Broken => Lost::Break,
            ExchangeState::Dead | ExchangeState::Done => Lost::Nothing,
        };
        self.state = match &lost {
            Lost::Break => ExchangeState::Broken,
            // The hook that learns of it may be one that cannot write; a later one asks again.
            Lost::Refused(failure) if matches!(self.state, ExchangeState::Opening) => {
                ExchangeState::Refused(failure.clone())
            }
            Lost::Refused(_) | Lost::Event(_) | Lost::Nothing => ExchangeState::Dead,
        };
        lost
    }

    /// Ends a stream with what it said, what it held back, and the event of a failure. A stream without any text becomes the
    /// failure's answer.
    fn end_stream(&mut self, failure: Failure, mut said: Vec<u8>) -> Lost {
        let instead = self.reply.broken(&mut said);
        let failure = instead.map_or(failure, |instead| self.named(instead));
        self.reason = Some(failure.reason());
        if said.is_empty() && matches!(self.state, ExchangeState::Opening) {
            return Lost::Refused(failure);
        }
        let before = said.len();
        self.push_failure(&failure, &mut said);
        if said.len() > before { Lost::Event(Bytes::from(said)) } else { Lost::Break }
    }

    /// Returns a failure with the name of the user, where it speaks of one.
    fn named(&self, failure: Failure) -> Failure {
        failure.naming(|| self.limits.caller.described_user())
    }

    fn unzip_failure(&self, e: GunzipError) -> Failure {
        let ExchangeLimits { max_answer: most, upstream, .. } = self.limits;
        Failure::upstream(match e {
            GunzipError::Corrupt => format!("{upstream}'s answer is compressed and damaged."),
            GunzipError::TooLarge => format!("{upstream}'s answer is larger than max_answer ({most} bytes)."),
        })
    }

    /// Passes what a stream says. Its first bytes take its head along.
    fn said(&mut self, out: Vec<u8>) -> Bytes {
        if !out.is_empty() {
            self.state = ExchangeState::Streaming;
        }
        Bytes::from(out)
    }

    /// Ends a stream after the bytes in `said`. A reply that has said nothing becomes the failure's answer.
    fn die(&mut self, failure: Failure, said: Vec<u8>) -> Bytes {
        let failure = self.named(failure);
        let (state, out) = match &self.state {
            ExchangeState::Opening | ExchangeState::Streaming => match self.end_stream(failure, said) {
                Lost::Refused(failure) => (ExchangeState::Refused(failure), Bytes::new()),
                Lost::Event(event) => (ExchangeState::Dead, event),
                Lost::Break | Lost::Nothing => (ExchangeState::Broken, Bytes::new()),
            },
            ExchangeState::Holding { .. } => (ExchangeState::Refused(failure), Bytes::new()),
            ExchangeState::Passing => (ExchangeState::Broken, Bytes::from(said)),
            _ => (ExchangeState::Dead, Bytes::from(said)),
        };
        self.state = state;
        out
    }
}

/// The headers that an answer may still depend on when its body is complete.
const KEPT: [HeaderName; 4] = [header::CONTENT_ENCODING, header::CONTENT_TYPE, header::LOCATION, header::RETRY_AFTER];

fn kept(headers: &HeaderMap) -> HeaderMap {
    KEPT.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

/// Returns true for a redirect. 304 is a 3xx status but not a redirect.
fn is_redirect(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}
