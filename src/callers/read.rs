//! Reads `callers.yaml`.

use super::edit::check_name;
use super::keys::KEYS;
use super::list::{CallerRow, Callers};
use super::mask::mask;
use crate::access::{Hash, Limits, Username, limits};
use crate::diagnostics::{Checked, Place};
use crate::yaml::node::Node;
use crate::yaml::source::syntax;
use crate::yaml::value::{Read, Reason, boolean, expected, text};
use crate::yaml::{At, Parsed, Section, Source};
use std::collections::HashMap;

const SEE_DOCS: &str = "a file looks so: callers: [{ name: ann, key_sha256: \"…\" }]";
const HASH: &str = "the SHA-256 of a key: 64 hexadecimal digits in quotes";

impl Callers {
    /// Reads a text. `file` is its name in messages. No message contains a possible key.
    ///
    /// # Errors
    /// All problems of the text, in the order of its lines.
    pub fn read(file: &str, text: &str) -> Checked<Self> {
        let parsed = Parsed::without_places(text).map_err(|fault| vec![mask(syntax(file, text, &fault, SEE_DOCS))])?;
        let mut source = Source::new(file, text, &parsed, None);
        let rows = match &parsed.root {
            Node::Null => Vec::new(),
            Node::Map(entries) => rows(Section::new(entries, KEYS), &mut source),
            other => {
                source.error(&[], expected("`callers:` with a list", other).message, Some(SEE_DOCS.to_owned()));
                Vec::new()
            }
        };
        if rows.is_empty() && source.is_sound() {
            source.warn(&[], "nobody may call", Some("make a key: argo-openai-proxy key new NAME".to_owned()));
        }
        match source.finish(Some(Callers { rows })) {
            Ok((callers, problems)) => Ok((callers, problems.into_iter().map(mask).collect())),
            Err(problems) => Err(problems.into_iter().map(mask).collect()),
        }
    }
}

fn rows(mut keys: Section<'_>, source: &mut Source<'_>) -> Vec<CallerRow> {
    let list = keys.sections(source, "callers").unwrap_or_default();
    let read: Vec<Partial> = list.into_iter().map(|keys| row(keys, source)).collect();
    keys.finish(source);
    unique(&read, "name", |row| row.name.as_ref(), source);
    unique(&read, "key_sha256", |row| row.hash.as_ref(), source);
    read.into_iter()
        .filter_map(|row| Some(CallerRow { name: row.name?.value, hash: row.hash?.value, ..row.rest }))
        .collect()
}

/// A row, as far as it could be read.
struct Partial {
    called: String,
    name: Option<At<String>>,
    hash: Option<At<Hash>>,
    rest: CallerRow,
}

fn row(mut keys: Section<'_>, source: &mut Source<'_>) -> Partial {
    let called = keys.name().to_owned();
    let name = keys.at(source, "name", |node| {
        let name = text("a name", node)?;
        check_name(name)?;
        Ok(name.to_owned())
    });
    let hash = keys.at(source, "key_sha256", hash);
    let user = keys.get(source, "user", |node| Ok(Username::new(text("a username", node)?)?));
    let routes = globs(&mut keys, source, "routes", route);
    let models = globs(&mut keys, source, "models", model);
    let limits = keys.section(source, "limits").map(|keys| limits(keys, source)).unwrap_or_default();
    let watch = keys.get(source, "watch", boolean).unwrap_or(false);
    let enabled = keys.get(source, "enabled", boolean).unwrap_or(true);
    keys.finish(source);
    let rest = CallerRow { name: String::new(), hash: Hash::of(b""), user, routes, models, limits, watch, enabled };
    Partial { called, name, hash, rest }
}

fn limits(mut keys: Section<'_>, source: &mut Source<'_>) -> Limits {
    let limits = limits::read(&mut keys, source);
    keys.finish(source);
    limits
}

/// Reads a hash. The message never quotes the value: it may be a key.
fn hash(node: &Node) -> Read<Hash> {
    let found = match node {
        Node::Text(text) => match Hash::parse(text) {
            Some(hash) => return Ok(hash),
            None => format!("a text of {} characters", text.chars().count()),
        },
        Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Substituted(_) => "no text".to_owned(),
        other => return Err(expected(HASH, other)),
    };
    let help = "make a key and its row: argo-openai-proxy key new NAME".to_owned();
    Err(Reason { message: format!("expected {HASH}, found {found}"), help: Some(help) })
}

fn globs(
    keys: &mut Section<'_>,
    source: &mut Source<'_>,
    key: &'static str,
    read: fn(&Node) -> Read<String>,
) -> Option<Vec<(String, Place)>> {
    let list = keys.list(source, key, read)?;
    if let (Some(At { value: Node::List(items), path }), true) = (keys.any(key), list.is_empty())
        && items.is_empty()
    {
        let help = "leave the key out for all, or write `enabled: false`".to_owned();
        source.warn(&path, format!("{}.{key}: an empty list allows nothing", keys.name()), Some(help));
    }
    Some(list.into_iter().map(|At { value, path }| (value, source.place(&path))).collect())
}

fn route(node: &Node) -> Read<String> {
    let glob = glob("a path", node)?;
    if glob.starts_with(['/', '*']) { Ok(glob) } else { Err(expected("a path that begins with / or *", node)) }
}

fn model(node: &Node) -> Read<String> {
    glob("a model's name", node)
}

fn glob(what: &str, node: &Node) -> Read<String> {
    match text(what, node)? {
        glob if glob.is_empty() || glob.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Err(expected(&format!("{what} without spaces; * stands for any text"), node))
        }
        glob => Ok(glob.to_owned()),
    }
}

/// Reports values that two rows share.
fn unique<T: Eq + std::hash::Hash>(
    rows: &[Partial],
    key: &str,
    value: impl Fn(&Partial) -> Option<&At<T>>,
    source: &mut Source<'_>,
) {
    let mut seen: HashMap<&T, (&Partial, &At<T>)> = HashMap::new();
    for row in rows {
        let Some(own) = value(row) else { continue };
        let (first, at) = *seen.entry(&own.value).or_insert((row, own));
        if !std::ptr::eq(first, row) {
            let line = source.line_seen_from(&at.path, &own.path);
            let message = format!("{}.{key}: {} in {line} has the same", row.called, first.called);
            source.error(&own.path, message, Some("give each caller their own".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests;
