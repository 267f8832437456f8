//! Replies, before they are bytes on a socket.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// A reply to one request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A body with a status and a length.
    Whole(Whole),
    /// Status 200 and a body in pieces.
    Stream(Streamed),
    /// Nothing. The connection stays open until the client leaves.
    Hang,
}

#[derive(Debug)]
pub(crate) struct Whole {
    pub status: u16,
    pub media: Media,
    /// One header beside those of all replies.
    pub extra: Option<(&'static str, String)>,
    pub body: Bytes,
    pub delivery: Delivery,
}

#[derive(Debug)]
pub(crate) struct Streamed {
    pub body: Body,
    pub delivery: Delivery,
}

/// The body of a stream.
#[derive(Debug)]
pub(crate) enum Body {
    /// Raw text. The options say how long its pieces are.
    Text(Bytes),
    /// Server-sent events. Each is a piece.
    Events(VecDeque<Bytes>),
}

impl Body {
    /// Takes the next piece. A piece of text has at most `size` bytes.
    pub(crate) fn next(&mut self, size: usize) -> Option<Bytes> {
        match self {
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(text.split_to(size.clamp(1, text.len()))),
            Self::Events(events) => events.pop_front(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Events(events) => events.is_empty(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Html,
    /// No body at all.
    None,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Clean,
    Gzip,
    /// The connection closes after this number of pieces, or in the middle of a whole body.
    Cut(usize),
    /// The pause before a whole body, or between two pieces.
    Slow(Duration),
}

impl Delivery {
    pub(crate) fn slow(milliseconds: usize) -> Self {
        Self::Slow(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX)))
    }
}

impl Reply {
    pub(crate) fn json<T: Serialize>(status: u16, value: &T) -> Self {
        // Most answers fit, so that one allocation is enough.
        let mut body = Vec::with_capacity(2048);
        match serde_json::to_writer(&mut body, value) {
            Ok(()) => Self::json_bytes(status, body),
            Err(error) => Self::html(500, error.to_string()),
        }
    }

    pub(crate) fn json_bytes(status: u16, body: impl Into<Bytes>) -> Self {
        Self::whole(status, Media::Json, body.into())
    }

    pub(crate) fn html(status: u16, page: impl Into<Bytes>) -> Self {
        Self::whole(status, Media::Html, page.into())
    }

    pub(crate) fn redirect(location: String) -> Self {
        Self::whole(307, Media::None, Bytes::new()).with("Location", location)
    }

    pub(crate) fn stream(text: impl Into<Bytes>) -> Self {
        Self::Stream(Streamed { body: Body::Text(text.into()), delivery: Delivery::Clean })
    }

    pub(crate) fn events(events: Vec<Bytes>) -> Self {
        Self::Stream(Streamed { body: Body::Events(events.into()), delivery: Delivery::Clean })
    }

    /// Adds the extra header. Only a whole reply has one.
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        if let Self::Whole(whole) = &mut self {
            whole.extra = Some((name, value));
        }
        self
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        match &mut self {
            Self::Whole(whole) => whole.delivery = delivery,
            Self::Stream(stream) => stream.delivery = delivery,
            Self::Hang => {}
        }
        self
    }

    pub(crate) fn whole(status: u16, media: Media, body: Bytes) -> Self {
        Self::Whole(Whole { status, media, extra: None, body, delivery: Delivery::Clean })
    }
}

#[cfg(test)]
impl Reply {
    /// The status and the JSON of a whole reply.
    pub(crate) fn read(&self) -> (u16, serde_json::Value) {
        match self {
            Self::Whole(whole) => (whole.status, serde_json::from_slice(&whole.body).unwrap()),
            other => panic!("not a whole reply: {other:?}"),
        }
    }

    /// The text of a stream.
    pub(crate) fn text(&self) -> String {
        let Self::Stream(Streamed { body, .. }) = self else { panic!("not a stream: {self:?}") };
        match body {
            Body::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            Body::Events(events) => events.iter().map(|event| std::str::from_utf8(event).unwrap()).collect(),
        }
    }
}
