//! Reads ARGO's list of models, in both of its forms, and proposes a name for each model.

use serde_json::Value;

/// The prefix of the proposed names.
const PREFIX: &str = "argo:";

/// A model that ARGO lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name for people, such as `GPT-9 Turbo`.
    pub name: String,
    /// The id that a call names.
    pub id: String,
}

impl Listed {
    /// Returns the proposed name: in lower case, with hyphens for white space, after `argo:`.
    pub fn alias(&self) -> String {
        let lower = self.name.to_lowercase();
        let words: Vec<&str> = lower.trim_start_matches(PREFIX).split_whitespace().collect();
        format!("{PREFIX}{}", words.join("-"))
    }

    /// Returns a line that can be pasted into `names` of a group.
    pub fn line(&self) -> String {
        format!("{}: {}", plain(&self.alias()), plain(&self.id))
    }
}

/// Returns a text as a YAML scalar: in quotes if YAML would read it as something else.
fn plain(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '/' | '+');
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.ends_with(':') && text.chars().all(safe);
    let is_word = ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if is_name && !is_word { text.to_owned() } else { Value::from(text).to_string() }
}

/// Reads a list of rows with `id` and `internal_id`, or with `model_name` and `id` as until autumn 2025.
///
/// # Errors
/// How the body differs from such a list.
pub fn read(body: &[u8]) -> Result<Vec<Listed>, String> {
    let body: Value = serde_json::from_slice(body).map_err(|e| format!("its answer is not JSON ({e})"))?;
    let Some(rows) = body.get("data").and_then(Value::as_array) else {
        return Err("its answer is no list of models: it has no list 'data'".to_owned());
    };
    if rows.is_empty() {
        return Err("its list of models is empty".to_owned());
    }
    let mut listed: Vec<Listed> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let text = |key: &str| row.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let model = match (text("id"), text("internal_id"), text("model_name")) {
            (Some(name), Some(id), _) | (Some(id), None, Some(name)) => {
                Listed { name: name.to_owned(), id: id.to_owned() }
            }
            _ => {
                return Err(format!(
                    "its list of models has an unknown form: data[{index}] has neither id and internal_id nor id and model_name"
                ));
            }
        };
        if !listed.iter().any(|known| known.id == model.id) {
            listed.push(model);
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, id: &str) -> Listed {
        Listed { name: name.to_owned(), id: id.to_owned() }
    }

    #[test]
    fn both_forms_are_read() {
        let new = br#"{"object":"list","data":[{"id":"Big One 2","internal_id":"big12"},{"id":"Again","internal_id":"big12"}]}"#;
        assert_eq!(read(new).unwrap(), [listed("Big One 2", "big12")]);
        let old = br#"{"data":[{"id":"big12","model_name":"Big One 2"}]}"#;
        assert_eq!(read(old).unwrap(), [listed("Big One 2", "big12")]);
    }

    #[test]
    fn anything_else_says_what_it_is() {
        for (body, why) in [
            ("<html>", "is not JSON"),
            ("[]", "it has no list 'data'"),
            (r#"{"data":{}}"#, "it has no list 'data'"),
            (r#"{"data":[]}"#, "is empty"),
            (r#"{"data":[{"id":"a","internal_id":"b"},{"id":"a"}]}"#, "data[1] has neither"),
            (r#"{"data":[{"id":1,"internal_id":"b"}]}"#, "data[0] has neither"),
            (r#"{"data":["a"]}"#, "data[0] has neither"),
        ] {
            let message = read(body.as_bytes()).unwrap_err();
            assert!(message.contains(why), "{body}: {message}");
        }
    }

    #[test]
    fn lines_can_be_pasted() {
        for (name, id, line) in [
            ("Big-9.1 Sol", "big91sol", "argo:big-9.1-sol: big91sol"),
            ("argo:big", "big", "argo:big: big"),
            ("Big  (new)", "12", r#""argo:big-(new)": "12""#),
            ("A: b", "no", r#"argo:a:-b: "no""#),
            ("x\"y", "a b", r#""argo:x\"y": "a b""#),
        ] {
            let made = listed(name, id).line();
            assert_eq!(made, line);
            let read: serde_yaml::Value = serde_yaml::from_str(&made).unwrap();
            assert_eq!(read[listed(name, id).alias()].as_str(), Some(id), "{made}");
        }
    }
}
