//! The options of a row of `routes`, as written: all keys besides its action.

use super::images::Images;
use crate::access::{self, Limits};
use crate::yaml::duration::duration;
use crate::yaml::value::{Read, expected, plain, size, text};
use crate::yaml::{At, Node, PathStep, Section, Source};
use std::time::Duration;

/// Options of a row.
#[derive(Default)]
pub struct Options<'n> {
    pub enabled: Option<At<Switch>>,
    pub about: Option<String>,
    pub timeout: Option<Duration>,
    pub max_body: Option<usize>,
    pub limits: Limits,
    pub images: Option<Images>,
    pub response_headers: Vec<(At<String>, At<String>)>,
    pub set: Option<At<&'n Node>>,
    pub default: Option<At<&'n Node>>,
    /// The names of callers, and the path to their list.
    pub callers: Option<(Vec<At<String>>, Vec<PathStep>)>,
}

/// On or off.
pub enum Switch {
    Is(bool),
    /// A text with a variable, whose value decides.
    Says(String),
}

impl<'n> Options<'n> {
    /// Reads the options of a row.
    pub fn read(keys: &mut Section<'n>, source: &mut Source<'_>) -> Self {
        Options {
            enabled: keys.at(source, "enabled", switch),
            about: keys.get(source, "about", plain),
            timeout: keys.get(source, "timeout", duration),
            max_body: keys.get(source, "max_body", size),
            limits: limits(keys, source),
            images: Images::read(keys, source),
            response_headers: keys.names(source, "response_headers", plain),
            set: keys.map(source, "set"),
            default: keys.map(source, "default"),
            callers: keys.list(source, "callers", caller).zip(keys.key_path("callers")),
        }
    }
}

fn limits(keys: &mut Section<'_>, source: &mut Source<'_>) -> Limits {
    let Some(mut keys) = keys.section(source, "limits") else { return Limits::default() };
    let limits = access::limits::read(&mut keys, source);
    keys.finish(source);
    limits
}

fn switch(node: &Node) -> Read<Switch> {
    match node {
        Node::Bool(value) => Ok(Switch::Is(*value)),
        Node::Text(text) if text.contains("${") => Ok(Switch::Says(text.clone())),
        other => Err(expected("true, false or a text with ${NAME}", other)),
    }
}

fn caller(node: &Node) -> Read<String> {
    const WHAT: &str = "a caller's name; * stands for any text";
    let name = text(WHAT, node)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@*".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) { Ok(name.to_owned()) } else { Err(expected(WHAT, node)) }
}
