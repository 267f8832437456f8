//! What a table says of the lists of models: how often they are read, and how the models of a family are named.

use crate::yaml::Node;
use crate::yaml::duration::duration;
use crate::yaml::value::{Read, Reason, expected, text};
use std::time::Duration;

/// The shortest period. A list changes a few times a year.
const SHORTEST: Duration = Duration::from_secs(60);

/// How often the lists of models are read, where the table says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshPeriod {
    /// Never.
    Off,
    /// At the start, then each time that this has passed.
    Every(Duration),
}

impl RefreshPeriod {
    /// Returns the period; `None` for never.
    pub fn period(self) -> Option<Duration> {
        match self {
            RefreshPeriod::Off => None,
            RefreshPeriod::Every(period) => Some(period),
        }
    }
}

/// Reads a duration of at least a minute, or `off`.
pub(super) fn refresh_period(node: &Node) -> Read<RefreshPeriod> {
    const WHAT: &str = "a duration of a minute to a week, such as 24h, or off";
    match node {
        Node::Text(text) if text == "off" => Ok(RefreshPeriod::Off),
        Node::Bool(false) => Err(Reason { help: Some("write `off`".to_owned()), ..expected(WHAT, node) }),
        other => match duration(other) {
            Ok(period) if period >= SHORTEST => Ok(RefreshPeriod::Every(period)),
            Ok(_) => Err(expected(WHAT, other)),
            Err(reason) => Err(Reason { help: reason.help, ..expected(WHAT, other) }),
        },
    }
}

/// Reads how the models of a family are named.
pub(super) fn templates(node: &Node) -> Read<Vec<String>> {
    const WHAT: &str = "a name such as \"lab:*\", or a list of such names";
    let one = |node: &Node| text(WHAT, node).map(str::to_owned);
    match node {
        Node::List(items) if items.is_empty() => Err(expected(WHAT, node)),
        Node::List(items) => items.iter().map(one).collect(),
        other => one(other).map(|name| vec![name]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_minute_or_more_or_off() {
        let read = |yaml: &str| refresh_period(&crate::yaml::node::parse(yaml).unwrap());
        assert_eq!(read("off").unwrap().period(), None);
        assert_eq!(read("24h").unwrap().period(), Some(Duration::from_secs(86_400)));
        assert_eq!(read("60").unwrap().period(), Some(Duration::from_secs(60)));
        for yaml in ["59s", "0", "false", "true", "8d", "[1h]", "never"] {
            let reason = read(yaml).unwrap_err();
            assert!(reason.message.starts_with("expected a duration of a minute"), "{yaml}: {}", reason.message);
        }
    }
}
