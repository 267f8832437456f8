//! The admin listener, for programs and people that watch the process: metrics, liveness, readiness, a refresh of the lists of models,
//! and the page for people, which shows everybody's requests here. It serves nothing of the table.

use super::admin_page::AdminPage;
use super::refresh::RefreshHandle;
use crate::access::Guard;
use crate::proxy::connection::clock;
use crate::proxy::live::Current;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::wire::{Answer, Failure};
use async_trait::async_trait;
use http::uri::Authority;
use http::{HeaderValue, Method, StatusCode, header};
use log::{debug, error};
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::sync::Arc;

/// How long an idle connection stays open, in seconds.
const KEEP_ALIVE: u64 = 60;
/// Where a POST has the lists of models read.
const REFRESH: &str = "/admin/refresh";
const TEXT: &str = "text/plain; charset=utf-8";

/// The application behind the admin listener.
pub struct Admin {
    current: Arc<Current>,
    metrics: Arc<Metrics>,
    page: AdminPage,
    /// True if it listens on this machine only.
    is_local: bool,
    refresh: RefreshHandle,
}

fn text(status: StatusCode, text: &str) -> Answer {
    Answer::new(status, TEXT, text.to_owned())
}

fn only(allow: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, &format!("Only {}.\n", allow.replace(", ", " and ")));
    answer.headers.push((header::ALLOW, HeaderValue::from_static(allow)));
    answer
}

/// Returns a failure for people and programs, in one line.
fn refusal(failure: &Failure) -> Answer {
    let mut answer = text(failure.status, &format!("{}\n", failure.message));
    answer.headers.extend(failure.headers.iter().cloned());
    answer
}

impl Admin {
    /// Makes an application that reports what is served now and what `metrics` counted. `is_local`: it listens on this machine only.
    pub fn new(
        current: Arc<Current>,
        metrics: Arc<Metrics>,
        page: AdminPage,
        is_local: bool,
        refresh: RefreshHandle,
    ) -> Self {
        Admin { current, metrics, page, is_local, refresh }
    }

    /// Refuses web pages that had a name of their own lead here, and pages of others that change something, as the proxy does.
    fn check(&self, http: &ServerSession) -> Result<(), Failure> {
        let live = self.current.live();
        let guard = Guard { is_local: self.is_local, ..live.settings.guard.clone() };
        let arrived =
            http.server_addr().and_then(|address| address.as_inet()).map(|address| address.ip().to_canonical());
        let head = http.req_header();
        let authority = head.uri.authority().map(Authority::as_str);
        let allows = &*live.settings.allows_origin;
        guard.host(&head.headers, authority, arrived, allows)?;
        guard.origin(&head.method, &head.headers, false, allows)
    }

    async fn answer(&self, method: &Method, path: &str, is_stopping: bool) -> Answer {
        let known = matches!(path, "/metrics" | "/livez" | "/readyz");
        match path {
            REFRESH if *method == Method::POST => self.refresh().await,
            REFRESH => only("POST"),
            _ if !known => {
                const THERE: &str =
                    "There are /metrics, /livez, /readyz, POST /admin/refresh, and a page for people at /.\n";
                text(StatusCode::NOT_FOUND, THERE)
            }
            _ if !matches!(*method, Method::GET | Method::HEAD) => only("GET, HEAD"),
            "/metrics" => self.metrics(),
            "/readyz" if is_stopping => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            _ => text(StatusCode::OK, "ok\n"),
        }
    }

    /// Has the lists of models read, and returns how they differ from the table.
    async fn refresh(&self) -> Answer {
        if self.current.live().table.models_refresh().is_none() {
            const OFF: &str =
                "models_refresh of the table is off; a duration, such as models_refresh: 24h, turns it on.\n";
            return text(StatusCode::CONFLICT, OFF);
        }
        let report = self.refresh.refresh().await.and_then(|report| serde_json::to_vec(&report).ok());
        match report {
            Some(body) => Answer::json(StatusCode::OK, body),
            None => text(StatusCode::SERVICE_UNAVAILABLE, "The lists of models are not read; the log says why.\n"),
        }
    }

    fn metrics(&self) -> Answer {
        match self.metrics.text(&self.current.now(self.page.in_flight())) {
            Ok(body) => Answer::new(StatusCode::OK, CONTENT_TYPE, body),
            Err(e) => {
                error!("metrics cannot be written: {e}");
                text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written; the log says why.\n")
            }
        }
    }

    async fn serve(&self, http: &mut ServerSession, is_stopping: bool) -> pingora::Result<()> {
        let (method, path) = (http.req_header().method.clone(), http.req_header().uri.path().to_owned());
        let answer = match (self.check(http), self.page.part(&path)) {
            (Err(failure), _) => refusal(&failure),
            (Ok(()), Some(part)) => match self.page.answer(http, part).await? {
                Some(answer) => answer,
                None => return Ok(()),
            },
            (Ok(()), None) => self.answer(&method, &path, is_stopping).await,
        };
        // A body that was not read means nothing here, so that the connection is closed instead of reading it.
        let is_reusable = http.is_body_done() && !is_stopping;
        http.set_keepalive(is_reusable.then_some(KEEP_ALIVE));
        write(http, &method, answer).await
    }
}

async fn write(http: &mut ServerSession, method: &Method, answer: Answer) -> pingora::Result<()> {
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + 2))?;
    head.insert_header(header::CACHE_CONTROL, "no-store")?;
    for (name, value) in answer.headers {
        head.insert_header(name, value)?;
    }
    head.insert_header(header::CONTENT_LENGTH, answer.body.len())?;
    http.write_response_header(Box::new(head)).await?;
    let body = if method == Method::HEAD { bytes::Bytes::new() } else { answer.body };
    http.write_response_body(body, true).await
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
        let is_stopping = self.page.in_flight().is_stopping() || *shutdown.borrow();
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
