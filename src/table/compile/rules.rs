//! Compiles the rules of a group, and reports rules that make no sense.

use super::names::{ListedRow, NameRow};
use super::request;
use super::upstreams::KnownUpstreams;
use crate::models::glob::{fits, fits_in_any_case};
use crate::models::{Cap, Family, Json, NamePattern, Rule, Rules, Structured};
use crate::table::raw::{Group, Rule as Written};
use crate::yaml::{At, Node, Source, lookup};
use serde_json::value::RawValue;
use std::sync::Arc;

/// Fields that this proxy writes itself.
const OWN: [&str; 9] =
    ["user", "model", "messages", "system", "prompt", "input", "stream", "stream_options", "timeout"];

/// Compiles all rules of a group, in order.
pub fn compile(
    group: &Group,
    named: &[NameRow<'_>],
    listed: &[ListedRow],
    patterns: &[NamePattern],
    upstreams: &KnownUpstreams<'_>,
    source: &mut Source<'_>,
) -> Vec<Arc<Rule>> {
    let rules = group.rules.iter().map(|rule| {
        let replaced = group.replaced_ids.iter().map(String::as_str);
        let elsewhere: Vec<&str> = replaced.chain(listed.iter().map(|row| row.id.as_str())).collect();
        matches(rule, &elsewhere, named, patterns, source);
        places(rule, upstreams, source);
        let says = says(rule, source);
        check(rule, &says, source);
        let matches = rule.matches.iter().map(|pattern| pattern.value.clone()).collect();
        let upstreams = rule.upstreams.iter().map(|pattern| pattern.value.clone()).collect();
        Arc::new(Rule { place: source.called(&rule.called, &rule.path), matches, upstreams, says })
    });
    rules.collect()
}

/// Warns about patterns that match no id. The ids that name patterns produce cannot be known here. `elsewhere` are ids that other
/// files and lists have.
fn matches(
    rule: &Written,
    elsewhere: &[&str],
    named: &[NameRow<'_>],
    patterns: &[NamePattern],
    source: &mut Source<'_>,
) {
    if patterns.iter().any(|pattern| pattern.fixed_id().is_none()) {
        return;
    }
    let fixed = patterns.iter().filter_map(NamePattern::fixed_id);
    let ids: Vec<&str> = named.iter().map(|row| row.id.value.as_str()).chain(fixed).collect();
    for pattern in rule.matches.iter().filter(|_| !ids.is_empty()) {
        if ids.iter().chain(elsewhere).any(|id| fits_in_any_case(&pattern.value, id)) {
            continue;
        }
        let help = match named.iter().find(|row| row.name.value == pattern.value) {
            Some(row) => format!("rules match the upstream's ids; write '{}'", row.id.value),
            None => lookup(&pattern.value, "ids", ids.iter().map(|id| (*id, ()))).err().unwrap_or_default(),
        };
        let message = format!("{}.match: '{}' matches no id of the group", rule.called, pattern.value);
        // No error: a site that takes a model out of the table need not hunt for its rules.
        source.warn(&pattern.path, message, Some(help));
    }
}

/// Warns about patterns that match no upstream. One that is off counts.
fn places(rule: &Written, upstreams: &KnownUpstreams<'_>, source: &mut Source<'_>) {
    let Some(named) = &upstreams.named else { return };
    let off = upstreams.off.iter().map(|(name, _)| *name);
    let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).chain(off).collect();
    for pattern in &rule.upstreams {
        if !names.iter().any(|name| fits(&pattern.value, name)) {
            let message = format!("{}.upstream: '{}' matches no upstream", rule.called, pattern.value);
            let help = lookup(&pattern.value, "upstreams", names.iter().map(|name| (*name, ()))).err();
            source.warn(&pattern.path, message, help);
        }
    }
}

fn says(rule: &Written, source: &mut Source<'_>) -> Rules {
    Rules {
        system_role: rule.system_role,
        user_filler: rule.user_filler.as_ref().and_then(|text| filler(rule, text, source)),
        drop: rule.drop.iter().map(|name| name.value.clone()).collect(),
        rename: rule.rename.iter().map(|(from, to)| (from.value.clone(), to.value.clone())).collect(),
        fixed: values(rule, "fixed", &rule.fixed, source),
        only_one_of: rule
            .only_one_of
            .iter()
            .map(|names| names.value.iter().map(|n| n.value.clone()).collect())
            .collect(),
        default: values(rule, "default", &rule.default, source),
        cap: caps(rule, "cap", &rule.cap, source),
        floor: caps(rule, "floor", &rule.floor, source),
        stream_above: caps(rule, "stream_above", &rule.stream_above, source),
        tokenizer: rule.tokenizer,
        tools: rule.tools,
        streaming: rule.streaming,
        structured: rule.structured.as_ref().map(|structured| structured.value),
        thinking: rule.thinking,
        dimensions: rule.dimensions,
        can_shorten: rule.can_shorten,
        max_input_tokens: rule.max_input_tokens,
        most_images: rule.most_images,
        custom_description: rule.custom_description,
        facts: rule.show.clone(),
        matched: Vec::new(),
    }
}

fn raw(text: String) -> Option<Json> {
    RawValue::from_string(text).ok().map(Json::from)
}

fn filler(rule: &Written, text: &At<String>, source: &mut Source<'_>) -> Option<Json> {
    if text.value.trim().is_empty() {
        let message = format!("{}.user_filler: it says nothing", rule.called);
        source.error(&text.path, message, Some("write what the user says, such as \"[continue]\"".to_owned()));
        return None;
    }
    raw(serde_json::Value::from(text.value.as_str()).to_string())
}

fn values(rule: &Written, key: &str, list: &[(At<String>, At<Node>)], source: &mut Source<'_>) -> Vec<(String, Json)> {
    let values = list.iter().filter_map(|(name, node)| {
        let called = format!("{}.{key}", rule.called);
        if node.value == Node::Null {
            let message = format!("{called}.{}: it has no value", name.value);
            let help = "write a value; a parameter that is not to go upstream is named in `drop`".to_owned();
            source.error(&name.path, message, Some(help));
            return None;
        }
        let text = request::text(&called, "the value", &node.value, &node.path, source)?;
        Some((name.value.clone(), raw(text)?))
    });
    values.collect()
}

fn caps(rule: &Written, key: &str, list: &[(At<String>, At<Node>)], source: &mut Source<'_>) -> Vec<(String, Cap)> {
    let caps = list.iter().filter_map(|(name, node)| {
        let called = format!("{}.{key}", rule.called);
        let text = request::text(&called, "the number", &node.value, &node.path, source)?;
        Some((name.value.clone(), Cap { most: text.parse().ok()?, json: raw(text)? }))
    });
    caps.collect()
}

/// Reports settings that make no sense in one rule.
fn check(rule: &Written, says: &Rules, source: &mut Source<'_>) {
    let called = &rule.called;
    if rule.only_matches {
        source.warn(&rule.path, format!("{called}: it changes nothing"), Some("say what is different".to_owned()));
    }
    for (from, to) in &rule.rename {
        if from.value == to.value {
            let message = format!("{called}.rename: '{}' is renamed to itself", from.value);
            source.warn(&to.path, message, Some("remove it".to_owned()));
        }
    }
    if let (Some(At { value: Structured::Tool, path, .. }), Some(Family::None)) = (&rule.structured, rule.tools) {
        let message = format!("{called}.structured: these models take no tools, so that it does nothing");
        source.warn(path, message, Some("write `instruction`, or remove it".to_owned()));
    }
    own_fields(rule, source);
    contradictions(rule, source);
    numbers(rule, says, source);
    for names in &rule.only_one_of {
        if let [] | [_] = names.value.as_slice() {
            let message = format!("{called}.only_one_of: it has fewer than two names");
            source.warn(&names.path, message, Some("name two or more parameters, the one to keep first".to_owned()));
        }
        for (index, name) in names.value.iter().enumerate() {
            if names.value.iter().take(index).any(|first| first.value == name.value) {
                let message = format!("{called}.only_one_of: '{}' stands twice", name.value);
                source.warn(&name.path, message, Some("remove it".to_owned()));
            }
        }
    }
}

/// Reports fields that no rule can change, because the proxy writes them itself.
fn own_fields(rule: &Written, source: &mut Source<'_>) {
    let set = rule.fixed.iter().chain(&rule.default).map(|(name, _)| name);
    let set = set.chain(rule.rename.iter().map(|(_, to)| to));
    for name in set.filter(|name| OWN.contains(&name.value.as_str())) {
        let message = format!("{}: '{}' is written by the proxy itself", rule.called, name.value);
        source.error(&name.path, message, Some("remove it".to_owned()));
    }
    let read = rule.drop.iter().chain(rule.rename.iter().map(|(from, _)| from));
    let read = read.chain(rule.cap.iter().chain(&rule.floor).chain(&rule.stream_above).map(|(name, _)| name));
    let read = read.chain(rule.only_one_of.iter().flat_map(|names| &names.value));
    for name in read.filter(|name| OWN.contains(&name.value.as_str())) {
        let message = format!("{}: '{}' is no parameter that a rule can change", rule.called, name.value);
        source.warn(&name.path, message, Some("remove it".to_owned()));
    }
}

/// Reports parameters with two contradicting settings in one rule.
fn contradictions(rule: &Written, source: &mut Source<'_>) {
    let called = &rule.called;
    let has = |list: &[(At<String>, At<Node>)], name: &At<String>| list.iter().any(|(n, _)| n.value == name.value);
    let mut warn = |at: &At<String>, key: &str, what: &str, help: &str| {
        source.warn(&at.path, format!("{called}.{key}: '{}' {what}", at.value), Some(help.to_owned()));
    };
    for name in &rule.drop {
        if rule.rename.iter().any(|(from, _)| from.value == name.value) {
            warn(name, "drop", "is dropped before it could be renamed", "keep one of the two");
        }
        if has(&rule.fixed, name) {
            warn(name, "drop", "is fixed as well", "keep one of the two: a fixed parameter is always set");
        } else if has(&rule.default, name) {
            warn(name, "drop", "has a default as well", "keep one of the two; to set it always, write it in `fixed`");
        } else if has(&rule.cap, name) || has(&rule.stream_above, name) {
            warn(name, "drop", "has a cap as well", "keep one of the two");
        }
    }
    for (name, _) in rule.default.iter().filter(|(name, _)| has(&rule.fixed, name)) {
        warn(name, "default", "is fixed as well, so that the default does nothing", "keep one of the two");
    }
}

/// Reports values that exceed their own caps.
fn numbers(rule: &Written, says: &Rules, source: &mut Source<'_>) {
    for (key, list, written) in [("fixed", &says.fixed, &rule.fixed), ("default", &says.default, &rule.default)] {
        for (name, value) in list {
            let is_above = |cap: &Cap| cap.is_below(value);
            let above = says.cap.iter().find(|(capped, cap)| capped == name && is_above(cap));
            let at = written.iter().find(|(known, _)| known.value == *name);
            if let (Some((_, cap)), Some((_, at))) = (above, at) {
                let message = format!("{}.{key}.{name}: it is above its cap, {}", rule.called, cap.json.get());
                source.warn(&at.path, message, Some("write the lower of the two".to_owned()));
            }
        }
    }
    for (name, floor) in &says.floor {
        let lower = says.cap.iter().find(|(known, cap)| known == name && cap.most < floor.most);
        let at = rule.floor.iter().find(|(known, _)| known.value == *name);
        if let (Some((_, cap)), Some((_, at))) = (lower, at) {
            let message = format!("{}.floor.{name}: it is above its cap, {}", rule.called, cap.json.get());
            source.warn(&at.path, message, Some("lower it, or raise the cap".to_owned()));
        }
    }
    for (name, whole) in &says.stream_above {
        let lower = says.cap.iter().find(|(known, cap)| known == name && cap.most <= whole.most);
        let at = rule.stream_above.iter().find(|(known, _)| known.value == *name);
        if let (Some(_), Some((_, at))) = (lower, at) {
            let message = format!("{}.stream_above.{name}: it is not below `cap`, and does nothing", rule.called);
            source.warn(&at.path, message, Some("remove it, or lower it".to_owned()));
        }
    }
}
