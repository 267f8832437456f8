//! The table as it is written: names and texts with their places, nothing resolved. What is missing or refused is `None`,
//! and reported.

use super::keys::{COUNTINGS, FAMILIES, Named, SYSTEM_ROLES, TABLE, TOKENIZERS};
use crate::chat::tokens::{Counting, Tokenizer};
use crate::models::{Family, SystemRole};
use crate::yaml::near::nearest;
use crate::yaml::value::{Read, Reason, boolean, expected, narrow, text, whole};
use crate::yaml::{At, Node, Section, Source, Step};

/// The whole file.
pub struct Written<'n> {
    /// `None` when there is no mapping of them; so for the groups, and the list of routes.
    pub upstreams: Option<Vec<Upstream>>,
    pub groups: Option<Vec<Group>>,
    pub routes: Option<Vec<Route<'n>>>,
    /// Where the list of routes stands, if there is one.
    pub routes_at: Option<Vec<Step>>,
}

/// A row of `upstreams`.
pub struct Upstream {
    pub name: At<String>,
    pub url: Option<At<String>>,
    pub stream_url: Option<At<String>>,
    pub dialect: Option<At<String>>,
}

/// A row of `models`.
#[derive(Default)]
pub struct Group {
    pub name: At<String>,
    pub default: Option<At<String>>,
    pub owned_by: Option<String>,
    pub created: Option<u64>,
    /// What clients ask for, and the upstream's id.
    pub names: Vec<(At<String>, At<String>)>,
    /// Where the names stand, if there are any.
    pub names_at: Option<Vec<Step>>,
    pub rules: Vec<Rule>,
}

/// A row of a group's `rules`.
pub struct Rule {
    /// What it is called in messages.
    pub called: String,
    pub path: Vec<Step>,
    /// Whether it has no key but `match`.
    pub only_matches: bool,
    pub matches: Vec<At<String>>,
    pub system_role: Option<SystemRole>,
    pub rename: Vec<(At<String>, At<String>)>,
    pub drop: Vec<At<String>>,
    pub tokenizer: Option<Tokenizer>,
    pub tools: Option<Family>,
    pub dimensions: Option<u32>,
    pub can_shorten: Option<bool>,
    pub max_input_tokens: Option<usize>,
}

/// A row of `routes`.
pub struct Route<'n> {
    /// What it is called in messages.
    pub called: String,
    /// Where it begins.
    pub start: Vec<Step>,
    pub path: Option<At<String>>,
    pub method: Option<At<Vec<At<String>>>>,
    pub upstream: Option<At<String>>,
    pub models: Option<At<String>>,
    pub transformer: Option<At<String>>,
    pub reply: Option<At<String>>,
    pub request: Option<At<&'n Node>>,
    pub usage: Option<At<Counting>>,
    /// The keys that only calls have, as far as this row has them.
    pub call_keys: Vec<(&'static str, Vec<Step>)>,
}

impl<'n> Written<'n> {
    /// Reads the file's mapping.
    pub fn read(mut keys: Section<'n>, source: &mut Source<'_>) -> Self {
        keys.at(source, "version", version);
        let upstreams = keys.named_sections(source, "upstreams");
        let groups = keys.named_sections(source, "models");
        let routes = keys.sections(source, "routes");
        let written = Written {
            upstreams: upstreams
                .map(|rows| rows.into_iter().map(|(name, keys)| upstream(name, keys, source)).collect()),
            groups: groups.map(|rows| rows.into_iter().map(|(name, keys)| group(name, keys, source)).collect()),
            routes: routes.map(|rows| rows.into_iter().map(|keys| route(keys, source)).collect()),
            routes_at: keys.key_path("routes"),
        };
        keys.finish(source);
        written
    }

    /// The whole file as a section.
    pub fn section(entries: &'n [(Node, Node)]) -> Section<'n> {
        Section::new(entries, TABLE)
    }
}

fn version(node: &Node) -> Read<()> {
    match node {
        Node::Int(1) => Ok(()),
        Node::Int(other) => Err(format!("{other}, but this program reads version 1").into()),
        other => Err(Reason { help: Some("write `version: 1`".to_owned()), ..expected("1", other) }),
    }
}

fn upstream(name: At<String>, keys: Option<Section<'_>>, source: &mut Source<'_>) -> Upstream {
    let Some(mut keys) = keys else { return Upstream { name, url: None, stream_url: None, dialect: None } };
    let upstream = Upstream {
        name,
        url: keys.text(source, "url"),
        stream_url: keys.text(source, "stream_url"),
        dialect: keys.text(source, "dialect"),
    };
    keys.finish(source);
    upstream
}

fn group(name: At<String>, keys: Option<Section<'_>>, source: &mut Source<'_>) -> Group {
    let mut group = Group { name, ..Group::default() };
    let Some(mut keys) = keys else { return group };
    group.default = keys.text(source, "default");
    group.names = keys.names(source, "names", plain);
    group.names_at = keys.key_path("names");
    if let Some(mut show) = keys.section(source, "show") {
        group.owned_by = show.get(source, "owned_by", plain);
        group.created = show.get(source, "created", |node| narrow(whole(node, 0..=i128::from(i64::MAX))?));
        show.finish(source);
    }
    group.rules =
        keys.sections(source, "rules").unwrap_or_default().into_iter().map(|keys| rule(keys, source)).collect();
    keys.finish(source);
    group
}

fn rule(mut keys: Section<'_>, source: &mut Source<'_>) -> Rule {
    let rule = Rule {
        called: keys.name().to_owned(),
        path: keys.path().to_vec(),
        only_matches: keys.written().eq(["match"]),
        matches: keys.one_or_many(source, "match", plain).map(|found| found.value).unwrap_or_default(),
        system_role: keys.get(source, "system_role", one_of(SYSTEM_ROLES)),
        rename: keys.names(source, "rename", plain),
        drop: keys.list(source, "drop", plain).unwrap_or_default(),
        tokenizer: keys.get(source, "tokenizer", one_of(TOKENIZERS)),
        tools: keys.get(source, "tools", one_of(FAMILIES)),
        dimensions: keys.get(source, "dimensions", |node| narrow(whole(node, 1..=1_000_000)?)),
        can_shorten: keys.get(source, "can_shorten", boolean),
        max_input_tokens: keys.get(source, "max_input_tokens", |node| narrow(whole(node, 1..=1_000_000_000)?)),
    };
    keys.finish(source);
    rule
}

fn route<'n>(mut keys: Section<'n>, source: &mut Source<'_>) -> Route<'n> {
    let path = keys.text(source, "path");
    let called = path.as_ref().map_or_else(String::new, |path| format!(" ({})", path.value));
    let call_keys = ["upstream", "models", "request", "usage"];
    let route = Route {
        called: format!("{}{called}", keys.name()),
        start: keys.path().to_vec(),
        path,
        method: keys.one_or_many(source, "method", plain),
        upstream: keys.text(source, "upstream"),
        models: keys.text(source, "models"),
        transformer: keys.text(source, "transformer"),
        reply: keys.text(source, "reply"),
        request: keys.map(source, "request"),
        usage: keys.at(source, "usage", one_of(COUNTINGS)),
        call_keys: call_keys.into_iter().filter_map(|key| Some((key, keys.key_path(key)?))).collect(),
    };
    keys.finish(source);
    route
}

fn plain(node: &Node) -> Read<String> {
    text("a text", node).map(str::to_owned)
}

/// Reads one of a few names.
fn one_of<T: Copy>(choices: &'static [Named<T>]) -> impl Fn(&Node) -> Read<T> {
    move |node| {
        let names = || choices.iter().map(|(name, _, _)| *name);
        let all = || names().collect::<Vec<_>>().join(", ");
        let name = text(&format!("one of {}", all()), node)?;
        match choices.iter().find(|(known, _, _)| *known == name) {
            Some((_, value, _)) => Ok(*value),
            None => Err(Reason {
                help: nearest(name, names()).map(|near| format!("did you mean '{near}'?")),
                ..expected(&format!("one of {}", all()), node)
            }),
        }
    }
}
