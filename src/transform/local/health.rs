//! `reply: health`: reports that the proxy itself is alive, and which table it serves. The upstream is not called.

use super::{Audience, ReplyEntry};
use crate::json;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "health",
    about: "Whether the proxy is alive; no upstream call",
    audience: Audience::Everybody,
    build: |_| Arc::new(Health),
};

struct Health;

impl Transformer for Health {
    fn open(&self, _: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let mut out = b"{".to_vec();
        json::push_key(&mut out, "status");
        json::push_string(&mut out, "healthy");
        json::push_key(&mut out, "table");
        out.push(b'{');
        json::push_key(&mut out, "version");
        json::push_string(&mut out, cx.state.version);
        json::push_key(&mut out, "loaded_at");
        json::push_number(&mut out, cx.state.loaded_at);
        json::push_key(&mut out, "newer_file_is_broken");
        out.extend_from_slice(if cx.state.is_behind { b"true}}" } else { b"false}}" });
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}
