//! `reply: model_list`: the models of the table that the caller may use, in OpenAI's shape. The list for callers
//! without restrictions is built once, when the table is loaded.

use super::{Audience, Catalog, ReplyEntry, push_model};
use crate::access::Permissions;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "model_list",
    about: "The models that are served, in OpenAI's shape",
    audience: Audience::Callers,
    build: |catalog| Arc::new(ModelList { all: render(catalog, &Permissions::default()), catalog: catalog.clone() }),
};

struct ModelList {
    all: Bytes,
    catalog: Arc<Catalog>,
}

impl Transformer for ModelList {
    fn open(&self, _: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let permissions = &cx.caller.permissions;
        let list = if permissions.models.is_none() { self.all.clone() } else { render(&self.catalog, permissions) };
        Ok(Plan::Answer(Answer::json(StatusCode::OK, list)))
    }
}

fn render(catalog: &Catalog, permissions: &Permissions) -> Bytes {
    let mut out = b"{\"object\":\"list\",\"data\":[".to_vec();
    for (index, (_, model)) in catalog.models(permissions).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_model(&mut out, model);
    }
    out.extend_from_slice(b"]}");
    out.into()
}
