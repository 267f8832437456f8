//! Groups of models: names that clients can ask for, ids that ARGO can know, and the rules merged for each id.

use super::super::written::{Group, Rule};
use super::{Named, has_white_space};
use crate::models::{Matched, Model, Models, Rules, Shown};
use crate::yaml::{At, Source, lookup};
use std::collections::HashMap;
use std::sync::Arc;

/// Compiles all groups.
pub fn compile(written: Option<&[Group]>, source: &mut Source<'_>) -> Named<Models> {
    Some(written?.iter().map(|row| (row.name.value.clone(), Some(Arc::new(group(row, source))))).collect())
}

fn group(row: &Group, source: &mut Source<'_>) -> Models {
    let name = &row.name.value;
    if let (Some(at), true) = (&row.names_at, row.names.is_empty()) {
        let message = format!("models.{name}.names: the group has no models");
        source.error(at, message, Some("add a name with ARGO's id, or remove the group".to_owned()));
    }
    names(row, source);
    for rule in &row.rules {
        check(rule, row, source);
    }
    let mut by_id: HashMap<&str, Arc<Rules>> = HashMap::new();
    let mut list = Vec::new();
    for (alias, id) in &row.names {
        let rules = by_id.entry(&id.value).or_insert_with(|| Arc::new(merge(&row.rules, &id.value))).clone();
        list.push(Model { name: alias.value.clone(), id: id.value.clone(), rules });
    }
    let known = list.iter().enumerate().map(|(index, model)| (model.name.as_str(), index));
    let written = row.default.as_ref().filter(|_| !row.names.is_empty());
    let default = written.and_then(|default| match lookup(&default.value, "names", known) {
        Ok(index) => Some(index),
        Err(help) => {
            let by_id = row.names.iter().find(|(_, id)| id.value == default.value);
            let help = by_id.map_or(help, |(alias, _)| format!("that is an id; write its name '{}'", alias.value));
            let message = format!("models.{name}.default: no model is named '{}'", default.value);
            source.error(&default.path, message, Some(help));
            None
        }
    });
    let shown = Shown { owned_by: row.owned_by.clone().unwrap_or_default(), created: row.created.unwrap_or_default() };
    Models::new(list, default, shown)
}

/// Names are found in any case, so that two which differ only in that are one; ids go into JSON and URLs as they are.
fn names(row: &Group, source: &mut Source<'_>) {
    let mut seen: HashMap<String, &At<String>> = HashMap::new();
    let group = &row.name.value;
    for (alias, id) in &row.names {
        for (what, text) in [("name", alias), ("id", id)] {
            if text.value.is_empty() || has_white_space(&text.value) {
                let why = if text.value.is_empty() { "is empty" } else { "has white space in it" };
                let message = format!("models.{group}.names: the {what} {:?} {why}", text.value);
                source.error(&text.path, message, Some(format!("write the {what} without spaces")));
            }
        }
        if let Some(first) = seen.insert(alias.value.to_lowercase(), alias) {
            let line = source.line(&first.path).unwrap_or_default();
            let message = format!(
                "models.{group}.names: '{}' is '{}' of line {line} again: case does not count",
                alias.value, first.value
            );
            source.error(&alias.path, message, Some("keep one of the two".to_owned()));
        }
    }
}

fn check(rule: &Rule, group: &Group, source: &mut Source<'_>) {
    let called = &rule.called;
    for pattern in &rule.matches {
        if !group.names.is_empty() && !group.names.iter().any(|(_, id)| glob(&pattern.value, &id.value)) {
            let ids = group.names.iter().map(|(_, id)| (id.value.as_str(), ()));
            let alias = group.names.iter().find(|(alias, _)| alias.value == pattern.value);
            let help = match alias {
                Some((_, id)) => format!("rules match ARGO's ids; write '{}'", id.value),
                None => lookup(&pattern.value, "ids", ids).err().unwrap_or_default(),
            };
            let message = format!("{called}.match: '{}' matches no id of the group", pattern.value);
            source.warn(&pattern.path, message, Some(help));
        }
    }
    if rule.only_matches {
        source.warn(&rule.path, format!("{called}: it changes nothing"), Some("say what is different".to_owned()));
    }
    for (from, to) in &rule.rename {
        if from.value == to.value {
            let message = format!("{called}.rename: '{}' is renamed to itself", from.value);
            source.warn(&to.path, message, Some("remove it".to_owned()));
        }
        if let Some(dropped) = rule.drop.iter().find(|dropped| dropped.value == from.value) {
            let message = format!("{called}.drop: '{}' is dropped before it could be renamed", from.value);
            source.warn(&dropped.path, message, Some("keep one of the two".to_owned()));
        }
    }
}

/// All rules that match an id, later ones over earlier ones.
fn merge(written: &[Rule], id: &str) -> Rules {
    let mut rules = Rules::default();
    for rule in written.iter().filter(|rule| rule.matches.iter().any(|pattern| glob(&pattern.value, id))) {
        add(&mut rules, rule);
        let mut says = Rules::default();
        add(&mut says, rule);
        let pattern: Vec<&str> = rule.matches.iter().map(|pattern| pattern.value.as_str()).collect();
        rules.matched.push(Matched { place: rule.called.clone(), pattern: pattern.join(", "), says });
    }
    rules
}

/// Lays one rule over others.
fn add(rules: &mut Rules, rule: &Rule) {
    rules.system_role = rule.system_role.unwrap_or(rules.system_role);
    rules.rename.extend(rule.rename.iter().map(|(from, to)| (from.value.clone(), to.value.clone())));
    rules.drop.extend(rule.drop.iter().map(|name| name.value.clone()));
    rules.tokenizer = rule.tokenizer.or(rules.tokenizer);
    rules.tools = rule.tools.or(rules.tools);
    rules.dimensions = rule.dimensions.or(rules.dimensions);
    rules.can_shorten = rule.can_shorten.or(rules.can_shorten);
    rules.max_input_tokens = rule.max_input_tokens.or(rules.max_input_tokens);
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(before) else { return false };
    let mut parts = after.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
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
            ("a*b*c", "axbxbxc", true),
            ("a*bc*c", "abc", false),
            ("ab*ba", "aba", false),
            ("***", "abc", true),
            ("abc", "abc", true),
            ("ab", "abc", false),
            ("a*é*c", "xéc", false),
            ("*é*", "xéc", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
