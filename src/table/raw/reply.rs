//! `reply` of a row, as written: the name of a built-in reply, or a reply written in the row.

use crate::yaml::value::{narrow, text, whole};
use crate::yaml::{At, Node, PathStep, Section, Source};

/// The local reply of a row.
pub enum Reply<'n> {
    /// The name of a built-in reply.
    Named(At<String>),
    /// A reply written in the row.
    Fixed(Box<FixedReply<'n>>),
}

/// A reply written in the row. It should have exactly one of `json`, `html`, `text` and `redirect`.
pub struct FixedReply<'n> {
    /// The path to this mapping.
    pub path: Vec<PathStep>,
    pub json: Option<At<&'n Node>>,
    pub html: Option<At<String>>,
    pub text: Option<At<String>>,
    pub redirect: Option<At<String>>,
    pub status: Option<At<u16>>,
    /// True if it has no key besides `status`.
    pub is_empty: bool,
    /// The written keys among `json`, `html`, `text` and `redirect`, each with its path.
    pub keys: Vec<(&'static str, Vec<PathStep>)>,
}

impl<'n> Reply<'n> {
    /// Reads `reply` of a row.
    pub fn read(keys: &mut Section<'n>, source: &mut Source<'_>) -> Option<Self> {
        if !keys.is_mapping("reply") {
            let name = |node: &Node| text("the name of a reply, or a mapping", node).map(str::to_owned);
            return keys.at(source, "reply", name).map(Reply::Named);
        }
        let mut keys = keys.section(source, "reply")?;
        let is_empty = keys.written().all(|key| key == "status");
        let reply = FixedReply {
            path: keys.path().to_vec(),
            is_empty,
            json: keys.any("json"),
            html: keys.text(source, "html"),
            text: keys.text(source, "text"),
            redirect: keys.text(source, "redirect"),
            status: keys.at(source, "status", |node| narrow(whole(node, 200..=599)?)),
            keys: crate::table::keys::KINDS_OF_REPLY
                .iter()
                .filter_map(|key| Some((*key, keys.key_path(key)?)))
                .collect(),
        };
        keys.finish(source);
        Some(Reply::Fixed(Box::new(reply)))
    }

    /// Returns the path to the reply.
    pub fn path(&self) -> &[PathStep] {
        match self {
            Reply::Named(name) => &name.path,
            Reply::Fixed(reply) => &reply.path,
        }
    }
}
