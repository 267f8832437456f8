//! `reply: page`: the files and the data of the page for people. They are about the running process, which answers.

use super::{Audience, Catalog, ReplyEntry};
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "page",
    about: "Files and data of the page for people",
    audience: Audience::Page,
    build: |catalog| Arc::new(Page(catalog.clone())),
};

struct Page(Arc<Catalog>);

impl Transformer for Page {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let part = request.params.last().cloned().unwrap_or_default();
        match &self.0.page {
            Some(page) if cx.state.has_page => Ok(page.call(part, request)),
            _ => Err(Failure::new(
                StatusCode::NOT_FOUND,
                "There is no page here: `page: false` in config.yaml takes it out.",
            )),
        }
    }
}
