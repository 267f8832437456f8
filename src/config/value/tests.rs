//! Tests of the kinds of values that only `config.yaml` has.

use super::*;

fn node(yaml: &str) -> Node {
    crate::yaml::node::parse(yaml).unwrap()
}

#[test]
fn numbers_are_strict_unless_substituted() {
    assert_eq!(port(&node("65535")).unwrap(), 65535);
    assert_eq!(port(&Node::Substituted(" 80".to_owned())).unwrap(), 80);
    for yaml in ["65536", "-1", "80.0", "\"80\"", "yes", "[80]"] {
        assert!(port(&node(yaml)).is_err(), "{yaml}");
    }
    let quoted = port(&node("\"80\"")).unwrap_err();
    assert_eq!(quoted.help.as_deref(), Some("write the number without quotes"));
    assert!(workers(&node("0")).is_err());
    assert_eq!(workers(&node("1")).unwrap(), 1);
}

#[test]
fn names_that_yaml_reads_as_numbers_get_a_remedy() {
    let reason = user(&node("12345")).unwrap_err();
    assert!(reason.message.contains("expected a username, found 12345"));
    assert!(reason.help.unwrap().contains("quotes"));
    assert_eq!(user(&node("your_username")).unwrap(), None);
    assert_eq!(user(&node("\"12345\"")).unwrap().unwrap().as_str(), "12345");
}
