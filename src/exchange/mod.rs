//! One request's life as a state machine: bytes in, bytes out, no sockets.
//!
//! It alone turns a failure into the bytes that the client gets, swallows what comes after one, bounds what is held, and
//! undoes compression that nobody asked for.

pub mod joined;

use crate::dialects::upstream::error;
use crate::plan::{Call, Held, Reply, Start, UpstreamHead};
use crate::wire::gunzip::{Gunzip, GunzipError};
use crate::wire::{Answer, Failure, Gathered};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::sync::Arc;

/// A call that is under way, and the reply that it becomes.
pub struct Exchange {
    call: Call,
    reply: Box<dyn Reply>,
    state: State,
    gunzip: Option<Gunzip>,
    limits: Limits,
}

/// What an exchange must know of its endpoint and its configuration.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most bytes of a held or decompressed answer.
    pub max_answer: usize,
    /// The upstream's name, for messages.
    pub upstream: &'static str,
    /// The upstream's URL, for messages.
    pub url: Arc<str>,
    /// The setting that holds the URL, for messages.
    pub setting: Arc<str>,
}

enum State {
    /// The upstream has not answered yet.
    Waiting,
    /// The client's head is out; pieces are rewritten.
    Streaming,
    /// The client's head is out; pieces go through.
    Passing,
    /// The client's head waits for the whole body.
    Holding { status: StatusCode, headers: HeaderMap, body: Gathered },
    /// What was held cannot become an answer; the client gets this instead.
    Refused(Failure),
    /// The client was told of a failure; whatever comes is swallowed.
    Dead,
    /// What passed cannot go on, and its format has no place for an error: the connection must break.
    Broken,
    /// The reply is complete.
    Done,
}

/// How the client's reply begins, for whoever writes heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadPlan {
    /// 200 with this content type; body follows by pieces.
    Stream(&'static str),
    /// The upstream's status and content type; body follows by pieces.
    Pass,
    /// Nothing yet.
    Hold,
}

/// What remains to be done for the client after a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// No head is out: this is the reply.
    Answer(Answer),
    /// The head is out: these last bytes, then the end of the body.
    Event(Bytes),
    /// The head is out and the format has no place for an error: the connection must break.
    Break,
    /// The client knows already; the body only needs its end.
    Nothing,
}

impl Exchange {
    /// An exchange whose call has not been made yet.
    pub fn new(call: Call, reply: Box<dyn Reply>, limits: Limits) -> Self {
        Exchange { call, reply, state: State::Waiting, gunzip: None, limits }
    }

    /// The call to make.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whether the reply is a stream whose head is out and which has not failed.
    pub fn is_streaming(&self) -> bool {
        matches!(self.state, State::Streaming | State::Passing)
    }

    /// Whether nothing that the upstream still sends can matter.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Dead | State::Broken | State::Refused(_))
    }

    /// The upstream's head is here. A retried call may come here twice; the first reply is forgotten then.
    pub fn head(&mut self, status: StatusCode, headers: &HeaderMap, bodiless: bool) -> HeadPlan {
        let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        self.gunzip = match encoding.as_deref() {
            Some(b"gzip" | b"x-gzip") if !bodiless => Some(Gunzip::new(self.limits.max_answer)),
            _ => None,
        };
        let unreadable = !matches!(encoding.as_deref(), None | Some(b"gzip" | b"x-gzip" | b"identity" | b""));
        let start = match unreadable || is_redirect(status) {
            true => Start::Hold,
            false => self.reply.head(&UpstreamHead { status, headers, bodiless }),
        };
        let (state, plan) = match start {
            Start::Stream(content_type) => (State::Streaming, HeadPlan::Stream(content_type)),
            Start::Pass => (State::Passing, HeadPlan::Pass),
            Start::Hold => {
                let body = Gathered::default();
                (State::Holding { status, headers: kept(headers), body }, HeadPlan::Hold)
            }
        };
        self.state = state;
        plan
    }

    /// A piece of the upstream's body. What is returned goes to the client now; it may be empty.
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
            State::Passing => piece,
            State::Streaming => {
                let mut out = Vec::new();
                match self.reply.piece(&piece, &mut out) {
                    Ok(()) => Bytes::from(out),
                    Err(failure) => self.die(failure, out),
                }
            }
            State::Holding { body, .. } => {
                if body.len() + piece.len() > self.limits.max_answer {
                    let Limits { max_answer: most, upstream, .. } = self.limits;
                    return self.die(
                        Failure::upstream(format!("{upstream}'s answer is larger than max_answer ({most} bytes).")),
                        Vec::new(),
                    );
                }
                body.push(piece);
                Bytes::new()
            }
            State::Waiting | State::Refused(_) | State::Dead | State::Broken | State::Done => Bytes::new(),
        }
    }

    /// The upstream's body ended as it should. What is returned ends a stream.
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
        if !matches!(self.state, State::Streaming) {
            return rest;
        }
        let mut out = rest.to_vec();
        match self.reply.end(&mut out) {
            Ok(()) => {
                self.state = State::Done;
                Bytes::from(out)
            }
            Err(failure) => self.die(failure, out),
        }
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        if let State::Holding { body, .. } = &self.state { body.len() } else { 0 }
    }

    /// The reply of a held exchange whose body is complete, once; `None` for a stream.
    pub fn answer(&mut self) -> Option<Answer> {
        let (status, headers, body) = match &mut self.state {
            State::Holding { status, headers, body } => (status, headers, body),
            State::Refused(failure) => {
                let answer = failure.to_answer();
                self.state = State::Done;
                return Some(answer);
            }
            _ => return None,
        };
        let held = Held { status: *status, headers: std::mem::take(headers), body: body.take() };
        self.state = State::Done;
        let result = match held.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
            _ if is_redirect(held.status) => {
                Err(error::redirect(self.limits.upstream, &held, &self.limits.url, &self.limits.setting))
            }
            Some(encoding)
                if !matches!(encoding.to_ascii_lowercase().as_slice(), b"gzip" | b"x-gzip" | b"identity" | b"") =>
            {
                let (encoding, name) = (String::from_utf8_lossy(encoding), self.limits.upstream);
                Err(Failure::upstream(format!("{name}'s answer is encoded as '{encoding}', which was not asked for.")))
            }
            _ => self.reply.answer(&held),
        };
        Some(result.unwrap_or_else(|failure| failure.to_answer()))
    }

    /// Something outside the body went wrong: the upstream was not reached, broke off, or took too long.
    pub fn fail(&mut self, failure: &Failure) -> Told {
        let told = match self.state {
            State::Waiting | State::Holding { .. } => Told::Answer(failure.to_answer()),
            State::Refused(ref failure) => Told::Answer(failure.to_answer()),
            State::Streaming => {
                let mut out = Vec::new();
                self.reply.fail(failure, &mut out);
                if out.is_empty() { Told::Break } else { Told::Event(Bytes::from(out)) }
            }
            State::Passing | State::Broken => Told::Break,
            State::Dead | State::Done => Told::Nothing,
        };
        self.state = if told == Told::Break { State::Broken } else { State::Dead };
        told
    }

    fn unzip_failure(&self, e: GunzipError) -> Failure {
        let Limits { max_answer: most, upstream, .. } = self.limits;
        Failure::upstream(match e {
            GunzipError::Corrupt => format!("{upstream}'s answer is compressed and damaged."),
            GunzipError::TooLarge => format!("{upstream}'s answer is larger than max_answer ({most} bytes)."),
        })
    }

    /// Ends a stream with an error event after what it said so far; a held reply becomes the failure's answer.
    fn die(&mut self, failure: Failure, mut said: Vec<u8>) -> Bytes {
        match &mut self.state {
            State::Streaming => {
                self.reply.fail(&failure, &mut said);
                self.state = State::Dead;
            }
            State::Holding { .. } => self.state = State::Refused(failure),
            State::Passing => self.state = State::Broken,
            _ => self.state = State::Dead,
        }
        Bytes::from(said)
    }
}

/// What an answer may still depend on when its body is complete.
const KEPT: [HeaderName; 3] = [header::CONTENT_ENCODING, header::LOCATION, header::RETRY_AFTER];

fn kept(headers: &HeaderMap) -> HeaderMap {
    KEPT.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

/// 304 is no redirect, though it is among them.
fn is_redirect(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}
