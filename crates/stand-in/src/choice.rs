//! `tool_choice` in each vendor's words: which tools the model may or must use.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::function::Function;
use crate::options::Family;
use crate::unfit::Unfit;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    Auto,
    Never,
    Any,
    Named(Cow<'a, str>),
    /// One of these, or none where nothing forces a call.
    Among {
        names: Vec<Cow<'a, str>>,
        forced: bool,
    },
}

/// The members of a choice that is an object, of any vendor.
#[derive(Deserialize)]
struct AnyChoice<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mode: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tools: Vec<Allowed<'a>>,
}

/// One of the tools that Responses allows by name.
#[derive(Deserialize)]
struct Allowed<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
}

impl<'a> Choice<'a> {
    /// Reads `tool_choice`. The error is what the vendor finds wrong.
    pub(crate) fn read(family: Family, raw: &'a RawValue) -> Result<Self, Unfit> {
        let object: Option<AnyChoice<'a>> = serde_json::from_str(raw.get()).ok();
        let word = match (family, &object) {
            (Family::Anthropic, None) => {
                return Err(Unfit::new("tool_choice: Input should be a valid dictionary", None));
            }
            (_, Some(object)) => object.r#type,
            (_, None) => Some(raw),
        };
        if let Some(AnyChoice { r#type: Some(kind), mode, tools, .. }) = &object
            && kind.get() == "\"allowed_tools\""
        {
            let names = tools.iter().filter_map(|tool| tool.name.and_then(string)).collect();
            return Ok(Self::Among { names, forced: mode.is_some_and(|mode| mode.get() == "\"required\"") });
        }
        let named = object.and_then(|object| match family {
            // Chat nests the name, Responses does not.
            Family::OpenAI => object.function.and_then(|function| function.name).or(object.name),
            Family::Anthropic => object.name,
            Family::Google => None,
        });
        Ok(match word.and_then(string).as_deref() {
            Some("none" | "NONE") => Self::Never,
            Some("required" | "any" | "ANY") => Self::Any,
            Some("function" | "custom" | "tool") => named.and_then(string).map_or(Self::Any, Self::Named),
            _ => Self::Auto,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(family: Family, json: &str) -> Result<Choice<'_>, (u16, serde_json::Value)> {
        Choice::read(family, serde_json::from_str(json).unwrap()).map_err(|unfit| unfit.reply().read())
    }

    #[test]
    fn each_vendor_has_its_words() {
        for (family, json, expected) in [
            (Family::OpenAI, r#""auto""#, Choice::Auto),
            (Family::OpenAI, r#""none""#, Choice::Never),
            (Family::OpenAI, r#""required""#, Choice::Any),
            (Family::OpenAI, r#"{"type":"function","function":{"name":"a"}}"#, Choice::Named("a".into())),
            (Family::OpenAI, r#"{"type":"custom","name":"a"}"#, Choice::Named("a".into())),
            (
                Family::OpenAI,
                r#"{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"a"}]}"#,
                Choice::Among { names: vec!["a".into()], forced: true },
            ),
            (Family::Anthropic, r#"{"type":"auto"}"#, Choice::Auto),
            (Family::Anthropic, r#"{"type":"none"}"#, Choice::Never),
            (Family::Anthropic, r#"{"type":"any"}"#, Choice::Any),
            (Family::Anthropic, r#"{"type":"tool","name":"a"}"#, Choice::Named("a".into())),
            (Family::Google, r#""AUTO""#, Choice::Auto),
            (Family::Google, r#""NONE""#, Choice::Never),
            (Family::Google, r#""ANY""#, Choice::Any),
        ] {
            assert_eq!(read(family, json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn claude_wants_a_dictionary() {
        let (status, body) = read(Family::Anthropic, r#""auto""#).unwrap_err();
        assert_eq!(status, 400);
        assert!(body.to_string().contains("Input should be a valid dictionary"));
    }
}
