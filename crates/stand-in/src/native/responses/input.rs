//! The `input` of a responses call: a text, or a list of messages, calls and results.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::messages::{Author, Input};
use crate::violation::{Violation, Violations};

/// What was said.
pub(super) struct Said<'a> {
    pub input: Input<'a>,
    /// The number of items.
    pub items: usize,
    /// The id of a result without its call.
    pub orphan: Option<Cow<'a, str>>,
    /// Lists of tools that items add to those of the call.
    pub tools: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    call_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
}

/// Reads `input`. If it is missing or neither a text nor a list, a violation is added.
pub(super) fn read<'a>(raw: Option<&'a RawValue>, violations: &mut Violations) -> Said<'a> {
    let asked = |text| Said { input: Input::of_user(text), items: 1, orphan: None, tools: Vec::new() };
    let Some(raw) = raw else {
        violations.add(Violation::missing("input"));
        return asked(Cow::Borrowed(""));
    };
    if let Some(text) = string(raw) {
        return asked(text);
    }
    let Ok(items) = serde_json::from_str::<Vec<Item<'a>>>(raw.get()) else {
        violations.add(Violation::not_a_list("input"));
        return asked(Cow::Borrowed(""));
    };
    conversation(&items)
}

fn conversation<'a>(items: &[Item<'a>]) -> Said<'a> {
    let input = Input::of_user(Cow::Borrowed(""));
    let mut said = Said { input, items: items.len(), orphan: None, tools: Vec::new() };
    let mut made = Vec::new();
    for item in items {
        said.tools.extend(item.tools);
        match item.r#type.map(RawValue::get) {
            Some(r#""function_call""# | r#""custom_tool_call""# | r#""tool_search_call""#) => {
                made.push(item.call_id.and_then(string));
            }
            Some(r#""function_call_output""# | r#""custom_tool_call_output""# | r#""tool_search_output""#) => {
                let id = item.call_id.and_then(string);
                said.input = Input::read(Author::Tool, item.output);
                if !made.contains(&id) {
                    said.orphan = Some(id.unwrap_or_default());
                }
            }
            _ if item.role.map(RawValue::get) == Some(r#""user""#) => {
                said.input = Input::read(Author::User, item.content);
            }
            _ => {}
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Said<'_> {
        read(serde_json::from_str(json).ok(), &mut Violations::default())
    }

    #[test]
    fn the_last_text_or_result_counts() {
        assert_eq!(said(r#""hi""#).input.text, "hi");
        let message = r#"{"role":"user","content":[{"type":"input_text","text":"hi"}]}"#;
        assert_eq!(said(&format!("[{message}]")).input.text, "hi");
        let call = r#"{"type":"function_call","call_id":"a"}"#;
        let output = r#"{"type":"function_call_output","call_id":"a","output":"13"}"#;
        let answered = format!("[{message},{call},{output}]");
        let answered = said(&answered);
        assert_eq!((answered.input.by, &*answered.input.text), (Author::Tool, "13"));
        assert_eq!((answered.items, answered.orphan), (3, None));
        assert_eq!(said(&format!("[{output}]")).orphan.as_deref(), Some("a"));
    }

    #[test]
    fn other_input_is_a_violation() {
        for raw in [None, serde_json::from_str("7").ok()] {
            let mut violations = Violations::default();
            read(raw, &mut violations);
            assert!(!violations.is_empty());
        }
    }
}
