//! `reply: model_list`: the models of the table that the caller may use, in the shape of the client's vendor. The list in OpenAI's
//! shape for callers without restrictions is built once, when the table is loaded.

use super::shapes::push_list;
use super::{Audience, Catalog, ReplyEntry};
use crate::access::Permissions;
use crate::plan::{ClientVendor, Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "model_list",
    about: "The models that are served, in the shape that the client's vendor has",
    audience: Audience::Callers,
    build: |catalog| {
        Arc::new(ModelList {
            all: render(catalog, ClientVendor::Openai, &Permissions::default()),
            catalog: catalog.clone(),
        })
    },
};

struct ModelList {
    all: Bytes,
    catalog: Arc<Catalog>,
}

impl Transformer for ModelList {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let permissions = &cx.caller.permissions;
        let is_usual = permissions.models.is_none() && request.vendor == ClientVendor::Openai;
        let list = if is_usual { self.all.clone() } else { render(&self.catalog, request.vendor, permissions) };
        Ok(Plan::Answer(Answer::json(StatusCode::OK, list)))
    }
}

fn render(catalog: &Catalog, vendor: ClientVendor, permissions: &Permissions) -> Bytes {
    let mut out = Vec::new();
    push_list(&mut out, vendor, catalog.models(permissions).map(|(_, model)| model));
    out.into()
}
