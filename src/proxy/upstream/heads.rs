//! Heads of messages, put together from whole maps: pingora's way to add a header takes the name apart each time.

use crate::dialects::upstream::UpstreamDialect;
use crate::plan::Call;
use crate::table::{Endpoint, Upstream};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::{Error, ErrorType, Result};

/// The `User-Agent` of calls.
pub const AGENT: HeaderValue =
    HeaderValue::from_static(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NOT_KNOWN: HeaderValue = HeaderValue::from_static("0");

/// Returns the head of a response.
pub fn response(status: StatusCode, headers: HeaderMap) -> ResponseHeader {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = status;
    parts.headers = headers;
    parts.into()
}

fn request(method: Method, path: PathAndQuery, headers: HeaderMap) -> RequestHeader {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = method;
    parts.uri = Uri::from(path);
    parts.headers = headers;
    parts.into()
}

/// Returns the value of `Content-Length`.
pub fn length(bytes: usize) -> HeaderValue {
    HeaderValue::try_from(bytes.to_string()).unwrap_or_else(|_| HeaderValue::from(bytes))
}

/// What the heads of all calls to a URL have in common. No header of the client goes upstream; the upstream's row can add
/// headers.
pub struct CallHead {
    path: PathAndQuery,
    headers: HeaderMap,
    /// `Accept` of a streamed call.
    stream_accept: HeaderValue,
}

impl CallHead {
    /// The head of the calls to one URL of an upstream.
    pub fn new(upstream: &Upstream, endpoint: &Endpoint) -> Self {
        let along = upstream.headers.iter().map(|header| (header.name.clone(), header.value.clone()));
        CallHead::with(upstream.facts(), endpoint, along)
    }

    /// The head of the calls to a URL, with these headers `along`.
    pub fn with(
        dialect: &dyn UpstreamDialect,
        endpoint: &Endpoint,
        along: impl Iterator<Item = (HeaderName, HeaderValue)>,
    ) -> Self {
        let own = [
            (header::HOST, endpoint.authority.clone()),
            (header::CONTENT_TYPE, JSON),
            (header::CONTENT_LENGTH, NOT_KNOWN),
            (header::ACCEPT, dialect.accept(false)),
            (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            (header::USER_AGENT, AGENT),
        ];
        // With room to spare: a full map grows even when a header is only replaced, and so does each copy of it.
        let mut headers = HeaderMap::with_capacity(2 * own.len());
        // A header that goes along replaces the proxy's own.
        own.into_iter().chain(dialect.headers()).chain(along).for_each(|(name, value)| {
            headers.insert(name, value);
        });
        CallHead { path: endpoint.path.clone(), headers, stream_accept: dialect.accept(true) }
    }

    /// Returns the head of a call.
    pub fn of(&self, call: &Call) -> RequestHeader {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_LENGTH, length(call.body.len()));
        if call.stream {
            headers.insert(header::ACCEPT, self.stream_accept.clone());
        }
        if let Some((name, value)) = &call.credential {
            headers.insert(name.clone(), value.clone());
        }
        request(Method::POST, self.path.clone(), headers)
    }

    /// Returns the head of a GET without a body.
    pub fn of_probe(&self) -> RequestHeader {
        let mut headers = self.headers.clone();
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        request(Method::GET, self.path.clone(), headers)
    }
}

/// Checks that the body behind a head can be read in one way only.
///
/// # Errors
/// Its transfer coding is not chunked alone. pingora would read up to the end of the connection, or leave a coding in the body.
pub fn check_framing(head: &ResponseHeader) -> Result<()> {
    if is_chunked_or_plain(&head.headers) {
        return Ok(());
    }
    Err(Error::explain(ErrorType::InvalidHTTPHeader, "its transfer coding is not chunked alone").into_up())
}

/// Returns true if a message has no transfer coding, or `chunked` once and no other.
pub fn is_chunked_or_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = codings.next();
    first.is_none_or(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
        && codings.next().is_none()
}

/// Returns true if no body follows an upstream's head.
pub fn is_bodiless(head: &ResponseHeader) -> bool {
    let is_zero = |length: &HeaderValue| length.as_bytes() == b"0";
    is_no_content(head.status) || head.headers.get(header::CONTENT_LENGTH).is_some_and(is_zero)
}

/// Returns true if replies with this status have no body.
pub fn is_no_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}
