//! What the heads of all replies to a request depend on.

use crate::dialects::client::{ClientSigns, speaking};
use crate::limits::RateLimitHeaders;
use crate::plan::Client;
use crate::proxy::settings::Settings;
use crate::table::Route;
use crate::telemetry::Stopwatch;
use crate::telemetry::bodies::has_known_key;
use crate::wire::ids;
use http::{HeaderName, HeaderValue, header};
use std::sync::Arc;

/// The header that carries a request's id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A client's request id is kept up to this length.
const LONGEST_ID: usize = 128;

/// What the heads of all replies to a request depend on. Accepting the request sets it.
#[derive(Clone)]
pub struct ReplyFacts {
    /// The client's id of the request, or one made here.
    pub request_id: HeaderValue,
    /// The origin that may read the reply, for browsers.
    pub origin: Option<HeaderValue>,
    /// The dialect of the client, as the head shows it.
    pub client: Option<&'static dyn Client>,
    /// The row that took the request; it may add headers.
    pub route: Option<Arc<Route>>,
    /// The caller's rate limits, where it has any.
    pub rate_limit: Option<RateLimitHeaders>,
    /// Where the request's time goes.
    pub timing: Stopwatch,
    /// True if replies say where the time went.
    pub shows_timing: bool,
}

impl ReplyFacts {
    /// The facts of a request whose head has not been looked at.
    pub fn new(timing: Stopwatch, shows_timing: bool) -> Self {
        let request_id = HeaderValue::from_static("");
        ReplyFacts { request_id, origin: None, client: None, route: None, rate_limit: None, timing, shows_timing }
    }

    /// Takes request id, origin and dialect from the head.
    pub fn set_head(&mut self, signs: &ClientSigns<'_>, settings: &Settings) {
        let headers = signs.headers;
        self.client = Some(speaking(signs).client);
        // The id goes into the log, where a key that somebody sends in its place must not be.
        let is_sane = |id: &&HeaderValue| {
            let is_word =
                |id: &str| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic());
            id.to_str().is_ok_and(|id| is_word(id) && !has_known_key(id))
        };
        self.request_id = match headers.get(REQUEST_ID).filter(is_sane) {
            Some(id) => id.clone(),
            None => HeaderValue::try_from(ids::random_id("req_")).unwrap_or(HeaderValue::from_static("req")),
        };
        let is_allowed = |origin: &&HeaderValue| origin.to_str().is_ok_and(|origin| (settings.allows_origin)(origin));
        self.origin = headers.get(header::ORIGIN).filter(is_allowed).cloned();
    }

    /// Returns the header of its own in which the client looks for the id.
    pub fn id_header(&self) -> Option<HeaderName> {
        self.client().and_then(|client| client.id_header())
    }

    /// Returns how failures read to the client, as its row says, else as the head of its request does.
    pub fn client(&self) -> Option<&'static dyn Client> {
        self.route.as_ref().and_then(|route| route.client).or(self.client)
    }
}
