//! Reads the list of models that an upstream gives, in both of its forms. A list that looks strange is refused as a whole.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most models of a list. More are taken for a mistake.
const MOST: usize = 1000;
/// The most characters of a name or an id.
const LONGEST: usize = 200;

/// A model that an upstream lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The name for people, such as `Big One 9`.
    pub name: String,
    /// The id that a call names.
    pub id: String,
}

impl Listed {
    /// Checks that the name and the id can stand in a table and in a request.
    ///
    /// # Errors
    /// What is strange about them.
    pub fn check(&self) -> Result<(), String> {
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '*';
        for (what, text, is_bad) in [
            ("name", &self.name, self.name.chars().any(|c| c != ' ' && is_odd(c))),
            ("id", &self.id, self.id.chars().any(is_odd)),
        ] {
            if text.trim().is_empty() {
                return Err(format!("a {what} is empty"));
            }
            if text.chars().count() > LONGEST {
                return Err(format!("a {what} is longer than {LONGEST} characters"));
            }
            if is_bad {
                return Err(format!("the {what} {text:?} has white space, a star or a character that cannot be shown"));
            }
        }
        Ok(())
    }
}

/// Returns a line that can be pasted into `names` of a group.
pub fn line(name: &str, id: &str) -> String {
    format!("{}: {}", plain(name), plain(id))
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
/// How the body differs from such a list, or what is strange in it.
pub fn read(body: &[u8]) -> Result<Vec<Listed>, String> {
    let body: Value = serde_json::from_slice(body).map_err(|e| format!("its answer is not JSON ({e})"))?;
    let Some(rows) = body.get("data").and_then(Value::as_array) else {
        return Err("its answer is no list of models: it has no list 'data'".to_owned());
    };
    if rows.is_empty() {
        return Err("its list of models is empty".to_owned());
    }
    if rows.len() > MOST {
        return Err(format!("its list of models is strange: it has {} rows, and {MOST} are the most", rows.len()));
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
        model.check().map_err(|why| format!("its list of models is strange: data[{index}]: {why}"))?;
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
        let long = format!(r#"{{"data":[{{"id":"{}","internal_id":"b"}}]}}"#, "n".repeat(LONGEST + 1));
        let row = r#"{"id":"a","internal_id":"b"}"#;
        let many = format!(r#"{{"data":[{}]}}"#, vec![row; MOST + 1].join(","));
        for (body, why) in [
            ("<html>", "is not JSON"),
            ("[]", "it has no list 'data'"),
            (r#"{"data":{}}"#, "it has no list 'data'"),
            (r#"{"data":[]}"#, "is empty"),
            (r#"{"data":[{"id":"a","internal_id":"b"},{"id":"a"}]}"#, "data[1] has neither"),
            (r#"{"data":[{"id":1,"internal_id":"b"}]}"#, "data[0] has neither"),
            (r#"{"data":["a"]}"#, "data[0] has neither"),
            (r#"{"data":[{"id":" ","internal_id":"b"}]}"#, "data[0]: a name is empty"),
            (r#"{"data":[{"id":"A\nB","internal_id":"b"}]}"#, "data[0]: the name \"A\\nB\" has white space"),
            (r#"{"data":[{"id":"A B","internal_id":"b c"}]}"#, "data[0]: the id \"b c\" has white space"),
            (r#"{"data":[{"id":"A B","internal_id":"b\u0007"}]}"#, "data[0]: the id"),
            (r#"{"data":[{"id":"A B","internal_id":"b*"}]}"#, "data[0]: the id"),
            (&long, "data[0]: a name is longer than 200 characters"),
            (&many, "it has 1001 rows, and 1000 are the most"),
        ] {
            let message = read(body.as_bytes()).unwrap_err();
            assert!(message.contains(why), "{body}: {message}");
        }
    }

    #[test]
    fn lines_can_be_pasted() {
        for (name, id, made) in [
            ("lab:big-9.1-sol", "big91sol", "lab:big-9.1-sol: big91sol"),
            ("lab:big-(new)", "12", r#""lab:big-(new)": "12""#),
            ("lab:a:-b", "no", r#"lab:a:-b: "no""#),
            ("lab:x\"y", "a\"b", r#""lab:x\"y": "a\"b""#),
        ] {
            assert_eq!(line(name, id), made);
            let read: serde_yaml::Value = serde_yaml::from_str(made).unwrap();
            assert_eq!(read[name].as_str(), Some(id), "{made}");
        }
    }
}
