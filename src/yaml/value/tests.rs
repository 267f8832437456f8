//! Tests of the values that each kind of setting accepts.

use super::*;

fn node(yaml: &str) -> Node {
    crate::yaml::node::parse(yaml).unwrap()
}

#[test]
fn sizes() {
    for (yaml, bytes) in [
        ("1", 1),
        ("32MiB", 33_554_432),
        ("64 MB", 64_000_000),
        ("2gib", 2_147_483_648),
        ("\"4096\"", 4096),
        ("10 B", 10),
        ("3KB", 3000),
        ("3 KiB", 3072),
    ] {
        assert_eq!(size(&node(yaml)).unwrap(), bytes, "{yaml}");
    }
    for yaml in ["0", "-1", "1.5", "1.5MiB", "MiB", "12 apples", "true", "[1]", "32M", "99999999999GiB"] {
        let reason = size(&node(yaml)).unwrap_err();
        assert!(reason.message.starts_with("expected a number of bytes"));
    }
}

#[test]
fn durations() {
    assert_eq!(seconds(&node("600")).unwrap(), Duration::from_secs(600));
    assert_eq!(seconds(&node("0.25")).unwrap(), Duration::from_millis(250));
    assert_eq!(seconds_or_zero(&node("0")).unwrap(), Duration::ZERO);
    assert_eq!(seconds(&Node::Substituted("1.5".to_owned())).unwrap(), Duration::from_millis(1500));
    for yaml in ["0", "0.0", "-1", "-0.5", ".inf", ".nan", "1e300", "604801", "ten", "\"600\"", "true"] {
        assert!(seconds(&node(yaml)).is_err(), "{yaml}");
    }
    assert!(seconds_or_zero(&node("-1")).is_err());
}

#[test]
fn booleans_are_strict_unless_substituted() {
    assert!(!boolean(&node("false")).unwrap());
    assert!(boolean(&Node::Substituted("Yes".to_owned())).unwrap());
    for yaml in ["yes", "\"true\"", "1", "0"] {
        assert!(boolean(&node(yaml)).is_err(), "{yaml}");
    }
}
