//! The page for people: its files, and the data that it shows of this process, each in a file here.
//!
//! The page itself (`assets/`) holds nothing private. Data is for callers: each sees what it may use, and its own requests.

mod about;
mod assets;
mod clients;
mod explaining;
mod models;
mod now;
mod table;
mod view;

use crate::proxy::in_flight::InFlight;
use crate::proxy::live::Current;
use crate::proxy::page::{PageReply, PageRequest, PageServer};
use crate::telemetry::RecentRequests;
use crate::wire::{Answer, Failure};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use now::NowSources;
use serde::Serialize;
use std::sync::Arc;
use view::View;

/// Serves the page.
pub struct PeoplePage(NowSources);

impl PeoplePage {
    /// Makes a page that shows what is served now.
    pub fn new(current: Arc<Current>, in_flight: InFlight) -> Self {
        PeoplePage(NowSources { current, in_flight, recent: Arc::default(), feeds: Arc::default() })
    }
}

impl PageServer for PeoplePage {
    fn recent(&self) -> Arc<RecentRequests> {
        self.0.recent.clone()
    }

    fn serve(&self, request: &PageRequest) -> Result<PageReply, Failure> {
        let part = request.call.part.as_str();
        check_method(request, if part == "explain" { &Method::POST } else { &Method::GET })?;
        if let Some(answer) = assets::find(part, &request.call.prefix) {
            return Ok(PageReply::Whole(answer));
        }
        let view = || View::of(request);
        match part {
            "about.json" => data(&about::ProxyFacts::new(&view()?)),
            "clients.json" => data(&clients::programs(&view()?)),
            "models.json" => data(&models::Catalogue::new(&view()?, self.0.current.model_report())),
            "table.json" => data(&table::TableTexts::new(&view()?)?),
            "explain" => data(&explaining::explain(&view()?)?),
            "now" if request.method == Method::HEAD => view().map(|_| PageReply::Whole(Answer::empty(StatusCode::OK))),
            "now" => Ok(PageReply::Feed(Box::new(now::NowFeed::new(&self.0, &view()?)))),
            _ => {
                let message = format!("The page has no '{}'.", part.chars().take(100).collect::<String>());
                Err(Failure::new(StatusCode::NOT_FOUND, message).with_code("unknown_path"))
            }
        }
    }
}

fn check_method(request: &PageRequest, wanted: &Method) -> Result<(), Failure> {
    let is_right = request.method == wanted || (request.method == Method::HEAD && wanted == Method::GET);
    if is_right {
        return Ok(());
    }
    let message = format!("This part of the page takes {wanted} only.");
    Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, message).with_header(header::ALLOW, wanted.as_str()))
}

/// Returns data as a reply that nothing stores.
fn data(value: &impl Serialize) -> Result<PageReply, Failure> {
    let body = serde_json::to_vec(value);
    let body = body.map_err(|e| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("no JSON: {e}")))?;
    let mut answer = Answer::json(StatusCode::OK, body);
    answer.headers.extend([
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ]);
    Ok(PageReply::Whole(answer))
}
