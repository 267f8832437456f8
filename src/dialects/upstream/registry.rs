//! The registry of upstream dialects, by the names that a table uses.

use super::{ChatDialect, EmbeddingDialect, UpstreamDialect, argo};

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

/// A dialect with its name in a table and its description.
pub type DialectRow = (&'static str, Dialect, &'static str);

/// All dialects.
pub const DIALECTS: &[DialectRow] = &[
    ("argo", Dialect::Chat(&argo::Argo), argo::ABOUT_CHAT),
    ("argo_embedding", Dialect::Embedding(&argo::Argo), argo::ABOUT_EMBEDDING),
];

/// Returns the dialect of a name.
pub fn find(name: &str) -> Option<Dialect> {
    DIALECTS.iter().find(|(known, _, _)| *known == name).map(|(_, dialect, _)| *dialect)
}
