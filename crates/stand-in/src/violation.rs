//! Validation errors (422) in the shape of the gateway's web framework.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::reply::Reply;

/// All violations of one request.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Violations {
    detail: Vec<Violation>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Violation {
    r#type: &'static str,
    loc: Vec<Place>,
    msg: String,
    /// The wrong value, where the framework repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Box<RawValue>>,
}

/// One step of the path to a wrong value.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Place {
    Name(&'static str),
    Index(usize),
}

impl Violations {
    pub(crate) fn add(&mut self, violation: Violation) {
        self.detail.push(violation);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.detail.is_empty()
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(422, self)
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self { detail: vec![violation] }
    }
}

impl Violation {
    pub(crate) fn missing(name: &'static str) -> Self {
        Self::at("missing", &[Place::Name(name)], "Field required")
    }

    pub(crate) fn not_a_list(name: &'static str) -> Self {
        Self::at("list_type", &[Place::Name(name)], "Input should be a valid list")
    }

    pub(crate) fn not_a_string(places: &[Place]) -> Self {
        Self::at("string_type", places, "Input should be a valid string")
    }

    pub(crate) fn with_input(self, input: &RawValue) -> Self {
        Self { input: Some(input.to_owned()), ..self }
    }

    /// Returns the violation of a body that is no JSON, or JSON of a wrong shape at an unknown place.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        if error.is_data() {
            Self::at("model_attributes_type", &[], error.to_string())
        } else {
            Self::at("json_invalid", &[Place::Index(error.column())], error.to_string())
        }
    }

    fn at(kind: &'static str, places: &[Place], msg: impl Into<String>) -> Self {
        let mut loc = vec![Place::Name("body")];
        loc.extend_from_slice(places);
        Self { r#type: kind, loc, msg: msg.into(), input: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn details_say_where() {
        let mut violations = Violations::from(Violation::missing("user"));
        violations.add(Violation::not_a_string(&[Place::Name("prompt"), Place::Index(2)]));
        let (status, body) = violations.reply().read();
        assert_eq!(status, 422);
        assert_eq!(
            body,
            json!({"detail": [
                {"type": "missing", "loc": ["body", "user"], "msg": "Field required"},
                {"type": "string_type", "loc": ["body", "prompt", 2], "msg": "Input should be a valid string"},
            ]})
        );
    }
}
