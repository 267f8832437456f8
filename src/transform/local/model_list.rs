//! `reply: model_list`: every model of the table in OpenAI's shape. Made once when the table is loaded.

use super::{Catalog, Entry, push_model};
use crate::transform::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "model_list",
    about: "The models that are served, in OpenAI's shape",
    build: |catalog| Arc::new(ModelList(render(catalog))),
};

struct ModelList(Bytes);

impl Transformer for ModelList {
    fn open(&self, _: &Request, _: &Context<'_>) -> Result<Plan, Failure> {
        Ok(Plan::Answer(Answer::json(StatusCode::OK, self.0.clone())))
    }
}

fn render(catalog: &Catalog) -> Bytes {
    let mut out = b"{\"object\":\"list\",\"data\":[".to_vec();
    for (index, (_, model)) in catalog.models().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_model(&mut out, model);
    }
    out.extend_from_slice(b"]}");
    out.into()
}
