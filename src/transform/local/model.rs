//! `reply: model`: one model of the table, named by the last parameter of the route's path.

use super::shapes::push_model;
use super::{Audience, Catalog, ReplyEntry};
use crate::access::Permissions;
use crate::models::Models;
use crate::plan::trace::TraceStep;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "model",
    about: "One model, in the shape that the client's vendor has",
    audience: Audience::Callers,
    build: |catalog| Arc::new(OneModel(catalog.clone())),
};

struct OneModel(Arc<Catalog>);

impl Transformer for OneModel {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let asked = request.params.last().map_or("", String::as_str);
        // Google's clients write the name as the list has it.
        let asked = asked.strip_prefix("models/").unwrap_or(asked);
        let groups = || self.0.groups.iter();
        let named = groups().find_map(|group| Some((group, group.find(asked)?)));
        let made = || groups().find_map(|group| Some((group, group.make(asked)?)));
        let spelled = || groups().find_map(|group| Some((group, group.spelled(asked)?)));
        let found = named.or_else(made).or_else(spelled);
        let permissions = &cx.caller.permissions;
        if permissions.models.is_some()
            && found.as_ref().is_none_or(|(_, chosen)| !permissions.use_model(&chosen.model))
        {
            return Err(Permissions::no_model(asked));
        }
        let Some((group, chosen)) = found else {
            let group: Option<&Arc<Models>> =
                groups().find(|group| !group.near(asked).is_empty()).or(self.0.groups.first());
            return Err(match group {
                Some(group) => {
                    cx.note(|| TraceStep::model(group, Some(asked), None));
                    group.unknown(asked)
                }
                None => Failure::new(StatusCode::NOT_FOUND, "No models are served here.").with_code("model_not_found"),
            });
        };
        cx.note(|| TraceStep::model(group, Some(asked), Some(&chosen)));
        let mut out = Vec::new();
        push_model(&mut out, request.vendor, &chosen.model);
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}
