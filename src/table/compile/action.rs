//! The compiled action of a row: it calls an upstream, or it answers by itself.

use super::fixed_reply::CompiledReply;
use crate::models::Models;
use crate::plan::Transformer;
use crate::table::upstream::Upstream;
use crate::transform::{Entry, local};
use std::sync::Arc;

/// The action of a row.
pub enum Action {
    /// Call an upstream through a transformer.
    Call(&'static Entry, Vec<Arc<Upstream>>, Arc<Models>, Arc<dyn Transformer>),
    /// Send a reply of the registry.
    Reply(&'static local::ReplyEntry),
    /// Send the reply that the row spells out.
    Fixed(CompiledReply),
}

impl Action {
    /// Returns the purpose of the action, in the words of the transformer or reply that the row names.
    pub fn about(&self) -> &'static str {
        match self {
            Action::Call(entry, ..) => entry.about,
            Action::Reply(entry) => entry.about,
            Action::Fixed((_, about, _)) => about,
        }
    }
}
