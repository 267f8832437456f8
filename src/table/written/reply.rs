//! `reply` of a row, as it is written: a name, or a reply of one's own.

use crate::yaml::value::{narrow, text, whole};
use crate::yaml::{At, Node, PathStep, Section, Source};

/// What a row answers by itself.
pub enum Reply<'n> {
    /// The name of a reply.
    Named(At<String>),
    /// One of one's own.
    Fixed(Box<FixedReply<'n>>),
}

/// A reply of one's own; it should have exactly one of the first four.
pub struct FixedReply<'n> {
    /// Where it begins.
    pub path: Vec<PathStep>,
    pub json: Option<At<&'n Node>>,
    pub html: Option<At<String>>,
    pub text: Option<At<String>>,
    pub redirect: Option<At<String>>,
    pub status: Option<At<u16>>,
    /// Whether it has nothing but a status.
    pub is_empty: bool,
    /// The first four keys as far as they are written, each with its place.
    pub keys: Vec<(&'static str, Vec<PathStep>)>,
}

impl<'n> Reply<'n> {
    /// Reads the key of a row.
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
            keys: super::super::keys::KINDS_OF_REPLY
                .iter()
                .filter_map(|key| Some((*key, keys.key_path(key)?)))
                .collect(),
        };
        keys.finish(source);
        Some(Reply::Fixed(Box::new(reply)))
    }

    /// Where it stands.
    pub fn path(&self) -> &[PathStep] {
        match self {
            Reply::Named(name) => &name.path,
            Reply::Fixed(reply) => &reply.path,
        }
    }
}
