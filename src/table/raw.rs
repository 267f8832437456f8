//! The table as it is written: names and texts, nothing resolved.

use super::ordered::Ordered;
use crate::chat::tokens::{Counting, Tokenizer};
use crate::models::{Family, SystemRole};
use crate::problem::Problem;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTable {
    pub version: u32,
    pub upstreams: Ordered<RawUpstream>,
    pub models: Ordered<RawGroup>,
    pub routes: Vec<RawRoute>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawUpstream {
    pub url: String,
    pub stream_url: Option<String>,
    pub dialect: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawGroup {
    pub default: Option<String>,
    pub show: RawShown,
    pub names: Ordered<String>,
    #[serde(default)]
    pub rules: Vec<RawRule>,
}

/// What the model list shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawShown {
    pub owned_by: String,
    pub created: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    #[serde(rename = "match")]
    pub matches: OneOrMany,
    pub system_role: Option<SystemRole>,
    #[serde(default)]
    pub rename: Ordered<String>,
    #[serde(default)]
    pub drop: Vec<String>,
    pub tokenizer: Option<Tokenizer>,
    pub tools: Option<Family>,
    pub dimensions: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRoute {
    pub path: String,
    pub method: Option<OneOrMany>,
    pub upstream: Option<String>,
    pub models: Option<String>,
    pub transformer: Option<String>,
    pub reply: Option<String>,
    pub request: Option<serde_yaml::Value>,
    pub usage: Option<Counting>,
}

/// One text, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            OneOrMany::One(text) => (Some(text.as_str()), None),
            OneOrMany::Many(list) => (None, Some(list.iter().map(String::as_str))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl RawTable {
    /// Reads the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        // serde_yaml takes a byte order mark for a document of its own.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        serde_yaml::from_str(text).map_err(|e| {
            let spot = e.location().map(|at| (at.line(), at.column()));
            let fault = crate::yaml::node::Fault { message: without_place(&e.to_string()), spot };
            crate::yaml::source::syntax(file, text, &fault, "")
        })
    }
}

/// serde_yaml ends its messages with the place, which is printed in front here.
fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message.get(..at).unwrap_or(message).to_owned(),
        None => message.to_owned(),
    }
}
