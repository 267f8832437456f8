//! `reply: livez`: 200 as long as the process runs and answers, for a supervisor that restarts it otherwise.

use super::{Audience, ReplyEntry};
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "livez",
    about: "200 while the process runs; no upstream call",
    audience: Audience::Everybody,
    build: |_| Arc::new(Livez),
};

struct Livez;

impl Transformer for Livez {
    fn open(&self, _: &Request, _: &Context<'_>) -> Result<Plan, Failure> {
        Ok(Plan::Answer(Answer::json(StatusCode::OK, r#"{"status":"alive"}"#)))
    }
}
