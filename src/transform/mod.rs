//! The registry of transformers. A transformer decides what happens with a request and its reply. A table names one for
//! each route.
//!
//! A transformer turns a request into a [`crate::plan::Plan`] and owns the reply. To add one, add a file here and a
//! line in [`TRANSFORMERS`] (or in [`REPLIES`], if it needs no upstream).

pub mod anthropic_count_tokens;
pub mod anthropic_messages;
pub mod argo_passthrough;
mod candidates;
pub mod conversation;
mod counted;
mod encode;
mod entry;
mod fit;
pub mod gemini_count_tokens;
pub mod gemini_embed;
pub mod gemini_generate;
pub mod gemini_stream;
mod limits;
pub mod local;
pub mod openai_chat_completions;
pub mod openai_completions;
pub mod openai_embeddings;
pub mod openai_input_tokens;
pub mod openai_responses;
mod reply;
mod results;
mod settings;
mod structured;
mod vectors;

pub use entry::{Build, Entry, WiredUpstream, Wiring};
pub use settings::{RowSettings, Unfit};

use crate::dialects::upstream::{DIALECTS, DialectRow};

/// Everything that a table may name.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Transformers that call an upstream.
    pub transformers: &'static [Entry],
    /// Replies that need no upstream.
    pub replies: &'static [local::ReplyEntry],
    /// The dialects of upstreams.
    pub dialects: &'static [DialectRow],
}

/// Everything that this program provides.
pub const REGISTRY: Registry = Registry { transformers: TRANSFORMERS, replies: REPLIES, dialects: DIALECTS };

/// All transformers that call an upstream.
pub const TRANSFORMERS: &[Entry] = &[
    anthropic_messages::ENTRY,
    anthropic_count_tokens::ENTRY,
    openai_chat_completions::ENTRY,
    openai_responses::ENTRY,
    openai_input_tokens::ENTRY,
    openai_completions::ENTRY,
    openai_embeddings::ENTRY,
    gemini_generate::ENTRY,
    gemini_stream::ENTRY,
    gemini_count_tokens::ENTRY,
    gemini_embed::ENTRY,
    argo_passthrough::ENTRY,
];

/// All replies that the proxy makes itself.
pub const REPLIES: &[local::ReplyEntry] = &[
    local::model_list::ENTRY,
    local::model::ENTRY,
    local::health::ENTRY,
    local::livez::ENTRY,
    local::readyz::ENTRY,
    local::docs::ENTRY,
    local::about::ENTRY,
    local::page::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_explained() {
        let all: Vec<(&str, &str)> =
            TRANSFORMERS.iter().map(|e| (e.name, e.about)).chain(REPLIES.iter().map(|e| (e.name, e.about))).collect();
        for (index, (name, about)) in all.iter().enumerate() {
            assert!(!about.is_empty(), "{name}");
            assert!(all.iter().skip(index + 1).all(|(other, _)| other != name), "{name}");
        }
    }
}
