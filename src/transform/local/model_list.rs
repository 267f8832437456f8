//! `reply: model_list`: the models of the table that the caller may use, in the shape of the client's vendor. The list in OpenAI's
//! shape for callers without restrictions is built once, when the table is loaded.

use super::paging::ModelPage;
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
        let everything = Permissions::default();
        let all = ModelPage::of_all(catalog.models(&everything).map(|(_, model)| model).collect());
        Arc::new(ModelList { all: render(ClientVendor::Openai, &all), catalog: catalog.clone() })
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
        let list = if is_usual {
            self.all.clone()
        } else {
            let all = self.catalog.models(permissions).map(|(_, model)| model).collect();
            render(request.vendor, &ModelPage::asked(all, request.vendor, &request.query)?)
        };
        Ok(Plan::Answer(Answer::json(StatusCode::OK, list)))
    }
}

fn render(vendor: ClientVendor, page: &ModelPage<'_>) -> Bytes {
    let mut out = Vec::new();
    push_list(&mut out, vendor, page);
    out.into()
}
