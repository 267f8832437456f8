//! Finds the differences between an expected JSON value and the actual one.

use super::excerpt::cut;
use serde_json::Value;

/// The most differences to report for one value.
const MOST: usize = 5;

/// Returns each difference, with its path. Objects may have more fields than expected, but lists need the same number
/// of items. An expected `null` also matches a missing field. Numbers are compared by value.
pub fn differences(at: &str, expected: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(at.to_owned(), expected, Some(got), &mut found);
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    if let (Some(last), true) = (found.last_mut(), more > 0) {
        last.push_str(&format!(" (and {more} more)"));
    }
    found
}

fn compare(at: String, expected: &Value, got: Option<&Value>, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Null, None) => {}
        (expected, None) => found.push(format!("{at}: expected {}, but it is not there", shown(expected))),
        (Value::Object(fields), Some(Value::Object(there))) => {
            for (name, value) in fields {
                compare(format!("{at}.{name}"), value, there.get(name), found);
            }
        }
        (Value::Array(items), Some(Value::Array(there))) if items.len() == there.len() => {
            for (index, (item, got)) in items.iter().zip(there).enumerate() {
                compare(format!("{at}[{index}]"), item, Some(got), found);
            }
        }
        (Value::Array(items), Some(Value::Array(there))) => {
            let got = shown(&Value::Array(there.clone()));
            found.push(format!("{at}: expected {} items, got {}: {got}", items.len(), there.len()));
        }
        (Value::Number(number), Some(Value::Number(there))) if number.as_f64() == there.as_f64() => {}
        (expected, Some(got)) if expected == got => {}
        (expected, Some(got)) => found.push(format!("{at}: expected {}, got {}", shown(expected), shown(got))),
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_expected_is_compared_and_nothing_else() {
        let got = json!({"a": 1, "b": [{"c": "x", "d": 2}], "e": null});
        for expected in [json!({}), json!({"a": 1.0, "b": [{"c": "x"}]}), json!({"z": null, "e": null})] {
            assert_eq!(differences("it", &expected, &got), Vec::<String>::new(), "{expected}");
        }
        for (expected, told) in [
            (json!({"a": 2}), "it.a: expected 2, got 1"),
            (json!({"a": null}), "it.a: expected null, got 1"),
            (json!({"b": [{"c": "y"}]}), r#"it.b[0].c: expected "y", got "x""#),
            (json!({"b": []}), r#"it.b: expected 0 items, got 1: [{"c":"x","d":2}]"#),
            (json!({"z": {"y": 1}}), r#"it.z: expected {"y":1}, but it is not there"#),
            (json!([1]), r#"it: expected [1], got {"a":1,"b":[{"c":"x","d":2}],"e":null}"#),
        ] {
            assert_eq!(differences("it", &expected, &got), [told]);
        }
    }

    #[test]
    fn many_differences_are_cut() {
        let expected: Vec<i32> = (0..9).collect();
        let told = differences("it", &json!(expected), &json!([9, 9, 9, 9, 9, 9, 9, 9, 9]));
        assert_eq!(told.len(), 5);
        assert!(told[4].ends_with("got 9 (and 4 more)"), "{told:?}");
    }
}
