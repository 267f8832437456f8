//! Converts one YAML node into one typed setting, or returns what was expected instead.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use super::node::Node;

/// The reason why a value was refused. The caller adds the place.
#[derive(Debug)]
pub struct Reason {
    pub message: String,
    pub help: Option<String>,
}

impl From<String> for Reason {
    fn from(message: String) -> Self {
        Reason { message, help: None }
    }
}

/// A value, or the reason why it was refused.
pub type Read<T> = Result<T, Reason>;

/// The longest duration. No request is worth a longer wait, and the sum of clock and timeout stays representable.
pub(super) const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reads true or false.
pub fn boolean(node: &Node) -> Read<bool> {
    let found = match node {
        Node::Bool(value) => Some(*value),
        Node::Substituted(text) => parse_bool(text),
        _ => None,
    };
    found.ok_or_else(|| expected("true or false", node))
}

/// Parses the boolean spellings of environment variables. Case does not matter.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Reads seconds: fractions allowed, more than zero.
pub fn seconds(node: &Node) -> Read<Duration> {
    match seconds_or_zero(node)? {
        Duration::ZERO => Err(expected("a number of seconds greater than 0", node)),
        time => Ok(time),
    }
}

/// Reads seconds: fractions allowed. Zero means not to wait.
pub fn seconds_or_zero(node: &Node) -> Read<Duration> {
    let number = match node {
        Node::Int(value) => u32::try_from(*value).ok().map(f64::from),
        Node::Float(value) => Some(*value),
        Node::Substituted(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.and_then(|number| Duration::try_from_secs_f64(number).ok()).filter(|time| *time <= LONGEST).ok_or_else(
        || {
            let mut reason = expected("a number of seconds, at most 604800 (a week)", node);
            if matches!(node, Node::Text(_)) {
                reason.help = Some("write the number alone, without unit and quotes: 600".to_owned());
            }
            reason
        },
    )
}

/// Reads a number of bytes: a whole number, or a text with a unit.
pub fn size(node: &Node) -> Read<usize> {
    let bytes = match node {
        Node::Int(value) => u64::try_from(*value).ok(),
        Node::Text(text) | Node::Substituted(text) => parse_size(text),
        _ => None,
    };
    bytes
        .filter(|bytes| *bytes > 0)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| expected("a number of bytes greater than 0, or one with a unit such as 32MiB or 64 MB", node))
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads any text. Returns an owned string.
pub fn plain(node: &Node) -> Read<String> {
    text("a text", node).map(str::to_owned)
}

/// Reads a text. `what` describes it in messages.
pub fn text<'n>(what: &str, node: &'n Node) -> Read<&'n str> {
    match node {
        Node::Text(text) | Node::Substituted(text) => Ok(text),
        Node::Int(_) | Node::Float(_) | Node::Bool(_) => Err(Reason {
            help: Some("put it in double quotes if it is meant as text".to_owned()),
            ..expected(what, node)
        }),
        _ => Err(expected(what, node)),
    }
}

/// Reads a whole number in a range.
pub fn whole(node: &Node, range: RangeInclusive<i128>) -> Read<i128> {
    let number = match node {
        Node::Int(value) => Some(*value),
        Node::Substituted(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (low, high) = (range.start(), range.end());
        let range = if *high == i128::from(i64::MAX) { String::new() } else { format!(" to {high}") };
        let mut reason = expected(&format!("a whole number from {low}{range}"), node);
        if matches!(node, Node::Text(text) if text.trim().parse::<i128>().is_ok()) {
            reason.help = Some("write the number without quotes".to_owned());
        }
        reason
    })
}

/// Reads a number, whole or not. Returns its node.
pub fn number(node: &Node) -> Read<Node> {
    match node {
        Node::Int(_) => Ok(node.clone()),
        Node::Float(value) if value.is_finite() => Ok(node.clone()),
        Node::Text(text) if text.trim().parse::<f64>().is_ok() => {
            let help = Some("write the number without quotes".to_owned());
            Err(Reason { help, ..expected("a number", node) })
        }
        other => Err(expected("a number", other)),
    }
}

/// Converts a number that is in range to its final type.
pub fn narrow<T: TryFrom<i128>>(number: i128) -> Read<T> {
    T::try_from(number).map_err(|_| Reason::from(format!("{number} is out of range")))
}

/// Returns the reason `expected …, found …`.
pub fn expected(what: &str, found: &Node) -> Reason {
    Reason::from(format!("expected {what}, found {}", describe(found)))
}

fn describe(node: &Node) -> String {
    match node {
        Node::Null => "nothing".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Float(value) => value.to_string(),
        Node::Text(text) => format!("text {text:?}"),
        Node::Substituted(text) => format!("{text:?}"),
        Node::List(_) => "a list".to_owned(),
        Node::Map(_) => "a mapping".to_owned(),
    }
}
