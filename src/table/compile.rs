//! Turns the table as written into the table that serves, collecting every problem on the way.

use super::path::Pattern;
use super::raw::{RawGroup, RawRoute, RawRule, RawTable, RawUpstream};
use super::vars::Variables;
use super::{Endpoint, Route, Table, Upstream};
use crate::dialect::DIALECTS;
use crate::models::{Matched, Model, Models, Rules, Shown};
use crate::problem::{Place, Problem};
use crate::transform::local::{Catalog, Row};
use crate::transform::{Entry, REPLIES, TRANSFORMERS, Transformer, Wiring};
use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use std::collections::HashMap;
use std::sync::Arc;

/// The version of the table's format.
const VERSION: u32 = 1;

/// Compiles a table.
pub fn compile(file: &str, raw: RawTable, variables: &Variables<'_>) -> Result<Table, Vec<Problem>> {
    let mut problems = Problems { file, list: Vec::new() };
    if raw.version != VERSION {
        problems.add(format!("version is {}; this program reads version {VERSION}", raw.version));
    }
    let upstreams = upstreams(&raw.upstreams.0, variables, &mut problems);
    let groups = groups(&raw.models.0, &mut problems);
    let mut rows: Vec<Compiled> = Vec::new();
    for (index, route) in raw.routes.iter().enumerate() {
        let place = format!("routes[{index}] ({})", route.path);
        rows.extend(compile_route(&place, route, &upstreams, &groups, &mut problems));
    }
    let catalog = Arc::new(Catalog {
        groups: groups.iter().map(|(_, group)| group.clone()).collect(),
        base_path: rows.iter().find_map(|row| row.base_path.clone()),
        routes: rows
            .iter()
            .map(|row| Row { methods: row.methods.clone(), path: row.path.clone(), about: row.action.about() })
            .collect(),
    });
    let table = index(rows, catalog, upstreams.into_iter().map(|(_, upstream)| upstream).collect(), &mut problems);
    if problems.list.is_empty() { Ok(table) } else { Err(problems.list) }
}

struct Problems<'a> {
    file: &'a str,
    list: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, message: impl Into<String>) {
        self.list.push(Problem::new(Place::File(self.file.to_owned()), message, None));
    }

    /// Keeps the value, or the problem under its place.
    fn keep<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(format!("{place}: {message}"))).ok()
    }
}

/// `name` among `known`, or an error that names near ones.
fn lookup<'a, T>(what: &str, name: &str, known: impl Iterator<Item = (&'a str, T)>) -> Result<T, String> {
    let mut best: Option<(f64, &str)> = None;
    let mut all = Vec::new();
    for (candidate, value) in known {
        if candidate == name {
            return Ok(value);
        }
        let score = strsim::jaro_winkler(candidate, name);
        if score > 0.8 && best.is_none_or(|(other, _)| score > other) {
            best = Some((score, candidate));
        }
        all.push(candidate);
    }
    Err(match best {
        Some((_, near)) => format!("no {what} is named '{name}'; did you mean '{near}'?"),
        None => format!("no {what} is named '{name}'; there are: {}", all.join(", ")),
    })
}

fn upstreams(
    raw: &[(String, RawUpstream)],
    variables: &Variables<'_>,
    problems: &mut Problems<'_>,
) -> Vec<(String, Arc<Upstream>)> {
    let mut list = Vec::new();
    for (number, (name, raw)) in (1..).zip(raw) {
        let place = format!("upstreams.{name}");
        let whole = problems.keep(&place, endpoint(&format!("{place}.url"), &raw.url, variables));
        let stream = raw.stream_url.as_ref().map(|url| endpoint(&format!("{place}.stream_url"), url, variables));
        let stream = stream.map(|stream| problems.keep(&place, stream));
        let known = DIALECTS.iter().map(|(name, dialect, _)| (*name, *dialect));
        let dialect = problems.keep(&place, lookup("dialect", &raw.dialect, known));
        if let (Some(whole), Some(dialect)) = (whole, dialect) {
            let (whole, stream) = (Arc::new(whole), stream.flatten().map(Arc::new));
            list.push((name.clone(), Arc::new(Upstream { name: name.clone(), number, whole, stream, dialect })));
        }
    }
    list
}

fn endpoint(place: &str, text: &str, variables: &Variables<'_>) -> Result<Endpoint, String> {
    let expanded = variables.expand(text)?;
    let url = expanded.text;
    let wrong = |why: &str| format!("'{url}' is no URL that can be called: {why}");
    let uri: Uri = url.parse().map_err(|e| wrong(&format!("{e}")))?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong("it must begin with http:// or https://")),
    };
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it must not hold a user or password"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    Ok(Endpoint {
        tls,
        port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        authority: HeaderValue::from_str(authority.as_str()).map_err(|e| wrong(&e.to_string()))?,
        path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        setting: expanded.from.unwrap_or_else(|| place.to_owned()),
        host,
        url,
    })
}

fn groups(raw: &[(String, RawGroup)], problems: &mut Problems<'_>) -> Vec<(String, Arc<Models>)> {
    raw.iter().map(|(name, raw)| (name.clone(), Arc::new(group(name, raw, problems)))).collect()
}

fn group(name: &str, raw: &RawGroup, problems: &mut Problems<'_>) -> Models {
    for (index, rule) in raw.rules.iter().enumerate() {
        for pattern in rule.matches.iter() {
            if !raw.names.0.iter().any(|(_, id)| glob(pattern, id)) {
                problems.add(format!("models.{name}.rules[{index}]: '{pattern}' matches no id of the group"));
            }
        }
    }
    let mut by_id: HashMap<&str, Arc<Rules>> = HashMap::new();
    let mut list = Vec::new();
    for (alias, id) in &raw.names.0 {
        let rules = by_id.entry(id).or_insert_with(|| Arc::new(merge(name, &raw.rules, id))).clone();
        list.push(Model { name: alias.clone(), id: id.clone(), rules });
    }
    let known = list.iter().enumerate().map(|(index, model)| (model.name.as_str(), index));
    let default = match &raw.default {
        Some(default) => problems.keep(&format!("models.{name}.default"), lookup("model", default, known)),
        None => None,
    };
    Models::new(list, default, Shown { owned_by: raw.show.owned_by.clone(), created: raw.show.created })
}

/// All rules that match an id, later ones over earlier ones.
fn merge(group: &str, raw: &[RawRule], id: &str) -> Rules {
    let mut rules = Rules::default();
    for (index, rule) in raw.iter().enumerate() {
        if rule.matches.iter().any(|pattern| glob(pattern, id)) {
            add(&mut rules, rule);
            let mut says = Rules::default();
            add(&mut says, rule);
            let pattern = rule.matches.iter().collect::<Vec<_>>().join(", ");
            rules.matched.push(Matched { place: format!("models.{group}.rules[{index}]"), pattern, says });
        }
    }
    rules
}

/// Lays one rule over others.
fn add(rules: &mut Rules, rule: &RawRule) {
    rules.system_role = rule.system_role.unwrap_or(rules.system_role);
    rules.rename.extend(rule.rename.0.iter().cloned());
    rules.drop.extend(rule.drop.iter().cloned());
    rules.tokenizer = rule.tokenizer.or(rules.tokenizer);
    rules.tools = rule.tools.or(rules.tools);
    rules.dimensions = rule.dimensions.or(rules.dimensions);
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| glob(after, rest.get(at..).unwrap_or_default()))
        }),
    }
}

/// A route whose local reply cannot be made before all routes are known.
struct Compiled {
    place: String,
    path: String,
    methods: Vec<Method>,
    action: Action,
    request: Bytes,
    base_path: Option<String>,
}

enum Action {
    Call(&'static Entry, Arc<Upstream>, Arc<dyn Transformer>),
    Reply(&'static crate::transform::local::Entry),
}

impl Action {
    fn about(&self) -> &'static str {
        match self {
            Action::Call(entry, ..) => entry.about,
            Action::Reply(entry) => entry.about,
        }
    }
}

fn compile_route(
    place: &str,
    raw: &RawRoute,
    upstreams: &[(String, Arc<Upstream>)],
    groups: &[(String, Arc<Models>)],
    problems: &mut Problems<'_>,
) -> Option<Compiled> {
    let action = match (&raw.transformer, &raw.reply) {
        (Some(name), None) => call(place, name, raw, upstreams, groups, problems),
        (None, Some(name)) => {
            let known = REPLIES.iter().map(|entry| (entry.name, entry));
            problems.keep(place, lookup("reply", name, known)).map(Action::Reply)
        }
        (Some(_), Some(_)) => problems.keep(place, Err("it has a transformer and a reply; keep one".to_owned())),
        (None, None) => problems.keep(place, Err("it needs a transformer or a reply".to_owned())),
    };
    let local = raw.reply.is_some();
    for (field, given) in [
        ("upstream", raw.upstream.is_some()),
        ("models", raw.models.is_some()),
        ("request", raw.request.is_some()),
        ("usage", raw.usage.is_some()),
    ] {
        if local && given {
            problems.add(format!("{place}: '{field}' does nothing beside a reply; remove it"));
        }
    }
    let methods = methods(place, raw, if local { Method::GET } else { Method::POST }, problems);
    let request = match &raw.request {
        Some(value) => problems.keep(place, json(value)).unwrap_or_default(),
        None => Bytes::new(),
    };
    let action = action?;
    let base_path = match &action {
        Action::Call(entry, ..) => {
            entry.client_suffix.and_then(|suffix| raw.path.strip_suffix(suffix)).map(str::to_owned)
        }
        Action::Reply(_) => None,
    };
    Some(Compiled { place: place.to_owned(), path: raw.path.clone(), methods, action, request, base_path })
}

fn call(
    place: &str,
    name: &str,
    raw: &RawRoute,
    upstreams: &[(String, Arc<Upstream>)],
    groups: &[(String, Arc<Models>)],
    problems: &mut Problems<'_>,
) -> Option<Action> {
    let known = TRANSFORMERS.iter().map(|entry| (entry.name, entry));
    let entry = problems.keep(place, lookup("transformer", name, known));
    let missing = |what: &str| format!("it needs '{what}'");
    let upstream =
        raw.upstream.as_ref().ok_or_else(|| missing("upstream")).and_then(|name| {
            lookup("upstream", name, upstreams.iter().map(|(name, upstream)| (name.as_str(), upstream)))
        });
    let group =
        raw.models.as_ref().ok_or_else(|| missing("models")).and_then(|name| {
            lookup("group of models", name, groups.iter().map(|(name, group)| (name.as_str(), group)))
        });
    let upstream = problems.keep(place, upstream);
    let group = problems.keep(place, group);
    let (entry, upstream, group) = (entry?, upstream?, group?);
    let wiring = Wiring { dialect: upstream.dialect, models: group.clone(), counting: raw.usage.unwrap_or_default() };
    let built = (entry.build)(wiring)
        .map_err(|why| format!("transformer '{name}' does not fit upstream '{}': {why}", upstream.name));
    let transformer = problems.keep(place, built)?;
    Some(Action::Call(entry, upstream.clone(), transformer))
}

fn methods(place: &str, raw: &RawRoute, usual: Method, problems: &mut Problems<'_>) -> Vec<Method> {
    let Some(given) = &raw.method else { return vec![usual] };
    let mut methods = Vec::new();
    for name in given.iter() {
        let upper = name.to_ascii_uppercase();
        match upper.as_str() {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => methods.extend(upper.parse::<Method>()),
            "HEAD" | "OPTIONS" => problems.add(format!("{place}: {upper} is answered on every route; remove it")),
            _ => problems.add(format!("{place}: '{name}' is no method; expected GET, POST, PUT, PATCH or DELETE")),
        }
    }
    methods
}

fn json(value: &serde_yaml::Value) -> Result<Bytes, String> {
    let json: serde_json::Value =
        serde_yaml::from_value(value.clone()).map_err(|e| format!("'request' cannot be written as JSON: {e}"))?;
    if !json.is_object() {
        return Err("'request' must be a mapping".to_owned());
    }
    Ok(Bytes::from(json.to_string()))
}

fn index(
    rows: Vec<Compiled>,
    catalog: Arc<Catalog>,
    upstreams: Vec<Arc<Upstream>>,
    problems: &mut Problems<'_>,
) -> Table {
    let mut table = Table { routes: Vec::new(), exact: HashMap::new(), patterns: Vec::new(), catalog, upstreams };
    let mut taken: HashMap<(String, Method), String> = HashMap::new();
    for row in rows {
        let number = table.routes.len();
        for method in &row.methods {
            if let Some(other) = taken.insert((row.path.clone(), method.clone()), row.place.clone()) {
                problems.add(format!("{}: {method} is already taken by {other}", row.place));
            }
        }
        match problems.keep(&row.place, Pattern::parse(&row.path)) {
            Some(Some(pattern)) => table.patterns.push((pattern, number)),
            Some(None) => table.exact.entry(row.path.clone()).or_default().push(number),
            None => {}
        }
        let (upstream, transformer, does) = match row.action {
            Action::Call(entry, upstream, transformer) => (Some(upstream), transformer, entry.name),
            Action::Reply(entry) => (None, (entry.build)(&table.catalog), entry.name),
        };
        table.routes.push(Arc::new(Route {
            path: row.path,
            methods: row.methods,
            upstream,
            transformer,
            does,
            request: row.request,
            place: row.place,
        }));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_anywhere() {
        for (pattern, text, fits) in [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("*", "", true),
            ("*b*", "abc", true),
            ("a*b", "abc", false),
            ("abc", "abc", true),
            ("ab", "abc", false),
            ("a*é*c", "xéc", false),
            ("*é*", "xéc", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
