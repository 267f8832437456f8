//! The admin listener, for programs that watch the process: metrics, liveness, readiness. It serves nothing of the table.

use crate::access::Guard;
use crate::proxy::connection::clock;
use crate::proxy::in_flight::InFlight;
use crate::proxy::live::Current;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::CONTENT_TYPE;
use async_trait::async_trait;
use http::uri::Authority;
use http::{Method, StatusCode, header};
use log::{debug, error};
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::sync::Arc;

/// How long an idle connection stays open, in seconds.
const KEEP_ALIVE: u64 = 60;
const TEXT: &str = "text/plain; charset=utf-8";

/// The application behind the admin listener.
pub struct Admin {
    current: Arc<Current>,
    metrics: Arc<Metrics>,
    in_flight: InFlight,
    /// True if it listens on this machine only.
    is_local: bool,
}

struct Page {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Page {
    fn text(status: StatusCode, text: &str) -> Self {
        Page { status, content_type: TEXT, body: text.into() }
    }
}

impl Admin {
    /// Makes an application that reports what is served now and what `metrics` counted. `is_local`: it listens on this machine only.
    pub fn new(current: Arc<Current>, metrics: Arc<Metrics>, in_flight: InFlight, is_local: bool) -> Self {
        Admin { current, metrics, in_flight, is_local }
    }

    /// Refuses web pages that had a name of their own lead here, as the proxy does.
    fn refusal(&self, http: &ServerSession) -> Option<Page> {
        let live = self.current.live();
        let guard = Guard { is_local: self.is_local, ..live.settings.guard.clone() };
        let arrived =
            http.server_addr().and_then(|address| address.as_inet()).map(|address| address.ip().to_canonical());
        let head = http.req_header();
        let authority = head.uri.authority().map(Authority::as_str);
        let refused = guard.host(&head.headers, authority, arrived, &*live.settings.allows_origin).err()?;
        Some(Page::text(refused.status, &format!("{}\n", refused.message)))
    }

    fn page(&self, method: &Method, path: &str, is_stopping: bool) -> Page {
        let known = matches!(path, "/metrics" | "/livez" | "/readyz");
        match path {
            _ if !known => Page::text(StatusCode::NOT_FOUND, "There are /metrics, /livez and /readyz.\n"),
            _ if !matches!(*method, Method::GET | Method::HEAD) => {
                Page::text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n")
            }
            "/metrics" => self.metrics(),
            "/readyz" if is_stopping => Page::text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            _ => Page::text(StatusCode::OK, "ok\n"),
        }
    }

    fn metrics(&self) -> Page {
        match self.metrics.text(&self.current.now(&self.in_flight)) {
            Ok(body) => Page { status: StatusCode::OK, content_type: CONTENT_TYPE, body },
            Err(e) => {
                error!("metrics cannot be written: {e}");
                Page::text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written; the log says why.\n")
            }
        }
    }

    async fn serve(&self, http: &mut ServerSession, is_stopping: bool) -> pingora::Result<()> {
        // A request body means nothing here, so that the connection is closed instead of reading it.
        let is_reusable = http.is_body_empty() && !is_stopping;
        http.set_keepalive(is_reusable.then_some(KEEP_ALIVE));
        let (method, path) = (http.req_header().method.clone(), http.req_header().uri.path().to_owned());
        let page = self.refusal(http).unwrap_or_else(|| self.page(&method, &path, is_stopping));
        let mut head = ResponseHeader::build(page.status, Some(4))?;
        head.insert_header(header::CONTENT_TYPE, page.content_type)?;
        head.insert_header(header::CONTENT_LENGTH, page.body.len())?;
        head.insert_header(header::CACHE_CONTROL, "no-store")?;
        if page.status == StatusCode::METHOD_NOT_ALLOWED {
            head.insert_header(header::ALLOW, "GET, HEAD")?;
        }
        http.write_response_header(Box::new(head)).await?;
        let body = if method == Method::HEAD { Vec::new() } else { page.body };
        http.write_response_body(body.into(), true).await
    }
}

#[async_trait]
impl HttpServerApp for Admin {
    async fn process_new_http(
        self: &Arc<Self>,
        mut http: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if !http.read_request().await.ok()? {
            return None;
        }
        let _served = clock::begin_request(self.current.live().settings.client_timeouts);
        let is_stopping = self.in_flight.is_stopping() || *shutdown.borrow();
        if let Err(error) = self.serve(&mut http, is_stopping).await {
            debug!("admin: {}: {error}", http.request_summary());
            http.shutdown().await;
            return None;
        }
        let settings = HttpPersistentSettings::for_session(&http);
        let reusable = http.finish().await.ok().flatten()?;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }
}
