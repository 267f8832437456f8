//! The table as written: names and texts with their places, nothing resolved. A missing or refused value is `None`, and
//! is reported.

mod images;
mod model_lists;
mod options;
mod reply;
pub mod trials;

pub use model_lists::RefreshPeriod;
use model_lists::{refresh_period, templates};
pub use options::{Options, Switch};
pub use reply::{FixedReply, Reply};
use trials::Trial;

use super::UpstreamTimeouts;
use super::keys::{
    COUNTINGS, CREDENTIALS, FAMILIES, NamedValue, STREAMINGS, STRUCTUREDS, SYSTEM_ROLES, TABLE, THINKINGS, TOKENIZERS,
    VENDORS,
};
use super::upstream::CredentialKind;
use crate::dialects::upstream::Vendor;
use crate::models::{Facts, Family, Streaming, Structured, SystemRole, Thinking};
use crate::tokens::{Counting, Tokenizer};
use crate::yaml::duration::duration;
use crate::yaml::near::nearest;
use crate::yaml::value::{Read, Reason, boolean, expected, narrow, number, plain, text, whole};
use crate::yaml::{At, Foreign, Node, PathStep, Section, Source};
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

/// The whole file.
pub struct Written<'n> {
    /// `None` when there is no mapping of upstreams. The same holds for the groups and the routes.
    pub upstreams: Option<Vec<Upstream>>,
    pub groups: Option<Vec<Group>>,
    pub routes: Option<Vec<Route<'n>>>,
    /// The path to the list of routes, if there is one.
    pub routes_at: Option<Vec<PathStep>>,
    pub trials: Vec<Trial<'n>>,
    pub models_refresh: Option<RefreshPeriod>,
}

/// A row of `upstreams`.
#[derive(Default)]
pub struct Upstream {
    pub name: At<String>,
    pub url: Option<Urls>,
    pub stream_url: Option<Urls>,
    pub models_url: Option<At<String>>,
    pub dialect: Option<At<String>>,
    pub vendor: Option<Vendor>,
    pub needs: Option<At<String>>,
    pub serves: Option<At<Vec<At<String>>>>,
    pub credential: Option<At<CredentialKind>>,
    pub bearer_file: Option<At<String>>,
    pub connect_to: Option<At<String>>,
    pub headers: Vec<(At<String>, At<String>)>,
    pub timeouts: UpstreamTimeouts,
    pub breaker: Option<Breaker>,
    pub tls: Option<Tls>,
}

/// `breaker` of an upstream.
#[derive(Default)]
pub struct Breaker {
    /// The path to this mapping.
    pub path: Vec<PathStep>,
    pub failures: Option<NonZeroU32>,
    pub open_for: Option<Duration>,
}

/// The URLs of a key, and the path to its value.
pub type Urls = At<Vec<At<String>>>;

/// `tls` of an upstream.
#[derive(Default)]
pub struct Tls {
    /// The path to this mapping.
    pub path: Vec<PathStep>,
    pub ca: Option<At<String>>,
    pub verify: Option<At<bool>>,
    pub certificate: Option<At<String>>,
    pub key: Option<At<String>>,
}

/// A row of `models`.
#[derive(Default)]
pub struct Group {
    pub name: At<String>,
    pub default: Option<At<String>>,
    pub show: Facts,
    pub hidden: Vec<At<String>>,
    pub deprecated: Vec<At<String>>,
    /// The names that clients request, each with the upstream's id.
    pub names: Vec<(At<String>, At<String>)>,
    /// The path to the names, if there are any.
    pub names_at: Option<Vec<PathStep>>,
    /// The ids that later files put others in the place of. Rules for them are no mistakes.
    pub replaced_ids: Vec<String>,
    /// The ids of families, each with how its models are named.
    pub families: Vec<(At<String>, At<Vec<String>>)>,
    pub rules: Vec<Rule>,
}

impl Group {
    /// Returns true if some names are patterns.
    pub fn has_patterns(&self) -> bool {
        self.names.iter().any(|(name, _)| name.value.contains('*'))
    }
}

/// A row of a group's `rules`.
pub struct Rule {
    /// The name in messages.
    pub called: String,
    pub path: Vec<PathStep>,
    /// True if `match` is its only key.
    pub only_matches: bool,
    pub matches: Vec<At<String>>,
    /// The upstreams at which it holds.
    pub upstreams: Vec<At<String>>,
    pub show: Facts,
    pub system_role: Option<SystemRole>,
    pub user_filler: Option<At<String>>,
    pub drop: Vec<At<String>>,
    pub rename: Vec<(At<String>, At<String>)>,
    pub fixed: Vec<(At<String>, At<Node>)>,
    /// Lists of names, each with its place.
    pub only_one_of: Vec<At<Vec<At<String>>>>,
    pub default: Vec<(At<String>, At<Node>)>,
    pub cap: Vec<(At<String>, At<Node>)>,
    pub floor: Vec<(At<String>, At<Node>)>,
    pub stream_above: Vec<(At<String>, At<Node>)>,
    pub tokenizer: Option<Tokenizer>,
    pub tools: Option<Family>,
    pub streaming: Option<Streaming>,
    pub structured: Option<At<Structured>>,
    pub thinking: Option<Thinking>,
    pub dimensions: Option<u32>,
    pub can_shorten: Option<bool>,
    pub max_input_tokens: Option<usize>,
    pub most_images: Option<usize>,
    pub custom_description: Option<usize>,
}

/// A row of `routes`.
pub struct Route<'n> {
    /// The name in messages.
    pub called: String,
    /// The path to this mapping.
    pub start: Vec<PathStep>,
    pub path: Option<At<String>>,
    pub method: Option<At<Vec<At<String>>>>,
    /// The upstreams, in the order in which they are preferred.
    pub upstreams: Option<At<Vec<At<String>>>>,
    pub models: Option<At<String>>,
    pub transformer: Option<At<String>>,
    /// The settings of the transformer.
    pub with: Option<At<&'n Node>>,
    pub reply: Option<Reply<'n>>,
    pub request: Option<At<&'n Node>>,
    pub usage: Option<At<Counting>>,
    pub most_choices: Option<u64>,
    pub options: Options<'n>,
    /// True if the row has the key `transformer` or `reply`, valid or not.
    pub has_action: bool,
    /// The keys of this row that only calls may have, each with its path.
    pub call_keys: Vec<(&'static str, Vec<PathStep>)>,
}

impl<'n> Written<'n> {
    /// Reads the mapping of one file. A group that is not in `known` must be complete.
    pub fn read(mut keys: Section<'n>, known: &HashSet<String>, source: &mut Source<'_>) -> Self {
        keys.at(source, "version", version);
        keys.list(source, "include", plain);
        let models_refresh = keys.get(source, "models_refresh", refresh_period);
        let upstreams = keys.named_sections(source, "upstreams");
        let groups = keys.named_sections(source, "models");
        let routes = keys.sections(source, "routes");
        let trials = keys.sections(source, "tests").unwrap_or_default();
        let written = Written {
            upstreams: upstreams
                .map(|rows| rows.into_iter().map(|(name, keys)| upstream(name, keys, source)).collect()),
            groups: groups.map(|rows| rows.into_iter().map(|(name, keys)| group(name, keys, known, source)).collect()),
            routes: routes.map(|rows| rows.into_iter().map(|keys| route(keys, source)).collect()),
            routes_at: keys.key_path("routes"),
            trials: trials.into_iter().map(|keys| Trial::read(keys, source)).collect(),
            models_refresh,
        };
        keys.finish_knowing(source, &|name, _| Foreign::of_litellm(name));
        written
    }

    /// Returns the n-th file as a section.
    pub fn section(number: usize, entries: &'n [(Node, Node)]) -> Section<'n> {
        Section::of_file(number, entries, TABLE)
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
    let Some(mut keys) = keys else { return Upstream { name, ..Upstream::default() } };
    let upstream = Upstream {
        name,
        url: keys.one_or_many(source, "url", plain),
        stream_url: keys.one_or_many(source, "stream_url", plain),
        models_url: keys.text(source, "models_url"),
        dialect: keys.text(source, "dialect"),
        vendor: keys.get(source, "vendor", one_of(VENDORS)),
        needs: keys.text(source, "needs"),
        serves: keys.one_or_many(source, "serves", plain),
        credential: keys.at(source, "credential", one_of(CREDENTIALS)),
        bearer_file: keys.text(source, "bearer_file"),
        connect_to: keys.text(source, "connect_to"),
        headers: keys.names(source, "headers", plain),
        timeouts: UpstreamTimeouts {
            connect: keys.get(source, "connect_timeout", duration),
            first_byte: keys.get(source, "first_byte_timeout", duration),
            idle: keys.get(source, "idle_timeout", duration),
            keep: keys.get(source, "keep_connections", duration),
        },
        breaker: keys.section(source, "breaker").map(|keys| breaker(keys, source)),
        tls: keys.section(source, "tls").map(|keys| tls(keys, source)),
    };
    keys.finish(source);
    upstream
}

fn breaker(mut keys: Section<'_>, source: &mut Source<'_>) -> Breaker {
    let breaker = Breaker {
        path: keys.path().to_vec(),
        failures: keys.get(source, "failures", |node| {
            narrow::<u32>(whole(node, 1..=1000)?).map(|times| NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN))
        }),
        open_for: keys.get(source, "open_for", duration),
    };
    keys.finish(source);
    breaker
}

fn tls(mut keys: Section<'_>, source: &mut Source<'_>) -> Tls {
    let tls = Tls {
        path: keys.path().to_vec(),
        ca: keys.text(source, "ca"),
        verify: keys.at(source, "verify", boolean),
        certificate: keys.text(source, "certificate"),
        key: keys.text(source, "key"),
    };
    keys.finish(source);
    tls
}

fn group(name: At<String>, keys: Option<Section<'_>>, known: &HashSet<String>, source: &mut Source<'_>) -> Group {
    let mut group = Group { name, ..Group::default() };
    let Some(keys) = keys else { return group };
    let is_new = !known.contains(&group.name.value);
    let mut keys = if is_new { keys.alone() } else { keys };
    group.default = keys.text(source, "default");
    group.names = keys.names(source, "names", plain);
    group.names_at = keys.key_path("names");
    group.families = keys.names(source, "families", templates);
    group.show = facts(&mut keys, source);
    if is_new {
        group.show.owned_by.get_or_insert_with(|| group.name.value.clone());
    }
    group.hidden = names_of(&mut keys, source, "hidden");
    group.deprecated = names_of(&mut keys, source, "deprecated");
    group.rules =
        keys.sections(source, "rules").unwrap_or_default().into_iter().map(|keys| rule(keys, source)).collect();
    keys.finish(source);
    group
}

fn names_of(keys: &mut Section<'_>, source: &mut Source<'_>, key: &str) -> Vec<At<String>> {
    keys.one_or_many(source, key, plain).map(|found| found.value).unwrap_or_default()
}

/// Reads `show` of a group or of a rule.
fn facts(keys: &mut Section<'_>, source: &mut Source<'_>) -> Facts {
    let Some(mut show) = keys.section(source, "show") else { return Facts::default() };
    let from = |low: i128| move |node: &Node| narrow(whole(node, low..=i128::from(i64::MAX))?);
    let facts = Facts {
        owned_by: show.get(source, "owned_by", plain),
        created: show.get(source, "created", from(0)),
        context_length: show.get(source, "context_length", from(1)),
        max_output_tokens: show.get(source, "max_output_tokens", from(1)),
    };
    show.finish(source);
    facts
}

fn rule(mut keys: Section<'_>, source: &mut Source<'_>) -> Rule {
    let any = |node: &Node| Ok(node.clone());
    let only_matches = keys.written().all(|key| matches!(key, "match" | "upstream"));
    let rule = Rule {
        called: keys.name().to_owned(),
        path: keys.path().to_vec(),
        only_matches,
        matches: names_of(&mut keys, source, "match"),
        upstreams: names_of(&mut keys, source, "upstream"),
        show: facts(&mut keys, source),
        system_role: keys.get(source, "system_role", one_of(SYSTEM_ROLES)),
        user_filler: keys.text(source, "user_filler"),
        drop: keys.list(source, "drop", plain).unwrap_or_default(),
        rename: keys.names(source, "rename", plain),
        fixed: keys.names(source, "fixed", any),
        only_one_of: keys.list_or_lists(source, "only_one_of", plain),
        default: keys.names(source, "default", any),
        cap: keys.names(source, "cap", number),
        floor: keys.names(source, "floor", number),
        stream_above: keys.names(source, "stream_above", number),
        tokenizer: keys.get(source, "tokenizer", one_of(TOKENIZERS)),
        tools: keys.get(source, "tools", one_of(FAMILIES)),
        streaming: keys.get(source, "streaming", one_of(STREAMINGS)),
        structured: keys.at(source, "structured", one_of(STRUCTUREDS)),
        thinking: keys.get(source, "thinking", one_of(THINKINGS)),
        dimensions: keys.get(source, "dimensions", |node| narrow(whole(node, 1..=1_000_000)?)),
        can_shorten: keys.get(source, "can_shorten", boolean),
        max_input_tokens: keys.get(source, "max_input_tokens", |node| narrow(whole(node, 1..=1_000_000_000)?)),
        most_images: keys.get(source, "most_images", |node| narrow(whole(node, 0..=1_000)?)),
        custom_description: keys.get(source, "custom_description", |node| narrow(whole(node, 1..=1_000_000)?)),
    };
    keys.finish(source);
    rule
}

fn route<'n>(mut keys: Section<'n>, source: &mut Source<'_>) -> Route<'n> {
    let path = keys.text(source, "path");
    let called = path.as_ref().map_or_else(String::new, |path| format!(" ({})", path.value));
    // A local reply uses none of these keys, so it reports each one that is written.
    let call_keys = [
        "upstream",
        "models",
        "with",
        "request",
        "set",
        "default",
        "usage",
        "most_choices",
        "timeout",
        "max_body",
        "limits",
        "images",
    ];
    let route = Route {
        called: format!("{}{called}", keys.name()),
        start: keys.path().to_vec(),
        path,
        method: keys.one_or_many(source, "method", plain),
        upstreams: keys.one_or_many(source, "upstream", plain),
        models: keys.text(source, "models"),
        transformer: keys.text(source, "transformer"),
        with: keys.map(source, "with"),
        reply: Reply::read(&mut keys, source),
        request: keys.map(source, "request"),
        usage: keys.at(source, "usage", one_of(COUNTINGS)),
        most_choices: keys.get(source, "most_choices", |node| narrow(whole(node, 1..=128)?)),
        options: Options::read(&mut keys, source),
        has_action: keys.any("transformer").or(keys.any("reply")).is_some(),
        call_keys: call_keys.into_iter().filter_map(|key| Some((key, keys.key_path(key)?))).collect(),
    };
    keys.finish(source);
    route
}

/// Returns a reader that accepts one of a few names.
fn one_of<T: Copy>(choices: &'static [NamedValue<T>]) -> impl Fn(&Node) -> Read<T> {
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
