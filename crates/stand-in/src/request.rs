//! The body of a call: borrowed, decoded only where it is used, and checked as by the gateway's framework.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::content::string;
use crate::messages::Messages;
use crate::violation::{Place, Violation, Violations};

/// The members of a call that the stand-in reads. All others are ignored.
#[derive(Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    user: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub system: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub prompt: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub tools: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub tool_choice: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub messages: Messages<'a>,
}

/// Keeps an explicit `null`, which is a violation other than that of a missing member.
pub(crate) fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl<'a> Body<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Violations> {
        serde_json::from_slice(body).map_err(|error| Violation::unreadable(&error).into())
    }

    /// Returns the user. If it is missing or no string, a violation is added.
    pub(crate) fn user(&self, violations: &mut Violations) -> Cow<'a, str> {
        required("user", self.user, violations)
    }

    /// Returns the model. If it is missing or no string, a violation is added.
    pub(crate) fn model(&self, violations: &mut Violations) -> Cow<'a, str> {
        required("model", self.model, violations)
    }

    /// Returns the strings of `prompt`; no string if it is absent.
    pub(crate) fn prompts(&self, violations: &mut Violations) -> Vec<Cow<'a, str>> {
        let Some(raw) = self.prompt else {
            return Vec::new();
        };
        let Ok(items) = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) else {
            violations.add(Violation::not_a_list("prompt"));
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            match string(item) {
                Some(text) => texts.push(text),
                None => violations.add(Violation::not_a_string(&[Place::Name("prompt"), Place::Index(i)])),
            }
        }
        texts
    }

    /// Returns the offered tools; `None` for an empty list.
    pub(crate) fn offered(&self, violations: &mut Violations) -> Option<&'a RawValue> {
        let raw = self.tools?;
        let Some(items) = raw.get().strip_prefix('[') else {
            violations.add(Violation::not_a_list("tools"));
            return None;
        };
        (!items.trim_start().starts_with(']')).then_some(raw)
    }
}

/// Returns a member that has to be a string. If it is missing or no string, a violation is added.
pub(crate) fn required<'a>(name: &'static str, raw: Option<&'a RawValue>, violations: &mut Violations) -> Cow<'a, str> {
    let violation = match raw.map(string) {
        Some(Some(text)) => return text,
        Some(None) => Violation::not_a_string(&[Place::Name(name)]),
        None => Violation::missing(name),
    };
    violations.add(violation);
    Cow::Borrowed("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_wrong_is_noted() {
        let body = Body::parse(br#"{"user":null,"prompt":"text","tools":{}}"#).unwrap_or_else(|v| panic!("{v:?}"));
        let mut violations = Violations::default();
        body.user(&mut violations);
        body.model(&mut violations);
        body.prompts(&mut violations);
        body.offered(&mut violations);
        let (_, json) = violations.reply().read();
        let details = json["detail"].as_array().unwrap();
        let found: Vec<[&str; 2]> =
            details.iter().map(|d| [&d["loc"][1], &d["type"]].map(|v| v.as_str().unwrap())).collect();
        assert_eq!(
            found,
            [["user", "string_type"], ["model", "missing"], ["prompt", "list_type"], ["tools", "list_type"],]
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_a_violation() {
        for body in ["", "{", "7", "{\"messages\":[7]}"] {
            assert!(Body::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
