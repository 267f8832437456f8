//! Adds, renews and removes rows of `callers.yaml`, and leaves every other byte unchanged.
//!
//! A YAML list has many forms. So each edit is read back, and is accepted only if it gives exactly the wanted rows.

use super::list::{CallerRow, Callers};
use crate::access::{Hash, Limits, Username};
use crate::diagnostics::Place;
use crate::yaml::node::{Node, parse};
use std::ops::Range;

/// The maximum length of a name, in bytes.
const LONGEST: usize = 64;
/// How the file begins its list, and what follows where nobody is in it.
const KEY: &str = "callers:";
const EMPTY: &str = " []";
const ODD_LIST: &str = "its list is not written in lines that begin with `-`; write it so";

/// A caller to be added.
pub struct NewCaller<'a> {
    /// The name.
    pub name: &'a str,
    /// The hash of the key.
    pub hash: &'a Hash,
    /// The username for calls to ARGO; `None`: the configuration's user.
    pub user: Option<&'a Username>,
    /// The routes that the caller may use; empty: all.
    pub routes: &'a [String],
    /// The models that the caller may use; empty: all.
    pub models: &'a [String],
    /// The caller's limits.
    pub limits: Limits,
    /// True if the caller may see what becomes of everybody's requests.
    pub watch: bool,
}

/// Refuses names that could be misread in logs, metrics and patterns.
///
/// # Errors
/// A sentence about what is wrong with the name.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    if name.bytes().all(plain) && (1..=LONGEST).contains(&name.len()) {
        return Ok(());
    }
    Err(format!("expected a name of letters, digits and . _ - @, at most {LONGEST} of them"))
}

/// Returns the text with one more row. `None` starts a new file.
///
/// # Errors
/// The name exists already, the text or the new row has mistakes, or no row can be appended to the list in its form.
pub fn add(text: Option<&str>, caller: &NewCaller<'_>) -> Result<String, String> {
    let name = caller.name;
    check_name(name)?;
    let mut wanted = text.map(read).transpose()?.unwrap_or_default();
    if wanted.iter().any(|row| row.name == name) {
        return Err(format!("'{name}' is there already; take another name, or give a new key: key rotate {name}"));
    }
    let alone = format!("callers:\n{}", row(caller, ""));
    let (alone, _) = Callers::read("", &alone)
        .map_err(|problems| problems.into_iter().next().map_or_else(String::new, |problem| problem.message))?;
    wanted.extend(alone.rows);
    let mut out = text.unwrap_or_default().to_owned();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    match key_line(&out) {
        None => out.push_str(&format!("{KEY}\n")),
        Some(start) => {
            let after = start + KEY.len();
            if out.get(after..).is_some_and(|rest| rest.starts_with(EMPTY)) {
                out.replace_range(after..after + EMPTY.len(), "");
            }
        }
    }
    let indent = " ".repeat(dash_column(&out).unwrap_or(2));
    out.push_str(&row(caller, &indent));
    holding(out, &wanted)
}

/// Returns the text without the row of that name. Comments between rows stay.
///
/// # Errors
/// There is no such row, the text has mistakes, or the rows cannot be told apart in their form.
pub fn remove(text: &str, name: &str) -> Result<String, String> {
    let mut wanted = read(text)?;
    let index = position(&wanted, name)?;
    let lines = row_lines(text);
    if lines.len() != wanted.len() {
        return Err(ODD_LIST.to_owned());
    }
    wanted.remove(index);
    let mut out = text.to_owned();
    if let Some(lines) = lines.get(index) {
        out.replace_range(lines.clone(), "");
    }
    if let (true, Some(start)) = (wanted.is_empty(), key_line(&out)) {
        out.insert_str(start + KEY.len(), EMPTY);
    }
    holding(out, &wanted)
}

/// Returns the text with another key for the row of that name.
///
/// # Errors
/// There is no such row, the text has mistakes, or the old hash does not stand there as it is.
pub fn rotate(text: &str, name: &str, hash: &Hash) -> Result<String, String> {
    let mut wanted = read(text)?;
    let index = position(&wanted, name)?;
    let Some(row) = wanted.get_mut(index) else { return Err(unknown(name)) };
    let old = std::mem::replace(&mut row.hash, *hash).to_string();
    // A comment may repeat the hash, so each place is tried.
    let lower = text.to_ascii_lowercase();
    let mut places = lower.match_indices(&old).map(|(start, _)| {
        let mut out = text.to_owned();
        out.replace_range(start..start + old.len(), &hash.to_string());
        holding(out, &wanted)
    });
    places
        .find(Result::is_ok)
        .unwrap_or_else(|| Err("its key_sha256 is not written as 64 digits; write it so".to_owned()))
}

fn read(text: &str) -> Result<Vec<CallerRow>, String> {
    let (callers, _) = Callers::read("", text).map_err(|_| "it has mistakes; see: argo-openai-proxy check")?;
    Ok(callers.rows)
}

fn position(rows: &[CallerRow], name: &str) -> Result<usize, String> {
    rows.iter().position(|row| row.name == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("nobody is named '{name}'; see: argo-openai-proxy key list")
}

/// Returns the text if it gives these rows.
fn holding(text: String, wanted: &[CallerRow]) -> Result<String, String> {
    match Callers::read("", &text) {
        Ok((after, _)) if after.rows.iter().map(facts).eq(wanted.iter().map(facts)) => Ok(text),
        _ => Err(ODD_LIST.to_owned()),
    }
}

type PatternList<'a> = Option<Vec<&'a str>>;

/// Returns all that a row says, without the places.
fn facts(row: &CallerRow) -> (&str, Hash, Option<&Username>, [PatternList<'_>; 2], Limits, [bool; 2]) {
    let CallerRow { name, hash, user, routes, models, limits, watch, enabled } = row;
    (name, *hash, user.as_ref(), [patterns(routes), patterns(models)], *limits, [*watch, *enabled])
}

fn patterns(list: &Option<Vec<(String, Place)>>) -> PatternList<'_> {
    list.as_ref().map(|list| list.iter().map(|(pattern, _)| pattern.as_str()).collect())
}

/// Returns the lines of a new row.
fn row(caller: &NewCaller<'_>, indent: &str) -> String {
    let mut lines = vec![format!("- name: {}", scalar(caller.name))];
    lines.extend(caller.user.map(|user| format!("  user: {}", scalar(user.as_str()))));
    lines.push(format!("  key_sha256: \"{}\"", caller.hash));
    for (key, patterns) in [("routes", caller.routes), ("models", caller.models)] {
        // A JSON string is YAML, whatever it holds.
        let quoted: Vec<String> = patterns.iter().filter_map(|pattern| serde_json::to_string(pattern).ok()).collect();
        if !quoted.is_empty() {
            lines.push(format!("  {key}: [{}]", quoted.join(", ")));
        }
    }
    if caller.watch {
        lines.push("  watch: true".to_owned());
    }
    let limits: Vec<String> =
        caller.limits.named().into_iter().filter_map(|(key, limit)| Some(format!("{key}: {}", limit?))).collect();
    if !limits.is_empty() {
        lines.push(format!("  limits: {{ {} }}", limits.join(", ")));
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// Returns where the line begins that has the list's key.
fn key_line(text: &str) -> Option<usize> {
    if text.starts_with(KEY) { Some(0) } else { text.find(&format!("\n{KEY}")).map(|end| end + 1) }
}

/// Returns the bytes of each row's lines, from its dash to the end of its last line. Blank lines and comments after it are not
/// its own.
fn row_lines(text: &str) -> Vec<Range<usize>> {
    let column = dash_column(text).unwrap_or_default();
    let mut rows: Vec<Range<usize>> = Vec::new();
    let mut end = 0;
    let mut in_list = false;
    for line in text.split_inclusive('\n') {
        let start = end;
        end += line.len();
        let words = line.trim_start_matches(' ');
        let indent = line.len() - words.len();
        if !in_list {
            in_list = line.starts_with(KEY);
            continue;
        }
        if words.trim().is_empty() || words.starts_with('#') {
            continue;
        }
        if indent == column && is_dash(words) {
            rows.push(start..end);
        } else if indent <= column {
            break;
        } else if let Some(row) = rows.last_mut() {
            row.end = end;
        }
    }
    rows
}

/// Returns the indentation of the list's rows.
fn dash_column(text: &str) -> Option<usize> {
    let rows = text.lines().skip_while(|line| !line.starts_with(KEY)).skip(1);
    rows.map(|line| (line.len() - line.trim_start_matches(' ').len(), line.trim_start_matches(' ')))
        .find(|(_, line)| is_dash(line))
        .map(|(column, _)| column)
}

fn is_dash(line: &str) -> bool {
    line.trim_end() == "-" || line.starts_with("- ")
}

/// Returns a name as YAML, quoted where YAML would read it as something other than text.
fn scalar(name: &str) -> String {
    match parse(name) {
        Ok(Node::Text(text)) if text == name => name.to_owned(),
        _ => format!("\"{name}\""),
    }
}

#[cfg(test)]
mod tests;
