//! `reply: about`: describes this program and what it serves, for people and programs that open the bare address.

use super::docs::Docs;
use super::{Audience, Catalog, ReplyEntry};
use crate::json;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "about",
    about: "What this is and what it serves",
    audience: Audience::Newcomers,
    build: |catalog| Arc::new(About(catalog.clone())),
};

struct About(Arc<Catalog>);

impl Transformer for About {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        if let Some(page) = self.0.page_for(request, cx) {
            return Ok(page.call(String::new(), request));
        }
        if cx.caller.greeting.is_some() {
            return Docs(self.0.clone()).open(request, cx);
        }
        let mut out = b"{".to_vec();
        let about = format!("OpenAI's API over {}. Point an OpenAI client's base URL here.", self.0.upstreams);
        for (name, value) in
            [("name", env!("CARGO_PKG_NAME")), ("version", env!("CARGO_PKG_VERSION")), ("about", &about)]
        {
            json::push_key(&mut out, name);
            json::push_string(&mut out, value);
        }
        if let Some(base) = &self.0.base_path {
            json::push_key(&mut out, "base_url");
            json::push_string(&mut out, &format!("{}{base}", cx.address));
        }
        json::push_key(&mut out, "endpoints");
        out.push(b'[');
        for (index, row) in self.0.routes.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let methods: Vec<&str> = row.methods.iter().map(http::Method::as_str).collect();
            json::push_string(&mut out, &format!("{} {}", methods.join("|"), row.path));
        }
        out.extend_from_slice(b"]}");
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}
