//! The registry of upstream dialects, by the names that a table uses.

use super::vendor::Vendor;
use super::{ChatDialect, EmbeddingDialect, UpstreamDialect, anthropic, argo, openai, responses};

/// A dialect of either kind.
#[derive(Clone, Copy)]
pub enum Dialect {
    /// For conversations.
    Chat(&'static dyn ChatDialect),
    /// For vectors.
    Embedding(&'static dyn EmbeddingDialect),
}

impl Dialect {
    /// Returns the facts that do not depend on its answers.
    pub fn facts(&self) -> &'static dyn UpstreamDialect {
        match *self {
            Dialect::Chat(dialect) => dialect,
            Dialect::Embedding(dialect) => dialect,
        }
    }
}

/// A dialect that a table can name.
#[derive(Clone, Copy)]
pub struct DialectRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The dialect as a vendor speaks it.
    pub of: fn(Vendor) -> Dialect,
}

/// All dialects.
pub const DIALECTS: &[DialectRow] = &[
    DialectRow { name: "argo", about: argo::ABOUT_CHAT, of: |_| Dialect::Chat(&argo::Argo) },
    DialectRow { name: "openai", about: openai::ABOUT_CHAT, of: |vendor| Dialect::Chat(openai::chat(vendor)) },
    DialectRow {
        name: "openai_embeddings",
        about: openai::ABOUT_EMBEDDINGS,
        of: |vendor| Dialect::Embedding(openai::embeddings(vendor)),
    },
    DialectRow { name: "openai_responses", about: responses::ABOUT, of: |vendor| Dialect::Chat(responses::of(vendor)) },
    DialectRow { name: "anthropic", about: anthropic::ABOUT, of: |vendor| Dialect::Chat(anthropic::of(vendor)) },
    DialectRow { name: "argo_embedding", about: argo::ABOUT_EMBEDDING, of: |_| Dialect::Embedding(&argo::Argo) },
];
