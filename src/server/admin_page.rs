//! The page for people on the admin listener.

use crate::access::Sender;
use crate::page::PeoplePage;
use crate::plan::PageCall;
use crate::proxy::connection::sender;
use crate::proxy::in_flight::InFlight;
use crate::proxy::live::Current;
use crate::proxy::page::{FeedPieces, PageFeed, PageReply, PageRequest, PageServer, Viewer};
use crate::wire::{Answer, Failure, Query, sse};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use std::sync::Arc;

/// Where the page's files and data are.
const PREFIX: &str = "/page";

/// What somebody else's connection gets, where the proxy serves its own user alone.
const NOT_YOURS: &str = "This proxy serves only the user who runs it, and the system does not say that this connection is that user's. \
                         With `admin: unix:PATH`, the page is where only that user reaches it.";

/// The page, as whoever watches the process sees it.
pub struct AdminPage {
    current: Arc<Current>,
    in_flight: InFlight,
    page: Arc<PeoplePage>,
    /// Where the proxy listens, which the page tells. Empty if only a Unix socket leads there.
    proxy: String,
}

impl AdminPage {
    /// The same page as that of the proxy, which listens at the address `proxy`.
    pub fn new(current: &Arc<Current>, in_flight: &InFlight, page: &Arc<PeoplePage>, proxy: Option<String>) -> Self {
        let proxy = proxy.unwrap_or_default();
        AdminPage { current: current.clone(), in_flight: in_flight.clone(), page: page.clone(), proxy }
    }

    /// Returns the requests that are being served.
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Returns which part of the page a path names, if there is a page.
    pub fn part<'p>(&self, path: &'p str) -> Option<&'p str> {
        let part = if path == "/" { "" } else { path.strip_prefix(PREFIX)?.strip_prefix('/')? };
        self.current.live().settings.page.then_some(part)
    }

    /// Returns the whole reply; `None` once a stream was written.
    ///
    /// # Errors
    /// pingora's, when the client goes away.
    pub async fn answer(&self, http: &mut ServerSession, part: &str) -> pingora::Result<Option<Answer>> {
        let live = self.current.live();
        let digest = http.digest().and_then(|digest| digest.socket_digest.as_deref());
        if live.settings.access.asks_sender() && sender::of(digest) != Sender::Own {
            return Ok(Some(refusal(&Failure::new(StatusCode::FORBIDDEN, NOT_YOURS))));
        }
        let Some(body) = read(http, live.settings.max_body).await? else {
            let failure = Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is larger than max_body.");
            return Ok(Some(refusal(&failure)));
        };
        let head = http.req_header();
        let query = Query(head.uri.query()).into();
        let request = PageRequest {
            live,
            call: PageCall { part: part.to_owned(), prefix: PREFIX.to_owned(), query, body },
            method: head.method.clone(),
            headers: head.headers.clone(),
            address: self.proxy.clone(),
            viewer: Viewer::Operator,
        };
        match self.page.serve(&request) {
            Ok(PageReply::Whole(answer)) => Ok(Some(answer)),
            Ok(PageReply::Feed(feed)) => self.stream(http, feed).await.map(|()| None),
            Err(failure) => Ok(Some(refusal(&failure))),
        }
    }

    async fn stream(&self, http: &mut ServerSession, feed: Box<dyn PageFeed>) -> pingora::Result<()> {
        let mut head = ResponseHeader::build(StatusCode::OK, Some(4))?;
        head.insert_header(header::CONTENT_TYPE, sse::CONTENT_TYPE)?;
        head.insert_header(header::CACHE_CONTROL, "no-store")?;
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
        http.set_keepalive(None);
        http.write_response_header(Box::new(head)).await?;
        let mut pieces = FeedPieces::new(feed, self.in_flight.clone());
        while let Some(piece) = pieces.next().await {
            http.write_response_body(piece, false).await?;
        }
        http.write_response_body(Bytes::new(), true).await
    }
}

/// Returns a failure as the page reads it.
fn refusal(failure: &Failure) -> Answer {
    let body = serde_json::json!({"error": {"message": failure.message}}).to_string();
    let mut answer = Answer::json(failure.status, body);
    answer.headers.extend(failure.headers.iter().cloned());
    answer
}

/// Reads a body; `None` for one of more than `most` bytes.
async fn read(http: &mut ServerSession, most: usize) -> pingora::Result<Option<Bytes>> {
    let mut body = BytesMut::new();
    while let Some(piece) = http.read_request_body().await? {
        if body.len() + piece.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body.freeze()))
}
