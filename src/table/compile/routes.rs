//! Compiles rows of `routes`, checked against the upstreams, groups, transformers and replies that exist.

use super::action::Action;
use super::named_items::{NamedItems, resolve};
use super::served;
use super::upstreams::KnownUpstreams;
use super::{callers, fixed_reply, images, options, request};
use crate::models::Models;
use crate::table::options::Options;
use crate::table::path::Pattern;
use crate::table::raw::{self, Reply};
use crate::table::upstream::Upstream;
use crate::table::vars::Variables;
use crate::transform::{Entry, Registry, RowSettings, Unfit, WiredUpstream, Wiring};
use crate::yaml::{At, Node, PathStep, Source, lookup};
use bytes::Bytes;
use http::Method;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The default maximum of answers to one request: LangChain sends this many prompts at once.
const MOST_CHOICES: u64 = 20;
/// All methods that a row may take.
const METHODS: &[Method] = &[Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// A compiled row. Its local reply is built later: it may need to know all rows.
pub struct Compiled<'w> {
    pub called: &'w str,
    pub path: &'w At<String>,
    /// The path's parameters, if it has any.
    pub pattern: Option<Pattern>,
    pub methods: Vec<Method>,
    /// The action; `None` when it is wrong.
    pub action: Option<Action>,
    pub request: Bytes,
    pub options: Options,
    /// The row's own description.
    pub about: Option<&'w str>,
    /// True if the row is served.
    pub enabled: bool,
    /// True if the row only removes other rows.
    pub only_off: bool,
    /// The base path to configure in OpenAI clients, where this row defines it.
    pub base_path: Option<String>,
}

impl Compiled<'_> {
    /// Returns the description: the row's own, else that of its action.
    pub fn about(&self) -> &str {
        self.about.unwrap_or_else(|| self.action.as_ref().map_or("", Action::about))
    }
}

/// The items that a row may name.
pub struct Known<'k> {
    pub registry: &'k Registry,
    pub upstreams: &'k KnownUpstreams<'k>,
    pub groups: &'k NamedItems<Models>,
    /// The models of a group with the rules that hold at an upstream, by the names of both.
    models_at: RefCell<HashMap<(String, String), Arc<Models>>>,
}

impl<'k> Known<'k> {
    /// Returns the items of a table.
    pub fn new(registry: &'k Registry, upstreams: &'k KnownUpstreams<'k>, groups: &'k NamedItems<Models>) -> Self {
        Known { registry, upstreams, groups, models_at: RefCell::default() }
    }

    /// Returns a group with the rules that hold at an upstream. They are merged once: many rows have the same group and upstream.
    fn models_at(&self, name: &str, group: &Arc<Models>, upstream: &str) -> Arc<Models> {
        let mut known = self.models_at.borrow_mut();
        known.entry((name.to_owned(), upstream.to_owned())).or_insert_with(|| group.at(upstream)).clone()
    }
}

/// Compiles a row; `None` when it has no valid path.
pub fn compile<'w>(
    row: &'w raw::Route<'_>,
    known: &Known<'_>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Compiled<'w>> {
    let called = row.called.as_str();
    let enabled = options::is_enabled(row, source, variables);
    let only_off = !enabled && !row.has_action;
    if enabled && options::is_only_a_switch(row) {
        useless(row, "on a row that only takes another out", source);
        return None;
    }
    let action = action(row, known, only_off, source);
    let is_call = row.transformer.is_some() && row.reply.is_none();
    let usual = if row.reply.is_some() { &[Method::GET][..] } else { &[Method::POST] };
    // A row that only removes others and names no method removes them for all methods.
    let methods = methods(row, if only_off { METHODS } else { usual }, source);
    let request = row.request.as_ref().and_then(|request| request::value(called, "the request", request, source));
    if is_call && request.is_none() && row.request.is_none() && methods.contains(&Method::GET) {
        let path = row.method.as_ref().map_or(&row.start, |method| &method.path);
        let message = format!("{called}: a GET request has no body, and the route has none for it");
        source.warn(path, message, Some("add `request: {…}`, or take GET out".to_owned()));
    }
    let (path, pattern) = path(row, source)?;
    let base_path = match &action {
        Some(Action::Call(Entry { client_suffix: Some(suffix), .. }, ..)) => {
            path.value.strip_suffix(suffix).map(str::to_owned)
        }
        _ => None,
    };
    images::useless(row, action.as_ref(), source);
    let options = Options { callers: callers::compile(row, action.as_ref(), source), ..options::compile(row, source) };
    let about = row.options.about.as_deref();
    let request = request.map(|request| Bytes::from(request.to_string())).unwrap_or_default();
    Some(Compiled { called, path, pattern, methods, action, request, options, about, enabled, only_off, base_path })
}

/// Returns the action of a row; `None` when it is wrong, or when the row only removes others.
fn action(row: &raw::Route<'_>, known: &Known<'_>, only_off: bool, source: &mut Source<'_>) -> Option<Action> {
    let called = row.called.as_str();
    match (&row.transformer, &row.reply) {
        _ if only_off => {
            useless(row, "on a row that only takes another out", source);
            None
        }
        (Some(name), None) => call(row, name, known, source),
        (None, Some(written)) => reply(row, written, known, source),
        (Some(_), Some(reply)) => {
            let message = format!("{called}: it has a transformer and a reply");
            source.error(reply.path(), message, Some("keep one of the two".to_owned()));
            None
        }
        (None, None) if row.has_action => None,
        (None, None) => {
            let help = "name a `transformer` with `upstream` and `models`, or a `reply`".to_owned();
            source.error(&row.start, format!("{called}: it needs a transformer or a reply"), Some(help));
            None
        }
    }
}

/// Returns the path of a row, with its pattern where it has parameters; `None` when no request can have it.
fn path<'w>(row: &'w raw::Route<'_>, source: &mut Source<'_>) -> Option<(&'w At<String>, Option<Pattern>)> {
    let (called, path) = (row.called.as_str(), row.path.as_ref()?);
    let pattern = match Pattern::parse(&path.value) {
        Ok(pattern) => pattern,
        Err(message) => {
            source.error(&path.path, format!("{called}: {message}"), None);
            return None;
        }
    };
    if path.value.len() > 1 && path.value.ends_with('/') {
        let message = format!("{called}: a path that ends with a slash is never matched");
        let help = "leave the final slash out: one at the end of a request is overlooked".to_owned();
        source.error(&path.path, message, Some(help));
        return None;
    }
    Some((path, pattern))
}

/// Reports keys that only calls have.
fn useless(row: &raw::Route<'_>, here: &str, source: &mut Source<'_>) {
    for (key, path) in &row.call_keys {
        let message = format!("{}: '{key}' does nothing {here}", row.called);
        source.error(path, message, Some("remove it".to_owned()));
    }
}

fn reply(row: &raw::Route<'_>, written: &Reply<'_>, known: &Known<'_>, source: &mut Source<'_>) -> Option<Action> {
    useless(row, "beside a reply", source);
    let name = match written {
        Reply::Named(name) => name,
        Reply::Fixed(fixed) => return fixed_reply::compile(row, fixed, source).map(Action::Fixed),
    };
    let known = known.registry.replies.iter().map(|entry| (entry.name, entry));
    named(row, "reply", "replies", name, known, source).map(Action::Reply)
}

fn call(row: &raw::Route<'_>, name: &At<String>, known: &Known<'_>, source: &mut Source<'_>) -> Option<Action> {
    let called = &row.called;
    let Known { registry, upstreams, groups, .. } = known;
    let entries = registry.transformers.iter().map(|entry| (entry.name, entry));
    let entry = named(row, "transformer", "transformers", name, entries, source);
    for key in ["upstream", "models"] {
        if !row.call_keys.iter().any(|(there, _)| *there == key) {
            let message = format!("{called}: a transformer needs '{key}' too");
            source.error(&name.path, message, Some(format!("add `{key}: …`")));
        }
    }
    let chosen = row.upstreams.as_ref().and_then(|names| served::resolve(called, names, upstreams, source));
    let group = row.models.as_ref().and_then(|name| resolve(called, "group", name, groups, source));
    if let Some(group) = &group {
        own_model(row, group, source);
    }
    // Return only now, so that one run reports all unknown names of the row.
    let (entry, upstreams, group, group_name) = (entry?, chosen?, group?, &row.models.as_ref()?.value);
    served::report(row, &upstreams, &group, source);
    let counting = row.usage.as_ref().map(|usage| usage.value).unwrap_or_default();
    let most_choices = row.most_choices.unwrap_or(MOST_CHOICES);
    let wired = |upstream: &Arc<Upstream>| WiredUpstream {
        name: upstream.name.as_str().into(),
        dialect: upstream.dialect,
        streams: upstream.stream.is_some(),
        serves: upstream.serves.clone(),
        models: known.models_at(group_name, &group, &upstream.name),
    };
    let wiring =
        Wiring { upstreams: upstreams.iter().map(wired).collect(), models: group.clone(), counting, most_choices };
    let is_refused = row.with.is_none() && row.call_keys.iter().any(|(key, _)| *key == "with");
    let mut settings =
        RowSettings::new((entry.name, entry.keys), row.with.as_ref(), is_refused, called, &name.path, source);
    let built = (entry.build)(wiring, &mut settings);
    settings.finish();
    match built {
        Ok(transformer) => Some(Action::Call(entry, upstreams, group, transformer)),
        Err(Unfit::Setting) => None,
        Err(Unfit::Upstream(why)) => {
            let message = format!("{called}: '{}' does not fit {why}", entry.name);
            source.error(&name.path, message, Some("choose another transformer or another upstream".to_owned()));
            None
        }
    }
}

/// Reports a fixed request whose model is not in the row's group: every call would be refused.
fn own_model(row: &raw::Route<'_>, group: &Models, source: &mut Source<'_>) {
    let own = [("the request", &row.request), ("'set'", &row.options.set), ("'default'", &row.options.default)];
    for (what, fields) in own {
        let Some(At { value: Node::Map(entries), path }) = fields.as_ref() else { continue };
        for (index, entry) in entries.iter().enumerate() {
            if let (Node::Text(key), Node::Text(model)) = entry
                && key == "model"
                && group.choose(Some(model)).is_err()
            {
                let near = group.near(model).first().map(|near| format!("did you mean '{near}'?"));
                let message = format!("{}: {what} names the model '{model}', which its group lacks", row.called);
                source.warn(&[path.as_slice(), &[PathStep::Value(index)]].concat(), message, near);
            }
        }
    }
}

fn named<'k, T>(
    row: &raw::Route<'_>,
    what: &str,
    plural: &str,
    name: &At<String>,
    known: impl Iterator<Item = (&'k str, T)> + Clone,
    source: &mut Source<'_>,
) -> Option<T> {
    lookup(&name.value, plural, known)
        .map_err(|help| {
            source.error(&name.path, format!("{}: no {what} is named '{}'", row.called, name.value), Some(help));
        })
        .ok()
}

fn methods(row: &raw::Route<'_>, usual: &[Method], source: &mut Source<'_>) -> Vec<Method> {
    let called = &row.called;
    let Some(given) = &row.method else { return usual.to_vec() };
    let mut methods: Vec<Method> = Vec::new();
    if given.value.is_empty() {
        source.error(&given.path, format!("{called}: it takes no method"), Some("name one, such as POST".to_owned()));
    }
    for name in &given.value {
        let upper = name.value.to_ascii_uppercase();
        let twice = methods.iter().any(|known| known.as_str() == upper);
        match upper.as_str() {
            _ if twice => {
                source.warn(&name.path, format!("{called}: {upper} stands twice"), Some("remove it".to_owned()));
            }
            known if METHODS.iter().any(|method| method == known) => methods.extend(upper.parse::<Method>()),
            "HEAD" | "OPTIONS" => {
                let message = format!("{called}: {upper} is answered on every route");
                source.error(&name.path, message, Some("remove it".to_owned()));
            }
            _ => {
                let message = format!("{called}: '{}' is no method", name.value);
                let help = "expected GET, POST, PUT, PATCH or DELETE".to_owned();
                source.error(&name.path, message, Some(help));
            }
        }
    }
    methods
}
