//! The fields of a request, and those that ask for what is kept at OpenAI.

use crate::chat::conversation::Param;
use crate::dialects::client::values::{boolean, positive, text, timeout, wrong_type};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// The client's name for the limit of its answer.
pub const LIMIT: &str = "max_output_tokens";

/// A request as the client wrote it.
#[derive(Debug)]
pub struct ResponsesFields<'a> {
    /// All fields, in order.
    fields: Fields<'a>,
    /// The model's name.
    pub model: Option<Cow<'a, str>>,
    /// True if the reply is to be streamed.
    pub stream: bool,
    /// The time limit of the call.
    pub timeout: Option<Duration>,
}

impl<'a> ResponsesFields<'a> {
    /// Reads the fields that decide about a request.
    ///
    /// # Errors
    /// 400 naming a field of a wrong type, or one that needs what is not kept here.
    pub fn read(fields: Fields<'a>) -> Result<Self, Failure> {
        let mut asked = ResponsesFields { fields, model: None, stream: false, timeout: None };
        refuse_what_is_kept(&asked)?;
        asked.model = asked.get("model").map(|value| text("model", value)).transpose()?.flatten();
        asked.stream = asked.get("stream").map_or(Ok(false), |value| boolean("stream", value))?;
        asked.timeout = asked.get("timeout").map_or(Ok(None), timeout)?;
        if let Some(limit) = asked.get(LIMIT) {
            positive(LIMIT, limit)?;
        }
        if let Some(given) = asked.get("instructions").filter(|given| json::inside_of(given).is_none()) {
            return Err(wrong_type("instructions", "a string", given));
        }
        Ok(asked)
    }

    /// Returns a field's value. Null means that it is not given.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.get(name).filter(|value| !json::is_null(value))
    }

    /// Returns a field of an object that is a field, as `get` does.
    pub fn inside(&self, outer: &str, name: &str) -> Option<&'a RawValue> {
        let inner = self.get(outer).and_then(Fields::of)?;
        inner.get(name).filter(|value| !json::is_null(value))
    }

    /// Returns all fields, in order.
    pub fn fields(&self) -> &Fields<'a> {
        &self.fields
    }

    /// Returns the parameters that go upstream, by the names of chat completions.
    pub fn params(&self) -> Vec<Param<'a>> {
        let given = [
            ("temperature", self.get("temperature")),
            ("top_p", self.get("top_p")),
            ("max_completion_tokens", self.get(LIMIT)),
            ("reasoning_effort", self.inside("reasoning", "effort")),
            ("verbosity", self.inside("text", "verbosity")),
        ];
        given.into_iter().filter_map(|(name, value)| Some((Cow::Borrowed(name), value?))).collect()
    }

    /// Returns the format of the answer in the form of chat completions, where a schema's name and settings stand in an object of
    /// their own; `None` if none is asked for.
    pub fn response_format(&self) -> Option<Box<RawValue>> {
        let format = self.inside("text", "format")?;
        let kind = Fields::of(format).as_ref().and_then(|fields| fields.get("type")).and_then(json::inside_of);
        let fields = match (kind, Fields::of(format)) {
            // That is what every model answers.
            (Some("text"), _) => return None,
            (Some("json_schema"), Some(fields)) if fields.get("json_schema").is_none() => fields,
            _ => return Some(format.to_owned()),
        };
        let mut out = b"{\"type\":\"json_schema\",\"json_schema\":{".to_vec();
        for (index, (name, value)) in fields.iter().filter(|(name, _)| *name != "type").enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::push_string(&mut out, name);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
        }
        out.extend_from_slice(b"}}");
        RawValue::from_string(String::from_utf8(out).ok()?).ok()
    }
}

/// Refuses what needs an earlier response, a conversation, a job or a prompt that is kept: nothing is kept here, and a model that
/// answers without having seen a conversation is worse than an error.
fn refuse_what_is_kept(asked: &ResponsesFields<'_>) -> Result<(), Failure> {
    let refused = |name: &str, code: &'static str, why: &str| {
        Err(Failure::bad_field(name, format!("'{name}' is not supported: {why}")).with_code(code))
    };
    const UNSUPPORTED: &str = "unsupported_parameter";
    if asked.get("previous_response_id").is_some() {
        let why = "responses are not kept here. Send the whole conversation in 'input'.";
        return refused("previous_response_id", "previous_response_not_found", why);
    }
    if asked.get("conversation").is_some() {
        return refused("conversation", UNSUPPORTED, "conversations are not kept here. Send the whole one in 'input'.");
    }
    if asked.get("background").is_some_and(|value| value.get() != "false") {
        let why = "responses are not kept here. Leave it out, and wait for the answer or stream it.";
        return refused("background", UNSUPPORTED, why);
    }
    if asked.get("prompt").is_some() {
        let why = "prompts are not kept here. Send its text in 'instructions' and 'input'.";
        return refused("prompt", UNSUPPORTED, why);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(given: &str) -> Result<ResponsesFields<'_>, Failure> {
        ResponsesFields::read(Fields::parse(given).unwrap())
    }

    #[test]
    fn what_is_not_kept_is_refused_by_name_and_with_a_remedy() {
        for (given, param, code, remedy) in [
            (r#"{"previous_response_id":"resp_1"}"#, "previous_response_id", "previous_response_not_found", "'input'"),
            (r#"{"conversation":"conv_1"}"#, "conversation", "unsupported_parameter", "'input'"),
            (r#"{"conversation":{"id":"conv_1"}}"#, "conversation", "unsupported_parameter", "'input'"),
            (r#"{"background":true}"#, "background", "unsupported_parameter", "Leave it out"),
            (r#"{"prompt":{"id":"pmpt_1"}}"#, "prompt", "unsupported_parameter", "'instructions'"),
        ] {
            let failure = asked(given).unwrap_err();
            assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(param)), "{given}");
            assert_eq!(failure.code.as_deref(), Some(code), "{given}");
            assert!(failure.message.contains(remedy), "{given}: {}", failure.message);
        }
        let harmless =
            r#"{"previous_response_id":null,"conversation":null,"background":false,"prompt":null,"odd":{"a":1}}"#;
        assert!(asked(harmless).is_ok());
    }

    #[test]
    fn parameters_have_their_names_in_chat_completions() {
        let given = r#"{"temperature":0.5,"top_p":null,"max_output_tokens":9,"text":{"verbosity":"low"},
            "reasoning":{"effort":"high","summary":"auto"},"store":true,"seed":1}"#;
        let asked = asked(given).unwrap();
        let params: Vec<String> =
            asked.params().into_iter().map(|(name, value)| format!("{name}={}", value.get())).collect();
        assert_eq!(
            params,
            ["temperature=0.5", "max_completion_tokens=9", "reasoning_effort=\"high\"", "verbosity=\"low\""]
        );
    }

    #[test]
    fn a_format_is_nested_as_chat_completions_nest_it() {
        let of = |given: &str| asked(given).unwrap().response_format().map(|raw| raw.get().to_owned());
        assert_eq!(of(r#"{"text":{"format":null}}"#), None);
        assert_eq!(of(r#"{"text":{"format":{"type":"text"}}}"#), None);
        assert_eq!(of(r#"{"text":{"format":"json"}}"#).as_deref(), Some("\"json\""));
        assert_eq!(of(r#"{"text":{"format":{"type":"json_object"}}}"#).as_deref(), Some(r#"{"type":"json_object"}"#));
        assert_eq!(
            of(r#"{"text":{"format":{"type":"json_schema","name":"a","schema":{"x":1},"strict":true}}}"#).as_deref(),
            Some(r#"{"type":"json_schema","json_schema":{"name":"a","schema":{"x":1},"strict":true}}"#)
        );
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (given, param) in [
            (r#"{"model":1}"#, "model"),
            (r#"{"stream":"yes"}"#, "stream"),
            (r#"{"max_output_tokens":0}"#, "max_output_tokens"),
            (r#"{"timeout":-1}"#, "timeout"),
            (r#"{"instructions":["x"]}"#, "instructions"),
        ] {
            assert_eq!(asked(given).unwrap_err().param.as_deref(), Some(param), "{given}");
        }
    }
}
