//! Compiles the names of a group: plain names, patterns, and which names are hidden or deprecated.

use crate::models::NamePattern;
use crate::models::glob::{Mistake, fits};
use crate::table::raw::Group;
use crate::yaml::{At, Source, did_you_mean};
use std::collections::HashMap;

/// A name without `*`, and its id.
pub struct NameRow<'w> {
    pub name: &'w At<String>,
    pub id: &'w At<String>,
}

/// A name that a group has from a list alone.
pub struct ListedRow {
    pub name: String,
    pub id: String,
    /// The URL of the list.
    pub from: String,
    /// True for every name of a model but the first.
    pub hidden: bool,
    /// True if the list had it once, and has it no longer.
    pub gone: bool,
}

/// Compiles names and patterns, in their order. Two names that differ only in case are duplicates. Ids go into JSON and
/// URLs unchanged.
pub fn compile<'w>(row: &'w Group, source: &mut Source<'_>) -> (Vec<NameRow<'w>>, Vec<NamePattern>) {
    let (mut named, mut patterns): (Vec<NameRow<'_>>, Vec<(NamePattern, &At<String>)>) = Default::default();
    let mut seen: HashMap<String, &At<String>> = HashMap::new();
    let group = &row.name.value;
    for (name, id) in &row.names {
        for (what, text) in [("name", name), ("id", id)] {
            if text.value.is_empty() || has_white_space(&text.value) {
                let why = if text.value.is_empty() { "is empty" } else { "has white space in it" };
                let message = format!("models.{group}.names: the {what} {:?} {why}", text.value);
                source.error(&text.path, message, Some(format!("write the {what} without spaces")));
            }
        }
        if let Some(first) = seen.insert(name.value.to_lowercase(), name) {
            let line = source.line_seen_from(&first.path, &name.path);
            let message = format!(
                "models.{group}.names: '{}' is '{}' of {line} again: case does not count",
                name.value, first.value
            );
            source.error(&name.path, message, Some("keep one of the two".to_owned()));
        }
        if !name.value.contains('*') && !id.value.contains('*') {
            named.push(NameRow { name, id });
        } else if let Some(pattern) = pattern(group, name, id, source) {
            // The first pattern that fits a name wins, so a narrower one behind it is never reached.
            if let Some((wider, first)) = patterns.iter().find(|(wider, _)| wider.covers(&pattern)) {
                let line = source.line_seen_from(&first.path, &name.path);
                let message = format!(
                    "models.{group}.names: '{}' takes no name, since '{}' of {line} goes before",
                    name.value, wider.pattern
                );
                source.warn(&name.path, message, Some("put the narrower pattern first".to_owned()));
            }
            patterns.push((pattern, name));
        }
    }
    (named, patterns.into_iter().map(|(pattern, _)| pattern).collect())
}

fn pattern(group: &str, name: &At<String>, id: &At<String>, source: &mut Source<'_>) -> Option<NamePattern> {
    let (at, what, help) = match NamePattern::parse(&name.value, &id.value) {
        Ok(mut pattern) => {
            pattern.from = source.file_and_line(&name.path);
            return Some(pattern);
        }
        Err(Mistake::NoStar) => (id, "has a star, and its name has none", "put a star into the name, too"),
        Err(Mistake::Stars) => (name, "has several stars", "a pattern of names has one star"),
        Err(Mistake::IdStars) => (id, "has several stars", "put in one star, for what the star of the name stands for"),
    };
    source.error(&at.path, format!("models.{group}.names: '{}' {what}", at.value), Some(help.to_owned()));
    None
}

/// Returns the globs of `hidden` or `deprecated`, and reports globs that match no name of the files or of a list. A group with
/// patterns takes names that are not known here.
pub fn chosen(
    row: &Group,
    key: &str,
    globs: &[At<String>],
    named: &[NameRow<'_>],
    listed: &[ListedRow],
    source: &mut Source<'_>,
) -> Vec<String> {
    let taken = |name: &str| row.names.iter().any(|(known, _)| known.value.contains('*') && fits(&known.value, name));
    for glob in globs {
        let is_hope = key == "deprecated" && (taken(&glob.value) || glob.value.contains('*') && row.has_patterns());
        let mut names = named.iter().map(|row| &row.name.value).chain(listed.iter().map(|row| &row.name));
        if named.is_empty() || is_hope || names.any(|name| fits(&glob.value, name)) {
            continue;
        }
        let by_id = named.iter().find(|row| row.id.value == glob.value);
        let help = match by_id {
            Some(row) => format!("that is an id; write its name '{}'", row.name.value),
            None if key == "hidden" && taken(&glob.value) => {
                "remove it: names of a pattern are never listed".to_owned()
            }
            None => did_you_mean(&glob.value, "names", named.iter().map(|row| row.name.value.as_str())),
        };
        let message = format!("models.{}.{key}: '{}' is no name of the group", row.name.value, glob.value);
        source.warn(&glob.path, message, Some(help));
    }
    globs.iter().map(|glob| glob.value.clone()).collect()
}

/// Returns true if one of the globs matches a name.
pub fn is_among(globs: &[String], name: &str) -> bool {
    globs.iter().any(|glob| fits(glob, name))
}

/// Returns true for a text with white space, which a request line and a name cannot hold without quoting.
fn has_white_space(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}
