//! Durations of the table: seconds as a number, or a text with its unit.

use super::node::Node;
use super::value::{LONGEST, Read, expected};
use std::time::Duration;

const EXPECTED: &str = "a duration greater than 0 and at most a week, such as 5, 500ms, 5s, 2m or 1h";

/// Reads seconds as a number, fractions allowed, or a number with its unit: `500ms`, `5s`, `2m`, `1h`.
///
/// # Errors
/// Anything else, zero, and more than a week.
pub fn duration(node: &Node) -> Read<Duration> {
    let seconds = match node {
        Node::Int(value) => u32::try_from(*value).ok().map(f64::from),
        Node::Float(value) => Some(*value),
        Node::Text(text) => with_unit(text),
        Node::Substituted(text) => with_unit(text).or_else(|| text.trim().parse().ok()),
        _ => None,
    };
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero() && *time <= LONGEST).ok_or_else(|| {
        let mut reason = expected(EXPECTED, node);
        if let Node::Text(text) = node {
            reason.help = help(text.trim());
        }
        reason
    })
}

/// Parses a number with its unit. Returns seconds.
fn with_unit(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(end)?;
    let number: f64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(number / 1000.0),
        "s" => Some(number),
        "m" => Some(number * 60.0),
        "h" => Some(number * 3600.0),
        _ => None,
    }
}

fn help(text: &str) -> Option<String> {
    if text.parse::<f64>().is_ok() {
        return Some(format!("write the number without quotes, or with its unit: {text}s"));
    }
    let starts_as_one = text.starts_with(|c: char| c.is_ascii_digit()) && with_unit(text).is_none();
    starts_as_one.then(|| "units are ms, s, m and h, and a duration has one of them: write 90s for 1m30s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(yaml: &str) -> Node {
        crate::yaml::node::parse(yaml).unwrap()
    }

    #[test]
    fn numbers_are_seconds_and_texts_have_units() {
        for (yaml, milliseconds) in [
            ("5", 5000),
            ("0.25", 250),
            ("500ms", 500),
            ("5s", 5000),
            ("1.5 s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(&node(yaml)).unwrap(), Duration::from_millis(milliseconds), "{yaml}");
        }
        assert_eq!(duration(&Node::Substituted("7".to_owned())).unwrap(), Duration::from_secs(7));
        assert_eq!(duration(&Node::Substituted("7m".to_owned())).unwrap(), Duration::from_secs(420));
    }

    #[test]
    fn what_is_no_duration_says_what_to_write() {
        for (yaml, help) in [
            ("0", ""),
            ("0s", ""),
            ("-1", ""),
            (".inf", ""),
            ("604801", ""),
            ("169h", ""),
            ("soon", ""),
            ("true", ""),
            ("[5]", ""),
            ("\"600\"", "600s"),
            ("5sec", "units are"),
            ("1m30s", "90s"),
            ("1..5s", "units are"),
        ] {
            let reason = duration(&node(yaml)).unwrap_err();
            assert!(reason.message.starts_with("expected a duration"), "{yaml}: {}", reason.message);
            assert!(reason.help.unwrap_or_default().contains(help), "{yaml}");
        }
    }
}
