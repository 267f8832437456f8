//! YAML: keys of the file's first level, and elements of lists on it. The text is changed line by line, then read back: if it does not
//! say what was meant, the file is left to its owner.

use super::names::NAMES;
use crate::yaml::Node;
use crate::yaml::node::parse;

const BY_HAND: &str = "its YAML is laid out in a way that only a person can change safely";

/// Returns the text with the settings in it.
///
/// # Errors
/// It is no YAML, or is laid out in a way that this does not change.
pub fn merged(old: &str, settings: &str, keeps: &[&str]) -> Result<String, String> {
    let read = |text: &str| parse(text).map_err(|fault| format!("it is not YAML: {}", fault.message));
    let (was, sets) = (read(old)?, read(settings)?);
    let mut text = old.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let meant = match (&was, &sets) {
        // Comments alone.
        (Node::Null, _) => {
            text.push_str(settings);
            sets.clone()
        }
        (Node::List(there), Node::List(new)) => {
            text = with_elements(&text, 0, there, &elements(settings, new.len())?, new)?;
            Node::List(together(there, new))
        }
        (Node::Map(there), Node::Map(new)) => {
            let mut meant = there.clone();
            for (key, value) in new {
                let Node::Text(name) = key else { continue };
                let known = meant.iter_mut().find(|(known, _)| known == key);
                text = with_key(&text, name, known.as_ref().map(|(_, value)| value), value, settings, keeps)?;
                match known {
                    Some(_) if keeps.contains(&name.as_str()) => {}
                    Some((_, there)) => *there = over(there, value),
                    None => meant.push((key.clone(), value.clone())),
                }
            }
            Node::Map(meant)
        }
        _ => return Err("it is of another form than expected".to_owned()),
    };
    if read(&text).is_ok_and(|says| says == meant) { Ok(text) } else { Err(BY_HAND.to_owned()) }
}

/// Returns the text with a key of the first level set.
fn with_key(
    text: &str,
    name: &str,
    there: Option<&Node>,
    value: &Node,
    settings: &str,
    keeps: &[&str],
) -> Result<String, String> {
    let own = block(settings, name).ok_or(BY_HAND)?;
    match (there, value) {
        (None, _) => Ok(format!("{text}{}", slice(settings, &own))),
        (Some(_), _) if keeps.contains(&name) => Ok(text.to_owned()),
        (Some(Node::List(there)), Node::List(new)) => {
            let found = block(text, name).ok_or(BY_HAND)?;
            let lines = slice(settings, &own);
            let new_lines = elements(lines.split_once('\n').map_or("", |(_, rest)| rest), new.len())?;
            let (head, rest) = (text.get(..found.start).unwrap_or_default(), text.get(found.end..).unwrap_or_default());
            let body = slice(text, &found);
            let (key, items) = body.split_once('\n').ok_or(BY_HAND)?;
            let indent = items.lines().find(|line| line.trim_start().starts_with('-')).ok_or(BY_HAND)?;
            let indent = indent.len() - indent.trim_start().len();
            Ok(format!("{head}{key}\n{}{rest}", with_elements(items, indent, there, &new_lines, new)?))
        }
        (Some(there), value) if there == value => Ok(text.to_owned()),
        (Some(_), _) => {
            let found = block(text, name).ok_or(BY_HAND)?;
            let (head, rest) = (text.get(..found.start).unwrap_or_default(), text.get(found.end..).unwrap_or_default());
            // A value of several lines would lose its comments.
            if slice(text, &found).trim_end().contains('\n') {
                return Err(BY_HAND.to_owned());
            }
            Ok(format!("{head}{}{rest}", slice(settings, &own)))
        }
    }
}

fn slice<'t>(text: &'t str, range: &std::ops::Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

/// Returns where the lines of a key of the first level are.
fn block(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    let mut range: Option<std::ops::Range<usize>> = None;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let is_key = line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        let is_within = line.starts_with([' ', '\t', '-']) && !line.trim().is_empty();
        match &mut range {
            None if is_key => range = Some(start..end),
            Some(range) if is_within => range.end = end,
            // Lines without content, and comments, may stand between two elements.
            Some(_) if line.trim().is_empty() || line.starts_with('#') => {}
            Some(_) => break,
            None => {}
        }
    }
    range
}

/// Returns the elements of our own list, of a line each, without their indent.
fn elements(settings: &str, count: usize) -> Result<Vec<String>, String> {
    let lines: Vec<String> = settings.lines().map(|line| line.trim_start().to_owned()).collect();
    if lines.len() == count { Ok(lines) } else { Err(BY_HAND.to_owned()) }
}

/// Returns the lines of a list with the new elements in place of those of the same name, or at the end.
fn with_elements(items: &str, indent: usize, there: &[Node], lines: &[String], new: &[Node]) -> Result<String, String> {
    let margin = " ".repeat(indent);
    let start = format!("{margin}-");
    // Each element with the comments after it.
    let mut pieces: Vec<String> = vec![String::new()];
    for line in items.split_inclusive('\n') {
        if line.starts_with(&start) {
            pieces.push(String::new());
        }
        pieces.last_mut().ok_or(BY_HAND)?.push_str(line);
    }
    if pieces.len() != there.len() + 1 {
        return Err(BY_HAND.to_owned());
    }
    for (line, node) in lines.iter().zip(new) {
        match there.iter().position(|old| is_same(old, node)) {
            Some(index) if there.get(index) == Some(node) => {}
            Some(index) => *pieces.get_mut(index + 1).ok_or(BY_HAND)? = format!("{margin}{line}\n"),
            None => pieces.push(format!("{margin}{line}\n")),
        }
    }
    Ok(pieces.concat())
}

fn together(there: &[Node], new: &[Node]) -> Vec<Node> {
    let mut all = there.to_vec();
    for node in new {
        match there.iter().position(|old| is_same(old, node)).and_then(|index| all.get_mut(index)) {
            Some(old) => old.clone_from(node),
            None => all.push(node.clone()),
        }
    }
    all
}

fn over(there: &Node, new: &Node) -> Node {
    match (there, new) {
        (Node::List(there), Node::List(new)) => Node::List(together(there, new)),
        _ => new.clone(),
    }
}

fn is_same(old: &Node, new: &Node) -> bool {
    name(old).is_some_and(|known| name(new) == Some(known))
}

fn name(node: &Node) -> Option<&str> {
    let Node::Map(entries) = node else { return None };
    let of = |key: &&str| {
        let found = entries.iter().find(|(name, _)| matches!(name, Node::Text(name) if name == key));
        found.and_then(|(_, value)| if let Node::Text(text) = value { Some(text.as_str()) } else { None })
    };
    NAMES.iter().find_map(of)
}
