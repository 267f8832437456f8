//! `reply: health`: says that the proxy itself is alive; nothing is asked of the upstream.

use super::Entry;
use crate::transform::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry =
    Entry { name: "health", about: "Whether the proxy is alive; no upstream call", build: |_| Arc::new(Health) };

struct Health;

impl Transformer for Health {
    fn open(&self, _: &Request, _: &Context<'_>) -> Result<Plan, Failure> {
        let body = Bytes::from_static(b"{\"status\":\"healthy\"}");
        Ok(Plan::Answer(Answer::json(StatusCode::OK, body)))
    }
}
